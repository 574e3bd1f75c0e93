"""From a request to runs, tables, figures and the page."""

import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout
from rich.console import Console
from rich.markup import escape

from differentia.data.catalogue import load
from differentia.errors import DifferentiaError
from differentia.files import write_text
from differentia.reproduce import outcome_tables
from differentia.reproduce.class_loss_effect import distances, effects
from differentia.reproduce.experiments import Experiment, datasets_of, experiments_of
from differentia.reproduce.frontier import draw_frontier
from differentia.reproduce.jobs import Cell, Job, data_settings, settings_of
from differentia.reproduce.outcomes import outcome_of
from differentia.reproduce.quantities import QUANTITIES
from differentia.reproduce.report_figures import draw_figure
from differentia.reproduce.reproduction_page import write_pages
from differentia.reproduce.results import records, store, stored
from differentia.reproduce.runner import run_jobs
from differentia.reproduce.variants import chosen
from differentia.training.run import DataDescription


@dataclass(frozen=True)
class Request:
    """What a person asked for, checked.

    Attributes
    ----------
    name : str
        A table or figure, or ``all``.
    datasets : tuple of str
        Data sets.
    seeds : int
        Runs a variant, with seeds 0, 1, …
    variants : str
        ``default``, ``all`` or names.
    quick : bool
        10,000 samples and a short training.
    """

    name: str
    datasets: tuple[str, ...]
    seeds: int
    variants: str
    quick: bool

    @classmethod
    def of(cls, name: str, datasets: str, seeds: int, variants: str, quick: bool) -> "Request":
        """Check names.

        Raises
        ------
        DifferentiaError
            If a table, data set or variant is unknown, or they do not go together.
        """
        request = cls(name, datasets_of(datasets), seeds, variants, quick)
        if not request.experiments():
            shown = ", ".join(experiments_of(name)[0].datasets)
            raise DifferentiaError(f"{name} shows no {datasets}. Choose --datasets from {shown}.")
        for experiment in request.experiments():
            request.names(experiment)
        return request

    @property
    def command(self) -> str:
        """The command line that repeats it."""
        words = ["differentia", "reproduce", self.name, "--datasets", ",".join(self.datasets)]
        words += ["--seeds", str(self.seeds), "--variants", self.variants] + ["--quick"] * self.quick
        return shlex.join(words)

    def experiments(self) -> list[Experiment]:
        """Return the experiments that are defined for one of the data sets."""
        return [e for e in experiments_of(self.name) if set(e.datasets) & set(self.datasets)]

    def names(self, experiment: Experiment) -> tuple[str, ...]:
        """Return the variants of an experiment; named variants that it does not have are an error.

        Under ``all`` they are left out instead, and an experiment that has none of them takes its default.
        """
        if self.name != "all" or self.variants in ("default", "all"):
            return chosen(self.variants, experiment.default, experiment.every)
        every = tuple(dict.fromkeys(name for e in experiments_of("all") for name in e.every))
        asked = chosen(self.variants, (), every)
        return tuple(name for name in asked if name in experiment.every) or experiment.default


def plan(request: Request) -> list[Cell]:
    """Return every run that a request needs, in its places.

    Raises
    ------
    DifferentiaError
        If a data set cannot be read.
    """
    data = {
        name: DataDescription.of(load(data_settings(name, request.quick), progress=True))
        for name in request.datasets
    }
    cells = []
    for experiment in request.experiments():
        for dataset in (name for name in request.datasets if name in experiment.datasets):
            # Seed by seed, so that an interrupted table has whole rows.
            for seed in range(1 if experiment.one_seed else request.seeds):
                for variant in experiment.variants(request.names(experiment)):
                    full = experiment.full_audit and not request.quick
                    own = data[dataset].n_train if experiment.preset_training else None
                    settings = settings_of(variant, dataset, data[dataset].shape, seed, request.quick, own)
                    job = Job(settings, data[dataset].fingerprint, full)
                    cells.append(Cell(experiment.name, variant, job))
    return cells


def reproduce(
    request: Request, out: Path, results: Path, workers: int, backend: str, console: Console
) -> list[str]:
    """Train what is missing, then write tables, figures and page.

    Parameters
    ----------
    request : Request
        What to reproduce.
    out : Path
        Run folders go to ``out/runs``.
    results : Path
        Tables, figures and raw results go here, the page beside it, as ``reproduction.md``.
    workers, backend
        As for `runner.run_jobs`.
    console : Console
        Shows progress and tables.

    Returns
    -------
    list of str
        Runs that failed, a sentence each.

    Raises
    ------
    DifferentiaError
        If another process works in `out`, or a data set cannot be read.
    """
    with _alone(out):
        cells = plan(request)
        failures = run_jobs(out / "runs", [cell.job for cell in cells], workers, backend, console)
        for experiment in request.experiments():
            own = [cell for cell in cells if cell.experiment == experiment.name]
            if experiment.name in QUANTITIES:
                _write_table(experiment, own, request, out / "runs", results, console)
            else:
                for path in draw_figure(experiment, own, out, results, request.quick, console):
                    console.print(f"[bold]{experiment.name}[/bold] → {escape(str(path))}")
        page = write_pages(results)
    console.print(f"tables and figures in {escape(str(results))}, page {escape(str(page))}", style="bold")
    return failures


@contextmanager
def _alone(out: Path) -> Iterator[None]:
    """Hold the folder of the runs: two commands at once would train the same run into the same files.

    The lock is the operating system's and ends with the process, however it ends.
    """
    out.mkdir(parents=True, exist_ok=True)
    try:
        held = FileLock(out / ".lock").acquire(timeout=0)
    except Timeout:
        raise DifferentiaError(
            f"Another 'differentia reproduce' is at work in {out}. Wait until it ends, or give another --out."
        ) from None
    with held:
        yield


def _write_table(
    experiment: Experiment,
    cells: Sequence[Cell],
    request: Request,
    runs: Path,
    results: Path,
    console: Console,
) -> None:
    stem = experiment.name + ("-quick" if request.quick else "")
    path = results / f"{stem}.json"
    new = records(runs, cells, request.command)
    found = store(path, new) if new else stored(path)
    outcome = outcome_of(experiment, found)
    if not outcome.lines:
        return
    write_text(results / f"{stem}.csv", outcome_tables.to_csv(outcome))
    write_text(results / f"{stem}.tex", outcome_tables.to_latex(outcome, experiment.title, f"tab:{stem}"))
    title = f"{experiment.section}: {experiment.title}" + (" (quick)" if request.quick else "")
    console.print(f"\n[bold]{title}[/bold]")
    for dataset in request.datasets:
        if outcome.of(dataset):
            console.print(outcome_tables.to_rich(outcome, dataset))
    if experiment.name == "frontier":
        for dataset in outcome.datasets:
            draw_frontier(outcome, dataset, results / f"{stem}-{dataset}.png")
    if experiment.name == "table1":
        for effect in effects(outcome):
            if effect.dataset in request.datasets:
                console.print(f"{effect.dataset}, {effect.variant}: {effect.text()}")
        for name, gap in distances(outcome).items():
            console.print(f"{name}: {gap:.3f} from the printed numbers on average", style="dim")
