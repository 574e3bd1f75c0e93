"""The scikit-learn idiom, on the digits."""

import pickle
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits

from differentia import Differentia
from differentia.errors import DifferentiaError

SMALL = {
    "model": {"hidden": [64, 32], "z_dim": 6, "w_dim": 6},
    "training": {"batch_size": 256, "accelerator": "cpu"},
}


@pytest.fixture(scope="module")
def images() -> tuple[np.ndarray, np.ndarray]:
    bundle = load_digits()
    names = np.array(["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"])
    return bundle.images / 16, names[bundle.target]


@pytest.fixture(scope="module")
def fitted(images: tuple[np.ndarray, np.ndarray]) -> Differentia:
    return Differentia(epochs=4, seed=1, settings=SMALL).fit(*images)


def test_codes_have_their_shapes_and_repeat(fitted: Differentia, images: tuple) -> None:
    x, y = images
    z, w = fitted.transform(x[:20]), fitted.transform_conditional(x[:20], y[:20])
    assert (z.shape, w.shape) == ((20, 6), (20, 6))
    np.testing.assert_array_equal(fitted.transform(x[5:10]), z[5:10])
    # Convolutions of few samples and of many round differently.
    np.testing.assert_allclose(fitted.transform_conditional(x[5:10], y[5:10]), w[5:10], rtol=1e-4, atol=1e-5)


def test_codes_of_perceptrons_do_not_depend_on_their_batch_at_all(images: tuple) -> None:
    x, y = images
    fitted = Differentia("strict", epochs=1, seed=1, settings=SMALL).fit(x[:400], y[:400])
    w = fitted.transform_conditional(x[:20], y[:20])
    np.testing.assert_array_equal(fitted.transform_conditional(x[5:10], y[5:10]), w[5:10])


def test_pictures_come_in_the_unit_interval(fitted: Differentia, images: tuple) -> None:
    x, y = images
    pictures = {
        "sample": (fitted.sample("seven", n=5), (5, 8, 8, 1)),
        "swap": (fitted.swap(x[:6], y[:6], onto="three"), (6, 8, 8, 1)),
        "traverse": (fitted.traverse(x[0], y[0], code="w"), (6, 11, 8, 8, 1)),
        "reconstruct": (fitted.reconstruct(x[:6], y[:6]), (6, 8, 8, 1)),
    }
    for made, shape in pictures.values():
        assert made.shape == shape
        assert made.min() >= 0
        assert made.max() <= 1
    np.testing.assert_array_equal(fitted.sample("seven", n=5), pictures["sample"][0])


def test_the_middle_of_a_traversal_lies_nearest_the_mean(fitted: Differentia, images: tuple) -> None:
    x, y = images
    strip = fitted.traverse(x[0], y[0], span=0.0, steps=1)
    assert np.ptp(strip, axis=0).max() < 0.6  # all dimensions at 0, the others at the same means


def test_a_saved_model_loads_and_answers_the_same(fitted: Differentia, images: tuple, tmp_path: Path) -> None:
    x, y = images
    fitted.save(tmp_path / "run")
    loaded = Differentia.load(tmp_path / "run")
    np.testing.assert_array_equal(loaded.transform(x[:9]), fitted.transform(x[:9]))
    np.testing.assert_array_equal(
        loaded.transform_conditional(x[:9], y[:9]), fitted.transform_conditional(x[:9], y[:9])
    )
    assert not [p for p in (tmp_path / "run").rglob("*") if p.suffix in (".pkl", ".pt", ".pickle")]
    with pytest.raises(DifferentiaError, match="exists already"):
        fitted.save(tmp_path / "run")


def test_it_clones_as_scikit_learn_expects() -> None:
    estimator = Differentia(preset="report", seed=3, settings=SMALL)
    assert clone(estimator).get_params() == estimator.get_params()


def test_what_is_generic_can_be_declared(images: tuple) -> None:
    model = Differentia(epochs=1, generic=("shift", "blur"), settings=SMALL).fit(
        images[0][:300], images[1][:300]
    )
    assert model.settings_.model.generic == ["shift", "blur"]
    assert "equivariance" in model.history_[0]
    with pytest.raises(DifferentiaError, match="turn"):
        Differentia(generic=["turn"]).fit(*images)


def test_what_is_measured_can_be_declared(images: tuple) -> None:
    model = Differentia(epochs=1, generic=(), measured=("brightness",), settings=SMALL).fit(
        images[0][:300], images[1][:300]
    )
    assert model.settings_.model.measured == ["brightness"]
    assert "supervised_latent_loss" in model.history_[0]
    with pytest.raises(DifferentiaError, match="charm"):
        Differentia(measured=["charm"]).fit(*images)


def test_vectors_work_and_labels_may_have_gaps() -> None:
    x, y = load_digits(return_X_y=True)
    y = y * 3 - 2
    fitted = Differentia(epochs=1, settings=SMALL).fit(x, y)
    assert fitted.transform_conditional(x[:4], y[:4]).shape == (4, 6)
    assert fitted.sample(25, n=2).shape == (2, 64)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda m, x, y: m.transform(x[:, :6]), "trained on"),
        (lambda m, x, y: m.transform_conditional(x[:3], y[:2]), "one each"),
        (lambda m, x, y: m.sample("eleven"), "eleven"),
        (lambda m, x, y: m.sample(None), "no label"),
        (lambda m, x, y: m.sample("one", n=0), "at least 1"),
        (lambda m, x, y: m.traverse(x[0], y[0], steps=0), "at least 1"),
        (lambda m, x, y: m.traverse(x[0], y[0], code="v"), "no code"),
        (lambda m, x, y: m.transform(x * np.nan), "NaN"),
    ],
)
def test_wrong_calls_are_told_what_is_wrong(call, words: str, fitted: Differentia, images: tuple) -> None:
    with pytest.raises(DifferentiaError, match=words):
        call(fitted, *images)


def test_a_method_whose_z_sees_the_class_asks_for_it(images: tuple) -> None:
    x, y = images
    fitted = Differentia("released", epochs=1, settings=SMALL).fit(x[:400], y[:400])
    with pytest.raises(DifferentiaError, match="Pass y"):
        fitted.transform(x[:3])
    assert fitted.transform(x[:3], y[:3]).shape == (3, 6)


def test_a_fitted_model_can_be_pickled_within_a_process(fitted: Differentia, images: tuple) -> None:
    x, _ = images
    again = pickle.loads(pickle.dumps(fitted))
    assert again.settings_ == fitted.settings_
    np.testing.assert_array_equal(again.transform(x[:3]), fitted.transform(x[:3]))


def test_what_a_method_lacks_is_said(images: tuple) -> None:
    x, y = images
    vae = Differentia("vae", epochs=1, settings={"model": {"hidden": [16]}}).fit(x[:200], y[:200])
    with pytest.raises(DifferentiaError, match="no conditional code"):
        vae.transform_conditional(x[:2], y[:2])
    with pytest.raises(DifferentiaError, match="Choose z"):
        vae.traverse(x[0], y[0], code="w")
    with pytest.raises(DifferentiaError, match="nothing to minimise"):
        Differentia("vae", settings={"terms": {"reconstruction": None, "kl": None}}).fit(x[:200], y[:200])
    with pytest.raises(DifferentiaError, match="is no setting to change"):
        Differentia("vae", settings={"method": "strict"}).fit(x[:200], y[:200])
    with pytest.raises(DifferentiaError, match="no class to give"):
        vae.swap(x[:2], y[:2], onto=y[3])
    with pytest.raises(DifferentiaError, match="in one process"):
        Differentia("vae", settings={"training": {"devices": 2}}).fit(x[:200], y[:200])
