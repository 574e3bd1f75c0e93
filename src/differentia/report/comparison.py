"""Several runs side by side, from their ``audit.json``: a table and a picture."""

import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from differentia.errors import DifferentiaError
from differentia.plots.fonts import drawable, families
from differentia.plots.style import DPI, INK, LABEL, MUTED, SMALL
from differentia.report.evidence import SCHEMA
from differentia.tables import Cell, Column, Table


@dataclass(frozen=True)
class Compared:
    """The figures of one run; None stands for what the model or the data do not have.

    Attributes
    ----------
    run, method, data : str
        Name of the run, its method, and its data set.
    squared_error : float
        Of a reconstruction of test data, summed over pixels (or standardised features).
    leak_z, leak_z_low, leak_z_high, chance : float
        Accuracy of the best probe on samples of z with its 95 % interval, and chance.
    leak_z_parameters : float or None
        The same on the posterior's parameters.
    accuracy_w : float or None
        The same on samples of w.
    swap_consistency : float or None
        Share of swapped pictures that show the class of w.
    coverage : float or None
        Share of real test samples with a generated one nearby.
    kl_z, kl_w : float or None
        Nats that the codes carry.
    verdict : str
        The audit's level.
    """

    run: str
    method: str
    data: str
    squared_error: float
    leak_z: float
    leak_z_low: float
    leak_z_high: float
    chance: float
    leak_z_parameters: float | None
    accuracy_w: float | None
    swap_consistency: float | None
    coverage: float | None
    kl_z: float | None
    kl_w: float | None
    verdict: str

    @classmethod
    def of(cls, name: str, document: dict[str, Any]) -> "Compared":
        """Pick the figures from the content of an ``audit.json``."""
        audit, drawn = document["audit"], document["generation"]["drawn"]
        best = {(row["code"], row["input"]): row for row in audit["worst"]}
        z, w = best["z", "samples"], best.get(("w", "samples"))
        parameters, swap = best.get(("z", "parameters")), audit["swap"]
        return cls(
            run=name,
            method=document["run"].get("method") or document["run"]["preset"],
            data=document["run"]["data"]["name"],
            squared_error=document["generation"]["squared_error"]["value"],
            leak_z=z["accuracy"],
            leak_z_low=z["low"],
            leak_z_high=z["high"],
            chance=audit["chance"],
            leak_z_parameters=parameters["accuracy"] if parameters else None,
            accuracy_w=w["accuracy"] if w else None,
            swap_consistency=swap["says_b"]["value"] if swap else None,
            coverage=drawn["coverage"] if drawn else None,
            kl_z=audit["collapse"]["kl_z"],
            kl_w=audit["collapse"]["kl_w"],
            verdict=audit["verdict"]["level"],
        )


COLUMNS = (
    Column("run", ("run",), "left"),
    Column("method", ("method",), "left"),
    Column("data", ("data",), "left"),
    Column("error", ("squared_error",), meaning="squared error of a reconstruction"),
    Column(
        "z %",
        ("leak_z", "leak_z_low", "leak_z_high"),
        meaning="class read from samples of z by the best probe, with its 95 % interval; lower is better",
        latex=r"$z$ (\%)",
    ),
    Column("chance %", ("chance",), meaning="always answering the most frequent class", latex=r"chance (\%)"),
    Column(
        "[μ, log σ²] %",
        ("leak_z_parameters",),
        meaning="class read from the parameters of z's posterior",
        latex=r"$[\mu, \log\sigma^2]$ (\%)",
    ),
    Column("w %", ("accuracy_w",), meaning="class read from samples of w", latex=r"$w$ (\%)"),
    Column(
        "swaps %",
        ("swap_consistency",),
        meaning="swapped pictures that show the class of w",
        latex=r"swaps (\%)",
    ),
    Column(
        "coverage %",
        ("coverage",),
        meaning="real samples with a generated one nearby",
        latex=r"coverage (\%)",
    ),
    Column("KL z", ("kl_z",), meaning="nats that z carries", latex="KL $z$"),
    Column("KL w", ("kl_w",), meaning="nats that w carries", latex="KL $w$"),
    Column("verdict", ("verdict",), "left"),
)
"""Columns of the table of runs. In a CSV file shares are from 0 to 1 and in full precision."""


def table(runs: Sequence[Compared]) -> Table:
    """Return runs as a table, percentages rounded to one decimal, "–" for what is absent."""
    return Table(COLUMNS, tuple(map(_row, runs)))


def _row(run: Compared) -> tuple[Cell, ...]:
    def share(value: float | None) -> str:
        return "–" if value is None else f"{100 * value:.1f}"

    def number(value: float | None, decimals: int) -> str:
        return "–" if value is None else f"{value:.{decimals}f}"

    leak = f"{share(run.leak_z)} ({share(run.leak_z_low)} to {share(run.leak_z_high)})"
    return (
        Cell(run.run, (run.run,)),
        Cell(run.method, (run.method,)),
        Cell(run.data, (run.data,)),
        Cell(number(run.squared_error, 2), (run.squared_error,)),
        Cell(leak, (run.leak_z, run.leak_z_low, run.leak_z_high)),
        Cell(share(run.chance), (run.chance,)),
        Cell(share(run.leak_z_parameters), (run.leak_z_parameters,)),
        Cell(share(run.accuracy_w), (run.accuracy_w,)),
        Cell(share(run.swap_consistency), (run.swap_consistency,)),
        Cell(share(run.coverage), (run.coverage,)),
        Cell(number(run.kl_z, 1), (run.kl_z,)),
        Cell(number(run.kl_w, 1), (run.kl_w,)),
        Cell(run.verdict, (run.verdict,)),
    )


def read_runs(paths: Sequence[Path]) -> list[Compared]:
    """Read the figures of runs, in the order given.

    Parameters
    ----------
    paths : sequence of Path
        Run folders. Two of the same name are called by their paths.

    Raises
    ------
    DifferentiaError
        If a folder is missing, has no ``audit.json``, or one that cannot be read.
    """
    missing = [path for path in paths if not path.is_dir()]
    if missing:
        raise DifferentiaError(f"{_listed(missing)}: no such folder. Name the folders of trained runs.")
    bare = [path for path in paths if not (path / "audit.json").is_file()]
    if bare:
        commands = "; ".join(f"differentia report {shlex.quote(str(path))}" for path in bare)
        verb = "has" if len(bare) == 1 else "have"
        raise DifferentiaError(f"{_listed(bare)} {verb} no audit.json yet. Make it with: {commands}")
    names = [path.resolve().name for path in paths]
    return [
        _read(path, name if names.count(name) == 1 else str(path))
        for path, name in zip(paths, names, strict=True)
    ]


def _listed(paths: Sequence[Path]) -> str:
    return ", ".join(map(str, paths))


def _read(path: Path, name: str) -> Compared:
    again = f"Make it again with: differentia report {shlex.quote(str(path))}"
    try:
        document = json.loads((path / "audit.json").read_text("utf-8"))
        schema = document["schema"]
        if schema != SCHEMA:
            raise DifferentiaError(f"{path}/audit.json has the layout {schema}, not {SCHEMA}. {again}")
        return Compared.of(name, document)
    except (OSError, ValueError, KeyError, TypeError, IndexError) as problem:
        raise DifferentiaError(f"{path}/audit.json is damaged ({problem!r}). {again}") from None


_COLOURS = (
    "#2f6fdf", "#d9822b", "#2ca02c", "#7b4fd0", "#0d8f8f", "#c8375f", "#8c564b", "#d870b4", "#8a8a1e",
    "#16a5d0", "#1f2f6b", "#e3b505", "#70a080",
)  # fmt: skip
_MARKERS = "osD^vP"


def picture(rows: Sequence[Compared]) -> Figure:
    """Draw leak against squared error: the better a run, the nearer to the lower left.

    Parameters
    ----------
    rows : sequence of Compared
        Runs. Colours tell methods apart, markers data sets; a dash below each run is its chance.

    Returns
    -------
    Figure
        One pair of axes.
    """
    methods, sets = (list(dict.fromkeys(getattr(row, key) for row in rows)) for key in ("method", "data"))
    figure = Figure(figsize=(6.8, 4.4), dpi=DPI, facecolor="white", layout="constrained")
    axes = figure.add_subplot()
    for row in rows:
        axes.plot(row.squared_error, 100 * row.chance, marker="_", markersize=18, color=MUTED, linestyle="")
    for row in rows:
        axes.errorbar(
            row.squared_error,
            100 * row.leak_z,
            yerr=[[100 * (row.leak_z - row.leak_z_low)], [100 * (row.leak_z_high - row.leak_z)]],
            color=_COLOURS[methods.index(row.method) % len(_COLOURS)],
            marker=_MARKERS[sets.index(row.data) % len(_MARKERS)],
            markersize=6,
            elinewidth=1.2,
            capsize=2.5,
        )
        name, place = drawable(row.run), (row.squared_error, 100 * row.leak_z)
        axes.annotate(
            name, place, xytext=(8, 4), textcoords="offset points",
            size=SMALL, color=INK, parse_math=False, family=families(name),
        )  # fmt: skip
    names = [("chance", MUTED, "_")]
    if len(methods) > 1:
        names += [(name, colour, "o") for name, colour in zip(methods, cycle(_COLOURS), strict=False)]
    if len(sets) > 1:
        names += [(name, MUTED, marker) for name, marker in zip(sets, cycle(_MARKERS), strict=False)]
    handles = [
        Line2D([], [], color=colour, marker=marker, linestyle="", label=drawable(name).replace("$", r"\$"))
        for name, colour, marker in names
    ]
    axes.legend(handles=handles, fontsize=SMALL, frameon=False, labelcolor=INK, loc="best")
    axes.set_xlim(left=0, right=1.25 * max(row.squared_error for row in rows) or 1)
    axes.set_ylim(bottom=0, top=min(108, 118 * max(max(row.leak_z_high, row.chance) for row in rows)))
    axes.set_xlabel("squared error of a reconstruction", size=LABEL, color=INK)
    axes.set_ylabel("class read from z by the best probe, %", size=LABEL, color=INK)
    axes.tick_params(labelsize=SMALL, colors=MUTED, length=3)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color("#c9cdd3")
    return figure
