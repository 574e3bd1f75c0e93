"""Many jobs at once, on this machine or on a Dask or Ray cluster, with progress and a clean stop."""

import os
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from joblib import Parallel, delayed, parallel_config
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from differentia.errors import DifferentiaError
from differentia.reproduce.jobs import Job
from differentia.reproduce.worker import run_job, stored_result
from differentia.training.run import recorded_epochs

BACKENDS = ("loky", "dask", "ray")
_POLL_SECONDS = 1.0
_MEASURING = 2
"""Measuring a run counts as so many epochs on the progress bar."""


def run_jobs(folder: Path, jobs: Sequence[Job], workers: int, backend: str, console: Console) -> list[str]:
    """Run the jobs that are not done yet.

    Parameters
    ----------
    folder : Path
        Holds one run folder a job; on a cluster it lies where every machine sees it.
    jobs : sequence of Job
        Those that are done are skipped, those begun are continued.
    workers : int
        Jobs at a time.
    backend : str
        One of `BACKENDS`.
    console : Console
        Where the progress is drawn.

    Returns
    -------
    list of str
        What went wrong, a sentence a failed job.

    Raises
    ------
    DifferentiaError
        If the backend is unknown or not installed.
    """
    check_backend(backend)
    waiting = list({job.key: job for job in jobs if stored_result(folder, job) is None}.values())
    done = len({job.key for job in jobs}) - len(waiting)
    console.print(
        f"{len(waiting)} runs to do, {done} done before; {workers} at a time → {escape(str(folder))}"
    )
    if not waiting:
        return []
    _sweep(folder, waiting)
    with ExitStack() as stack:
        if backend == "loky":
            stack.enter_context(parallel_config("loky", inner_max_num_threads=1))
        else:
            stack.enter_context(_cluster(backend))
        stack.enter_context(_progress(folder, waiting, console))
        # Jobs are handed out as processes get free, so that an interruption finds no queue to clear.
        outcomes = Parallel(n_jobs=workers, batch_size=1, pre_dispatch="n_jobs")(
            delayed(run_job)(folder, job, os.getpid()) for job in waiting
        )
    return [outcome for outcome in outcomes if outcome is not None]


def check_backend(backend: str) -> None:
    """Check that a backend can be used.

    Raises
    ------
    DifferentiaError
        If it is unknown or not installed.
    """
    if backend not in BACKENDS:
        raise DifferentiaError(f"There is no backend '{backend}'. Choose from {', '.join(BACKENDS)}.")
    package, module = {"dask": ("dask[distributed]", "distributed"), "ray": ("ray", "ray")}.get(
        backend, ("joblib", "joblib")
    )
    try:
        __import__(module)
    except ImportError:
        raise DifferentiaError(
            f"--backend {backend} needs a package that is not installed. Install it: pip install '{package}'."
        ) from None


@contextmanager
def _cluster(backend: str) -> Iterator[None]:
    """Connect to the cluster that DASK_SCHEDULER_ADDRESS or RAY_ADDRESS names, or start a local one."""
    if backend == "dask":
        from distributed import Client  # type: ignore[import-not-found]

        with Client(), parallel_config("dask"):
            yield
    else:
        from ray.util.joblib import register_ray  # type: ignore[import-not-found]

        register_ray()
        with parallel_config("ray"):
            yield


def _sweep(folder: Path, jobs: Sequence[Job]) -> None:
    """Remove half-written files that a killed process left in the folders of unfinished jobs."""
    for job in jobs:
        for left in (folder / job.key).glob(".*.partial*"):
            left.unlink()


@contextmanager
def _progress(folder: Path, jobs: Sequence[Job], console: Console) -> Iterator[None]:
    """Draw a bar over all jobs, and one for each that is running, from what the run folders say."""
    total = sum(job.settings.training.epochs + _MEASURING for job in jobs)
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeRemainingColumn(elapsed_when_finished=True),
        console=console,
        # Speed is judged over ten minutes, for epochs arrive in bursts.
        speed_estimate_period=600,
    ) as bar:
        begun, start = _epochs(folder, jobs), time.time()
        everything = bar.add_task("epochs of all runs", total=total, completed=sum(begun.values()))
        rows: dict[str, TaskID] = {}
        ended = threading.Event()

        def poll() -> None:
            while not ended.wait(_POLL_SECONDS):
                draw()

        def draw() -> None:
            epochs = _epochs(folder, jobs)
            bar.update(everything, completed=sum(epochs.values()))
            for job in jobs:
                whole = job.settings.training.epochs + _MEASURING
                running = _touched(folder / job.key) >= start and epochs[job.key] < whole
                if running and job.key not in rows:
                    rows[job.key] = bar.add_task(f"  {job.key}", total=whole, completed=epochs[job.key])
                elif job.key in rows and running:
                    bar.update(rows[job.key], completed=epochs[job.key])
                elif job.key in rows:
                    bar.remove_task(rows.pop(job.key))

        thread = threading.Thread(target=poll, daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()
            draw()


def _touched(path: Path) -> float:
    """When a run last showed life, seconds since 1970; 0 if never."""
    marks = [path / name for name in ("metrics.jsonl", "data.json")]
    return max((mark.stat().st_mtime for mark in marks if mark.exists()), default=0.0)


def _epochs(folder: Path, jobs: Sequence[Job]) -> dict[str, int]:
    """Epochs done by each job, the measuring included."""
    counts = {}
    for job in jobs:
        counts[job.key] = recorded_epochs(folder / job.key)
        if stored_result(folder, job) is not None:
            counts[job.key] += _MEASURING
    return counts
