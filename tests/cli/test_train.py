"""``differentia train`` as a person uses it: whole processes, real files, interruptions and mistakes."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image
from safetensors.torch import load_file
from scipy.ndimage import gaussian_filter

SMALL = ["--set", "model.hidden=[32]", "--set", "model.z_dim=6", "--set", "model.w_dim=3"]


def _process(folder: Path, *words: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "differentia", *words]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


@pytest.mark.slow
def test_a_training_leaves_a_whole_run_folder(differentia: Callable, tmp_path: Path) -> None:
    code, out, err = differentia("train", "digits", "--epochs", "2", "--seed", "5", *SMALL)
    assert (code, err) == (0, "")
    run = tmp_path / "runs" / "digits-discover-seed5"
    assert "squared error" in out
    assert "class from w" in out
    for name in ("config.yaml", "data.json", "model.safetensors", "checkpoint.safetensors", "summary.json"):
        assert (run / name).stat().st_size > 0
    assert len((run / "metrics.jsonl").read_text().splitlines()) == 2
    assert len(list((run / "figures").glob("*.png"))) > 20
    assert not [path for path in run.rglob("*") if ".partial" in path.name]


@pytest.mark.slow
def test_a_run_repeats_from_its_config(differentia: Callable, tmp_path: Path) -> None:
    assert differentia("train", "digits", "--epochs", "1", "--out", "a", *SMALL, "--no-figures")[0] == 0
    assert differentia("train", "--config", "a/config.yaml", "--out", "b", "--no-figures")[0] == 0
    first, second = (load_file(tmp_path / name / "model.safetensors") for name in "ab")
    assert all((first[key] == second[key]).all() for key in first)
    assert yaml.safe_load((tmp_path / "a/config.yaml").read_text())["training"]["epochs"] == 1


@pytest.mark.slow
def test_a_folder_of_colour_photographs_trains(differentia: Callable, tmp_path: Path) -> None:
    """200 pictures of two classes that differ in colour, of mixed sizes and formats."""
    rng = np.random.default_rng(0)
    for label, tint in (("sky", [0.3, 0.6, 1.0]), ("wood", [0.6, 0.4, 0.2])):
        (tmp_path / "photos" / label).mkdir(parents=True)
        for number in range(100):
            height, width = rng.integers(40, 90, 2)
            ramp = np.linspace(0, 1, height)[:, None, None] * np.ones((1, width, 3))
            picture = ramp * tint * rng.uniform(0.6, 1) + rng.normal(0, 0.03, (height, width, 3))
            image = Image.fromarray((picture.clip(0, 1) * 255).astype(np.uint8))
            image.save(tmp_path / "photos" / label / f"{number}.{'jpg' if number % 2 else 'png'}")
    code, out, err = differentia("train", "photos", "--epochs", "1", "--size", "32", "--out", "run")
    assert code == 0, err
    assert "160 training and 40 test samples of 32 × 32 × 3, 2 classes" in out.replace("\n", " ")
    assert list((tmp_path / "run/figures").glob("traversals-z-wood*.png"))


def test_a_shape_is_not_measured_of_photographs(differentia: Callable, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    light = gaussian_filter(rng.normal(size=(60, 16, 16, 3)), (0, 4, 4, 0))
    photographs = (255 * (light - light.min()) / np.ptp(light)).astype(np.uint8)
    np.savez(tmp_path / "sky.npz", x=photographs, y=np.repeat([0, 1], 30))
    code, _, err = differentia("train", "sky.npz", "--measured", "brightness,width")
    assert (code, err) == (
        2,
        "error: sky has no width: its pictures show no shapes before a dark ground. "
        "Leave width out of --measured.\n",
    )
    assert not (tmp_path / "runs").exists()


@pytest.mark.slow
def test_vectors_train(differentia: Callable, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1, 2], 60)
    np.savez(tmp_path / "v.npz", x=rng.normal(size=(180, 6)) + y[:, None], y=y)
    code, out, err = differentia("train", "v.npz", "--epochs", "2", "--out", "run")
    assert (code, err) == (0, "")
    assert "standardised" in out
    code, _, err = differentia("train", "v.npz", "--generic", "shift")
    assert (code, err) == (
        2,
        "error: The method does not fit v: it holds vectors, and only images can be transformed and "
        "measured: use --generic none --measured none.\n",
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("data: {source: digits}\nmodel: 3", "'model' is impossible"),
        ("data: digits", "'data' is impossible"),
        ("data: {source: digits}\ntraining: [1]", "'training' is impossible"),
        ("a: 1\n---\nb: 2", "cannot be read as settings"),
    ],
)
def test_a_config_of_another_form_is_refused(
    text: str, sentence: str, differentia: Callable, tmp_path: Path
) -> None:
    (tmp_path / "mine.yaml").write_text(text)
    code, _, err = differentia("train", "--config", "mine.yaml", "--epochs", "1", "--no-figures")
    assert code == 2
    assert sentence in err
    assert len(err.strip().splitlines()) == 1
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["train"], "Say what to train"),
        (["train", "digits", "--config", "c.yaml"], "Say what to train"),
        (["train", "digits", "--resume", "r"], "--resume goes on"),
        (["train", "--resume", "nowhere"], "is not a run"),
        (["train", "--config", "nowhere.yaml"], "cannot be read"),
        (["train", "digits", "--preset", "lax"], "no preset 'lax'"),
        (["train", "digits", "--set", "terms.capacity.z"], "not of the form"),
        (["train", "digits", "--set", "model=3"], "The setting 'model' is impossible"),
        (["train", "digits", "--set", "model.z_dim=10"], "use z_dim of at most 9"),
        (["train", "digits", "--set", "terms.independence.zz=3"], "no setting 'terms.independence.zz'"),
        (["train", "digits", "--set", "data=3"], "'data'"),
        (["train", "digits", "--epochs", "0"], "training.epochs"),
        (["train", "digits", "--seed", "-1"], "training.seed"),
        (["train", "digits", "--size", "4"], "data.size"),
        (["train", "digits", "--precision", "8-bit"], "training.precision"),
        (["train", "digits", "--accelerator", "abacus"], "Cannot train on"),
        (["train", "digits", "--logger", "abacus"], "no logger 'abacus'"),
        (
            [
                "train",
                "digits",
                "--method",
                "strict",
                "--set",
                "model={network: conv, channels: [4, 4, 4, 4]}",
            ],
            "8×8",
        ),
        (["train", "digits", "--test-fraction", "1.5"], "data.test_fraction"),
        (["train", "digits", "--generic", "turn"], "given: 'turn'"),
        (["train", "digits", "--generic", "shift,shear", "--set", "model.z_dim=2"], "z_dim of at least 3"),
        (["train", "digits", "--measured", "charm"], "no measurement 'charm'"),
        (["train", "digits", "--measured", "saturation"], "Leave saturation out of --measured"),
        (["train", "nowhere/at/all"], "nowhere/at/all"),
        (["train", "digits", "--out", "taken"], "exists already"),
    ],
)
def test_mistakes_end_in_one_sentence_and_exit_code_2(
    words: list[str], sentence: str, differentia: Callable, tmp_path: Path
) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "thesis.txt").write_text("years of work")
    code, _, err = differentia(*words)
    assert code == 2
    assert sentence in err
    assert "Traceback" not in err
    assert len(err.strip().splitlines()) == 1
    assert (tmp_path / "taken" / "thesis.txt").read_text() == "years of work"
    assert not (tmp_path / "runs").exists()


@pytest.mark.slow
def test_a_damaged_run_is_named_and_left_as_it_is(differentia: Callable, tmp_path: Path) -> None:
    assert differentia("train", "digits", "--epochs", "1", "--out", "run", *SMALL, "--no-figures")[0] == 0
    checkpoint = tmp_path / "run" / "checkpoint.safetensors"
    checkpoint.write_bytes(checkpoint.read_bytes()[:1000])
    code, _, err = differentia("train", "--resume", "run")
    assert code == 2
    assert "is damaged" in err
    assert checkpoint.stat().st_size == 1000
    (tmp_path / "run" / "data.json").write_text("{")
    assert "run is damaged" in differentia("train", "--resume", "run")[2]


@pytest.mark.slow
def test_a_loss_that_is_not_finite_ends_in_one_sentence(differentia: Callable) -> None:
    code, _, err = differentia(
        "train", "digits", "--out", "run", *SMALL, "--set", "training.learning_rate=1e30"
    )
    assert code == 2
    assert "no longer finite at step" in err
    assert "negative_log_likelihood" in err


def test_settings_are_printed_with_their_meaning(differentia: Callable) -> None:
    code, out, _ = differentia("train", "digits", "--preset", "report", "--settings")
    assert code == 0
    assert "terms.capacity.beta = 100.0" in out.replace("\n", " ")


def test_a_method_has_the_settings_of_its_own_model_and_terms(differentia: Callable) -> None:
    code, out, err = differentia("train", "digits", "--method", "factor-vae", "--settings")
    assert (code, err) == (0, "")
    assert "terms.total_correlation.weight = 6.4" in out.replace("\n", " ")
    code, _, err = differentia("train", "digits", "--method", "naive", "--settings", "--set", "model.w_dim=3")
    assert code == 2
    assert "no setting 'model.w_dim'" in err
