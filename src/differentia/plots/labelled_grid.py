"""A montage with a title, labels on every side and a caption, sized to hold them all.

It is laid out in pixels and the figure takes the size that comes out, so nothing is cut off or laid
over something else whatever the number of rows or the length of a name.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from matplotlib.figure import Figure

from differentia.plots.fonts import drawable, families
from differentia.plots.grid import montage
from differentia.plots.images import HEAT_RANGE, Pictures, heat, resized
from differentia.plots.style import DPI, INK, LABEL, MUTED, SMALL, TITLE, line_height, text_width, wrapped

_MARGIN, _SPACE = 28, 12
_LEAST_WIDTH, _WIDEST_LABEL, _WIDEST_NOTE = 760, 190, 230
_HEAT_BAR = (200, 12)


@dataclass(frozen=True)
class LabelledGrid:
    """Pictures in rows and columns, and what is written around them.

    Attributes
    ----------
    title, caption : str
        Above and below the pictures.
    cells : ndarray
        Pictures, uint8 ``[rows, columns, h, w, 3]``.
    columns : sequence of str
        A label above each column. A line break in it is kept.
    rows : sequence of str
        A label left of each row.
    details : sequence of str
        A second, muted line under each row's label; empty for none.
    notes : sequence of str
        A remark right of each row; empty for none.
    frames : sequence of (row, column, colour)
        Pictures with a frame.
    ticks : sequence of (row, column, colour)
        Ticks below a row, at a column that may be fractional.
    breaks : sequence of int
        Columns with a wider gap before them.
    heat_bar : bool
        Explain the colours of vectors.
    """

    title: str
    caption: str
    cells: Pictures
    columns: Sequence[str]
    rows: Sequence[str]
    details: Sequence[str] = ()
    notes: Sequence[str] = ()
    frames: Sequence[tuple[int, int, str]] = field(default=())
    ticks: Sequence[tuple[int, float, str]] = field(default=())
    breaks: Sequence[int] = ()
    heat_bar: bool = False


def draw(grid: LabelledGrid) -> Figure:
    """Draw a labelled grid. The figure has as many pixels, at `DPI`, as it needs.

    Signs in its texts that no font here has are spelt out.
    """
    grid = replace(
        grid,
        title=drawable(grid.title),
        caption=drawable(grid.caption),
        columns=[drawable(text) for text in grid.columns],
        rows=[drawable(text) for text in grid.rows],
        notes=[drawable(text) for text in grid.notes],
    )
    cells = resized(grid.cells)
    breadth = cells.shape[-2]
    headers = [
        "\n".join(wrapped(line, breadth + 4, SMALL, 2) for line in text.split("\n")) for text in grid.columns
    ]
    labels = [wrapped(text, _WIDEST_LABEL, LABEL, 2) for text in grid.rows]
    notes = [wrapped(text, _WIDEST_NOTE, SMALL, 3) for text in grid.notes]
    drawn = montage(cells, grid.breaks, max(_stack(labels, LABEL, bool(grid.details)), _stack(notes, SMALL)))
    for framed in grid.frames:
        drawn.frame(*framed)
    for tick in grid.ticks:
        drawn.tick(*tick)

    label_width = max(
        max((text_width(text, LABEL) for text in labels), default=0.0),
        max((text_width(text, SMALL) for text in grid.details), default=0.0),
    )
    note_width = max((text_width(text, SMALL) for text in notes), default=0.0)
    left = round(_MARGIN + label_width + _SPACE)
    right = left + drawn.image.shape[1] + (_SPACE + note_width if note_width else 0)
    width = round(max(right + _MARGIN, _LEAST_WIDTH, text_width(grid.title, TITLE, "bold") + 2 * _MARGIN))
    header_lines = max((text.count("\n") + 1 for text in headers if text), default=0)
    top = round(_MARGIN + line_height(TITLE) + _SPACE + header_lines * line_height(SMALL))
    below = top + drawn.image.shape[0] + _SPACE
    caption = wrapped(grid.caption, width - 2 * _MARGIN, SMALL, 8)
    bar_height = round(_HEAT_BAR[1] + _SPACE) if grid.heat_bar else 0
    height = round(below + bar_height + (caption.count("\n") + 1) * line_height(SMALL) + _MARGIN)

    canvas = _Canvas(width, height)
    canvas.text(_MARGIN, _MARGIN, grid.title, TITLE, va="top", weight="bold")
    canvas.image(left, top, drawn.image)
    for text, x in zip(headers, drawn.columns, strict=True):
        canvas.text(left + (x.start + x.stop) / 2, top, text, SMALL, MUTED, ha="center", va="bottom")
    for row, (text, y) in enumerate(zip(labels, drawn.rows, strict=True)):
        middle, end = top + (y.start + y.stop) / 2, left - _SPACE
        detail = grid.details[row] if grid.details else ""
        canvas.text(end, middle, text, LABEL, ha="right", va="bottom" if detail else "center")
        canvas.text(end, middle + 2, detail, SMALL, MUTED, ha="right", va="top")
        if notes:
            canvas.text(left + drawn.image.shape[1] + _SPACE, middle, notes[row], SMALL, va="center")
    if grid.heat_bar:
        canvas.heat_bar(_MARGIN, below)
    canvas.text(_MARGIN, below + bar_height, caption, SMALL, MUTED, va="top")
    return canvas.figure


def _stack(texts: Sequence[str], size: float, above_middle: bool = False) -> float:
    """Height in pixels that a row needs for its text, which stands on its middle or is centred on it."""
    lines = max((text.count("\n") + 1 for text in texts), default=0)
    return lines * line_height(size) * (2 if above_middle else 1)


class _Canvas:
    """A figure addressed in pixels from its upper left corner."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.figure = Figure(figsize=(width / DPI, height / DPI), dpi=DPI, facecolor="white")

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float,
        colour: str = INK,
        ha: str = "left",
        va: str = "baseline",
        weight: str = "normal",
    ) -> None:
        if text:
            self.figure.text(
                x / DPI,
                (self.height - y) / DPI,
                text,
                transform=self.figure.dpi_scale_trans,
                fontsize=size,
                color=colour,
                ha=ha,
                va=va,
                weight=weight,
                family=families(text),
                linespacing=1.2,
                parse_math=False,
            )

    def image(self, x: int, y: int, image: Pictures) -> None:
        height, width = image.shape[:2]
        axes = self.figure.add_axes(
            (x / self.width, 1 - (y + height) / self.height, width / self.width, height / self.height)
        )
        axes.imshow(image, interpolation="nearest", aspect="auto")
        axes.set_axis_off()

    def heat_bar(self, x: int, y: int) -> None:
        width, height = _HEAT_BAR
        scale = np.linspace(-HEAT_RANGE, HEAT_RANGE, width)
        low = f"−{HEAT_RANGE:g}"
        x += round(text_width(low, SMALL)) + 6
        self.image(x, y, np.repeat(heat(scale)[None], height, axis=0))
        middle = y + height / 2
        self.text(x - 6, middle, low, SMALL, MUTED, ha="right", va="center")
        unit = f"{HEAT_RANGE:g} standard deviations from the training mean of each feature"
        self.text(x + width + 6, middle, unit, SMALL, MUTED, va="center")
