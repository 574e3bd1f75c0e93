"""Many pictures in rows and columns, in one array.

A page of figures shows some hundred pictures. One array that holds them all is drawn in milliseconds, where
one pair of axes a picture takes seconds.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from differentia.plots.images import Pictures, rgb

GAP, FRAME, BREAK = 8, 3, 14


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
