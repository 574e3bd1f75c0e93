"""Samples as pictures in colour: images as they are, vectors as heat."""

import numpy as np
from numpy.typing import NDArray

from differentia.model.base import Model

Pictures = NDArray[np.uint8]

RED, GREEN = "#d62728", "#2ca02c"
"""Frame colours of the report: the original, and its reconstruction."""

HEAT_RANGE = 3.0
"""Features of a vector are coloured from −3 to 3 standard deviations."""

_COLD, _NEUTRAL, _WARM = (
    np.array(rgb, dtype=np.float32) for rgb in ((47, 111, 223), (238, 240, 243), (217, 130, 43))
)

_SMALL, _LARGE, _MOST_BARS = 80, 128, 24


def rgb(colour: str) -> Pictures:
    """Turn ``"#rrggbb"`` into uint8 ``[3]``."""
    return np.array(tuple(bytes.fromhex(colour[1:])), dtype=np.uint8)


def heat(values: NDArray[np.floating]) -> Pictures:
    """Colour standardised values ``[…]``: blue below 0, orange above, uint8 ``[…, 3]``."""
    strength = np.clip(np.asarray(values, dtype=np.float32)[..., None] / HEAT_RANGE, -1.0, 1.0)
    end = np.where(strength < 0, _COLD, _WARM)
    coloured: Pictures = np.rint(_NEUTRAL + np.abs(strength) * (end - _NEUTRAL)).astype(np.uint8)
    return coloured


def pictures(model: Model, samples: NDArray[np.generic]) -> Pictures:
    """Turn samples into RGB pictures.

    Parameters
    ----------
    model : Model
        Says whether samples are images and, for vectors, holds the mean and scale of each feature.
    samples : ndarray
        Stored or decoded samples with any number of leading axes: images ``[…, h, w, c]``, uint8 or float
        in [0, 1], or vectors ``[…, d]`` in the units of the data.

    Returns
    -------
    ndarray
        uint8 ``[…, h, w, 3]``. A vector is standardised and drawn as heat: one bar a feature from top to
        bottom for up to 24 features, else a near-square grid, row by row.
    """
    if model.is_image:
        if samples.dtype != np.uint8:
            samples = np.rint(255.0 * np.clip(samples.astype(np.float32), 0.0, 1.0)).astype(np.uint8)
        return np.broadcast_to(samples, (*samples.shape[:-1], 3)).astype(np.uint8)
    features = (samples - model.feature_mean.cpu().numpy()) / model.feature_scale.cpu().numpy()
    coloured, d, leading = heat(features), samples.shape[-1], samples.shape[:-1]
    if d <= _MOST_BARS:
        return np.repeat(coloured[..., None, :], d, axis=-2)
    breadth = int(np.ceil(np.sqrt(d)))
    height = -(-d // breadth)
    grid = np.full((*leading, height * breadth, 3), 255, dtype=np.uint8)
    grid[..., :d, :] = coloured
    return grid.reshape(*leading, height, breadth, 3)


def resized(cells: Pictures) -> Pictures:
    """Bring pictures ``[…, h, w, 3]`` to a size that is easy to see.

    The longer side of small pictures becomes at least 80 pixels, that of large ones at most 128, by a whole
    factor so that all pixels stay alike.
    """
    height, breadth = cells.shape[-3:-1]
    longer = max(height, breadth)
    if longer <= _LARGE:
        factor = -(-_SMALL // longer)
        enlarged: Pictures = cells.repeat(factor, axis=-3).repeat(factor, axis=-2)
        return enlarged
    factor = min(-(-longer // _LARGE), height, breadth)
    cut = cells[..., : height - height % factor, : breadth - breadth % factor, :]
    blocks = cut.reshape(*cells.shape[:-3], height // factor, factor, breadth // factor, factor, 3)
    reduced: Pictures = np.rint(blocks.mean(axis=(-4, -2))).astype(np.uint8)
    return reduced
