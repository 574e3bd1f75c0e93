"""Image files and arrays brought to one size."""

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from rich.console import Console
from rich.progress import track

from differentia.data.picture import UPPER, Decoded, Fit, decode, quiet_pillow, squared
from differentia.data.storage import room_for
from differentia.data.words import count
from differentia.errors import DifferentiaError
from differentia.machine import cores

BATCH = 64
"""Pictures that a thread decodes in one go."""


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
            "Repair or remove them, or leave them out with --skip-broken; `differentia data check` lists all."
        )


def resize(images: NDArray[np.uint8], size: int, fit: Fit = "crop") -> NDArray[np.uint8]:
    """Make images square and resize them.

    Parameters
    ----------
    images : ndarray
        uint8 ``[n, h, w, c]`` with 1 or 3 channels.
    size : int
        Height and width of the result in pixels.
    fit : {'crop', 'pad', 'stretch'}
        How images that are not square are made square.

    Returns
    -------
    ndarray
        uint8 ``[n, size, size, c]``; `images` itself when they have that size.
    """
    if images.shape[1:3] == (size, size):
        return images
    out = room_for((len(images), size, size, images.shape[3]))
    for image, place in zip(images, out, strict=True):
        picture = Image.fromarray(image.squeeze(2) if image.shape[2] == 1 else image)
        place[:] = np.asarray(squared(picture, size, fit)).reshape(place.shape)
    return out


def over_white(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Lay images with alpha, uint8 ``[n, h, w, 4]``, over white; returns uint8 ``[n, h, w, 3]``."""
    colour = pixels[..., :3].astype(np.uint16)
    alpha = pixels[..., 3:].astype(np.uint16)
    return ((colour * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)


@dataclass
class Decoding:
    """What came up while pictures were decoded.

    Attributes
    ----------
    levels : dict
        Lowest and highest value of the pictures of more than 8 bits, over all of them, by kind.
    remarks : Counter
        How many pictures have something that is not read, by what it is.
    """

    levels: dict[str, tuple[float, float]] = field(default_factory=dict)
    remarks: Counter[str] = field(default_factory=Counter)

    @property
    def notes(self) -> list[str]:
        """What a person should know of it, a sentence each."""
        said = [f"{count(n, 'picture')} with {what}" for what, n in sorted(self.remarks.items())]
        for kind, (low, high) in sorted(self.levels.items()):
            if kind != UPPER:
                said.append(f"{kind} of more than 8 bits: {low:.6g} is shown as black, {high:.6g} as white")
        return said


def decode_all(
    names: Sequence[str],
    read: Callable[[str], bytes],
    out: NDArray[np.uint8],
    fit: Fit = "crop",
    progress: bool = False,
) -> Decoding:
    """Decode pictures in parallel threads.

    Pictures of more than 8 bits a channel are scaled once for the whole set: they are decoded twice, first
    for the range of all of them.

    Parameters
    ----------
    names : sequence of str
        Names of the pictures.
    read : callable
        Gives the content of the file of that name; called from several threads.
    out : ndarray
        uint8 ``[len(names), size, size, 3]``, filled in the order of `names`.
    fit : {'crop', 'pad', 'stretch'}
        How pictures that are not square are made square.
    progress : bool
        Show a bar.

    Returns
    -------
    Decoding
        What came up.

    Raises
    ------
    UnreadableError
        If any picture cannot be decoded, once all have been tried.
    DifferentiaError
        If pictures of 16 bits a colour use too little of their range.
    """
    found, deep = Decoding(), list[int]()
    levels: dict[str, tuple[float, float]] | None = None

    def fill(rows: Sequence[int]) -> None:
        for i in rows:
            try:
                decoded = decode(read(names[i]), out.shape[1], fit, levels)
            except (ValueError, MemoryError) as problem:
                failures.append((names[i], str(problem) or "too large for the memory"))
                continue
            except OSError as problem:
                failures.append((names[i], problem.strerror or "cannot be opened"))
                continue
            with lock:
                _note(found, decoded, first=levels is None)
            if decoded.pixels is None:
                deep.append(i)
            else:
                out[i] = decoded.pixels

    failures, lock = list[tuple[str, str]](), Lock()
    _in_threads(fill, range(len(names)), progress)
    _check_upper(found)
    if deep:
        levels = {kind: _range_of(kind, *ends) for kind, ends in found.levels.items()}
        _in_threads(fill, sorted(deep), progress)
        found.levels = levels
    if failures:
        raise UnreadableError(sorted(failures))
    return found


def _note(found: Decoding, decoded: Decoded, first: bool) -> None:
    if first:
        found.remarks.update(decoded.remarks)
        for kind, (low, high) in decoded.levels.items():
            lowest, highest = found.levels.get(kind, (low, high))
            found.levels[kind] = min(low, lowest), max(high, highest)


def _range_of(kind: str, low: float, high: float) -> tuple[float, float]:
    """Return what is black and white: the range of the set, but 0 to 1 for floats that lie in there."""
    if kind == "floats" and low >= 0 and high <= 1:
        return 0.0, 1.0
    if low < high:
        return low, high
    if kind == "floats":
        raise DifferentiaError(
            f"the floats in the pictures are all {low:.6g}, so nothing says what is black and what is white. "
            "Save floats in [0, 1]."
        )
    return min(low, 0.0), max(high, 65535.0)


def _check_upper(found: Decoding) -> None:
    highest = found.levels.get(UPPER, (0.0, 255.0))[1]
    if highest < 128:
        raise DifferentiaError(
            f"the colour pictures of 16 bits a channel use only the lowest {int(highest) + 1} of the 256 "
            "steps that can be read of them. Save them with 8 bits a channel, scaled to 0 to 255."
        )


def _in_threads(fill: Callable[[Sequence[int]], None], rows: Sequence[int], progress: bool) -> None:
    """Call `fill` for rows in batches, in parallel threads."""
    batches = [rows[start : start + BATCH] for start in range(0, len(rows), BATCH)]
    with quiet_pillow(), ThreadPoolExecutor(min(32, cores())) as pool:
        try:
            for _ in track(
                pool.map(fill, batches),
                f"decoding {count(len(rows), 'picture')}",
                len(batches),
                console=Console(stderr=True),
                disable=not progress,
            ):
                pass
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
