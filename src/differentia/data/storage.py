"""Where data lie on this machine."""

import os
from pathlib import Path

import platformdirs

from differentia.errors import DifferentiaError


def cache_folder() -> Path:
    """Folder for downloads and decoded pictures: ``DIFFERENTIA_CACHE``, or the user's cache directory."""
    named = os.environ.get("DIFFERENTIA_CACHE")
    return Path(named).expanduser() if named else platformdirs.user_cache_path("differentia")


def data_folder() -> Path | None:
    """Folder that a person filled by hand, named by ``DIFFERENTIA_DATA``, or None."""
    named = os.environ.get("DIFFERENTIA_DATA")
    return Path(named).expanduser() if named else None


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


def _unusable(folder: Path, why: str | None) -> DifferentiaError:
    return DifferentiaError(
        f"the cache folder {folder} cannot be used ({why}). Let DIFFERENTIA_CACHE name another folder."
    )
