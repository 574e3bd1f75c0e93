import pytest
import torch
from torch.distributions import Bernoulli, Normal

from differentia.models.settings import ModelSettings
from differentia.models.two_code import TwoCodeModel
from differentia.objectives.likelihoods import negative_log_likelihood, squared_error


def test_bernoulli_equals_the_distribution_on_binary_images() -> None:
    model = TwoCodeModel(ModelSettings(hidden=[4]), (8, 8, 1), 2)
    logits, x = torch.randn(3, 1, 8, 8), (torch.rand(3, 1, 8, 8) > 0.5).float()
    expected = -Bernoulli(logits=logits).log_prob(x).flatten(1).sum(1)
    torch.testing.assert_close(negative_log_likelihood(model, logits, x), expected)


@pytest.mark.parametrize("scale", [0.3, None])
def test_gaussian_equals_the_distribution_and_learns_its_scale(scale: float | None) -> None:
    model = TwoCodeModel(ModelSettings(hidden=[4], likelihood="gaussian", scale=scale), (5,), 2)
    mean, x = torch.randn(3, 5), torch.randn(3, 5)
    nll = negative_log_likelihood(model, mean, x)
    torch.testing.assert_close(nll, -Normal(mean, scale or 1.0).log_prob(x).sum(1))
    assert (model.log_scale is None) == (scale is not None)


def test_squared_error_sums_over_pixels() -> None:
    assert squared_error(torch.zeros(2, 1, 2, 2), torch.full((2, 1, 2, 2), 0.5)).tolist() == [1.0, 1.0]
