"""CelebA in its official layout: aligned faces and 40 yes-or-no attributes (Liu et al. 2015)."""

import os
import zipfile
from collections.abc import Callable, Collection
from contextlib import ExitStack
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from differentia.data.celeba_layout import ATTRIBUTES, PARTITION, Layout, find_layout, lacking
from differentia.data.dataset import LabelledData
from differentia.data.pictures import PictureFiles, read_pictures, skipping_broken
from differentia.data.settings import DataSettings
from differentia.data.splits import choose
from differentia.errors import DifferentiaError

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
    return skipping_broken(settings, lambda broken: _read(folder, settings, progress, broken))


def _read(folder: Path, settings: DataSettings, progress: bool, broken: Collection[str]) -> LabelledData:
    """Read the pictures that are not broken."""
    layout = find_layout(folder)
    with ExitStack() as stack:
        stamps, read = _pictures(layout, folder, stack)
        present = {name: stamp for name, stamp in stamps.items() if name not in broken}
        tables = read_tables(layout, folder, settings.attribute, present)
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
        files = PictureFiles(
            str(folder.resolve()), chosen, y[train], y_test, class_names, read, lambda: stamps
        )
        return read_pictures(files, "celeba", settings.size or SIZE, settings, progress, keep=True)


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
    rows = _rows(path)
    # As published, the first line counts the pictures; in a .csv, the names of the files have a heading, too.
    is_csv = path.suffix == ".csv"
    head = rows[0 if is_csv else 1][1] if len(rows) > 1 else []
    known = head[1:] if is_csv else head
    if not known:
        raise DifferentiaError(f"{path} lacks the names of the attributes in its head. Copy it again.")
    if attribute not in known:
        near = get_close_matches(attribute, known, n=1)
        hint = f"Did you mean {near[0]}? " if near else ""
        raise DifferentiaError(
            f"CelebA has no attribute {attribute}. {hint}The attributes are {', '.join(known)}."
        )
    column = known.index(attribute) + 1
    values = {"1": True, "-1": False}
    found = {}
    for number, fields in rows[1 if is_csv else 2 :]:
        if len(fields) != len(known) + 1 or fields[column] not in values:
            raise DifferentiaError(
                f"line {number} of {path} is not a file name and {len(known)} values of 1 or -1. "
                "Copy the file again."
            )
        found[fields[0]] = values[fields[column]]
    return found


def _read_partition(path: Path) -> dict[str, int]:
    found = {}
    for number, fields in _rows(path)[1 if path.suffix == ".csv" else 0 :]:
        if len(fields) != 2 or fields[1] not in ("0", "1", "2"):
            raise DifferentiaError(
                f"line {number} of {path} is not a file name and 0, 1 or 2. Copy the file again."
            )
        found[fields[0]] = int(fields[1])
    return found


def _rows(path: Path) -> list[tuple[int, list[str]]]:
    """Return the number and the fields of every line that is not empty, whether of a .txt or a .csv."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (UnicodeDecodeError, IsADirectoryError) as problem:
        raise DifferentiaError(f"{path} is not a text file. Copy it again.") from problem
    rows = ((number, line.replace(",", " ").split()) for number, line in enumerate(lines, start=1))
    return [(number, fields) for number, fields in rows if fields]


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
