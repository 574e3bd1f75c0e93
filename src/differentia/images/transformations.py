"""Transformations of pictures that a person can declare generic: they change every class in the same way."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Literal, NamedTuple, ParamSpec

import torch
import torch.nn.functional as F
from torch import Tensor

P = ParamSpec("P")

Transformation = Literal[
    "shift", "scale", "stretch", "rotate", "shear", "brightness", "midtones", "contrast", "thickness", "blur"
]


class Direction(NamedTuple):
    """One thing that a transformation changes, and how far: at the strengths −1 and 1, in its unit."""

    name: str
    reach: float


DIRECTIONS: dict[Transformation, tuple[Direction, ...]] = {
    "shift": (Direction("x", 0.12), Direction("y", 0.12)),  # right and down, parts of width and height
    "scale": (Direction("size", 0.22),),  # larger, logarithm of the factor
    "stretch": (Direction("width", 0.3),),  # wider, logarithm of the factor
    "rotate": (Direction("rotation", 0.5),),  # clockwise, radians
    "shear": (Direction("slant", 0.4),),  # leaning to the right, tangent of the angle
    "brightness": (Direction("brightness", 0.5),),  # brighter, logarithm of the factor
    "midtones": (Direction("midtones", 2.0),),  # lighter greys, logarithm of the factor of the odds
    "contrast": (Direction("contrast", 0.4),),  # away from the mean grey, logarithm of the factor
    "thickness": (Direction("thickness", 1.0),),  # dilated by a pixel a side, below 28 pixels by less
    "blur": (Direction("blur", 1.0),),  # the mean of 3×3 pixels, below 28 pixels less
}
"""What each transformation changes, in the order of the dimensions of z that follow it."""

UNDOABLE = [name for name in DIRECTIONS if name not in ("thickness", "blur")]
"""What `undone` undoes. Thickness and blur lose what they change."""

_FULL_SIDE = 28
"""From this height and width on, thickness and blur reach a whole pixel; in smaller ones, so much less."""

_AFFINE = ("x", "y", "size", "width", "rotation", "slant")
"""What moves pixels, and is done by one resampling."""


def directions(names: Sequence[Transformation]) -> list[Direction]:
    """Return what the named transformations change, in order."""
    return [direction for name in names for direction in DIRECTIONS[name]]


def in_float32(function: Callable[P, Tensor]) -> Callable[P, Tensor]:
    """Keep half precision out, in which places would be off by whole pixels."""

    @wraps(function)
    def called(*args: P.args, **kwargs: P.kwargs) -> Tensor:
        with torch.autocast("cuda", enabled=False), torch.autocast("cpu", enabled=False):
            return function(*args, **kwargs)

    return called


@in_float32
def transformed(x: Tensor, names: Sequence[Transformation], strengths: Tensor) -> Tensor:
    """Transform pictures ``[b, channels, height, width]`` in [0, 1], each by strengths of its own.

    The strengths are ``[b, k]``, a column for each of the k `directions` of the named transformations; 1 and
    −1 are its whole reach, 0 changes nothing.

    Thickness and blur come first, then one resampling for all that moves pixels (shear, stretch, scale,
    rotation, shift, in this order; beyond the border its pixels are repeated), then contrast, midtones and
    brightness; the result is cut to [0, 1]. Shear, stretch, scale and rotation leave the picture's centre of
    mass where it is, so that they and a shift add up in any order: about the frame's centre, each would also
    shift a shape that lies off it.
    """
    amounts = _amounts(names, strengths)
    pixel = min(1.0, min(x.shape[2:]) / _FULL_SIDE)
    if "thickness" in amounts:
        amount = pixel * amounts["thickness"]
        x = x + amount.clamp(min=0) * (_dilated(x) - x) + amount.clamp(max=0) * (x + _dilated(-x))
    if "blur" in amounts:
        x = x + pixel * amounts["blur"] * (F.avg_pool2d(x, 3, 1, 1, count_include_pad=False) - x)
    if amounts.keys() & set(_AFFINE):
        matrix, shift = _affine(amounts, x)
        x = _resampled(x, torch.linalg.inv_ex(matrix).inverse, shift)  # never raises
    if "contrast" in amounts:
        x = _contrasted(x, amounts["contrast"])
    if "midtones" in amounts:
        x = _lightened(x, amounts["midtones"])
    if "brightness" in amounts:
        x = x * amounts["brightness"].exp()
    return x.clamp(0.0, 1.0)


@in_float32
def undone(x: Tensor, names: Sequence[Transformation], strengths: Tensor) -> Tensor:
    """Return the pictures that `transformed` made `x` from, but for what left the frame and for blur.

    `names` are of `UNDOABLE`; all else is as for `transformed`.
    """
    amounts = _amounts(names, strengths)
    if "brightness" in amounts:
        x = x * (-amounts["brightness"]).exp()
    if "midtones" in amounts:
        x = _lightened(x, -amounts["midtones"])
    if "contrast" in amounts:
        x = _contrasted(x, -amounts["contrast"])
    if amounts.keys() & set(_AFFINE):
        matrix, shift = _affine(amounts, x)
        x = _resampled(x, matrix, -shift)
    return x.clamp(0.0, 1.0)


def feasible(x: Tensor, names: Sequence[Transformation], strengths: Tensor) -> Tensor:
    """Return `strengths`, those of brightness lowered where a pixel of `x` would exceed 1.

    Saturation would hide what was done. Parameters are those of `transformed`.
    """
    limits = []
    for direction, column in zip(directions(names), strengths.T, strict=True):
        if direction.name == "brightness":
            headroom = -x.flatten(1).amax(1).clamp(min=1e-6).log() / direction.reach
            column = torch.minimum(column, headroom)
        limits.append(column)
    return torch.stack(limits, dim=1)


def _amounts(names: Sequence[Transformation], strengths: Tensor) -> dict[str, Tensor]:
    """How much of each direction is done, in its unit, ``[b, 1, 1, 1]`` each."""
    return {
        direction.name: direction.reach * column[:, None, None, None]
        for direction, column in zip(directions(names), strengths.T, strict=True)
    }


def _contrasted(x: Tensor, amount: Tensor) -> Tensor:
    mean = x.mean(dim=(1, 2, 3), keepdim=True)
    return mean + (x - mean) * amount.exp()


def _lightened(x: Tensor, amount: Tensor) -> Tensor:
    """Multiply the odds x / (1 − x) by the exponential of `amount`; black stays black, and white white."""
    x, amount = x.clamp(0.0, 1.0), amount.clamp(-30.0, 30.0)  # beyond, 0 / 0
    lighter = x * torch.sigmoid(amount)
    return lighter / (lighter + (1 - x) * torch.sigmoid(-amount))


def _affine(amounts: dict[str, Tensor], x: Tensor) -> tuple[Tensor, Tensor]:
    """Return what is done to places about the centre of mass, and how far that is moved.

    The former as matrices of pixels ``[b, 2, 2]``, the latter ``[b, 2, 1]`` in halves of the frame.
    """
    zero = x.new_zeros(len(x))
    dx, dy, size, width, angle, slant = (
        amounts[name].flatten() if name in amounts else zero for name in _AFFINE
    )
    one, cos, sin = torch.ones_like(zero), angle.cos(), angle.sin()
    # The y axis points down, so what leans to the right moves right where y is negative.
    sheared = _matrices(one, -slant, zero, one)
    stretched = _matrices((size + width).exp(), zero, zero, size.exp())
    turned = _matrices(cos, -sin, sin, cos)
    return turned @ stretched @ sheared, torch.stack([2 * dx, 2 * dy], dim=1)[:, :, None]


def _resampled(x: Tensor, matrix: Tensor, shift: Tensor) -> Tensor:
    """Take the pixel at p from ``centre + matrix (p − centre − shift)``, about the centre of mass."""
    height, breadth = x.shape[2:]
    matrix = matrix * matrix.new_tensor([[1.0, height / breadth], [breadth / height, 1.0]])
    centre = _centre_of_mass(x)
    grid = torch.cat([matrix, centre - matrix @ (centre + shift)], dim=2)
    # A training that diverges asks for pixels at NaN, and grid_sample then reads outside of the picture.
    places = F.affine_grid(grid, list(x.shape), align_corners=False).nan_to_num(0.0)
    return F.grid_sample(x, places, padding_mode="border", align_corners=False)


def _centre_of_mass(x: Tensor) -> Tensor:
    """Centre of mass of the brightness of pictures, in coordinates in [−1, 1], ``[b, 2, 1]``."""
    mass = x.mean(1).clamp(min=0.0) + 1e-6  # a black picture has its centre in the middle
    centres = []
    for along, size in ((1, x.shape[3]), (2, x.shape[2])):
        places = (2 * torch.arange(size, device=x.device) + 1) / size - 1
        centres.append((mass.sum(along) @ places) / mass.sum((1, 2)))
    return torch.stack(centres, dim=1)[:, :, None]


def _matrices(a: Tensor, b: Tensor, c: Tensor, d: Tensor) -> Tensor:
    """Matrices ``[[a, b], [c, d]]``, one a sample, ``[b, 2, 2]``."""
    return torch.stack([a, b, c, d], dim=1).reshape(-1, 2, 2)


def _dilated(x: Tensor) -> Tensor:
    """Return the largest of each pixel's 3×3 neighbours.

    All pictures become the channels of one, which are pooled several times as fast as pictures one by one.
    """
    pictures = x.reshape(1, -1, *x.shape[2:]).contiguous(memory_format=torch.channels_last)
    return F.max_pool2d(pictures, 3, 1, 1).reshape(x.shape)
