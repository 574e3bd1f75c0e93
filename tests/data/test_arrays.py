import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from differentia.data.arrays import prepare
from differentia.data.labels import check_labels, class_of
from differentia.data.splits import draw_subset, draw_test
from differentia.data.units import Units
from differentia.errors import DifferentiaError

Y = np.arange(20) % 2


def images(channels: int = 1, side: int = 10) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (20, side, side, channels), dtype=np.uint8)


def both(data):
    """Put the splits back together in the order they came in (the drawn test split keeps the order too)."""
    return np.concatenate([data.train.x, data.test.x])


def test_uint8_images_are_kept_as_they_are():
    x = images(3)
    data = prepare(x, Y, x, Y)
    np.testing.assert_array_equal(data.train.x, x)
    assert data.train.x.dtype == np.uint8
    assert data.train.y.dtype == np.int64
    assert data.shape == (10, 10, 3)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_floats_in_0_to_1_become_the_nearest_of_256_levels(dtype):
    x = images()
    data = prepare((x / 255).astype(dtype), Y, (x / 255).astype(dtype), Y)
    np.testing.assert_array_equal(data.train.x, x)


def test_images_without_a_channel_axis_are_grey():
    assert prepare(images()[..., 0], Y).shape == (10, 10, 1)


def test_whole_numbers_of_any_type_and_booleans_are_images():
    x = images()
    np.testing.assert_array_equal(prepare(x.astype(np.int64), Y, x, Y).train.x, x)
    np.testing.assert_array_equal(prepare(x > 127, Y, x, Y).train.x, 255 * (x > 127))


def test_alpha_is_laid_over_white():
    x = images(4)
    x[..., 3] = 255
    x[0, 0, 0] = (10, 20, 30, 0)
    x[0, 0, 1] = (10, 20, 30, 255)
    x[0, 0, 2] = (0, 0, 0, 128)
    pixels = prepare(x, Y, x, Y).train.x[0, 0]
    np.testing.assert_array_equal(pixels[:3], [[255, 255, 255], [10, 20, 30], [127, 127, 127]])


def test_size_crops_to_the_central_square_and_resizes():
    x = np.zeros((20, 16, 32, 1), dtype=np.uint8)
    x[:, :, 8:24] = 200
    data = prepare(x, Y, size=8)
    assert data.shape == (8, 8, 1)
    assert (both(data) == 200).all()


def test_vectors_become_float32():
    x = np.random.default_rng(0).normal(size=(20, 3))
    data = prepare(x, Y, x, Y)
    np.testing.assert_array_equal(data.train.x, x.astype(np.float32))
    assert not data.is_image


def test_gaps_in_the_labels_are_closed_and_names_tell_them():
    data = prepare(images(), np.where(Y == 1, 7, -2))
    assert data.class_names == ("-2", "7")
    assert set(data.train.y.tolist()) == {0, 1}


def test_text_labels_are_numbered_alphabetically():
    y, _, names = class_of(np.array(["pear", "apple", "pear"]), None, None)
    assert names == ("apple", "pear")
    assert y.tolist() == [1, 0, 1]


def test_class_names_give_text_labels_their_order():
    y, y_test, names = class_of(np.array(["pear", "apple"]), np.array(["apple", "pear"]), ["pear", "apple"])
    assert names == ("pear", "apple")
    assert y.tolist() == [0, 1]
    assert y_test is not None
    assert y_test.tolist() == [1, 0]


def test_a_class_name_without_samples_is_told():
    with pytest.raises(DifferentiaError, match="no sample has the class two"):
        class_of(np.array([0, 1, 3]), None, ["zero", "one", "two", "three"])


def test_labels_from_a_table_column_are_taken():
    assert check_labels(np.array(["a", "b"], dtype=object), "y").dtype.kind == "U"
    assert check_labels(np.array([[1.0], [2.0]]), "y").tolist() == [1, 2]
    assert check_labels([True, False], "y").tolist() == [True, False]


def test_a_drawn_test_split_shares_no_sample_and_loses_none():
    x = np.arange(20.0)[:, None].repeat(2, axis=1)
    data = prepare(x, Y, test_fraction=0.3, split_seed=5)
    assert sorted(both(data)[:, 0].tolist()) == list(range(20))
    assert np.bincount(data.test.y).tolist() == [3, 3]


def test_the_split_repeats_with_its_seed_and_changes_with_it():
    x = np.arange(200.0)[:, None]
    y = np.arange(200) % 2
    a, b, c = (prepare(x, y, split_seed=seed).test.x for seed in (0, 0, 1))
    np.testing.assert_array_equal(a, b)
    assert (a != c).any()


CLASSES = arrays.arrays(np.int64, st.integers(2, 60), elements=st.integers(0, 4))


@settings(deadline=None)
@given(y=CLASSES, fraction=st.floats(0.01, 0.99), seed=st.integers(0, 9))
def test_draw_test_keeps_every_class_in_both_parts(y, fraction, seed):
    y = np.concatenate([y, np.arange(y.max() + 1), np.arange(y.max() + 1)])
    train, test = draw_test(y, fraction, seed)
    assert sorted([*train, *test]) == list(range(len(y)))
    counts, test_counts = np.bincount(y), np.bincount(y[test])
    assert (test_counts >= 1).all()
    assert (test_counts < counts).all()
    free = (fraction * counts >= 1) & (fraction * counts <= counts - 1)
    assert (np.abs(test_counts - fraction * counts)[free] <= 0.5).all()


@settings(deadline=None)
@given(y=CLASSES, limit=st.integers(5, 80), seed=st.integers(0, 9))
def test_draw_subset_has_the_size_asked_for_and_every_class(y, limit, seed):
    y = np.concatenate([y, np.arange(y.max() + 1)])
    kept = draw_subset(y, limit, seed)
    assert len(set(kept.tolist())) == len(kept) == min(limit, len(y))
    assert set(y[kept]) == set(y)


def test_limit_keeps_the_shares_of_the_classes():
    y = np.repeat([0, 1, 2], [600, 300, 100])
    np.testing.assert_allclose(np.bincount(y[draw_subset(y, 100, 0)]), [60, 30, 10], atol=1)


def test_a_limit_below_the_number_of_classes_is_refused():
    with pytest.raises(DifferentiaError, match="too small for 10 classes"):
        draw_subset(np.arange(10).repeat(3), 9, 0)


@pytest.mark.parametrize(
    ("x", "y", "told"),
    [
        (images(), np.zeros(20), "at least two classes"),
        (images().transpose(0, 3, 1, 2).repeat(3, axis=1), Y, r"transpose\(0, 2, 3, 1\)"),
        (images().astype(float), Y, "Divide by 255"),
        (images() / 127.5 - 1, Y, r"Pass \(x \+ 1\) / 2"),
        (images(), np.ones((20, 2)), "is not one-hot"),
        (images(), np.eye(2)[Y] / 2, r"y.argmax\(axis=1\)"),
        (images() / 100, Y, "by the same range"),
        (images() / 254, Y, r"x.clip\(0, 1\)"),
        (images(4), Y, r"x\[..., :3\]"),
        (np.ma.masked_less(images(), 9), Y, "masked"),
        ([[1.0], [1.0, 2.0]], [0, 1], "ragged"),
        (images(side=4), Y, "4×4 pixels"),
    ],
)
def test_the_message_says_what_to_do(x, y, told):
    with pytest.raises(DifferentiaError, match=told):
        prepare(x, y)


def test_a_size_for_vectors_is_refused():
    with pytest.raises(DifferentiaError, match="Leave the size out"):
        prepare(np.zeros((20, 3)), Y, size=28)


@pytest.mark.parametrize(
    "change",
    [
        lambda x: x[:, ::-1],
        lambda x: np.repeat(x, 3, axis=2)[:, :, ::3],
        np.asfortranarray,
        lambda x: x.astype(">i8"),
        lambda x: (x / 255).astype(">f4"),
        lambda x: (x / 255).astype(np.float16),
        lambda x: np.lib.stride_tricks.as_strided(x, writeable=False),
        lambda x: list(x),
        torch.from_numpy,
        lambda x: (torch.from_numpy(x) / 255).requires_grad_(),
        lambda x: list(torch.from_numpy(x)),
        lambda x: [Image.fromarray(sample[..., 0]) for sample in x],
        lambda x: [Image.fromarray(s[..., 0]).convert("RGB" if i else "L") for i, s in enumerate(x)],
    ],
)
def test_samples_in_any_layout_are_taken(change):
    x = images()
    given = change(x)
    flipped = x[:, ::-1] if isinstance(given, np.ndarray) and given.strides[1] < 0 else x
    stored = prepare(given, Y, given, Y).train.x
    np.testing.assert_array_equal(stored[..., :1], flipped)
    torch.from_numpy(stored)


def test_floats_a_hair_outside_the_range_are_clipped():
    x = images() / 255
    x[0, 0, 0], x[0, 0, 1] = 1.0000001, -1e-17
    np.testing.assert_array_equal(prepare(x, Y, x, Y).train.x[0, 0, :2, 0], [255, 0])


def test_features_that_float32_cannot_resolve_are_centred_and_said():
    rng = np.random.default_rng(0)
    x = np.column_stack([1.7e9 + rng.normal(0, 10, 200), rng.normal(size=200), 1e300 * rng.normal(size=200)])
    data = prepare(x, np.arange(200) % 2, units=Units.of(x))
    stored = both(data)
    assert len(np.unique(stored[:, 0])) == 200
    assert np.abs(stored[:, [0, 2]].mean(axis=0)).max() < 0.1
    assert set(stored[:, 1].tolist()) == set(x[:, 1].astype(np.float32).tolist())
    assert [note.split(" is ")[0] for note in data.notes] == ["feature 0 (and 1 more)"]


def test_features_that_were_saved_too_coarse_are_said():
    x = np.column_stack([1.7e9 + 50 * np.arange(20.0), np.arange(20.0)]).astype(np.float32)
    data = prepare(x, Y, units=Units.of(x))
    assert "feature 0 varies by few steps" in data.notes[-1]


@pytest.mark.parametrize(
    "y",
    [
        Y.astype(float),
        Y[:, None],
        Y.astype(object),
        Y.astype(float).astype(object),
        np.eye(2, dtype=int)[Y],
        np.eye(2)[Y],
        Y.astype(bool),
        Y.tolist(),
    ],
)
def test_labels_of_any_kind_are_the_same_classes(y):
    assert prepare(images(), y, images(), y).train.y.tolist() == Y.tolist()


def test_minus_one_is_a_class_and_bytes_are_text():
    assert prepare(images(), Y - 1).class_names == ("-1", "0")
    assert prepare(images(), np.array([b"a", "ä".encode()])[Y]).class_names == ("a", "ä")
    with pytest.raises(DifferentiaError, match="no label for 10 of 20 samples"):
        prepare(images(), np.array([b"a", b""])[Y])


def test_categories_of_pandas_are_labels_and_missing_ones_refused():
    pandas = pytest.importorskip("pandas")
    named = pandas.Series(["dog", "cat"] * 10, dtype="category")
    assert prepare(images(), named).class_names == ("cat", "dog")
    for missing in (named.where(named.index != 3), np.array(["a", None] * 10), pandas.array([1, None] * 10)):
        with pytest.raises(DifferentiaError, match=r"no label for .* of 20 samples"):
            prepare(images(), missing)
