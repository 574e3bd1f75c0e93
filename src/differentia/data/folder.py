"""A person's own pictures: a folder with one sub-folder a class."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from differentia.data.dataset import LabelledData
from differentia.data.entries import COMMON, find_pictures, passed_over, sub_folders
from differentia.data.picture import quiet_pillow, smaller_side
from differentia.data.pictures import PictureFiles, read_pictures, skipping_broken
from differentia.data.settings import DataSettings
from differentia.data.split_names import Part, find_splits, unwrapped
from differentia.data.splits import choose
from differentia.data.words import count, shown
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
    notes : tuple of str
        Which folders are taken for what, and how many files are passed over.
    others : list of Path
        Files that are not taken for pictures.
    """

    class_names: tuple[str, ...]
    train: list[Path]
    y: NDArray[np.int64]
    test: list[Path] | None
    y_test: NDArray[np.int64] | None
    notes: tuple[str, ...]
    others: list[Path]


def read_folder(path: Path, settings: DataSettings, progress: bool = False) -> LabelledData:
    """Read the pictures of a class folder.

    Every picture is turned upright, made square and resized. When all are grey, the data set has one channel,
    else three. Pictures that do not fit the memory are decoded into the cache.

    Parameters
    ----------
    path : Path
        Folder with one sub-folder of pictures a class, or with folders of that form for the splits.
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
    return skipping_broken(settings, lambda broken: _read(path, listing, settings, progress, broken))


def _read(
    path: Path, listing: Listing, settings: DataSettings, progress: bool, broken: Collection[str]
) -> LabelledData:
    """Draw the splits from the pictures that are not broken, and read them."""

    def whole(
        files: list[Path] | None, y: NDArray[np.int64] | None
    ) -> tuple[NDArray[np.str_], NDArray[np.int64]]:
        names = np.array([str(file.relative_to(path)) for file in files or []])
        good = ~np.isin(names, list(broken))
        return names[good], (np.empty(0, np.int64) if y is None else y)[good]

    files, y = whole(listing.train, listing.y)
    test_files, y_test = (files, y) if listing.test is None else whole(listing.test, listing.y_test)
    train, test = choose(
        y,
        None if listing.test is None else y_test,
        listing.class_names,
        settings.test_fraction,
        settings.split_seed,
        settings.limit,
    )
    names = [*files[train].tolist(), *test_files[test].tolist()]

    def stamps() -> dict[str, list[int]]:
        stats = {name: (path / name).stat() for name in names}
        return {name: [stat.st_size, stat.st_mtime_ns] for name, stat in stats.items()}

    chosen = PictureFiles(
        str(path.resolve()),
        names,
        y[train],
        y_test[test],
        listing.class_names,
        lambda name: (path / name).read_bytes(),
        stamps,
    )
    size = settings.size or _common_size(path, names)
    data = read_pictures(chosen, shown(path.resolve().name), size, settings, progress, keep=False)
    return replace(data, notes=(*listing.notes, *data.notes))


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
    top = unwrapped(path)
    roots, notes = _roots(top)
    if top != path:
        notes.append(f"the pictures lie in {shown(str(top.relative_to(path)))}/")
    folders = {part: _classes(root) for part, root in roots.items()}
    class_names = tuple(folders["train"])
    if len(class_names) < 2:
        raise DifferentiaError(
            f"{roots['train']} has the only class {class_names[0]}. The method needs at least two, one "
            "sub-folder each."
        )
    for part, classes in folders.items():
        unknown = [name for name in classes if name not in class_names]
        if unknown:
            raise DifferentiaError(
                f"{roots[part]} holds classes that {roots['train'].name}/ does not: "
                f"{', '.join(unknown[:5])}. Both need the same."
            )
        absent = [name for name in class_names if name not in classes]
        if absent and part == "test":
            raise DifferentiaError(
                f"{roots[part]} lacks the class {', '.join(absent[:5])}. Add pictures of it, or move the "
                "folder elsewhere, and a test split is drawn."
            )
    passed, others = Counter[str](), list[Path]()
    for root in {top, *roots.values()}:
        passed += find_pictures(root, recursive=False).passed_over
    train, y = _pictures(folders["train"], class_names, passed, others)
    if "valid" in folders:
        more, y_more = _pictures(folders["valid"], class_names, passed, others)
        train, y = [*train, *more], np.concatenate([y, y_more])
    test, y_test = None, None
    if "test" in folders:
        test, y_test = _pictures(folders["test"], class_names, passed, others)
    if passed:
        notes.append(passed_over(passed))
    return Listing(class_names, train, y, test, y_test, tuple(notes), others)


def _roots(top: Path) -> tuple[dict[Part, Path], list[str]]:
    """Return the folder of each split, ``train`` alone where there are none, and what to say of them."""
    parts = find_splits(top)
    if parts is None:
        return {"train": top}, []
    if "test" not in parts and "valid" in parts:
        parts["test"] = parts.pop("valid")
    taken = {"train": "to train", "test": "to test", "valid": "to train, too"}
    said = ", ".join(f"{shown(folder.name)}/ {taken[part]}" for part, folder in parts.items())
    return {part: unwrapped(folder) for part, folder in parts.items()}, [f"splits found: {said}"]


def _pictures(
    folders: dict[str, Path], class_names: tuple[str, ...], passed: Counter[str], others: list[Path]
) -> tuple[list[Path], NDArray[np.int64]]:
    """List the pictures of a split and their classes, and enter what is passed over."""
    files: list[Path] = []
    classes: list[int] = []
    for name, folder in folders.items():
        found = find_pictures(folder)
        passed.update(found.passed_over)
        others += found.others
        if not found.pictures:
            raise DifferentiaError(
                f"the class folder {folder} holds no pictures ({COMMON}). Add pictures, or remove the folder."
            )
        files += found.pictures
        classes += [class_names.index(name)] * len(found.pictures)
    return files, np.array(classes, dtype=np.int64)


def _classes(root: Path) -> dict[str, Path]:
    """Return the class folders of a split by their names, in the order of the class numbers."""
    stray, folders = find_pictures(root, recursive=False).pictures, sub_folders(root)
    if not folders:
        found = f"{count(len(stray), 'picture')} but no" if stray else "no"
        raise DifferentiaError(
            f"{root} holds {found} sub-folder with pictures. Make one sub-folder of pictures a class."
        )
    if stray:
        raise DifferentiaError(
            f"beside the class folders of {root} lies {stray[0].name} (pictures there: {len(stray)}). "
            "Move it into the folder of their class."
        )
    classes = {shown(folder.name): folder for folder in folders}
    if len(classes) < len(folders):
        raise DifferentiaError(
            f"two class folders of {root} have names that read the same. Rename one of them."
        )
    return classes


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
