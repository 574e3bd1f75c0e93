import numpy as np
import pytest

from differentia.evaluation.measured import MOST, centred, followed
from differentia.evaluation.real_classifier import RealClassifier
from differentia.evaluation.swap import correlation, partners, rank_correlation


def test_partners_are_of_another_class():
    rng = np.random.default_rng(0)
    y = rng.choice(4, size=500, p=[0.85, 0.05, 0.05, 0.05])
    other = partners(y, rng)
    assert (y[other] != y).all()
    assert len(np.unique(other)) > 50


def test_centring_leaves_nan_out_and_in_place():
    values = np.array([[1.0, 5.0], [3.0, np.nan], [10.0, 7.0]])
    expected = [[-1.0, 0.0], [1.0, np.nan], [0.0, 0.0]]
    np.testing.assert_array_equal(centred(values, np.array([0, 0, 1])), expected)


def test_correlations_skip_nan_and_are_absent_without_variation():
    rng = np.random.default_rng(0)
    a = rng.standard_normal(200)
    b = np.exp(a)
    b[::7] = np.nan
    assert rank_correlation(a, b) == pytest.approx(1.0)
    assert 0.5 < correlation(a, b) < 0.95
    assert rank_correlation(a, np.ones(200)) is None
    assert correlation(a[:20], a[:20]) is None


def test_vectors_with_many_features_are_followed_where_they_vary_inside_the_classes():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 400)
    x = rng.standard_normal((400, 30))
    x[:, 10:] = 0.1 * x[:, 10:] + 5 * y[:, None]
    columns = followed(x.astype(np.float32), y)
    assert len(columns) == MOST
    assert set(range(10)) <= set(columns)


def test_classifier_of_real_samples_is_accurate_and_repeats(digits):
    classifiers = [RealClassifier(digits.train, 10, seed=0) for _ in range(2)]
    answers = [classifier.predict(digits.test.x) for classifier in classifiers]
    assert np.mean(answers[0] == digits.test.y) > 0.94
    np.testing.assert_array_equal(*answers)
    as_decoded = digits.test.x.astype(np.float32) / 255
    np.testing.assert_array_equal(classifiers[0].predict(as_decoded), answers[0])
