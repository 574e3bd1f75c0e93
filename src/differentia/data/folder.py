"""A person's own pictures: a folder with one sub-folder a class."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from differentia.data.dataset import LabelledData, Split
from differentia.data.images import SUFFIXES, decode_all, quiet_pillow, smaller_side
from differentia.data.plurals import count
from differentia.data.settings import DataSettings
from differentia.data.splits import choose
from differentia.errors import DifferentiaError

LARGEST_DEFAULT = 64
SMALLEST = 8
LOOKED_AT = 1000
"""Pictures whose headers are read to find the most common size."""


@dataclass(frozen=True)
class Listing:
    """The pictures of a class folder.

    Attributes
    ----------
    class_names : tuple of str
        Names of the class folders, in the order of the class numbers.
    train, test : list of Path
        Pictures; `test` is None without a test split.
    y, y_test : ndarray
        Their classes, int64.
    ignored : list of Path
        Files that are not taken for pictures.
    """

    class_names: tuple[str, ...]
    train: list[Path]
    y: NDArray[np.int64]
    test: list[Path] | None
    y_test: NDArray[np.int64] | None
    ignored: list[Path]


def read_folder(path: Path, settings: DataSettings, progress: bool = False) -> LabelledData:
    """Read the pictures of a class folder.

    Every picture is turned upright, cropped to its central square and resized. When all are grey, the data
    set has one channel, else three.

    Parameters
    ----------
    path : Path
        Folder with one sub-folder of pictures a class, or with ``train/`` and (if there is one) ``test/`` of
        that form.
    settings : DataSettings
        Size (by default the most common smaller side of the pictures, between 8 and 64), split and limit.
    progress : bool
        Show a bar.

    Returns
    -------
    LabelledData
        The data set, called by the folder's name.

    Raises
    ------
    DifferentiaError
        If the folder has another form, a class is too small, or a picture cannot be read.
    """
    listing = list_folder(path)
    train, test = choose(
        listing.y,
        listing.y_test,
        listing.class_names,
        settings.test_fraction,
        settings.split_seed,
        settings.limit,
    )
    y, y_test = listing.y, listing.y if listing.y_test is None else listing.y_test
    files = np.array([str(file.relative_to(path)) for file in listing.train])
    test_files = files
    if listing.test is not None:
        test_files = np.array([str(file.relative_to(path)) for file in listing.test])
    names = [*files[train].tolist(), *test_files[test].tolist()]
    size = settings.size or _common_size(path, names)
    x = np.empty((len(names), size, size, 3), dtype=np.uint8)
    decode_all(names, lambda name: (path / name).read_bytes(), x, progress)
    if (x[..., :1] == x[..., 1:]).all():
        x = np.ascontiguousarray(x[..., :1])
    n_train = len(y[train])
    return LabelledData(
        path.resolve().name,
        Split(x[:n_train], y[train]),
        Split(x[n_train:], y_test[test]),
        listing.class_names,
    )


def list_folder(path: Path) -> Listing:
    """List the pictures of a class folder without reading them.

    Parameters
    ----------
    path : Path
        The folder.

    Returns
    -------
    Listing
        Its classes and pictures.

    Raises
    ------
    DifferentiaError
        If it is not a class folder.
    """
    root = path
    if _has_classes(path / "train"):
        others = [folder.name for folder in _folders(path) if folder.name not in ("train", "test")]
        if others:
            raise DifferentiaError(
                f"{path} holds train/ beside {', '.join(others[:3])}. Move their pictures into train/ or "
                "test/, or the folders elsewhere."
            )
        root = path / "train"
    elif _has_classes(path / "test"):
        raise DifferentiaError(
            f"{path} holds test/ without train/. Add train/, or remove the level of test/."
        )
    stray, _ = _pictures(root, recursive=False)
    folders = _folders(root)
    if not folders:
        found = (
            f"{count(len(stray), 'picture')} but no sub-folder" if stray else "no sub-folder with pictures"
        )
        raise DifferentiaError(f"{root} holds {found}. Make one sub-folder of pictures a class.")
    if stray:
        raise DifferentiaError(
            f"beside the class folders of {root} lies {stray[0].name} (pictures there: {len(stray)}). "
            "Move it into the folder of their class."
        )
    class_names = tuple(folder.name for folder in folders)
    if len(folders) < 2:
        raise DifferentiaError(
            f"{root} has the only class {class_names[0]}. The method needs at least two, one sub-folder each."
        )
    train, y, ignored = _class_files(root, class_names)
    if root == path or not (path / "test").is_dir():
        return Listing(class_names, train, y, None, None, ignored)
    unknown = [folder.name for folder in _folders(path / "test") if folder.name not in class_names]
    if unknown:
        raise DifferentiaError(
            f"{path}/test holds classes that train/ does not: {', '.join(unknown[:5])}. Both need the same."
        )
    test, y_test, ignored_test = _class_files(path / "test", class_names)
    return Listing(class_names, train, y, test, y_test, ignored + ignored_test)


def _class_files(
    root: Path, class_names: tuple[str, ...]
) -> tuple[list[Path], NDArray[np.int64], list[Path]]:
    files: list[Path] = []
    ignored: list[Path] = []
    classes: list[int] = []
    for number, name in enumerate(class_names):
        pictures, others = _pictures(root / name, recursive=True)
        if not pictures:
            raise DifferentiaError(
                f"the class folder {root / name} holds no pictures ({', '.join(SUFFIXES)}). "
                "Add pictures, or remove the folder."
            )
        files += pictures
        ignored += others
        classes += [number] * len(pictures)
    return files, np.array(classes, dtype=np.int64), ignored


def _pictures(folder: Path, recursive: bool) -> tuple[list[Path], list[Path]]:
    """List a folder's pictures and its other files, hidden ones left out."""
    entries = sorted(folder.rglob("*") if recursive else folder.glob("*")) if folder.is_dir() else []
    files = [entry for entry in entries if entry.is_file() and not entry.name.startswith(".")]
    pictures = [file for file in files if file.suffix.lower() in SUFFIXES]
    return pictures, [file for file in files if file.suffix.lower() not in SUFFIXES]


def _folders(folder: Path) -> list[Path]:
    """List sub-folders, hidden ones left out, in alphabetical order; numbers by their value."""
    found = [
        entry
        for entry in folder.iterdir()
        if entry.is_dir() and not entry.name.startswith(".") and entry.name != "__MACOSX"
    ]
    if all(entry.name.isdecimal() for entry in found):
        return sorted(found, key=lambda entry: (int(entry.name), entry.name))
    return sorted(found)


def _has_classes(folder: Path) -> bool:
    """Whether a folder holds sub-folders and no pictures, so that ``train`` is a split and not a class."""
    return folder.is_dir() and bool(_folders(folder)) and not _pictures(folder, recursive=False)[0]


def _common_size(path: Path, names: list[str]) -> int:
    """Find the most common smaller side (the larger of two equally common ones), within 8 and 64 pixels."""
    step = max(len(names) // LOOKED_AT, 1)
    with quiet_pillow():
        found = [smaller_side(path / name) for name in names[::step]]
    sides = Counter(side for side in found if side is not None)
    if not sides:
        return LARGEST_DEFAULT
    side = max(sides, key=lambda side: (sides[side], side))
    return min(max(side, SMALLEST), LARGEST_DEFAULT)
