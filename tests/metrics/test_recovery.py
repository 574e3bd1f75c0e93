import numpy as np
import pytest

from differentia.errors import DifferentiaError
from differentia.metrics.recovery import independent_r2, within_class_r2


@pytest.fixture(scope="module")
def world():
    rng = np.random.default_rng(0)
    n = 3000
    y = rng.integers(0, 3, n)
    code = rng.normal(size=(n, 3)).astype(np.float32)
    return y, code, rng


def test_a_code_that_holds_the_value_recovers_it_and_another_does_not(world):
    y, code, _ = world
    values = np.stack([np.exp(code[:, 0]), code[:, 1]], axis=1)
    r2 = within_class_r2(code[:, :1], values, y, seed=1)
    assert r2[0] > 0.95
    assert abs(r2[1]) < 0.1


def test_noise_bounds_the_recovery_at_its_share_of_the_variance(world):
    y, code, rng = world
    values = code[:, :1] + rng.normal(size=(len(y), 1))
    assert within_class_r2(code, values, y, seed=1)[0] == pytest.approx(0.5, abs=0.12)


def test_knowing_the_class_alone_recovers_nothing(world):
    y, _, rng = world
    values = 10.0 * y[:, None] + rng.normal(size=(len(y), 1))
    one_hot = np.eye(3)[y]
    assert abs(within_class_r2(one_hot, values, y, seed=1)[0]) < 0.05
    assert abs(within_class_r2(one_hot, values, y, seed=1, sees_y=True)[0]) < 0.05


def test_a_meaning_that_differs_by_class_needs_the_class(world):
    y, code, _ = world
    sign = np.array([1.0, -1.0, 1.0])[y]
    values = (sign * code[:, 0])[:, None]
    blind = within_class_r2(code, values, y, seed=1)[0]
    assert blind < 0.3
    assert within_class_r2(code, values, y, seed=1, sees_y=True)[0] > 0.9


def test_missing_values_are_left_out_and_hopeless_quantities_are_nan(world):
    y, code, _ = world
    holes = code[:, 0].copy()
    holes[::2] = np.nan
    values = np.stack([holes, np.full(len(y), np.nan), 3.7 * y], axis=1)
    r2 = within_class_r2(code, values, y, seed=1)
    assert r2[0] > 0.95
    assert np.isnan(r2[1:]).all()


def test_an_empty_code_recovers_nothing(world):
    y, code, _ = world
    assert within_class_r2(code[:, :0], code[:, :1], y, seed=1)[0] == 0.0


def test_repeats_bit_for_bit(world):
    y, code, _ = world
    first = within_class_r2(code, code[:, :2] ** 2, y, seed=4)
    assert np.array_equal(first, within_class_r2(code, code[:, :2] ** 2, y, seed=4))


def test_lengths_must_agree(world):
    y, code, _ = world
    with pytest.raises(DifferentiaError, match="rows"):
        within_class_r2(code, code[:-1], y, seed=0)


def test_the_bound_of_two_normal_classes_is_known_and_the_rank_inside_the_class_attains_it():
    """Spreads 1 and 3: the best common scale is 2, and 2² / ((1 + 9) / 2) = .8."""
    rng = np.random.default_rng(2)
    y = np.repeat([0, 1], 10_000)
    rank = rng.normal(size=len(y))
    values = (np.array([1.0, 3.0])[y] * rank + 7.0 * y)[:, None]
    bound = independent_r2(values, y)[0]
    assert bound == pytest.approx(0.8, abs=0.02)
    assert within_class_r2(rank[:, None], values, y, seed=0)[0] == pytest.approx(bound, abs=0.03)


def test_alike_classes_have_no_bound_below_one_and_mirrored_ones_do():
    rng = np.random.default_rng(3)
    y = np.repeat([0, 1], 10_000)
    skewed = rng.exponential(size=len(y))
    mirrored = np.where(y == 1, -skewed, skewed)
    found = independent_r2(np.stack([skewed, mirrored], axis=1), y)
    assert found[0] == pytest.approx(1.0, abs=0.01)
    # Quantiles of an exponential and of its mirror image correlate by π²/6 − 1.
    assert found[1] == pytest.approx((1 + np.pi**2 / 6 - 1) / 2, abs=0.02)


def test_the_bound_leaves_missing_values_out_and_hopeless_quantities_are_nan(world):
    y, code, _ = world
    holes = code[:, 0].copy()
    holes[::2] = np.nan
    found = independent_r2(np.stack([holes, np.full(len(y), np.nan), 3.7 * y], axis=1), y)
    assert found[0] > 0.95
    assert np.isnan(found[1:]).all()
