"""A run folder: what is written is read again, and reading one runs no code."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

from differentia.data.dataset import LabelledData, Split
from differentia.data.settings import DataSettings
from differentia.errors import DifferentiaError
from differentia.inference import encode_all
from differentia.methods.report import Report
from differentia.training.checkpoint import Checkpoint
from differentia.training.devices import OneDevice
from differentia.training.loop import Trainer
from differentia.training.presets import preset
from differentia.training.run import DataDescription, Run
from differentia.training.settings import Settings

SMALL = {
    "model": {"hidden": [16], "z_dim": 3},
    "training": {"epochs": 1, "batch_size": 256, "accelerator": "cpu"},
}

OWN = """
from pathlib import Path

from differentia.methods.base import Method
from differentia.model.vae import VAE
from differentia.terms.kl import KL
from differentia.terms.reconstruction import Reconstruction

with open(Path(__file__).with_name("log"), "a") as log:
    log.write("ran ")


class Mine(Method):
    Terms = {"reconstruction": Reconstruction, "kl": KL}

    @classmethod
    def build(cls, config, shape, n_classes):
        return VAE(config, shape, n_classes)
"""


def _settings(method: str = "report") -> Settings:
    return preset(None, DataSettings(source="digits"), (8, 8, 1), SMALL, method=method)


def _trained(path: Path, data: LabelledData, method: str = "report") -> tuple[Run, Trainer]:
    settings = preset(None, DataSettings(source="digits"), (8, 8, 1), _small(method), method=method)
    run = Run.create(path, settings, data)
    trainer = Trainer(settings, data, OneDevice())
    trainer.run(save=run.save)
    return run, trainer


def _read(path: Path) -> None:
    opened = Run.open(path)
    opened.save_model({}, [])
    opened.load_model()


def _small(method: str) -> dict[str, object]:
    return SMALL | {"model": SMALL["model"] | ({"w_dim": 3} if method == "report" else {})}


def test_an_opened_run_is_the_one_that_was_made(digits: LabelledData, tmp_path: Path) -> None:
    run, trainer = _trained(tmp_path / "run", digits)
    opened = Run.open(run.path)
    assert opened.settings == run.settings
    assert opened.settings.of_method is Report
    assert opened.description == run.description == DataDescription.of(digits)
    assert opened.metrics() == trainer.monitor.records
    model = opened.load_model()
    assert not model.training
    x, y = digits.test.x, digits.test.y
    assert np.array_equal(encode_all(model, x, y).z_mean, encode_all(trainer.method.model, x, y).z_mean)
    y = np.arange(10)
    drawn = [m.draw_codes(y, np.random.default_rng(0))[0] for m in (model, trainer.method.model)]
    assert np.array_equal(*drawn)


def test_the_weights_of_the_rivals_are_in_the_checkpoint_alone(digits: LabelledData, tmp_path: Path) -> None:
    run, _ = _trained(tmp_path / "run", digits)
    checkpoint = Checkpoint.load(run.checkpoint_path)
    assert any(".rival." in name for name in checkpoint.tensors)
    assert set(run.load_model().state_dict()) == set(checkpoint.part("method.model"))


def test_a_folder_that_holds_something_is_not_written_to(digits: LabelledData, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "thesis.txt").write_text("mine")
    with pytest.raises(DifferentiaError, match=r"exists already\. Name another folder\.$"):
        Run.create(tmp_path / "run", _settings(), digits)
    assert [file.name for file in (tmp_path / "run").iterdir()] == ["thesis.txt"]


def test_a_run_that_cannot_be_begun_leaves_nothing(
    digits: LabelledData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Run, "save_settings", lambda run: os.read(-1, 1))
    with pytest.raises(OSError, match="Bad file descriptor"):
        Run.create(tmp_path / "run", _settings(), digits)
    assert not list((tmp_path / "run").iterdir())


def test_a_folder_that_is_a_run_is_offered_to_be_gone_on_with(digits: LabelledData, tmp_path: Path) -> None:
    run = Run.create(tmp_path / "my run", _settings(), digits)
    with pytest.raises(DifferentiaError, match=r"exists already.*or go on with: .* --resume '.*my run'$"):
        Run.check_free(run.path)


def test_a_run_of_one_s_own_method_names_the_file_and_runs_it_only_when_told_where_it_lies(
    digits: LabelledData, tmp_path: Path
) -> None:
    file = tmp_path / "code" / "mine.py"
    file.parent.mkdir()
    file.write_text(OWN)
    named = f"{file}:Mine"
    run, _ = _trained(tmp_path / "run", digits, named)
    log = file.with_name("log")
    assert yaml.safe_load((run.path / "config.yaml").read_text())["method"] == "mine.py:Mine"
    log.unlink()

    beside = run.path / "mine.py"  # not even a file of the folder itself
    beside.write_text(OWN)
    for somewhere in (None, f"{file}:Yours", str(file.with_name("other.py")) + ":Mine", "report"):
        words = (
            r"never runs code.*path/to/mine\.py:Mine" if somewhere is None else r"mine\.py:Mine, and not by"
        )
        with pytest.raises(DifferentiaError, match=words):
            Run.open(run.path, somewhere)
    assert not log.exists()
    assert not beside.with_name("log").exists()

    os.utime(file, (1, 1))  # a file that has not changed would not be run again
    opened = Run.open(run.path, named)
    assert log.read_text() == "ran "
    assert opened.settings.of_method.__name__ == "Mine"
    assert encode_all(opened.load_model(), digits.test.x, digits.test.y).w_mean.shape == (len(digits.test), 0)


def test_no_setting_of_a_run_folder_runs_code(digits: LabelledData, tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(OWN)
    run = Run.create(tmp_path / "run", _settings(), digits)
    config = run.path / "config.yaml"
    values = yaml.safe_load(config.read_text())
    refined = {"method": "refined", "terms": {}}
    evil = f"{file}:Mine"
    nested = {"teacher_method": "refined", "teacher": {"teacher_method": evil}}
    for changes in (
        {"method": evil},
        refined | {"model": {"teacher_method": evil}},
        refined | {"model": nested},
    ):
        config.write_text(yaml.safe_dump(values | changes))
        with pytest.raises((DifferentiaError, ValueError)):
            _read(run.path)
    assert not (tmp_path / "log").exists()
    config.write_text("!!python/object/apply:pathlib.Path.touch [evil]")
    with pytest.raises(DifferentiaError, match="is damaged"):
        Run.open(run.path)


def test_a_run_of_the_first_version_says_which_version_reads_it(digits: LabelledData, tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", _settings(), digits)
    config = run.path / "config.yaml"
    old = yaml.safe_load(config.read_text())
    del old["terms"], old["method"]
    old["objective"] = {"capacity": {"mode": "beta"}, "class_loss": None}
    config.write_text(yaml.safe_dump(old))
    with pytest.raises(DifferentiaError, match=r"is of differentia 0\.1.*that version, or train again"):
        Run.open(run.path)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("config.yaml", "[1, 2", "is damaged"),
        ("config.yaml", "- a\n- b", "holds no settings"),
        ("config.yaml", "method: lax", "no method 'lax'"),
        ("config.yaml", "method: report", "'data'"),
        ("data.json", "{", "is damaged"),
        ("data.json", "{}", "is damaged"),
    ],
)
def test_a_damaged_folder_is_named_in_one_sentence(
    name: str, text: str, words: str, digits: LabelledData, tmp_path: Path
) -> None:
    run = Run.create(tmp_path / "run", _settings(), digits)
    (run.path / name).write_text(text)
    with pytest.raises(DifferentiaError, match=words):
        Run.open(run.path)


@pytest.mark.parametrize("content", [b'{"epoch": 1}\n{"epo', b"[1, 2]", b"\xff\xfe"])
def test_damaged_metrics_are_named_in_one_sentence(
    content: bytes, digits: LabelledData, tmp_path: Path
) -> None:
    run = Run.create(tmp_path / "run", _settings(), digits)
    (run.path / "metrics.jsonl").write_bytes(content)
    with pytest.raises(DifferentiaError, match=r"metrics\.jsonl is damaged"):
        run.metrics()


def test_a_folder_without_config_or_weights_says_what_it_lacks(digits: LabelledData, tmp_path: Path) -> None:
    with pytest.raises(DifferentiaError, match="not a run"):
        Run.open(tmp_path)
    run = Run.create(tmp_path / "run", _settings(), digits)
    with pytest.raises(DifferentiaError, match="no weights yet"):
        run.load_model()
    assert run.metrics() == []
    run.save_model({"trunk.weight": torch.zeros(1)}, [])
    with pytest.raises(DifferentiaError, match=r"does not fit the run's config\.yaml"):
        run.load_model()
    (run.path / "model.safetensors").write_bytes(b"no weights")
    with pytest.raises(DifferentiaError, match="damaged"):
        run.load_model()


def test_data_that_changed_are_told_from_those_of_the_run(digits: LabelledData) -> None:
    x = digits.train.x.copy()
    x[0, 0, 0, 0] += 1
    changed = LabelledData(digits.name, Split(x, digits.train.y), digits.test, digits.class_names)
    assert DataDescription.of(digits) == DataDescription.of(digits)
    assert DataDescription.of(changed).fingerprint != DataDescription.of(digits).fingerprint
