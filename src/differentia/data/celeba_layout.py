"""Where the parts of CelebA lie, and what to say when one is missing."""

from dataclasses import dataclass
from pathlib import Path

from differentia.data.storage import cache_folder, data_folder
from differentia.errors import DifferentiaError

IMAGES, ARCHIVE = "img_align_celeba", "img_align_celeba.zip"
ATTRIBUTES, PARTITION = "list_attr_celeba.txt", "list_eval_partition.txt"
SOURCE = "https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html"


@dataclass(frozen=True)
class Layout:
    """Where the parts of CelebA lie; None for a part that is missing."""

    images: Path | None
    attributes: Path | None
    partition: Path | None

    @property
    def missing(self) -> tuple[str, ...]:
        """Names of the missing parts."""
        parts = {
            f"{IMAGES}/ or {ARCHIVE}": self.images,
            ATTRIBUTES: self.attributes,
            PARTITION: self.partition,
        }
        return tuple(name for name, place in parts.items() if place is None)


def find_layout(folder: Path) -> Layout:
    """Look for the parts of CelebA in `folder`, as published or as Kaggle has them.

    As published they may lie in ``Img/``, ``Anno/`` and ``Eval/``. Kaggle has the lists as .csv, and pictures
    in a folder within the folder of their name.
    """

    def first(*names: str) -> Path | None:
        places = (folder / inner / name for name in names for inner in (".", "Img", "Anno", "Eval"))
        return next((place for place in places if place.exists()), None)

    images = first(IMAGES, ARCHIVE)
    while images is not None and (images / IMAGES).is_dir():
        images = images / IMAGES
    return Layout(
        images,
        first(ATTRIBUTES, ATTRIBUTES.replace(".txt", ".csv")),
        first(PARTITION, PARTITION.replace(".txt", ".csv")),
    )


def is_celeba(folder: Path) -> bool:
    """Whether a folder holds any part of CelebA."""
    return len(find_layout(folder).missing) < 3


def usual_folders() -> list[Path]:
    """List where the named data set ``celeba`` is looked for."""
    own = data_folder()
    return [*([own / "celeba"] if own else []), cache_folder() / "celeba"]


def usual_folder() -> Path:
    """Return the first of `usual_folders` that holds a part of CelebA.

    Raises
    ------
    DifferentiaError
        If none does; the message says where to put what.
    """
    for folder in usual_folders():
        if is_celeba(folder):
            return folder
    raise DifferentiaError(
        f"CelebA is not here, and cannot be downloaded without a person. Get {IMAGES} (folder or zip), "
        f"{ATTRIBUTES} and {PARTITION} from {SOURCE} and put them into {usual_folders()[-1]}, or give the "
        "path of their folder as the data."
    )


def lacking(layout: Layout, folder: Path) -> DifferentiaError:
    """Say what a folder lacks of CelebA, as an error to raise."""
    return DifferentiaError(
        f"{folder} lacks a part of CelebA: {', '.join(layout.missing)}. Get it from {SOURCE} and put it "
        "there."
    )
