"""Experiments: which runs a request needs, and that tables and figures share them."""

import pytest

from differentia.errors import DifferentiaError
from differentia.reproduce.experiments import EXPERIMENTS
from differentia.reproduce.reproduction import Request, plan
from differentia.reproduce.variants import chosen


def test_tables_and_figures_share_their_runs():
    cells = plan(Request.of("all", "digits", 1, "default", False))
    places: dict[str, set[str]] = {}
    for cell in cells:
        places.setdefault(cell.job.key, set()).add(cell.experiment)
    assert any({"table1", "table2", "figure2", "figure3", "figure7"} <= shared for shared in places.values())


def test_the_separation_is_audited_in_full_but_for_a_quick_look():
    def forms(quick):
        return {cell.job.full_audit for cell in plan(Request.of("separation", "digits", 1, "strict", quick))}

    assert (forms(False), forms(True)) == ({True}, {False})
    assert not any(cell.job.full_audit for cell in plan(Request.of("frontier", "digits", 1, "strict", False)))


def test_a_figure_needs_one_seed_and_a_table_all():
    assert {
        c.job.settings.training.seed for c in plan(Request.of("figure2", "digits", 3, "default", False))
    } == {0}
    assert {
        c.job.settings.training.seed for c in plan(Request.of("table1", "digits", 3, "default", False))
    } == {
        0,
        1,
        2,
    }


def test_named_variants_are_taken_and_unknown_ones_refused():
    every = EXPERIMENTS["table1"].every
    assert chosen("strict, without", (), every) == ("strict", "without")
    assert chosen("all", (), every) == every
    with pytest.raises(DifferentiaError, match="no variant 'stric'"):
        chosen("stric", (), every)
