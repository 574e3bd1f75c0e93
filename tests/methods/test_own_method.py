"""A term with a rival of its own, through the loop as it is; and a method of one's own, from a file."""

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from differentia import config
from differentia.data.dataset import LabelledData
from differentia.data.settings import DataSettings
from differentia.errors import DifferentiaError
from differentia.methods.base import find
from differentia.methods.vae import VariationalAutoencoder
from differentia.model.base import Model
from differentia.terms.base import Curve, Facts, Part, Pass, Term
from differentia.training.devices import OneDevice
from differentia.training.loop import Trainer
from differentia.training.presets import preset
from differentia.training.settings import validated


class Brightness(Term):
    """The last dimension of z is hidden from a rival that reads the picture's brightness from the others."""

    class Config(config.Config):
        """The weight, and how often the rival learns."""

        weight: float = 10.0
        steps: int = 3

    curves = (Curve("Brightness, told", "squared error", {"told": "step 1", "rival_error": "step 2"}),)
    rival: nn.Linear

    def __init__(self, config: Config, model: Model, facts: Facts) -> None:
        super().__init__(config, model, facts)
        self.rival = nn.Linear(model.z_dim, 1)
        self.rival_steps, self.rival_rate = config.steps, 0.01
        self.register_buffer("seen", torch.zeros(()))

    def error(self, p: Pass) -> torch.Tensor:
        """Return the rival's squared error."""
        return F.mse_loss(self.rival(p.code["z"])[:, 0], p.x.flatten(1).mean(1))

    def loss(self, p: Pass) -> dict[str, Part]:
        """Raise the error."""
        assert p.code["z"].requires_grad
        return {"told": Part(-self.error(p), self.config.weight)}

    def rival_loss(self, p: Pass) -> dict[str, Part]:
        """Lower the error."""
        assert not p.code["z"].requires_grad
        return {"rival_error": Part(self.error(p))}

    def update(self, p: Pass) -> torch.Tensor:
        """Count the batches."""
        self.seen += 1
        return self.seen

    def state(self, progress: float) -> dict[str, torch.Tensor]:
        """Record the count."""
        return {"seen": self.seen}


class WithBrightness(VariationalAutoencoder):
    """A VAE with that term."""

    Terms = {**VariationalAutoencoder.Terms, "brightness": Brightness}  # noqa: RUF012


def test_a_term_of_the_tests_trains_with_its_rival_through_the_loop(digits: LabelledData) -> None:
    values = {
        "method": "own",
        "data": {"source": "digits"},
        "model": {"hidden": [32], "z_dim": 4},
        "terms": {"brightness": {"weight": 5.0}},
        "training": {"epochs": 2, "batch_size": 256},
    }
    settings = validated(values, WithBrightness)
    trainer = Trainer(settings, digits, OneDevice())
    rival = trainer.method.terms["brightness"].rival
    assert rival is not None
    before = [w.detach().clone() for w in (*rival.parameters(), *trainer.method.model.decoder.parameters())]
    assert trainer.run()
    after = [*rival.parameters(), *trainer.method.model.decoder.parameters()]
    assert all(not torch.equal(a, b) for a, b in zip(after, before, strict=True))
    last = trainer.monitor.records[-1]
    assert last["seen"] == trainer.total_steps == 10
    assert last["told"] < 0 < last["rival_error"]
    names = trainer.checkpoint().tensors
    assert {"method.terms.brightness.seen", "method.terms.brightness.rival.weight"} <= names.keys()
    assert (names["rival.brightness.steps"] == 30).all()  # three updates a batch
    without = validated(values | {"terms": {"brightness": None}}, WithBrightness)
    alone = Trainer(without, digits, OneDevice())
    assert not alone.rivals


OWN = """
from __future__ import annotations

from dataclasses import dataclass

from differentia import config
from differentia.methods.vae import VariationalAutoencoder
from differentia.terms.base import Part, Pass, Term


@dataclass
class Scale:
    factor: float = 2.0


class Size(Term):
    class Config(config.Config):
        weight: float = 1.0

    def loss(self, p: Pass) -> dict[str, Part]:
        return {"size": Part(Scale().factor * p.code["z"].square().sum(1).mean(), self.config.weight)}


class Own(VariationalAutoencoder):
    Terms = {**VariationalAutoencoder.Terms, "size": Size}


not_a_method = 3
"""


@pytest.fixture
def own(tmp_path: Path) -> Path:
    file = tmp_path / "own.py"
    file.write_text(OWN, "utf-8")
    return file


def test_a_method_of_ones_own_is_found_and_trained(own: Path, digits: LabelledData) -> None:
    name = f"{own}:Own"
    changes = {
        "model": {"hidden": [16]},
        "terms": {"size": {"weight": 2}},
        "training": {"epochs": 1, "batch_size": 256},
    }
    settings = preset(None, DataSettings(source="digits"), (8, 8, 1), changes, method=name)
    assert (settings.preset, settings.method) == ("plain", "own.py:Own")
    trainer = Trainer(settings, digits, OneDevice())
    assert trainer.run()
    assert trainer.monitor.records[0]["size"] > 0


@pytest.mark.parametrize("class_name", ["Missing", "not_a_method", "Size", ""])
def test_a_class_that_is_no_method_is_said(own: Path, class_name: str) -> None:
    with pytest.raises(DifferentiaError, match=rf"own\.py has no method '{class_name}'"):
        find(f"{own}:{class_name}")


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("missing.py", None, "There is no file .*missing.py"),
        ("notes.txt", "hello", "notes.txt is no Python file"),
        ("broken.py", "def", r"broken.py cannot be run \(SyntaxError"),
        ("needy.py", "import nothing_of_this_name", r"needy.py cannot be run \(ModuleNotFoundError"),
    ],
)
def test_a_file_that_cannot_be_used_is_said(
    name: str, text: str | None, message: str, tmp_path: Path
) -> None:
    if text is not None:
        (tmp_path / name).write_text(text, "utf-8")
    with pytest.raises(DifferentiaError, match=message) as caught:
        find(f"{tmp_path / name}:Own")
    assert "\n" not in str(caught.value)


def test_an_unknown_name_lists_the_methods() -> None:
    with pytest.raises(DifferentiaError, match=r"no method 'vea'.* vae.*path/to/file.py:Class"):
        find("vea")
