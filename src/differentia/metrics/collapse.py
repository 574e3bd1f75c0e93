"""The collapse check: a code that carries nothing is trivially at chance, so see what it carries."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from differentia.measurements.morphometry import Measurements
from differentia.metrics.codes import CODES, CodedSplit
from differentia.metrics.recovery import independent_r2, within_class_r2
from differentia.metrics.transfer import Decode

Labels = NDArray[np.int64]
Errors = Callable[[NDArray[np.float32], NDArray[np.generic]], NDArray[np.float32]]


@dataclass(frozen=True)
class Recovered:
    """How much of one measurement's variation inside the classes a code holds (R², None if undefined).

    Attributes
    ----------
    name, label : str
        The measurement.
    r2_z, r2_w : float or None
        From samples of z, and from samples of w read with the class.
    bound : float or None
        The most that any code independent of the class can hold, whatever the model: `independent_r2`.
    """

    name: str
    label: str
    r2_z: float | None
    r2_w: float | None
    bound: float | None

    def to_json(self) -> dict[str, Any]:
        """Return the figures as plain JSON types."""
        return dict(vars(self))


@dataclass(frozen=True)
class Collapse:
    """What the codes carry, on the test split. Everything on w is None where the model has no w.

    Attributes
    ----------
    kl_z, kl_w : float or None
        Mean KL of the posterior from the prior, nats; None for a code without noise.
    kl_z_dimensions, kl_w_dimensions : tuple of float or None
        The same for every dimension.
    error : float
        Mean squared error of reconstructions from samples of the codes, summed over pixels.
    error_z_exchanged : float
        The same with each z replaced by that of a random test sample.
    error_z_exchanged_within : float
        ... by that of a random test sample of the same class: what is lost is not the class.
    error_w_exchanged_within : float
        The same with w exchanged inside the class.
    recovered : tuple of Recovered
        R² of every measurement, within class, from samples of z and from samples of w (read with the class).
    n_recovered : int
        Test samples behind `recovered`; 30 % of them are scored, the others train the trees.
    """

    kl_z: float | None
    kl_w: float | None
    kl_z_dimensions: tuple[float, ...] | None
    kl_w_dimensions: tuple[float, ...] | None
    error: float
    error_z_exchanged: float
    error_z_exchanged_within: float
    error_w_exchanged_within: float | None
    recovered: tuple[Recovered, ...]
    n_recovered: int

    @property
    def loss_without_z(self) -> float:
        """How many times the error grows when z is exchanged inside the class; 1 for a code without use."""
        return self.error_z_exchanged_within / max(self.error, 1e-12)

    @property
    def loss_without_w(self) -> float | None:
        """How many times the error grows when w is exchanged inside the class."""
        return self.error_w_exchanged_within and self.error_w_exchanged_within / max(self.error, 1e-12)

    def to_json(self) -> dict[str, Any]:
        """Return the figures as plain JSON types."""
        figures = dict(vars(self))
        figures["recovered"] = [row.to_json() for row in self.recovered]
        figures["kl_z_dimensions"] = self.kl_z_dimensions and list(self.kl_z_dimensions)
        figures["kl_w_dimensions"] = self.kl_w_dimensions and list(self.kl_w_dimensions)
        return figures | {"loss_without_z": self.loss_without_z, "loss_without_w": self.loss_without_w}


def exchange(n: int, rng: np.random.Generator, y: Labels | None = None) -> Labels:
    """Return a random permutation of ``0 … n - 1``, inside the classes where `y` int64 ``[n]`` is given."""
    rows = np.arange(n)
    for group in [rows] if y is None else [np.flatnonzero(y == label) for label in np.unique(y)]:
        rows[group] = rng.permutation(group)
    return rows


def collapse_check(
    coded: CodedSplit,
    subset: CodedSplit,
    measured: Measurements,
    decode: Decode,
    errors: Errors,
    seed: int,
) -> Collapse:
    """Measure what the codes carry.

    Parameters
    ----------
    coded : CodedSplit
        Test samples with codes.
    subset : CodedSplit
        Those of them that were measured.
    measured : Measurements
        Their measurements, row by row.
    decode : callable
        The decoder.
    errors : callable
        Decoded and stored samples to the squared error of each, see `models.batched.squared_errors`.
    seed : int
        Seed of the exchanges and of the split into training and scored samples.
    """
    rng, y, has_w = np.random.default_rng(seed), coded.y, coded.w.shape[1] > 0

    def error(z_rows: Labels, w_rows: Labels) -> float:
        return float(errors(decode(coded.z[z_rows], coded.w[w_rows], y), coded.x).mean())

    own, anywhere = np.arange(len(y)), exchange(len(y), rng)
    within_z, within_w = exchange(len(y), rng, y), exchange(len(y), rng, y)
    kl_z, kl_w = (coded.posterior.nats(code) for code in CODES)
    r2_z = within_class_r2(subset.z, measured.values, subset.y, seed)
    r2_w = within_class_r2(subset.w, measured.values, subset.y, seed, sees_y=True) if has_w else r2_z * np.nan
    bounds = independent_r2(measured.values, subset.y)
    return Collapse(
        kl_z=kl_z,
        kl_w=kl_w,
        kl_z_dimensions=None if kl_z is None else _means(coded.posterior.z_kl),
        kl_w_dimensions=None if kl_w is None else _means(coded.posterior.w_kl),
        error=error(own, own),
        error_z_exchanged=error(anywhere, own),
        error_z_exchanged_within=error(within_z, own),
        error_w_exchanged_within=error(own, within_w) if has_w else None,
        recovered=tuple(
            Recovered(name, measured.label(k), _finite(r2_z[k]), _finite(r2_w[k]), _finite(bounds[k]))
            for k, name in enumerate(measured.names)
        ),
        n_recovered=len(subset),
    )


def _means(kl: NDArray[np.float32]) -> tuple[float, ...]:
    return tuple(map(float, kl.mean(0)))


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
