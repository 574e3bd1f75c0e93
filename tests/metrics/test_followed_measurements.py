"""What the audit follows of samples, and its variation inside the classes."""

import numpy as np

from differentia.metrics.followed_measurements import MOST, centred, followed


def test_centring_leaves_nan_out_and_in_place():
    values = np.array([[1.0, 5.0], [3.0, np.nan], [10.0, 7.0]])
    expected = [[-1.0, 0.0], [1.0, np.nan], [0.0, 0.0]]
    np.testing.assert_array_equal(centred(values, np.array([0, 0, 1])), expected)


def test_vectors_with_many_features_are_followed_where_they_vary_inside_the_classes():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 400)
    x = rng.standard_normal((400, 30))
    x[:, 10:] = 0.1 * x[:, 10:] + 5 * y[:, None]
    columns = followed(x.astype(np.float32), y)
    assert len(columns) == MOST
    assert set(range(10)) <= set(columns)
