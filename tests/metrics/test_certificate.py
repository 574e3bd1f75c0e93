"""The certificate holds where the truth is known, and is no looser than it has to be."""

import math

import numpy as np
import pytest
from scipy.stats import norm

from differentia.errors import DifferentiaError
from differentia.metrics.certificate import best_accuracy, certificate, of_draws, of_nothing, of_pairs
from differentia.metrics.leakage.probes import PROBE_NAMES, train_probe


def _two_gaussians(n: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return posteriors N(±.3 + .5 ε, .7²), whose sum has variance .74: A* = Φ(.3 / √.74)."""
    rng = np.random.default_rng(seed)
    y = rng.integers(2, size=n)
    means = np.where(y == 1, 0.3, -0.3)[:, None] + 0.5 * rng.standard_normal((n, 1))
    return means, np.full((n, 1), 2 * math.log(0.7)), y


TRUTH = float(norm.cdf(0.3 / math.sqrt(0.74)))


def test_of_many_pairs_the_estimate_is_the_accuracy_of_bayes_rule() -> None:
    means, log_variances, y = _two_gaussians(20_000, 0)
    assert best_accuracy(means, np.exp(log_variances), y, 20_000, 0) == pytest.approx(TRUTH, abs=0.012)


def test_the_bound_holds_as_often_as_it_says_and_is_near() -> None:
    bounds = {}
    for confidence in (0.5, 0.95):
        bounds[confidence] = np.array(
            [
                certificate(*_two_gaussians(300, seed), confidence=confidence, draws=3000, seed=seed).bound
                for seed in range(100)
            ]
        )
        assert (bounds[confidence] >= TRUTH).mean() >= confidence
    assert bounds[0.95].mean() < TRUTH + 0.12
    assert bounds[0.5].mean() < bounds[0.95].mean() - 0.02


def test_a_code_that_tells_all_has_no_bound() -> None:
    y = np.arange(200) % 4
    found = certificate(10.0 * np.eye(4)[y], np.full((200, 4), -4.0), y, draws=2000)
    assert found.bound == 1
    assert found.plug_in == pytest.approx(1)
    assert "200 samples do not bound" in found.sentence


@pytest.mark.parametrize("shares", [(1, 1, 1, 1), (7, 1, 1, 1)])
def test_a_code_that_tells_nothing_is_at_chance_but_for_what_the_numbers_cost(
    shares: tuple[int, ...],
) -> None:
    y = np.repeat(np.arange(4), 100 * np.array(shares))
    n, chance = len(y), max(shares) / sum(shares)
    found = certificate(np.zeros((n, 3)), np.zeros((n, 3)), y, draws=50_000)
    assert found.plug_in == pytest.approx(chance)
    assert found.chance == pytest.approx(chance)
    assert found.bound == pytest.approx(of_pairs(of_draws(chance, 50_000, 0.005), n, 0.045))
    assert found.bound == pytest.approx(of_nothing(y, draws=50_000).bound)
    assert (
        chance
        < found.bound
        <= chance + math.sqrt(math.log(200) / 1e5) + math.sqrt(math.log(1 / 0.045) / 2 / n)
    )


def test_a_leak_that_probes_do_not_read_is_in_the_bound() -> None:
    # The class is the parity of fine cells in six dimensions.
    rng = np.random.default_rng(0)
    cells = rng.integers(20, size=(3000, 6))
    means, y = (cells + 0.5) / 20.0, cells.sum(1) % 2
    codes = (means + 0.005 * rng.standard_normal(means.shape)).astype(np.float32)
    for name in PROBE_NAMES:
        probe = train_probe(name, codes[:2000], y[:2000], n_classes=2, seed=0, limit=2000)
        assert (probe.predict(codes[2000:]) == y[2000:]).mean() < 0.55
    found = certificate(means[2000:], np.full((1000, 6), 2 * math.log(0.005)), y[2000:], draws=5000)
    assert found.bound == 1  # and Bayes' rule is always right


def test_noise_lowers_the_bound_and_is_the_same_in_the_variance() -> None:
    means, log_variances, y = _two_gaussians(500, 0)
    bounds = [certificate(means, log_variances, y, release_noise=s, draws=5000).bound for s in (0, 1, 4)]
    assert bounds == sorted(bounds, reverse=True)
    told = np.log(np.exp(log_variances) + 16)
    assert certificate(means, told, y, draws=5000).bound == pytest.approx(bounds[2])


def test_densities_far_below_the_least_number_are_no_trouble() -> None:
    y = np.arange(100) % 2
    means = np.linspace(-1e4, 1e4, 100)[:, None]
    assert certificate(means, np.full((100, 1), -10.0), y, draws=1000).plug_in == pytest.approx(1)


def test_the_inequalities_are_what_they_say() -> None:
    assert of_draws(0.0, 100, 0.05) == pytest.approx(1 - 0.05 ** (1 / 100))  # (1 − a)^m = δ
    assert of_draws(1.0, 100, 0.05) == 1
    assert of_pairs(0.0, 1000, 0.05) == pytest.approx(math.log(20) / 1000)  # e^(−n a) = δ
    assert of_pairs(0.5, 1000, 0.05) == pytest.approx(0.5 + math.sqrt(math.log(20) / 2000))
    assert of_pairs(0.1, 1000, 0.05) < 0.1 + math.sqrt(math.log(20) / 2000)
    assert of_pairs(0.999, 10, 0.05) == 1


def test_what_cannot_be_certified_is_said() -> None:
    y = np.zeros(10, dtype=np.int64)
    with pytest.raises(DifferentiaError, match="there are none"):
        certificate(np.zeros((0, 2)), np.zeros((0, 2)), y[:0])
    with pytest.raises(DifferentiaError, match="without noise"):
        certificate(np.zeros((10, 2)), np.full((10, 2), -np.inf), y)
    assert (
        certificate(np.zeros((10, 2)), np.full((10, 2), -np.inf), y, release_noise=1, draws=100).chance == 1
    )
