"""What L_class does and how near the variants come to the printed numbers, from canned results."""

import pytest

from differentia.reproduce.class_loss_effect import compared, distances, effects
from differentia.reproduce.experiments import EXPERIMENTS
from differentia.reproduce.outcomes import outcome_of
from reproduce.canned import TABLE_1, record


@pytest.fixture
def table_1():
    return outcome_of(EXPERIMENTS["table1"], TABLE_1)


def test_the_effect_of_the_class_loss_is_told_with_its_direction_and_its_intervals(table_1):
    found = {effect.variant: effect for effect in effects(table_1)}
    assert found["strict"].reproduces
    assert not found["report-both-plain"].reproduces
    assert found["report-both-plain"].text() == (
        "z .260 → .280, up, intervals overlap; w .180 → .190, up, intervals overlap: "
        "not the report's direction"
    )


def test_the_distance_is_the_mean_gap_to_the_printed_numbers_and_ours_does_not_count(table_1):
    # |.28 − .30| and |.19 − .45|
    assert distances(table_1) == {"report-both-plain": pytest.approx((0.02 + 0.26) / 2)}


def test_only_data_sets_that_every_variant_was_run_on_count_for_the_distance():
    found = [
        *TABLE_1,
        record("mnist", "report-both", 0, 0.3, 0.4),
        record("celeba", "report-both", 0, 0.6, 0.6),
    ]
    table_1 = outcome_of(EXPERIMENTS["table1"], found)
    assert compared(table_1) == ["mnist"]
    assert distances(table_1)["report-both"] == pytest.approx((0.0 + 0.05) / 2)
