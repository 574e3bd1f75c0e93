"""Folders that are splits and not classes: the usual spellings of train, test and validation."""

import re
from pathlib import Path
from typing import Literal

from differentia.data.entries import find_pictures, sub_folders
from differentia.errors import DifferentiaError

Part = Literal["train", "test", "valid"]

WORDS: dict[Part, str] = {
    "train": "train|training|trn",
    "test": "test|testing|tst",
    "valid": "val|valid|validation|validate|dev|eval|evaluation",
}
"""What a split is called, in any case, after a further word (``seg_train``) or before one of `AROUND`."""

AROUND = "set|sets|data|images|imgs|pictures|photos|split"


def part_of(name: str) -> Part | None:
    """Return which split a folder of this name is: ``Train``, ``training_set``, ``seg_test``, ``valid``."""
    for part, words in WORDS.items():
        if re.fullmatch(rf"(?:\w+[ _.-])?(?:{words})(?:[ _.-]?(?:{AROUND}))?", name.strip().casefold()):
            return part
    return None


def find_splits(folder: Path) -> dict[Part, Path] | None:
    """Return the folders of the splits, or None where `folder` holds classes.

    They are splits where one of them is called after training and holds sub-folders and no pictures.

    Raises
    ------
    DifferentiaError
        If two folders name one split, others lie beside them, or the training split is missing.
    """
    named = [(part_of(entry.name), entry) for entry in sub_folders(folder)]
    parts: dict[Part, Path] = {}
    for part, entry in named:
        if part is None or not _has_classes(entry):
            continue
        if part in parts:
            raise DifferentiaError(
                f"{folder} holds {parts[part].name}/ and {entry.name}/, which both mean the same split. "
                "Put their pictures into one of them."
            )
        parts[part] = entry
    if not parts:
        return None
    if "train" not in parts:
        only = next(iter(parts.values())).name
        if len(parts) < len(named):
            return None
        raise DifferentiaError(
            f"{folder} holds {only}/ without train/. Add train/, or remove the level of {only}/."
        )
    others = [entry.name for part, entry in named if entry not in parts.values()]
    if others:
        raise DifferentiaError(
            f"{folder} holds {parts['train'].name}/ beside {', '.join(others[:3])}. Move their pictures into "
            "a class folder of a split, or the folders elsewhere."
        )
    return parts


def unwrapped(folder: Path) -> Path:
    """Go into a folder that holds nothing but another one with sub-folders, as archives are unpacked.

    A split is gone into from a folder of the same split alone (``seg_train/seg_train``).
    """
    inner = sub_folders(folder)
    while (
        len(inner) == 1 and part_of(inner[0].name) in (None, part_of(folder.name)) and _has_classes(inner[0])
    ):
        if find_pictures(folder, recursive=False).pictures:
            break
        folder = inner[0]
        inner = sub_folders(folder)
    return folder


def _has_classes(folder: Path) -> bool:
    """Whether a folder holds sub-folders and no pictures, so that ``train`` is a split and not a class."""
    return bool(sub_folders(folder)) and not find_pictures(folder, recursive=False).pictures
