"""Runs are resumed, shared and never trained twice."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console
from safetensors.torch import load_file

from differentia.data.catalogue import load
from differentia.data.settings import DataSettings
from differentia.reproduce import worker
from differentia.reproduce.jobs import Job
from differentia.reproduce.runner import run_jobs
from differentia.reproduce.worker import run_job, stored_result
from differentia.training.presets import preset
from differentia.training.run import DataDescription

NUMBERS = {"accuracy": {"z": 0.1, "w": 0.9}}


def job(epochs, seed=0):
    changes = {
        "model": {"hidden": [32, 16]},
        "training": {"epochs": epochs, "seed": seed, "batch_size": 128, "accelerator": "cpu"},
    }
    data = DataSettings(source="digits", limit=300)
    return Job(preset("strict", data, (8, 8, 1), changes), DataDescription.of(load(data)).fingerprint)


@pytest.fixture(autouse=True)
def quick_measuring(monkeypatch):
    """Measuring takes most of the time of so small a run, and is tested elsewhere."""
    monkeypatch.setattr(worker, "measure_run", lambda model, data, seed, full: NUMBERS)


def quiet():
    return Console(quiet=True)


def test_a_finished_job_is_not_trained_again(tmp_path, monkeypatch):
    jobs = [job(2), job(2), job(2, seed=1)]
    assert run_jobs(tmp_path, jobs, 1, "loky", quiet()) == []
    assert {path.name for path in tmp_path.iterdir()} == {j.key for j in jobs}
    assert stored_result(tmp_path, jobs[0])["accuracy"] == NUMBERS["accuracy"]

    def fail(*args):
        raise AssertionError("trained again")

    monkeypatch.setattr(worker, "_trained", fail)
    assert run_jobs(tmp_path, jobs, 1, "loky", quiet()) == []


def test_a_result_of_another_measurement_is_measured_again_without_training(tmp_path, monkeypatch):
    one = job(2)
    run_job(tmp_path, one, os.getpid())
    before = load_file(tmp_path / one.key / "model.safetensors")
    path = worker.result_path(tmp_path, one)
    path.write_text(json.dumps(json.loads(path.read_text()) | {"version": 0}))
    monkeypatch.setattr(worker.Trainer, "train_batch", None)
    assert run_job(tmp_path, one, os.getpid()) is None
    after = load_file(tmp_path / one.key / "model.safetensors")
    assert stored_result(tmp_path, one) is not None
    assert all((before[name] == after[name]).all() for name in before)


def test_a_job_that_fails_does_not_stop_the_others(tmp_path):
    bad = job(2)
    bad = replace(bad, settings=bad.settings.model_copy(update={"data": DataSettings(source="nowhere")}))
    failures = run_jobs(tmp_path, [bad, job(2)], 1, "loky", quiet())
    assert len(failures) == 1
    assert failures[0].startswith(bad.key)
    assert stored_result(tmp_path, job(2)) is not None


def test_a_job_is_not_trained_on_other_data_than_it_was_made_for(tmp_path):
    other = replace(job(2), fingerprint="of other data")
    assert "not those that the job was made for" in run_job(tmp_path, other, os.getpid())
    assert not (tmp_path / other.key).exists()


def test_a_result_of_another_run_in_the_same_folder_does_not_count(tmp_path):
    one = job(2)
    run_job(tmp_path, one, os.getpid())
    path = worker.result_path(tmp_path, one)
    result = json.loads(path.read_text())
    result["identity"]["versions"]["model"] += 1
    path.write_text(json.dumps(result))
    assert stored_result(tmp_path, one) is None


def test_half_written_files_of_a_killed_process_are_removed_and_its_epochs_kept(tmp_path, monkeypatch):
    one = job(2)
    run_job(tmp_path, one, os.getpid())
    worker.result_path(tmp_path, one).unlink()
    (tmp_path / one.key / ".checkpoint.123.partial.safetensors").write_bytes(b"half")
    monkeypatch.setattr(worker.Trainer, "train_batch", None)
    assert run_jobs(tmp_path, [one], 1, "loky", quiet()) == []
    assert stored_result(tmp_path, one) is not None
    assert not list((tmp_path / one.key).glob(".*"))


def test_a_folder_that_cannot_be_continued_is_begun_anew(tmp_path):
    one = job(2)
    (tmp_path / one.key).mkdir()
    (tmp_path / one.key / "config.yaml").write_text("preset: strict")
    assert run_jobs(tmp_path, [one], 1, "loky", quiet()) == []
    assert len((tmp_path / one.key / "metrics.jsonl").read_text().splitlines()) == 2


def test_a_process_gives_up_when_the_one_that_handed_the_job_out_is_gone(tmp_path, monkeypatch):
    """But not when its terminal is: a job in the same process has nobody to wait for it."""
    monkeypatch.setattr(worker.os, "getppid", iter(range(1000)).__next__)
    assert run_job(tmp_path, job(2), os.getpid()) is None
    with pytest.raises(SystemExit):
        run_job(tmp_path, job(2, seed=1), os.getpid() + 1)
    assert stored_result(tmp_path, job(2, seed=1)) is None


@pytest.mark.slow
def test_a_killed_job_goes_on_from_its_last_epoch_and_ends_as_if_never_killed(tmp_path):
    one = job(60)
    text = (
        "import os, sys; from pathlib import Path; from test_runner import job, run_job;"
        "run_job(Path(sys.argv[1]), job(60), os.getpid())"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", text, str(tmp_path / "killed")], cwd=Path(__file__).parent
    )
    metrics = tmp_path / "killed" / one.key / "metrics.jsonl"
    deadline = time.monotonic() + 120
    while not (metrics.exists() and len(metrics.read_text().splitlines()) >= 2):
        assert process.poll() is None, "ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = metrics.read_text().splitlines()
    assert 2 <= len(before) < 60

    assert run_job(tmp_path / "killed", one, os.getpid()) is None
    # Seconds are part of a record: an epoch that was trained again would show others.
    assert metrics.read_text().splitlines()[: len(before)] == before

    run_job(tmp_path / "whole", one, os.getpid())
    killed, whole = (load_file(tmp_path / n / one.key / "model.safetensors") for n in ("killed", "whole"))
    assert all((killed[name] == whole[name]).all() for name in whole)


@pytest.mark.slow
def test_processes_do_the_same_as_one(tmp_path):
    # Processes measure in full, so the numbers of the one are only those of the training.
    assert run_jobs(tmp_path / "two", [job(2), job(2, seed=1)], 2, "loky", quiet()) == []
    run_jobs(tmp_path / "one", [job(2)], 1, "loky", quiet())
    two, one = (load_file(tmp_path / n / job(2).key / "model.safetensors") for n in ("two", "one"))
    assert all((one[name] == two[name]).all() for name in one)
    result = stored_result(tmp_path / "two", job(2))
    assert result["identity"] == job(2).identity.to_json()
    assert set(result["accuracy"]) == {"z", "w"}
    assert result["audit"]["w"]["samples"]["accuracy"] > 0.3  # three times what chance gives
