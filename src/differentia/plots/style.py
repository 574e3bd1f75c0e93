"""What all figures share: resolution, colours, sizes of type, text that fits, and how they are saved."""

import functools
import textwrap
from pathlib import Path

from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties

from differentia.files import replacing
from differentia.plots.fonts import families

DPI = 128
"""A power of two, so that whole pixels are exact in inches and the montage is drawn pixel by pixel."""

INK, MUTED = "#1b1f24", "#6b7280"
"""Colours of text and lines, and of what is said beside them."""

TITLE, LABEL, SMALL = 12.0, 9.5, 8.0
"""Sizes of type, points."""


@functools.cache
def _advance(character: str, size: float, weight: str) -> float:
    font = FontProperties(family=families(character), size=size, weight=weight)
    renderer = RendererAgg(1, 1, DPI)  # type: ignore[no-untyped-call]
    return float(renderer.get_text_width_height_descent(character, font, False)[0])  # type: ignore[no-untyped-call]


def text_width(text: str, size: float, weight: str = "normal") -> float:
    """Width in pixels of the longest line of a text at a size in points, kerning left aside."""
    lines = text.split("\n")
    return max(sum(_advance(character, size, weight) for character in line) for line in lines)


def line_height(size: float) -> float:
    """Height in pixels of a line of text at a size in points."""
    return 1.3 * size * DPI / 72


def wrapped(text: str, width: float, size: float, lines: int) -> str:
    """Break a text to fit a width in pixels; what does not fit in so many lines ends in an ellipsis."""
    text = " ".join(text.split())
    most = min(len(text), int(width / (0.25 * size * DPI / 72)))
    for characters in range(most, 0, -1):
        broken = "\n".join(textwrap.wrap(text, characters, max_lines=lines, placeholder="…"))
        if text_width(broken, size) <= width:
            return broken
    return ""


def save(figure: Figure, path: Path) -> None:
    """Write a figure as PNG, whole or not at all, with the pixels it was laid out in."""
    with replacing(path) as beside:
        figure.savefig(beside, dpi=figure.dpi, metadata={"Software": None})
