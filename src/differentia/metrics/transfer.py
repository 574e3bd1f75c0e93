"""The swap test: z of one sample, w and class of another, decoded and judged."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from differentia.measurements.morphometry import Measurements
from differentia.metrics.codes import CodedSplit
from differentia.metrics.followed_measurements import centred, measure_columns
from differentia.metrics.interval import Estimate, estimates
from differentia.metrics.judges import ImageClassifier

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Labels = NDArray[np.int64]
Decode = Callable[[Floats, Floats, Labels], Floats]
"""Codes ``[n, |z|]`` and ``[n, |w|]`` and classes ``[n]`` to samples, see `models.batched.decode_all`."""

LEAST = 30
"""Fewest pairs for which a correlation is given."""


@dataclass(frozen=True)
class Survival:
    """What becomes of one measurement in a swap; everything centred within the class.

    Attributes
    ----------
    name, label : str
        The measurement's key and its name for people.
    rank_a, r2_a : float or None
        Rank correlation, and squared correlation, of the swapped picture's value with that of a, who gave z.
    rank_b, r2_b : float or None
        The same with b, who gave w and the class.
    rank_own : float or None
        Rank correlation of a's plain reconstruction with a: how much the code keeps at all.
    """

    name: str
    label: str
    rank_a: float | None
    r2_a: float | None
    rank_b: float | None
    r2_b: float | None
    rank_own: float | None

    def to_json(self) -> dict[str, Any]:
        """Return the figures as plain JSON types."""
        return dict(vars(self))


@dataclass(frozen=True)
class Swap:
    """The swap test's figures.

    Attributes
    ----------
    n_pairs : int
        Pairs (a, b) of test samples of different classes.
    given : str
        What comes from b: ``"w and class"``, ``"w"`` or ``"class"``.
    says_b : Estimate
        Share of decodings of z of a with that of b that the judge calls by b's class.
    says_a : Estimate
        Share that it calls by a's class: the class that came along with z.
    reconstructions : Estimate
        Share of a's plain reconstructions that it calls by a's class.
    real : Estimate
        The judge's accuracy on the real test samples, the ceiling of the others.
    n_judge : int
        Real training samples that the judge learnt from.
    matrix : ndarray
        Share called by b's class, float64 ``[n_classes, n_classes]``, rows: class of a, columns: class of
        b; NaN where there is no pair.
    survival : tuple of Survival
        One entry a measurement.
    """

    n_pairs: int
    given: str
    says_b: Estimate
    says_a: Estimate
    reconstructions: Estimate
    real: Estimate
    n_judge: int
    matrix: Doubles
    survival: tuple[Survival, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the figures as plain JSON types, None for NaN."""
        return {
            "n_pairs": self.n_pairs,
            "given": self.given,
            "says_b": self.says_b.to_json(),
            "says_a": self.says_a.to_json(),
            "reconstructions": self.reconstructions.to_json(),
            "real": self.real.to_json(),
            "n_judge": self.n_judge,
            "matrix": [[None if np.isnan(v) else float(v) for v in row] for row in self.matrix],
            "survival": [row.to_json() for row in self.survival],
        }


def partners(y: Labels, rng: np.random.Generator) -> Labels:
    """Return for every sample the row of a random one of another class, int64 ``[n]``.

    Raises
    ------
    ValueError
        If all samples are of one class.
    """
    chosen = np.empty(len(y), dtype=np.int64)
    for label in np.unique(y):
        chosen[y == label] = rng.choice(np.flatnonzero(y != label), size=int((y == label).sum()))
    return chosen


def correlation(a: Doubles, b: Doubles) -> float | None:
    """Pearson's correlation where both are finite, None below `LEAST` pairs or without variation."""
    both = np.isfinite(a) & np.isfinite(b)
    a, b = a[both], b[both]
    if len(a) < LEAST or a.std() < 1e-9 or b.std() < 1e-9:
        return None
    return float(np.corrcoef(a, b)[0, 1])


def rank_correlation(a: Doubles, b: Doubles) -> float | None:
    """Spearman's rank correlation, under the same conditions as `correlation`."""
    both = np.isfinite(a) & np.isfinite(b)
    if both.sum() < LEAST or a[both].std() < 1e-9 or b[both].std() < 1e-9:
        return None
    return correlation(rankdata(a[both]), rankdata(b[both]))


def swap_test(
    coded: CodedSplit,
    measured: Measurements,
    columns: Labels,
    decode: Decode,
    judge: ImageClassifier,
    given: str,
    n_classes: int,
    seed: int,
) -> Swap:
    """Swap codes among test samples and judge the results.

    Parameters
    ----------
    coded : CodedSplit
        Test samples with codes; each serves as a once.
    measured : Measurements
        Their measurements, row by row.
    columns : ndarray
        Which columns of `morphometry.measure` they are.
    decode : callable
        The decoder.
    judge : ImageClassifier
        Trained on real samples.
    given : str
        What comes from b, for the record: see `Swap`.
    n_classes : int
        Number of classes.
    seed : int
        Seed of the pairs.
    """
    rng = np.random.default_rng(seed)
    y_a, other = coded.y, partners(coded.y, rng)
    y_b = y_a[other]
    swapped = decode(coded.z, coded.w[other], y_b)
    own = decode(coded.z, coded.w, y_a)
    said = judge.predict(swapped)
    right = np.column_stack(
        [said == y_b, said == y_a, judge.predict(own) == y_a, judge.predict(coded.x) == y_a]
    ).astype(np.float64)
    says_b, says_a, reconstructions, real = estimates(right, seed)
    pairs, hits = np.zeros((2, n_classes, n_classes))
    np.add.at(pairs, (y_a, y_b), 1)
    np.add.at(hits, (y_a, y_b), said == y_b)
    matrix = np.divide(hits, pairs, out=np.full_like(hits, np.nan), where=pairs > 0)
    before = centred(measured.values, y_a)
    after = centred(measure_columns(swapped, columns).values, y_b)
    kept = centred(measure_columns(own, columns).values, y_a)
    survival = tuple(
        _survival(name, measured.label(k), before[:, k], before[other, k], after[:, k], kept[:, k])
        for k, name in enumerate(measured.names)
    )
    return Swap(len(coded), given, says_b, says_a, reconstructions, real, judge.n_train, matrix, survival)


def _survival(name: str, label: str, a: Doubles, b: Doubles, new: Doubles, own: Doubles) -> Survival:
    from_a, from_b = correlation(a, new), correlation(b, new)
    return Survival(
        name,
        label,
        rank_a=rank_correlation(a, new),
        r2_a=None if from_a is None else from_a**2,
        rank_b=rank_correlation(b, new),
        r2_b=None if from_b is None else from_b**2,
        rank_own=rank_correlation(a, own),
    )
