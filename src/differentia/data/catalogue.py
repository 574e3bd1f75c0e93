"""Every data set by name or path."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from difflib import get_close_matches
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from differentia.data.arrays import assemble
from differentia.data.celeba import read_celeba
from differentia.data.celeba_layout import find_layout, is_celeba, lacking, usual_folder, usual_folders
from differentia.data.dataset import LabelledData, Split
from differentia.data.folder import read_folder
from differentia.data.idx import read_idx
from differentia.data.images import UnreadableError, resize
from differentia.data.npz import read_npz
from differentia.data.settings import DataSettings
from differentia.data.sources import FASHION_MNIST, MNIST, Published, is_here, read_published
from differentia.data.splits import draw_subset
from differentia.data.storage import named_path
from differentia.errors import DifferentiaError

PUBLISHED = {dataset.name: dataset for dataset in (MNIST, FASHION_MNIST)}
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


def place_of(source: str) -> str:
    """Return what a person means by a data set: a path, absolute, or a name where no folder is called so.

    A DifferentiaError says that the text is empty, which would be the folder that one is in.
    """
    if not source.strip():
        raise DifferentiaError("The name of the data is empty. Name a data set, or . for this folder.")
    path = named_path(source)
    return source if source in CATALOGUE and not path.is_dir() else str(path.absolute())


def clash_of(path: Path) -> str:
    """Say that a folder is not the built-in data set of its name; empty where it is not called like one."""
    if path.name not in CATALOGUE or path != Path.cwd() / path.name:
        return ""
    return f"{path.name} is the folder here; the built-in data set is had from where no folder is called so"


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
        return set_aside(CATALOGUE[settings.source].read(settings, progress), settings)
    path = named_path(settings.source)
    clash = clash_of(path)
    try:
        data = _read(path, settings, progress)
    except DifferentiaError as problem:
        if not clash or isinstance(problem, UnreadableError):
            raise
        raise DifferentiaError(f"{problem} ({clash}.)") from problem
    return set_aside(replace(data, notes=(clash, *data.notes)) if clash else data, settings)


def set_aside(data: LabelledData, settings: DataSettings) -> LabelledData:
    """Take the samples for certificates out of the training split, if any are wanted.

    They are drawn at random and not class by class, because a certificate speaks of independent samples.
    """
    if not settings.certify_fraction:
        return data
    rng, n = np.random.default_rng([settings.split_seed, 2]), len(data.train)
    aside = rng.permutation(n) < round(settings.certify_fraction * n)
    left = np.bincount(data.train.y[~aside], minlength=data.n_classes)
    if not aside.any() or not left.all():
        raise DifferentiaError(
            f"data.certify_fraction = {settings.certify_fraction:g} of {n:,} training samples sets "
            f"{aside.sum():,} aside, and a class needs at least one sample to train on. Change the fraction."
        )
    return replace(data, train=data.train.take(~aside), certify=data.train.take(aside))


def _read(path: Path, settings: DataSettings, progress: bool) -> LabelledData:
    if path.is_dir():
        return (read_celeba if is_celeba(path) else read_folder)(path, settings, progress)
    if not path.is_file():
        raise DifferentiaError(_unknown(settings.source))
    if path.suffix.lower() != ".npz":
        raise DifferentiaError(
            f"{path} is neither a folder nor an .npz file. Give a folder with one sub-folder of pictures a "
            "class, or save arrays x and y with numpy.savez."
        )
    return read_npz(path, settings)


def _unknown(source: str) -> str:
    near = get_close_matches(Path(source).name.lower(), NAMES, n=1, cutoff=0.6)
    hint = f" Did you mean {near[0]}?" if near else ""
    return (
        f"there is no data set, folder or file {source!r}.{hint} The names are {', '.join(NAMES)}; "
        "anything else is a path to a class folder or an .npz."
    )


def presence(name: str) -> tuple[str, Path | None]:
    """Say whether a named data set is on this machine.

    Parameters
    ----------
    name : str
        Name of the data set.

    Returns
    -------
    state : str
        ``built in``, ``yes``, ``incomplete`` or ``no``.
    folder : Path or None
        Where it is.
    """
    if name == "celeba":
        found = next((folder for folder in usual_folders() if is_celeba(folder)), None)
        return ("no" if found is None else "incomplete" if find_layout(found).missing else "yes"), found
    if name not in PUBLISHED:
        return "built in", None
    found = is_here(PUBLISHED[name])
    return ("yes" if found else "no"), found


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
    if name not in CATALOGUE:
        raise DifferentiaError(_unknown(name))
    if name == "celeba":
        folder = usual_folder()
        if find_layout(folder).missing:
            raise lacking(find_layout(folder), folder)
    elif name in PUBLISHED:
        read_published(PUBLISHED[name], progress)


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
    # The file of `sklearn.datasets.load_digits`, found without the seconds that importing the library takes.
    library = find_spec("sklearn")
    assert library is not None
    assert library.origin is not None
    table = np.loadtxt(Path(library.origin).parent / "datasets" / "data" / "digits.csv.gz", delimiter=",")
    return assemble(
        # scikit-learn counts the inked pixels of a 4×4 block, 0 to 16.
        np.rint(table[:, :-1].reshape(-1, 8, 8, 1) * (255 / 16)).astype(np.uint8),
        table[:, -1].astype(np.int64),
        None,
        None,
        DIGIT_NAMES,
        name="digits",
        size=settings.size,
        test_fraction=settings.test_fraction,
        split_seed=settings.split_seed,
        limit=settings.limit,
    )


def _celeba(settings: DataSettings, progress: bool) -> LabelledData:
    return read_celeba(usual_folder(), settings, progress)


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
    "mnist": Named("digits", "60,000 / 10,000", "10", "28×28×1", _published(MNIST, DIGIT_NAMES)),
    "fashion-mnist": Named(
        "clothes", "60,000 / 10,000", "10", "28×28×1", _published(FASHION_MNIST, FASHION_NAMES)
    ),
    "celeba": Named("faces", "182,637 / 19,962", "2", "64×64×3", _celeba),
    "digits": Named("small digits", "1,438 / 359", "10", "8×8×1", _digits),
    "kinds": Named("known factors", "30,000 / 6,000", "5", "32×32×1", _kinds),
}
NAMES = tuple(CATALOGUE)
