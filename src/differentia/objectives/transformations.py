"""Transformations of pictures that a person can declare generic: they change every class in the same way."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

Transformation = Literal[
    "shift", "scale", "stretch", "rotate", "shear", "brightness", "contrast", "thickness", "blur"
]


class Direction(NamedTuple):
    """One thing that a transformation changes.

    Attributes
    ----------
    name : str
        What changes.
    reach : float
        How far it goes at the strengths −1 and 1, in the unit of `meaning`.
    meaning : str
        What the strength 1 does.
    """

    name: str
    reach: float
    meaning: str


DIRECTIONS: dict[Transformation, tuple[Direction, ...]] = {
    "shift": (
        Direction("x", 0.12, "to the right, by a part of the width"),
        Direction("y", 0.12, "down, by a part of the height"),
    ),
    "scale": (Direction("size", 0.22, "larger, logarithm of the factor"),),
    "stretch": (Direction("width", 0.3, "wider, logarithm of the factor"),),
    "rotate": (Direction("rotation", 0.25, "clockwise, radians"),),
    "shear": (Direction("slant", 0.4, "leaning to the right, tangent of the angle"),),
    "brightness": (Direction("brightness", 0.5, "brighter, logarithm of the factor"),),
    "contrast": (Direction("contrast", 0.4, "away from the mean grey, logarithm of the factor"),),
    "thickness": (Direction("thickness", 1.0, "dilated by a pixel on every side, below 28 pixels by less"),),
    "blur": (Direction("blur", 1.0, "the mean of 3×3 pixels, below 28 pixels less"),),
}
"""What each transformation changes, in the order of the dimensions of z that follow it."""

_FULL_SIDE = 28
"""From this height and width on, thickness and blur reach a whole pixel; in smaller ones, so much less."""

_AFFINE = ("x", "y", "size", "width", "rotation", "slant")
"""What moves pixels, and is done by one resampling."""


def directions(names: Sequence[Transformation]) -> list[Direction]:
    """Return what the named transformations change, in order."""
    return [direction for name in names for direction in DIRECTIONS[name]]


def transformed(x: Tensor, names: Sequence[Transformation], strengths: Tensor) -> Tensor:
    """Transform pictures, each by strengths of its own.

    Thickness and blur come first, then one resampling for all that moves pixels (shear, stretch, scale,
    rotation, shift, in this order, about the centre; beyond the border its pixels are repeated), then
    contrast and brightness; the result is cut to [0, 1].

    Parameters
    ----------
    x : Tensor
        Pictures ``[b, channels, height, width]`` in [0, 1].
    names : sequence of str
        Keys of `DIRECTIONS`.
    strengths : Tensor
        ``[b, k]`` in [−1, 1], a column for each of the k `directions`; 0 changes nothing.

    Returns
    -------
    Tensor
        Of the shape of `x`, in [0, 1].
    """
    amounts = {
        direction.name: direction.reach * column[:, None, None, None]
        for direction, column in zip(directions(names), strengths.T, strict=True)
    }
    pixel = min(1.0, min(x.shape[2:]) / _FULL_SIDE)
    if "thickness" in amounts:
        amount = pixel * amounts["thickness"]
        x = x + amount.clamp(min=0) * (_dilated(x) - x) + amount.clamp(max=0) * (x + _dilated(-x))
    if "blur" in amounts:
        x = x + pixel * amounts["blur"] * (F.avg_pool2d(x, 3, 1, 1, count_include_pad=False) - x)
    if amounts.keys() & set(_AFFINE):
        grid = F.affine_grid(_sampling(amounts, x), list(x.shape), align_corners=False)
        x = F.grid_sample(x, grid, padding_mode="border", align_corners=False)
    if "contrast" in amounts:
        mean = x.mean(dim=(1, 2, 3), keepdim=True)
        x = mean + (x - mean) * amounts["contrast"].exp()
    if "brightness" in amounts:
        x = x * amounts["brightness"].exp()
    return x.clamp(0.0, 1.0)


def _sampling(amounts: dict[str, Tensor], x: Tensor) -> Tensor:
    """Where each pixel of the result comes from: affine maps of coordinates in [−1, 1], ``[b, 2, 3]``."""
    zero = x.new_zeros(len(x))
    dx, dy, size, width, angle, slant = (
        amounts[name].flatten() if name in amounts else zero for name in _AFFINE
    )
    one, cos, sin = torch.ones_like(zero), angle.cos(), angle.sin()
    # The y axis points down, so what leans to the right moves right where y is negative.
    sheared = _matrices(one, -slant, zero, one)
    stretched = _matrices((size + width).exp(), zero, zero, size.exp())
    turned = _matrices(cos, -sin, sin, cos)
    inverse = torch.linalg.inv(turned @ stretched @ sheared)
    height, breadth = x.shape[2:]
    inverse = inverse * inverse.new_tensor([[1.0, height / breadth], [breadth / height, 1.0]])
    shift = torch.stack([2 * dx, 2 * dy], dim=1)[:, :, None]
    return torch.cat([inverse, -inverse @ shift], dim=2)


def _matrices(a: Tensor, b: Tensor, c: Tensor, d: Tensor) -> Tensor:
    """Matrices ``[[a, b], [c, d]]``, one a sample, ``[b, 2, 2]``."""
    return torch.stack([a, b, c, d], dim=1).reshape(-1, 2, 2)


def _dilated(x: Tensor) -> Tensor:
    """Return the largest of each pixel's 3×3 neighbours; on a CPU, many times as fast as max pooling."""
    padded = F.pad(x, (1, 1, 1, 1), value=-torch.inf)
    x = torch.maximum(torch.maximum(padded[..., :-2], padded[..., 1:-1]), padded[..., 2:])
    return torch.maximum(torch.maximum(x[..., :-2, :], x[..., 1:-1, :]), x[..., 2:, :])
