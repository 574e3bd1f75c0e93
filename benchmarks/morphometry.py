"""How fast the measurements are, and how far they are from a plain program that takes image by image.

Usage: python benchmarks/morphometry.py [DATA] [NUMBER OF TEST IMAGES]

The plain program is written with scikit-image from the definitions of Castro et al. 2019; its medial axis
breaks ties at random, so it also differs from itself, which the last column shows.
"""

import os
import sys

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")  # one core, before numpy is loaded

import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from skimage.morphology import medial_axis
from skimage.transform import AffineTransform, warp

from differentia.data.catalogue import load
from differentia.data.settings import DataSettings
from differentia.measurements.morphometry import SHAPE, measure

SCALE = 4


def plain(image: NDArray[np.float64], seed: int) -> list[float]:
    height, width = (SCALE * side for side in image.shape)
    to_small = AffineTransform(scale=1 / SCALE, translation=(0.5 / SCALE - 0.5, 0.5 / SCALE - 0.5))
    large = warp(image / image.max(), to_small, output_shape=(height, width), order=3, mode="edge")
    levels = np.floor(255 * gaussian_filter(large, SCALE / 3))
    shape = np.pad(levels >= (levels.min() + levels.max()) / 2, 1)  # the outside is background
    axis, distance = medial_axis(shape, return_distance=True, rng=seed)
    length = sum(
        step * np.sum(axis & np.roll(axis, shift, (0, 1)))
        for step, shift in ((1, (0, 1)), (1, (1, 0)), (2**0.5, (1, 1)), (2**0.5, (1, -1)))
    )

    y, x = np.mgrid[:height, :width]
    total = levels.sum()
    x_mean, y_mean = (x * levels).sum() / total, (y * levels).sum() / total
    shear = ((x - x_mean) * (y - y_mean) * levels).sum() / ((y - y_mean) ** 2 * levels).sum()
    upright = x + 0.5 - shear * (y - y_mean)
    spans = []
    for place, ticks in ((upright, np.arange(-width, 2 * width)), (y, np.arange(height + 1))):
        share = [levels[place < tick].sum() / total for tick in ticks]
        first, last = np.interp([0.01, 0.99], share, ticks)
        spans.append((last - first) / SCALE)
    return [
        shape.sum() / SCALE**2,
        length / SCALE,
        2 * distance[axis].mean() / SCALE,
        np.arctan(-shear),
        *spans,
    ]


def timed(work: Callable[[], NDArray[np.float64]]) -> tuple[NDArray[np.float64], float]:
    start = time.process_time()
    result = work()
    return result, time.process_time() - start


def main(source: str = "mnist", count: str = "10000") -> None:
    x = load(DataSettings(source=source)).test.x[: int(count)]
    fast, fast_seconds = timed(lambda: measure(x).values[:, : len(SHAPE)])
    reference, seconds = timed(lambda: np.array([plain(image[..., 0] / 255, 0) for image in x]))
    some = min(len(x), 1000)
    again = np.array([plain(image[..., 0] / 255, 1) for image in x[:some]])

    print(f"{source}, {len(x)} test images of {x.shape[1]}×{x.shape[2]}, one core")
    print(f"all measurements, batched:  {len(x) / fast_seconds:8.0f} images a second")
    print(f"the six of shape, plain:    {len(x) / seconds:8.0f} images a second")
    print(f"ratio:                      {seconds / fast_seconds:8.1f}\n")
    print(
        f"{'':12}{'mean of':>10}{'mean':>10}{'mean abs.':>11}{'99 %':>9}{'largest':>9}{'plain against':>15}"
    )
    print(f"{'':12}{'plain':>10}{'deviation':>10}{'deviation':>11}{'below':>9}{'':9}{'itself, mean':>15}")
    for k, name in enumerate(SHAPE):
        off = fast[:, k] - reference[:, k]
        itself = np.abs(again[:, k] - reference[:some, k]).mean()
        numbers = [off.mean(), np.abs(off).mean(), np.quantile(np.abs(off), 0.99), np.abs(off).max(), itself]
        widths = (10, 11, 9, 9, 15)
        cells = "".join(f"{v:{w}.4f}" for v, w in zip(numbers, widths, strict=True))
        print(f"{name:12}{reference[:, k].mean():10.3f}{cells}")


if __name__ == "__main__":
    main(*sys.argv[1:])
