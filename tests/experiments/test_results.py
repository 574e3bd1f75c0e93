"""Stored results: merging, staleness, damage."""

from copy import deepcopy

import pytest

from differentia.errors import DifferentiaError
from differentia.experiments.results import store, stored
from experiments.canned import TABLE_1, record


def test_what_is_stored_comes_back(tmp_path):
    path = tmp_path / "table1.json"
    kept = store(path, TABLE_1)
    assert stored(path) == kept
    assert len(kept) == len(TABLE_1)
    assert all(one in kept for one in TABLE_1)


def test_another_data_set_joins_and_a_repeated_run_replaces(tmp_path):
    path = tmp_path / "table1.json"
    store(path, TABLE_1)
    kept = store(
        path,
        [record("fashion-mnist", "without-plain", 0, 0.3, 0.4), record("mnist", "strict", 2, 0.11, 0.96)],
    )
    assert len(kept) == len(TABLE_1) + 1
    repeated = [r for r in kept if r["reading"] == "strict" and r["seed"] == 2]
    assert [r["accuracy"]["w"] for r in repeated] == [0.96]


def test_runs_of_a_method_that_has_changed_leave(tmp_path):
    path = tmp_path / "table1.json"
    store(path, TABLE_1)
    changed = deepcopy(record("mnist", "strict", 0, 0.1, 0.9))
    changed["settings"]["training"]["epochs"] = 20
    kept = store(path, [changed])
    assert [r["seed"] for r in kept if r["reading"] == "strict"] == [0]
    assert sum(r["reading"] == "report-both-plain" for r in kept) == 3


def test_a_full_audit_is_not_averaged_with_a_quick_one(tmp_path):
    path = tmp_path / "separation.json"
    store(path, TABLE_1)
    full = record("mnist", "strict", 0, 0.1, 0.9) | {"full": True}
    assert [r["seed"] for r in store(path, [full]) if r["reading"] == "strict"] == [0]


def test_a_damaged_file_is_named(tmp_path):
    path = tmp_path / "table1.json"
    path.write_text('{"records": [1]}')
    with pytest.raises(DifferentiaError, match=r"table1\.json are damaged"):
        stored(path)
