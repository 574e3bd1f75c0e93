"""Labels of any kind, checked and turned into class numbers with names."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from differentia.data.array_like import as_array
from differentia.errors import InputError


def check_labels(y: Any, name: str) -> NDArray[Any]:
    """Check that `y` is one whole number or text a sample.

    Parameters
    ----------
    y : array_like
        Labels: integers, booleans, text (also as UTF-8 bytes), or floats that are whole numbers; ``[n]`` or
        ``[n, 1]``. Or one-hot, ``[n, k]`` with one 1 in each row: the place of the 1 is the label.
    name : str
        What to call `y` in messages.

    Returns
    -------
    ndarray
        ``[n]``, of integers, booleans or text.

    Raises
    ------
    InputError
        If `y` is anything else.
    """
    labels = _without_objects(y, name)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    elif labels.ndim == 2 and labels.dtype.kind in "biuf" and labels.size:
        if not _is_one_hot(labels):
            raise InputError(
                f"{name} has shape {labels.shape} and is not one-hot. Give one label a sample; of scores, "
                f"pass {name}.argmax(axis=1)."
            )
        labels = labels.argmax(axis=1)
    if labels.ndim != 1:
        raise InputError(
            f"{name} has shape {labels.shape}, and must be [n], one label a sample, or one-hot [n, k]. "
            "Choose one label for each sample."
        )
    if len(labels) == 0:
        raise InputError(f"{name} is empty. Give at least two samples of at least two classes.")
    if labels.dtype.kind == "f":
        if not np.isfinite(labels).all():
            raise _unlabelled(~np.isfinite(labels), name)
        if (labels != np.floor(labels)).any() or np.abs(labels).max() > 2**53:
            raise InputError(
                f"Unknown label type: {name} holds numbers that are not whole or too large, which are no "
                "classes. Give integers or text."
            )
        return labels.astype(np.int64)
    labels = as_text(labels, name)
    if labels.dtype.kind == "U" and np.isin(labels, ("nan", "")).any():
        raise _unlabelled(np.isin(labels, ("nan", "")), name)
    if labels.dtype.kind not in "biuU":
        raise InputError(
            f"{name} has dtype {labels.dtype}, and labels are integers or text. Turn them into one of these."
        )
    return labels


def as_text(labels: NDArray[Any], name: str) -> NDArray[Any]:
    """Decode labels of bytes, and return others as they are; an InputError says that they are no UTF-8."""
    try:
        return np.char.decode(labels, "utf-8") if labels.dtype.kind == "S" else labels
    except UnicodeDecodeError as problem:
        raise InputError(f"{name} holds bytes that are not UTF-8 text. Store text.") from problem


def _without_objects(y: Any, name: str) -> NDArray[Any]:
    """Turn a list or an array of Python objects (as a table's column gives) into one of text or numbers."""
    labels = as_array(y, name)
    if isinstance(y, list | tuple) and labels.dtype.kind == "U":
        labels = np.array(y, dtype=object)  # numpy makes text of the numbers, None and NaN among text
    if labels.dtype.kind not in "OT":
        return labels
    values = labels.ravel().tolist()
    missing = np.array([_is_missing(value) for value in values], dtype=bool)
    if missing.any():
        raise _unlabelled(missing, name)
    for kind in (str, bytes, int | float | np.number | np.bool_):
        if all(isinstance(value, kind) for value in values):
            return np.array(values).reshape(labels.shape)
    raise InputError(f"{name} mixes kinds of labels or holds objects. Give integers or text throughout.")


def _is_missing(value: Any) -> bool:
    """Whether a value is None, NaN, or what pandas has in place of these."""
    not_a_number = isinstance(value, float | np.floating) and np.isnan(value)
    return value is None or bool(not_a_number) or type(value).__name__ in ("NAType", "NaTType")


def _unlabelled(missing: NDArray[np.bool_], name: str) -> InputError:
    """Say which labels are missing, as an error to raise."""
    return InputError(
        f"{name} has no label for {int(missing.sum())} of {len(missing)} samples: it holds None, NaN, "
        f"infinity or nothing (the first is number {int(missing.argmax())}). Leave these samples out."
    )


def _is_one_hot(labels: NDArray[Any]) -> bool:
    return bool(((labels == 0) | (labels == 1)).all() and ((labels == 1).sum(axis=1) == 1).all())


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
    InputError
        If there are fewer than two classes, a class of one split is missing from the other, or
        `class_names` does not fit.
    """
    present = np.unique(labels)
    known = present
    names = tuple(str(label) for label in present)
    if class_names is not None:
        names = tuple(str(name) for name in class_names)
        if len(set(names)) < len(names):
            raise InputError(f"class_names names a class twice ({', '.join(names[:10])}).")
        known = np.array(names) if labels.dtype.kind == "U" else np.arange(len(names))
        unknown = np.setdiff1d(present, known)
        if len(unknown):
            raise InputError(
                f"y holds labels that class_names does not name: {_few(unknown)}. Labels are 0 to "
                f"{len(names) - 1}, or the names themselves."
            )
        absent = [name for name, label in zip(names, known, strict=True) if label not in present]
        if absent:
            raise InputError(
                f"no sample has the class {_few(absent)}, which class_names names. "
                "Remove the name or add samples."
            )
    if len(names) < 2:
        raise InputError(f"every sample has the class {_few(names)}. The method needs at least two classes.")
    if test_labels is None:
        return positions(labels, known), None, names
    if (test_labels.dtype.kind == "U") != (labels.dtype.kind == "U"):
        raise InputError("y holds text and y_test numbers, or the other way round. Use one kind.")
    strange = np.setdiff1d(test_labels, known)
    if len(strange):
        raise InputError(f"y_test holds classes that y does not: {_few(strange)}.")
    untested = np.setdiff1d(known, test_labels)
    if len(untested):
        raise InputError(
            f"y_test lacks the class {_few(untested)}. Add test samples of it, or give no test split and one "
            "is drawn."
        )
    return positions(labels, known), positions(test_labels, known), names


def positions(labels: NDArray[Any], known: NDArray[Any]) -> NDArray[np.int64]:
    """Return where each label ``[n]`` stands in `known`, which has them all."""
    order = np.argsort(known)
    found: NDArray[np.int64] = order[np.searchsorted(known[order], labels)]
    return found


def _few(values: Sequence[Any] | NDArray[Any]) -> str:
    shown = ", ".join(str(value) for value in values[:5])
    return f"{shown}, … ({len(values)} in all)" if len(values) > 5 else shown
