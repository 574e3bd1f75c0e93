"""The report's figures 6 and 7: a block of ten digits for each dimension of z."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from differentia.data.dataset import LabelledData
from differentia.metrics.codes import dimension_name
from differentia.model.base import Model
from differentia.plots.grid import BREAK, montage
from differentia.plots.images import GREEN, RED, pictures
from differentia.plots.style import DPI, INK, LABEL, MUTED, SMALL, TITLE, line_height, text_width, wrapped
from differentia.plots.traversals import VALUES, Anchors, traverse_all

_LEAST_CELL = 28
_MARGIN, _SPACE, _COLUMNS = 28, 14, 2


def dimension_blocks(
    model: Model, data: LabelledData, anchors: Anchors, names: Sequence[str], title: str
) -> Figure:
    """Draw every dimension of z in every class, one block a dimension, one row a class.

    Parameters
    ----------
    model : Model
        In evaluation mode.
    data : LabelledData
        Names the classes.
    anchors : Anchors
        One test image a class.
    names : sequence of str
        What each dimension does, printed above its block.
    title : str
        Above the page.
    """
    drawn = _drawn(model, anchors)
    height, breadth = drawn[0].shape[:2]
    heading = round(2 * line_height(LABEL))
    lines = -(-len(drawn) // _COLUMNS)
    caption = wrapped(
        f"Each block sets one dimension of z to {VALUES[0]:g} … {VALUES[-1]:g} (from left to right) in "
        f"{', '.join(data.class_names[int(label)] for label in anchors.y)} (from top to bottom), starting "
        "from a test image (red) with its reconstruction (green).".replace("-", "−"),
        _COLUMNS * breadth,
        SMALL,
        4,
    )
    width = max(
        2 * _MARGIN + _COLUMNS * breadth + _SPACE, round(text_width(title, TITLE, "bold")) + 2 * _MARGIN
    )
    top = _MARGIN + round(line_height(TITLE)) + _SPACE
    bottom = top + lines * (height + heading + _SPACE)
    total = bottom + round((caption.count("\n") + 1) * line_height(SMALL)) + _MARGIN
    figure = Figure(figsize=(width / DPI, total / DPI), dpi=DPI, facecolor="white")

    def write(
        x: float, y: float, text: str, size: float, colour: str = INK, weight: str = "normal", va: str = "top"
    ) -> None:
        figure.text(
            x / width, 1 - y / total, text, fontsize=size, color=colour, weight=weight, va=va,
            family="DejaVu Sans", parse_math=False,
        )  # fmt: skip

    write(_MARGIN, _MARGIN, title, TITLE, weight="bold")
    for dim, image in enumerate(drawn):
        line, column = divmod(dim, _COLUMNS)
        x = _MARGIN + column * (breadth + _SPACE)
        y = top + line * (height + heading + _SPACE)
        says = wrapped(f"{dimension_name('z', dim)} · {names[dim]}", breadth - BREAK, LABEL, 2)
        write(x, y + heading, says, LABEL, va="bottom")
        axes = figure.add_axes(
            (x / width, 1 - (y + heading + height) / total, breadth / width, height / total)
        )
        axes.imshow(image, interpolation="nearest", aspect="auto")
        axes.set_axis_off()
    write(_MARGIN, bottom, caption, SMALL, MUTED)
    return figure


def _drawn(model: Model, anchors: Anchors) -> list[NDArray[np.uint8]]:
    """Return the picture of each dimension's block: a row a class, original and reconstruction first."""
    decoded = traverse_all(model, anchors.z, anchors.w, anchors.y, "z")
    ends = np.stack([pictures(model, anchors.x), pictures(model, anchors.reconstruction)], axis=1)
    drawn = []
    for dim in range(decoded.shape[1]):
        cells = np.concatenate([ends, pictures(model, decoded[:, dim])], axis=1)
        factor = -(-_LEAST_CELL // max(cells.shape[2:4]))
        block = montage(cells.repeat(factor, axis=2).repeat(factor, axis=3), breaks=(2,))
        for row in range(len(cells)):
            block.frame(row, 0, RED)
            block.frame(row, 1, GREEN)
        drawn.append(block.image)
    return drawn
