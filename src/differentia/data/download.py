"""Downloads that resume, and that are never taken for whole before their checksum says so."""

import gzip
import hashlib
import zlib
from pathlib import Path
from typing import Any, Protocol

import pooch
import requests

from differentia.files import replacing

TIMEOUT = (3.0, 20.0)
"""Seconds to wait for a connection, and for the next bytes of an answer."""


class WrongContent(Exception):
    """A file that is not the one it should be; the message says why in a few words."""


class Meter(Protocol):
    """What shows the progress of a download: the interface that pooch gives its bars."""

    total: int

    def update(self, n: int) -> None:
        """Add `n` bytes."""

    def reset(self) -> None:
        """Go back to no bytes."""

    def close(self) -> None:
        """Stop showing."""


def unpacked(path: Path, sha256: str) -> bytes:
    """Read a file, unzip it if its name ends in ``.gz``, and check it.

    Parameters
    ----------
    path : Path
        The file.
    sha256 : str
        SHA-256 of the uncompressed content, in hexadecimal.

    Returns
    -------
    bytes
        The uncompressed content.

    Raises
    ------
    WrongContent
        If the file cannot be unzipped or has another checksum.
    OSError
        If it cannot be read.
    """
    packed = path.name.removesuffix(".partial").endswith(".gz")
    try:
        content = gzip.decompress(path.read_bytes()) if packed else path.read_bytes()
    except (gzip.BadGzipFile, EOFError, zlib.error) as problem:
        raise WrongContent(f"{path.name} is damaged or cut short") from problem
    if hashlib.sha256(content).hexdigest() != sha256:
        raise WrongContent(f"{path.name} is not the published file (its SHA-256 differs)")
    return content


def download(url: str, target: Path, sha256: str, meter: Meter | None = None) -> None:
    """Fetch `url`, uncompress it where its name ends in ``.gz``, check it and put it at `target`.

    What arrives is kept in a ``.partial`` file beside `target`. When the connection breaks, the next call
    asks the server for the rest only; a server that sends the whole instead is believed. A complete file
    with a wrong checksum is thrown away, and asked for once more from the start if a part of it came from
    an earlier call.

    Parameters
    ----------
    url : str
        Address of the file, plain or gzipped.
    target : Path
        Where the uncompressed file goes, in a folder that exists.
    sha256 : str
        SHA-256 of the uncompressed content.
    meter : Meter or None
        Shows progress.

    Raises
    ------
    WrongContent
        If what the server sends is not the published file.
    requests.RequestException
        If the server cannot be reached or refuses.
    """
    packing = ".gz" if url.endswith(".gz") else ""
    partial = target.with_name(f"{target.name}{packing}.partial")
    had = partial.stat().st_size if partial.exists() else 0
    with partial.open("ab") as file:

        def start_over_unless_partial(answer: requests.Response, *_: Any, **__: Any) -> None:
            if answer.status_code == requests.codes.ok:
                file.truncate(0)

        fetch = pooch.HTTPDownloader(
            progressbar=meter or False,
            chunk_size=1 << 16,
            timeout=TIMEOUT,
            # The identity encoding keeps a server from compressing on the way, which would make the
            # byte positions of a range meaningless.
            headers={"Accept-Encoding": "identity"} | ({"Range": f"bytes={had}-"} if had else {}),
            hooks={"response": start_over_unless_partial},
        )
        try:
            fetch(url, file, None)
        except requests.HTTPError as problem:
            # The server has no bytes after ours: the part is whole, or it is longer than the file.
            if status(problem) != requests.codes.requested_range_not_satisfiable:
                raise
        finally:
            if file.tell() == 0:
                partial.unlink()
    try:
        content = unpacked(partial, sha256)
    except WrongContent:
        partial.unlink()
        if not had:
            raise
        download(url, target, sha256, meter)
        return
    with replacing(target) as beside:
        beside.write_bytes(content)
    partial.unlink()


def status(problem: requests.HTTPError) -> int:
    """Return the status code of the answer that raised `problem`, 0 where there was none."""
    return 0 if problem.response is None else problem.response.status_code
