"""Within-class scores say how high, and never which class: on laws whose answer is known."""

import numpy as np
import pytest
from scipy.stats import kurtosis, norm
from sklearn.ensemble import HistGradientBoostingClassifier

from differentia.measurements.within_class import within_class_scores


def test_one_measurement_becomes_the_normal_score_of_its_rank_in_the_class() -> None:
    values = np.array([[3.0], [1.0], [2.0], [500.0], [100.0], [300.0]])
    found = within_class_scores(values, np.array([0, 0, 0, 1, 1, 1]))
    third = norm.ppf(1 / 6)
    assert found[:, 0] == pytest.approx([-third, third, 0, -third, third, 0])
    assert found.dtype == np.float32


def test_equal_values_stand_alike_and_what_says_nothing_stands_in_the_middle() -> None:
    values = np.array([[1.0, 5.0], [1.0, 5.0], [2.0, 5.0], [np.nan, 5.0]])
    found = within_class_scores(values, np.zeros(4, dtype=np.int64))
    assert found[0, 0] == found[1, 0] < found[2, 0]
    assert found[3, 0] == 0
    assert (found[:, 1] == 0).all()
    nothing = within_class_scores(np.full((3, 2), np.nan), np.array([0, 0, 1]))
    assert (nothing == 0).all()


def _accuracy(codes: np.ndarray, y: np.ndarray) -> float:
    learns = np.arange(len(y)) % 2 == 0
    judge = HistGradientBoostingClassifier(max_iter=60, random_state=0).fit(codes[learns], y[learns])
    return float(judge.score(codes[~learns], y[~learns]))


def test_two_measurements_together_say_nothing_of_the_class() -> None:
    """One goes with the other in a class, against it in the next, and bends with it in the third."""
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1, 2], 3000)
    first, noise = rng.normal(size=(2, len(y)))
    follows = np.select([y == 0, y == 1], [first, -first], first**2)
    values = np.stack([2 + y + first, follows + 0.5 * noise], axis=1)
    alone = np.hstack([within_class_scores(values[:, [k]], y) for k in (0, 1)])
    together = within_class_scores(values, y)
    assert _accuracy(alone, y) > 0.6
    assert _accuracy(together, y) < 1 / 3 + 0.03
    assert together[:, 0] == pytest.approx(alone[:, 0])
    for label in range(3):
        inside = together[y == label]
        assert inside.mean(axis=0) == pytest.approx([0, 0], abs=1e-3)
        assert inside.std(axis=0) == pytest.approx([1, 1], abs=0.01)
        assert kurtosis(inside) == pytest.approx([0, 0], abs=0.1)
        assert abs(np.corrcoef(inside.T)[0, 1]) < 0.03


def test_the_second_still_says_how_high_it_is_among_its_like() -> None:
    rng = np.random.default_rng(1)
    first, own = rng.normal(size=(2, 3000))
    found = within_class_scores(np.stack([first, 3 * first + own], axis=1), np.zeros(3000, dtype=np.int64))
    assert np.corrcoef(found[:, 1], own)[0, 1] > 0.97


def test_neighbours_in_several_blocks_are_those_in_one(monkeypatch: pytest.MonkeyPatch) -> None:
    values, y = np.random.default_rng(2).normal(size=(200, 3)), np.zeros(200, dtype=np.int64)
    whole = within_class_scores(values, y)
    monkeypatch.setattr("differentia.measurements.within_class._AT_ONCE", 30)
    assert np.array_equal(within_class_scores(values, y), whole)
