from importlib import resources
from pathlib import Path

import pytest
import yaml

from differentia.data.catalogue import NAMES
from differentia.data.settings import DataSettings
from differentia.errors import DifferentiaError
from differentia.methods.base import built_in, find
from differentia.training.presets import preset, preset_names
from differentia.training.settings import validated

SHAPES = {"vectors": (12,), "small": (28, 28, 1), "colour": (64, 64, 3)}
MNIST = DataSettings(source="mnist")

OWN = """
from differentia.methods.base import Method
from differentia.model.vae import VAE
from differentia.terms.kl import KL
from differentia.terms.reconstruction import Reconstruction


class Mine(Method):
    Terms = {"reconstruction": Reconstruction, "kl": KL}

    @classmethod
    def build(cls, config, shape, n_classes):
        return VAE(config, shape, n_classes)
"""


@pytest.fixture
def own(tmp_path: Path) -> str:
    """A method of one's own, as it is named on the command line."""
    (tmp_path / "mine.py").write_text(OWN)
    return f"{tmp_path / 'mine.py'}:Mine"


def _of(name: str) -> dict[str, object]:
    text = resources.files("differentia").joinpath("presets", f"{name}.yaml").read_text("utf-8")
    return yaml.safe_load(text)


def test_the_presets_of_the_report_and_ours_are_there() -> None:
    assert {"naive", "plain", "released", "report", "strict"} <= set(preset_names())


@pytest.mark.parametrize("name", preset_names())
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_every_preset_is_valid_for_every_data_set(name: str, shape: tuple[int, ...], own: str) -> None:
    """A preset of networks and training alone, which other presets extend, is one for any method."""
    method = None if _of(name)["method"] in built_in() else own
    for source in (*NAMES, "my/photos") if len(shape) == 3 else ("my/table.npz",):
        for n_train in (None, 2_000):
            settings = preset(name, DataSettings(source=source), shape, {}, n_train, method)
            assert settings.preset == name
            assert settings.data.source == source
            assert settings.method == ("mine.py:Mine" if method else _of(name)["method"])
            if len(shape) == 1 and name != "discover":  # whose networks follow from the samples
                assert settings.model.likelihood == "gaussian"
                assert settings.model.network == "mlp"


@pytest.mark.parametrize("name", preset_names())
def test_small_data_get_more_passes(name: str, own: str) -> None:
    """Below 10,000 samples the passes of MNIST would be a few hundred steps."""
    method = None if _of(name)["method"] in built_in() else own
    many, few = (
        preset(name, DataSettings(source="photos"), (28, 28, 1), {}, n_train, method).training
        for n_train in (60_000, 2_000)
    )
    assert few.epochs >= 60
    assert few.batch_size <= 64
    assert many.epochs < few.epochs


def test_the_report_preset_holds_the_printed_numbers() -> None:
    settings = preset("report", MNIST, (28, 28, 1), {})
    capacity, game = settings.terms.capacity, settings.terms.class_loss
    assert (capacity.mode, capacity.z, capacity.w, capacity.beta, capacity.gamma) == (
        "absolute",
        15,
        25,
        100,
        100,
    )
    assert game is not None
    assert (game.reads, game.z_weight, game.w_weight) == ("w", 1, 0)
    assert (settings.model.z_dim, settings.model.w_dim) == (10, 10)


def test_a_preset_that_extends_another_has_all_that_it_does_not_say_itself() -> None:
    assert _of("report")["extends"] == "plain"
    assert "training" not in _of("report")["base"]
    plain = _of("plain")
    report, small = (preset("report", MNIST, (28, 28, 1), {}, n) for n in (None, 2_000))
    assert report.model.hidden == plain["base"]["model"]["hidden"]
    assert report.training.epochs == plain["base"]["training"]["epochs"]
    assert small.training.epochs == plain["small"]["training"]["epochs"]
    pictures = preset("report", DataSettings(source="my/photos"), (64, 64, 3), {})
    assert pictures.model.channels == plain["pictures"]["model"]["channels"]
    # What it says itself stands beside that, and comes first.
    assert report.method == _of("report")["method"] != plain["method"]
    assert (report.model.z_dim, report.terms.capacity.z) == (10, 15)


def test_changes_come_before_every_section() -> None:
    changes = {"model": {"network": "mlp"}, "training": {"epochs": 3}}
    settings = preset("strict", DataSettings(source="celeba"), (64, 64, 3), changes, 2_000)
    assert (settings.model.network, settings.training.epochs, settings.training.batch_size) == ("mlp", 3, 64)


def test_without_a_name_it_is_that_of_the_method_and_for_one_s_own_the_plain_one(own: str) -> None:
    assert preset(None, MNIST, (28, 28, 1), {}).preset == "discover"
    declared = preset(None, MNIST, (28, 28, 1), {"model": {"generic": ["shift"], "canonical": True}})
    assert (declared.preset, declared.method) == ("strict", "strict")
    named = preset(None, MNIST, (28, 28, 1), {}, method="report")
    assert (named.preset, named.method) == ("report", "report")
    mine = preset(None, MNIST, (28, 28, 1), {}, method=own)
    assert (mine.preset, mine.method) == ("plain", "mine.py:Mine")
    assert mine.terms.kl.weight == 1.0
    assert validated(mine.model_dump(), find(own)).model_dump() == mine.model_dump()


def test_a_method_without_a_preset_of_its_name_takes_the_plain_one() -> None:
    assert "refined" in built_in()
    assert "refined" not in preset_names()
    with pytest.raises(DifferentiaError, match=r"no setting 'model\.network'"):
        preset(None, MNIST, (28, 28, 1), {}, method="refined")


def test_another_method_in_a_preset_must_know_its_settings() -> None:
    assert preset("naive", MNIST, (28, 28, 1), {}, method="report").terms.class_loss is not None
    with pytest.raises(DifferentiaError, match=r"no setting 'model\.shared_variance'"):
        preset("strict", MNIST, (28, 28, 1), {"model": {"generic": []}}, method="report")


def test_an_unknown_preset_lists_the_known_ones() -> None:
    with pytest.raises(DifferentiaError, match=r"naive, plain, released, report, strict"):
        preset("lax", MNIST, (28, 28, 1), {})


@pytest.mark.parametrize(
    ("shape", "channels"), [((12, 12, 3), 3), ((12, 40, 3), 3), ((8, 8, 3), 3), ((16, 16, 3), 4)]
)
def test_small_pictures_are_halved_as_often_as_they_can_be(shape, channels):
    found = preset("strict", DataSettings(source="photos"), shape, {})
    assert len(found.model.channels) == channels


@pytest.mark.parametrize(
    ("n_train", "epochs", "batch_size"),
    [(40, 4_800, 64), (200, 960, 64), (2_000, 96, 64), (10_000, 39, 128), (60_000, 20, 128)],
)
def test_discover_trains_by_the_number_of_samples(n_train: int, epochs: int, batch_size: int) -> None:
    """Whatever the data are called, and unless somebody says otherwise."""
    for source in ("photos", "kinds", "mnist"):
        settings = preset("discover", DataSettings(source=source), (28, 28, 1), {}, n_train).training
        assert (settings.epochs, settings.batch_size) == (epochs, batch_size)
    told = preset("discover", DataSettings(source="x"), (4,), {"training": {"epochs": 3}}, n_train)
    assert told.training.epochs == 3
