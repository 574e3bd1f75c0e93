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
    """Look for the parts of CelebA in `folder`, and in its ``Img/``, ``Anno/`` and ``Eval/`` as published."""

    def first(*places: Path) -> Path | None:
        return next((place for place in places if place.exists()), None)

    return Layout(
        first(folder / IMAGES, folder / "Img" / IMAGES, folder / ARCHIVE, folder / "Img" / ARCHIVE),
        first(folder / ATTRIBUTES, folder / "Anno" / ATTRIBUTES),
        first(folder / PARTITION, folder / "Eval" / PARTITION),
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
