"""Stored results: small JSON files from which tables and page are made without training anything."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from differentia.errors import DifferentiaError
from differentia.experiments.declarations import Cell
from differentia.experiments.worker import stored_result
from differentia.files import write_json

Record = dict[str, Any]


def records(folder: Path, cells: Sequence[Cell], command: str) -> list[Record]:
    """Return one record for each cell whose job is done: its place, its numbers, and how it was made."""
    found = []
    for cell in cells:
        result = stored_result(folder, cell.job)
        if result is not None:
            place = {
                "dataset": cell.job.dataset,
                "reading": cell.reading.name,
                "seed": cell.job.settings.training.seed,
            }
            found.append(place | {k: v for k, v in result.items() if k != "version"} | {"command": command})
    return found


def store(path: Path, new: Sequence[Record]) -> list[Record]:
    """Put records into a file and return all that it holds then.

    A record replaces the one of the same data set, reading and seed. Records of a reading whose settings or
    form of audit have changed since are dropped, so that no mean mixes two methods.

    Parameters
    ----------
    path : Path
        The file; it may be missing.
    new : sequence of dict
        What `records` returned.
    """
    kept = {_place(record): record for record in stored(path)}
    for record in new:
        stale = [
            place
            for place, old in kept.items()
            if place[:2] == _place(record)[:2]
            and (_method(old), old.get("full", False)) != (_method(record), record.get("full", False))
        ]
        for place in stale:
            del kept[place]
        kept[_place(record)] = record
    ordered = [kept[place] for place in sorted(kept)]
    settings = {f"{r['dataset']} {r['reading']}": _method(r) for r in ordered}
    lean = [{k: v for k, v in record.items() if k != "settings"} for record in ordered]
    write_json(path, {"settings": settings, "records": lean})
    return ordered


def stored(path: Path) -> list[Record]:
    """Return the records of a file, each with its settings; none if there is no file.

    Raises
    ------
    DifferentiaError
        If the file is damaged.
    """
    if not path.exists():
        return []
    try:
        content = json.loads(path.read_text("utf-8"))
        return [record | {"settings": _seeded(content["settings"], record)} for record in content["records"]]
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise DifferentiaError(
            f"The stored results {path} are damaged ({problem}). Delete the file and run the command again."
        ) from None


def _place(record: Record) -> tuple[str, str, int]:
    return record["dataset"], record["reading"], record["seed"]


def _method(record: Record) -> dict[str, Any]:
    """Return the settings without the seed."""
    settings: dict[str, Any] = record["settings"]
    return settings | {"training": {k: v for k, v in settings["training"].items() if k != "seed"}}


def _seeded(settings: dict[str, Any], record: Record) -> dict[str, Any]:
    method = settings[f"{record['dataset']} {record['reading']}"]
    return {**method, "training": method["training"] | {"seed": record["seed"]}}
