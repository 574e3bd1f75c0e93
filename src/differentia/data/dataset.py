"""Labelled arrays in memory: what every other part of the package takes as data."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Split:
    """One part (training or test) of a labelled data set.

    Attributes
    ----------
    x : ndarray
        Images, uint8 ``[n, height, width, channels]`` with 1 or 3 channels, or vectors, float32 ``[n, d]``.
        May be memory-mapped.
    y : ndarray
        Classes, int64 ``[n]``, each in ``0 … n_classes - 1``.
    factors : ndarray or None
        Ground truth, float32 ``[n, k]``, one column a factor of `LabelledData.factor_names`, NaN where the
        sample's class does not have the factor. None where there is no ground truth.
    """

    x: NDArray[np.generic]
    y: NDArray[np.int64]
    factors: NDArray[np.float32] | None = None

    def __len__(self) -> int:
        return len(self.y)

    def take(self, rows: NDArray[np.bool_] | NDArray[np.int64]) -> "Split":
        """Return some of the samples; those of a memory-mapped file are read into memory."""
        return Split(self.x[rows], self.y[rows], None if self.factors is None else self.factors[rows])


@dataclass(frozen=True)
class LabelledData:
    """A labelled data set with its training and test splits.

    Attributes
    ----------
    name : str
        What the data set is called in tables and figures.
    train, test : Split
        The two splits. Both hold every class, but for a test split that is empty because there is none.
    class_names : tuple of str
        One name a class, in the order of the class numbers.
    factor_names : tuple of str
        Names of the ground-truth factors, empty where there is none. ``"size"`` is a factor that every class
        has; ``"star.inner_radius"`` is one that only the class ``star`` has.
    notes : tuple of str
        What a person should know of how the data were read, a phrase each: files passed over, splits found.
    levels : mapping
        What is black and what is white in pictures of more than 8 bits, by kind; empty where there are none.
    certify : Split or None
        Samples that were set aside for certificates; a class may be missing. None where none were.
    """

    name: str
    train: Split
    test: Split
    class_names: tuple[str, ...]
    factor_names: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    levels: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    certify: Split | None = None

    @property
    def n_classes(self) -> int:
        """Number of classes."""
        return len(self.class_names)

    @property
    def is_image(self) -> bool:
        """Whether a sample is an image rather than a vector."""
        return self.train.x.ndim == 4

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one sample: ``(height, width, channels)`` or ``(d,)``."""
        return tuple(self.train.x.shape[1:])
