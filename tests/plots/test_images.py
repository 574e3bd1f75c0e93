"""Samples as pictures: no value is changed, and every feature has its place."""

import numpy as np

from differentia.plots.images import pictures, resized, rgb
from plots.drawing import labelled, model_for


def test_images_become_rgb_without_a_change_of_value(digits_model):
    grey = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)
    assert np.array_equal(pictures(digits_model, grey)[..., 1], grey[..., 0])
    assert np.array_equal(pictures(digits_model, grey.astype(np.float32) / 255), pictures(digits_model, grey))
    colour = np.random.default_rng(0).integers(0, 256, (2, 3, 4, 4, 3), dtype=np.uint8)
    assert np.array_equal(pictures(digits_model, colour), colour)


def test_a_vector_becomes_one_bar_a_feature_in_standard_deviations():
    data = labelled((3,), 2)
    model = model_for(data)
    mean, scale = model.feature_mean.numpy(), model.feature_scale.numpy()
    picture = pictures(model, mean + scale * np.array([-3.0, 0.0, 5.0], dtype=np.float32))
    assert picture.shape == (3, 3, 3)
    assert (picture == picture[:, :1]).all()
    assert picture[:, 0].tolist() == [list(rgb("#2f6fdf")), [238, 240, 243], list(rgb("#d9822b"))]


def test_a_long_vector_becomes_a_grid_with_white_where_features_end():
    model = model_for(labelled((30,), 2))
    picture = pictures(model, np.full((2, 30), 3.0, dtype=np.float32))
    assert picture.shape == (2, 5, 6, 3)
    picture = pictures(model_for(labelled((26,), 2)), np.full((1, 26), 3.0, dtype=np.float32))
    assert picture.shape == (1, 5, 6, 3)
    assert (picture[0, 4, 2:] == 255).all()
    assert not (picture[0, 4, :2] == 255).all()


def test_small_pictures_grow_and_large_ones_shrink_by_whole_factors():
    small = np.random.default_rng(0).integers(0, 256, (2, 28, 20, 3), dtype=np.uint8)
    assert np.array_equal(resized(small)[:, ::3, ::3], small)
    assert resized(small).shape == (2, 84, 60, 3)
    large = np.full((1, 300, 201, 3), 77, dtype=np.uint8)
    assert resized(large).shape == (1, 100, 67, 3)
    assert (resized(large) == 77).all()
