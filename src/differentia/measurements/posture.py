"""Slant, width and height of drawn shapes, for many images at once.

The definitions are those of Castro et al. 2019 (Morpho-MNIST, JMLR 20): the slant is the horizontal shear
that the second moments of an image show, and width and height are those of the parallelogram with that
slant which holds nearly all of the image's mass.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]

TAIL = 0.01
"""Share of the mass that is left out on each side of the parallelogram."""


@dataclass(frozen=True)
class Posture:
    """Measurements of grey images, float64 ``[n]`` each.

    Attributes
    ----------
    slant : ndarray
        Angle, rad, by which the shape leans to the right: arctan(−μ₁₁ / μ₀₂), with central moments μ and y
        pointing down.
    width, height : ndarray
        Sides of the bounding parallelogram, px of the image before the enlargement.
    """

    slant: Doubles
    width: Doubles
    height: Doubles


def posture(images: NDArray[np.float32], scale: int) -> Posture:
    """Measure enlarged grey images.

    Parameters
    ----------
    images : ndarray
        float32 ``[height, n, width]`` in [0, 1], side by side, background at 0.
    scale : int
        Factor by which the images were enlarged.

    Returns
    -------
    Posture
        NaN where an image is black, or for the slant and the width where it is one row high.
    """
    height, n, width = images.shape
    x = np.arange(width) - (width - 1) / 2
    y = np.arange(height) - (height - 1) / 2
    by_row = images.reshape(-1, width) @ np.stack([np.ones(width), x], axis=1).astype(np.float32)
    mass_of_row, x_of_row = by_row.reshape(height, n, 2).astype(np.float64).transpose(2, 0, 1)
    mass = mass_of_row.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        x_mean, y_mean = x_of_row.sum(axis=0) / mass, y @ mass_of_row / mass
        mixed = y @ x_of_row / mass - x_mean * y_mean
        vertical = y**2 @ mass_of_row / mass - y_mean**2
        shear = np.where(vertical > 1e-6, mixed / vertical, np.nan)
    rows = np.vstack([np.zeros(n), np.cumsum(mass_of_row, axis=0)]).T
    columns = _sheared_columns(images, shear, y[:, None] - y_mean)
    wide = np.where(np.isfinite(shear), _spread(np.cumsum(columns, axis=1)), np.nan)
    return Posture(np.arctan(-shear), wide / scale, _spread(rows) / scale)


def _sheared_columns(images: NDArray[np.float32], shear: Doubles, from_middle: Doubles) -> Doubles:
    """Mass of each column ``[n, 3 · width + 1]`` after the slant is undone by whole-pixel shifts of the rows.

    Pixels below one grey level of 255 are background, as in 8-bit images.
    """
    _, n, width = images.shape
    bins = 3 * width + 1
    shift = np.floor(0.5 - np.nan_to_num(shear) * np.nan_to_num(from_middle)).clip(-width, width).astype(int)
    start = np.arange(n) * bins + width + 1 + shift
    lit = np.flatnonzero(images >= 1 / 255)
    row, column = np.divmod(lit, width)
    place = start.ravel()[row] + column
    mass = np.bincount(place, weights=images.ravel()[lit], minlength=n * bins)
    return mass.astype(np.float64).reshape(n, bins)


def _spread(cumulative: Doubles) -> Doubles:
    """Distance between the places where rows of cumulative mass ``[n, m]``, from 0, leave their two tails."""
    share = np.full_like(cumulative, np.nan)
    total = cumulative[:, -1:]
    np.divide(cumulative, total, out=share, where=total > 0)
    ends = []
    for level in (TAIL, 1.0 - TAIL):
        after = np.argmax(share >= level, axis=1)[:, None]
        below = np.take_along_axis(share, after - 1, axis=1)
        above = np.take_along_axis(share, after, axis=1)
        with np.errstate(invalid="ignore"):
            ends.append((after - 1 + (level - below) / (above - below))[:, 0])
    spread: Doubles = ends[1] - ends[0]
    return spread
