"""Which measurements are followed, and their variation inside the classes."""

import numpy as np
from numpy.typing import NDArray

from differentia.measurements.morphometry import Measurements, meaningful, measure

MOST = 16
"""Most measurements that are followed; only vectors with more features than this meet it."""


def centred(values: NDArray[np.floating], y: NDArray[np.int64]) -> NDArray[np.float64]:
    """Subtract from every column of ``[n, k]`` its mean in the sample's class; NaN is left out and kept."""
    out = np.asarray(values, dtype=np.float64).copy()
    for label in np.unique(y):
        rows = out[y == label]
        known = np.isfinite(rows)
        out[y == label] = rows - np.where(known, rows, 0).sum(0) / np.maximum(known.sum(0), 1)
    return out


def followed(samples: NDArray[np.generic], y: NDArray[np.int64]) -> NDArray[np.int64]:
    """Choose the columns of `measure` that the audit follows, int64 ``[k]``, k at most `MOST`.

    The meaningful ones where they are few; else those with the largest share of their variance inside the
    classes, since the others are what the class says.
    """
    columns = meaningful(samples)
    if len(columns) <= MOST:
        return columns
    values = measure(samples).values[:, columns]
    total = values.var(axis=0, dtype=np.float64)
    share = centred(values, y).var(axis=0) / np.where(total > 0, total, 1.0)
    return np.sort(columns[np.argsort(-np.where(total > 0, share, -1.0), kind="stable")[:MOST]])


def measure_columns(samples: NDArray[np.generic], columns: NDArray[np.int64]) -> Measurements:
    """Return some columns of `measure`."""
    if samples.ndim == 2:
        found = measure(samples)
        return Measurements(tuple(found.names[c] for c in columns), found.values[:, columns])
    names = measure(samples[:1]).names
    return measure(samples, only=[names[c] for c in columns])
