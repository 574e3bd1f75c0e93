"""The report's classifier on codes whose accuracy is known, and the measurements of a real model."""

import numpy as np
import pytest

from differentia.experiments.measure import report_probe


def draw(n, seed, spread):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 4, n)
    centres = spread * np.array([[1, 1], [1, -1], [-1, 1], [-1, -1]], dtype=np.float32)
    return centres[y] + rng.standard_normal((n, 2), dtype=np.float32), y


def test_the_classifier_reaches_the_best_possible_accuracy():
    # Four unit Gaussians at (±1, ±1): the best rule is the quadrant, right with Φ(1)² = .708.
    train, test = draw(8000, 0, 1.0), draw(8000, 1, 1.0)
    assert report_probe(*train, *test, seed=0) == pytest.approx(0.708, abs=0.015)


def test_the_classifier_finds_nothing_where_nothing_is():
    train, test = draw(4000, 0, 0.0), draw(8000, 1, 0.0)
    assert report_probe(*train, *test, seed=0) == pytest.approx(0.25, abs=0.03)


def test_the_classifier_repeats_bit_for_bit():
    train, test = draw(1000, 0, 0.5), draw(1000, 1, 0.5)
    assert report_probe(*train, *test, seed=3) == report_probe(*train, *test, seed=3)
