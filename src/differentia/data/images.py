"""Image files and arrays brought to one size."""

import io
import logging
import os
import struct
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError
from rich.console import Console
from rich.progress import track

from differentia.data.plurals import count
from differentia.errors import DifferentiaError

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff")
"""Endings of the image files that are read."""

BATCH = 64
"""Pictures that a thread decodes in one go."""

DAMAGED = (OSError, EOFError, SyntaxError, ValueError, struct.error, IndexError, KeyError, TypeError)
"""What Pillow's readers raise on damaged files; it differs by format."""


class UnreadableError(DifferentiaError):
    """Pictures that cannot be decoded.

    Attributes
    ----------
    failures : tuple of (str, str)
        Name of each picture, and why.
    """

    def __init__(self, failures: Sequence[tuple[str, str]]) -> None:
        self.failures = tuple(failures)
        shown = ", ".join(f"{name} ({why})" for name, why in self.failures[:3])
        more = f" and {len(failures) - 3} more" if len(failures) > 3 else ""
        super().__init__(
            f"{count(len(failures), 'picture')} cannot be read: {shown}{more}. "
            "Repair or remove them; `differentia data check` lists them all."
        )


def resize(images: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Crop images to their central square and resize them.

    Parameters
    ----------
    images : ndarray
        uint8 ``[n, h, w, c]`` with 1 or 3 channels.
    size : int
        Height and width of the result in pixels.

    Returns
    -------
    ndarray
        uint8 ``[n, size, size, c]``; `images` itself when they have that size.
    """
    if images.shape[1:3] == (size, size):
        return images
    out = np.empty((len(images), size, size, images.shape[3]), dtype=np.uint8)
    for image, place in zip(images, out, strict=True):
        picture = Image.fromarray(image.squeeze(2) if image.shape[2] == 1 else image)
        place[:] = np.asarray(_fit(picture, size)).reshape(place.shape)
    return out


def over_white(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Lay images with alpha, uint8 ``[n, h, w, 4]``, over white; returns uint8 ``[n, h, w, 3]``."""
    colour = pixels[..., :3].astype(np.uint16)
    alpha = pixels[..., 3:].astype(np.uint16)
    return ((colour * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)


def decode(content: bytes, size: int) -> NDArray[np.uint8]:
    """Decode a picture, turn it upright, crop it to its central square and resize it.

    Parameters
    ----------
    content : bytes
        An image file: 1 to 16 bits a channel or floats in [0, 1]; grey, palette or colour. Transparent
        parts are laid over white. Of several frames the first is taken.
    size : int
        Height and width of the result in pixels.

    Returns
    -------
    ndarray
        uint8 ``[size, size, 3]``. The three channels of a grey picture are equal.

    Raises
    ------
    ValueError
        If it is not a picture, is damaged, or has pixel values without a known range.
    """
    try:
        picture = Image.open(io.BytesIO(content))
        # A JPEG can be decoded at a fraction of its size; twice the target leaves the resizing its say.
        picture.draft(None, (2 * size, 2 * size))
        picture.load()
        upright = ImageOps.exif_transpose(picture)
    except UnidentifiedImageError as problem:
        raise ValueError("not a picture") from problem
    except Image.DecompressionBombError as problem:
        raise ValueError("more pixels than is safe to decode") from problem
    except DAMAGED as problem:
        raise ValueError("damaged or cut short") from problem
    return np.asarray(_fit(_colour(upright), size))


def decode_all(
    names: Sequence[str],
    read: Callable[[str], bytes],
    out: NDArray[np.uint8],
    progress: bool = False,
) -> None:
    """Decode pictures in parallel threads.

    Parameters
    ----------
    names : sequence of str
        Names of the pictures.
    read : callable
        Gives the content of the file of that name; called from several threads.
    out : ndarray
        uint8 ``[len(names), size, size, 3]``, filled in the order of `names`.
    progress : bool
        Show a bar.

    Raises
    ------
    UnreadableError
        If any picture cannot be decoded, once all have been tried.
    """
    failures: list[tuple[str, str]] = []
    size = out.shape[1]

    def fill(start: int) -> None:
        for i in range(start, min(start + BATCH, len(names))):
            try:
                out[i] = decode(read(names[i]), size)
            except ValueError as problem:
                failures.append((names[i], str(problem)))
            except OSError as problem:
                failures.append((names[i], problem.strerror or "cannot be opened"))

    with quiet_pillow(), ThreadPoolExecutor(min(32, os.cpu_count() or 1)) as pool:
        batches = pool.map(fill, range(0, len(names), BATCH))
        total = -(-len(names) // BATCH)
        try:
            for _ in track(
                batches,
                f"decoding {count(len(names), 'picture')}",
                total,
                console=Console(stderr=True),
                disable=not progress,
            ):
                pass
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    if failures:
        raise UnreadableError(sorted(failures))


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


def smaller_side(path: Path) -> int | None:
    """Read the smaller of a picture's height and width in pixels from its header, None where it has none."""
    try:
        with Image.open(path) as picture:
            return min(picture.size)
    except (*DAMAGED, Image.DecompressionBombError):
        return None


def _fit(picture: Image.Image, size: int) -> Image.Image:
    """Crop, then resize: `ImageOps.fit` would let what is cropped away bleed into the border."""
    side = min(picture.size)
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    square = picture.crop((left, top, left + side, top + side))
    return square.resize((size, size), Image.Resampling.BICUBIC)


def _colour(picture: Image.Image) -> Image.Image:
    """Convert a picture of any mode to RGB with 8 bits a channel."""
    if picture.mode.startswith("I") or picture.mode == "F":
        return Image.fromarray(_eight_bits(np.asarray(picture))).convert("RGB")
    if picture.has_transparency_data:
        layer = picture.convert("RGBA")
        white = Image.new("RGB", layer.size, "white")
        white.paste(layer, mask=layer.getchannel("A"))
        return white
    return picture.convert("RGB")


def _eight_bits(pixels: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Scale grey pixels of 16 bits, or floats in [0, 1], to 0 … 255."""
    values = pixels.astype(np.float64)
    top = 1.0 if pixels.dtype.kind == "f" else 65535.0
    if not (values.min() >= 0 and values.max() <= top):
        raise ValueError("pixel values beyond 16 bits, or floats outside [0, 1]")
    return np.rint(values * (255 / top)).astype(np.uint8)
