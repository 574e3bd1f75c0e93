"""Likelihoods of whole samples against scipy and torch.distributions."""

import math

import pytest
import torch
from scipy import stats
from torch.distributions import Bernoulli, Normal

from differentia.model.likelihoods import GaussianLikelihood, bernoulli
from differentia.model.vae import VAE, VAEConfig
from differentia.terms.reconstruction import squared_error


def _vae(shape: tuple[int, ...], **config: object) -> VAE:
    return VAE(VAEConfig(hidden=[4], **config), shape, 2, w_dim=10)


def test_bernoulli_equals_the_distribution_on_binary_images() -> None:
    logits, x = torch.randn(3, 1, 8, 8), (torch.rand(3, 1, 8, 8) > 0.5).float()
    expected = Bernoulli(logits=logits).log_prob(x).flatten(1).sum(1)
    torch.testing.assert_close(_vae((8, 8, 1)).likelihood(logits).log_prob(x), expected)
    of_scipy = stats.bernoulli.logpmf(x.numpy(), torch.sigmoid(logits.double()).numpy()).sum((1, 2, 3))
    torch.testing.assert_close(bernoulli(logits).log_prob(x), torch.from_numpy(of_scipy).float())


def test_bernoulli_explains_grey_by_the_cross_entropy_and_expects_the_probability() -> None:
    generator = torch.Generator().manual_seed(0)
    logits, x = torch.randn(3, 2, 4, 4, generator=generator), torch.rand(3, 2, 4, 4, generator=generator)
    p = torch.sigmoid(logits)
    expected = (x * p.log() + (1 - x) * (1 - p).log()).flatten(1).sum(1)
    found = bernoulli(logits)
    torch.testing.assert_close(found.log_prob(x), expected)
    assert torch.equal(found.mean, p)


@pytest.mark.parametrize("scale", [0.3, None])
def test_gaussian_equals_the_distribution_and_learns_its_scale(scale: float | None) -> None:
    model = _vae((5,), likelihood="gaussian", scale=scale)
    mean, x = torch.randn(3, 5), torch.randn(3, 5)
    found = model.likelihood(mean).log_prob(x)
    torch.testing.assert_close(found, Normal(mean, scale or 1.0).log_prob(x).sum(1))
    of_scipy = stats.norm.logpdf(x.double().numpy(), mean.double().numpy(), scale or 1.0).sum(1)
    torch.testing.assert_close(found, torch.from_numpy(of_scipy).float())
    assert (model.log_scale is None) == (scale is not None)


def test_a_learnt_scale_comes_to_the_error() -> None:
    error = 0.2 * torch.randn(50, 6, generator=torch.Generator().manual_seed(0))
    log_scale = torch.zeros((), requires_grad=True)
    optimiser = torch.optim.Adam([log_scale], 0.02)
    for _ in range(400):
        loss = -GaussianLikelihood(torch.zeros(50, 6), log_scale, bounded=False).log_prob(error).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert log_scale.exp().item() == pytest.approx(error.square().mean().sqrt().item(), rel=1e-3)


def test_only_of_pixels_is_the_expected_sample_cut_to_0_and_1() -> None:
    location = torch.tensor([[-0.5, 0.25, 1.5]])
    pixels, features = (GaussianLikelihood(location, torch.zeros(()), bounded) for bounded in (True, False))
    assert pixels.mean.tolist() == [[0.0, 0.25, 1.0]]
    assert features.mean.tolist() == [[-0.5, 0.25, 1.5]]
    # The density is about the location all the same.
    expected = -3 * 0.5 * math.log(2 * math.pi)
    assert pixels.log_prob(location).item() == pytest.approx(expected)
    assert (pixels.batch_shape, pixels.event_shape) == ((1,), (3,))


def test_squared_error_sums_over_pixels() -> None:
    assert squared_error(torch.zeros(2, 1, 2, 2), torch.full((2, 1, 2, 2), 0.5)).tolist() == [1.0, 1.0]
