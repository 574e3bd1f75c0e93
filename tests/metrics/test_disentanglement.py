"""Hand-made codes score what theory says, and what an independent implementation computed."""

import json
from pathlib import Path

import numpy as np
import pytest

from differentia.metrics.ground_truth import disentanglement as scores

REFERENCE = json.loads(Path(__file__).with_name("disent_reference.json").read_text(encoding="utf-8"))


def made(name: str, n: int = 2000) -> tuple[np.ndarray, np.ndarray]:
    """Codes and four uniform factors, the same as those given to the independent implementation."""
    rng = np.random.default_rng(7)
    factors = rng.uniform(-1, 1, (n, 4))
    noise = rng.normal(size=(n, 6))
    codes = {
        "perfect": lambda: np.hstack([factors, noise[:, :1]]),
        "rotated": lambda: factors @ np.linalg.qr(rng.normal(size=(4, 4)))[0],
        "random": lambda: noise,
        "duplicated": lambda: np.hstack([factors, factors]),
        "noisy": lambda: np.hstack([factors + 0.3 * noise[:, :4], factors[:, :2] ** 3 + 0.5 * noise[:, 4:]]),
    }[name]()
    return codes, factors


@pytest.mark.parametrize("name", REFERENCE["codes"])
def test_scores_agree_with_an_independent_implementation(name: str) -> None:
    codes, factors = made(name)
    expected = REFERENCE["codes"][name]
    importance = np.square(np.linalg.lstsq(codes, factors, rcond=None)[0])
    disentanglement, completeness = scores.importance_scores(importance)
    assert scores.mig(codes, factors) == pytest.approx(expected["mig"], abs=1e-6)
    assert scores.sap(codes, factors) == pytest.approx(expected["sap"], abs=1e-6)
    assert disentanglement == pytest.approx(expected["disentanglement"], abs=1e-6)
    assert completeness == pytest.approx(expected["completeness"], abs=1e-6)


@pytest.mark.parametrize("name", REFERENCE["factor_vae"])
def test_factor_vae_score_agrees_with_an_independent_implementation(name: str) -> None:
    rng = np.random.default_rng(11)
    rotation = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    fixed = rng.integers(0, 4, 400)
    factors = rng.uniform(-1, 1, (400, 16, 4))
    factors[np.arange(400), :, fixed] = factors[np.arange(400), 0, fixed][:, None]
    mix = {"perfect": np.eye(4), "rotated": rotation, "half": (rotation + np.eye(4)) / 2}[name]
    # Each code there drew its own samples for the variance, one after the other.
    for drawn in REFERENCE["factor_vae"]:
        scale = rng.uniform(-1, 1, (5000, 4))
        if drawn == name:
            break
    score = scores.factor_vae_score(factors @ mix, fixed, (scale @ mix).var(axis=0, ddof=1))
    assert score == pytest.approx(REFERENCE["factor_vae"][name], abs=1e-9)


def factors_of(n: int = 4000, k: int = 4) -> np.ndarray:
    return np.random.default_rng(0).uniform(-1, 1, (n, k))


HADAMARD = np.array([[1, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]]) / 2


def test_a_perfect_code_scores_one_in_any_order_scale_and_sign() -> None:
    factors = factors_of(20_000)
    codes = factors[:, [2, 0, 3, 1]] * [0.1, -5.0, 1.0, 30.0] + 7
    assert scores.mig(codes, factors) > 0.99
    assert scores.sap(codes, factors) > 0.99
    assert scores.modularity(codes, factors) > 0.99
    assert min(scores.dci(codes[:4000], factors[:4000], 0)) > 0.99


def test_a_code_turned_by_45_degrees_keeps_the_information_and_loses_the_axes() -> None:
    factors = factors_of()
    codes = factors @ HADAMARD
    dci = scores.dci(codes, factors, 0)
    assert scores.mig(codes, factors) < 0.02
    assert scores.sap(codes, factors) < 0.03  # every squared correlation is 1/4
    assert (
        scores.modularity(codes, factors) < 0.2
    )  # 0 but for the noise in sixteen equal information estimates
    assert dci.disentanglement < 0.1
    assert dci.completeness < 0.1
    assert dci.informativeness > 0.9


def test_a_random_code_scores_nothing() -> None:
    factors = factors_of()
    codes = np.random.default_rng(1).normal(size=(4000, 6))
    dci = scores.dci(codes, factors, 0)
    assert scores.mig(codes, factors) < 0.01
    assert scores.sap(codes, factors) < 0.01
    assert max(dci) < 0.02


def test_a_duplicated_code_is_modular_and_not_complete() -> None:
    factors = factors_of()
    codes = np.hstack([factors, factors])
    dci = scores.dci(codes, factors, 0)
    assert scores.mig(codes, factors) == pytest.approx(0, abs=1e-12)
    assert scores.sap(codes, factors) == pytest.approx(0, abs=1e-12)
    assert scores.modularity(codes, factors) > 0.99
    assert dci.disentanglement > 0.99
    # Two equal dimensions of eight: 1 - log 2 / log 8.
    assert dci.completeness == pytest.approx(2 / 3, abs=0.05)


def test_two_factors_in_one_dimension_are_complete_and_not_disentangled() -> None:
    factors = factors_of(k=2)
    codes = np.column_stack([factors.sum(axis=1), np.random.default_rng(2).normal(size=4000)])
    dci = scores.dci(codes, factors, 0)
    assert scores.modularity(codes[:, :1], factors) < 0.05
    assert dci.disentanglement < 0.1
    assert dci.informativeness == pytest.approx(0.5, abs=0.06)  # half the variance is the other factor's
    disentanglement, completeness = scores.importance_scores(np.array([[1.0, 1.0], [0.0, 0.0]]))
    assert (disentanglement, completeness) == pytest.approx((0, 1))


def test_mutual_information_of_equal_and_of_independent_bins() -> None:
    grid = np.stack(np.meshgrid(np.arange(20.0), np.arange(20.0)), axis=-1).reshape(-1, 2)
    information, entropy = scores.mutual_information(grid, grid)
    np.testing.assert_allclose(information, np.log(20) * np.eye(2), atol=1e-12)
    np.testing.assert_allclose(entropy, np.log(20))


def test_sap_is_the_gap_of_squared_correlations() -> None:
    factor = factors_of(k=1)
    codes = np.hstack([factor, factor + np.random.default_rng(3).uniform(-1, 1, (4000, 1))])
    # The second holds as much noise as signal, and explains half.
    assert scores.sap(codes, factor) == pytest.approx(0.5, abs=0.02)


def test_constant_dimensions_count_as_saying_nothing() -> None:
    factors = factors_of(k=2)
    codes = np.column_stack([factors[:, 0], np.zeros(4000), np.full(4000, 3.0)])
    assert scores.sap(codes, factors[:, :1]) == pytest.approx(1)
    assert scores.mig(codes, factors[:, :1]) == pytest.approx(1)
    assert scores.modularity(codes, factors) == pytest.approx(1 / 3, abs=0.01)
    assert scores.importance_scores(np.zeros((3, 2))) == (0.0, 0.0)


def groups(length: int = 32, m: int = 400, k: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """Groups of factors that hold one fixed, [m, l, k], and which."""
    rng = np.random.default_rng(4)
    fixed = rng.permutation(np.arange(m) % k)
    factors = rng.uniform(-1, 1, (m, length, k))
    factors[np.arange(m), :, fixed] = rng.uniform(-1, 1, (m, 1))
    return factors, fixed


def test_interventions_name_the_fixed_factor_of_a_perfect_code() -> None:
    factors, fixed = groups()
    codes = np.concatenate(
        [factors[..., ::-1] * 3, np.random.default_rng(5).normal(size=(400, 32, 2))], axis=-1
    )
    scale = np.array([3, 3, 3, 3, 1, 1]) ** 2 * np.array([1 / 3] * 4 + [1] * 2)
    assert scores.factor_vae_score(codes, fixed, scale) == 1
    assert scores.beta_vae_score(codes, fixed) == 1


def test_interventions_on_a_turned_or_random_code_are_near_chance() -> None:
    factors, fixed = groups()
    turned = factors @ HADAMARD
    noise = np.random.default_rng(6).normal(size=factors.shape)
    for codes, variance in ((turned, 1 / 3), (noise, 1.0)):
        assert scores.factor_vae_score(codes, fixed, np.full(4, variance)) < 0.25 + 0.1
        assert scores.beta_vae_score(codes, fixed) < 0.25 + 0.1


def test_a_code_without_variance_scores_as_guessing() -> None:
    _, fixed = groups()
    assert scores.factor_vae_score(np.zeros((400, 32, 3)), fixed, np.zeros(3)) == pytest.approx(
        0.25, abs=0.05
    )
