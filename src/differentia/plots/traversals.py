"""Pictures a model draws when one thing changes and the rest stays: traversals, swaps, samples.

Nothing is drawn here; every function returns decoded arrays, which `figures` and the HTML report show.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from differentia.data.dataset import LabelledData
from differentia.inference import decode_all, encode_all, generate, squared_errors
from differentia.metrics.codes import CodeName
from differentia.model.base import Model

Floats = NDArray[np.float32]

VALUES: Floats = np.linspace(-5.0, 5.0, 11, dtype=np.float32)
"""The values of the report's figures, in standard deviations of the prior."""

_CANDIDATES = 200


@dataclass(frozen=True)
class Anchors:
    """One typical test sample a class, with what the model makes of it.

    Attributes
    ----------
    index : ndarray
        Rows of the test split, int64 ``[k]``.
    x : ndarray
        The samples as they are stored, ``[k, …]``.
    y : ndarray
        Their classes, int64 ``[k]``.
    z, w : ndarray
        Their posterior means, float32 ``[k, z_dim]`` and ``[k, w_dim]``.
    reconstruction : ndarray
        Decoded posterior means, float32 ``[k, …]``.
    z_kl, w_kl : ndarray
        KL from the prior of each dimension in nats, the mean over the candidates of the anchor's class,
        float32 ``[k, z_dim]`` and ``[k, w_dim]``; NaN for a code without noise.
    """

    index: NDArray[np.int64]
    x: NDArray[np.generic]
    y: NDArray[np.int64]
    z: Floats
    w: Floats
    reconstruction: Floats
    z_kl: Floats
    w_kl: Floats


def anchors(model: Model, data: LabelledData, seed: int, classes: Sequence[int]) -> Anchors:
    """Choose the test samples that traversals and swaps start from.

    Of up to 200 test samples of a class, drawn by the seed, the one whose reconstruction has the median
    error: a typical sample, neither the model's best nor its worst.

    Parameters
    ----------
    model : Model
        In evaluation mode.
    data : LabelledData
        Its test split is used.
    seed : int
        The same seed draws the same candidates of a class, whichever other classes are asked for.
    classes : sequence of int
        Classes to choose for, each with at least one test sample.

    Returns
    -------
    Anchors
        One row a class, in the order of `classes`.
    """
    chosen = []
    for label in classes:
        rows = _draw(data, label, _CANDIDATES, seed)
        x, y = data.test.x[rows], data.test.y[rows]
        codes = encode_all(model, x, y)
        decoded = decode_all(model, codes.z_mean, codes.w_mean, y)
        error = squared_errors(model, decoded, x)
        middle = np.argsort(error, kind="stable")[(len(rows) - 1) // 2]
        chosen.append(
            (
                rows[middle],
                x[middle],
                y[middle],
                codes.z_mean[middle],
                codes.w_mean[middle],
                decoded[middle],
                codes.z_kl.mean(0),
                codes.w_kl.mean(0),
            )
        )
    return Anchors(*(np.stack(column) for column in zip(*chosen, strict=True)))


def traverse(
    model: Model, z: Floats, w: Floats, y: int, code: CodeName, dim: int, values: Floats = VALUES
) -> Floats:
    """Decode one sample with one dimension of one code set to each of several values.

    Parameters
    ----------
    model : Model
        In evaluation mode.
    z, w : ndarray
        The codes to start from, float32 ``[z_dim]`` and ``[w_dim]``; the report takes posterior means.
    y : int
        Class.
    code : {'z', 'w'}
        The code that is varied.
    dim : int
        The dimension that is varied.
    values : ndarray
        What the dimension is set to (not what is added to it), float32 ``[v]``.

    Returns
    -------
    ndarray
        Decoded samples, float32 ``[v, …]``.

    Raises
    ------
    IndexError
        If the code has no such dimension.
    """
    n = len(values)
    codes = {"z": np.repeat(z[None], n, axis=0), "w": np.repeat(w[None], n, axis=0)}
    codes[code][:, dim] = values
    return decode_all(model, codes["z"], codes["w"], np.full(n, y))


def traverse_all(
    model: Model, z: Floats, w: Floats, y: NDArray[np.int64], code: CodeName, values: Floats = VALUES
) -> Floats:
    """Traverse every dimension of one code of several samples.

    Parameters
    ----------
    model : Model
        In evaluation mode.
    z, w : ndarray
        The codes to start from, float32 ``[k, z_dim]`` and ``[k, w_dim]``.
    y : ndarray
        Classes, int64 ``[k]``.
    code : {'z', 'w'}
        The code that is varied.
    values : ndarray
        What a dimension is set to, float32 ``[v]``.

    Returns
    -------
    ndarray
        Decoded samples, float32 ``[k, d, v, …]``, d the dimensions of the code; ``[k, 0, v, …]`` for a code
        without dimensions.
    """
    k, dims, v = len(y), (z if code == "z" else w).shape[1], len(values)
    if dims == 0:
        return np.empty((k, 0, v, *decode_all(model, z[:1], w[:1], y[:1]).shape[1:]), dtype=np.float32)
    codes = {
        name: np.broadcast_to(c[:, None, None], (k, dims, v, c.shape[1])).copy()
        for name, c in (("z", z), ("w", w))
    }
    for dim in range(dims):
        codes[code][:, dim, :, dim] = values
    n = k * dims * v
    decoded = decode_all(
        model, codes["z"].reshape(n, z.shape[1]), codes["w"].reshape(n, w.shape[1]), np.repeat(y, dims * v)
    )
    return decoded.reshape(k, dims, v, *decoded.shape[1:])


def swap_grid(model: Model, z: Floats, w: Floats, y: NDArray[np.int64]) -> Floats:
    """Decode each z with each pair of w and class.

    Parameters
    ----------
    model : Model
        In evaluation mode.
    z : ndarray
        Generic codes, float32 ``[r, z_dim]``.
    w : ndarray
        Conditional codes, float32 ``[c, w_dim]``.
    y : ndarray
        The classes of `w`, int64 ``[c]``.

    Returns
    -------
    ndarray
        Decoded samples, float32 ``[r, c, …]``: z of the row, w and class of the column.
    """
    r, c = len(z), len(y)
    decoded = decode_all(model, np.repeat(z, c, axis=0), np.tile(w, (r, 1)), np.tile(y, r))
    return decoded.reshape(r, c, *decoded.shape[1:])


def class_samples(model: Model, classes: Sequence[int], n: int, seed: int) -> Floats:
    """Draw new samples of given classes, decoded to the mean of p(x | z, w, y).

    Parameters
    ----------
    model : Model
        In evaluation mode.
    classes : sequence of int
        Classes to draw for.
    n : int
        Samples a class.
    seed : int
        The same seed draws the same samples of a class, whichever other classes are asked for.

    Returns
    -------
    ndarray
        Decoded samples, float32 ``[len(classes), n, …]``.
    """
    return np.stack(
        [generate(model, np.full(n, label), np.random.default_rng([seed, label])) for label in classes]
    )


@dataclass(frozen=True)
class Reconstructions:
    """Test samples and their reconstructions: stored ``x [k, n, …]``, float32 ``decoded [k, n, …]``."""

    x: NDArray[np.generic]
    decoded: Floats


def reconstructions(
    model: Model, data: LabelledData, seed: int, classes: Sequence[int], n: int
) -> Reconstructions:
    """Reconstruct test samples of given classes from their posterior means.

    Parameters
    ----------
    model : Model
        In evaluation mode.
    data : LabelledData
        Its test split is used.
    seed : int
        The same seed draws the same samples of a class, whichever other classes are asked for.
    classes : sequence of int
        Classes to draw for.
    n : int
        Samples a class. A class with fewer test samples repeats them.

    Returns
    -------
    Reconstructions
        One row a class, in the order of `classes`.
    """
    rows = np.concatenate([np.resize(_draw(data, label, n, seed), n) for label in classes])
    x, y = data.test.x[rows], data.test.y[rows]
    codes = encode_all(model, x, y)
    decoded = decode_all(model, codes.z_mean, codes.w_mean, y)
    shape = (len(classes), n, *x.shape[1:])
    return Reconstructions(x.reshape(shape), decoded.reshape(shape))


def _draw(data: LabelledData, label: int, n: int, seed: int) -> NDArray[np.int64]:
    """Rows of up to `n` test samples of a class, drawn without replacement."""
    rows = np.flatnonzero(data.test.y == label)
    return np.random.default_rng([seed, label]).permutation(rows)[:n]
