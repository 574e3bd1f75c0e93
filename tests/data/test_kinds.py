"""Pictures of `kinds` show exactly what their factors say, and every factor can be read off them."""

import numpy as np
import pytest
from scipy.stats import kstest

from differentia.data import kinds as k

LOW = np.array([factor.low for factor in k.FACTORS], np.float32)
HIGH = np.array([factor.high for factor in k.FACTORS], np.float32)
CLASSES = pytest.mark.parametrize("kind", range(5), ids=k.CLASSES)


def corners(kind: int, n: int = 1000) -> np.ndarray:
    """Factors of which every second one is at an end of its range, float32 [n, k]."""
    rng = np.random.default_rng(kind)
    factors = k.draw(np.full(n, kind), rng)
    ends = np.where(rng.random(factors.shape) < 0.5, LOW, HIGH)
    return np.where(rng.random(factors.shape) < 0.5, factors, ends)


def middle(n: int = 1, **changes: float) -> np.ndarray:
    """Factors at the middle of their ranges, with changes by name, float32 [n, k]."""
    factors = np.tile((LOW + HIGH) / 2, (n, 1))
    for name, value in changes.items():
        factors[:, k.FACTOR_NAMES.index(name)] = value
    return factors


@CLASSES
def test_size_is_the_area_and_position_the_centre_of_mass_whatever_the_form(kind: int) -> None:
    factors = corners(kind)
    x, y, size, _, brightness = factors[:, k.GENERIC].T
    pictures = k.render(np.full(len(factors), kind), factors)[..., 0] / 255.0
    mass, at = pictures.sum(axis=(1, 2)), np.arange(32) - 15.5
    np.testing.assert_allclose(mass, brightness * np.pi * size**2, rtol=0.01)
    np.testing.assert_allclose((pictures.sum(axis=1) * at).sum(axis=1) / mass, x, atol=0.03)
    np.testing.assert_allclose((pictures.sum(axis=2) * at).sum(axis=1) / mass, y, atol=0.03)
    np.testing.assert_allclose(pictures.max(axis=(1, 2)), brightness, atol=0.51 / 255)


@CLASSES
def test_shapes_stay_inside_the_frame(kind: int) -> None:
    pictures = k.render(np.full(1000, kind), corners(kind))[..., 0]
    edges = [pictures[:, 0], pictures[:, -1], pictures[:, :, 0], pictures[:, :, -1]]
    assert max(edge.max() for edge in edges) < 0.2 * 255


@CLASSES
def test_shapes_are_symmetric_about_the_axis_that_rotation_turns(kind: int) -> None:
    factors = k.draw(np.full(50, kind), np.random.default_rng(kind))
    factors[:, [0, 1, 3]] = 0
    pictures = k.render(np.full(50, kind), factors)[..., 0].astype(int)
    axis = 2 if k.CLASSES[kind] == "star" else 1
    assert np.abs(pictures - np.flip(pictures, axis)).max() <= 1


def test_rotation_is_clockwise_as_seen() -> None:
    # The ring's hole lies to the right of the middle, so a clockwise turn moves it down.
    factors = middle(3)
    factors[:, k.FACTOR_NAMES.index("rotation")] = [-30, 0, 30]
    pictures = k.render(np.full(3, k.CLASSES.index("ring")), factors)[..., 0]
    at = np.arange(32) - 15.5
    hole = (pictures < 50) & (np.hypot(at, at[:, None]) < 5)
    right, down = (
        (hole * position).sum(axis=(1, 2)) / hole.sum(axis=(1, 2)) for position in (at, at[:, None])
    )
    assert down[0] < -0.5
    assert abs(down[1]) < 0.1
    assert down[2] > 0.5
    assert right.min() > 0.5


@CLASSES
def test_every_factor_can_be_told_from_all_others_together(kind: int) -> None:
    # The Cramér-Rao bound: what an unbiased reader achieves who knows none of the factors, under noise of
    # 13 grey levels (5 % of white) in each pixel. It is far below the variance of the factor itself.
    own = np.array(k.GENERIC + k.SPECIFIC[kind])
    step = 0.02 * (HIGH - LOW)
    base = np.clip(k.draw(np.full(100, kind), np.random.default_rng(kind)), LOW + step, HIGH - step)
    jacobian = np.empty((100, 32 * 32, len(own)))
    for place, column in enumerate(own):
        shift = np.where(np.arange(len(step)) == column, step, 0)
        above, below = (k.render(np.full(100, kind), base + sign * shift) / 255.0 for sign in (1, -1))
        jacobian[:, :, place] = (above - below).reshape(100, -1) / 0.04
    covariance = 0.05**2 * np.linalg.inv(jacobian.transpose(0, 2, 1) @ jacobian)
    variance = np.diagonal(covariance, axis1=1, axis2=2).mean(axis=0)  # in parts of the factor's range
    unexplained = variance * 12  # the uniform factor's own variance is 1/12
    assert unexplained.max() < 0.05, dict(zip(np.array(k.FACTOR_NAMES)[own], unexplained, strict=True))


@CLASSES
def test_pictures_depend_on_the_factors_of_their_class_and_on_no_other(kind: int) -> None:
    own = k.GENERIC + k.SPECIFIC[kind]
    classes, base = np.array([kind]), middle()
    picture = k.render(classes, base).astype(float)
    for column, factor in enumerate(k.FACTORS):
        changed = base.copy()
        changed[0, column] = factor.high
        difference = (((k.render(classes, changed) - picture) / 255) ** 2).sum()
        assert difference > 0.3 if column in own else difference == 0, factor.name


def test_factors_are_uniform_in_every_class_that_has_them() -> None:
    y = np.arange(20_000) % 5
    factors = k.draw(y, np.random.default_rng(0))
    for column, factor in enumerate(k.FACTORS):
        for kind in range(5):
            values = factors[y == kind, column]
            if factor.owner in (None, kind):
                assert kstest((values - factor.low) / (factor.high - factor.low), "uniform").pvalue > 1e-3
            else:
                assert np.isnan(values).all()


def test_factors_are_drawn_independently_of_each_other() -> None:
    for kind in range(5):
        factors = k.draw(np.full(20_000, kind), np.random.default_rng(1))
        correlation = np.corrcoef(factors[:, k.GENERIC + k.SPECIFIC[kind]].T)
        assert np.abs(correlation - np.eye(7)).max() < 4 / np.sqrt(20_000)


def test_the_data_set_repeats_and_its_splits_do_not_depend_on_each_other() -> None:
    first, again = k.kinds(50, 25, 3), k.kinds(50, 25, 3)
    longer, other = k.kinds(80, 25, 3), k.kinds(50, 25, 4)
    assert first.factor_names == k.FACTOR_NAMES
    assert first.train.x.dtype == np.uint8
    assert first.train.x.shape == (50, 32, 32, 1)
    assert np.bincount(first.train.y).tolist() == [10] * 5
    np.testing.assert_array_equal(first.train.x, again.train.x)
    np.testing.assert_array_equal(first.train.factors, again.train.factors)
    np.testing.assert_array_equal(first.test.x, longer.test.x)
    assert (first.test.x != other.test.x).any()
    assert (first.train.x[:25] != first.test.x).any()
    np.testing.assert_array_equal(k.render(first.test.y, first.test.factors), first.test.x)


@pytest.mark.parametrize(
    ("classes", "factors", "message"),
    [
        (np.array([0]), middle(2), "must be"),
        (np.array([5]), middle(), "classes"),
        (np.array([-1]), middle(), "classes"),
        (np.array([1]), middle(size=np.nan), "star is NaN"),
    ],
)
def test_what_cannot_be_rendered_is_refused(classes: np.ndarray, factors: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        k.render(classes, factors)


def test_nothing_renders_to_nothing() -> None:
    assert k.render(np.empty(0, np.int64), np.empty((0, len(k.FACTORS)), np.float32)).shape == (0, 32, 32, 1)
