"""Diagonal Gaussians against torch.distributions."""

import math

import pytest
import torch
from torch.distributions import Normal, kl_divergence

from differentia.model.gaussian import Gaussian

STANDARD = Gaussian(torch.zeros(7), torch.zeros(7))


def _drawn(seed: int) -> Gaussian:
    generator = torch.Generator().manual_seed(seed)
    return Gaussian(*(torch.randn(50, 7, generator=generator) * 2 for _ in range(2)))


def _normal(gaussian: Gaussian) -> Normal:
    return Normal(gaussian.mean, torch.exp(0.5 * gaussian.log_variance))


@pytest.fixture
def posterior() -> Gaussian:
    return _drawn(0)


def test_kl_from_the_standard_normal_equals_torch_distributions(posterior: Gaussian) -> None:
    expected = kl_divergence(_normal(posterior), Normal(0.0, 1.0))
    torch.testing.assert_close(posterior.kl(STANDARD), expected)


def test_kl_from_any_prior_equals_torch_distributions(posterior: Gaussian) -> None:
    prior = _drawn(1)
    expected = kl_divergence(_normal(posterior), _normal(prior))
    torch.testing.assert_close(posterior.kl(prior), expected)


def test_kl_is_zero_at_the_prior_and_positive_elsewhere(posterior: Gaussian) -> None:
    assert torch.equal(STANDARD.kl(STANDARD), torch.zeros(7))
    torch.testing.assert_close(posterior.kl(posterior), torch.zeros(50, 7), atol=1e-6, rtol=0)
    assert (posterior.kl(STANDARD) > 0).all()
    assert (posterior.kl(_drawn(1)) > 0).all()


def test_log_density_equals_torch_distributions_and_broadcasts(posterior: Gaussian) -> None:
    codes = torch.randn(3, 1, 7, generator=torch.Generator().manual_seed(2))
    torch.testing.assert_close(posterior.log_density(codes), _normal(posterior).log_prob(codes))


def test_samples_have_the_posterior_mean_and_variance() -> None:
    one = Gaussian(torch.tensor([[1.0, -2.0]]), torch.tensor([[0.0, 1.4]]))
    many = Gaussian(*(t.expand(100_000, 2) for t in one))
    drawn = many.sample(torch.randn(100_000, 2, generator=torch.Generator().manual_seed(1)))
    torch.testing.assert_close(drawn.mean(0), one.mean[0], atol=0.03, rtol=0)
    torch.testing.assert_close(drawn.var(0), one.log_variance[0].exp(), atol=0, rtol=0.03)


def test_without_noise_the_sample_is_the_mean(posterior: Gaussian) -> None:
    assert torch.equal(posterior.sample(torch.zeros(50, 7)), posterior.mean)
    silent = posterior._replace(log_variance=torch.full((50, 7), -math.inf))
    assert torch.equal(silent.sample(torch.randn(50, 7)), posterior.mean)


def test_a_detached_one_has_the_same_numbers_and_no_graph(posterior: Gaussian) -> None:
    attached = Gaussian(*(t.clone().requires_grad_() for t in posterior))
    cut = attached.detach()
    assert not cut.mean.requires_grad
    assert not cut.log_variance.requires_grad
    assert torch.equal(cut.mean, posterior.mean)
    assert torch.equal(cut.log_variance, posterior.log_variance)
