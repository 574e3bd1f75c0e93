"""Pictures of a data set, decoded in memory or in the cache, with what came up on the way."""

import hashlib
import json
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from differentia.data.dataset import LabelledData, Split
from differentia.data.images import Decoding, UnreadableError, decode_all
from differentia.data.settings import DataSettings
from differentia.data.storage import fits_memory, made_cache, mapped_file, room_for
from differentia.data.words import count, shown
from differentia.errors import DifferentiaError
from differentia.files import replacing, write_json


@dataclass(frozen=True)
class PictureFiles:
    """Picture files of both splits, and how to read them.

    Attributes
    ----------
    source : str
        Where they come from, for the name in the cache.
    names : list of str
        Names of the pictures, those of the training split first.
    y, y_test : ndarray
        Their classes, int64.
    class_names : tuple of str
        One name a class.
    read : callable
        Gives the content of a picture.
    stamps : callable
        Returns numbers of each picture that change when it does, by its name; asked where the cache is used.
    """

    source: str
    names: list[str]
    y: NDArray[np.int64]
    y_test: NDArray[np.int64]
    class_names: tuple[str, ...]
    read: Callable[[str], bytes]
    stamps: Callable[[], Mapping[str, Sequence[int]]]


def read_pictures(
    files: PictureFiles, name: str, size: int, settings: DataSettings, progress: bool, *, keep: bool
) -> LabelledData:
    """Decode pictures, or take them from the cache, and make a data set of them.

    Parameters
    ----------
    files : PictureFiles
        What to read.
    name : str
        What the data set is called.
    size : int
        Height and width in pixels.
    settings : DataSettings
        How pictures are made square.
    progress : bool
        Show a bar.
    keep : bool
        Keep them in the cache even where they fit the memory, and in colour even where all are grey.

    Returns
    -------
    LabelledData
        Images with 3 channels, or 1 where all are grey; mapped from the cache where they are kept or do not
        fit the memory.

    Raises
    ------
    UnreadableError
        If a picture cannot be read.
    DifferentiaError
        If there is no room for them.
    """
    shape = (len(files.names), size, size, 3)
    if keep or not fits_memory(shape):
        x, decoding = _mapped(files, shape, settings, progress)
    else:
        x = room_for(shape)
        decoding = decode_all(files.names, files.read, x, settings.fit, progress)
    x, x_test = x[: len(files.y)], x[len(files.y) :]
    if not keep and _is_grey(x) and _is_grey(x_test):
        x, x_test = x[..., :1], x_test[..., :1]
        if not isinstance(x, np.memmap):
            x, x_test = np.ascontiguousarray(x), np.ascontiguousarray(x_test)
    return LabelledData(
        name,
        Split(x, files.y),
        Split(x_test, files.y_test),
        files.class_names,
        notes=tuple(decoding.notes),
        levels=decoding.levels,
    )


def _is_grey(x: NDArray[np.uint8]) -> bool:
    """Whether the three channels of pictures ``[n, h, w, 3]`` are equal."""
    return all((some[..., :1] == some[..., 1:]).all() for some in np.array_split(x, len(x) // 1024 + 1))


def skipping_broken(settings: DataSettings, read: Callable[[Collection[str]], LabelledData]) -> LabelledData:
    """Read pictures, and again without those that cannot be read, where `settings` ask for that.

    So the splits are drawn from what can be read. `read` is given the names of pictures to leave out.
    """
    broken: dict[str, str] = {}
    while True:
        try:
            data = read(broken.keys())
        except UnreadableError as problem:
            if not settings.skip_broken:
                raise
            broken |= dict(problem.failures)
            continue
        except DifferentiaError as problem:
            if not broken:
                raise
            first = next(f"{name} ({why})" for name, why in sorted(broken.items()))
            raise DifferentiaError(
                f"without the {count(len(broken), 'picture')} that cannot be read, such as {first}, {problem}"
            ) from problem
        if not broken:
            return data
        listed = ", ".join(f"{name} ({why})" for name, why in sorted(broken.items()))
        note = f"{count(len(broken), 'picture')} left out, which cannot be read: {listed}"
        return replace(data, notes=(*data.notes, note))


def _mapped(
    files: PictureFiles, shape: tuple[int, ...], settings: DataSettings, progress: bool
) -> tuple[NDArray[np.uint8], Decoding]:
    """Give pictures mapped from a file of the cache, decoded first if needed; what came up lies beside it."""
    stamps = files.stamps()
    content = [files.source, shape, settings.fit, [[name, *stamps[name]] for name in files.names]]
    key = hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]
    path = made_cache("decoded") / f"{shown(Path(files.source).name)}-{shape[1]}-{key}.raw"
    beside_it = path.with_suffix(".json")
    whole = path.is_file() and path.stat().st_size == np.prod(shape)
    if not whole:
        for left in path.parent.glob(".*.partial.*"):
            # What nobody has written to for a day is left over from a process that was killed.
            if time.time() - left.stat().st_mtime > 86_400:
                left.unlink(missing_ok=True)
        with replacing(path) as beside:
            with beside.open("w+b") as file:
                out = mapped_file(file, shape, path.parent)
            decoding = decode_all(files.names, files.read, out, settings.fit, progress)
            out.flush()  # type: ignore[attr-defined]
            del out
            beside_it.unlink(missing_ok=True)
            if decoding != Decoding():
                write_json(beside_it, asdict(decoding))
    # Copy on write: an array that claims to be read-only makes torch warn.
    return np.memmap(path, dtype=np.uint8, mode="c", shape=shape), _recorded(beside_it)


def _recorded(path: Path) -> Decoding:
    if not path.is_file():
        return Decoding()
    values = json.loads(path.read_bytes())
    levels = {kind: (low, high) for kind, (low, high) in values["levels"].items()}
    return Decoding(levels, Counter(values["remarks"]))
