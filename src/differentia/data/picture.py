"""One picture file as upright pixels of one size, whatever its format, mode and depth."""

import io
import logging
import struct
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

Fit = Literal["crop", "pad", "stretch"]
"""How a picture becomes square: by its centre, by a border of the colour of its edge, or distorted."""

DAMAGED = (OSError, EOFError, SyntaxError, ValueError, struct.error, IndexError, KeyError, TypeError)
"""What Pillow's readers raise on damaged files; it differs by format."""

FRAMES = "more than one frame, of which the first is read"
BANDS = "a further band that is not alpha or does not look like it, and is left out"
EXIF = "damaged EXIF data, and is read as it lies"

Levels = Mapping[str, tuple[float, float]]
"""Lowest and highest value of deep pictures, by kind: ``whole numbers``, ``floats`` or `UPPER`."""

UPPER = "upper bytes"
"""Kind of pictures with 16 bits a colour, of which Pillow reads the upper 8."""


class Decoded(NamedTuple):
    """A decoded picture.

    Attributes
    ----------
    pixels : ndarray or None
        uint8 ``[size, size, 3]``; None where its levels are not known yet.
    levels : Levels
        The range of a picture of more than 8 bits a channel, empty for others.
    remarks : tuple of str
        What it has that is not read: `FRAMES`, `BANDS`, `EXIF`.
    """

    pixels: NDArray[np.uint8] | None
    levels: Levels
    remarks: tuple[str, ...]


def decode(content: bytes, size: int, fit: Fit = "crop", levels: Levels | None = None) -> Decoded:
    """Decode a picture, turn it upright, make it square and resize it.

    Parameters
    ----------
    content : bytes
        An image file of any mode that Pillow reads. Transparent parts are laid over white.
    size : int
        Height and width of the result in pixels.
    fit : {'crop', 'pad', 'stretch'}
        How a picture that is not square is made square.
    levels : Levels or None
        What is black and what is white in pictures of more than 8 bits; the range of the whole set.

    Returns
    -------
    Decoded
        The pixels. The three channels of a grey picture are equal.

    Raises
    ------
    ValueError
        If it is not a picture, is damaged, or of a mode that cannot be shown as grey or colour.
    """
    try:
        picture: Image.Image = Image.open(io.BytesIO(content))
        # A JPEG can be decoded at a fraction of its size; twice the target leaves the resizing its say.
        picture.draft(None, (2 * size, 2 * size))
        remarks = _remarks(picture)
        upper = not _is_deep(picture) and any(_has_16_bits(tile[3]) for tile in getattr(picture, "tile", ()))
        picture.load()
    except UnidentifiedImageError as problem:
        raise ValueError("not a picture") from problem
    except Image.DecompressionBombError as problem:
        raise ValueError("more pixels than is safe to decode") from problem
    except (*DAMAGED, AssertionError) as problem:
        raise ValueError("damaged or cut short") from problem
    negative = _is_deep(picture) and getattr(picture, "tag_v2", {}).get(262) == 0
    try:
        picture = ImageOps.exif_transpose(picture)
    except DAMAGED:
        remarks.append(EXIF)
    own: Levels = {}
    if _is_deep(picture):
        kind, numbers = _numbers(picture)
        own = {kind: (float(numbers.min()), float(numbers.max()))}
        if levels is None:
            return Decoded(None, own, tuple(remarks))
        picture = Image.fromarray(_eight_bits(numbers, *levels[kind], negative))
    shown, has_other = _colour(picture, BANDS not in remarks)
    remarks += [BANDS] if has_other else []
    if upper:
        own = {UPPER: (0.0, float(np.asarray(shown).max()))}
    return Decoded(np.asarray(squared(shown, size, fit)), own, tuple(remarks))


def squared(picture: Image.Image, size: int, fit: Fit) -> Image.Image:
    """Make a picture square and resize it to `size` pixels, each side."""
    width, height = picture.size
    if fit == "pad" and width != height:
        pixels = np.asarray(picture)
        edge = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
        ground = np.median(edge, axis=0).astype(np.uint8)
        side = max(width, height)
        colour = tuple(ground.tolist()) if ground.ndim else int(ground)
        whole = Image.new(picture.mode, (side, side), colour)
        whole.paste(picture, ((side - width) // 2, (side - height) // 2))
        picture = whole
    elif fit == "crop":
        # Crop, then resize: `ImageOps.fit` would let what is cropped away bleed into the border.
        side = min(width, height)
        left, top = (width - side) // 2, (height - side) // 2
        picture = picture.crop((left, top, left + side, top + side))
    return picture.resize((size, size), Image.Resampling.BICUBIC)


def canonical(picture: Image.Image) -> NDArray[Any]:
    """Return the pixels of a picture of any mode: uint8 ``[h, w]`` or ``[h, w, 3]``, or numbers ``[h, w]``.

    Transparent parts are laid over white. A ValueError says that the mode cannot be shown.
    """
    if _is_deep(picture):
        return _numbers(picture)[1]
    grey = picture.mode in ("1", "L") and not picture.has_transparency_data
    return np.asarray(picture.convert("L") if grey else _colour(picture, True)[0])


def smaller_side(path: Path) -> int | None:
    """Read the smaller of a picture's height and width in pixels from its header, None where it has none."""
    try:
        with Image.open(path) as picture:
            return min(picture.size)
    except (*DAMAGED, Image.DecompressionBombError):
        return None


@contextmanager
def quiet_pillow() -> Iterator[None]:
    """Silence Pillow's warnings and log: a file is either decoded or reported, and that says enough."""
    log, nowhere = logging.getLogger("PIL"), logging.NullHandler()
    log.addHandler(nowhere)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module=r"PIL\.")
            yield
    finally:
        log.removeHandler(nowhere)


def _remarks(picture: Image.Image) -> list[str]:
    """Say what an open picture has that is not read."""
    remarks = []
    with suppress(*DAMAGED):
        if getattr(picture, "n_frames", 1) > 1:
            remarks.append(FRAMES)
    tags = getattr(picture, "tag_v2", None)
    if tags is not None and tags.get(262) in (1, 2, 3):
        # The TIFF tags 277 and 338: samples a pixel, and what those beyond grey or colour are (1, 2: alpha).
        extra = tags.get(277, 1) - (3 if tags[262] == 2 else 1)
        declared = tags.get(338, ())
        declared = declared if isinstance(declared, tuple) else (declared,)
        if extra > 0 and not {1, 2} & set(declared):
            remarks.append(BANDS)
    return remarks


def _has_16_bits(arguments: Any) -> bool:
    """Whether Pillow's decoder is told of 16 bits a channel, as in ``RGB;16B``."""
    mode = arguments[0] if isinstance(arguments, tuple) and arguments else arguments
    return isinstance(mode, str) and ";16" in mode


def _is_deep(picture: Image.Image) -> bool:
    """Whether it is grey with more than 8 bits or with floats."""
    return picture.mode.startswith("I") or picture.mode == "F"


def _numbers(picture: Image.Image) -> tuple[str, NDArray[np.generic]]:
    numbers = np.asarray(picture)
    if numbers.dtype.kind != "f":
        return "whole numbers", numbers
    if not np.isfinite(numbers).all():
        raise ValueError("NaN or infinity among its floats")
    return "floats", numbers


def _eight_bits(numbers: NDArray[Any], low: float, high: float, negative: bool) -> NDArray[np.uint8]:
    """Scale numbers from `low` … `high` to 0 … 255, or to 255 … 0 where the highest is black."""
    share = np.clip((numbers.astype(np.float64) - low) / (high - low), 0.0, 1.0)
    return np.rint(255 * (1 - share if negative else share)).astype(np.uint8)


def looks_like_alpha(band: NDArray[np.uint8]) -> bool:
    """Whether at least half of a fourth band is clear or opaque; an infrared band, say, is neither."""
    return bool(np.isin(band, (0, 255)).mean() >= 0.5)


def _colour(picture: Image.Image, has_alpha: bool) -> tuple[Image.Image, bool]:
    """Convert a picture of 8 bits a channel to RGB, and say whether a band was left out.

    `has_alpha` says whether a further band may be alpha.
    """
    try:
        if picture.has_transparency_data and has_alpha:
            layer = (picture.convert("LA") if picture.mode == "La" else picture).convert("RGBA")
            alpha = layer.getchannel("A")
            if not looks_like_alpha(np.asarray(alpha)):
                return layer.convert("RGB"), True
            white = Image.new("RGB", layer.size, "white")
            white.paste(layer, mask=alpha)
            return white, False
        if picture.mode == "LAB":
            from PIL import ImageCms

            lab, rgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
            shown = ImageCms.profileToProfile(picture, lab, rgb, outputMode="RGB")
            assert shown is not None
            return shown, False
        return picture.convert("RGB"), False
    except (*DAMAGED, ImportError) as problem:
        raise ValueError(f"its mode {picture.mode} cannot be shown in colour; save it as RGB") from problem
