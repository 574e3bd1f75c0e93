"""Where data lie on this machine, and how much room there is for them."""

import os
import shutil
import tempfile
from contextlib import suppress
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs
from numpy.typing import NDArray

from differentia.errors import DifferentiaError


def named_path(named: str) -> Path:
    """Return the path that a person wrote; ``~`` is a home, as in a shell, and itself where there is none."""
    if named.startswith("~"):
        with suppress(RuntimeError):
            return Path(named).expanduser()
    return Path(named)


def cache_folder() -> Path:
    """Folder for downloads and decoded pictures: ``DIFFERENTIA_CACHE``, or the user's cache directory."""
    named = os.environ.get("DIFFERENTIA_CACHE")
    return named_path(named) if named else platformdirs.user_cache_path("differentia")


def data_folder() -> Path | None:
    """Folder that a person filled by hand, named by ``DIFFERENTIA_DATA``, or None."""
    named = os.environ.get("DIFFERENTIA_DATA")
    return named_path(named) if named else None


def made_cache(name: str) -> Path:
    """Return the folder `name` of the cache, made if need be.

    Raises
    ------
    DifferentiaError
        If it cannot be made or written to.
    """
    folder = cache_folder() / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise _unusable(folder, problem.strerror) from problem
    if not os.access(folder, os.W_OK):
        raise _unusable(folder, "no permission to write")
    return folder


def free_memory() -> float:
    """Bytes of memory that this process can still take, of the machine, its container and its own limit."""
    free = [float("inf")]
    with suppress(OSError, ValueError, KeyError):
        lines = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text("utf-8").splitlines())
        free.append(1024.0 * int(lines["MemAvailable"].split()[0]))
    with suppress(OSError, ValueError):  # "max" is no number: no limit
        group = Path("/sys/fs/cgroup")
        free.append(float((group / "memory.max").read_text()) - int((group / "memory.current").read_text()))
    return min(*free, free_addresses())


def free_addresses() -> float:
    """Bytes that this process can still map, in memory or from a file (``ulimit -v``)."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        limit = resource.getrlimit(resource.RLIMIT_AS)[0]
        if limit != resource.RLIM_INFINITY:
            pages = int(Path("/proc/self/statm").read_text("utf-8").split()[0])
            return float(limit - pages * resource.getpagesize())
    return float("inf")


def fits_memory(shape: tuple[int, ...]) -> bool:
    """Whether bytes of that shape take at most half of the free memory; the rest is for the work on them."""
    return prod(shape) <= 0.5 * free_memory()


def room_for(shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Return a new array of bytes: in memory where that suffices, else mapped from a file in the cache.

    The file has no name any more and goes with the array. A DifferentiaError says that there is no room on
    the disk either.
    """
    if fits_memory(shape):
        return np.empty(shape, dtype=np.uint8)
    folder = made_cache("decoded")
    with tempfile.TemporaryFile(dir=folder) as file:
        return mapped_file(file, shape, folder)


def mapped_file(file: Any, shape: tuple[int, ...], folder: Path) -> NDArray[np.uint8]:
    """Map an open, empty file of the cache as an array, its room taken beforehand.

    A full disk under a memory map would end the process without a word.

    Raises
    ------
    DifferentiaError
        If the disk, a quota or the limit on addresses leaves no room.
    """
    check_room(prod(shape), folder)
    try:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, prod(shape))
        return np.memmap(file, dtype=np.uint8, mode="r+", shape=shape)
    except (OSError, MemoryError, ValueError) as problem:
        raise _no_room(prod(shape), folder) from problem


def check_room(size: int, folder: Path) -> None:
    """Check that so many bytes can be mapped from a new file in a folder; a DifferentiaError says no."""
    if min(shutil.disk_usage(folder).free, free_addresses()) < 1.05 * size:
        raise _no_room(size, folder)


def _no_room(size: int, folder: Path) -> DifferentiaError:
    disk = min(shutil.disk_usage(folder).free, free_addresses())
    return DifferentiaError(
        f"the data need {size / 1e9:.1f} GB at this size, more than half of the free memory "
        f"({free_memory() / 1e9:.1f} GB) and more than {folder} can map ({disk / 1e9:.1f} GB). "
        "Choose a smaller --size or --limit, or let DIFFERENTIA_CACHE name a folder with more room."
    )


def _unusable(folder: Path, why: str | None) -> DifferentiaError:
    return DifferentiaError(
        f"the cache folder {folder} cannot be used ({why}). Let DIFFERENTIA_CACHE name another folder."
    )
