"""`kinds`: rendered pictures whose every factor is known, some of them in one class only.

Five classes, each with two continuous factors that no other class has, and five factors that all classes
share. Every factor is uniform and independent of the class and of the other factors. The specific factors
change the form alone: whatever they are, the shape's area is that of a disc of radius `size`, its centre of
mass lies at (`x`, `y`), and it is symmetric about an axis that only `rotation` turns. No value in the ranges
makes a shape symmetric under a turn within the range of `rotation`, so every factor can be read off the
picture.
"""

from typing import Any, NamedTuple

import numpy as np
import scipy
from numpy.typing import NDArray

from differentia.data.dataset import LabelledData, Split

Floats = NDArray[np.float32]
Array = NDArray[np.floating[Any]]

SIDE = 32
"""Height and width of a picture in pixels."""

CLASSES = ("superellipse", "star", "ring", "pacman", "cross")
"""Names of the classes, in the order of their numbers."""


class Factor(NamedTuple):
    """One ground-truth factor and the range over which it is uniform."""

    name: str
    low: float
    high: float
    meaning: str

    @property
    def owner(self) -> int | None:
        """Number of the one class that has the factor, None where all have it."""
        kind, _, specific = self.name.rpartition(".")
        return CLASSES.index(kind) if specific and kind else None


FACTORS = (
    Factor("x", -3.0, 3.0, "centre of mass right of the picture's centre, pixels"),
    Factor("y", -3.0, 3.0, "centre of mass below the picture's centre, pixels"),
    Factor("size", 5.0, 7.0, "radius of the disc of the same area, pixels"),
    Factor("rotation", -30.0, 30.0, "turn, clockwise as seen, degrees"),
    Factor("brightness", 0.4, 1.0, "grey level of the shape, 0 black and 1 white"),
    Factor("superellipse.exponent", 1.0, 3.0, "p of |x/a|^p + |y/b|^p = 1: 1 rhombus, 2 ellipse, more boxy"),
    Factor("superellipse.aspect", 1.25, 1.8, "a / b, width over height"),
    Factor("star.inner_radius", 0.4, 0.65, "distance of the notches over that of the four equal tips"),
    Factor("star.arm_length", 0.5, 0.9, "distance of the upper tip over that of the other four"),
    Factor("ring.hole_radius", 0.3, 0.55, "radius of the hole over that of the disc"),
    Factor(
        "ring.hole_offset", 0.2, 0.4, "distance of the hole's centre from the disc's over the disc's radius"
    ),
    Factor("pacman.mouth_angle", 40.0, 100.0, "opening of the mouth, degrees"),
    Factor(
        "pacman.apex_depth", -0.3, 0.4, "how far the mouth reaches beyond the disc's centre, over its radius"
    ),
    Factor("cross.arm_width", 0.4, 0.75, "width of the bars over half the length of the longer one"),
    Factor("cross.length_ratio", 0.55, 0.85, "length of the shorter bar over that of the longer one"),
)
"""Every factor, in the order of the columns: the generic ones first, then two a class."""

FACTOR_NAMES = tuple(factor.name for factor in FACTORS)
GENERIC = tuple(column for column, factor in enumerate(FACTORS) if factor.owner is None)
"""Columns of the generic factors."""

SPECIFIC = tuple(
    tuple(column for column, factor in enumerate(FACTORS) if factor.owner == kind)
    for kind in range(len(CLASSES))
)
"""Columns of each class's own factors."""

_SUPERSAMPLING = 2
_BATCH = 64  # pictures at a time: the arrays of one batch stay in the processor's cache


def draw(y: NDArray[np.int64], rng: np.random.Generator) -> Floats:
    """Draw every factor uniformly over its range.

    Parameters
    ----------
    y : ndarray
        Classes, int64 ``[n]``.
    rng : Generator
        Source of randomness.

    Returns
    -------
    ndarray
        Factors, float32 ``[n, k]``, NaN where the class lacks the factor.
    """
    low = np.array([factor.low for factor in FACTORS])
    high = np.array([factor.high for factor in FACTORS])
    factors = rng.uniform(low, high, (len(y), len(FACTORS))).astype(np.float32)
    for column, factor in enumerate(FACTORS):
        if factor.owner is not None:
            factors[y != factor.owner, column] = np.nan
    return factors


def kinds(n_train: int, n_test: int, seed: int) -> LabelledData:
    """Draw and render the data set.

    Parameters
    ----------
    n_train, n_test : int
        Number of pictures in each split, at least 5. Classes are as even as the number allows.
    seed : int
        Seed. The splits draw from streams of their own: the size of one does not change the other.

    Returns
    -------
    LabelledData
        Pictures uint8 ``[n, 32, 32, 1]`` with all factors.
    """
    splits = []
    for n, stream in zip((n_train, n_test), np.random.SeedSequence(seed).spawn(2), strict=True):
        rng = np.random.default_rng(stream)
        y = rng.permutation(np.arange(n, dtype=np.int64) % len(CLASSES))
        factors = draw(y, rng)
        splits.append(Split(render(y, factors), y, factors))
    return LabelledData("kinds", splits[0], splits[1], CLASSES, FACTOR_NAMES)


def render(classes: NDArray[np.int64], factors: Floats) -> NDArray[np.uint8]:
    """Render pictures from their factors.

    Parameters
    ----------
    classes : ndarray
        Classes, int64 ``[n]``, in 0 … 4.
    factors : ndarray
        float32 ``[n, k]``, one column a factor of `FACTORS`. Columns that a picture's class lacks are not
        read.

    Returns
    -------
    ndarray
        uint8 ``[n, 32, 32, 1]``: a grey shape on black, its edge one pixel wide.

    Raises
    ------
    ValueError
        If shapes disagree, a class does not exist, or a factor that a class has is NaN.
    """
    if factors.shape != (len(classes), len(FACTORS)):
        raise ValueError(f"factors must be [{len(classes)}, {len(FACTORS)}], not {list(factors.shape)}")
    if len(classes) and not 0 <= classes.min() <= classes.max() < len(CLASSES):
        raise ValueError(f"classes must be in 0 … {len(CLASSES) - 1}")
    pictures = np.empty((len(classes), SIDE, SIDE, 1), np.uint8)
    for kind, own in enumerate(SPECIFIC):
        members = np.flatnonzero(classes == kind)
        used = factors[members][:, GENERIC + own]
        if np.isnan(used).any():
            raise ValueError(f"a factor of class {CLASSES[kind]} is NaN")
        for start in range(0, len(members), _BATCH):
            rows = slice(start, start + _BATCH)
            pictures[members[rows], :, :, 0] = _render_kind(kind, used[rows])
    return pictures


def _render_kind(kind: int, used: Floats) -> NDArray[np.uint8]:
    """Render pictures of one class from generic factors and its own two, float32 ``[n, 7]``."""
    x, y, size, rotation, brightness, first, second = used.T[:, :, None, None]
    grid = (np.arange(SIDE * _SUPERSAMPLING, dtype=np.float32) + 0.5) / _SUPERSAMPLING - SIDE / 2
    right, down = grid[None, None, :] - x, grid[None, :, None] - y
    cos, sin = np.cos(np.radians(rotation)), np.sin(np.radians(rotation))
    u, v = cos * right + sin * down, cos * down - sin * right

    area, centre_u, centre_v = _MOMENTS[kind](first, second)
    unit = size * np.sqrt(np.pi / area)  # pixels a unit of the shape's own frame
    distance = unit * _DISTANCES[kind](u / unit + centre_u, v / unit + centre_v, first, second)
    coverage = np.clip(0.5 - _SUPERSAMPLING * distance, 0.0, 1.0)
    n = len(used)
    coverage = coverage.reshape(n, SIDE, _SUPERSAMPLING, SIDE, _SUPERSAMPLING).mean(axis=(2, 4))
    grey: NDArray[np.uint8] = np.rint(255.0 * brightness * coverage).astype(np.uint8)
    return grey


# Each class is given in a frame of its own, u to the right and v down: a signed distance to the outline
# (negative inside; exact along edges, a bound at corners), and the area and centre of mass in closed form.


def _superellipse(u: Array, v: Array, exponent: Array, aspect: Array) -> Array:
    # The gauge g = (|u/a|^p + |v/b|^p)^(1/p) is 1 on the outline; to first order the distance is
    # (g - 1) / |grad g|.
    scaled_u, scaled_v = np.abs(u) / aspect, np.abs(v)
    gauge = np.maximum((scaled_u**exponent + scaled_v**exponent) ** (1 / exponent), np.float32(1e-6))
    slope_u = (scaled_u / gauge) ** (exponent - 1) / aspect
    slope_v = (scaled_v / gauge) ** (exponent - 1)
    distance: Array = (gauge - 1) / np.hypot(slope_u, slope_v)
    return distance


def _superellipse_moments(exponent: Array, aspect: Array) -> tuple[Array, Array, Array]:
    area = 4 * aspect * scipy.special.gamma(1 + 1 / exponent) ** 2 / scipy.special.gamma(1 + 2 / exponent)
    return area, np.zeros_like(area), np.zeros_like(area)


def _star(u: Array, v: Array, inner: Array, arm: Array) -> Array:
    # The half star with u >= 0 has five edges; each is the outline within 36 degrees seen from the centre.
    u = np.abs(u)
    distance = np.full(np.broadcast_shapes(u.shape, v.shape), np.float32(-np.inf))
    sector = np.minimum(np.arctan2(u, -v) / np.float32(np.pi / 5), np.float32(4.999)).astype(np.int8)
    for edge in range(5):
        begin, end = _star_vertex(edge, inner, arm), _star_vertex(edge + 1, inner, arm)
        along_u, along_v = end[0] - begin[0], end[1] - begin[1]
        beside = ((v - begin[1]) * -along_u + (u - begin[0]) * along_v) / np.hypot(along_u, along_v)
        np.copyto(distance, beside, where=sector == edge)
    return distance


def _star_vertex(number: int, inner: Array, arm: Array) -> tuple[Array, Array]:
    """Position of an outline vertex, counted from the upper tip: even ones are tips, odd ones notches."""
    radius = inner if number % 2 else arm if number == 0 else np.ones_like(arm)
    angle = np.float32(number * np.pi / 5)
    return radius * np.sin(angle), -radius * np.cos(angle)


def _star_moments(inner: Array, arm: Array) -> tuple[Array, Array, Array]:
    # Triangles (centre, vertex, next vertex); a triangle's centre of mass is a third of its vertices' sum.
    area, moment = np.zeros_like(inner), np.zeros_like(inner)
    for edge in range(5):
        begin, end = _star_vertex(edge, inner, arm), _star_vertex(edge + 1, inner, arm)
        triangle = begin[0] * end[1] - begin[1] * end[0]  # twice the area, once for either half of the star
        area = area + triangle
        moment = moment + triangle * (begin[1] + end[1]) / 3
    return area, np.zeros_like(area), moment / area


def _ring(u: Array, v: Array, hole: Array, offset: Array) -> Array:
    distance: Array = np.maximum(np.hypot(u, v) - 1, hole - np.hypot(u - offset, v))
    return distance


def _ring_moments(hole: Array, offset: Array) -> tuple[Array, Array, Array]:
    area = np.pi * (1 - hole**2)
    return area, -np.pi * hole**2 * offset / area, np.zeros_like(area)


def _pacman(u: Array, v: Array, mouth: Array, depth: Array) -> Array:
    half = np.radians(mouth) / 2
    in_mouth = (u + depth) * np.sin(half) - np.abs(v) * np.cos(half)
    distance: Array = np.maximum(np.hypot(u, v) - 1, in_mouth)
    return distance


def _pacman_moments(mouth: Array, depth: Array) -> tuple[Array, Array, Array]:
    # The disc's sector between the lips, which the disc's centre sees at the angles ± lip, less the kite
    # (centre, lip, apex, lip).
    half = np.radians(mouth) / 2
    lip = half + np.arcsin(depth * np.sin(half))
    kite = depth * np.sin(lip)
    area = np.pi - lip - kite
    moment = -2 * np.sin(lip) / 3 - kite * (np.cos(lip) - depth) / 3
    return area, moment / area, np.zeros_like(area)


def _cross(u: Array, v: Array, width: Array, ratio: Array) -> Array:
    u, v = np.abs(u), np.abs(v)
    distance: Array = np.minimum(np.maximum(u - 1, v - width / 2), np.maximum(v - ratio, u - width / 2))
    return distance


def _cross_moments(width: Array, ratio: Array) -> tuple[Array, Array, Array]:
    area = 2 * width * (1 + ratio) - width**2
    return area, np.zeros_like(area), np.zeros_like(area)


_DISTANCES = (_superellipse, _star, _ring, _pacman, _cross)
_MOMENTS = (_superellipse_moments, _star_moments, _ring_moments, _pacman_moments, _cross_moments)
