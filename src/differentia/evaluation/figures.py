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
from differentia.evaluation import traversals
from differentia.evaluation.curves import curves
from differentia.evaluation.filmstrips import Row, filmstrips
from differentia.evaluation.montage import GREEN, RED, pictures
from differentia.evaluation.pages import Page, draw, save
from differentia.evaluation.traversals import Anchors, Code, Floats, dimension_name
from differentia.models.two_code import TwoCodeModel

MAX_CLASSES, MAX_DIMS = 12, 16
"""A page shows the first 12 classes, and the 16 dimensions of a code with the largest KL."""

_PAIRS, _SAMPLES = 5, 12
_KINDS: dict[Code, str] = {"z": "generic code z", "w": "conditional code w"}


def shown_classes(data: LabelledData) -> range:
    """Classes that get a row or a page."""
    return range(min(data.n_classes, MAX_CLASSES))


def shown_dimensions(kl: Floats) -> list[int]:
    """Dimensions that get a row or a page, in order, given the KL of each, ``[d]``."""
    return sorted(int(dim) for dim in np.argsort(-kl, kind="stable")[:MAX_DIMS])


def class_traversals(
    model: TwoCodeModel,
    data: LabelledData,
    anchors: Anchors,
    anchor: int,
    code: Code,
    names: Mapping[int, str] | None = None,
) -> Figure:
    """Draw the traversals of every dimension of one code for one class, one dimension a row.

    Parameters
    ----------
    model : TwoCodeModel
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
        Row(anchor, code, dim, dimension_name(code, dim), f"{kl[dim]:.2f} nats", (names or {}).get(dim, ""))
        for dim in dims
    ]
    noun = "image" if model.is_image else "sample"
    caption = (
        f"Each row sets one dimension of {code} to the values above it and keeps all else at the posterior "
        f"mean of a test {noun} with the median error of its class (red; its reconstruction green). "
        "The green tick marks the posterior mean. "
        "Nats: KL of the dimension from its prior, the mean over the class."
    ) + _only(len(dims), len(kl), "dimensions", "with the largest KL")
    name = data.class_names[int(anchors.y[anchor])]
    return filmstrips(model, anchors, rows, f"{data.name} · {name} · {_KINDS[code]}", caption)


def dimension_by_class(
    model: TwoCodeModel, data: LabelledData, anchors: Anchors, code: Code, dim: int, name: str = ""
) -> Figure:
    """Draw the traversal of one dimension in every class, one class a row, as in the report's figure 3.

    Parameters
    ----------
    model : TwoCodeModel
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
        Row(at, code, dim, data.class_names[int(label)], f"{kl[at, dim]:.2f} nats")
        for at, label in enumerate(anchors.y)
    ]
    noun = "image" if model.is_image else "sample"
    caption = (
        f"Each row sets {dimension_name(code, dim)} to the values above it and keeps all else at the "
        f"posterior mean of a test {noun} of one class with the median error (red; its reconstruction "
        "green). The green tick marks the posterior mean. "
        "Nats: KL of the dimension from its prior, the mean over the class."
    ) + _only(len(anchors.y), data.n_classes, "classes")
    title = f"{data.name} · {dimension_name(code, dim)} in every class" + (f" · {name}" if name else "")
    return filmstrips(model, anchors, rows, title, caption)


def reconstructions(model: TwoCodeModel, data: LabelledData, seed: int) -> Figure:
    """Draw five test samples a class (red), each with its reconstruction (green) on its right."""
    classes = shown_classes(data)
    shown = traversals.reconstructions(model, data, seed, classes, _PAIRS)
    pairs = np.stack([pictures(model, shown.x), pictures(model, shown.decoded)], axis=2)
    cells = pairs.reshape(len(classes), 2 * _PAIRS, *pairs.shape[3:])
    frames = [
        (row, column, (RED, GREEN)[column % 2]) for row in range(len(classes)) for column in range(2 * _PAIRS)
    ]
    caption = (
        "Test data (red) and their reconstructions from the posterior means of the codes (green)."
        + _only(len(classes), data.n_classes, "classes")
    )
    page = Page(
        title=f"{data.name} · reconstructions",
        caption=caption,
        cells=cells,
        columns=[""] * (2 * _PAIRS),
        rows=[data.class_names[label] for label in classes],
        frames=frames,
        breaks=range(2, 2 * _PAIRS, 2),
        heat_bar=not model.is_image,
    )
    return draw(page)


def samples(model: TwoCodeModel, data: LabelledData, seed: int) -> Figure:
    """Draw twelve samples a class, with codes drawn as `models.batched.draw_codes` does."""
    classes = shown_classes(data)
    drawn = traversals.class_samples(model, classes, _SAMPLES, seed)
    codes = "z and w" if model.settings.w_dim else "a z"
    caption = (
        f"Decoded for the class of the row, each with {codes} drawn from where the codes of that class lie."
    )
    page = Page(
        title=f"{data.name} · samples",
        caption=caption + _only(len(classes), data.n_classes, "classes"),
        cells=pictures(model, drawn),
        columns=[""] * _SAMPLES,
        rows=[data.class_names[label] for label in classes],
        heat_bar=not model.is_image,
    )
    return draw(page)


def swaps(model: TwoCodeModel, data: LabelledData, anchors: Anchors) -> Figure:
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
    given = "w and class" if model.settings.w_dim else "class"
    caption = f"Each picture takes z from the original on its left and {given} from the one above it."
    page = Page(
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
    return draw(page)


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
    model: TwoCodeModel,
    data: LabelledData,
    folder: Path,
    metrics: Sequence[Mapping[str, Any]],
    seed: int,
    progress: Callable[[int, int], None] | None = None,
) -> list[Path]:
    """Write every figure of a run to ``folder/figures``.

    Parameters
    ----------
    model : TwoCodeModel
        In evaluation mode.
    data : LabelledData
        Its test split is shown.
    folder : Path
        The run folder.
    metrics : sequence of mapping
        What the training recorded, one mapping an epoch; without any there are no curves.
    seed : int
        Chooses the test samples and draws the codes.
    progress : callable, optional
        Called with the number of figures written and the number of all.

    Returns
    -------
    list of Path
        The files: ``reconstructions.png``, ``samples.png``, ``swaps.png``, ``curves.png``,
        ``traversals-z-<class>.png``, ``traversals-w-<class>.png`` and ``z-<dimension>-by-class.png``.
    """
    anchors = traversals.anchors(model, data, seed, shown_classes(data))
    makers: dict[str, Callable[[], Figure]] = {
        "reconstructions": partial(reconstructions, model, data, seed),
        "samples": partial(samples, model, data, seed),
        "swaps": partial(swaps, model, data, anchors),
    }
    if metrics:
        makers["curves"] = partial(curves, metrics, f"{data.name} · training")
    codes: list[Code] = ["z", "w"] if model.settings.w_dim else ["z"]
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
