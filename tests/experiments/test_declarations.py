"""Declarations: what is run, and that equal runs are shared."""

import pytest

from differentia.errors import DifferentiaError
from differentia.experiments.declarations import EXPERIMENTS, Job, settings_of
from differentia.experiments.readings import READINGS, chosen, plain
from differentia.experiments.reproduction import Request, plan

SHAPE = (28, 28, 1)


def key(reading, seed=0, quick=False):
    return Job("mnist", settings_of(reading, "mnist", SHAPE, seed, quick)).key


@pytest.mark.parametrize("dataset", ["mnist", "fashion-mnist", "celeba", "digits"])
@pytest.mark.parametrize("name", READINGS)
def test_every_reading_gives_possible_settings_of_its_own(name, dataset):
    shape = {"celeba": (64, 64, 3), "digits": (8, 8, 1)}.get(dataset, SHAPE)
    settings = settings_of(READINGS[name], dataset, shape, 3, quick=True)
    assert settings.training.seed == 3
    others = [settings_of(r, dataset, shape, 3, quick=True) for n, r in READINGS.items() if n != name]
    assert settings not in others


def test_the_readings_differ_where_they_say():
    def game(name):
        return settings_of(READINGS[name], "mnist", SHAPE, 0, False).objective.class_loss

    assert game("without") is None
    assert (game("report-w").critic_reads, game("report-w").w_weight) == ("w", 0)
    assert (game("report-z").critic_reads, game("report-z").w_weight) == ("z", 0)
    assert (game("report-w-encoder").critic_reads, game("report-w-encoder").w_weight) == ("w", 1)
    assert (game("report-both").critic_reads, game("report-both").w_weight) == ("both", 1)


def test_without_capacity_a_reading_keeps_its_class_loss():
    base, bare = READINGS["report-both"], plain("report-both")
    with_, without = (settings_of(r, "mnist", SHAPE, 0, False) for r in (base, bare))
    assert with_.objective.class_loss == without.objective.class_loss
    assert (without.objective.capacity.mode, without.objective.capacity.beta) == ("beta", 1)


def test_the_key_tells_settings_apart_and_nothing_else():
    keys = {key(READINGS["report-w"], seed, quick) for seed in (0, 1) for quick in (False, True)}
    assert len(keys) == 4
    assert key(READINGS["report-w"]) == key(READINGS["report-w"])


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


def test_named_readings_are_taken_and_unknown_ones_refused():
    every = EXPERIMENTS["table1"].every
    assert chosen("strict, without", (), every) == ("strict", "without")
    assert chosen("all", (), every) == every
    with pytest.raises(DifferentiaError, match="no reading 'stric'"):
        chosen("stric", (), every)
