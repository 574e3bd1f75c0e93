"""The pictures of the page: sprites that hold all frames of a dimension, and a few montages, as data URIs."""

import base64
import io
from dataclasses import dataclass

import numpy as np
from PIL import Image

from differentia.data.dataset import LabelledData
from differentia.metrics.codes import CodeName
from differentia.metrics.factors.report import Factor, FactorReport
from differentia.model.base import Model
from differentia.plots import traversals
from differentia.plots.figures import shown_classes, shown_dimensions
from differentia.plots.images import Pictures, pictures
from differentia.plots.traversals import Anchors

STEPS = 11
"""Frames of a filmstrip."""

COLUMNS = 12
"""Pictures in a row of samples (two rows a class) and of originals (above their reconstructions)."""

STRIP_PIXELS, MONTAGE_PIXELS = 5_000_000, 1_500_000
"""Most pixels of all filmstrips and of each montage; above, pictures are halved: a page stays below 6 MB."""

LEAST_SIDE = 16
"""Pictures are not halved below this side."""


@dataclass(frozen=True)
class Strips:
    """All filmstrips of one dimension in one picture: a row a class, a column a value.

    Attributes
    ----------
    code, dim : str and int
        The dimension.
    uri : str
        The picture as a data URI.
    values : tuple of tuple of float
        What the dimension is set to, a row a class: the range over which it was named.
    """

    code: CodeName
    dim: int
    uri: str
    values: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Gallery:
    """Every picture of a page, for the classes shown.

    Attributes
    ----------
    classes : tuple of int
        The classes shown.
    frame, pitch : tuple of int
        Height and width of a frame of a strip, and from the start of one frame to the start of the next.
    small : bool
        Whether pixels should stay sharp when enlarged.
    strips : tuple of Strips
        Filmstrips of z, then of w.
    originals : str
        The test samples that traversals and swaps start from, side by side.
    swaps : str or None
        z of the row's sample decoded with w and class of the column's; None where there is nothing to swap.
    samples, reconstructions : tuple of str
        A picture a class: two rows of samples; test samples above their reconstructions.
    """

    classes: tuple[int, ...]
    frame: tuple[int, int]
    pitch: tuple[int, int]
    small: bool
    strips: tuple[Strips, ...]
    originals: str
    swaps: str | None
    samples: tuple[str, ...]
    reconstructions: tuple[str, ...]


def draw_gallery(model: Model, data: LabelledData, factors: FactorReport, seed: int) -> Gallery:
    """Decode and draw every picture of a page.

    Parameters
    ----------
    model : Model
        In evaluation mode.
    data : LabelledData
        Its test split is shown.
    factors : FactorReport
        Says over which range each dimension was named; the filmstrips show this range.
    seed : int
        Chooses the test samples and draws the codes.
    """
    classes = tuple(shown_classes(data))
    anchors = traversals.anchors(model, data, seed, classes)
    shown = [
        factor
        for group, kl in ((factors.z, anchors.z_kl), (factors.w, anchors.w_kl))
        for factor in (
            [group[dim] for dim in shown_dimensions(kl.mean(axis=0)[: len(group)])] if group else []
        )
    ]
    height, width = pictures(model, anchors.x[:1]).shape[1:3]
    halvings = _halvings(len(shown) * len(classes) * STEPS, height, width, STRIP_PIXELS)
    strips = tuple(_strips(model, anchors, factor, halvings) for factor in shown)
    originals = pictures(model, anchors.x)
    fewer = _halvings(len(classes) * max(len(classes), 2 * COLUMNS), height, width, MONTAGE_PIXELS)
    swaps = None
    if model.given:
        swapped = pictures(model, traversals.swap_grid(model, anchors.z, anchors.w, anchors.y))
        swaps = sheet_uri(_halved(swapped, fewer))
    drawn = pictures(model, traversals.class_samples(model, classes, 2 * COLUMNS, seed))
    drawn = drawn.reshape(len(classes), 2, COLUMNS, *drawn.shape[2:])
    rebuilt = traversals.reconstructions(model, data, seed, classes, COLUMNS)
    pairs = np.stack([pictures(model, rebuilt.x), pictures(model, rebuilt.decoded)], axis=1)
    frame = (height >> halvings, width >> halvings)
    gap = _gap(*frame)
    return Gallery(
        classes=classes,
        frame=frame,
        pitch=(frame[0] + gap, frame[1] + gap),
        small=max(height, width) <= 40,
        strips=strips,
        originals=sheet_uri(_halved(originals, fewer)[None]),
        swaps=swaps,
        samples=tuple(sheet_uri(_halved(rows, fewer)) for rows in drawn),
        reconstructions=tuple(sheet_uri(_halved(rows, fewer)) for rows in pairs),
    )


def _strips(model: Model, anchors: Anchors, factor: Factor, halvings: int) -> Strips:
    """Draw one dimension in every shown class."""
    rows, values = [], []
    for at, label in enumerate(anchors.y.tolist()):
        span = np.linspace(factor.values[label, 0], factor.values[label, -1], STEPS, dtype=np.float32)
        decoded = traversals.traverse(
            model, anchors.z[at], anchors.w[at], label, factor.code, factor.dim, span
        )
        rows.append(_halved(pictures(model, decoded), halvings))
        values.append(tuple(span.tolist()))
    return Strips(factor.code, factor.dim, sheet_uri(np.stack(rows)), tuple(values))


def _halvings(count: int, height: int, width: int, most: int) -> int:
    """How often pictures must be halved for so many of them to hold at most so many pixels."""
    times = 0
    while (count * height * width) >> (2 * times) > most and min(height, width) >> (times + 1) >= LEAST_SIDE:
        times += 1
    return times


def _halved(cells: Pictures, times: int) -> Pictures:
    """Halve pictures ``[…, h, w, 3]`` some times, by the mean of blocks."""
    side = 1 << times
    height, width = (cells.shape[axis] // side for axis in (-3, -2))
    cut = cells[..., : height * side, : width * side, :]
    blocks = cut.reshape(*cells.shape[:-3], height, side, width, side, 3)
    small: Pictures = np.rint(blocks.mean(axis=(-4, -2))).astype(np.uint8)
    return small


def _gap(height: int, width: int) -> int:
    """Pixels of nothing that keep neighbours apart."""
    return max(1, round(max(height, width) / 28))


def _sheet(cells: Pictures) -> Pictures:
    """Lay pictures ``[rows, columns, h, w, 3]`` out in one with an alpha channel.

    Each is followed by a transparent gap on its right and below, which takes the colour of the page.
    """
    rows, columns, height, width, _ = cells.shape
    gap = _gap(height, width)
    sheet = np.zeros((rows, height + gap, columns, width + gap, 4), dtype=np.uint8)
    sheet[:, :height, :, :width, :3] = cells.transpose(0, 2, 1, 3, 4)
    sheet[:, :height, :, :width, 3] = 255
    return sheet.reshape(rows * (height + gap), columns * (width + gap), 4)


def sheet_uri(cells: Pictures) -> str:
    """Lay pictures ``[rows, columns, h, w, 3]`` out in one, as a data URI.

    Grey ones and flat ones are encoded as PNG, the others, far smaller, as WebP.
    """
    sheet, buffer = _sheet(cells), io.BytesIO()
    if (sheet[..., :3] == sheet[..., :1]).all():
        Image.fromarray(sheet[..., [0, 3]]).save(buffer, format="PNG", optimize=True)
        kind = "png"
    elif len(np.unique(sheet.reshape(-1, 4), axis=0)) < 256:
        Image.fromarray(sheet).save(buffer, format="PNG", optimize=True)
        kind = "png"
    else:
        Image.fromarray(sheet).save(buffer, format="WEBP", quality=88, method=4)
        kind = "webp"
    return f"data:image/{kind};base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"
