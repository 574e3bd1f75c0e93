"""The pictures of a run: reconstructions, traversals, samples and swaps, one page a figure.

As in the report, an original has a red frame and its reconstruction a green one.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from differentia.data.dataset import LabelledData
from differentia.metrics.codes import CodeName, dimension_name
from differentia.model.base import Model
from differentia.plots import traversals
from differentia.plots.curves import curves
from differentia.plots.filmstrips import Row, filmstrips
from differentia.plots.images import GREEN, RED, pictures
from differentia.plots.labelled_grid import LabelledGrid, draw
from differentia.plots.style import save
from differentia.plots.traversals import Anchors, Floats
from differentia.terms.base import Curve

MAX_CLASSES, MAX_DIMS = 12, 16
"""A page shows the first 12 classes, and the 16 dimensions of a code with the largest KL."""

_PAIRS, _SAMPLES = 5, 12
_KINDS: dict[CodeName, str] = {"z": "generic code z", "w": "conditional code w"}


def shown_classes(data: LabelledData) -> list[int]:
    """Classes that get a row or a page: the first of those that have test samples."""
    return [int(label) for label in np.unique(data.test.y)[:MAX_CLASSES]]


def shown_dimensions(kl: Floats) -> list[int]:
    """Dimensions that get a row or a page, in order, given the KL of each, ``[d]``; without KL, the first."""
    return sorted(int(dim) for dim in np.argsort(-kl, kind="stable")[:MAX_DIMS])


def nats(kl: float) -> str:
    """Write the KL of a dimension beside its row; nothing for a code without noise, which has none."""
    return "" if np.isnan(kl) else f"{kl:.2f} nats"


def _anchored(model: Model, noun: str, kl: Floats) -> str:
    """Say where a traversal starts, what is marked, and what the nats are, if there are any."""
    start = "code" if model.deterministic else "posterior mean"
    said = (
        f"keeps all else at the {start} of a test {noun} with the median error of its class (red; its "
        f"reconstruction green). The green tick marks the {start}."
    )
    if not np.isnan(kl).any():
        said += " Nats: KL of the dimension from its prior, the mean over the class."
    return said


def class_traversals(
    model: Model,
    data: LabelledData,
    anchors: Anchors,
    anchor: int,
    code: CodeName,
    names: Mapping[int, str] | None = None,
) -> Figure:
    """Draw the traversals of every dimension of one code for one class, one dimension a row.

    Parameters
    ----------
    model : Model
        In evaluation mode.
    data : LabelledData
        Names the data and the class.
    anchors : Anchors
        What `traversals.anchors` chose.
    anchor : int
        Which of them.
    code : {'z', 'w'}
        The code.
    names : mapping of int to str, optional
        What a dimension does, printed beside its row.
    """
    kl = (anchors.z_kl if code == "z" else anchors.w_kl)[anchor]
    dims = shown_dimensions(kl)
    rows = [
        Row(anchor, code, dim, dimension_name(code, dim), nats(kl[dim]), (names or {}).get(dim, ""))
        for dim in dims
    ]
    noun = "image" if model.is_image else "sample"
    largest = "" if np.isnan(kl).any() else "with the largest KL"
    caption = (
        f"Each row sets one dimension of {code} to the values above it and {_anchored(model, noun, kl)}"
        + _only(len(dims), len(kl), "dimensions", largest)
    )
    name = data.class_names[int(anchors.y[anchor])]
    kind = _KINDS[code] if model.given else "code z"
    return filmstrips(model, anchors, rows, f"{data.name} · {name} · {kind}", caption)


def dimension_by_class(
    model: Model, data: LabelledData, anchors: Anchors, code: CodeName, dim: int, name: str = ""
) -> Figure:
    """Draw the traversal of one dimension in every class, one class a row, as in the report's figure 3.

    Parameters
    ----------
    model : Model
        In evaluation mode.
    data : LabelledData
        Names the data and the classes.
    anchors : Anchors
        What `traversals.anchors` chose.
    code : {'z', 'w'}
        The code.
    dim : int
        Its dimension.
    name : str
        What the dimension does, printed in the title.
    """
    kl = anchors.z_kl if code == "z" else anchors.w_kl
    rows = [
        Row(at, code, dim, data.class_names[int(label)], nats(kl[at, dim]))
        for at, label in enumerate(anchors.y)
    ]
    noun = "image" if model.is_image else "sample"
    caption = (
        f"Each row sets {dimension_name(code, dim)} to the values above it and "
        f"{_anchored(model, noun, kl)}{_only(len(anchors.y), data.n_classes, 'classes')}"
    )
    title = f"{data.name} · {dimension_name(code, dim)} in every class" + (f" · {name}" if name else "")
    return filmstrips(model, anchors, rows, title, caption)


def reconstructions(model: Model, data: LabelledData, seed: int) -> Figure:
    """Draw five test samples a class (red), each with its reconstruction (green) on its right."""
    classes = shown_classes(data)
    shown = traversals.reconstructions(model, data, seed, classes, _PAIRS)
    pairs = np.stack([pictures(model, shown.x), pictures(model, shown.decoded)], axis=2)
    cells = pairs.reshape(len(classes), 2 * _PAIRS, *pairs.shape[3:])
    codes = "codes" if model.deterministic else "posterior means of the codes"
    frames = [
        (row, column, (RED, GREEN)[column % 2]) for row in range(len(classes)) for column in range(2 * _PAIRS)
    ]
    caption = f"Test data (red) and their reconstructions from the {codes} (green)." + _only(
        len(classes), data.n_classes, "classes"
    )
    grid = LabelledGrid(
        title=f"{data.name} · reconstructions",
        caption=caption,
        cells=cells,
        columns=[""] * (2 * _PAIRS),
        rows=[data.class_names[label] for label in classes],
        frames=frames,
        breaks=range(2, 2 * _PAIRS, 2),
        heat_bar=not model.is_image,
    )
    return draw(grid)


def samples(model: Model, data: LabelledData, seed: int) -> Figure:
    """Draw twelve samples a class, with codes drawn as `Model.draw_codes` does."""
    classes = shown_classes(data)
    drawn = traversals.class_samples(model, classes, _SAMPLES, seed)
    codes = "z and w" if model.w_dim else "a z"
    start = "Decoded for the class of the row, each with" if model.decoder_sees_y else "Decoded from"
    caption = f"{start} {codes} drawn from where the codes of the row's class lie."
    grid = LabelledGrid(
        title=f"{data.name} · samples",
        caption=caption + _only(len(classes), data.n_classes, "classes"),
        cells=pictures(model, drawn),
        columns=[""] * _SAMPLES,
        rows=[data.class_names[label] for label in classes],
        heat_bar=not model.is_image,
    )
    return draw(grid)


def swaps(model: Model, data: LabelledData, anchors: Anchors) -> Figure:
    """Draw the anchors' z, one a row, decoded with the anchors' w and class, one a column.

    The originals (red) stand left of the rows and above the columns; on the diagonal are the
    reconstructions (green).
    """
    n = len(anchors.y)
    originals = pictures(model, anchors.x)
    cells = np.full((n + 1, n + 1, *originals.shape[1:]), 255, dtype=np.uint8)
    cells[0, 1:] = cells[1:, 0] = originals
    cells[1:, 1:] = pictures(model, traversals.swap_grid(model, anchors.z, anchors.w, anchors.y))
    names = [data.class_names[int(label)] for label in anchors.y]
    caption = f"Each picture takes z from the original on its left and {model.given} from the one above it."
    grid = LabelledGrid(
        title=f"{data.name} · swaps",
        caption=caption + _only(n, data.n_classes, "classes"),
        cells=cells,
        columns=["", *names],
        rows=["", *names],
        frames=[(0, i, RED) for i in range(1, n + 1)]
        + [(i, 0, RED) for i in range(1, n + 1)]
        + [(i, i, GREEN) for i in range(1, n + 1)],
        breaks=(1,),
        heat_bar=not model.is_image,
    )
    return draw(grid)


def slugs(names: Sequence[str]) -> list[str]:
    """Turn class names into distinct parts of file names: ``"Ankle boot"`` becomes ``"ankle-boot"``.

    A name without letters or digits becomes its number; one that meets another gets its number appended.
    """
    taken: list[str] = []
    for number, name in enumerate(names):
        slug = re.sub(r"[\W_]+", "-", name.lower()).strip("-")[:60] or str(number)
        taken.append(f"{slug}-{number}" if slug in taken else slug)
    return taken


def write_figures(
    model: Model,
    data: LabelledData,
    folder: Path,
    metrics: Sequence[Mapping[str, Any]],
    known: Sequence[Curve],
    seed: int,
    progress: Callable[[int, int], None] | None = None,
) -> list[Path]:
    """Write every figure of a run to ``folder/figures``.

    Parameters
    ----------
    model : Model
        In evaluation mode.
    data : LabelledData
        Its test split is shown.
    folder : Path
        The run folder.
    metrics : sequence of mapping
        What the training recorded, one mapping an epoch; without any there are no curves.
    known : sequence of Curve
        Titles and units of what it recorded.
    seed : int
        Chooses the test samples and draws the codes.
    progress : callable, optional
        Called with the number of figures written and the number of all.

    Returns
    -------
    list of Path
        The files: ``reconstructions.png``, ``samples.png``, ``curves.png``, ``swaps.png``,
        ``traversals-z-<class>.png``, ``traversals-w-<class>.png`` and ``z-<dimension>-by-class.png``; those
        of w and of swaps where the model has a w, or anything to swap.
    """
    anchors = traversals.anchors(model, data, seed, shown_classes(data))
    makers: dict[str, Callable[[], Figure]] = {
        "reconstructions": partial(reconstructions, model, data, seed),
        "samples": partial(samples, model, data, seed),
    }
    if model.given:
        makers["swaps"] = partial(swaps, model, data, anchors)
    if metrics:
        makers["curves"] = partial(curves, metrics, f"{data.name} · training", known)
    codes: list[CodeName] = ["z", "w"] if model.w_dim else ["z"]
    for at, slug in enumerate(slugs(data.class_names)[: len(anchors.y)]):
        for code in codes:
            makers[f"traversals-{code}-{slug}"] = partial(class_traversals, model, data, anchors, at, code)
    for dim in shown_dimensions(anchors.z_kl.mean(axis=0)):
        makers[f"z-{dim}-by-class"] = partial(dimension_by_class, model, data, anchors, "z", dim)

    paths = []
    for done, (name, make) in enumerate(makers.items(), start=1):
        paths.append(folder / "figures" / f"{name}.png")
        save(make(), paths[-1])
        if progress is not None:
            progress(done, len(makers))
    return paths


def _only(shown: int, total: int, noun: str, which: str = "") -> str:
    """Return a sentence on what a page leaves out, or nothing."""
    if shown == total:
        return ""
    choice = f"the {shown} {which}".rstrip() if which else f"the first {shown}"
    return f" Shown are {choice} of {total} {noun}."
