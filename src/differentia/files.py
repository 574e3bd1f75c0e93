"""Write beside, then rename: a reader never meets a half-written file."""

import errno
import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""Codes of the errors that say that a disk or a quota is full."""


@contextmanager
def replacing(path: Path, mode: int = 0o666) -> Iterator[Path]:
    """Yield a temporary path beside `path` that takes its place when the block ends well.

    Parameters
    ----------
    path : Path
        The file (or folder) to write. Missing parents are made.
    mode : int
        Permissions of a file, less what the umask takes away.

    Yields
    ------
    Path
        Where to write. Same parent and same suffix as `path`, so the rename is atomic and libraries that
        choose a format by the suffix choose the right one.

    Notes
    -----
    When the block raises, the temporary file or folder is removed and `path` is left as it was. The
    content of a file is flushed to the disk before the rename. It gets the usual permissions, those of the
    umask, whatever the library that writes it chose.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.stem}.{os.getpid()}.partial{path.suffix}")
    try:
        yield beside
        if beside.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            mask = os.umask(0o077)  # it can only be read by setting it
            os.umask(mask)
            beside.chmod(mode & ~mask)
            with beside.open("rb") as written:
                os.fsync(written.fileno())
        beside.replace(path)
    except BaseException as problem:
        if beside.is_dir():
            shutil.rmtree(beside, ignore_errors=True)
        else:
            beside.unlink(missing_ok=True)
        if isinstance(problem, OSError) and problem.filename is None:
            problem.filename = str(path)
        raise


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8 to `path`, whole or not at all.

    What stands for a byte of a file's name that is not UTF-8 is written by its number, as JSON reads it back.
    """
    with replacing(path) as beside:
        beside.write_text(text, encoding="utf-8", errors="backslashreplace")


def write_private(path: Path, text: str) -> None:
    """Write `text` as UTF-8 to `path`, whole or not at all, for the eyes of its owner alone."""
    with replacing(path, mode=0o600) as beside:
        beside.touch(0o600)
        beside.write_text(text, encoding="utf-8")


def write_tensors(
    path: Path, tensors: "Mapping[str, Tensor]", metadata: dict[str, str] | None = None
) -> None:
    """Write tensors as safetensors to `path`, whole or not at all; an OSError says that the disk is full."""
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    with replacing(path) as beside:
        try:
            save_file(plain, beside, metadata=metadata)
        except SafetensorError as problem:
            found = re.search(r"os error (\d+)", str(problem))
            if found is None:
                raise
            raise OSError(int(found[1]), os.strerror(int(found[1])), str(path)) from problem


def write_json(path: Path, value: Any) -> None:
    """Write `value` as indented JSON to `path`, whole or not at all.

    Raises
    ------
    ValueError
        If `value` holds a NaN or an infinity, which JSON cannot say.
    """
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")
