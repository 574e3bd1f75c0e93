"""What moving one dimension of a code does to the measurements of the decoded pictures, class by class."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from differentia.data.dataset import LabelledData
from differentia.inference import EncodedData, decode_all, encode_all
from differentia.measurements.morphometry import meaningful
from differentia.metrics.codes import CodeName
from differentia.metrics.followed_measurements import measure_columns
from differentia.model.base import Model

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

REACH = 2.0
"""A dimension is moved this many of its own spreads to each side: 95 % of a normal distribution."""

_SMALL_SPREAD = 0.1
"""A measurement's spread in a class counts as at least this share of its mean spread over the classes."""


@dataclass(frozen=True)
class Budget:
    """How much is decoded and measured: samples a class, anchors among them, and steps of a traversal."""

    samples: int
    anchors: int
    steps: int


FULL = Budget(samples=200, anchors=24, steps=9)
QUICK = Budget(samples=60, anchors=6, steps=5)


@dataclass(frozen=True)
class Effects:
    """Effects of the d dimensions of one code in each of c classes on k measurements, float64 arrays.

    Attributes
    ----------
    values : ndarray
        What the dimension is set to, ``[d, c, steps]``.
    rho : ndarray
        Spearman's rank correlation of latent value and measurement along the traversal of one anchor, the
        mean over the anchors, ``[d, c, k]`` in [−1, 1]. It is near ±1 only if nearly all anchors move the
        same way all along; a measurement that stays constant counts as 0. NaN where it is undefined for
        more than half of the anchors.
    effect : ndarray
        Standardised effect, ``[d, c, k]``: the change of the measurement over the range (slope of the least
        squares line times the range, the mean over the anchors) over the standard deviation of the
        measurement among real test images of the class. NaN as `rho`, and where the measurement varies in
        no class.
    change : ndarray
        How much of the picture moves, ``[d, c]``: the variance of a pixel (or standardised feature) along
        a traversal over its variance among real samples of the class, both summed over the pixels.
    kl : ndarray
        Mean KL of the dimension from the prior over samples of the class, nats, ``[d, c]``; NaN for a code
        without noise.
    """

    values: Doubles
    rho: Doubles
    effect: Doubles
    change: Doubles
    kl: Doubles


@dataclass(frozen=True)
class TraversalEffects:
    """Effects of both codes; `names` and `labels` are those of the measurements, the latter for people."""

    names: tuple[str, ...]
    labels: tuple[str, ...]
    z: Effects
    w: Effects


@dataclass(frozen=True)
class _ClassSample:
    """Test samples of one class: codes, class, spread of each measurement, summed variance of the pixels.

    `columns` are the measurements that are taken.
    """

    codes: EncodedData
    label: int
    columns: NDArray[np.int64]
    spread: Doubles
    variance: float


def traversal_effects(model: Model, data: LabelledData, seed: int, budget: Budget = FULL) -> TraversalEffects:
    """Traverse every dimension of both codes from test samples of every class, and measure what is decoded.

    A traversal starts at the posterior means of a test sample, the anchor, and sets one dimension to evenly
    spaced values within `REACH` spreads of its centre. Centre and spread are those of the aggregate
    posterior, over all classes for z and within the class for w: where a posterior has left the prior, the
    dimension is moved where its data are. The dimensions of a residual are left out: hundreds of principal
    components, of which none is a factor.

    Parameters
    ----------
    model : Model
        In evaluation mode.
    data : LabelledData
        Its test split is used.
    seed : int
        Draws the samples of each class.
    budget : Budget
        How much is decoded and measured.

    Returns
    -------
    TraversalEffects
        Of every dimension in every class.
    """
    columns = meaningful(data.test.x)
    classes = [_sample(model, data, label, columns, seed, budget) for label in range(data.n_classes)]
    spreads = np.stack([sample.spread for sample in classes])
    least = _SMALL_SPREAD * spreads.mean(axis=0)
    scales = np.where(least > 0.0, np.maximum(spreads, least), np.nan)
    generic = _aggregate([s.codes.z_mean for s in classes], [s.codes.z_log_variance for s in classes])
    z, w, kept = [], [], model.own_w_dim
    for sample, scale in zip(classes, scales, strict=True):
        codes = sample.codes
        own = _aggregate([codes.w_mean[:, :kept]], [codes.w_log_variance[:, :kept]])
        z.append(_effects(model, sample, "z", generic, codes.z_kl, scale, budget))
        w.append(_effects(model, sample, "w", own, codes.w_kl[:, :kept], scale, budget))
    names = measure_columns(data.test.x[:1], columns)
    labels = tuple(names.label(k) for k in range(len(names.names)))
    return TraversalEffects(names.names, labels, _stack(z), _stack(w))


def _sample(
    model: Model,
    data: LabelledData,
    label: int,
    columns: NDArray[np.int64],
    seed: int,
    budget: Budget,
) -> _ClassSample:
    # A class without a test sample is traversed from training samples.
    split = data.test if (data.test.y == label).any() else data.train
    rows = np.flatnonzero(split.y == label)
    rows = np.random.default_rng([seed, label]).permutation(rows)[: budget.samples]
    x = split.x[rows]
    values = measure_columns(x, columns).values.astype(np.float64)
    known = np.isfinite(values).sum(axis=0) > 1
    spread = np.zeros(values.shape[1])
    spread[known] = np.nanstd(values[:, known], axis=0)
    pixels = x.astype(np.float64) / (255.0 if model.is_image else model.feature_scale.cpu().numpy())
    codes, variance = encode_all(model, x, split.y[rows]), float(pixels.var(axis=0).sum())
    return _ClassSample(codes, label, columns, spread, variance)


def _aggregate(means: list[Floats], log_variances: list[Floats]) -> tuple[Doubles, Doubles]:
    """Mean and standard deviation ``[d]`` of an aggregate posterior, every sample weighing the same."""
    mean = np.concatenate(means).astype(np.float64)
    variance = np.exp(np.concatenate(log_variances).astype(np.float64))
    return mean.mean(axis=0), np.sqrt(mean.var(axis=0) + variance.mean(axis=0))


def _effects(
    model: Model,
    sample: _ClassSample,
    code: CodeName,
    aggregate: tuple[Doubles, Doubles],
    kl: Floats,
    scale: Doubles,
    budget: Budget,
) -> Effects:
    """Effects of every dimension of a code in one class; the arrays lack the axis of the classes."""
    centre, spread = aggregate
    steps = np.linspace(-REACH, REACH, budget.steps)
    values = centre[:, None] + spread[:, None] * steps
    dims, count = len(values), min(budget.anchors, len(kl))
    if dims == 0:
        return Effects(values, np.empty((0, len(scale))), np.empty((0, len(scale))), np.empty(0), np.empty(0))
    shape = (dims, count, len(steps))
    z, w = (
        np.broadcast_to(mean[:count, None], (*shape, mean.shape[1])).copy()
        for mean in (sample.codes.z_mean, sample.codes.w_mean)
    )
    moved = z if code == "z" else w
    for dim in range(dims):
        moved[dim, :, :, dim] = values[dim]
    pairs = dims * count * len(steps)
    decoded = decode_all(model, z.reshape(pairs, -1), w.reshape(pairs, -1), np.full(pairs, sample.label))
    measured = measure_columns(decoded, sample.columns).values.astype(np.float64)
    rho, slope = _along_steps(measured.reshape(*shape, -1), steps)
    if not model.is_image:
        decoded = decoded / model.feature_scale.cpu().numpy()
    change = decoded.reshape(*shape, -1).var(axis=2).mean(axis=1).sum(axis=1) / max(sample.variance, 1e-12)
    return Effects(
        values, rho, 2 * REACH * slope / scale, change.astype(np.float64), kl.mean(axis=0).astype(np.float64)
    )


def _along_steps(measured: Doubles, steps: Doubles) -> tuple[Doubles, Doubles]:
    """Rank correlation and slope along the steps, means over the anchors.

    Parameters
    ----------
    measured : ndarray
        ``[d, anchors, steps, k]``.
    steps : ndarray
        Increasing, ``[steps]``.

    Returns
    -------
    rho, slope : ndarray
        ``[d, k]`` each. An anchor counts where more than half of its steps are defined.
    """
    known = np.isfinite(measured)
    time = np.broadcast_to(steps[:, None], measured.shape)
    ranks = rankdata(measured, axis=2, nan_policy="omit")
    turn = np.cumsum(known, axis=2)
    rho = _centred_sum(turn, ranks, known) / np.sqrt(
        np.fmax(_centred_sum(turn, turn, known) * _centred_sum(ranks, ranks, known), 1e-12)
    )
    slope = _centred_sum(time, measured, known) / np.fmax(_centred_sum(time, time, known), 1e-12)
    enough = known.sum(axis=2) > len(steps) / 2
    weight = enough / np.maximum(enough.sum(axis=1, keepdims=True), 1)
    most = enough.mean(axis=1) > 0.5
    return np.where(most, (weight * rho).sum(axis=1), np.nan), np.where(
        most, (weight * slope).sum(axis=1), np.nan
    )


def _centred_sum(a: Doubles, b: Doubles, known: NDArray[np.bool_]) -> Doubles:
    """Sum over the steps of the products of deviations from the means, over the known entries."""
    count = np.maximum(known.sum(axis=2), 1)
    a, b = np.where(known, a, 0.0), np.where(known, b, 0.0)
    a = a - (a.sum(axis=2) / count)[:, :, None] * known
    b = b - (b.sum(axis=2) / count)[:, :, None] * known
    total: Doubles = (a * b).sum(axis=2)
    return total


def _stack(parts: list[Effects]) -> Effects:
    """Put the effects in single classes together along the second axis."""
    return Effects(*(np.stack([getattr(p, f.name) for p in parts], axis=1) for f in fields(Effects)))
