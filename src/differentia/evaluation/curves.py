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
class _Line:
    key: str
    label: str
    colour: str
    dashed: bool = False


@dataclass(frozen=True)
class _Panel:
    title: str
    unit: str
    lines: tuple[_Line, ...]


def _both(key: str, z: str = "z", w: str = "w") -> tuple[_Line, _Line]:
    return _Line(f"{key}_z", z, BLUE), _Line(f"{key}_w", w, ORANGE)


_PANELS = (
    _Panel(
        "Reconstruction",
        "nats a sample",
        (_Line("negative_log_likelihood", "negative log-likelihood", INK),),
    ),
    _Panel("Squared error", "sum over a sample", (_Line("squared_error", "squared error", INK),)),
    _Panel(
        "KL of the codes",
        "nats",
        (
            *_both("kl", "KL z", "KL w"),
            _Line("capacity_z", "target z", BLUE, dashed=True),
            _Line("capacity_w", "target w", ORANGE, dashed=True),
        ),
    ),
    _Panel("Multipliers of the KL targets", "λ", _both("multiplier")),
    _Panel(
        "Class terms of step 1",
        "nats a sample",
        (_Line("misleading_z", "misleading, on z", BLUE), _Line("class_loss_w", "class loss, on w", ORANGE)),
    ),
    _Panel("Classifier's loss, step 2", "nats a sample", _both("critic_loss", "on z", "on w")),
    _Panel("Loss of step 1", "nats a sample", (_Line("loss", "loss", INK),)),
    _Panel("Time since the start", "seconds", (_Line("seconds", "time", INK),)),
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
    series = _series(metrics)
    panels = list(_panels(series))
    rows = max(1, math.ceil(len(panels) / _COLUMNS))
    size = (_COLUMNS * _PANEL[0], rows * _PANEL[1] + 0.4)
    figure = Figure(figsize=size, dpi=DPI, facecolor="white", layout="constrained")
    figure.get_layout_engine().set(w_pad=0.12, h_pad=0.1)  # type: ignore[union-attr, call-arg]
    figure.suptitle(title, x=0.012, ha="left", size=TITLE, weight="bold", color=INK, parse_math=False)
    grid = figure.subplots(rows, _COLUMNS, squeeze=False).ravel()
    for number, axes in enumerate(grid):
        if number < len(panels):
            _plot(axes, panels[number], epochs, series)
        else:
            axes.remove()
    return figure


def _series(metrics: Sequence[Mapping[str, Any]]) -> dict[str, list[float]]:
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


def _panels(series: Mapping[str, list[float]]) -> Iterator[_Panel]:
    known = set()
    for panel in _PANELS:
        lines = tuple(line for line in panel.lines if line.key in series)
        known |= {line.key for line in lines}
        if lines:
            yield _Panel(panel.title, panel.unit, lines)
    for key in series:
        if key not in known:
            name = key.replace("_", " ")
            yield _Panel(name, name, (_Line(key, name, INK),))


def _plot(axes: Axes, panel: _Panel, epochs: Sequence[float], series: Mapping[str, list[float]]) -> None:
    for line in panel.lines:
        axes.plot(
            epochs,
            series[line.key],
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
    if len(panel.lines) > 1:
        axes.legend(fontsize=SMALL, frameon=False, labelcolor=INK, ncols=2 if len(panel.lines) > 2 else 1)
