"""Which entries of a folder are pictures: hidden and helper entries are passed over, links are followed."""

import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from differentia.data.words import count

HELPERS = frozenset(
    {
        *("__macosx", "__pycache__", "@eadir", "#recycle", "$recycle.bin", "system volume information"),
        *("lost+found", "thumbs.db", "desktop.ini"),
    }
)
"""What systems put beside a person's files without hiding it, in lower case."""

NOT_PICTURES = frozenset({"BUFR", "EPS", "FITS", "FLI", "GRIB", "HDF5", "IPTC", "MPEG", "PDF", "WMF"})
"""Formats that Pillow knows and that hold documents, films or tables, or that need other programs."""


def _suffixes() -> frozenset[str]:
    Image.init()
    registered = Image.registered_extensions().items()
    return frozenset(end for end, form in registered if form in Image.OPEN and form not in NOT_PICTURES)


SUFFIXES = _suffixes()
"""Endings of the picture files that this Pillow reads, in lower case."""

COMMON = ".png, .jpg, .webp, .bmp, .tif, .gif, …"
"""Some of them, for messages."""


@dataclass
class Found:
    """What lies under a folder.

    Attributes
    ----------
    pictures : list of Path
        Files that end like pictures, at any depth, sorted.
    passed_over : Counter
        How many files there are of each kind that is not taken: ``hidden``, ``.txt``, ``broken link``, …
    others : list of Path
        Those of them that are neither hidden nor a helper's, sorted.
    """

    pictures: list[Path] = field(default_factory=list)
    passed_over: Counter[str] = field(default_factory=Counter)
    others: list[Path] = field(default_factory=list)


def is_ignored(name: str) -> bool:
    """Whether an entry of this name, file or folder, is hidden or a system's helper."""
    return name.startswith(".") or name.casefold() in HELPERS


def sub_folders(folder: Path) -> list[Path]:
    """List the sub-folders that are not ignored, in alphabetical order; numbers by their value."""
    found = [entry for entry in folder.iterdir() if entry.is_dir() and not is_ignored(entry.name)]
    if all(entry.name.isdecimal() for entry in found):
        return sorted(found, key=lambda entry: (int(entry.name), entry.name))
    return sorted(found)


def find_pictures(folder: Path, recursive: bool = True) -> Found:
    """Find the pictures under a folder.

    Links are followed, each target once: what is reached a second time, or by a link to a folder that this
    one lies in, is passed over. What lies in the folder itself goes before what a link leads to.
    """
    found = Found()
    root = Path(os.path.realpath(folder))
    seen: set[str] = set()
    waiting, links = [folder], list[Path]()
    while waiting or links:
        linked = not waiting
        place = links.pop() if linked else waiting.pop()
        target = os.path.realpath(place)
        if target in seen or (place != folder and root.is_relative_to(target)):
            found.passed_over["link to what is there already"] += 1
            continue
        if linked and not Path(target).is_dir():
            _sort_file(place, found, seen)
            continue
        seen.add(target)
        for entry in sorted(place.iterdir(), reverse=True):
            if is_ignored(entry.name):
                found.passed_over["hidden"] += _files_in(entry)
            elif entry.is_symlink():
                if recursive or not entry.is_dir():
                    links.append(entry)
            elif entry.is_dir():
                waiting += [entry] if recursive else []
            else:
                _sort_file(entry, found, seen)
    found.pictures.sort()
    found.others.sort()
    return found


def _sort_file(file: Path, found: Found, seen: set[str]) -> None:
    """Enter a file among the pictures or what is passed over."""
    if file.suffix.lower() in SUFFIXES and file.is_file():
        seen.add(os.path.realpath(file))
        found.pictures.append(file)
        return
    kind = "broken link" if not file.exists() else file.suffix.lower() or "file without an ending"
    found.passed_over[kind] += 1
    found.others.append(file)


def _files_in(entry: Path) -> int:
    """Count the files of an ignored entry: itself, or those under it."""
    if entry.is_symlink() or not entry.is_dir():
        return 1
    return sum(len(files) for _, _, files in os.walk(entry))


def passed_over(counts: Counter[str]) -> str:
    """Say how many files were passed over, and why; empty where there were none."""
    if not counts:
        return ""
    kinds = ", ".join(f"{n:,} {kind}" for kind, n in counts.most_common())
    return f"{count(counts.total(), 'file')} passed over: {kinds}"
