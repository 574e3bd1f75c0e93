"""Where data lie on this machine."""

import os
from pathlib import Path

import platformdirs


def cache_folder() -> Path:
    """Folder for downloads and decoded pictures: ``DIFFERENTIA_CACHE``, or the user's cache directory."""
    named = os.environ.get("DIFFERENTIA_CACHE")
    return Path(named).expanduser() if named else platformdirs.user_cache_path("differentia")


def data_folder() -> Path | None:
    """Folder that a person filled by hand, named by ``DIFFERENTIA_DATA``, or None."""
    named = os.environ.get("DIFFERENTIA_DATA")
    return Path(named).expanduser() if named else None
