"""A finished run goes on with more epochs, and a run whose data moved is told where they are."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import yaml

SMALL = ["--set", "model.hidden=[8]", "--set", "model.z_dim=6", "--set", "model.w_dim=2", "--no-figures"]


@pytest.fixture
def run(differentia: Callable, tmp_path: Path) -> Path:
    """Train one epoch on 40 pictures of noise."""
    x = np.random.default_rng(0).integers(0, 256, (40, 8, 8), dtype=np.uint8)
    np.savez(tmp_path / "a.npz", x=x, y=np.arange(40) % 2)
    assert differentia("train", "a.npz", "--epochs", "1", "--out", "r", *SMALL)[0] == 0
    return tmp_path / "r"


@pytest.mark.slow
def test_a_finished_run_goes_on_with_more_epochs(run: Path, differentia: Callable) -> None:
    code, out, _ = differentia("train", "--resume", "r", "--no-figures")
    assert (code, "--epochs says how many" in " ".join(out.split())) == (0, True)
    code, out, _ = differentia("train", "--resume", "r", "--epochs", "3", "--no-figures")
    assert code == 0
    assert "Going on at epoch 2 of 3, over which the schedules are laid." in " ".join(out.split())
    assert len((run / "metrics.jsonl").read_text().splitlines()) == 3
    assert yaml.safe_load((run / "config.yaml").read_text())["training"]["epochs"] == 3
    code, _, err = differentia("train", "--resume", "r", "--epochs", "2")
    assert (code, "3 epochs are trained already" in err) == (2, True)
    for words in (["--seed", "1"], ["--epochs", "4", "--size", "8"], ["a.npz"]):
        assert differentia("train", "--resume", "r", *words)[0] == 2


def test_a_run_that_lost_its_checkpoint_is_not_begun_anew(run: Path, differentia: Callable) -> None:
    (run / "checkpoint.safetensors").unlink()
    weights = (run / "model.safetensors").read_bytes()
    code, _, err = differentia("train", "--resume", "r", "--epochs", "2")
    assert (code, "There is no checkpoint.safetensors in r" in err) == (2, True)
    assert (run / "model.safetensors").read_bytes() == weights


@pytest.mark.slow
def test_data_that_moved_are_known_by_their_content(run: Path, differentia: Callable, tmp_path: Path) -> None:
    (tmp_path / "else").mkdir()
    (tmp_path / "a.npz").rename(tmp_path / "else" / "b.npz")
    np.savez(tmp_path / "c.npz", x=np.random.default_rng(1).random((40, 8, 8)), y=np.arange(40) % 2)
    for command in (["train", "--resume"], ["report"], ["refine"]):
        code, _, err = differentia(*command, "r")
        assert (code, "Say where they are now with --data PATH" in err) == (2, True)
        code, _, err = differentia(*command, "r", "--data", "c.npz")
        assert (code, "are not those that the run r was trained on" in err) == (2, True)
    assert differentia("train", "--resume", "r", "--data", "else/b.npz", "--no-figures")[0] == 0
    moved = str(tmp_path / "else" / "b.npz")
    assert yaml.safe_load((run / "config.yaml").read_text())["data"]["source"] == moved
    code, _, err = differentia("train", "a.npz", "--data", "c.npz")
    assert (code, "--data belongs to --resume" in err) == (2, True)
