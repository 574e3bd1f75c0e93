"""Scores against known factors: what each code holds, what it must not hold, and the exact swap error."""

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from differentia.data import kinds
from differentia.data.dataset import LabelledData, Split
from differentia.errors import DifferentiaError
from differentia.inference import decode_all, squared_errors
from differentia.metrics.codes import CodedSplit, CodeName, code_split
from differentia.metrics.ground_truth.code_on_factors import (
    BlockScores,
    FactorColumns,
    FactorKind,
    factor_columns,
    is_rendered,
    score_blocks,
)
from differentia.metrics.recovery import within_class_r2
from differentia.model.base import Model


@dataclass(frozen=True)
class Recovered:
    """Held-out R² of one factor from each code, by boosted trees (see `within_class_r2`).

    Attributes
    ----------
    name : str
        The factor.
    class_name : str or None
        The one class that has it, None for a generic factor.
    from_z, from_w : float
        A generic factor from z alone, which must mean the same in every class, and from w and y; a specific
        factor from either code within its class. NaN where there is no such code, too few samples, or the
        factor does not vary.
    one_meaning : float
        A generic factor's least |rank correlation| over the classes with the dimension of z that has the
        greatest; 0 where every dimension changes its sign between classes. NaN for a specific factor.
    """

    name: str
    class_name: str | None
    from_z: float
    from_w: float
    one_meaning: float


@dataclass(frozen=True)
class SwapError:
    """Squared error a picture, summed over pixels in [0, 1], means over test pictures.

    Attributes
    ----------
    swapped : float
        Of decode(z of a, w and y of b) against the picture *rendered* with a's generic and b's specific
        factors.
    reconstruction : float
        Of decode(z, w, y of a) against a, the best that `swapped` can be expected to reach.
    class_mean : float
        Of the mean training picture of b's class against that rendered picture: what knowing the class
        alone reaches.
    """

    swapped: float
    reconstruction: float
    class_mean: float


@dataclass(frozen=True)
class GroundTruth:
    """Everything that known factors allow to say about a model.

    Attributes
    ----------
    blocks : tuple of BlockScores
        Every code on every kind of factors, pooled first, then class by class.
    recovered : tuple of Recovered
        One entry a factor.
    swap : SwapError or None
        Only for `kinds`, which can be rendered, and a model that has something to swap.
    """

    blocks: tuple[BlockScores, ...]
    recovered: tuple[Recovered, ...]
    swap: SwapError | None

    def block(self, code: CodeName, factors: FactorKind, class_name: str | None = None) -> BlockScores:
        """Return the scores of one code on one kind of factors.

        Raises
        ------
        KeyError
            If the data or the model has no such block.
        """
        for block in self.blocks:
            if (block.code, block.factors, block.class_name) == (code, factors, class_name):
                return block
        raise KeyError((code, factors, class_name))

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types, None for NaN."""
        found: dict[str, Any] = _without_nan(asdict(self))
        return found


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_nan(item) for item in value]
    return None if isinstance(value, float) and math.isnan(value) else value


def ground_truth(model: Model, data: LabelledData, seed: int, quick: bool = False) -> GroundTruth:
    """Score a model on the test split of data whose factors are known.

    A factor is generic when every test sample has it, and specific to a class when some other class lacks
    it.

    Parameters
    ----------
    model : Model
        In evaluation mode.
    data : LabelledData
        With factors.
    seed : int
        Seed of the codes' noise, of subsamples, splits, pairs and interventions.
    quick : bool
        Fewer samples and interventions: the same scores with more noise, in a fraction of the time.

    Returns
    -------
    GroundTruth
        All scores that are defined for these data and this model.

    Raises
    ------
    DifferentiaError
        If the data hold no factors.
    """
    factors = data.test.factors
    if factors is None:
        raise DifferentiaError(
            f"{data.name} holds no ground-truth factors; read the audit, which needs none, or train on kinds."
        )
    rows = np.random.default_rng(seed).permutation(len(data.test))
    factors = factors[rows]
    coded = code_split(model, Split(data.test.x[rows], data.test.y[rows], factors), seed)
    columns = factor_columns(factors, coded.y, data.n_classes)
    return GroundTruth(
        score_blocks(model, data, coded, factors, columns, seed, quick),
        _recovered(data, coded, factors, columns, seed, 3000 if quick else None),
        _swap(model, data, coded, factors, 1000 if quick else None)
        if is_rendered(data) and model.given
        else None,
    )


def _recovered(
    data: LabelledData,
    coded: CodedSplit,
    factors: NDArray[np.float32],
    columns: FactorColumns,
    seed: int,
    limit: int | None,
) -> tuple[Recovered, ...]:
    found = []
    for kind, used in [(None, columns.generic), *enumerate(columns.specific)]:
        rows = slice(limit) if kind is None else np.flatnonzero(coded.y[:limit] == kind)
        z, w, y, values = coded.z[rows], coded.w[rows], coded.y[rows], factors[rows][:, used]
        from_z = within_class_r2(z, values, y, seed)
        from_w = (
            within_class_r2(w, values, y, seed, sees_y=True) if w.shape[1] else np.full(len(used), np.nan)
        )
        name = None if kind is None else data.class_names[kind]
        meanings = _one_meaning(z, values, y) if kind is None else np.full(len(used), np.nan)
        for column, r2_z, r2_w, meaning in zip(used, from_z, from_w, meanings, strict=True):
            found.append(Recovered(data.factor_names[column], name, float(r2_z), float(r2_w), float(meaning)))
    return tuple(found)


def _one_meaning(
    z: NDArray[np.float32], values: NDArray[np.float32], y: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return `Recovered.one_meaning` of every column of `values`."""
    within = []
    for label in np.unique(y):
        ranks = rankdata(np.hstack([z, values])[y == label], axis=0)
        ranks -= ranks.mean(axis=0)
        scale = np.sqrt(np.square(ranks).sum(axis=0))
        correlation = ranks.T @ ranks / np.fmax(np.outer(scale, scale), 1e-12)
        within.append(correlation[: z.shape[1], z.shape[1] :])
    rho = np.stack(within)
    least = np.where((np.sign(rho) == np.sign(rho[0])).all(axis=0), np.abs(rho).min(axis=0), 0.0)
    best: NDArray[np.float64] = least.max(axis=0)
    return best


def _swap(
    model: Model,
    data: LabelledData,
    coded: CodedSplit,
    factors: NDArray[np.float32],
    limit: int | None,
) -> SwapError:
    a = np.arange(len(coded))[:limit]  # the samples are shuffled, so neighbours are random pairs
    b = np.roll(a, 1)
    wanted = factors[b].copy()
    wanted[:, kinds.GENERIC] = factors[a][:, kinds.GENERIC]
    pictures = kinds.render(coded.y[b], wanted)
    swapped = decode_all(model, coded.z[a], coded.w[b], coded.y[b])
    own = decode_all(model, coded.z[a], coded.w[a], coded.y[a])
    means = np.stack(
        [data.train.x[data.train.y == kind].mean(axis=0, dtype=np.float64) for kind in range(data.n_classes)]
    )
    constant = (means / 255).astype(np.float32)[coded.y[b]]
    return SwapError(
        float(squared_errors(model, swapped, pictures).mean()),
        float(squared_errors(model, own, coded.x[a]).mean()),
        float(squared_errors(model, constant, pictures).mean()),
    )
