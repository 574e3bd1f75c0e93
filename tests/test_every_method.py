"""Every method is measured and shown like any other; what its model lacks is left out, and said."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from differentia.data.catalogue import load
from differentia.data.dataset import LabelledData
from differentia.data.settings import DataSettings
from differentia.inference import encode_all
from differentia.methods.base import built_in, find
from differentia.metrics.audit.audit import audit
from differentia.metrics.codes import INPUTS, code_split
from differentia.metrics.factors.naming import name_factors
from differentia.metrics.generation import generation
from differentia.metrics.remarks import remarks
from differentia.metrics.summary import summarise
from differentia.model.base import Model
from differentia.plots import figures, traversals
from differentia.reproduce.measure_run import measure_run
from small import encoded


@pytest.fixture(scope="module")
def data() -> LabelledData:
    return load(DataSettings(source="digits", limit=100))


def untrained(name: str, data: LabelledData) -> Model:
    """Return the model of a method, of few weights."""
    method = find(name)
    small = {"z_dim": 3, "hidden": [8]} | ({"w_dim": 2} if "w_dim" in method.Config.model_fields else {})
    torch.manual_seed(0)
    return method.build(method.Config(**small), data.shape, data.n_classes).eval()


@pytest.fixture(scope="module")
def noiseless(data: LabelledData) -> Model:
    return untrained("autoencoder", data)


def test_every_method_closes_its_training_with_numbers(data: LabelledData) -> None:
    for name in set(built_in()) - {"refined"}:
        model = untrained(name, data)
        found = summarise(model, data, seed=0)
        json.dumps(found.to_json(), allow_nan=False)
        assert (found.kl_z is None) == model.deterministic, name
        assert (found.kl_w is None) == (found.probe_w is None) == (not model.w_dim), name


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("strict", "w and class", ()),
        ("csvae", "w", ("does not see the class",)),
        ("naive", "class", ("no w", "encoder of z is told")),
        ("cvae", "class", ("no w", "encoder of z is told")),
        ("vae", "", ("no w", "nothing to swap")),
        ("autoencoder", "", ("no w", "no KL", "nothing to swap")),
    ],
)
def test_what_a_model_lacks_is_said(name: str, given: str, said: tuple[str, ...], data: LabelledData) -> None:
    model = untrained(name, data)
    assert model.given == given
    found = remarks(model)
    assert len(found) == len(said)
    assert all(words in sentence for words, sentence in zip(said, found, strict=True))


def test_a_code_without_noise_has_no_kl_and_one_form(noiseless: Model, data: LabelledData) -> None:
    codes = encode_all(noiseless, data.test.x, data.test.y)
    assert np.isnan(codes.z_kl).all()
    assert codes.nats("z") is codes.nats("w") is None
    split = code_split(noiseless, data.test, seed=0)
    assert np.array_equal(split.z, codes.z_mean)
    assert split.forms("z") == ("samples",)
    assert split.forms("w") == ()
    assert code_split(untrained("vae", data), data.test, seed=0).forms("z") == INPUTS


def test_nats_add_up_the_dimensions() -> None:
    mean, none = np.full((5, 2), 2, dtype=np.float32), np.empty((5, 0), dtype=np.float32)
    codes = encoded(mean, np.zeros_like(mean), none, none)
    assert codes.nats("z") == pytest.approx(2 * 2**2 / 2)
    assert codes.nats("w") is None


def test_the_audit_of_a_code_without_noise(noiseless: Model, data: LabelledData) -> None:
    found = audit(noiseless, data, seed=0, quick=True)
    document = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert {(row["code"], row["input"]) for row in document["rows"]} == {("z", "samples")}
    assert document["swap"] is document["collapse"]["kl_z"] is document["collapse"]["kl_z_dimensions"] is None
    printed = str(found)
    assert all(sentence in " ".join(printed.split()) for sentence in found.remarks)
    assert "the code" in printed
    for absent in ("inf", "nan", "nats", "Swapped", "None"):
        assert absent not in printed.replace("information", "")
    assert "swap" not in found.verdict.sentence


def test_a_dimension_without_noise_is_silent_where_moving_it_does_nothing(data: LabelledData) -> None:
    model: Any = untrained("autoencoder", data)
    for network in (model.decoder, model.z_head):  # random weights, strong enough to be heard
        for weight in network.parameters():
            torch.nn.init.normal_(weight)
    torch.nn.init.zeros_(next(p for p in model.decoder.parameters() if p.ndim == 2)[:, 1])
    found = name_factors(model, data, seed=0, quick=True)
    assert [bool(factor.silent.all()) for factor in found.z] == [False, True, False]
    json.dumps(found.to_json(), allow_nan=False)


def test_bounds_are_of_codes_with_noise(noiseless: Model, data: LabelledData) -> None:
    found = generation(noiseless, data, seed=0, quick=True).to_json()
    assert found["elbo"] is found["importance_weighted"] is None
    assert found["squared_error"]["value"] > 0


@pytest.mark.slow
@pytest.mark.parametrize("name", ["autoencoder", "cvae"])
def test_reproduce_measures_it(name: str, data: LabelledData) -> None:
    model = untrained(name, data)
    found = measure_run(model, data, seed=0)
    json.dumps(found, allow_nan=False)
    assert found["kl_identity"] is None  # of one code with noise and a standard-normal prior
    assert (found["kl_z"] is None) == model.deterministic
    assert set(found["accuracy"]) == set(model.dims)
    assert (found["audit"]["swap"] is None) == (not model.given)


def test_the_pictures_of_a_code_without_noise_speak_of_no_nats(
    noiseless: Model, data: LabelledData, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    said: list[Any] = []
    monkeypatch.setattr(figures, "filmstrips", lambda *args: said.append(args))
    anchors = traversals.anchors(noiseless, data, 0, (0, 1))
    figures.class_traversals(noiseless, data, anchors, 0, "z")
    figures.dimension_by_class(noiseless, data, anchors, "z", 1)
    for _, _, rows, title, caption in said:
        assert all("nan" not in str(row) for row in rows)
        assert not any(word in title + caption for word in ("ats", "KL", "posterior", "generic"))
    monkeypatch.setattr(figures, "save", lambda figure, path: None)
    for name, swapped in (("vae", False), ("csvae", True)):
        monkeypatch.setattr(figures, "dimension_by_class", lambda *args: None)
        monkeypatch.setattr(figures, "class_traversals", lambda *args: None)
        drawn = figures.write_figures(untrained(name, data), data, tmp_path, [], [], 0)
        assert ("swaps" in [path.stem for path in drawn]) is swapped
