"""The metrics applied to blocks: one code on one kind of factors, pooled and class by class."""

from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from differentia.data import kinds
from differentia.data.dataset import LabelledData
from differentia.metrics.codes import CodedSplit, CodeName
from differentia.metrics.ground_truth import disentanglement
from differentia.metrics.ground_truth.interventions import Interventions, intervene
from differentia.model.base import Model

FactorKind = Literal["generic", "specific"]

LEAST = 50
"""Fewest samples of a class for which its blocks are scored."""


@dataclass(frozen=True)
class BlockScores:
    """The metrics of one code on one kind of factors; NaN where a metric is not defined.

    Attributes
    ----------
    code : {"z", "w"}
        The code, sampled.
    factors : {"generic", "specific"}
        Factors that every class has, or the class's own. z on generic and w on specific factors should be
        high; the crossed blocks should be near 0 (the last two metrics: near chance).
    class_name : str or None
        The class that the samples are of. None is the pooled form: for generic factors all samples
        together, for specific ones, which no two classes share, the mean over classes.
    mig, sap, modularity, disentanglement, completeness, informativeness : float
        See `metrics`. Modularity is a ratio, and middling for a code that says nothing.
    factor_vae, beta_vae : float
        Accuracy of naming the fixed factor; only for `kinds`, which can be rendered.
    chance : float
        That accuracy by guessing: 1 over the number of factors.
    """

    code: CodeName
    factors: FactorKind
    class_name: str | None
    mig: float
    sap: float
    modularity: float
    disentanglement: float
    completeness: float
    informativeness: float
    factor_vae: float
    beta_vae: float
    chance: float


@dataclass(frozen=True)
class FactorColumns:
    """Which columns of the factors are generic, and which belong to each class.

    Attributes
    ----------
    generic : tuple of int
        Columns that every sample has.
    specific : tuple of tuple of int
        For each class, columns that all its samples have and some other sample lacks.
    """

    generic: tuple[int, ...]
    specific: tuple[tuple[int, ...], ...]


def factor_columns(factors: NDArray[np.float32], y: NDArray[np.int64], n_classes: int) -> FactorColumns:
    """Sort the columns of factors ``[n, k]``, NaN where a sample of class ``y`` lacks one."""
    known = np.isfinite(factors)
    everywhere = known.all(axis=0)
    specific = [
        tuple(np.flatnonzero(known[y == kind].all(axis=0) & ~everywhere).tolist())
        if (y == kind).any()
        else ()
        for kind in range(n_classes)
    ]
    return FactorColumns(tuple(np.flatnonzero(everywhere).tolist()), tuple(specific))


def is_rendered(data: LabelledData) -> bool:
    """Whether a picture can be rendered from the factors of these data, as for `kinds`."""
    return data.factor_names == kinds.FACTOR_NAMES and data.shape == (kinds.SIDE, kinds.SIDE, 1)


def score_blocks(
    model: Model,
    data: LabelledData,
    coded: CodedSplit,
    factors: NDArray[np.float32],
    columns: FactorColumns,
    seed: int,
    quick: bool,
) -> tuple[BlockScores, ...]:
    """Score every block.

    Parameters
    ----------
    model : Model
        In evaluation mode.
    data : LabelledData
        Where the samples are from; names the classes.
    coded : CodedSplit
        Encoded samples.
    factors : ndarray
        Their factors, float32 ``[n, k]``.
    columns : FactorColumns
        Which of them are generic and specific. Those that do not vary in a block are left out of it.
    seed : int
        Seed of forests and interventions.
    quick : bool
        Fewer interventions, and fewer samples for the forests of DCI.

    Returns
    -------
    tuple of BlockScores
        Pooled blocks first. None of w where the model has no w, and none of classes with fewer than `LEAST`
        samples.
    """
    pooled: list[BlockScores] = []
    by_class: list[BlockScores] = []
    for kind in (None, *range(data.n_classes)):
        rows = np.ones(len(coded), dtype=bool) if kind is None else coded.y == kind
        if rows.sum() < LEAST:
            continue
        groups = None
        if is_rendered(data):
            groups = intervene(model, kind, seed, *((20, 8) if quick else (60, 16)))
        name = None if kind is None else data.class_names[kind]
        sets: list[tuple[FactorKind, tuple[int, ...]]] = [("generic", columns.generic)]
        if kind is not None:
            sets.append(("specific", columns.specific[kind]))
        for code in _codes(coded):
            values = coded.inputs(code, "samples")[rows]
            for factor_kind, candidates in sets:
                used = tuple(column for column in candidates if np.ptp(factors[rows, column]) > 0)
                if used:
                    scores = _scores(code, values, factors[rows][:, used], used, groups, seed, quick)
                    block = BlockScores(code, factor_kind, name, **scores)
                    (pooled if kind is None else by_class).append(block)
    for code in _codes(coded):
        own = [block for block in by_class if (block.code, block.factors) == (code, "specific")]
        if own:
            names = [key for key, value in asdict(own[0]).items() if isinstance(value, float)]
            means = {key: float(np.mean([getattr(block, key) for block in own])) for key in names}
            pooled.append(BlockScores(code, "specific", None, **means))
    return (*pooled, *by_class)


def _codes(coded: CodedSplit) -> tuple[CodeName, ...]:
    return ("z", "w") if coded.w.shape[1] else ("z",)


def _scores(
    code: CodeName,
    values: NDArray[np.float32],
    factors: NDArray[np.float32],
    columns: tuple[int, ...],
    groups: Interventions | None,
    seed: int,
    quick: bool,
) -> dict[str, float]:
    dimensions, n_factors = values.shape[1], len(columns)
    undefined = float("nan")
    gaps, several = dimensions > 1, n_factors > 1
    dci = disentanglement.DCI(undefined, undefined, undefined)
    if gaps and several:
        some = slice(500 if quick else 2000)
        dci = disentanglement.dci(values[some], factors[some], seed)
    factor_vae = beta_vae = undefined
    if groups is not None and several:
        chosen = groups.among(columns)
        grouped = chosen.z if code == "z" else chosen.w
        factor_vae = disentanglement.factor_vae_score(grouped, chosen.fixed, values.var(axis=0, ddof=1))
        beta_vae = disentanglement.beta_vae_score(grouped, chosen.fixed)
    return {
        "mig": disentanglement.mig(values, factors) if gaps else undefined,
        "sap": disentanglement.sap(values, factors) if gaps else undefined,
        "modularity": disentanglement.modularity(values, factors) if several else undefined,
        **dci._asdict(),
        "factor_vae": factor_vae,
        "beta_vae": beta_vae,
        "chance": 1 / n_factors,
    }
