"""One job from its settings to its result file. It can be killed at any time and started again."""

import json
import os
import shutil
import signal
import sys
import threading
import time
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from platform import python_version
from typing import Any

import torch
from threadpoolctl import threadpool_limits

from differentia.data.catalogue import load
from differentia.data.dataset import LabelledData
from differentia.data.settings import DataSettings
from differentia.errors import DifferentiaError
from differentia.files import write_json
from differentia.reproduce.jobs import Job
from differentia.reproduce.measure_run import VERSION, measure_run
from differentia.reproduce.run_identity import RunIdentity
from differentia.training.checkpoint import Checkpoint
from differentia.training.devices import launch
from differentia.training.loop import Trainer
from differentia.training.run import DataDescription, Run

_LIBRARIES = ("differentia", "torch", "lightning-fabric", "numpy", "scipy", "scikit-learn")


def result_path(folder: Path, job: Job) -> Path:
    """Where the result of a job lies; the file is there if and only if the job is done."""
    return folder / job.key / "result.json"


def stored_result(folder: Path, job: Job) -> dict[str, Any] | None:
    """Return the result of a finished job, or None."""
    try:
        result: dict[str, Any] = json.loads(result_path(folder, job).read_text("utf-8"))
        done = result["version"] == VERSION and RunIdentity.from_json(result["identity"]) == job.identity
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return result if done else None


def run_job(folder: Path, job: Job, parent: int) -> str | None:
    """Train a job unless it is trained, measure it and write its result.

    Parameters
    ----------
    folder : Path
        Holds one run folder a job.
    job : Job
        What to do.
    parent : int
        Process that handed the job out.

    Returns
    -------
    str or None
        What went wrong, in a sentence; None if nothing.
    """
    if os.getpid() != parent and threading.current_thread() is threading.main_thread():
        # Ctrl-C reaches every process of a terminal; the parent answers it for all.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(1)
    try:
        with threadpool_limits(1):
            _run(folder, job, os.getppid() if os.getpid() != parent else None)
    except DifferentiaError as problem:
        return f"{job.key}: {problem}"
    return None


def _run(folder: Path, job: Job, waits: int | None) -> None:
    data = _data(job.settings.data)
    if DataDescription.of(data).fingerprint != job.fingerprint:
        raise DifferentiaError(f"The data of {job.dataset} are not those that the job was made for.")
    run, trainer = _trained(folder / job.key, job, data, waits)
    started = time.monotonic()
    numbers = measure_run(run.load_model(), data, job.settings.training.seed, job.full_audit)
    result = {
        "version": VERSION,
        "identity": job.identity.to_json(),
        "n_train": len(data.train),
        "n_test": len(data.test),
        **numbers,
        "seconds": {"training": round(trainer.seconds, 1), "measuring": round(time.monotonic() - started, 1)},
        "versions": {"python": python_version()} | {name: version(name) for name in _LIBRARIES},
        "device": str(trainer.devices.device),
    }
    write_json(result_path(folder, job), result)


@lru_cache(maxsize=1)
def _data(settings: DataSettings) -> LabelledData:
    return load(settings)


def _trained(path: Path, job: Job, data: LabelledData, waits: int | None) -> tuple[Run, Trainer]:
    """Train to the end, from the last checkpoint where there is one, with a checkpoint an epoch.

    Give up where the process `waits`, which handed the job out, is gone; None where this very one did, whose
    own parent may go as it likes: a terminal that is closed, say.
    """
    devices = launch(job.settings.training)
    trainer = Trainer(job.settings, data, devices)
    try:
        run = Run.open(path)
        trainer.restore(Checkpoint.load(run.checkpoint_path))
    except DifferentiaError:
        # Killed in the first epoch, or left by another version of the package: nothing to go on from.
        shutil.rmtree(path, ignore_errors=True)
        run = Run.create(path, job.settings, data)
        trainer = Trainer(job.settings, data, devices)

    def watch(trainer: Trainer) -> None:
        if waits is not None and os.getppid() != waits:
            sys.exit(1)  # another start must find this run unattended
        if trainer.step % trainer.batches.per_epoch == 0:
            run.save(trainer.checkpoint())

    trainer.run(watch)
    return run, trainer
