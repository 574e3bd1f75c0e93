"""The frontier: what each setting pays, in squared error and coverage, for what z gives away."""

from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from differentia.evaluation.pages import DPI, INK, MUTED, SMALL
from differentia.experiments.tables import Table
from differentia.files import replacing

_SIZE = (8.6, 5.6)


def draw_frontier(made: Table, dataset: str, path: Path) -> None:
    """Draw leak against squared error, a point a setting, its colour the coverage of its draws.

    Parameters
    ----------
    made : Table
        The table ``frontier``.
    dataset : str
        Whose rows are drawn.
    path : Path
        The PNG file, written whole or not at all.
    """
    lines = made.of(dataset)
    leak = [_known(made.value(line, "z_parameters")) for line in lines]
    error = [_known(made.value(line, "squared_error")) for line in lines]
    coverage = [_known(made.value(line, "coverage")) for line in lines]
    figure = Figure(figsize=_SIZE, dpi=DPI, layout="constrained")
    axes = figure.add_subplot()
    points = axes.scatter(
        leak, error, c=coverage, cmap="viridis", vmin=0.0, vmax=1.0, s=70, edgecolors=INK, linewidths=0.6
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
    for line, x, y in zip(lines, leak, error, strict=True):
        axes.annotate(
            line.reading,
            (x, y),
            xytext=(7, 3),
            textcoords="offset points",
            fontsize=SMALL,
            color=INK,
            fontweight="bold" if line.reading == "strict" else "normal",
        )
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("accuracy of the best probe on [μ, log σ²] of z")
    axes.set_ylabel("squared error of a reconstruction")
    axes.set_title(f"{dataset}: leak, error and coverage", loc="left", color=INK)
    axes.spines[["top", "right"]].set_visible(False)
    figure.colorbar(points, label="coverage of drawn samples", shrink=0.7)
    with replacing(path) as beside:
        FigureCanvasAgg(figure).print_png(str(beside))  # type: ignore[no-untyped-call]


def _known(value: float | None) -> float:
    return float("nan") if value is None else value
