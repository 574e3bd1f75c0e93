"""The frontier: what each setting pays, in squared error and coverage, for what z gives away."""

from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import ScalarFormatter

from differentia.files import replacing
from differentia.plots.style import DPI, INK, MUTED, SMALL
from differentia.reproduce.outcomes import Outcome
from differentia.reproduce.seed_means import Mean

_SIZE = (8.6, 6.2)
_LIGHT = 0.6
"""Above this coverage the colour is light, and the number on it dark."""


def draw_frontier(frontier: Outcome, dataset: str, path: Path) -> None:
    """Draw leak against squared error, a point a setting, its colour the coverage of its draws.

    Parameters
    ----------
    frontier : Outcome
        The outcome of the experiment ``frontier``.
    dataset : str
        Whose lines are drawn.
    path : Path
        The PNG file, written whole or not at all.
    """
    lines = frontier.of(dataset)
    leak = [_known(frontier.mean(line, "z_parameters")) for line in lines]
    error = [_known(frontier.mean(line, "squared_error")) for line in lines]
    coverage = [_known(frontier.mean(line, "coverage")) for line in lines]
    figure = Figure(figsize=_SIZE, dpi=DPI, layout="constrained")
    axes = figure.add_subplot()
    points = axes.scatter(
        leak, error, c=coverage, cmap="viridis", vmin=0.0, vmax=1.0, s=190, edgecolors=INK, linewidths=0.6
    )
    axes.axvline(lines[0].chance, color=MUTED, linewidth=0.8, linestyle=":")
    axes.text(
        lines[0].chance,
        0.99,
        " chance",
        color=MUTED,
        fontsize=SMALL,
        va="top",
        transform=axes.get_xaxis_transform(),
    )
    for number, (x, y, covered) in enumerate(zip(leak, error, coverage, strict=True), start=1):
        # Numbers and a key, since names of settings that lie close together would be laid over each other.
        colour = INK if covered > _LIGHT else "white"
        axes.annotate(str(number), (x, y), ha="center", va="center", fontsize=SMALL, color=colour)
    for number, line in enumerate(lines, start=1):
        height = 1.0 - 0.055 * number
        weight = "bold" if line.variant == "strict" else "normal"
        text = f"{number:2d}  {line.variant}"
        axes.text(1.04, height, text, transform=axes.transAxes, fontsize=SMALL, color=INK, fontweight=weight)
    axes.set_xscale("log")
    axes.set_yscale("log")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(ScalarFormatter())
        axis.set_minor_formatter(ScalarFormatter())
    axes.set_xlabel("accuracy of the best probe on [μ, log σ²] of z")
    axes.set_ylabel("squared error of a reconstruction")
    axes.set_title(f"{dataset}: leak, error and coverage", loc="left", color=INK)
    axes.spines[["top", "right"]].set_visible(False)
    figure.colorbar(
        points, label="coverage of drawn samples", orientation="horizontal", shrink=0.5, aspect=40
    )
    with replacing(path) as beside:
        FigureCanvasAgg(figure).print_png(str(beside))  # type: ignore[no-untyped-call]


def _known(mean: Mean | None) -> float:
    return float("nan") if mean is None else mean.value
