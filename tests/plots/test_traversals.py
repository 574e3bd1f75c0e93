import numpy as np
import pytest

from differentia.data.dataset import LabelledData, Split
from differentia.inference import decode_all, encode_all
from differentia.metrics.codes import dimension_name
from differentia.plots import traversals
from differentia.plots.traversals import VALUES
from small import small_model


@pytest.fixture(scope="module")
def anchors(digits_model, digits):
    return traversals.anchors(digits_model, digits, seed=0, classes=range(10))


def naive_model():
    return small_model((8, 8, 1), 10, z_dim=3, w_dim=0)


def test_the_values_are_the_reports():
    assert VALUES.tolist() == list(range(-5, 6))


def test_an_anchor_has_the_median_error_of_its_class(digits_model, digits, anchors):
    for label in (0, 7):
        x = digits.test.x[digits.test.y == label]  # fewer than 200, so all are candidates
        y = np.full(len(x), label)
        codes = encode_all(digits_model, x, y)
        decoded = decode_all(digits_model, codes.z_mean, codes.w_mean, y)
        errors = np.sort(np.square(x / 255.0 - decoded).sum(axis=(1, 2, 3)))
        own = np.square(anchors.x[label] / 255.0 - anchors.reconstruction[label]).sum()
        assert own == pytest.approx(errors[(len(x) - 1) // 2], rel=1e-4)


def test_an_anchor_is_a_test_sample_with_its_posterior_mean(digits_model, digits, anchors):
    assert np.array_equal(anchors.x, digits.test.x[anchors.index])
    assert anchors.y.tolist() == list(range(10))
    codes = encode_all(digits_model, anchors.x, anchors.y)
    assert anchors.z == pytest.approx(codes.z_mean, abs=1e-5)
    assert anchors.w == pytest.approx(codes.w_mean, abs=1e-5)


def test_the_kl_of_a_class_is_that_of_its_candidates(digits_model, digits, anchors):
    x = digits.test.x[digits.test.y == 3]
    codes = encode_all(digits_model, x, np.full(len(x), 3))
    kl = 0.5 * (codes.z_mean**2 + np.exp(codes.z_log_variance) - 1 - codes.z_log_variance)
    assert anchors.z_kl[3] == pytest.approx(kl.mean(axis=0), rel=1e-3)
    kl = 0.5 * (codes.w_mean**2 + np.exp(codes.w_log_variance) - 1 - codes.w_log_variance)
    assert anchors.w_kl[3] == pytest.approx(kl.mean(axis=0), rel=1e-3)


def test_anchors_repeat_and_do_not_depend_on_the_other_classes(digits_model, digits, anchors):
    again = traversals.anchors(digits_model, digits, seed=0, classes=[7, 2])
    assert again.index.tolist() == anchors.index[[7, 2]].tolist()
    assert np.array_equal(again.z, anchors.z[[7, 2]])


def test_the_seed_draws_the_candidates_of_a_large_class(digits_model, digits):
    everything = Split(digits.train.x, np.zeros(len(digits.train), dtype=np.int64))
    data = LabelledData("digits", everything, everything, ("digit",))
    chosen = {int(traversals.anchors(digits_model, data, seed, [0]).index[0]) for seed in range(3)}
    assert len(chosen) == 3


@pytest.mark.parametrize("code", ["z", "w"])
def test_a_traversal_sets_one_dimension_and_keeps_the_rest(digits_model, anchors, code):
    values = np.array([-2.0, 0.5, 4.0], dtype=np.float32)
    drawn = traversals.traverse(digits_model, anchors.z[4], anchors.w[4], 4, code, 2, values)
    for value, image in zip(values, drawn, strict=True):
        z, w = anchors.z[[4]].copy(), anchors.w[[4]].copy()
        (z if code == "z" else w)[0, 2] = value
        assert image == pytest.approx(decode_all(digits_model, z, w, np.array([4]))[0], abs=1e-5)


def test_a_traversal_at_the_posterior_mean_is_the_reconstruction(digits_model, anchors):
    at_mean = traversals.traverse(digits_model, anchors.z[1], anchors.w[1], 1, "z", 0, anchors.z[1][:1])
    assert at_mean[0] == pytest.approx(anchors.reconstruction[1], abs=1e-5)


def test_a_traversal_leaves_the_codes_it_was_given(digits_model, anchors):
    z = anchors.z[0].copy()
    traversals.traverse(digits_model, anchors.z[0], anchors.w[0], 0, "z", 0)
    assert np.array_equal(anchors.z[0], z)


def test_a_dimension_that_does_not_exist_is_an_error(digits_model, anchors):
    with pytest.raises(IndexError):
        traversals.traverse(digits_model, anchors.z[0], anchors.w[0], 0, "w", 4)


@pytest.mark.parametrize("code", ["z", "w"])
def test_all_traversals_at_once_are_the_single_ones(digits_model, anchors, code):
    drawn = traversals.traverse_all(digits_model, anchors.z, anchors.w, anchors.y, code)
    assert drawn.shape == (10, 4, 11, 8, 8, 1)
    for k, dim in ((0, 0), (9, 3), (5, 1)):
        single = traversals.traverse(digits_model, anchors.z[k], anchors.w[k], k, code, dim)
        assert drawn[k, dim] == pytest.approx(single, abs=1e-5)


def test_a_code_without_dimensions_has_no_traversals(digits):
    model = naive_model()
    anchors = traversals.anchors(model, digits, 0, [0, 1])
    assert anchors.w.shape == anchors.w_kl.shape == (2, 0)
    drawn = traversals.traverse_all(model, anchors.z, anchors.w, anchors.y, "w")
    assert drawn.shape == (2, 0, 11, 8, 8, 1)


def test_a_swap_takes_z_of_the_row_and_w_and_class_of_the_column(digits_model, anchors):
    grid = traversals.swap_grid(digits_model, anchors.z[:3], anchors.w, anchors.y)
    assert grid.shape == (3, 10, 8, 8, 1)
    expected = decode_all(digits_model, anchors.z[[2]], anchors.w[[6]], np.array([6]))[0]
    assert grid[2, 6] == pytest.approx(expected, abs=1e-5)
    assert grid[1, 1] == pytest.approx(anchors.reconstruction[1], abs=1e-5)


def test_samples_of_a_class_repeat_and_differ_between_seeds_and_classes(digits_model):
    drawn = traversals.class_samples(digits_model, [2, 5], 4, seed=1)
    assert drawn.shape == (2, 4, 8, 8, 1)
    assert np.array_equal(drawn, traversals.class_samples(digits_model, [2, 5], 4, seed=1))
    alone = traversals.class_samples(digits_model, [5], 4, seed=1)
    assert alone[0] == pytest.approx(drawn[1], abs=1e-5)
    assert not np.allclose(drawn, traversals.class_samples(digits_model, [2, 5], 4, seed=2), atol=0.01)


def test_reconstructions_show_the_class_and_repeat_when_it_is_small(digits_model, digits):
    shown = traversals.reconstructions(digits_model, digits, 0, [3, 8], 5)
    assert shown.x.shape == shown.decoded.shape == (2, 5, 8, 8, 1)
    members = digits.test.x[digits.test.y == 8]
    assert all((members == x).all(axis=(1, 2, 3)).any() for x in shown.x[1])
    assert np.abs(shown.x / 255.0 - shown.decoded).mean() < 0.15

    few = Split(digits.test.x[:1], digits.test.y[:1])
    tiny = LabelledData("tiny", few, few, digits.class_names)
    repeated = traversals.reconstructions(digits_model, tiny, 0, [int(few.y[0])], 3)
    assert np.array_equal(repeated.x[0], np.repeat(few.x, 3, axis=0))


def test_names_of_dimensions_count_from_zero():
    assert dimension_name("z", 0) == "z₀"
    assert dimension_name("w", 13) == "w₁₃"
