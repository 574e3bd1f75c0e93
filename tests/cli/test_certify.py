"""``differentia certify`` as a person uses it: a bound, the least noise for one, codes, and mistakes."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from differentia import Differentia

QUICK = ["--epochs", "2", "--no-figures", "--method", "report", "--set", "model.hidden=[16]", "--out", "run"]


@pytest.fixture
def data(tmp_path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Noise without a class, 900 samples of two labels, in ``data.npz``."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2400, 4)).astype(np.float32), np.repeat(["a", "b"], 1200)
    np.savez(tmp_path / "data.npz", x=x, y=y)
    return x, y


def test_a_run_is_certified_and_its_codes_are_released(
    differentia: Callable, data: tuple[np.ndarray, np.ndarray], tmp_path: Path
) -> None:
    assert differentia("train", "data.npz", *QUICK)[0] == 0
    code, out, err = differentia("certify", "run", "--draws", "2000")
    assert (code, err) == (0, "")
    assert "squared error" in out
    found = json.loads((tmp_path / "run" / "certificate.json").read_text())
    assert found["kept"]["pairs"] == 480
    assert found["kept"]["release_noise"] == 0
    assert found["kept"]["bound"] >= 0.5
    assert Differentia.load(tmp_path / "run").release_ is None

    code, out, err = differentia("certify", "run", "--draws", "2000", "--within", "0.12")
    assert (code, err) == (0, "")
    assert "transform(X, certified=True)" in out
    kept = json.loads((tmp_path / "run" / "certificate.json").read_text())["kept"]
    assert kept["bound"] <= kept["chance"] + 0.12
    released = Differentia.load(tmp_path / "run").transform(data[0], certified=True)
    assert np.array_equal(released, Differentia.load(tmp_path / "run").transform(data[0], certified=True))

    code, out, _ = differentia("certify", "run", "--draws", "2000", "--release-noise", "100")
    assert code == 0
    assert "release noise 100.00" in out


def test_what_cannot_be_certified_ends_in_a_sentence(
    differentia: Callable, data: tuple[np.ndarray, np.ndarray]
) -> None:
    assert differentia("train", "data.npz", *QUICK)[0] == 0
    code, _, err = differentia("certify", "run", "--within", "0.01")
    assert code == 2
    assert "points of chance at best, not 1.0. Allow that many, or give more samples." in err
    code, _, err = differentia("certify", "run", "--within", "0.1", "--release-noise", "1")
    assert code == 2
    assert "Leave out --release-noise, or --within" in err
    code, _, err = differentia("certify", "nothing")
    assert code == 2
    assert "is not a run" in err


def test_samples_that_were_set_aside_are_taken_before_the_test_split(
    differentia: Callable, data: tuple[np.ndarray, np.ndarray], tmp_path: Path
) -> None:
    assert differentia("train", "data.npz", *QUICK, "--certify-fraction", "0.5")[0] == 0
    code, out, _ = differentia("certify", "run", "--draws", "1000")
    assert code == 0
    assert "stands on 960 samples that were set aside" in out
    assert json.loads((tmp_path / "run" / "certificate.json").read_text())["kept"]["pairs"] == 960
