"""New codes are drawn from where the codes of the training samples lie."""

import numpy as np
import pytest
import torch

from differentia.model.mixture import COMPONENTS, ClassMixture


def _fitted(mean: np.ndarray, group: np.ndarray, groups: int, noise: float = 0.1) -> ClassMixture:
    mixture = ClassMixture(groups, mean.shape[1])
    mixture.fit(mean.astype(np.float32), np.full(mean.shape, 2 * np.log(noise), np.float32), group)
    return mixture


def test_it_is_the_prior_until_it_is_fitted() -> None:
    codes = ClassMixture(3, 2).draw(np.repeat([0, 1, 2], 5000), np.random.default_rng(0))
    assert codes.dtype == np.float32
    np.testing.assert_allclose(codes.mean(axis=0), 0, atol=0.05)
    np.testing.assert_allclose(np.cov(codes.T), np.eye(2), atol=0.05)


def test_two_islands_are_drawn_and_not_the_sea_between_them() -> None:
    """One Gaussian of both would put most codes where no posterior is."""
    rng = np.random.default_rng(0)
    mean = np.where(rng.random((2000, 1)) < 0.25, -3.0, 3.0) + 0.3 * rng.normal(size=(2000, 1))
    codes = _fitted(mean, np.zeros(2000, np.int64), 1).draw(np.zeros(10_000, np.int64), rng)
    assert np.mean(np.abs(codes) < 1.5) < 0.005
    assert np.mean(codes < 0) == pytest.approx(0.25, abs=0.03)


def test_each_class_has_a_density_of_its_own_with_the_noise_of_its_posteriors() -> None:
    rng = np.random.default_rng(1)
    group = np.repeat([0, 2], 1000)
    mean = np.array([-5.0, 0.0, 5.0])[group][:, None] + np.zeros((2000, 3))
    mixture = _fitted(mean, group, 3, noise=0.5)
    for one, centre, spread in ((0, -5.0, 0.5), (1, 0.0, 1.0), (2, 5.0, 0.5)):  # 1 has no samples
        codes = mixture.draw(np.full(5000, one), rng)
        np.testing.assert_allclose(codes.mean(axis=0), centre, atol=0.1)
        np.testing.assert_allclose(codes.std(axis=0), spread, atol=0.1)


@pytest.mark.parametrize(("n", "expected"), [(1, 1), (59, 1), (60, 2), (5000, COMPONENTS)])
def test_few_samples_get_few_components(n: int, expected: int) -> None:
    mean = np.random.default_rng(0).normal(size=(n, 3))
    mixture = _fitted(mean, np.zeros(n, np.int64), 1)
    assert int((mixture.share > 0).sum()) == expected
    assert float(mixture.share.sum()) == pytest.approx(1)
    assert np.isfinite(mixture.draw(np.zeros(100, np.int64), np.random.default_rng(0))).all()


def test_it_repeats_and_survives_saving() -> None:
    rng = np.random.default_rng(0)
    mean, group = rng.normal(size=(400, 4)), rng.integers(0, 2, 400)
    first, second, loaded = _fitted(mean, group, 2), _fitted(mean, group, 2), ClassMixture(2, 4)
    loaded.load_state_dict(first.state_dict())
    drawn = [d.draw(group, np.random.default_rng(3)) for d in (first, second, loaded)]
    assert np.array_equal(drawn[0], drawn[1])
    assert np.array_equal(drawn[0], drawn[2])
    assert all(torch.isfinite(t).all() for t in first.state_dict().values())


def test_posteriors_that_are_not_finite_are_said_without_a_warning() -> None:
    mean = np.zeros((20, 2), np.float32)
    with pytest.raises(ValueError, match="not finite"):
        ClassMixture(1, 2).fit(mean, mean + 1000, np.zeros(20, np.int64))


def test_an_empty_code_is_drawn_empty() -> None:
    assert ClassMixture(2, 0).draw(np.zeros(7, np.int64), np.random.default_rng(0)).shape == (7, 0)
