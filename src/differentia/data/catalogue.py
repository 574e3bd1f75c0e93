"""Every data set by name or path."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from differentia.data.arrays import assemble
from differentia.data.dataset import LabelledData, Split
from differentia.data.idx import read_idx
from differentia.data.images import resize
from differentia.data.settings import DataSettings
from differentia.data.sources import FASHION_MNIST, MNIST, Published, read_published
from differentia.data.splits import draw_subset
from differentia.errors import DifferentiaError

DIGIT_NAMES = tuple(str(digit) for digit in range(10))
FASHION_NAMES = (
    "T-shirt",
    "trousers",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "ankle boot",
)


@dataclass(frozen=True)
class Named:
    """A data set of the catalogue.

    Attributes
    ----------
    what : str
        What it shows, in a few words.
    samples : str
        Number of training and test samples.
    classes : str
        Number of classes.
    size : str
        Size of a sample.
    read : callable
        Takes the settings and whether to show progress, returns the data set.
    """

    what: str
    samples: str
    classes: str
    size: str
    read: Callable[[DataSettings, bool], LabelledData]


def load(settings: DataSettings, progress: bool = False) -> LabelledData:
    """Read a data set.

    Parameters
    ----------
    settings : DataSettings
        Name or path, and how to turn it into arrays.
    progress : bool
        Show bars while downloading or decoding.

    Returns
    -------
    LabelledData
        Both splits, every class in both.

    Raises
    ------
    DifferentiaError
        If the data are not there or not usable; the message says why and what to do.
    """
    if settings.source in CATALOGUE:
        return CATALOGUE[settings.source].read(settings, progress)
    raise DifferentiaError(f"there is no data set {settings.source}. The names are {', '.join(NAMES)}.")


def fetch(name: str, progress: bool = False) -> None:
    """Bring the files of a named data set to this machine, unless they are here.

    Parameters
    ----------
    name : str
        Name of the data set.
    progress : bool
        Show bars while downloading.

    Raises
    ------
    DifferentiaError
        If there is no such name or no source has the files.
    """
    load(DataSettings(source=name), progress)


def _published(
    dataset: Published, class_names: tuple[str, ...]
) -> Callable[[DataSettings, bool], LabelledData]:
    def read(settings: DataSettings, progress: bool) -> LabelledData:
        x, y, x_test, y_test = (read_idx(file) for file in read_published(dataset, progress).values())
        return assemble(
            x[..., None],
            y.astype(np.int64),
            x_test[..., None],
            y_test.astype(np.int64),
            class_names,
            name=dataset.name,
            size=settings.size,
            test_fraction=settings.test_fraction,
            split_seed=settings.split_seed,
            limit=settings.limit,
        )

    return read


def _digits(settings: DataSettings, progress: bool) -> LabelledData:
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    return assemble(
        # scikit-learn counts the inked pixels of a 4×4 block, 0 to 16.
        np.rint(x.reshape(-1, 8, 8, 1) * (255 / 16)).astype(np.uint8),
        y.astype(np.int64),
        None,
        None,
        DIGIT_NAMES,
        name="digits",
        size=settings.size,
        test_fraction=settings.test_fraction,
        split_seed=settings.split_seed,
        limit=settings.limit,
    )


def _kinds(settings: DataSettings, progress: bool) -> LabelledData:
    from differentia.data.kinds import kinds

    data = kinds(30_000, 6_000, seed=settings.split_seed)
    return replace(data, train=_cut(data.train, settings), test=_cut(data.test, settings))


def _cut(split: Split, settings: DataSettings) -> Split:
    """Limit and resize a split together with its ground truth."""
    keep = draw_subset(split.y, settings.limit or len(split), settings.split_seed)
    x = np.asarray(split.x, dtype=np.uint8)[keep]
    factors = None if split.factors is None else split.factors[keep]
    return Split(x if settings.size is None else resize(x, settings.size), split.y[keep], factors)


CATALOGUE = {
    "mnist": Named(
        "handwritten digits", "60,000 / 10,000", "10", "28×28 grey", _published(MNIST, DIGIT_NAMES)
    ),
    "fashion-mnist": Named(
        "clothes, shoes and bags",
        "60,000 / 10,000",
        "10",
        "28×28 grey",
        _published(FASHION_MNIST, FASHION_NAMES),
    ),
    "digits": Named(
        "small handwritten digits, part of scikit-learn", "1,438 / 359", "10", "8×8 grey", _digits
    ),
    "kinds": Named(
        "rendered shapes with known generic and specific factors", "30,000 / 6,000", "5", "32×32 grey", _kinds
    ),
}
NAMES = tuple(CATALOGUE)
