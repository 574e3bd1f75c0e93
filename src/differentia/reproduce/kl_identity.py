"""The identity of section 3.1: mean KL = I(z; (x, y)) + KL(q(z) ‖ p(z)), estimated on real data."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from differentia.inference import EncodedData

Doubles = NDArray[np.float64]

SAMPLES = 10_000
"""Posteriors that make up the aggregate; log 10,000 = 9.21 nats bounds what the sum can see."""

_CHUNK = 250


@dataclass(frozen=True)
class KlIdentity:
    """The two parts of the mean KL, bracketed, in nats.

    Attributes
    ----------
    kl : float
        Mean KL(q(z | x, y) ‖ N(0, I)) over the samples.
    information_low : float
        Lower bound of I(z; (x, y)): the mean of log q(z | x, y) − log of the average of q(z | ·) over all n
        posteriors, the sample's own among them. It cannot exceed log n (the InfoNCE bound with the true
        densities: van den Oord et al. 2018; Poole et al. 2019, section 2.3). For the uniform distribution
        over these n samples it is the information itself (Hoffman & Johnson 2016).
    information_high : float
        Upper bound: the mean KL less `aggregate_low`.
    aggregate_low : float
        Lower bound of KL(q(z) ‖ N(0, I)): the divergence of the Gaussian with q(z)'s mean and covariance.
        As log of a ratio of Gaussians is quadratic, KL(q ‖ p) = KL(q ‖ g) + KL(g ‖ p) for that Gaussian g.
    aggregate_high : float
        Upper bound: the mean KL less `information_low`.
    n : int
        Posteriors in the aggregate.
    """

    kl: float
    information_low: float
    information_high: float
    aggregate_low: float
    aggregate_high: float
    n: int

    def to_json(self) -> dict[str, Any]:
        """Return the numbers as plain JSON types."""
        return asdict(self)


def kl_identity(posterior: EncodedData, seed: int, n: int = SAMPLES) -> KlIdentity:
    """Estimate the parts of the mean KL of z.

    Parameters
    ----------
    posterior : EncodedData
        Posteriors of the training split; up to `n` of them are used.
    seed : int
        Draws the posteriors and one sample from each.
    n : int
        Posteriors in the aggregate.
    """
    rng = np.random.default_rng(seed)
    rows = rng.permutation(len(posterior.z_mean))[:n]
    mean = posterior.z_mean[rows].astype(np.float64)
    log_variance = posterior.z_log_variance[rows].astype(np.float64)
    kl = float(posterior.z_kl[rows].sum(axis=1).mean())
    z = mean + np.exp(0.5 * log_variance) * rng.standard_normal(mean.shape)
    low = float((_own(z, mean, log_variance) - _aggregate(z, mean, log_variance)).mean())
    moments = moment_divergence(mean, log_variance)
    return KlIdentity(kl, low, kl - moments, moments, kl - low, len(rows))


def moment_divergence(mean: Doubles, log_variance: Doubles) -> float:
    """Return KL(N(m, S) ‖ N(0, I)) in nats, m and S the moments of the average of ``[n, d]`` Gaussians."""
    centre = mean.mean(axis=0)
    covariance = np.cov(mean, rowvar=False, bias=True).reshape(len(centre), len(centre))
    covariance = covariance + np.diag(np.exp(log_variance).mean(axis=0))
    log_determinant = np.linalg.slogdet(covariance)[1]
    return float(0.5 * (np.trace(covariance) + centre @ centre - len(centre) - log_determinant))


def _own(z: Doubles, mean: Doubles, log_variance: Doubles) -> Doubles:
    """Log q(z_i | x_i), ``[n]``, without the constant that both densities share."""
    own: Doubles = -0.5 * ((z - mean) ** 2 / np.exp(log_variance) + log_variance).sum(axis=1)
    return own


def _aggregate(z: Doubles, mean: Doubles, log_variance: Doubles) -> Doubles:
    """Log of the average density over all posteriors, ``[n]``, without the same constant.

    The square is expanded, so that all pairs are two matrix products.
    """
    precision = np.exp(-log_variance)
    constant = -0.5 * (mean**2 * precision + log_variance).sum(axis=1)
    parts = [
        logsumexp(constant - 0.5 * chunk**2 @ precision.T + chunk @ (mean * precision).T, axis=1)
        for chunk in np.array_split(z, max(1, len(z) // _CHUNK))
    ]
    total: Doubles = np.concatenate(parts) - np.log(len(mean))
    return total
