import json
import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from differentia.data.dataset import Split
from differentia.errors import DifferentiaError
from differentia.metrics.generation import generation
from differentia.metrics.likelihood import class_log_likelihoods, log_likelihood_bounds
from differentia.metrics.prdc import manifold
from differentia.model.gaussian import Gaussian
from differentia.model.vae import VAE, VAEConfig
from small import small_model


def test_two_draws_of_one_distribution_overlap_as_theory_says():
    rng = np.random.default_rng(0)
    found = manifold(*rng.standard_normal((2, 1000, 3)), k=5)
    assert found.coverage == pytest.approx(1 - 2**-5, abs=0.02)
    assert found.density == pytest.approx(1.0, abs=0.05)
    assert found.precision > 0.9
    assert found.recall > 0.9


def test_a_lost_mode_shows_in_recall_and_coverage_and_an_invented_one_in_precision_and_density():
    rng = np.random.default_rng(0)
    two = rng.standard_normal((1000, 3)) + 20.0 * (np.arange(1000) % 2)[:, None]
    one = rng.standard_normal((1000, 3))
    lost, invented = manifold(two, one), manifold(one, two)
    assert lost.coverage == pytest.approx(0.5, abs=0.03)
    assert lost.recall == pytest.approx(0.5, abs=0.03)
    assert lost.precision > 0.9
    assert invented.precision == pytest.approx(0.5, abs=0.03)
    assert invented.density == pytest.approx(0.5, abs=0.06)


def test_manifold_by_hand():
    real, generated = np.array([[0.0], [1.0], [3.0]]), np.array([[0.5], [0.9], [9.0]])
    found = manifold(real, generated, k=1)  # real radii 1, 1, 2; generated radii 0.4, 0.4, 8.1
    assert found.precision == pytest.approx(2 / 3)  # 0.5 and 0.9 lie in the balls of 0 and 1, and 9 in none
    assert found.density == pytest.approx(4 / 3)  # each of the two in two balls
    assert found.coverage == pytest.approx(2 / 3)
    assert found.recall == pytest.approx(2 / 3)  # 1 by 0.9, 3 by 9; 0 by none

    with pytest.raises(ValueError, match="more than 5"):
        manifold(real, generated)


def linear_gaussian_model():
    """Make x = a c + noise in one dimension, of which p(x) and the exact posterior are known."""
    return VAE(VAEConfig(z_dim=1, hidden=[4], likelihood="gaussian", scale=0.5), (1,), 2).eval()


def test_bounds_meet_the_exact_log_likelihood_where_the_posterior_is_exact(monkeypatch):
    model, slope, scale = linear_gaussian_model(), 1.5, 0.5
    precision = 1 + slope**2 / scale**2

    def encode(x, y):
        mean = x * slope / scale**2 / precision
        return {"z": Gaussian(mean, torch.full_like(mean, -math.log(precision)))}

    monkeypatch.setattr(model, "encode", encode)
    monkeypatch.setattr(model, "drawn", lambda code, y: slope * code["z"])
    x = np.linspace(-3, 3, 7, dtype=np.float32)[:, None]
    elbo, weighted = log_likelihood_bounds(model, x, np.zeros(7, np.int64), seed=0, draws=4)
    variance = slope**2 + scale**2
    exact = -0.5 * (x[:, 0] ** 2 / variance + math.log(2 * math.pi * variance))
    np.testing.assert_allclose(elbo, exact, atol=1e-4)
    np.testing.assert_allclose(weighted, exact, atol=1e-4)

    # A class whose codes lie around 0.4 rather than 0: its density of x lies around slope · 0.4.
    model.mixture.location[1] = 0.4
    of_class = class_log_likelihoods(model, x, seed=0, draws=400)
    moved = -0.5 * ((x[:, 0] - slope * 0.4) ** 2 / variance + math.log(2 * math.pi * variance))
    np.testing.assert_allclose(of_class[:, 0], exact, atol=1e-4)
    np.testing.assert_allclose(of_class[:, 1], moved, atol=0.05)
    np.testing.assert_allclose(class_log_likelihoods(model, x[3:4], seed=0, draws=400)[0], of_class[3])


def test_codes_without_noise_have_no_likelihood(digits):
    model = VAE(VAEConfig(hidden=[4]), digits.shape, 10, z_variance="none").eval()
    with pytest.raises(DifferentiaError, match="no likelihood"):
        class_log_likelihoods(model, digits.test.x[:2], seed=0)


def test_importance_weighting_tightens_the_bound(digits, digits_model):
    x, y = digits.test.x[:60], digits.test.y[:60]
    elbo, one = log_likelihood_bounds(digits_model, x, y, seed=0, draws=1)
    np.testing.assert_allclose(elbo, one)
    elbo, weighted = log_likelihood_bounds(digits_model, x, y, seed=0, draws=50)
    assert (weighted >= elbo).all()
    assert np.mean(weighted - elbo) > 0.1


@pytest.mark.slow
def test_generation_of_a_model(digits, digits_model):
    found = generation(digits_model, digits, seed=0, quick=True)
    assert 0.5 < found.squared_error.value < 3.5
    assert found.elbo.value < found.importance_weighted.value < 0
    assert found.classifier_accuracy > 0.94
    assert found.consistency > 0.8
    assert len(found.classes) == 10
    assert found.real.coverage > 0.7
    assert 0.85 < found.drawn.coverage < found.real.coverage
    figures = json.loads(json.dumps(found.to_json(), allow_nan=False))
    again = generation(digits_model, digits, seed=0, quick=True).to_json()
    assert figures | {"seconds": 0} == again | {"seconds": 0}


@pytest.mark.slow
def test_an_untrained_model_generates_nothing_real(digits):
    torch.manual_seed(0)
    naive = small_model(digits.shape, 10, z_dim=3, w_dim=0, hidden=[16])
    found = generation(naive, digits, seed=0, quick=True)
    assert found.consistency < 0.3
    assert found.drawn.coverage < 0.2
    assert found.drawn.coverage < found.real.coverage - 0.4


def test_classes_with_few_samples_have_no_precision(digits, digits_model):
    rows = np.flatnonzero((digits.test.y != 4) | (np.cumsum(digits.test.y == 4) <= 6))
    few = replace(digits, test=Split(digits.test.x[rows], digits.test.y[rows]))
    found = generation(digits_model, few, seed=0, quick=True)
    assert found.classes[4].drawn is None
    assert found.classes[4].consistency > 0.5
    assert found.classes[5].drawn is not None
    json.dumps(found.to_json(), allow_nan=False)
