"""Training curves: every number that a run records each epoch, in small multiples."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from differentia.evaluation.pages import DPI, INK, LABEL, MUTED, SMALL, TITLE

BLUE, ORANGE = "#2f6fdf", "#d9822b"
"""The generic code z, and the conditional code w."""

_COLUMNS, _PANEL = 3, (3.3, 2.1)


@dataclass(frozen=True)
class Line:
    """One quantity of a panel: its key in the records, its name, its colour."""

    key: str
    label: str
    colour: str
    dashed: bool = False


@dataclass(frozen=True)
class Panel:
    """Quantities that share an axis."""

    title: str
    unit: str
    lines: tuple[Line, ...]


def _both(key: str, z: str = "z", w: str = "w") -> tuple[Line, Line]:
    return Line(f"{key}_z", z, BLUE), Line(f"{key}_w", w, ORANGE)


_PANELS = (
    Panel(
        "Reconstruction",
        "nats a sample",
        (Line("negative_log_likelihood", "negative log-likelihood", INK),),
    ),
    Panel("Squared error", "sum over a sample", (Line("squared_error", "squared error", INK),)),
    Panel(
        "KL of the codes",
        "nats",
        (
            *_both("kl", "KL z", "KL w"),
            Line("capacity_z", "target z", BLUE, dashed=True),
            Line("capacity_w", "target w", ORANGE, dashed=True),
        ),
    ),
    Panel("Multipliers of the KL targets", "λ", _both("multiplier")),
    Panel(
        "Class terms of step 1",
        "nats a sample",
        (
            Line("misleading_z", "misleading, on z", BLUE),
            Line("class_loss_w", "class loss, on w", ORANGE),
            Line("class_loss_swap", "class loss, on swaps", INK),
        ),
    ),
    Panel(
        "Classifiers' losses, step 2",
        "nats a sample",
        (*_both("critic_loss", "on z", "on w"), Line("reader_loss", "on samples", INK)),
    ),
    Panel(
        "Declared transformations",
        "nats a sample",
        (Line("equivariance", "equivariance, of z", BLUE), Line("invariance", "invariance, of w", ORANGE)),
    ),
    Panel("Misplacement in z", "nats a sample", (Line("misplacement", "misplacement", BLUE),)),
    Panel("Discrepancy of classes in z", "squared MMD", (Line("discrepancy", "discrepancy", BLUE),)),
    Panel("Measurements told by w", "sum of R²", (Line("told", "told", ORANGE),)),
    Panel("Loss of step 1", "nats a sample", (Line("loss", "loss", INK),)),
    Panel("Time since the start", "seconds", (Line("seconds", "time", INK),)),
)


def curves(metrics: Sequence[Mapping[str, Any]], title: str) -> Figure:
    """Draw what a training recorded.

    Parameters
    ----------
    metrics : sequence of mapping
        One mapping an epoch, in order, from the names of terms to numbers; ``"epoch"`` numbers it (without
        it, epochs count from 1). Terms that are not known get a panel of their own. What is no number, or
        not finite, leaves a gap.
    title : str
        Above the panels.

    Returns
    -------
    Figure
        One panel a quantity, three in a row.
    """
    epochs = [float(record.get("epoch", number)) for number, record in enumerate(metrics, start=1)]
    columns = series(metrics)
    shown = list(panels(columns))
    rows = max(1, math.ceil(len(shown) / _COLUMNS))
    size = (_COLUMNS * _PANEL[0], rows * _PANEL[1] + 0.4)
    figure = Figure(figsize=size, dpi=DPI, facecolor="white", layout="constrained")
    figure.get_layout_engine().set(w_pad=0.12, h_pad=0.1)  # type: ignore[union-attr, call-arg]
    figure.suptitle(title, x=0.012, ha="left", size=TITLE, weight="bold", color=INK, parse_math=False)
    grid = figure.subplots(rows, _COLUMNS, squeeze=False).ravel()
    for number, axes in enumerate(grid):
        if number < len(shown):
            _plot(axes, shown[number], epochs, columns)
        else:
            axes.remove()
    return figure


def series(metrics: Sequence[Mapping[str, Any]]) -> dict[str, list[float]]:
    """Columns of the records that hold at least one number, NaN where a record has none."""
    keys = dict.fromkeys(key for record in metrics for key in record if key != "epoch")
    columns = {key: [_number(record.get(key)) for record in metrics] for key in keys}
    if not any(columns.get("kl_w", [1.0])):
        # A model without w records a KL of exactly 0, and targets and prices that hold nothing.
        columns = {key: column for key, column in columns.items() if not key.endswith("_w")}
    return {key: column for key, column in columns.items() if not all(map(math.isnan, column))}


def _number(value: object) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    return math.nan


def panels(columns: Mapping[str, list[float]]) -> Iterator[Panel]:
    """Yield the panels that have something to show, given what `series` returned."""
    known = set()
    for panel in _PANELS:
        lines = tuple(line for line in panel.lines if line.key in columns)
        known |= {line.key for line in lines}
        if lines:
            yield Panel(panel.title, panel.unit, lines)
    for key in columns:
        if key not in known:
            name = key.replace("_", " ")
            yield Panel(name, name, (Line(key, name, INK),))


def _plot(axes: Axes, panel: Panel, epochs: Sequence[float], columns: Mapping[str, list[float]]) -> None:
    for line in panel.lines:
        axes.plot(
            epochs,
            columns[line.key],
            color=line.colour,
            label=line.label,
            linestyle=(0, (4, 2)) if line.dashed else "-",
            linewidth=1.0 if line.dashed else 1.6,
            marker="o" if len(epochs) < 3 and not line.dashed else None,
            markersize=3,
        )
    axes.set_title(panel.title, loc="left", size=LABEL, color=INK, parse_math=False)
    axes.set_ylabel(panel.unit, size=SMALL, color=MUTED, parse_math=False)
    axes.set_xlabel("epoch", size=SMALL, color=MUTED)
    axes.tick_params(labelsize=SMALL, colors=MUTED, length=3)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color("#c9cdd3")
    axes.margins(x=0.02)
    if len(epochs) == 1:
        axes.set_xlim(epochs[0] - 1, epochs[0] + 1)
    if len(panel.lines) > 1:
        axes.legend(fontsize=SMALL, frameon=False, labelcolor=INK, ncols=2 if len(panel.lines) > 3 else 1)
