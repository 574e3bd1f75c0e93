"""What a probe's answers are worth: accuracy, usable information in bits, and intervals for both."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

Doubles = NDArray[np.float64]

LEAST_PROBABILITY = 1e-4
"""No probe is allowed to be surer than this: an answer is off by at most 13.3 bits."""


def class_shares(y: NDArray[np.int64], n_classes: int) -> Doubles:
    """Return the share of every class among the labels int64 ``[n]``, float64 ``[n_classes]``."""
    return np.bincount(y, minlength=n_classes) / max(len(y), 1)


def entropy_bits(shares: Doubles) -> float:
    """Return −Σ p log₂ p of a distribution, with 0 log 0 = 0."""
    positive = shares[shares > 0]
    return float(-(positive * np.log2(positive)).sum())


def information_bits(probabilities: Doubles, y: NDArray[np.int64]) -> Doubles:
    """Usable information of every sample in bits: log₂ p(y | code) − log₂ p(y).

    Its mean is H(y) minus the probe's cross-entropy, the predictive V-information of Xu et al. 2020
    with the probe's family as V; a sample's own term is the pointwise V-information of
    Ethayarajh et al. 2022. p(y) is the share of the class among `y` itself, the constant answer that would
    do best here, so that a probe which only learnt the shares of its training split scores at most 0.

    Parameters
    ----------
    probabilities : ndarray
        The probe's answers, ``[n, n_classes]``, positive.
    y : ndarray
        True classes, int64 ``[n]``.

    Returns
    -------
    ndarray
        float64 ``[n]``. The mean can be below 0, when a probe is worse than knowing only how frequent the
        classes are; it is not cut at 0.
    """
    shares = class_shares(y, probabilities.shape[1])
    return np.log2(probabilities[np.arange(len(y)), y]) - np.log2(shares[y])


@dataclass(frozen=True)
class Calibration:
    """How far a probe's answers are trusted: p ∝ prior · (answer / prior)^trust, bounded below.

    With trust 0 the probe answers the prior (0 bits), with trust 1 what it said; above 1 it was too shy.
    This is temperature scaling (Guo et al. 2017) around the class prior instead of around the uniform
    distribution.

    Attributes
    ----------
    prior : ndarray
        Class shares where the probe was trained, float64 ``[n_classes]``.
    trust : float
        The exponent.
    """

    prior: Doubles
    trust: float

    def __call__(self, answers: Doubles) -> Doubles:
        """Return calibrated probabilities of ``[n, n_classes]`` answers, rows summing to 1."""
        logits = self.trust * np.log(np.clip(answers, 1e-12, None))
        logits += (1.0 - self.trust) * np.log(np.clip(self.prior, 1e-12, None))
        logits -= logits.max(axis=1, keepdims=True)
        p = np.exp(logits)
        p /= p.sum(axis=1, keepdims=True)
        floor = min(LEAST_PROBABILITY, 0.1 / p.shape[1])
        calibrated: Doubles = (1.0 - floor * p.shape[1]) * p + floor
        return calibrated


def calibrate(answers: Doubles, y: NDArray[np.int64], prior: Doubles) -> Calibration:
    """Choose the trust, in 0 … 3, that minimises the cross-entropy on samples the probe was not fitted on.

    Parameters
    ----------
    answers : ndarray
        The probe's probabilities for held-out samples, ``[n, n_classes]``.
    y : ndarray
        Their classes, int64 ``[n]``.
    prior : ndarray
        Class shares where the probe was fitted, ``[n_classes]``.
    """
    rows = np.arange(len(y))

    def cross_entropy(trust: float) -> float:
        return float(-np.log(Calibration(prior, trust)(answers)[rows, y]).mean())

    best = float(minimize_scalar(cross_entropy, bounds=(0.0, 3.0), method="bounded").x)
    return Calibration(prior, min((0.0, best), key=cross_entropy))
