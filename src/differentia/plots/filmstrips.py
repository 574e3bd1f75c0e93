"""Traversals as the report shows them: the original in red, its reconstruction in green, then the values."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from differentia.metrics.codes import CodeName
from differentia.model.base import Model
from differentia.plots.images import GREEN, RED, pictures
from differentia.plots.labelled_grid import LabelledGrid, draw
from differentia.plots.traversals import VALUES, Anchors, Floats, traverse


@dataclass(frozen=True)
class Row:
    """One traversal on a page: which anchor, which dimension, and what is written beside it."""

    anchor: int
    code: CodeName
    dim: int
    label: str
    detail: str = ""
    note: str = ""


def filmstrips(
    model: Model,
    anchors: Anchors,
    rows: Sequence[Row],
    title: str,
    caption: str,
    values: Floats = VALUES,
) -> Figure:
    """Draw traversals, one a row: original (red), reconstruction (green), then the values.

    A green tick below a row marks the posterior mean on the scale of the values (at its end where the mean
    lies beyond).

    Parameters
    ----------
    model : Model
        In evaluation mode.
    anchors : Anchors
        What the traversals start from.
    rows : sequence of Row
        At least one.
    title, caption : str
        Above and below.
    values : ndarray
        Ascending, float32 ``[v]``.
    """
    cells, ticks = [], []
    for number, row in enumerate(rows):
        at = row.anchor
        z, w = anchors.z[at], anchors.w[at]
        decoded = traverse(model, z, w, int(anchors.y[at]), row.code, row.dim, values)
        pair = [pictures(model, anchors.x[at])[None], pictures(model, anchors.reconstruction[at])[None]]
        cells.append(np.concatenate([*pair, pictures(model, decoded)]))
        mean = (z if row.code == "z" else w)[row.dim]
        ticks.append((number, 2 + float(np.interp(mean, values, np.arange(len(values)))), GREEN))
    numbers = range(len(rows))
    grid = LabelledGrid(
        title=title,
        caption=caption,
        cells=np.stack(cells),
        columns=["original", "recon-\nstruction", *(f"{value:g}".replace("-", "−") for value in values)],
        rows=[row.label for row in rows],
        details=[row.detail for row in rows],
        notes=[row.note for row in rows] if any(row.note for row in rows) else (),
        frames=[(n, 0, RED) for n in numbers] + [(n, 1, GREEN) for n in numbers],
        ticks=ticks,
        breaks=(2,),
        heat_bar=not model.is_image,
    )
    return draw(grid)
