"""Closed forms of what teaches z the declared measurements, and keeps w from them."""

import math

import pytest
import torch

from differentia.methods.strict import Strict
from differentia.model.gaussian import Gaussian
from differentia.terms.base import total
from differentia.terms.equivariance import NOISE, equivariance
from differentia.terms.supervised_latent import (
    LEAK_WEIGHT,
    discrepancy,
    measurement_leak,
    supervised_latent_loss,
)
from small import small_method, small_pass


def _gaussian(mean: torch.Tensor, variance: float) -> Gaussian:
    return Gaussian(mean, torch.full_like(mean, variance).log())


def test_the_loss_is_what_samples_miss_in_units_of_the_noise() -> None:
    z = torch.tensor([[9.0, 0.5, 1.0, 9.0], [9.0, 0.0, -1.0, 9.0]])
    scores = torch.tensor([[0.0, 1.0], [0.0, 0.0]])
    missed = (0.25 + 1) / 2 + 2 * 0.04
    found = supervised_latent_loss(_gaussian(z, 0.04), scores, slice(1, 3))
    assert found == pytest.approx(0.5 * missed / NOISE**2)
    samples = _gaussian(z, 0.04).sample(torch.randn(20000, 2, 4))[:, :, 1:3]
    by_hand = 0.5 * (samples - scores).square().sum(2).mean() / NOISE**2
    assert by_hand == pytest.approx(0.5 * missed / NOISE**2, rel=0.02)


def test_what_w_tells_is_the_sum_of_squared_correlations_inside_the_classes() -> None:
    torch.manual_seed(0)
    y = torch.arange(4000) % 4
    scores, noise = torch.randn(4000, 1), torch.randn(4000, 2)
    w = torch.cat([3 * scores + 10 * y[:, None], scores + noise[:, :1], noise[:, 1:]], dim=1)
    assert measurement_leak(w, scores, y) == pytest.approx(1 + 0.5, abs=0.04)
    assert measurement_leak(w[:, 2:], scores, y) == pytest.approx(0, abs=0.01)
    assert measurement_leak(10 * y[:, None].float(), scores, y) == pytest.approx(0, abs=1e-6)


def test_the_discrepancy_of_a_shifted_class_is_the_known_one() -> None:
    torch.manual_seed(0)
    y = torch.arange(4000) % 2
    shift = torch.tensor([1.2, -0.5])
    z = torch.randn(4000, 2) + y[:, None] * shift
    expected = 0.5 * (2 / 3) * (1 - math.exp(-shift.square().sum().item() / 6))
    assert discrepancy(z, y) == pytest.approx(expected, abs=0.005)
    assert discrepancy(z, 1 - y) == discrepancy(z, y)


def test_the_discrepancy_of_small_batches_is_unbiased() -> None:
    torch.manual_seed(0)
    y = torch.arange(24) % 5
    found = torch.stack([discrepancy(torch.randn(24, 2), y) for _ in range(2000)])
    assert found.mean() == pytest.approx(0.0, abs=4 * found.std().item() / 2000**0.5)
    assert found.min() < 0


def test_a_class_of_one_sample_has_no_discrepancy_and_far_samples_a_finite_gradient() -> None:
    z = torch.tensor([[3.0], [1e4], [-1e4]], requires_grad=True)
    cost = discrepancy(z, torch.tensor([0, 1, 1]))
    (gradient,) = torch.autograd.grad(cost, z)
    assert gradient[0] == 0
    assert torch.isfinite(gradient).all()
    assert cost.item() == pytest.approx(2 / 3 * 3**-0.5)
    assert discrepancy(z[:1], torch.tensor([0])) == 0


def test_a_silent_dimension_of_w_tells_nothing_and_its_gradient_is_finite() -> None:
    scores = torch.randn(40, 1)
    w = (1e-6 * scores).requires_grad_()
    cost = measurement_leak(w, scores, torch.zeros(40, dtype=torch.int64))
    assert cost < 1e-6
    cost.backward()
    assert torch.isfinite(w.grad).all()


def test_declared_measurements_hold_z_to_the_scores_and_w_from_them() -> None:
    model = {"z_dim": 4, "w_dim": 2, "generic": ["shear"], "measured": ["width", "area"]}
    terms = {
        "reconstruction": {},
        "capacity": {"mode": "beta", "beta": 1.0, "gamma": 1.0},
        "equivariance": {},
        "supervised_latent": {"weight": 3.0, "discrepancy_weight": 5.0},
    }
    method = small_method(Strict, model, terms)
    scores = torch.randn(12, 2, generator=torch.Generator().manual_seed(0))
    p, without = small_pass(method, within_class=scores), small_pass(method)
    with_scores, plain = method.loss(p), method.loss(without)
    z = p.posterior["z"]
    of_z = supervised_latent_loss(z, scores, slice(1, 3))
    of_class = discrepancy(p.code["z"][:, 1:3], p.y)
    of_w = measurement_leak(p.posterior["w"].mean, scores, p.y)
    assert with_scores["supervised_latent_loss"].value == of_z
    assert with_scores["discrepancy"].value == of_class
    assert with_scores["measurement_leak"].value == of_w
    assert "measurement_leak" not in plain
    moved, strengths = p.posterior["moved z"], p.known["strengths"]
    assert with_scores["equivariance"].value == equivariance(z, moved, strengths, exempt=2)
    assert plain["equivariance"].value == equivariance(z, moved, strengths)
    added = 3 * of_z + 5 * of_class + LEAK_WEIGHT * of_w
    added += with_scores["equivariance"].value - plain["equivariance"].value
    assert (total(with_scores) - total(plain)).item() == pytest.approx(added.item(), rel=1e-4)
