"""Fonts for names in any script: one that is installed and has the signs, or else the signs are spelt out."""

import functools
import unicodedata
from collections.abc import Sequence
from contextlib import suppress

from matplotlib.font_manager import fontManager, get_font

FIRST = "DejaVu Sans"
"""The font of all figures, which comes with matplotlib."""

UNFIT = ("Last Resort", "Color")
"""Parts of the names of fonts that have boxes for every sign, or colours that cannot be drawn."""


def drawable(text: str) -> str:
    """Return a text whose signs all have a font, others spelt out: 🐱 as ``cat face``, 猫 as ``U+732B``."""
    return "".join(sign if sign.isspace() or _font_with(sign) else _spelt(sign) for sign in text)


def families(text: str) -> list[str]:
    """Return the fonts that a drawable text needs, in the order to look for its signs."""
    return list(dict.fromkeys([FIRST, *(_font_with(sign) or FIRST for sign in text)]))


def spelling_note(names: Sequence[str]) -> str:
    """Say which names are spelt out in pictures, and why; empty where none is."""
    spelt = [f"{name} as {drawable(name)}" for name in names if drawable(name) != name]
    more = f" and {len(spelt) - 5} more" if len(spelt) > 5 else ""
    return f"no font here has all signs, so pictures write {', '.join(spelt[:5])}{more}" if spelt else ""


@functools.cache
def _font_with(sign: str) -> str | None:
    """Find an upright font that has a sign."""
    ours = [font for font in fontManager.ttflist if font.name == FIRST]
    others = [font for font in fontManager.ttflist if not any(part in font.name for part in UNFIT)]
    for font in (*ours, *others):
        if font.style == "normal" and ord(sign) in _signs(font.fname):
            return font.name
    return None


@functools.cache
def _signs(path: str) -> frozenset[int]:
    with suppress(OSError, RuntimeError):
        return frozenset(get_font(path).get_charmap())
    return frozenset()


def _spelt(sign: str) -> str:
    if unicodedata.category(sign) in ("Mn", "Me", "Cf"):  # what only modifies the sign before it
        return ""
    name = unicodedata.name(sign, "")
    return name.lower() if unicodedata.category(sign) == "So" and name else f"U+{ord(sign):04X}"
