"""Measurements of images that a person has words for: thickness, slant, brightness, hue and others."""

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from differentia.errors import DifferentiaError
from differentia.machine import cores
from differentia.measurements.enlargement import enlarge
from differentia.measurements.posture import posture
from differentia.measurements.strokes import strokes

Floats = NDArray[np.float32]

LUMINANCE = np.array([0.2126, 0.7152, 0.0722], dtype=np.float32)
"""Weights of red, green and blue in the luminance (ITU-R BT.709)."""

AT_ONCE = 250
"""Images measured at a time: few enough for the processor's cache, enough to spread the cost of a call."""


@dataclass(frozen=True)
class Description:
    """What a measurement is, in words.

    Attributes
    ----------
    label : str
        Name for people.
    unit : str
        Unit, empty for pure numbers.
    text : str
        One line that says what is measured.
    """

    label: str
    unit: str
    text: str


SHAPE = {
    "area": Description("area", "px²", "Area of what is brighter than half of the image's range."),
    "length": Description("stroke length", "px", "Length of the medial axis of that area."),
    "thickness": Description("stroke thickness", "px", "Twice the mean distance of the axis to the border."),
    "slant": Description("slant", "rad", "Angle by which the shape leans to the right, from second moments."),
    "width": Description("width", "px", "Width of the slanted box that holds 98 % of the light."),
    "height": Description("height", "px", "Height between the rows that hold 98 % of the light."),
}
INTENSITY = {
    "brightness": Description("brightness", "", "Mean intensity of all pixels, black 0, white 1."),
    "contrast": Description("contrast", "", "Standard deviation of the intensity over the pixels."),
    "x": Description("horizontal position", "px", "Centre of mass, from the left."),
    "y": Description("vertical position", "px", "Centre of mass, from the top."),
    "sharpness": Description("sharpness", "1/px", "Root mean square of the gradient over the contrast."),
}
COLOUR = {
    "hue_red": Description("hue, red against cyan", "", "Chroma-weighted mean of the cosine of the hue."),
    "hue_green": Description("hue, green against blue", "", "Chroma-weighted mean of the sine of the hue."),
    "saturation": Description("saturation", "", "Range of red, green and blue over the largest of them."),
}
MEASUREMENTS = SHAPE | INTENSITY | COLOUR
"""Every measurement of images, in order; the colour ones are taken of colour images only."""


_DRAWN, _LEANING = tuple(SHAPE)[:3], tuple(SHAPE)[3:]
"""What is measured of the strokes, and of the posture."""

_FRAMED = 1 / 3
"""Most of the border that is bright where what is bright is a shape. Of CelebA's faces it is .48, of
scikit-learn's digits, which touch the frame, .18, of Fashion-MNIST .04 and of MNIST 0."""

_GLANCE = 1000
"""Pictures looked at to see whether they show shapes."""


@dataclass(frozen=True)
class Measurements:
    """Measurements of a set of samples.

    Attributes
    ----------
    names : tuple of str
        One name a column: keys of `MEASUREMENTS` for images, names of the features for vectors.
    values : ndarray
        float32 ``[n, k]``, NaN where a measurement is undefined for a sample.
    """

    names: tuple[str, ...]
    values: Floats

    def label(self, column: int) -> str:
        """Return the name of a column for people."""
        name = self.names[column]
        return MEASUREMENTS[name].label if name in MEASUREMENTS else name


def measure(
    samples: NDArray[np.generic],
    names: tuple[str, ...] | None = None,
    only: Collection[str] = tuple(MEASUREMENTS),
) -> Measurements:
    """Measure images, or pass the features of vectors through.

    Area, length, thickness, slant, width and height follow Castro et al. 2019 (Morpho-MNIST, JMLR 20): the
    image is enlarged (4 times up to 42 pixels, 2 times up to 64, and not above) and binarised midway between
    its darkest and its brightest pixel; what is bright is the shape. An image without contrast has no shape.
    They are taken of the intensity between the image's darkest and its brightest pixel, so that a grey
    background counts as background and a faint shape measures the same as a bright one. The centre of mass
    is that of the intensity above the darkest pixel.

    Parameters
    ----------
    samples : ndarray
        Images ``[n, h, w, c]`` with 1 or 3 channels, uint8, or float in [0, 1] as a decoder returns them
        (values outside are cut); or vectors, float ``[n, d]``.
    names : tuple of str, optional
        Names of the features of vectors, ``"feature 0"``, … by default. Images have names of their own.
    only : collection of str
        What to measure of images, all by default; without `SHAPE` it takes a hundredth of the time.

    Returns
    -------
    Measurements
        Of `only`, `SHAPE` and `INTENSITY`, for colour images also `COLOUR`, in this order. All but brightness
        and contrast are NaN for an image without contrast (less than half a grey level of 255 between its
        darkest and its brightest pixel); the hue is NaN without colour, the saturation for a black image.

    Raises
    ------
    DifferentiaError
        If the array is neither of the two, or `names` does not name every feature.
    """
    if samples.ndim == 2:
        return _features(samples, names)
    if samples.ndim != 4 or samples.shape[3] not in (1, 3) or samples.dtype.kind not in "uf":
        raise DifferentiaError(
            f"Cannot measure {samples.dtype} samples of shape {tuple(samples.shape)}; give images "
            "[n, h, w, c] with 1 or 3 channels, uint8 or float in [0, 1], or vectors [n, d]."
        )
    names = tuple(SHAPE | INTENSITY | (COLOUR if samples.shape[3] == 3 else {}))
    kept = [k for k, name in enumerate(names) if name in only]

    def part(start: int) -> NDArray[np.float64]:
        images = np.asarray(samples[start : start + AT_ONCE])
        scaled = images.astype(np.float32) / 255 if images.dtype.kind == "u" else images.astype(np.float32)
        return _measure_images(scaled.clip(0.0, 1.0), only)[:, kept]

    with ThreadPoolExecutor(cores()) as pool:  # numpy computes outside of Python's lock
        parts = [np.empty((0, len(kept))), *pool.map(part, range(0, len(samples), AT_ONCE))]
    return Measurements(tuple(names[k] for k in kept), np.concatenate(parts).astype(np.float32))


def meaningful(samples: NDArray[np.generic]) -> NDArray[np.int64]:
    """Choose the columns of `measure` that mean something for samples like these, int64 ``[k]``.

    `SHAPE` is measured where what is bright is a shape before a dark ground, and everything else always. In a
    photograph what is bright is whatever the light fell on, and its "slant" means nothing.

    Parameters
    ----------
    samples : ndarray
        Images ``[n, h, w, c]``, uint8, or float in [0, 1]; or vectors ``[n, d]``.
    """
    names = measure(samples[:1]).names
    left_out = set(SHAPE) if samples.ndim == 4 and not _shows_shapes(samples) else set()
    return np.array([k for k, name in enumerate(names) if name not in left_out], dtype=np.int64)


def _shows_shapes(samples: NDArray[np.generic]) -> bool:
    images = np.asarray(samples[:: max(1, len(samples) // _GLANCE)])
    grey = images @ LUMINANCE if images.shape[3] == 3 else images[..., 0].astype(np.float32)
    middle = (grey.min(axis=(1, 2)) + grey.max(axis=(1, 2))) / 2
    border = np.concatenate([grey[:, 0], grey[:, -1], grey[:, 1:-1, 0], grey[:, 1:-1, -1]], axis=1)
    return bool((border > middle[:, None]).mean() <= _FRAMED)


def _features(samples: NDArray[np.generic], names: tuple[str, ...] | None) -> Measurements:
    count = samples.shape[1]
    names = tuple(f"feature {i}" for i in range(count)) if names is None else names
    if len(names) != count:
        raise DifferentiaError(f"{len(names)} names for {count} features; give one name a feature.")
    return Measurements(names, samples.astype(np.float32))


def _measure_images(images: Floats, only: Collection[str]) -> NDArray[np.float64]:
    """Measure colour or grey images ``[n, h, w, c]`` in [0, 1]: ``[n, k]``, NaN for shapes not asked for."""
    grey = images @ LUMINANCE if images.shape[3] == 3 else images[..., 0]
    darkest = grey.min(axis=(1, 2), keepdims=True)
    light = grey - darkest
    flat = grey.max(axis=(1, 2)) - darkest[:, 0, 0] < 0.5 / 255
    intensity = _intensity(grey, light)
    intensity[flat, 2:] = np.nan
    columns = [_shape(light, only), intensity]
    columns[0][flat] = np.nan
    if images.shape[3] == 3:
        columns.append(_colour(images))
    return np.hstack(columns)


def _shape(light: Floats, only: Collection[str]) -> NDArray[np.float64]:
    """Return the columns of `SHAPE` for grey images ``[n, h, w]`` whose darkest pixel is 0."""
    found = np.full((len(light), len(SHAPE)), np.nan)
    drawn_asked, lean_asked = (not set(names).isdisjoint(only) for names in (_DRAWN, _LEANING))
    if not drawn_asked and not lean_asked:
        return found
    scale = min(4, max(1, 128 // max(light.shape[1:])))
    peak = light.max(axis=(1, 2), keepdims=True)
    large = enlarge(np.divide(light, peak, out=np.zeros_like(light), where=peak > 0), scale)
    if drawn_asked:
        # 8-bit levels, as in the published values; 1e-3 for rounding
        levels = (255 * large + 1e-3).astype(np.uint8)
        half = (levels.min(axis=(0, 2)).astype(float) + levels.max(axis=(0, 2))) / 2
        drawn = strokes(levels >= half[:, None], scale)
        found[:, :3] = np.stack([getattr(drawn, name) for name in _DRAWN], axis=1)
    if lean_asked:
        leaning = posture(large, scale)
        found[:, 3:] = np.stack([getattr(leaning, name) for name in _LEANING], axis=1)
    return found


def _intensity(grey: Floats, light: Floats) -> NDArray[np.float64]:
    """Return the columns of `INTENSITY`; `light` is `grey` above its darkest pixel."""
    _, height, width = grey.shape
    brightness, contrast = grey.mean(axis=(1, 2)), grey.std(axis=(1, 2))
    with np.errstate(invalid="ignore", divide="ignore"):
        mass = light.sum(axis=(1, 2), dtype=np.float64)
        x = light.sum(axis=1, dtype=np.float64) @ np.arange(width) / mass
        y = light.sum(axis=2, dtype=np.float64) @ np.arange(height) / mass
        across = np.square(np.diff(grey, axis=2)).sum(axis=(1, 2)) / (height * width)
        down = np.square(np.diff(grey, axis=1)).sum(axis=(1, 2)) / (height * width)
        sharpness = np.sqrt(across + down) / contrast
    return np.stack([brightness, contrast, x, y, sharpness], axis=1).astype(np.float64)


def _colour(images: Floats) -> NDArray[np.float64]:
    """Return the columns of `COLOUR`, the hue as a direction, since an angle has no mean and no order.

    The hue of a pixel is the angle of (R − (G + B)/2, √3/2 · (G − B)), its chroma the length of that vector
    (Hanbury 2008); the mean of the unit vectors is weighted by the chroma, so colourless pixels have no say.
    """
    red, green, blue = np.moveaxis(images.astype(np.float64), 3, 0)
    cosine, sine = red - (green + blue) / 2, np.sqrt(0.75) * (green - blue)
    chroma = np.hypot(cosine, sine).sum(axis=(1, 2))
    chroma[chroma < 0.5 / 255 * red[0].size] = np.nan
    largest = images.max(axis=3)
    total = largest.sum(axis=(1, 2), dtype=np.float64)
    total[total == 0.0] = np.nan
    saturation = (largest - images.min(axis=3)).sum(axis=(1, 2)) / total
    return np.stack([cosine.sum(axis=(1, 2)) / chroma, sine.sum(axis=(1, 2)) / chroma, saturation], axis=1)
