"""How much of a quantity's variation inside the classes a code holds, and how much a generic one can hold."""

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.model_selection import StratifiedShuffleSplit

from differentia.errors import DifferentiaError

Floats = NDArray[np.floating]

HELD_OUT = 0.3
"""Share of the samples that the R² is computed on; the rest trains the trees."""

LEAST = 50
"""Fewest samples with a finite value for which an R² is given."""

_LEVELS = 1000
"""Quantiles that a class's distribution is taken as."""


def within_class_r2(
    code: Floats, values: Floats, y: NDArray[np.int64], seed: int, sees_y: bool = False
) -> NDArray[np.float64]:
    """Held-out R² of quantities predicted from a code, after removing what the class alone says.

    Each quantity is centred by its class's mean over the training part, so a code that only knows the class
    scores 0. Gradient-boosted trees (Friedman 2001, histogram form), stopped early on a part of their
    training samples so that a code without information is not fitted, predict the centred quantity, and
    R² = 1 − Σ (v − v̂)² / Σ v² over the held-out part, v being the centred quantity.

    Parameters
    ----------
    code : ndarray
        Code, float ``[n, d]``. ``d = 0`` is allowed where `sees_y` is False, and recovers nothing.
    values : ndarray
        Quantities, float ``[n, k]``; samples where a quantity is NaN are left out for that quantity.
    y : ndarray
        Classes, int64 ``[n]``.
    seed : int
        Seed of the split into a training and a held-out part (70 to 30, stratified by class).
    sees_y : bool
        Give the trees the class beside the code, as one column a class. Without it a dimension of the code
        must mean the same in every class to count in full, as a generic code's should; a conditional code,
        which is read together with the class, is given the class.

    Returns
    -------
    ndarray
        R² of every quantity, float64 ``[k]``, at most 1; about 0 (a little below is usual) for a code that
        says nothing. NaN where fewer than `LEAST` samples have a value or the quantity does not vary
        within the classes of the held-out part.

    Raises
    ------
    DifferentiaError
        If `code`, `values` and `y` differ in length.
    """
    if not len(code) == len(values) == len(y):
        raise DifferentiaError(
            f"Codes, values and classes have {len(code)}, {len(values)} and {len(y)} rows; "
            "give one row a sample in each."
        )
    classes = np.unique(y)
    inputs = np.hstack([code, y[:, None] == classes]) if sees_y else np.asarray(code)
    return np.array([_r2(inputs, column, y, seed) for column in np.asarray(values, dtype=np.float64).T])


def _r2(inputs: Floats, value: NDArray[np.float64], y: NDArray[np.int64], seed: int) -> float:
    classes, counts = np.unique(y[np.isfinite(value)], return_counts=True)
    # A class is split only if it has two samples; four, where 30 % of all would not be one of each.
    fewest = 2 if HELD_OUT * counts[counts > 1].sum() >= len(classes) else 4
    kept = np.isfinite(value) & np.isin(y, classes[counts >= fewest])
    if kept.sum() < LEAST:
        return float("nan")
    inputs, value, y = inputs[kept], value[kept], y[kept]
    split = StratifiedShuffleSplit(1, test_size=HELD_OUT, random_state=seed)
    train, test = next(split.split(y, y))
    centred = np.empty_like(value)
    for label in np.unique(y):
        centred[y == label] = value[y == label] - value[train[y[train] == label]].mean()
    scale = centred[train].std()
    total = np.square(centred[test]).sum()
    if not total > 1e-12 * np.square(value).sum():  # rounding alone
        return float("nan")
    if scale == 0.0 or inputs.shape[1] == 0:
        return 0.0
    trees = HistGradientBoostingRegressor(
        max_iter=300, min_samples_leaf=10, early_stopping=True, validation_fraction=0.15, random_state=seed
    )
    trees.fit(inputs[train], centred[train] / scale)
    residual = centred[test] - scale * trees.predict(inputs[test])
    return float(1.0 - np.square(residual).sum() / total)


def independent_r2(values: Floats, y: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the most that any code independent of the class can hold of quantities, as `within_class_r2`.

    A code that knows nothing of the class cannot follow a quantity on the scale of each. Let z be
    independent of y and v be centred in each class. The best guess at v from z is the mean over the classes
    of E[v | z, y], and the covariance of two of these is largest when both classes are ranked alike
    (Hoeffding 1940; Cambanis, Simons & Stout 1976). So, Q_c being the quantile function of v in class c and U
    uniform in [0, 1],

    ``R² ≤ Var(Σ_c p_c Q_c(U)) / Σ_c p_c Var(Q_c(U))``,

    and the rank inside the class attains it. It is 1 if v has the same distribution in every class. Quantiles
    of few samples a class differ by chance, and the estimate is then too low: by .03 with 40, .01 with 200.

    Parameters
    ----------
    values : ndarray
        Quantities, float ``[n, k]``; NaN is left out.
    y : ndarray
        Classes, int64 ``[n]``.

    Returns
    -------
    ndarray
        Of every quantity, float64 ``[k]`` in [0, 1]. NaN where fewer than `LEAST` samples have a value, or it
        does not vary within the classes.
    """
    return np.array([_independent_r2(column, y) for column in np.asarray(values, dtype=np.float64).T])


def _independent_r2(value: NDArray[np.float64], y: NDArray[np.int64]) -> float:
    known = np.isfinite(value)
    value, y = value[known], y[known]
    if len(value) < LEAST:
        return float("nan")
    levels = (np.arange(_LEVELS) + 0.5) / _LEVELS
    classes, counts = np.unique(y, return_counts=True)
    quantiles = np.stack([np.quantile(value[y == label], levels) for label in classes])
    shares = counts / len(value)
    inside = shares @ quantiles.var(axis=1)
    if not inside > 1e-12 * np.square(value).mean():  # rounding alone
        return float("nan")
    return float((shares @ quantiles).var() / inside)
