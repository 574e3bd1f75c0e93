"""What callers pass, checked against what an estimator was fitted to."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import issparse
from sklearn.utils.validation import check_is_fitted, column_or_1d, validate_data

from differentia.data.array_like import as_array
from differentia.data.arrays import check_samples
from differentia.data.labels import check_labels, positions
from differentia.errors import InputError
from differentia.model.base import Floats


def accepted(estimator: Any, X: Any, reset: bool) -> NDArray[Any]:
    """Return `X` as an array, vectors after scikit-learn's checks of an input.

    `reset` notes the number and the names of their features on the estimator; otherwise they are compared.
    """
    if not (issparse(X) or hasattr(X, "columns")):
        X = as_array(X, "X")
    if X.ndim > 2:
        return np.asarray(X)
    least = 2 if reset else 1
    vectors: NDArray[Any] = validate_data(
        estimator, X, reset=reset, ensure_all_finite=False, ensure_min_samples=least
    )
    return vectors


def stored(estimator: Any, X: Any) -> NDArray[Any]:
    """Return samples as a fitted estimator stores them: uint8 ``[n, h, w, c]`` or float32 ``[n, d]``."""
    check_is_fitted(estimator)
    X = accepted(estimator, X, reset=False)
    x = check_samples(X, "X", estimator._seen.units, dark=estimator._seen.whole_numbers or not X.any())
    first = estimator.model_.sample_shape
    if x.shape[1:] != first:
        raise InputError(
            f"A sample has shape {x.shape[1:]}, and the model was trained on {first}. Bring X to that shape."
        )
    return x


def labels(y: Any) -> NDArray[Any]:
    """Return labels ``[n]`` of integers, booleans or text; warns of a column, as scikit-learn does."""
    if y is None:
        raise InputError(
            "This estimator requires y to be passed, but the target y is None. Pass one label a sample."
        )
    found = check_labels(y, "y")
    column = as_array(y, "y")
    if column.ndim == 2 and column.shape[1] == 1:
        column_or_1d(column, warn=True)
    return found


def class_numbers(estimator: Any, y: Any, n: int) -> NDArray[np.int64]:
    """Return the classes, int64 ``[n]``, of `n` labels.

    Numbers are compared by their value (1, 1.0 and True are one label), anything else by its text.
    """
    given, known = labels(y), estimator.classes_
    if len(given) != n:
        raise InputError(f"There are {n} samples and {len(given)} labels. Pass one each.")
    if "U" in (given.dtype.kind, known.dtype.kind):
        given, known = given.astype(str), known.astype(str)
    unknown = np.setdiff1d(given, known)
    if len(unknown):
        shown = ", ".join(map(str, known[:10])) + (", …" if len(known) > 10 else "")
        raise InputError(f"The label {unknown[0]} was not in the training data ({shown}). Use its labels.")
    return positions(given, known)


def codes(C: ArrayLike, dim: int, n: int | None, name: str) -> Floats:
    """Return codes as float32 ``[n, dim]``."""
    found = np.asarray(C, dtype=np.float32)
    if found.ndim != 2 or found.shape[1] != dim or n not in (None, len(found)):
        raise InputError(
            f"{name} has shape {found.shape}, and codes of this model have shape "
            f"({'n' if n is None else n}, {dim}). Pass what transform returns."
        )
    if not np.isfinite(found).all():
        raise InputError(f"{name} holds NaN or infinity. Remove these rows.")
    return found
