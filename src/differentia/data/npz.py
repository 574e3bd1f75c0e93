"""A person's own arrays in an ``.npz`` file."""

import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from differentia.data.arrays import prepare
from differentia.data.dataset import LabelledData
from differentia.data.labels import as_text
from differentia.data.settings import DataSettings
from differentia.data.storage import check_room, fits_memory, made_cache
from differentia.data.units import Units
from differentia.errors import DifferentiaError
from differentia.files import FULL

ARRAYS = ("x", "y", "x_test", "y_test", "class_names")
"""Names of the arrays that are read; the first two are required."""


def read_npz(path: Path, settings: DataSettings) -> LabelledData:
    """Read ``x`` and ``y``, and ``x_test``, ``y_test`` and ``class_names`` where they are there.

    Parameters
    ----------
    path : Path
        The file. Nothing in it is unpickled.
    settings : DataSettings
        Size, split and limit.

    Returns
    -------
    LabelledData
        The data set, called by the file's name.

    Raises
    ------
    DifferentiaError
        If the file is damaged or an array does not fit; see `differentia.data.arrays.prepare`.
    """
    arrays = _arrays(path)
    try:
        return prepare(
            arrays["x"],
            arrays["y"],
            arrays.get("x_test"),
            arrays.get("y_test"),
            _names(arrays.get("class_names")),
            name=path.stem,
            size=settings.size,
            fit=settings.fit,
            test_fraction=settings.test_fraction,
            split_seed=settings.split_seed,
            limit=settings.limit,
            units=Units.of(arrays["x"]),
        )
    except DifferentiaError as problem:
        raise DifferentiaError(f"{path.name}: {problem}") from problem


def array_names(path: Path) -> list[str]:
    """List the names of the arrays in a file.

    Raises
    ------
    DifferentiaError
        If it is damaged or no ``.npz``.
    """
    with _opened(path) as file:
        return list(file.files)


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """Open a file; whatever is wrong with it as a zip, here or while it is read, becomes one error."""
    if path.stat().st_size == 0:
        raise DifferentiaError(f"{path.name} is empty. Save it again, with numpy.savez.")
    if not zipfile.is_zipfile(path):
        raise DifferentiaError(
            f"{path.name} is damaged, cut short, or no .npz. Save it with numpy.savez, or copy it again."
        )
    try:
        # Opened here, because numpy leaves its own stream open when the zip turns out to be damaged.
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            yield file
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError) as problem:
        if isinstance(problem, OSError) and problem.errno in FULL:
            raise  # of the cache, where it is unpacked
        raise DifferentiaError(f"{path.name} is damaged. Save it again, or copy it again.") from problem


def _arrays(path: Path) -> dict[str, NDArray[Any]]:
    with _opened(path) as file:
        lacking = [name for name in ARRAYS[:2] if name not in file.files]
        if lacking:
            raise DifferentiaError(
                f"{path.name} has no array {' and no array '.join(lacking)} "
                f"(it holds {', '.join(file.files[:10]) or 'nothing'}). "
                f"Name its arrays {', '.join(ARRAYS[:2])} and, if you like, {', '.join(ARRAYS[2:])}."
            )
        return {name: _one(file, name, path) for name in ARRAYS if name in file.files}


def _one(file: Any, name: str, path: Path) -> NDArray[Any]:
    try:
        sizes = {info.filename: info.file_size for info in file.zip.infolist()}
        fits = fits_memory((sizes.get(f"{name}.npy", 0),))
        array = file[name] if fits else _mapped(file, f"{name}.npy")
    except ValueError as problem:
        if "pickle" in str(problem):
            raise DifferentiaError(
                f"{path.name}: {name} holds Python objects, which are never unpickled. Save numbers or text."
            ) from problem
        raise DifferentiaError(
            f"{path.name}: {name} is damaged. Save it again, or copy it again."
        ) from problem
    except MemoryError as problem:
        raise DifferentiaError(
            f"{path.name}: {name} does not fit into memory. Save fewer samples."
        ) from problem
    if not isinstance(array, np.ndarray):
        raise DifferentiaError(f"{path.name}: {name} is no array. Save it with numpy.savez.")
    return array


def _mapped(file: Any, member: str) -> NDArray[Any]:
    """Unpack an array into the cache and map it from there; its file goes with it."""
    folder = made_cache("decoded")
    check_room(file.zip.getinfo(member).file_size, folder)
    with tempfile.NamedTemporaryFile(dir=folder, delete=False) as unpacked:
        try:
            with file.zip.open(member) as packed:
                shutil.copyfileobj(packed, unpacked)
            unpacked.flush()
            array: NDArray[Any] = np.load(unpacked.name, mmap_mode="c", allow_pickle=False)
            return array
        finally:
            with suppress(PermissionError):  # a file that is mapped stays on Windows
                Path(unpacked.name).unlink()


def _names(class_names: NDArray[Any] | None) -> list[str] | None:
    if class_names is None:
        return None
    if class_names.ndim != 1 or class_names.dtype.kind not in "US":
        raise DifferentiaError(
            f"class_names has shape {class_names.shape} and dtype {class_names.dtype}, "
            "and must be a list of text, one name a class."
        )
    return [str(name) for name in as_text(class_names, "class_names")]
