"""Figures 2 to 7 in the report's layout: −5 to 5, original red, reconstruction green, one row a factor."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image
from rich.console import Console

from differentia.data.dataset import LabelledData
from differentia.files import replacing, write_json
from differentia.metrics.codes import dimension_name
from differentia.metrics.factors.naming import LEAST_EFFECT, NO_NAME, name_factors
from differentia.metrics.factors.report import LEAST_RHO, Factor, FactorReport
from differentia.model.base import Model
from differentia.plots import traversals
from differentia.plots.figures import dimension_by_class, nats, shown_classes
from differentia.plots.filmstrips import Row, filmstrips
from differentia.plots.traversals import Anchors
from differentia.reproduce.dimension_blocks import dimension_blocks
from differentia.reproduce.experiments import Experiment
from differentia.reproduce.jobs import Cell
from differentia.reproduce.worker import stored_result
from differentia.training.run import Run

COLOURS = 64
"""Colours of a stored figure. Grey pictures with frames and labels need no more."""

_CAPTION = (
    "Each row sets one dimension to the values above it and keeps all else at the posterior mean of a test "
    "image (red; its reconstruction green). The green tick marks the posterior mean. "
)
_NAMED = (
    f"Named by the measurement that changes most among those with |ρ| ≥ {LEAST_RHO} and at least "
    f"{LEAST_EFFECT} standard deviations."
)


def draw_figure(
    experiment: Experiment,
    cells: Sequence[Cell],
    out: Path,
    results: Path,
    quick: bool,
    console: Console,
) -> list[Path]:
    """Draw a figure for every run that is done.

    Parameters
    ----------
    experiment : Experiment
        One of the figures.
    cells : sequence of Cell
        Its runs.
    out : Path
        The run folders are in ``out/runs``. Pictures of CelebA, which must not be passed on, stay in ``out``.
    results : Path
        Folder of the other pictures, and of ``figures.json``, which says what each shows.
    quick : bool
        Marks file names and descriptions.
    console : Console
        Shows what is being drawn.

    Returns
    -------
    list of Path
        The pictures.
    """
    paths = []
    for cell in cells:
        if stored_result(out / "runs", cell.job) is None:
            continue
        name = f"{experiment.name}-{cell.job.dataset}-{cell.variant.name}{'-quick' if quick else ''}.png"
        folder = out / "figures" if cell.job.dataset == "celeba" else results
        with console.status(f"drawing {name}"):
            run = Run.open(out / "runs" / cell.job.key)
            figure, says = _draw(experiment, run.load_model(), run.load_data(), cell)
            _save(figure, folder / name, COLOURS if cell.job.dataset != "celeba" else 256)
        _describe(
            folder / "figures.json",
            name,
            {
                "experiment": experiment.name,
                "dataset": cell.job.dataset,
                "variant": cell.variant.name,
                "quick": quick,
                "rows": says,
            },
        )
        paths.append(folder / name)
    return paths


def _draw(experiment: Experiment, model: Model, data: LabelledData, cell: Cell) -> tuple[Figure, list[str]]:
    """Return a figure and what its rows are."""
    seed = cell.job.settings.training.seed
    factors = name_factors(model, data, seed, quick=True)
    anchors = traversals.anchors(model, data, seed, shown_classes(data))
    title = f"{data.name}, {cell.variant.name}: "
    if experiment.name in ("figure6", "figure7"):
        names = [_says(factor.sentence) for factor in factors.z]
        return dimension_blocks(model, data, anchors, names, f"{title}every dimension of z"), names
    if experiment.name == "figure3":
        best = _most_alike(factors.z)
        says, _, _ = _says(best.sentence).partition(" (close behind")  # the title has one line
        name = f"{says} ({cell.variant.name}; agreement over classes {best.agreement:.2f})"
        return dimension_by_class(model, data, anchors, "z", best.dim, name), [name]
    per_class, generic = (3, 3) if experiment.name == "figure5" else (1, 0)
    rows = _conditional_rows(factors, anchors, data, per_class) + _generic_rows(
        factors, anchors, data, generic
    )
    shown = "z and w | y" if generic else "w | y"
    figure = filmstrips(model, anchors, rows, f"{title}dimensions of {shown}", _CAPTION + _NAMED)
    return figure, [f"{row.label}: {row.note}" for row in rows]


def _conditional_rows(factors: FactorReport, anchors: Anchors, data: LabelledData, most: int) -> list[Row]:
    """Choose the dimensions of w with the clearest named effect in each class."""
    rows = []
    for at, label in enumerate(anchors.y.tolist()):
        ranked = sorted(factors.w, key=lambda factor: -clarity(factor, label))
        for factor in ranked[:most]:
            name = f"{dimension_name('w', factor.dim)} | {data.class_names[label]}"
            kl = nats(anchors.w_kl[at, factor.dim])
            rows.append(Row(at, "w", factor.dim, name, kl, _says(factor.by_class[label])))
    return rows


def _generic_rows(factors: FactorReport, anchors: Anchors, data: LabelledData, most: int) -> list[Row]:
    """Choose the dimensions of z most alike in all classes, shown in the first class."""
    ranked = sorted((f for f in factors.z if not f.silent.all()), key=lambda f: -_alike(f))
    return [
        Row(0, "z", f.dim, dimension_name("z", f.dim), nats(anchors.z_kl[0, f.dim]), _says(f.sentence))
        for f in ranked[:most]
    ]


def clarity(factor: Factor, label: int) -> float:
    """Return how clear the named effect of a dimension in a class is: its standardised size.

    Without a name it is at most 0: the strongest rank correlation less 1, and −2 for a silent dimension.
    """
    if factor.silent[label]:
        return -2.0
    rho, effect = np.nan_to_num(np.abs(factor.rho[label])), np.nan_to_num(np.abs(factor.effect[label]))
    carried = (rho >= LEAST_RHO) & (effect >= LEAST_EFFECT)
    return float(effect[carried].max()) if carried.any() else float(rho.max() - 1.0)


def _most_alike(factors: Sequence[Factor]) -> Factor:
    """Return the dimension that is named in the most classes alike, then the one that agrees most."""
    return max(factors, key=lambda factor: (len(factor.classes), _alike(factor)))


def _alike(factor: Factor) -> float:
    return factor.agreement if np.isfinite(factor.agreement) else -1.0


def _says(sentence: str) -> str:
    """Return a factor's sentence without the dimension's name."""
    says = sentence.partition(" · ")[2] or sentence
    return "no single measurement" if says == NO_NAME else says


def _save(figure: Figure, path: Path, colours: int) -> None:
    """Write a figure as a small PNG of few colours, whole or not at all."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()  # type: ignore[no-untyped-call]
    pixels = np.asarray(canvas.buffer_rgba())  # type: ignore[no-untyped-call]
    image = Image.fromarray(pixels[..., :3].copy())
    with replacing(path) as beside:
        image.quantize(colours, dither=Image.Dither.NONE).save(beside, optimize=True)


def _describe(path: Path, name: str, says: dict[str, Any]) -> None:
    described = json.loads(path.read_text("utf-8")) if path.exists() else {}
    write_json(path, dict(sorted((described | {name: says}).items())))
