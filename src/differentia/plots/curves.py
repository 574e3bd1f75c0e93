"""Training curves: every number that a run records each epoch, in small multiples."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from differentia.plots.style import DPI, INK, LABEL, MUTED, SMALL, TITLE
from differentia.terms.base import Curve

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


_ALWAYS = (
    Curve("Loss of step 1", "nats a sample", {"loss": "loss"}),
    Curve("Time since the start", "seconds", {"seconds": "time"}),
)
"""What every training records, whatever its terms."""

_COLOURS = {"z": BLUE, "w": ORANGE}


def curves(metrics: Sequence[Mapping[str, Any]], title: str, known: Sequence[Curve]) -> Figure:
    """Draw what a training recorded.

    Parameters
    ----------
    metrics : sequence of mapping
        One mapping an epoch, in order, from the names of terms to numbers; ``"epoch"`` numbers it (without
        it, epochs count from 1). What is no number, or not finite, leaves a gap.
    title : str
        Above the panels.
    known : sequence of Curve
        Titles and units of the method's terms. What is not among them gets a panel of its own.

    Returns
    -------
    Figure
        One panel a quantity, three in a row.
    """
    epochs = [float(record.get("epoch", number)) for number, record in enumerate(metrics, start=1)]
    columns = series(metrics)
    shown = list(panels(columns, known))
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
    return {key: column for key, column in columns.items() if not all(map(math.isnan, column))}


def _number(value: object) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    return math.nan


def panels(columns: Mapping[str, list[float]], known: Sequence[Curve]) -> Iterator[Panel]:
    """Yield the panels that have something to show, given what `series` returned and the known curves.

    Curves of one title share a panel. A line has the colour of the code that its label ends with, and a
    target is dashed.
    """
    titled: dict[str, Panel] = {}
    left = set(columns)
    for title, unit, names in (*known, *_ALWAYS):
        lines = tuple(_line(key, label) for key, label in names.items() if key in left)
        left -= names.keys()
        before = titled.get(title, Panel(title, unit, ()))
        titled[title] = Panel(title, unit, before.lines + lines)
    yield from (panel for panel in titled.values() if panel.lines)
    for key in columns:
        if key in left:
            name = key.replace("_", " ")
            yield Panel(name, name, (_line(key, name),))


def _line(key: str, label: str) -> Line:
    colour = _COLOURS.get(label.split()[-1], INK)
    return Line(key, label, colour, dashed=label.startswith("target"))


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
