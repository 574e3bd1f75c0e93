"""Within-class scores: what a measurement says of a sample beyond its class.

A bright sandal is darker than a dark coat, so brightness tells the class, and no code that tells brightness
can be free of it. How bright a sample is *for its class* says nothing of the class.
"""

import math

import numpy as np
import scipy
from numpy.typing import NDArray

Doubles = NDArray[np.float64]

_AT_ONCE = 5000
"""Samples whose neighbours are held in memory at a time."""


def within_class_scores(values: NDArray[np.floating], y: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return how high each sample stands in its class, as normal scores that are independent of the class.

    The first measurement becomes its rank among the samples of the same class, mapped to the quantiles of a
    standard normal. Each later one becomes its rank among those of the class that stand alike in all the
    earlier (the conditional distribution transform of Rosenblatt 1952, estimated from nearest neighbours).
    So the columns are standard normal and independent in every class: alike in all classes not only one by
    one, but together. Ranks of each column for itself would not do: wide boots are dark and wide dresses
    bright, and which of the two goes together tells the class.

    Parameters
    ----------
    values : ndarray
        Measurements, float ``[n, k]``; NaN where one is undefined.
    y : ndarray
        Classes, int64 ``[n]``.

    Returns
    -------
    ndarray
        float32 ``[n, k]``, in standard deviations. 0 where the measurement is undefined, and in a class
        where it does not vary.
    """
    found = np.zeros(values.shape)
    for label in np.unique(y):
        rows = np.flatnonzero(y == label)
        for column in range(values.shape[1]):
            known = np.isfinite(values[rows, column])
            measured = values[rows[known], column].astype(np.float64)
            found[rows[known], column] = _normal_scores(_ranks(measured, found[rows[known], :column]))
    return found.astype(np.float32)


def _ranks(values: Doubles, earlier: Doubles) -> Doubles:
    """Return the ranks of `values` ``[n]`` among those with the nearest `earlier` ``[n, j]``, or among all.

    Each is compared with n^(2/3) neighbours, whose values are first moved along their regression on `earlier`
    to where it is: at the edge of a class all neighbours lie on one side, and are higher for that alone.
    """
    if not earlier.shape[1] or not len(values):
        return values
    tree, neighbours, ranks = scipy.spatial.cKDTree(earlier), math.ceil(len(values) ** (2 / 3)), []
    for block in np.array_split(np.arange(len(values)), math.ceil(len(values) / _AT_ONCE)):
        near = tree.query(earlier[block], neighbours)[1].reshape(len(block), neighbours)
        away, theirs = earlier[near] - earlier[block, None], values[near]
        centred = away - away.mean(axis=1, keepdims=True)
        spread = centred.mT @ centred + 1e-9 * np.eye(earlier.shape[1])
        slope = np.linalg.solve(spread, centred.mT @ theirs[:, :, None])
        above = values[block, None] - theirs + (away @ slope)[:, :, 0]
        above[np.abs(above) <= 1e-9 * np.abs(values).max()] = 0.0  # equal, but for the arithmetic
        ranks.append(np.sign(above).mean(axis=1))
    return np.concatenate(ranks)


def _normal_scores(values: Doubles) -> Doubles:
    """Map values to the quantiles of a standard normal, equal ones to the same."""
    scores: Doubles = (
        scipy.special.ndtri((scipy.stats.rankdata(values) - 0.5) / len(values)) if len(values) else values
    )
    return scores
