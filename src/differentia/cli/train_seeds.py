"""``differentia train --seeds N``: one training from several seeds at once, and one table of them."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from differentia.cli.terminal import strong
from differentia.errors import DifferentiaError
from differentia.machine import cores

if TYPE_CHECKING:
    from differentia.tables import Table
    from differentia.training.settings import Settings

_POLL_SECONDS = 0.5
_FIGURES = {
    "squared_error": ("error", 2),
    "kl_z": ("KL_z", 2),
    "kl_w": ("KL_w", 2),
    "probe_z": ("y from z", 3),
    "probe_w": ("y from w", 3),
}
"""What the table shows of a run's summary, by its key there: heading and digits."""


def train_seeds(
    console: Console,
    settings: "Settings",
    folder: Path,
    count: int,
    method: str | None,
    logger: str | None,
    figures: bool,
) -> None:
    """Train `count` runs, ``folder/seed0`` and on from the seed of the settings, and print a table of them.

    Each run is a command of its own. `method` says where a method of one's own lies. Ctrl-C stops and saves
    every run. A DifferentiaError says which runs failed, and why.
    """
    import yaml

    from differentia.files import write_text
    from differentia.tables import to_csv, to_rich
    from differentia.training.devices import launch

    training = settings.training
    if training.devices > 1:
        raise DifferentiaError("--seeds trains each run in one process. Leave out --devices, or --seeds.")
    plan = folder / "settings.yaml"
    write_text(plan, yaml.safe_dump(settings.model_dump(), sort_keys=False, width=100))
    options = ["--figures" if figures else "--no-figures", *(["--logger", logger] if logger else [])]
    options += ["--method", method] if method and ":" in method else []
    seeds = range(training.seed, training.seed + count)
    runs = {folder / f"seed{seed}": seed for seed in seeds}
    commands = {
        run: ["train", "--config", str(plan), "--set", f"training.seed={seed}", "--out", str(run), *options]
        for run, seed in runs.items()
    }
    at_once = min(count, cores()) if launch(training).device.type == "cpu" else 1
    console.print(f"{count} runs, {at_once} at a time → {strong(folder)}", soft_wrap=True)
    try:
        codes = _carry_out(console, commands, at_once, training.epochs)
    except (KeyboardInterrupt, SystemExit) as stop:
        console.print("Stopped and saved.", style="yellow")
        for run in runs:
            if run.exists() and (how := _last_line(run, "Go on with")):
                console.print(how, markup=False, soft_wrap=True)
        if isinstance(stop, SystemExit):
            raise
        raise typer.Exit(130) from None
    failed = [f"{run.name}: {_last_line(run) or 'it said nothing'}" for run, code in codes.items() if code]
    if failed:
        raise DifferentiaError(f"{len(failed)} of {count} runs failed. " + " ".join(failed))
    table = _table(runs)
    write_text(folder / "seeds.csv", to_csv(table))
    console.print(to_rich(table))
    console.print(
        "error: squared, a test sample. y from z, w: how often a linear probe tells the class. "
        "mean: with its 95 % interval (Student).",
        style="dim",
    )
    console.print(
        f"The same as {strong(folder / 'seeds.csv')}; each run is in a folder of its own.", soft_wrap=True
    )


def _carry_out(
    console: Console, commands: Mapping[Path, Sequence[str]], at_once: int, epochs: int
) -> dict[Path, int]:
    """Run the commands of the runs, so many at once with a thread each, and return their exit codes.

    What a command prints goes to a file beside its run's folder. Ctrl-C and SIGTERM reach all of them, and
    are raised when all have saved.
    """
    waiting, running = list(commands), dict[Path, subprocess.Popen[bytes]]()
    codes: dict[Path, int] = {}
    environment = os.environ | {"OMP_NUM_THREADS": "1", "NO_COLOR": "1"}
    try:
        with _progress(console, commands, epochs) as show:
            while waiting or running:
                while waiting and len(running) < at_once:
                    run = waiting.pop(0)
                    with run.with_suffix(".log").open("wb") as log:
                        running[run] = subprocess.Popen(
                            [sys.executable, "-m", "differentia", *commands[run]],
                            stdin=subprocess.DEVNULL,
                            stdout=log,
                            stderr=subprocess.STDOUT,
                            env=environment,
                            start_new_session=True,  # Ctrl-C is passed on below, once
                        )
                time.sleep(_POLL_SECONDS)
                show()
                for run in [run for run, process in running.items() if process.poll() is not None]:
                    codes[run] = running.pop(run).returncode
    finally:
        for process in running.values():
            process.terminate()  # SIGTERM: a shell's background job, and its children, ignore SIGINT
        for process in running.values():
            process.wait()
    return codes


@contextmanager
def _progress(console: Console, runs: Iterable[Path], epochs: int) -> Iterator[Callable[[], None]]:
    """Yield a function that draws a bar a run, by the epochs that the run has recorded."""
    from differentia.training.run import recorded_epochs

    with Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
    ) as bar:
        tasks = {run: bar.add_task(run.name, total=epochs) for run in runs}

        def show() -> None:
            for run, task in tasks.items():
                bar.update(task, completed=recorded_epochs(run))

        yield show


def _last_line(run: Path, start: str = "") -> str | None:
    """Return the last line that a run's command printed, of those that begin so."""
    lines = run.with_suffix(".log").read_text("utf-8", errors="replace").split("\n")
    return next((line for line in reversed(lines) if line.strip() and line.startswith(start)), None)


def _table(runs: Mapping[Path, int]) -> "Table":
    """Return a row a seed, and one of the means with their 95 % intervals."""
    from differentia.reproduce.seed_means import Mean, number
    from differentia.tables import Cell, Column, Table

    found = [json.loads((run / "summary.json").read_text("utf-8")) for run in runs]
    shown = {key: as_ for key, as_ in _FIGURES.items() if all(summary[key] is not None for summary in found)}
    rows = [
        (
            Cell(str(seed), (seed,)),
            *(Cell(number(summary[key], digits), (summary[key],)) for key, (_, digits) in shown.items()),
        )
        for seed, summary in zip(runs.values(), found, strict=True)
    ]
    means = [(Mean.of([summary[key] for summary in found]), digits) for key, (_, digits) in shown.items()]
    rows.append(
        (Cell("mean", ("mean",)), *(Cell(mean.text(digits), (mean.value,)) for mean, digits in means))
    )
    columns = (Column(heading, (key,)) for key, (heading, _) in shown.items())
    return Table((Column("seed", ("seed",)), *columns), tuple(rows))
