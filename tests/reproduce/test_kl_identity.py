"""The identity of section 3.1, where both of its parts are known."""

import numpy as np
import pytest

from differentia.reproduce.kl_identity import kl_identity, moment_divergence
from small import encoded


def one_code(mean, log_variance):
    none = np.empty((len(mean), 0))
    return encoded(mean, log_variance, none, none)


def test_posteriors_that_do_not_depend_on_the_sample_carry_nothing():
    # All posteriors are N(2, ½): the KL is all from the aggregate, ½ (4 + ½ − log ½ − 1) nats.
    mean, log_variance = np.full((500, 1), 2.0), np.full((500, 1), np.log(0.5))
    found = kl_identity(one_code(mean, log_variance), seed=0)
    assert found.kl == pytest.approx(0.5 * (4 + 0.5 - np.log(0.5) - 1), abs=1e-5)
    assert found.information_low == pytest.approx(0.0, abs=1e-6)
    assert found.information_high == pytest.approx(0.0, abs=1e-5)
    assert found.aggregate_low == pytest.approx(found.kl, abs=1e-5)


def test_a_gaussian_channel_that_keeps_the_prior_has_its_known_information():
    # μ ~ N(0, ¾), σ² = ¼: q(z) is the prior, so the mean KL is the information, ½ log 4 nats a dimension.
    rng = np.random.default_rng(0)
    mean = rng.standard_normal((10_000, 2)) * np.sqrt(0.75)
    found = kl_identity(one_code(mean, np.full((10_000, 2), np.log(0.25))), seed=0)
    assert found.information_low == pytest.approx(np.log(4), abs=0.05)
    assert found.information_high == pytest.approx(np.log(4), abs=0.05)
    assert found.aggregate_low == pytest.approx(0.0, abs=0.01)


def test_a_shifted_channel_shows_the_shift_as_aggregate_and_not_as_information():
    # Moving every posterior by 3 adds 9/2 nats of KL and no information.
    rng = np.random.default_rng(0)
    mean = 3.0 + rng.standard_normal((10_000, 1)) * np.sqrt(0.75)
    found = kl_identity(one_code(mean, np.full((10_000, 1), np.log(0.25))), seed=0)
    assert found.aggregate_low == pytest.approx(4.5, abs=0.1)
    assert found.information_low == pytest.approx(0.5 * np.log(4), abs=0.05)
    assert found.information_high == pytest.approx(0.5 * np.log(4), abs=0.05)


def test_the_sum_cannot_see_more_than_the_logarithm_of_its_terms():
    mean = 1000.0 * np.arange(50.0)[:, None]
    found = kl_identity(one_code(mean, np.zeros((50, 1))), seed=0)
    assert found.information_low == pytest.approx(np.log(50), abs=1e-4)


def test_the_divergence_of_moments_has_its_closed_form():
    # Two posteriors at ±1 with variance 1: mean 0, variance 2; ½ (2 − 1 − log 2).
    value = moment_divergence(np.array([[1.0], [-1.0]]), np.zeros((2, 1)))
    assert value == pytest.approx(0.5 * (1 - np.log(2)))
