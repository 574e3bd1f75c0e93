"""Stored results: merging, staleness, damage."""

import pytest

from differentia.errors import DifferentiaError
from differentia.reproduce.results import store, stored
from reproduce.canned import TABLE_1, record


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
    repeated = [r for r in kept if r["variant"] == "strict" and r["seed"] == 2]
    assert [r["accuracy"]["w"] for r in repeated] == [0.96]


@pytest.mark.parametrize(
    "change",
    [
        {"changes": {"training.epochs": 20}},
        {"versions": {"model": 2}},
        {"fingerprint": "0a1c"},
        {"method": "strict"},
        {"full_audit": True},
    ],
)
def test_runs_of_another_identity_leave_and_those_of_other_variants_stay(tmp_path, change):
    path = tmp_path / "table1.json"
    store(path, TABLE_1)
    kept = store(path, [record("mnist", "strict", 0, 0.1, 0.9, **change)])
    assert [r["seed"] for r in kept if r["variant"] == "strict"] == [0]
    assert sum(r["variant"] == "report-both-plain" for r in kept) == 3


def test_another_seed_of_the_same_run_joins(tmp_path):
    path = tmp_path / "table1.json"
    store(path, TABLE_1)
    kept = store(path, [record("mnist", "strict", 7, 0.1, 0.9)])
    assert [r["seed"] for r in kept if r["variant"] == "strict"] == [0, 1, 2, 7]


@pytest.mark.parametrize(
    "content",
    ["{", "[]", '{"records": [1]}', '{"records": [{"dataset": "mnist", "variant": "strict", "seed": 0}]}'],
)
def test_a_damaged_file_is_named(tmp_path, content):
    path = tmp_path / "table1.json"
    path.write_text(content)
    with pytest.raises(DifferentiaError, match=r"table1\.json are damaged"):
        stored(path)
