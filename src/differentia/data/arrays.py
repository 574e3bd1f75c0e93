"""Arrays from anywhere, checked and turned into `LabelledData`."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from differentia.data.array_like import as_array
from differentia.data.dataset import LabelledData, Split
from differentia.data.images import over_white, resize
from differentia.data.labels import check_labels, class_of
from differentia.data.picture import Fit, looks_like_alpha
from differentia.data.splits import choose
from differentia.data.storage import room_for
from differentia.data.units import Units
from differentia.errors import InputError

SMALLEST, LARGEST = 8, 512
"""Height and width of an image in pixels, as `DataSettings.size` has it."""

HAIR = 0.5 / 255
"""A float this far outside [0, 1] still rounds to black or white, and is clipped."""


def prepare(
    x: Any,
    y: Any,
    x_test: Any = None,
    y_test: Any = None,
    class_names: Sequence[str] | None = None,
    *,
    name: str = "data",
    size: int | None = None,
    fit: Fit = "crop",
    test_fraction: float = 0.2,
    split_seed: int = 0,
    limit: int | None = None,
    units: Units | None = None,
) -> LabelledData:
    """Check arrays and make a labelled data set of them.

    Parameters
    ----------
    x : array_like
        Images ``[n, h, w]`` or ``[n, h, w, c]`` with 1, 3 or 4 channels (the fourth, alpha, is laid over
        white), as whole numbers in 0 … 255, booleans, or floats in [0, 1]; or vectors ``[n, d]`` of finite
        numbers. Arrays of any layout and byte order, tensors, and lists of Pillow's pictures.
    y : array_like
        Labels ``[n]``: integers, booleans or text, or one-hot. See `differentia.data.labels.class_of`.
    x_test, y_test : array_like or None
        The test split. Without it one is drawn from x and y, stratified.
    class_names : sequence of str or None
        Names of the classes, in order.
    name : str
        What the data set is called.
    size : int or None
        Height and width to bring images to (made square as `fit` says, then resized); None keeps them.
    fit : {'crop', 'pad', 'stretch'}
        How images that are not square become square.
    test_fraction : float
        Part that is drawn as test split, in (0, 1); 0 leaves the test split empty.
    split_seed : int
        Seed of that draw and of `limit`'s.
    limit : int or None
        Keep at most this many samples of each split, stratified.
    units : Units or None
        What vectors are stored in, as `Units.of` finds it for x; None stores them as they are.

    Returns
    -------
    LabelledData
        Images as uint8 ``[n, h, w, c]``, vectors as float32 ``[n, d]``.

    Raises
    ------
    InputError
        If anything does not fit; the message says what and what to do.
    """
    if (x_test is None) != (y_test is None):
        given, lacking = ("x_test", "y_test") if y_test is None else ("y_test", "x_test")
        raise InputError(f"{given} is given without {lacking}. Give both, or neither.")
    samples, labels = _pair(x, y, "x", "y", units)
    test_samples, test_labels = (
        (None, None) if x_test is None else _pair(x_test, y_test, "x_test", "y_test", units)
    )
    if test_samples is not None and test_samples.shape[1:] != samples.shape[1:]:
        raise InputError(
            f"a sample of x has shape {samples.shape[1:]} and one of x_test {test_samples.shape[1:]}. "
            "Both need the same."
        )
    if size is not None and samples.ndim == 2:
        raise InputError("a size is given, and x holds vectors, which have none. Leave the size out.")
    classes, test_classes, names = class_of(labels, test_labels, class_names)
    data = assemble(
        samples,
        classes,
        test_samples,
        test_classes,
        names,
        name=name,
        size=size,
        fit=fit,
        test_fraction=test_fraction,
        split_seed=split_seed,
        limit=limit,
    )
    return data if units is None else replace(data, notes=(*units.notes, *units.warnings))


def assemble(
    x: NDArray[Any],
    y: NDArray[np.int64],
    x_test: NDArray[Any] | None,
    y_test: NDArray[np.int64] | None,
    class_names: tuple[str, ...],
    *,
    name: str,
    size: int | None,
    test_fraction: float,
    split_seed: int,
    limit: int | None,
    fit: Fit = "crop",
) -> LabelledData:
    """Split, limit and resize arrays that are already in their stored form.

    Parameters are those of `prepare`; `x` is uint8 ``[n, h, w, c]`` or float32 ``[n, d]`` and `y` holds class
    numbers.

    Returns
    -------
    LabelledData
        The data set.

    Raises
    ------
    InputError
        If a class is too small to be split or an image too small or large to be kept.
    """
    train, test = choose(y, y_test, class_names, test_fraction, split_seed, limit)
    if x_test is None or y_test is None:
        x_test, y_test = x, y
    (x, y), (x_test, y_test) = (_picked(x, train), y[train]), (_picked(x_test, test), y_test[test])
    if x.ndim == 4:
        if size is not None:
            x, x_test = resize(x, size, fit), resize(x_test, size, fit)
        height, width = x.shape[1:3]
        if min(height, width) < SMALLEST or max(height, width) > LARGEST:
            raise InputError(
                f"the images have {height}×{width} pixels, and sides of {SMALLEST} to {LARGEST} can be used. "
                "Choose a size to bring them to."
            )
    return LabelledData(name, Split(x, y), Split(x_test, y_test), class_names)


def _picked(x: NDArray[Any], rows: NDArray[np.int64] | slice) -> NDArray[Any]:
    """Return some samples, in the cache where they do not fit the memory."""
    if isinstance(rows, slice) or x.dtype != np.uint8:
        return x[rows]
    return np.take(x, rows, axis=0, out=room_for((len(rows), *x.shape[1:])), mode="clip")


def _pair(x: Any, y: Any, x_name: str, y_name: str, units: Units | None) -> tuple[NDArray[Any], NDArray[Any]]:
    samples, labels = check_samples(x, x_name, units), check_labels(y, y_name)
    if len(samples) != len(labels):
        raise InputError(
            f"{x_name} has {len(samples)} samples and {y_name} {len(labels)} labels. "
            "Both need the same number."
        )
    return samples, labels


def check_samples(x: Any, name: str, units: Units | None = None, dark: bool = False) -> NDArray[Any]:
    """Check that `x` is images or vectors and return it in its stored form.

    Parameters
    ----------
    x : array_like
        See `prepare`.
    name : str
        What to call `x` in messages.
    units : Units or None
        What vectors are stored in; None stores them as they are.
    dark : bool
        Whether whole numbers up to 1 are dark pictures, because the range is known to be 0 … 255.

    Returns
    -------
    ndarray
        uint8 ``[n, h, w, c]`` with 1 or 3 channels, or float32 ``[n, d]``; contiguous and writeable.

    Raises
    ------
    InputError
        If `x` is neither.
    """
    samples = as_array(x, name)
    if samples.dtype.kind not in "biuf":
        raise InputError(f"{name} has dtype {samples.dtype}, and samples are real numbers.")
    if samples.ndim not in (2, 3, 4):
        raise InputError(
            f"{name} has shape {samples.shape}, and samples are images [n, h, w] or [n, h, w, c] "
            "or vectors [n, d]."
        )
    if samples.size == 0:
        raise InputError(f"{name} is empty (its shape is {samples.shape}).")
    if samples.dtype.kind == "f" and not np.isfinite(samples).all():
        bad = ~np.isfinite(samples.reshape(len(samples), -1)).all(axis=1)
        raise InputError(
            f"{name} holds NaN or infinity in {int(bad.sum())} of {len(samples)} samples (the first is "
            f"number {int(bad.argmax())}). Remove or fill them."
        )
    stored = _vectors(samples, name, units) if samples.ndim == 2 else _images(samples, name, dark)
    return np.require(stored, requirements=["C", "W"])


def _vectors(samples: NDArray[Any], name: str, units: Units | None) -> NDArray[np.float32]:
    with np.errstate(over="ignore"):
        vectors = samples.astype(np.float32) if units is None else units.stored(samples)
    if not np.isfinite(vectors).all():
        raise InputError(f"{name} holds numbers beyond the range of float32. Scale the features.")
    return vectors


def _images(samples: NDArray[Any], name: str, dark: bool) -> NDArray[np.uint8]:
    images = samples[..., None] if samples.ndim == 3 else samples
    if images.shape[3] not in (1, 3, 4):
        hint = (
            f" It looks like channels first: pass {name}.transpose(0, 2, 3, 1)."
            if images.shape[1] in (1, 3, 4)
            else ""
        )
        raise InputError(
            f"{name} has shape {samples.shape}, and images have 1 or 3 channels (or 4, with alpha), "
            f"in the last place.{hint}"
        )
    pixels = _to_uint8(images, name, dark)
    if pixels.shape[3] != 4:
        return pixels
    if not looks_like_alpha(pixels[..., 3]):
        raise InputError(
            f"{name} has a fourth channel that does not look like alpha: most of its values are neither "
            f"clear nor opaque. Pass {name}[..., :3], or the three channels you need."
        )
    return over_white(pixels)


def _to_uint8(images: NDArray[Any], name: str, dark: bool) -> NDArray[np.uint8]:
    if images.dtype.kind == "b":
        return images.astype(np.uint8) * np.uint8(255)
    low, high = images.min(), images.max()
    if images.dtype.kind == "f":
        if low < -HAIR or high > 1 + HAIR:
            raise InputError(
                f"{name} holds floats from {low:.4g} to {high:.4g}, and float images lie in [0, 1]."
                f"{_advice(images, float(low), float(high), name)}"
            )
        within = images.clip(0, 1) if low < 0 or high > 1 else images
        scaled: NDArray[np.uint8] = np.rint(within * images.dtype.type(255)).astype(np.uint8)
        return scaled
    if low < 0 or high > 255:
        raise InputError(
            f"{name} holds whole numbers from {low} to {high}, and images lie in 0 to 255. "
            "Scale them, or store floats in [0, 1]."
        )
    if high == 0 and not dark:
        raise InputError(f"{name} holds only zeros, so that every picture is black. Look at how it was made.")
    if high == 1 and not dark:
        raise InputError(
            f"{name} holds only whole numbers up to 1, which is black on a scale of 0 to 255. "
            "Store black-and-white images as booleans, or multiply by 255."
        )
    whole: NDArray[np.uint8] = images.astype(np.uint8, copy=False)
    return whole


def _advice(images: NDArray[Any], low: float, high: float, name: str) -> str:
    """Say how to bring floats to [0, 1], where their values leave no doubt."""
    if low >= 0 and 1 < high <= 255 and np.allclose(images, np.rint(images), rtol=0, atol=1e-3):
        return " Divide by 255."
    if -1 - HAIR <= low < -0.5 and 0.5 < high <= 1 + HAIR:
        return f" Pass ({name} + 1) / 2."
    if low >= -0.1 and high <= 1.1:
        return f" If they overshoot from resizing, pass {name}.clip(0, 1)."
    return " Scale all of them by the same range, that of the training images."
