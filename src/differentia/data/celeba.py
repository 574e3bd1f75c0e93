"""CelebA in its official layout: aligned faces and 40 yes-or-no attributes (Liu et al. 2015)."""

import hashlib
import json
import os
import shutil
import time
import zipfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from differentia.data.celeba_layout import ATTRIBUTES, PARTITION, Layout, find_layout, lacking
from differentia.data.dataset import LabelledData, Split
from differentia.data.images import decode_all
from differentia.data.settings import DataSettings
from differentia.data.splits import choose
from differentia.data.storage import made_cache
from differentia.errors import DifferentiaError
from differentia.files import replacing

SIZE = 64


@dataclass(frozen=True)
class Tables:
    """What CelebA's two lists say of the pictures that are present.

    Attributes
    ----------
    names : ndarray
        File names, ``[n]``, in the order of the attribute list.
    has_attribute : ndarray
        Whether the attribute holds, bool ``[n]``.
    partition : ndarray
        0 training, 1 validation, 2 test, int64 ``[n]``.
    listed : int
        Number of pictures that both lists name, present or not.
    """

    names: NDArray[np.str_]
    has_attribute: NDArray[np.bool_]
    partition: NDArray[np.int64]
    listed: int


def read_celeba(folder: Path, settings: DataSettings, progress: bool = False) -> LabelledData:
    """Read CelebA, one of its attributes as the class.

    Pictures of partition 0 and 1 (training and validation) are the training split, those of 2 the test
    split; where none of 2 is present, a test split is drawn. Pictures that are listed but absent, or present
    but not listed, are left out. Each is cropped to its central square and resized. The decoded pictures are
    kept in the cache and memory-mapped.

    Parameters
    ----------
    folder : Path
        Folder in the official layout, with pictures of any size.
    settings : DataSettings
        Attribute, size (64 by default), split and limit.
    progress : bool
        Show a bar while decoding.

    Returns
    -------
    LabelledData
        The classes are ``not A`` and ``A`` for the attribute A.

    Raises
    ------
    DifferentiaError
        If a part is missing or damaged, or the attribute unknown.
    """
    layout = find_layout(folder)
    with ExitStack() as stack:
        stamps, read = _pictures(layout, folder, stack)
        tables = read_tables(layout, folder, settings.attribute, stamps)
        in_test = tables.partition == 2
        y = tables.has_attribute.astype(np.int64)
        class_names = (f"not {settings.attribute}", settings.attribute)
        names, y_test, test_names = tables.names, None, tables.names
        if in_test.any() and not in_test.all():
            y_test, test_names = y[in_test], names[in_test]
            y, names = y[~in_test], names[~in_test]
        train, test = choose(
            y, y_test, class_names, settings.test_fraction, settings.split_seed, settings.limit
        )
        y_test = y[test] if y_test is None else y_test[test]
        chosen = [*names[train].tolist(), *test_names[test].tolist()]
        x = _decoded(folder, chosen, stamps, read, settings.size or SIZE, progress)
    y = y[train]
    return LabelledData("celeba", Split(x[: len(y)], y), Split(x[len(y) :], y_test), class_names)


def survey(folder: Path, attribute: str) -> tuple[int, Tables]:
    """Count the pictures in a folder in the official layout and read its lists, decoding nothing.

    Returns
    -------
    present : int
        Number of picture files.
    tables : Tables
        What the lists say of those.

    Raises
    ------
    DifferentiaError
        As `read_celeba` does.
    """
    layout = find_layout(folder)
    with ExitStack() as stack:
        stamps, _ = _pictures(layout, folder, stack)
        return len(stamps), read_tables(layout, folder, attribute, stamps)


def read_tables(layout: Layout, folder: Path, attribute: str, present: dict[str, list[int]]) -> Tables:
    """Read both lists, for the pictures that are present.

    Parameters
    ----------
    layout : Layout
        Where the lists are.
    folder : Path
        The folder, for messages.
    attribute : str
        One of the 40 attributes.
    present : dict
        Has the names of the pictures that are there as its keys.

    Returns
    -------
    Tables
        Names, attribute and partition.

    Raises
    ------
    DifferentiaError
        If a list is missing or a line of it malformed, the attribute is unknown, or no listed picture is
        present.
    """
    if layout.attributes is None or layout.partition is None:
        raise lacking(layout, folder)
    attributes = _read_attribute(layout.attributes, attribute)
    partition = _read_partition(layout.partition)
    listed = [name for name in attributes if name in partition]
    names = [name for name in listed if name in present]
    if not names:
        raise DifferentiaError(
            f"{folder} has {len(present)} pictures, and none of them is among the {len(listed)} that both "
            f"{ATTRIBUTES} and {PARTITION} list. Use the official file names (000001.jpg, …)."
        )
    return Tables(
        np.array(names),
        np.array([attributes[name] for name in names]),
        np.array([partition[name] for name in names]),
        len(listed),
    )


def _read_attribute(path: Path, attribute: str) -> dict[str, bool]:
    lines = _lines(path)
    known = lines[1].split() if len(lines) > 1 else []
    if not known:
        raise DifferentiaError(f"{path} lacks the names of the attributes in its second line. Copy it again.")
    if attribute not in known:
        near = get_close_matches(attribute, known, n=1)
        hint = f"Did you mean {near[0]}? " if near else ""
        raise DifferentiaError(
            f"CelebA has no attribute {attribute}. {hint}The attributes are {', '.join(known)}."
        )
    column = known.index(attribute) + 1
    values = {"1": True, "-1": False}
    found = {}
    for number, line in enumerate(lines[2:], start=3):
        fields = line.split()
        if not fields:
            continue
        if len(fields) != len(known) + 1 or fields[column] not in values:
            raise DifferentiaError(
                f"line {number} of {path} is not a file name and {len(known)} values of 1 or -1. "
                "Copy the file again."
            )
        found[fields[0]] = values[fields[column]]
    return found


def _read_partition(path: Path) -> dict[str, int]:
    found = {}
    for number, line in enumerate(_lines(path), start=1):
        fields = line.split()
        if not fields:
            continue
        if len(fields) != 2 or fields[1] not in ("0", "1", "2"):
            raise DifferentiaError(
                f"line {number} of {path} is not a file name and 0, 1 or 2. Copy the file again."
            )
        found[fields[0]] = int(fields[1])
    return found


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except (UnicodeDecodeError, IsADirectoryError) as problem:
        raise DifferentiaError(f"{path} is not a text file. Copy it again.") from problem


def _pictures(
    layout: Layout, folder: Path, stack: ExitStack
) -> tuple[dict[str, list[int]], Callable[[str], bytes]]:
    """List the pictures, each with numbers that change when it does, and give a function that reads one."""
    images = layout.images
    if images is None:
        raise lacking(layout, folder)
    if images.is_dir():
        stats = {entry.name: entry.stat() for entry in os.scandir(images) if entry.is_file()}
        stamps = {name: [stat.st_size, stat.st_mtime_ns] for name, stat in stats.items()}
        return stamps, lambda name: (images / name).read_bytes()
    try:
        archive = stack.enter_context(zipfile.ZipFile(images))
    except zipfile.BadZipFile as problem:
        raise DifferentiaError(f"{images} is damaged or cut short. Copy it again.") from problem
    members = {Path(info.filename).name: info for info in archive.infolist() if not info.is_dir()}

    def read(name: str) -> bytes:
        try:
            return archive.read(members[name])
        except zipfile.BadZipFile as problem:
            raise ValueError("damaged in the zip") from problem

    return {name: [info.file_size, info.CRC] for name, info in members.items()}, read


def _decoded(
    folder: Path,
    names: list[str],
    stamps: dict[str, list[int]],
    read: Callable[[str], bytes],
    size: int,
    progress: bool,
) -> NDArray[np.uint8]:
    """Give decoded pictures ``[n, size, size, 3]``, memory-mapped from the cache, decoded first if needed."""
    content = [str(folder.resolve()), size, [[name, *stamps[name]] for name in names]]
    key = hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]
    path = made_cache("decoded") / f"celeba-{size}-{key}.npy"
    shape = (len(names), size, size, 3)
    whole = path.is_file() and path.stat().st_size > np.prod(shape)
    if not whole:
        for left in path.parent.glob(".celeba-*.partial.npy"):
            # What nobody has written to for a day is left over from a process that was killed.
            if time.time() - left.stat().st_mtime > 86_400:
                left.unlink(missing_ok=True)
        _demand_space(path.parent, int(np.prod(shape)))
        with replacing(path) as beside:
            out = np.lib.format.open_memmap(beside, mode="w+", dtype=np.uint8, shape=shape)
            decode_all(names, read, out, progress)
            out.flush()
            del out
    # Copy on write: an array that claims to be read-only makes torch warn.
    pictures: NDArray[np.uint8] = np.load(path, mmap_mode="c", allow_pickle=False)
    return pictures


def _demand_space(folder: Path, size: int) -> None:
    """Check the disk beforehand: a full disk under a memory map would end the process without a word."""
    free = shutil.disk_usage(folder).free
    if free < size * 1.05:
        raise DifferentiaError(
            f"the decoded pictures need {size / 1e9:.1f} GB in {folder}, where {free / 1e9:.1f} GB are free. "
            "Free some space, let DIFFERENTIA_CACHE name another folder, or set a limit."
        )
