"""Labels of any kind, checked and turned into class numbers with names."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from differentia.errors import DifferentiaError


def check_labels(y: Any, name: str) -> NDArray[Any]:
    """Check that `y` is one whole number or text a sample.

    Parameters
    ----------
    y : array_like
        Labels: integers, booleans, text, or floats that are whole numbers; ``[n]`` or ``[n, 1]``.
    name : str
        What to call `y` in messages.

    Returns
    -------
    ndarray
        ``[n]``, of integers, booleans or text.

    Raises
    ------
    DifferentiaError
        If `y` is anything else.
    """
    labels = _without_objects(y, name)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim == 2 and labels.dtype.kind in "biuf":
        raise DifferentiaError(
            f"{name} has shape {labels.shape} and must have one label a sample. "
            f"If it is one-hot, pass {name}.argmax(axis=1)."
        )
    if labels.ndim != 1:
        raise DifferentiaError(f"{name} has shape {labels.shape} and must be [n], one label a sample.")
    if len(labels) == 0:
        raise DifferentiaError(f"{name} is empty. Give at least two samples of at least two classes.")
    if labels.dtype.kind == "f":
        if not np.isfinite(labels).all():
            raise DifferentiaError(
                f"{name} holds NaN or infinity among its labels ({int((~np.isfinite(labels)).sum())} "
                "of them). Remove the samples without a label."
            )
        if (labels != np.floor(labels)).any() or np.abs(labels).max() > 2**53:
            raise DifferentiaError(
                f"{name} holds numbers that are no classes, because they are not whole or too large. "
                "Give integers or text."
            )
        return labels.astype(np.int64)
    if labels.dtype.kind == "S":
        try:
            return np.char.decode(labels, "utf-8")
        except UnicodeDecodeError as problem:
            raise DifferentiaError(f"{name} holds bytes that are not UTF-8 text. Store text.") from problem
    if labels.dtype.kind not in "biuU":
        raise DifferentiaError(f"{name} has dtype {labels.dtype}, and labels are integers or text.")
    return labels


def _without_objects(y: Any, name: str) -> NDArray[Any]:
    """Turn an array of Python objects (as a table's column gives) into one of text or whole numbers."""
    try:
        labels = np.asarray(y)
    except ValueError as problem:
        raise DifferentiaError(f"{name} is ragged: its labels differ in shape.") from problem
    if labels.dtype.kind != "O":
        return labels
    values = labels.ravel().tolist()
    if all(isinstance(v, str) for v in values) or all(isinstance(v, int | np.integer) for v in values):
        return np.array(values).reshape(labels.shape)
    raise DifferentiaError(
        f"{name} mixes kinds of labels or holds objects. Give integers or text throughout."
    )


def class_of(
    labels: NDArray[Any], test_labels: NDArray[Any] | None, class_names: Sequence[str] | None
) -> tuple[NDArray[np.int64], NDArray[np.int64] | None, tuple[str, ...]]:
    """Give the classes the numbers ``0 … n - 1``.

    Without `class_names` the distinct labels are sorted, numbers by value and text alphabetically, and a
    label written as text is its class's name; gaps (0, 1, 3) are closed. With `class_names`, a whole number
    is a position in it and a text is an entry of it.

    Parameters
    ----------
    labels : ndarray
        Training labels ``[n]``, from `check_labels`.
    test_labels : ndarray or None
        Test labels, where there are any.
    class_names : sequence of str or None
        Names in the order of the class numbers.

    Returns
    -------
    y, y_test : ndarray
        Class numbers, int64.
    class_names : tuple of str
        One name a class.

    Raises
    ------
    DifferentiaError
        If there are fewer than two classes, a class of one split is missing from the other, or
        `class_names` does not fit.
    """
    present = np.unique(labels)
    known = present
    names = tuple(str(label) for label in present)
    if class_names is not None:
        names = tuple(str(name) for name in class_names)
        if len(set(names)) < len(names):
            raise DifferentiaError(f"class_names names a class twice ({', '.join(names[:10])}).")
        known = np.array(names) if labels.dtype.kind == "U" else np.arange(len(names))
        unknown = np.setdiff1d(present, known)
        if len(unknown):
            raise DifferentiaError(
                f"y holds labels that class_names does not name: {_few(unknown)}. Labels are 0 to "
                f"{len(names) - 1}, or the names themselves."
            )
        absent = [name for name, label in zip(names, known, strict=True) if label not in present]
        if absent:
            raise DifferentiaError(
                f"no sample has the class {_few(absent)}, which class_names names. "
                "Remove the name or add samples."
            )
    if len(names) < 2:
        raise DifferentiaError(
            f"every sample has the class {_few(names)}. The method needs at least two classes."
        )
    if test_labels is None:
        return _positions(labels, known), None, names
    if (test_labels.dtype.kind == "U") != (labels.dtype.kind == "U"):
        raise DifferentiaError("y holds text and y_test numbers, or the other way round. Use one kind.")
    strange = np.setdiff1d(test_labels, known)
    if len(strange):
        raise DifferentiaError(f"y_test holds classes that y does not: {_few(strange)}.")
    untested = np.setdiff1d(known, test_labels)
    if len(untested):
        raise DifferentiaError(
            f"y_test lacks the class {_few(untested)}. Add test samples of it, or give no test split and one "
            "is drawn."
        )
    return _positions(labels, known), _positions(test_labels, known), names


def _positions(labels: NDArray[Any], known: NDArray[Any]) -> NDArray[np.int64]:
    order = np.argsort(known)
    found: NDArray[np.int64] = order[np.searchsorted(known[order], labels)]
    return found


def _few(values: Sequence[Any] | NDArray[Any]) -> str:
    shown = ", ".join(str(value) for value in values[:5])
    return f"{shown}, … ({len(values)} in all)" if len(values) > 5 else shown
