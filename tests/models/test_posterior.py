"""Diagonal-Gaussian posteriors against torch.distributions."""

import pytest
import torch
from torch.distributions import Normal, kl_divergence

from differentia.models.posterior import Posterior


@pytest.fixture
def posterior() -> Posterior:
    generator = torch.Generator().manual_seed(0)
    return Posterior(*(torch.randn(50, 7, generator=generator) * 2 for _ in range(2)))


def test_kl_equals_torch_distributions(posterior: Posterior) -> None:
    q = Normal(posterior.mean, torch.exp(0.5 * posterior.log_variance))
    torch.testing.assert_close(posterior.kl(), kl_divergence(q, Normal(0.0, 1.0)))


def test_kl_is_zero_at_the_prior_and_positive_elsewhere(posterior: Posterior) -> None:
    prior = Posterior(torch.zeros(3, 2), torch.zeros(3, 2))
    assert torch.equal(prior.kl(), torch.zeros(3, 2))
    assert (posterior.kl() > 0).all()


def test_samples_have_the_posterior_mean_and_variance() -> None:
    one = Posterior(torch.tensor([[1.0, -2.0]]), torch.tensor([[0.0, 1.4]]))
    many = Posterior(*(t.expand(100_000, 2) for t in one))
    drawn = many.sample(torch.randn(100_000, 2, generator=torch.Generator().manual_seed(1)))
    torch.testing.assert_close(drawn.mean(0), one.mean[0], atol=0.03, rtol=0)
    torch.testing.assert_close(drawn.var(0), one.log_variance[0].exp(), atol=0, rtol=0.03)


def test_without_noise_the_sample_is_the_mean(posterior: Posterior) -> None:
    assert torch.equal(posterior.sample(torch.zeros(50, 7)), posterior.mean)
