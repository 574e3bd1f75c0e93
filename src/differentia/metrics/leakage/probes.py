"""Probes: fresh classifiers that try to read the class from a code."""

import warnings
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from differentia.data.dataset import LabelledData
from differentia.metrics.codes import code_split
from differentia.metrics.leakage.families import Answer, Fit, logistic, mlp, neighbours, trees
from differentia.metrics.leakage.information import Calibration, calibrate, class_shares
from differentia.model.base import Model

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Labels = NDArray[np.int64]
ProbeName = Literal["logistic", "neighbours", "trees", "mlp"]

PROBES: dict[ProbeName, Fit] = {"logistic": logistic, "neighbours": neighbours, "trees": trees, "mlp": mlp}

PROBE_NAMES: tuple[ProbeName, ...] = get_args(ProbeName)

FULL: dict[ProbeName, int] = {"logistic": 60_000, "neighbours": 30_000, "trees": 20_000, "mlp": 60_000}
"""Most training samples a probe sees."""

QUICK: dict[ProbeName, int] = {"logistic": 10_000, "neighbours": 3_000, "trees": 3_000, "mlp": 5_000}
"""The same for the quick form."""

HELD_OUT = 0.1
"""Share of a probe's training samples kept for calibration and early stopping."""

RESOLUTION = 1e-6
"""A dimension that varies by less than this part of its size (or of 1) is rounding, not detail."""


@dataclass(frozen=True)
class Standardisation:
    """Brings every dimension to mean 0 and standard deviation 1, and drops those that do not vary.

    So detail of any scale counts for the probe, down to the resolution of the numbers.
    """

    kept: NDArray[np.bool_]
    mean: Doubles
    deviation: Doubles

    @classmethod
    def of(cls, codes: Floats) -> "Standardisation":
        """Take the statistics of codes ``[n, d]``."""
        mean, deviation = codes.mean(axis=0, dtype=np.float64), codes.std(axis=0, dtype=np.float64)
        kept = deviation > RESOLUTION * np.maximum(1.0, np.abs(mean))
        return cls(kept, mean[kept], deviation[kept])

    def __call__(self, codes: Floats) -> Floats:
        """Return standardised codes, float32 ``[n, kept dimensions]``, cut at ±20 standard deviations."""
        scaled = (codes[:, self.kept] - self.mean) / self.deviation
        return np.clip(scaled, -20.0, 20.0).astype(np.float32)


@dataclass(frozen=True)
class Probe:
    """A trained and calibrated probe.

    Attributes
    ----------
    n_train : int
        Samples it was trained on, those for calibration included.
    """

    n_train: int
    standardise: Standardisation
    answer: Answer | None
    calibration: Calibration

    def probabilities(self, codes: Floats) -> tuple[Doubles, Doubles]:
        """Answer for codes ``[n, d]``.

        Returns
        -------
        raw, calibrated : ndarray
            Probabilities of the classes, ``[n, n_classes]``: as the classifier gives them, and calibrated.
            Without a dimension that varies both are the class shares of the training samples.
        """
        if self.answer is None:
            raw = np.tile(self.calibration.prior, (len(codes), 1))
        else:
            with threadpool_limits(1):
                raw = self.answer(self.standardise(codes))
        return raw, self.calibration(raw)

    def predict(self, codes: Floats) -> Labels:
        """Return the most probable class of every code, int64 ``[n]``."""
        answers: Labels = np.argmax(self.probabilities(codes)[0], axis=1)
        return answers


def train_probe(name: ProbeName, codes: Floats, y: Labels, n_classes: int, seed: int, limit: int) -> Probe:
    """Train one probe afresh.

    Parameters
    ----------
    name : str
        A key of `PROBES`.
    codes : ndarray
        Training codes, float ``[n, d]``; d = 0 is allowed.
    y : ndarray
        Their classes, int64 ``[n]``, n at least 2.
    n_classes : int
        Number of classes.
    seed : int
        Seed of the subsample, of the held-out part and of the classifier.
    limit : int
        Most samples used; more are subsampled at random.
    """
    order = np.random.default_rng(seed).permutation(len(y))[:limit]
    n_held = max(1, int(HELD_OUT * len(order)))
    held, fitted = order[:n_held], order[n_held:]
    prior = class_shares(y[fitted], n_classes)
    standardise = Standardisation.of(codes[fitted])
    if not standardise.kept.any() or len(np.unique(y[fitted])) < 2:
        return Probe(len(order), standardise, None, Calibration(prior, 0.0))
    held_x = standardise(codes[held])
    # One thread: the numbers do not depend on the machine's cores, and several probes can run side by side.
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The number of unique classes")  # of few samples a class
        answer = PROBES[name](standardise(codes[fitted]), y[fitted], held_x, y[held], n_classes, seed)
        return Probe(len(order), standardise, answer, calibrate(answer(held_x), y[held], prior))


def quick_probe(model: Model, data: LabelledData, seed: int) -> dict[str, float]:
    """Return the test accuracy of a logistic probe on samples of each code, in a few seconds.

    Parameters
    ----------
    model : Model
        In evaluation mode.
    data : LabelledData
        What the model was trained on.
    seed : int
        Seed of the codes' noise and of the probe.

    Returns
    -------
    dict
        ``"z"`` and, where the model has a conditional code, ``"w"``: accuracies in 0 … 1.
    """
    train = code_split(model, data.train, seed, limit=QUICK["logistic"])
    test = code_split(model, data.test, seed, limit=10_000)
    found = {}
    for name in ("z", "w") if model.w_dim else ("z",):
        fitted = (train.inputs(name, "samples"), train.y)
        probe = train_probe("logistic", *fitted, data.n_classes, seed, limit=len(train))
        found[name] = float(np.mean(probe.predict(test.inputs(name, "samples")) == test.y))
    return found
