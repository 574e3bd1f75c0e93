"""Stratified draws: a test split, and a smaller part of a split. Each class keeps its share."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from differentia.errors import DifferentiaError

Indices = NDArray[np.int64]


def choose(
    y: NDArray[np.int64],
    y_test: NDArray[np.int64] | None,
    class_names: Sequence[str],
    test_fraction: float,
    seed: int,
    limit: int | None,
) -> tuple[Indices | slice, Indices | slice]:
    """Choose the samples of both splits.

    Parameters
    ----------
    y : ndarray
        Classes of the training samples, or of all where there is no test split, int64 ``[n]``.
    y_test : ndarray or None
        Classes of the test samples.
    class_names : sequence of str
        One name a class.
    test_fraction : float
        Part to draw as test split where there is none, in (0, 1); 0 draws none.
    seed : int
        Seed of the draws.
    limit : int or None
        Most samples to keep of each split.

    Returns
    -------
    train, test
        Positions in `y`, and in `y_test` (in `y` where it is None); a slice where they are all.

    Raises
    ------
    DifferentiaError
        If a class has no sample in a split or too few to be split, or the limit is too small.
    """
    if y_test is None and test_fraction == 0:
        return slice(None) if limit is None else draw_subset(y, limit, seed), slice(0)
    _demand(y, 1 if y_test is not None else 2, class_names, "a split needs a class in both its parts")
    if y_test is None:
        train, test = draw_test(y, test_fraction, seed)
        if limit is None:
            return train, test
        return train[draw_subset(y[train], limit, seed)], test[draw_subset(y[test], limit, seed)]
    _demand(y_test, 1, class_names, "the test split needs every class")
    if limit is None:
        return slice(None), slice(None)
    return draw_subset(y, limit, seed), draw_subset(y_test, limit, seed)


def _demand(y: NDArray[np.int64], least: int, class_names: Sequence[str], why: str) -> None:
    counts = np.bincount(y, minlength=len(class_names))
    few = [f"{class_names[i]} ({counts[i]})" for i in np.flatnonzero(counts < least).tolist()]
    if few:
        raise DifferentiaError(
            f"a class has too few samples: {', '.join(few[:5])}{' …' if len(few) > 5 else ''}; {why}. "
            "Add samples, or remove the class."
        )


def draw_test(y: NDArray[np.int64], fraction: float, seed: int) -> tuple[Indices, Indices]:
    """Draw a test split that holds `fraction` of every class, at least one sample and never all.

    Parameters
    ----------
    y : ndarray
        Classes, int64 ``[n]``; every class has at least two samples.
    fraction : float
        Part that goes to the test split, in (0, 1).
    seed : int
        Seed of the draw.

    Returns
    -------
    train, test : ndarray
        Positions, int64, rising; together each of ``0 … n - 1`` once.
    """
    random = np.random.default_rng([seed, 0])
    in_test = np.zeros(len(y), dtype=bool)
    for members in _by_class(y):
        n_test = min(max(round(fraction * len(members)), 1), len(members) - 1)
        in_test[random.permutation(members)[:n_test]] = True
    return np.flatnonzero(~in_test), np.flatnonzero(in_test)


def draw_subset(y: NDArray[np.int64], limit: int, seed: int) -> Indices:
    """Draw at most `limit` samples, with every class in its share and none left out.

    Parameters
    ----------
    y : ndarray
        Classes, int64 ``[n]``, each of ``0 … y.max()`` present.
    limit : int
        Most samples to keep.
    seed : int
        Seed of the draw.

    Returns
    -------
    ndarray
        Positions, int64, rising.

    Raises
    ------
    DifferentiaError
        If `limit` is smaller than the number of classes.
    """
    if limit >= len(y):
        return np.arange(len(y))
    members = list(_by_class(y))
    if limit < len(members):
        raise DifferentiaError(
            f"a limit of {limit} samples is too small for {len(members)} classes. "
            f"Set it to {len(members)} or more."
        )
    random = np.random.default_rng([seed, 1])
    counts = np.array([len(m) for m in members])
    # One sample each, and the rest by largest remainder, never more than a class has.
    share = 1 + (limit - len(members)) * (counts - 1) / (len(y) - len(members))
    keep = np.floor(share).astype(np.int64)
    late = np.argsort(keep - share, kind="stable")[: limit - keep.sum()]
    keep[late] += 1
    return np.sort(np.concatenate([random.permutation(m)[:k] for m, k in zip(members, keep, strict=True)]))


def _by_class(y: NDArray[np.int64]) -> list[Indices]:
    order = np.argsort(y, kind="stable")
    return np.split(order, np.cumsum(np.bincount(y))[:-1])
