"""Means over seeds: closed forms."""

import math

import pytest

from differentia.reproduce.seed_means import Mean, number


def test_the_interval_of_two_values_is_the_cauchy_quantile():
    # t₀.₉₇₅ with one degree of freedom is tan(0.475 π), and s/√2 of {a, b} is |a − b| / 2.
    mean = Mean.of([0.2, 0.4])
    assert mean.value == pytest.approx(0.3)
    assert mean.half_width == pytest.approx(math.tan(0.475 * math.pi) * 0.1)


def test_the_interval_of_three_values_has_the_closed_form_of_two_degrees_of_freedom():
    # t_p with two degrees of freedom is (2p − 1) · √(2 / (1 − (2p − 1)²)).
    quantile = 0.95 * math.sqrt(2 / (1 - 0.95**2))
    mean = Mean.of([1.0, 2.0, 3.0])
    assert mean.half_width == pytest.approx(quantile / math.sqrt(3))
    assert (mean.low, mean.high) == (mean.value - mean.half_width, mean.value + mean.half_width)


def test_a_single_seed_has_no_interval():
    mean = Mean.of([0.5])
    assert (mean.low, mean.high, mean.text()) == (None, None, ".500")
    assert mean.apart(Mean.of([0.1, 0.2])) is None


def test_intervals_are_apart_when_they_do_not_overlap():
    low, high = Mean.of([0.10, 0.11, 0.12]), Mean.of([0.20, 0.21, 0.22])
    assert low.apart(high) is True
    assert high.apart(low) is True
    assert low.apart(Mean.of([0.10, 0.15, 0.20])) is False


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [(0.1234, 3, ".123"), (1.0, 3, "1.000"), (-0.02, 3, "−.020"), (33.44, 1, "33.4"), (-0.5, 2, "−0.50")],
)
def test_numbers_are_written_as_in_the_report(value, digits, text):
    assert number(value, digits) == text
