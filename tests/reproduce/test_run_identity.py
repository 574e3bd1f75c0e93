"""When two runs are the same run."""

import json
from dataclasses import replace
from typing import Any

import pytest

from differentia.reproduce.run_identity import RunIdentity, changes

DEFAULTS: dict[str, Any] = {
    "model": {"z_dim": 10, "generic": []},
    "objective": {"class_loss": {"weight": 5.0, "hidden": [256]}, "remainder": None},
}
IDENTITY = RunIdentity(
    data="mnist",
    fingerprint="0a1b",
    method="strict",
    seed=3,
    changes={"model.z_dim": 8},
    versions={"model": 1, "class_loss": 2},
)


def identity(settings: dict[str, Any], defaults: dict[str, Any], **versions: int) -> RunIdentity:
    return replace(IDENTITY, changes=changes(settings, defaults), versions=versions)


def test_settings_at_their_defaults_are_no_changes() -> None:
    assert changes(DEFAULTS, DEFAULTS) == {}


def test_changes_have_dotted_names_and_the_values_that_were_set() -> None:
    settings = {
        "model": {"z_dim": 8, "generic": ["shift"]},
        "objective": {"class_loss": {"weight": 5.0, "hidden": [128, 64]}, "remainder": None},
    }
    assert changes(settings, DEFAULTS) == {
        "model.z_dim": 8,
        "model.generic": ["shift"],
        "objective.class_loss.hidden": [128, 64],
    }


def test_a_part_that_is_taken_out_or_put_in_is_one_change() -> None:
    settings = {"objective": {"class_loss": None, "remainder": {"weight": 1.0}}}
    assert changes(settings, DEFAULTS) == {
        "objective.class_loss": None,
        "objective.remainder": {"weight": 1.0},
    }


def test_a_new_option_at_its_default_changes_nothing() -> None:
    """In either direction: a run recorded before the option, and one that is asked for after it."""
    settings = {"model": {"z_dim": 8}}
    newer = {"model": {"z_dim": 8, "depth": 2}}
    newer_defaults = {**DEFAULTS, "model": {**DEFAULTS["model"], "depth": 2}}
    before, after = identity(settings, DEFAULTS, model=1), identity(newer, newer_defaults, model=1)
    assert before == after
    assert before.key == after.key
    assert identity({"model": {"z_dim": 8, "depth": 3}}, newer_defaults, model=1) != before


def test_a_changed_default_is_told_from_the_old_one_by_its_raised_version_alone() -> None:
    """This is the convention's price: without the raised version the two runs would pass for one."""
    other = {**DEFAULTS, "model": {**DEFAULTS["model"], "z_dim": 12}}
    before, forgotten = identity(DEFAULTS, DEFAULTS, model=1), identity(other, other, model=1)
    assert before == forgotten
    assert identity(other, other, model=2) != before


@pytest.mark.parametrize(
    "other",
    [
        {"data": "fashion-mnist"},
        {"fingerprint": "0a1c"},
        {"method": "report"},
        {"seed": 4},
        {"changes": {}},
        {"changes": {"model.z_dim": 9}},
        {"versions": {"model": 2, "class_loss": 2}},
        {"full_audit": True},
    ],
)
def test_every_part_tells_runs_apart(other: dict[str, Any]) -> None:
    changed = replace(IDENTITY, **other)
    assert changed != IDENTITY
    assert changed.key != IDENTITY.key


def test_the_key_is_a_short_name_of_a_folder() -> None:
    assert IDENTITY.key == "mnist-strict-seed3-67089fc779"
    assert replace(IDENTITY, full_audit=True).key.endswith("-full")


def test_an_identity_comes_back_from_its_file_whatever_the_order_and_the_kind_of_number() -> None:
    text = json.dumps(IDENTITY.to_json())
    assert RunIdentity.from_json(json.loads(text)) == IDENTITY
    other = replace(
        IDENTITY, changes={"model.z_dim": 8.0}, versions=dict(reversed(list(IDENTITY.versions.items())))
    )
    assert other == IDENTITY
    assert (other.key, hash(other)) == (IDENTITY.key, hash(IDENTITY))


def test_true_is_not_one() -> None:
    assert replace(IDENTITY, changes={"a": True}) != replace(IDENTITY, changes={"a": 1})
    assert changes({"a": True}, {"a": 1}) == {"a": True}


def test_seeds_share_the_unseeded_identity() -> None:
    assert replace(IDENTITY, seed=7).unseeded == IDENTITY.unseeded
    assert replace(IDENTITY, method="report").unseeded != IDENTITY.unseeded


@pytest.mark.parametrize("values", [{}, {"data": "mnist"}, IDENTITY.to_json() | {"colour": "red"}])
def test_a_file_with_missing_or_unknown_parts_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        RunIdentity.from_json(values)
