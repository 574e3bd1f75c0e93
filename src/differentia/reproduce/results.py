"""Stored results: small JSON files from which tables and page are made without training anything."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from differentia.errors import DifferentiaError
from differentia.files import write_json
from differentia.reproduce.jobs import Cell
from differentia.reproduce.run_identity import RunIdentity
from differentia.reproduce.worker import stored_result

Record = dict[str, Any]


def records(folder: Path, cells: Sequence[Cell], command: str) -> list[Record]:
    """Return one record for each cell whose job is done: its place, its numbers, and how it was made."""
    found = []
    for cell in cells:
        result = stored_result(folder, cell.job)
        if result is not None:
            place = {
                "dataset": cell.job.dataset,
                "variant": cell.variant.name,
                "seed": cell.job.settings.training.seed,
            }
            found.append(place | {k: v for k, v in result.items() if k != "version"} | {"command": command})
    return found


def store(path: Path, new: Sequence[Record]) -> list[Record]:
    """Put records into a file and return all that it holds then.

    A record replaces the one of the same data set, variant and seed. Records of a variant whose identity has
    changed since, but for the seed, are dropped, so that no mean mixes two methods.

    Parameters
    ----------
    path : Path
        The file; it may be missing.
    new : sequence of dict
        What `records` returned.
    """
    kept = {_place(record): record for record in stored(path)}
    for record in new:
        method = run_of(record).unseeded
        stale = [
            place
            for place, old in kept.items()
            if place[:2] == _place(record)[:2] and run_of(old).unseeded != method
        ]
        for place in stale:
            del kept[place]
        kept[_place(record)] = record
    ordered = [kept[place] for place in sorted(kept)]
    write_json(path, {"records": ordered})
    return ordered


def stored(path: Path) -> list[Record]:
    """Return the records of a file; none if there is no file.

    Raises
    ------
    DifferentiaError
        If the file is damaged.
    """
    if not path.exists():
        return []
    try:
        found: list[Record] = json.loads(path.read_text("utf-8"))["records"]
        for record in found:
            _place(record), run_of(record)
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise DifferentiaError(
            f"The stored results {path} are damaged ({problem}). Delete the file and run the command again."
        ) from None
    return found


def run_of(record: Record) -> RunIdentity:
    """Return which run a record is of."""
    return RunIdentity.from_json(record["identity"])


def _place(record: Record) -> tuple[str, str, int]:
    return record["dataset"], record["variant"], record["seed"]
