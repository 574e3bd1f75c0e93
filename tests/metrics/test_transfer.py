"""The swap test: pairs and correlations."""

import numpy as np
import pytest

from differentia.metrics.transfer import correlation, partners, rank_correlation


def test_partners_are_of_another_class():
    rng = np.random.default_rng(0)
    y = rng.choice(4, size=500, p=[0.85, 0.05, 0.05, 0.05])
    other = partners(y, rng)
    assert (y[other] != y).all()
    assert len(np.unique(other)) > 50


def test_correlations_skip_nan_and_are_absent_without_variation():
    rng = np.random.default_rng(0)
    a = rng.standard_normal(200)
    b = np.exp(a)
    b[::7] = np.nan
    assert rank_correlation(a, b) == pytest.approx(1.0)
    assert 0.5 < correlation(a, b) < 0.95
    assert rank_correlation(a, np.ones(200)) is None
    assert correlation(a[:20], a[:20]) is None
