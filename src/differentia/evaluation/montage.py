"""Samples as pictures, and many pictures in one array.

A page of figures shows some hundred pictures. One array that holds them all is drawn in milliseconds, where
one pair of axes a picture takes seconds.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from differentia.models.two_code import TwoCodeModel

Pictures = NDArray[np.uint8]

RED, GREEN = "#d62728", "#2ca02c"
"""Frame colours of the report: the original, and its reconstruction."""

HEAT_RANGE = 3.0
"""Features of a vector are coloured from −3 to 3 standard deviations."""

GAP, FRAME, BREAK = 8, 3, 14
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


def pictures(model: TwoCodeModel, samples: NDArray[np.generic]) -> Pictures:
    """Turn samples into RGB pictures.

    Parameters
    ----------
    model : TwoCodeModel
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


@dataclass(frozen=True)
class Montage:
    """Pictures in rows and columns on white.

    Attributes
    ----------
    image : ndarray
        uint8 ``[height, width, 3]``.
    rows, columns : tuple of slice
        Where the pictures of each row and of each column lie in `image`.
    """

    image: Pictures
    rows: tuple[slice, ...]
    columns: tuple[slice, ...]

    def frame(self, row: int, column: int, colour: str) -> None:
        """Draw a frame of 3 pixels around one picture, in the gap, so that it hides nothing."""
        y, x = self.rows[row], self.columns[column]
        around = self.image[y.start - FRAME : y.stop + FRAME, x.start - FRAME : x.stop + FRAME]
        inside = self.image[y, x].copy()
        around[:] = rgb(colour)
        self.image[y, x] = inside

    def tick(self, row: int, column: float, colour: str) -> None:
        """Draw a tick below a row; `column` 2.5 is half-way between the centres of columns 2 and 3."""
        centres = [(x.start + x.stop) / 2 for x in self.columns]
        x, below = round(float(np.interp(column, range(len(centres)), centres))), self.rows[row].stop
        self.image[below + 1 : below + GAP - 2, x - 4 : x + 4] = rgb(colour)


def montage(cells: Pictures, breaks: Sequence[int] = (), pitch: float = 0) -> Montage:
    """Lay pictures out in rows and columns.

    Parameters
    ----------
    cells : ndarray
        uint8 ``[rows, columns, h, w, 3]``.
    breaks : sequence of int
        Columns with a wider gap before them.
    pitch : float
        Least distance in pixels from a row to the next.

    Returns
    -------
    Montage
        With a gap of at least 8 pixels between pictures and around them.
    """
    n_rows, n_columns, height, breadth, _ = cells.shape
    pad = max(0, math.ceil((pitch - height - GAP) / 2))
    tops = [GAP + pad + i * (height + GAP + 2 * pad) for i in range(n_rows)]
    lefts = [GAP + j * (breadth + GAP) + BREAK * sum(b <= j for b in breaks) for j in range(n_columns)]
    image = np.full((tops[-1] + height + pad + GAP, lefts[-1] + breadth + GAP, 3), 255, dtype=np.uint8)
    rows = tuple(slice(top, top + height) for top in tops)
    columns = tuple(slice(left, left + breadth) for left in lefts)
    for i, y in enumerate(rows):
        for j, x in enumerate(columns):
            image[y, x] = cells[i, j]
    return Montage(image, rows, columns)
