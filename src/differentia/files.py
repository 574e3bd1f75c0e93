"""Write beside, then rename: a reader never meets a half-written file."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path` that takes its place when the block ends well.

    Parameters
    ----------
    path : Path
        The file (or folder) to write. Missing parents are made.

    Yields
    ------
    Path
        Where to write. Same parent and same suffix as `path`, so the rename is atomic and libraries that
        choose a format by the suffix choose the right one.

    Notes
    -----
    When the block raises, the temporary file or folder is removed and `path` is left as it was. The
    content of a file is flushed to the disk before the rename.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.stem}.{os.getpid()}.partial{path.suffix}")
    try:
        yield beside
        if beside.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with beside.open("rb") as written:
                os.fsync(written.fileno())
        beside.replace(path)
    except BaseException:
        if beside.is_dir():
            shutil.rmtree(beside, ignore_errors=True)
        else:
            beside.unlink(missing_ok=True)
        raise


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8 to `path`, whole or not at all."""
    with replacing(path) as beside:
        beside.write_text(text, encoding="utf-8")


def write_json(path: Path, value: Any) -> None:
    """Write `value` as indented JSON to `path`, whole or not at all.

    Raises
    ------
    ValueError
        If `value` holds a NaN or an infinity, which JSON cannot say.
    """
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")
