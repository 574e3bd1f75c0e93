import numpy as np
import pytest
from sklearn.datasets import load_digits

from differentia.data.catalogue import NAMES, load
from differentia.data.idx import read_idx
from differentia.data.kinds import kinds
from differentia.data.settings import DataSettings
from differentia.data.sources import MNIST, is_here
from differentia.errors import DifferentiaError


def idx(array: np.ndarray) -> bytes:
    return bytes([0, 0, 8, array.ndim]) + np.array(array.shape, dtype=">u4").tobytes() + array.tobytes()


def test_idx_gives_back_the_array():
    array = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    np.testing.assert_array_equal(read_idx(idx(array)), array)


def test_idx_refuses_another_type_and_a_wrong_length():
    content = idx(np.zeros(3, dtype=np.uint8))
    with pytest.raises(ValueError, match="idx"):
        read_idx(b"\0\0\x0d" + content[3:])
    with pytest.raises(ValueError, match="reshape"):
        read_idx(content[:-1])


def test_digits_are_those_of_scikit_learn():
    data, bundle = load(DataSettings(source="digits")), load_digits()
    y = np.concatenate([data.train.y, data.test.y])
    assert np.array_equal(np.bincount(y), np.bincount(bundle.target))
    ink = np.concatenate([data.train.x, data.test.x]).sum(axis=(1, 2, 3), dtype=np.int64)
    assert np.array_equal(
        np.sort(ink), np.sort(np.rint(bundle.images * (255 / 16)).sum(axis=(1, 2)).astype(int))
    )


def test_digits_span_the_range_and_split_as_told():
    data = load(DataSettings(source="digits"))
    assert (len(data.train), len(data.test)) == (1438, 359)
    assert data.shape == (8, 8, 1)
    assert (data.train.x.min(), data.train.x.max()) == (0, 255)
    assert data.class_names == tuple("0123456789")


def test_size_and_limit_apply_to_named_sets():
    data = load(DataSettings(source="digits", size=28, limit=50))
    assert data.train.x.shape == (50, 28, 28, 1)
    assert len(data.test) == 50


def test_kinds_keeps_its_ground_truth_beside_the_limit(monkeypatch):
    few = kinds(200, 100, seed=0)
    monkeypatch.setattr("differentia.data.kinds.kinds", lambda n_train, n_test, seed: few)
    data = load(DataSettings(source="kinds", limit=40, size=16))
    assert data.train.x.shape == (40, 16, 16, 1)
    assert data.train.factors is not None
    assert few.train.factors is not None
    for factors, y in zip(data.train.factors, data.train.y, strict=True):
        (found,) = np.flatnonzero(
            [np.array_equal(factors, other, equal_nan=True) for other in few.train.factors]
        )
        assert few.train.y[found] == y


@pytest.mark.skipif(is_here(MNIST) is None, reason="MNIST is not on this machine")
def test_mnist_is_mnist():
    data = load(DataSettings(source="mnist"))
    assert data.train.x.shape == (60000, 28, 28, 1)
    assert data.test.x.shape == (10000, 28, 28, 1)
    assert data.train.y[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert np.bincount(data.test.y).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


@pytest.mark.parametrize(("typed", "meant"), [("mnits", "mnist"), ("FashionMNIST", "fashion-mnist")])
def test_a_misspelt_name_is_corrected(typed, meant):
    with pytest.raises(DifferentiaError, match=f"Did you mean {meant}"):
        load(DataSettings(source=typed))


def test_every_name_is_in_the_catalogue():
    assert set(NAMES) == {"mnist", "fashion-mnist", "celeba", "digits", "kinds"}


def test_samples_are_set_aside_for_certificates_and_not_trained_on():
    whole = load(DataSettings(source="digits"))
    data = load(DataSettings(source="digits", certify_fraction=0.25))
    assert whole.certify is None
    assert data.certify is not None
    assert len(data.certify) == round(0.25 * len(whole.train))
    np.testing.assert_array_equal(data.test.x, whole.test.x)
    both = np.concatenate([data.train.x, data.certify.x]).reshape(len(whole.train), -1)
    order = np.lexsort(both.T), np.lexsort(whole.train.x.reshape(len(both), -1).T)
    np.testing.assert_array_equal(both[order[0]], whole.train.x.reshape(len(both), -1)[order[1]])
    again = load(DataSettings(source="digits", certify_fraction=0.25))
    np.testing.assert_array_equal(again.certify.x, data.certify.x)


def test_too_large_a_part_set_aside_is_refused():
    with pytest.raises(DifferentiaError, match="a class needs at least one sample to train on"):
        load(DataSettings(source="digits", certify_fraction=0.999))
    with pytest.raises(DifferentiaError, match="sets 0 aside"):
        load(DataSettings(source="digits", certify_fraction=0.0001))


def test_true_factors_go_with_the_samples_that_are_set_aside():
    data = load(DataSettings(source="kinds", limit=60, certify_fraction=0.5))
    assert data.certify is not None
    assert data.certify.factors.shape == (30, len(data.factor_names))
