"""What a fitted model answers, also after it was saved and loaded."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from sklearn.base import clone
from sklearn.exceptions import DataConversionWarning

from differentia import Differentia
from differentia.errors import DifferentiaError

TINY = {"model": {"hidden": [8], "network": "mlp"}}
Y = np.arange(40) % 2
GREY = np.random.default_rng(0).integers(0, 256, (40, 8, 8), dtype=np.uint8)


def tiny(method: str = "strict", **more) -> Differentia:
    return Differentia(method, **{"epochs": 1, "z_dim": 10, "settings": TINY} | more)


@pytest.fixture(scope="module")
def apart() -> tuple[Differentia, np.ndarray, np.ndarray]:
    """Two clouds that do not touch, three samples of the first to one of the second."""
    y = np.array(["rare", "often", "often", "often"] * 50)
    x = np.random.default_rng(1).normal(size=(200, 3)) + 6 * (y == "rare")[:, None]
    settings = {"model": {"hidden": [32]}}
    return Differentia("report", epochs=25, learning_rate=0.01, settings=settings).fit(x, y), x, y


def test_classes_that_lie_apart_are_told_apart(apart: tuple) -> None:
    model, x, y = apart
    assert model.score(x, y) > 0.95
    probabilities = model.predict_proba(x)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    assert probabilities[y == "rare", 1].mean() > 0.95
    np.testing.assert_array_equal(model.classes_[probabilities.argmax(1)], model.predict(x))
    np.testing.assert_allclose(model.class_prior_, [0.75, 0.25])


def test_likelihoods_add_up_by_the_rule_of_bayes(apart: tuple) -> None:
    model, x, y = apart
    joint = np.stack([model.score_samples(x, [name] * len(x)) for name in model.classes_], axis=1)
    joint += np.log(model.class_prior_)
    np.testing.assert_allclose(np.logaddexp(*joint.T), model.score_samples(x))
    np.testing.assert_allclose(np.exp(joint - model.score_samples(x)[:, None]), model.predict_proba(x))
    wrong = np.where(y == "rare", "often", "rare")
    assert (model.score_samples(x, y) > model.score_samples(x, wrong)).mean() > 0.95
    far = model.score_samples(x + 100)
    assert far.max() < model.score_samples(x).min()


def test_features_of_large_offset_are_learnt_and_come_back_in_their_units(tmp_path: Path) -> None:
    """Seconds since 1970, say, of which float32 resolves two minutes."""
    x = np.add(np.random.default_rng(0).normal(size=(40, 2)), [1.7e9, 0])
    model = tiny("report").fit(x, Y)
    plain = tiny("report").fit((x - x.mean(axis=0)) / x.std(axis=0), Y)
    assert plain.history_[-1]["loss"] == pytest.approx(model.history_[-1]["loss"], rel=1e-3)
    model.save(tmp_path / "r")
    for one in (model, Differentia.load(tmp_path / "r")):
        assert len(np.unique(one.transform(x)[:, 0])) == 40
        for drawn in (one.reconstruct(x, Y), one.sample(0), one.traverse(x[0], 0)[0]):
            assert np.abs(drawn[:, 0] - 1.7e9).max() < 100
            assert len(np.unique(drawn[:, 0])) == len(drawn)
    with pytest.warns(UserWarning, match="feature 0 varies by few steps"):
        tiny("report").fit(np.float32([1.7e9, 0]) + 50 * np.arange(80, dtype=np.float32).reshape(40, 2), Y)


def test_codes_are_decoded_as_they_were_encoded(apart: tuple) -> None:
    model, x, y = apart
    z, w = model.transform(x), model.transform_conditional(x, y)
    decoded = model.inverse_transform(z, y, w)
    assert decoded.shape == x.shape
    assert np.square(decoded - x).mean() < np.square(x - x.mean(0)).mean()
    drawn = model.inverse_transform(z, y, seed=3)
    np.testing.assert_array_equal(drawn, model.inverse_transform(z, y, seed=3))
    assert not np.array_equal(drawn, decoded)
    for wrong, told in (
        (lambda: model.inverse_transform(z), "Pass y"),
        (lambda: model.inverse_transform(z[:, :3], y), r"\(n, 10\)"),
        (lambda: model.inverse_transform(z, y, w[:5]), r"\(200, 10\)"),
        (lambda: model.inverse_transform(z * np.nan, y), "NaN"),
        (lambda: model.inverse_transform(z, y[:3]), "3 labels"),
    ):
        with pytest.raises(DifferentiaError, match=told):
            wrong()


def test_a_decoder_of_z_alone_needs_no_labels() -> None:
    model = tiny("vae").fit(GREY, Y)
    assert model.inverse_transform(model.transform(GREY)).shape == (40, 8, 8, 1)


def test_codes_without_noise_have_no_likelihood_to_compare() -> None:
    model = tiny("autoencoder").fit(GREY, Y)
    for call in (model.predict, model.predict_proba, model.score_samples):
        with pytest.raises(DifferentiaError, match="no noise"):
            call(GREY)


@pytest.mark.parametrize(
    ("given", "also"),
    [
        (Y.astype(float), [Y, Y.astype(bool), Y.astype(str), Y.astype(np.uint8)]),
        (Y, [Y.astype(float), np.eye(2)[Y], list(map(str, Y)), torch.from_numpy(Y)]),
        (Y - 1, [Y - 1.0]),
        (Y.astype(bool), [Y, Y.astype(str).astype(object) == "1"]),
        (np.eye(2)[Y], [Y]),
        (np.array([b"a", b"b"])[Y], [np.array(["a", "b"])[Y]]),
        (pd.Categorical(np.array(["b", "a"])[Y]), [np.array(["b", "a"])[Y], [b"b", b"a"] * 20]),
    ],
)  # fmt: skip
def test_a_label_is_the_same_in_every_form_and_after_save_and_load(given, also: list, tmp_path: Path) -> None:
    model = tiny().fit(GREY, given)
    model.save(tmp_path / "run")
    loaded = Differentia.load(tmp_path / "run")
    expected = model.transform_conditional(GREY, given)
    for same in (model, loaded):
        for labels in (given, *also):
            np.testing.assert_array_equal(same.transform_conditional(GREY, labels), expected)
        assert set(same.predict(GREY)) <= set(model.classes_)
        np.testing.assert_array_equal(same.predict_proba(GREY), model.predict_proba(GREY))
    assert loaded.classes_.tolist() == model.classes_.tolist()
    assert loaded.classes_.dtype.kind == model.classes_.dtype.kind


def test_a_column_of_labels_is_taken_with_the_warning_of_scikit_learn() -> None:
    with pytest.warns(DataConversionWarning, match="column-vector"):
        model = tiny().fit(GREY, Y[:, None])
    with pytest.warns(DataConversionWarning):
        codes = model.transform_conditional(GREY, Y[:, None])
    np.testing.assert_array_equal(codes, model.transform_conditional(GREY, Y))


def test_a_loaded_model_is_what_was_saved(tmp_path: Path) -> None:
    frame = pd.DataFrame(GREY.reshape(40, 64).astype(float)).rename(columns=str)
    own = {"terms": {"capacity": {"z": 5.0}}}
    model = tiny(z_dim=3, settings={"model": {"hidden": [8]}} | own, seed=4).fit(frame, Y)
    model.save(tmp_path / "run")
    loaded = Differentia.load(tmp_path / "run")
    assert loaded.feature_names_in_.tolist() == model.feature_names_in_.tolist()
    assert (loaded.n_features_in_, loaded.z_dim, loaded.seed) == (64, 3, 4)
    again = clone(loaded).fit(frame, Y)  # its parameters ask for the same settings
    assert again.settings_ == model.settings_
    np.testing.assert_array_equal(again.transform(frame), model.transform(frame))
    longer = loaded.set_params(warm_start=True, epochs=2).fit(frame, Y)
    np.testing.assert_array_equal(
        longer.transform(frame), clone(model).set_params(epochs=2).fit(frame, Y).transform(frame)
    )
    (tmp_path / "run" / "estimator.json").write_text(json.dumps({"classes": [0.5]}))
    with pytest.raises(DifferentiaError, match="damaged"):
        Differentia.load(tmp_path / "run")


def test_a_dark_picture_is_a_picture() -> None:
    black = np.zeros((1, 8, 8), np.uint8)
    on_whole_numbers, on_floats = tiny().fit(GREY, Y), tiny().fit(GREY / 255, Y)
    np.testing.assert_array_equal(on_whole_numbers.transform(black), on_floats.transform(black / 255))
    np.testing.assert_array_equal(on_floats.transform(black), on_floats.transform(black / 255))
    assert on_whole_numbers.transform(black + 1).shape == (1, 10)
    with pytest.raises(DifferentiaError, match="whole numbers up to 1"):
        on_floats.transform(black + 1)  # black or white: the numbers do not say


@pytest.mark.parametrize(
    "same",
    [
        GREY[:, ::-1][:, ::-1],
        np.asfortranarray(GREY),
        GREY.astype(">i4"),
        torch.from_numpy(GREY),
        [Image.fromarray(picture) for picture in GREY],
        GREY.astype(np.float32) / np.float32(255) + np.float32(1e-7) * (GREY == 255),
    ],
)
def test_every_layout_gives_the_same_codes(same) -> None:
    model = tiny().fit(GREY, Y)
    np.testing.assert_array_equal(model.transform(same), model.transform(GREY))
    np.testing.assert_array_equal(tiny().fit(same, Y).transform(GREY), model.transform(GREY))


def test_mirrored_read_only_colours_are_learnt() -> None:
    bgr = np.random.default_rng(0).integers(0, 256, (40, 16, 16, 3), dtype=np.uint8)
    bgr.flags.writeable = False
    model = Differentia("vae", epochs=1, settings={"model": {"network": "mlp", "hidden": [8]}}).fit(
        bgr[..., ::-1], Y
    )
    assert model.reconstruct(bgr[..., ::-1], Y).shape == bgr.shape


def test_held_out_samples_of_fit_are_those_of_the_audit() -> None:
    model = tiny()
    with pytest.raises(DifferentiaError, match="without"):
        model.fit(GREY, Y, GREY)
    with pytest.raises(DifferentiaError, match="no held-out samples"):
        model.fit(GREY, Y).audit()
    assert len(model._data.test) == 0
    model.fit(GREY, Y, X_test=GREY[:10] // 2, y_test=Y[:10])
    assert len(model._data.test) == 10


def test_a_notebook_shows_the_verdict_and_filmstrips() -> None:
    model = tiny("report", settings={"model": {"hidden": [8], "w_dim": 10}})
    assert "filmstrips" not in model._repr_html_()
    assert "not audited" in model.fit(GREY, Y, GREY, Y)._repr_html_()
    verdict = model.audit(quick=True).verdict
    shown = model._repr_mimebundle_()["text/html"]
    assert verdict.sentence.replace("'", "&#x27;") in shown
    assert [shown.count(f"<img alt='filmstrips of {code}' src='data:image/") for code in "zw"] == [1, 1]
    assert "not audited" in model.fit(GREY, Y)._repr_html_()
