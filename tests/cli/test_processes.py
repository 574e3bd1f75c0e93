"""Whole processes of ``differentia train``: stopped at any moment, and several that train together."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from safetensors.torch import load_file

SMALL = ["--set", "model.hidden=[32]", "--set", "model.z_dim=6", "--set", "model.w_dim=3"]
LONG = ["train", "digits", "--epochs", "30", *SMALL, "--no-figures"]
LONG += ["--set", "training.checkpoint_seconds=0.05"]


def _process(folder: Path, *words: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "differentia", *words]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that nothing stopped."""
    folder = tmp_path_factory.mktemp("whole")
    process = _process(folder, *LONG, "--out", "run")
    said = process.communicate(timeout=600)[0]
    assert process.returncode == 0, said
    return folder / "run"


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_run_stopped_at_any_moment_and_resumed_ends_bit_identical(
    how: int, whole: Path, tmp_path: Path
) -> None:
    stopped = _process(tmp_path, *LONG, "--out", "stopped")
    metrics = tmp_path / "stopped" / "metrics.jsonl"
    deadline = time.monotonic() + 120
    while (not metrics.exists() or len(metrics.read_text().splitlines()) < 3) and time.monotonic() < deadline:
        time.sleep(0.01)
    stopped.send_signal(how)
    said = stopped.communicate(timeout=600)[0]
    if how == signal.SIGINT:
        assert stopped.returncode == 130
        assert "differentia train --resume stopped" in said
    assert len(metrics.read_text().splitlines()) < 30, "it was finished before it could be stopped"
    resumed = _process(tmp_path, "train", "--resume", "stopped", "--no-figures")
    said = resumed.communicate(timeout=600)[0]
    assert resumed.returncode == 0, said
    first, second = (load_file(run / "model.safetensors") for run in (whole, tmp_path / "stopped"))
    assert all((first[key] == second[key]).all() for key in first)


@pytest.mark.slow
@pytest.mark.parametrize("method", [["strict", "--set", "terms.swap={weight: 5}"], ["discover"]])
def test_two_processes_train_together(method: list[str], tmp_path: Path) -> None:
    words = ["train", "digits", "--method", *method, "--epochs", "3", *SMALL, "--no-figures"]
    words += ["--accelerator", "cpu", "--set", "training.batch_size=64"]
    runs = {n: _process(tmp_path, *words, "--devices", str(n), "--out", f"on{n}") for n in (1, 2)}
    for process in runs.values():
        said = process.communicate(timeout=600)[0]
        assert process.returncode == 0, said
    one, two = (
        [json.loads(line) for line in (tmp_path / f"on{n}" / "metrics.jsonl").read_text().splitlines()]
        for n in (1, 2)
    )
    assert len(two) == 3
    # The same order of samples, other noise: the losses are close and not the same.
    assert two[-1]["squared_error"] == pytest.approx(one[-1]["squared_error"], rel=0.1)
    assert two[-1]["squared_error"] != one[-1]["squared_error"]
