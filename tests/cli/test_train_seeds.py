"""``differentia train --seeds``: runs like any other, side by side, and one table."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

QUICK = ["--epochs", "1", "--no-figures", "--set", "model.hidden=[16]", "--method", "report"]


@pytest.mark.slow
def test_each_seed_is_a_run_of_its_own_and_the_table_is_of_all(differentia: Callable, tmp_path: Path) -> None:
    code, out, err = differentia("train", "digits", "--seeds", "2", "--seed", "4", "--out", "two", *QUICK)
    assert (code, err) == (0, "")
    found = {}
    for seed in (4, 5):
        run = tmp_path / "two" / f"seed{seed}"
        assert yaml.safe_load((run / "config.yaml").read_text())["training"]["seed"] == seed
        found[str(seed)] = json.loads((run / "summary.json").read_text())["squared_error"]
    assert found["4"] != found["5"]
    written = (tmp_path / "two" / "seeds.csv").read_text().splitlines()
    rows = {row["seed"]: row for row in csv.DictReader(written)}
    assert list(rows) == ["4", "5", "mean"]
    assert {seed: float(rows[seed]["squared_error"]) for seed in found} == found
    assert float(rows["mean"]["squared_error"]) == pytest.approx(sum(found.values()) / 2)
    assert f"{found['4']:.2f}" in out


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "code", "background"), [(signal.SIGINT, 130, False), (signal.SIGTERM, 143, True)]
)
def test_a_signal_saves_every_run_and_says_how_to_go_on(
    tmp_path: Path, number: int, code: int, background: bool
) -> None:
    words = ["train", "digits", "--seeds", "2", "--out", "two", *QUICK, "--epochs", "9999"]
    words += ["--set", "training.checkpoint_seconds=0"]
    command = [sys.executable, "-m", "differentia", *words]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "COLUMNS": "200"}
    before = signal.getsignal(signal.SIGINT)
    if background:  # a shell's background job ignores Ctrl-C, and so do its children
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    process = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True)
    signal.signal(signal.SIGINT, before)
    begun = [tmp_path / "two" / f"seed{seed}" / "metrics.jsonl" for seed in (0, 1)]
    while not all(path.exists() and path.read_text() for path in begun):
        assert process.poll() is None
        time.sleep(0.1)
    process.send_signal(number)
    out, _ = process.communicate(timeout=120)
    assert process.returncode == code
    for seed in (0, 1):
        assert f"differentia train --resume two/seed{seed}" in out
        assert (tmp_path / "two" / f"seed{seed}" / "checkpoint.safetensors").exists()
        assert "Stopped in epoch" in (tmp_path / "two" / f"seed{seed}.log").read_text()


@pytest.mark.slow
def test_a_run_that_fails_is_named_with_its_reason(differentia: Callable) -> None:
    words = ["--seeds", "1", "--out", "bad", *QUICK, "--set", "training.learning_rate=1e9"]
    code, _, err = differentia("train", "digits", *words)
    assert code == 2
    assert "1 of 1 runs failed. seed0: error: The loss is no longer finite" in err


def test_seeds_do_not_go_with_what_is_one_run(differentia: Callable) -> None:
    code, _, err = differentia("train", "--resume", "run", "--seeds", "2")
    assert code == 2
    assert "--resume goes on with the run's own settings" in err
    code, _, err = differentia("train", "digits", "--seeds", "2", "--devices", "2")
    assert code == 2
    assert "Leave out --devices, or --seeds" in err
