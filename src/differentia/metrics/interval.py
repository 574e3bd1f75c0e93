"""Means over test samples with their bootstrap intervals."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]

REPEATS = 1000
"""Bootstrap resamples behind an interval."""


@dataclass(frozen=True)
class Estimate:
    """A mean over test samples with its 95 % bootstrap interval.

    Attributes
    ----------
    value : float
        The mean over all test samples.
    low, high : float
        2.5 % and 97.5 % quantiles of the mean over resamples of the test split. The trained probe is held
        fixed, so what another training split would have changed is not in them.
    """

    value: float
    low: float
    high: float

    def to_json(self) -> dict[str, float]:
        """Return value, low and high as floats."""
        return {"value": self.value, "low": self.low, "high": self.high}


def bootstrap_means(values: Doubles, seed: int, repeats: int = REPEATS) -> tuple[Doubles, Doubles]:
    """Return the 95 % percentile interval of the mean of every column of ``[n, k]``.

    All columns are resampled together (the same test samples are drawn for each), by the counts of every
    sample in a resample, so that one matrix product gives all means (Efron & Tibshirani 1993, chapter 13).

    Returns
    -------
    low, high : ndarray
        float64 ``[k]`` each.
    """
    rng, n = np.random.default_rng(seed), len(values)
    means = np.empty((repeats, values.shape[1]))
    for repeat in range(repeats):
        counts = np.bincount(rng.integers(0, n, size=n), minlength=n)
        means[repeat] = counts @ values / n
    low, high = np.quantile(means, (0.025, 0.975), axis=0)
    return low, high


def estimates(values: Doubles, seed: int) -> list[Estimate]:
    """Return the mean of every column of per-sample results ``[n, k]`` with its interval."""
    low, high = bootstrap_means(values, seed)
    return [Estimate(float(m), float(a), float(b)) for m, a, b in zip(values.mean(0), low, high, strict=True)]
