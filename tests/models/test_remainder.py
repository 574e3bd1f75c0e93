"""The linear code of what is left, on data whose components are known."""

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from differentia.models.remainder import Remainder
from differentia.models.settings import ModelSettings

SPREADS = np.array([3.0, 1.0, 0.1])


def _left(n: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    """Samples of 2×3×1 around a centre, with three orthogonal directions of the given spreads."""
    rng = np.random.default_rng(0)
    directions = np.linalg.qr(rng.normal(size=(6, 3)))[0].T
    left = rng.normal(size=(n, 3)) * SPREADS @ directions + np.arange(6)
    return left.astype(np.float32), directions


def _fitted(noise: float) -> tuple[Remainder, torch.Tensor]:
    left, _ = _left()
    remainder = Remainder(3, (1, 2, 3))
    remainder.fit(left, noise, seed=0)
    return remainder, torch.from_numpy(left).reshape(-1, 1, 2, 3)


def test_it_corrects_nothing_until_it_is_fitted() -> None:
    remainder = Remainder(3, (1, 2, 3))
    assert remainder.correction(torch.randn(5, 3)).abs().max() == 0
    assert remainder.posterior(torch.randn(5, 1, 2, 3)).kl().abs().max() == 0


def test_the_components_are_those_of_the_data() -> None:
    remainder, _ = _fitted(1e-6)
    _, directions = _left()
    aligned = np.abs(remainder.components.numpy() @ directions.T)
    np.testing.assert_allclose(aligned, np.eye(3), atol=0.03)
    np.testing.assert_allclose(remainder.spread, SPREADS, rtol=0.05)


def test_without_noise_to_speak_of_what_is_left_is_all_added() -> None:
    remainder, left = _fitted(1e-8)
    added = remainder.correction(remainder.posterior(left).mean)
    torch.testing.assert_close(added, left, atol=1e-3, rtol=0)


def test_each_dimension_is_as_wide_as_the_prior_and_its_noise_costs_what_was_said() -> None:
    noise = 0.05
    remainder, left = _fitted(noise)
    posterior = remainder.posterior(left)
    width = posterior.mean.var(0) + posterior.log_variance[0].exp()
    torch.testing.assert_close(width, torch.ones(3), atol=1e-3, rtol=0)
    error = (remainder.correction(posterior.sample(torch.randn(4000, 3))) - left).flatten(1)
    along = (error @ remainder.components.T).square().mean(0)
    assert along[:2].tolist() == pytest.approx([noise, noise], rel=0.1)


def test_a_component_below_the_noise_is_left_out() -> None:
    remainder, left = _fitted(0.05)
    posterior = remainder.posterior(left)
    assert remainder.log_variance.tolist()[2] == 0
    assert posterior.mean[:, 2].abs().max() == 0
    assert posterior.kl()[:, 2].max() == 0


def test_a_remainder_leaves_something_of_w() -> None:
    with pytest.raises(ValidationError, match="at least one dimension of w"):
        ModelSettings(w_dim=4, remainder_dim=4)
