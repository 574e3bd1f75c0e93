"""A certificate: with stated confidence, how well anybody at all could read the class from z."""

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import brentq

from differentia.errors import DifferentiaError

Doubles = NDArray[np.float64]
Labels = NDArray[np.int64]

CONFIDENCE = 0.95
DRAWS = 100_000
"""Monte Carlo draws of the integral."""

SHARE_OF_DRAWS = 0.1
"""Part of δ that is spent on the draws: there can be many more of them than pairs, so they need little."""

_BLOCK = 4_000_000
"""Densities that are held at once: 32 MB."""


@dataclass(frozen=True)
class Certificate:
    """What no classifier of y from one released sample of z exceeds, whoever trains it and on whatever.

    It holds if the pairs (x, y) were drawn independently from the distribution that it speaks of, and if the
    model, its settings and the release noise were chosen without them. It speaks of one sample of q(z | x)
    for each x, with noise that the reader does not know: not of means, and not of several samples of one x.

    Attributes
    ----------
    bound : float
        The certificate: the accuracy of the best classifier is at most this, with probability `confidence`.
    plug_in : float
        Â, the accuracy of the best classifier if the pairs at hand were all there are. Its mean is not below
        the truth (Jensen's inequality, since a maximum is convex), and above it where the noise is small.
    confidence : float
        1 − δ, of this certificate by itself.
    pairs : int
        Samples with their classes.
    draws : int
        Monte Carlo draws of the integral Â.
    release_noise : float
        Standard deviation of the noise that is added to each dimension of z, in those of the prior.
    chance : float
        Share of the most frequent class among the pairs: what is guessed without z.
    """

    bound: float
    plug_in: float
    confidence: float
    pairs: int
    draws: int
    release_noise: float
    chance: float

    def to_json(self) -> dict[str, Any]:
        """Return the attributes as plain JSON types."""
        return asdict(self)

    @property
    def sentence(self) -> str:
        """The certificate in words."""
        if self.bound >= 1:
            return f"{self.pairs:,} samples do not bound what others may read from a sample of z."
        return (
            f"With confidence {100 * self.confidence:g} %, nobody who is given a sample of z names the class "
            f"for more than {100 * self.bound:.1f} % (chance {100 * self.chance:.1f} %)."
        )


def certificate(
    means: NDArray[np.floating[Any]],
    log_variances: NDArray[np.floating[Any]],
    y: Labels,
    *,
    release_noise: float = 0.0,
    confidence: float = CONFIDENCE,
    draws: int = DRAWS,
    seed: int = 0,
) -> Certificate:
    """Bound the accuracy A* of the best classifier of y from one sample of q(z | x) from above.

    A* = ∫ max_c E[1{y = c} q(z | x)] dz. Its estimate Â = ∫ max_c (1/n) Σ_{i: y_i = c} q(z | x_i) dz is not
    below A* on average. n Â is a self-bounding function of the pairs: to leave out one lowers it by at most
    1, and to leave out each in turn by at most n Â in all. So Â lies far below its mean only with a
    probability that is known (`of_pairs`). The integral is the mean of max_c p̂(c | z) over z drawn from the
    mixture of all posteriors, each between 0 and 1 (`of_draws`). δ = 1 − confidence is split between the two.

    Parameters
    ----------
    means, log_variances : ndarray
        μ and log σ² of q(z | x), float ``[n, d]``. All variances are above 0, unless there is release noise.
    y : ndarray
        Classes, int64 ``[n]``.
    release_noise : float
        Standard deviation s of independent noise that every sample has in addition, at least 0.
    confidence : float
        Probability, above 0 and below 1, that the bound holds.
    draws : int
        Monte Carlo draws. More lower the bound a little; n × draws densities take a second a thousand
        million, about.
    seed : int
        Seed of the draws.

    Returns
    -------
    Certificate
        The bound and what it stands on.

    Raises
    ------
    DifferentiaError
        If there are no pairs, or the code has no noise.
    """
    if len(y) == 0:
        raise DifferentiaError("A certificate needs held-out samples with their classes; there are none.")
    variances = np.exp(log_variances.astype(np.float64)) + release_noise**2
    if not variances.all():
        raise DifferentiaError(
            "A code without noise cannot be certified: nobody is uncertain what it came from. Add noise."
        )
    plug_in = best_accuracy(means.astype(np.float64), variances, y, draws, seed)
    return _of_estimate(plug_in, y, confidence, draws, release_noise)


def of_nothing(y: Labels, confidence: float = CONFIDENCE, draws: int = DRAWS) -> Certificate:
    """Return the certificate of a code that tells nothing, the least that so many pairs can give."""
    return _of_estimate(float(np.bincount(y).max() / len(y)), y, confidence, draws, 0.0)


def _of_estimate(plug_in: float, y: Labels, confidence: float, draws: int, noise: float) -> Certificate:
    delta, chance = 1 - confidence, float(np.bincount(y).max() / len(y))
    mean = of_draws(plug_in, draws, SHARE_OF_DRAWS * delta)
    bound = of_pairs(mean, len(y), (1 - SHARE_OF_DRAWS) * delta)
    return Certificate(bound, plug_in, confidence, len(y), draws, noise, chance)


def best_accuracy(means: Doubles, variances: Doubles, y: Labels, draws: int, seed: int) -> float:
    """Return Â by Monte Carlo: the mean of max_c p̂(c | z) over draws z of the mixture of all posteriors.

    Densities are computed as a product of matrices, −½ z²·σ⁻² + z·μσ⁻² − ½ (μ²σ⁻² + log σ²), in float64, and
    added up in the log domain, a class and a block of draws at a time.
    """
    rng = np.random.default_rng(seed)
    chosen = rng.integers(len(y), size=draws)
    z = means[chosen] + np.sqrt(variances[chosen]) * rng.standard_normal((draws, means.shape[1]))
    precision = 1 / variances
    constant = -0.5 * (means**2 * precision - np.log(precision)).sum(1, keepdims=True)
    posteriors = torch.from_numpy(np.hstack([-0.5 * precision, means * precision, constant]))
    monomials = torch.from_numpy(np.hstack([z**2, z, np.ones((draws, 1))]))
    classes = [posteriors[torch.from_numpy(np.flatnonzero(y == c))].T for c in np.unique(y)]
    right = 0.0
    for block in torch.split(monomials, max(1, _BLOCK // len(y))):
        log_density = torch.stack([torch.logsumexp(block @ of_class, dim=1) for of_class in classes])
        right += float(torch.softmax(log_density, dim=0).amax(0).sum())
    return right / draws


def of_draws(found: float, draws: int, delta: float) -> float:
    """Return what the expectation of values in [0, 1] exceeds with probability `delta` at most.

    `found` is the mean of independent `draws`.

    The largest a with draws · kl(found ‖ a) ≤ ln(1/δ), of Bernoulli variables (Hoeffding 1963, theorem 1); it
    is never above found + √(ln(1/δ) / 2 draws).
    """
    allowed = math.log(1 / delta) / draws

    def excess(a: float) -> float:
        return _relative(found, a) + _relative(1 - found, 1 - a) - allowed

    return 1.0 if found >= 1 or excess(1 - 1e-15) <= 0 else float(brentq(excess, found, 1 - 1e-15))


def of_pairs(found: float, pairs: int, delta: float) -> float:
    """Return what the expectation of Â exceeds with probability `delta` at most; `found` is Â of `pairs`.

    The less of two bounds that both invert an inequality for Â at a given mean a: a = Â + √(ln(1/δ) / 2n) of
    McDiarmid 1989, and n (a − Â + Â ln(Â / a)) = ln(1/δ) for self-bounding functions (Boucheron, Lugosi &
    Massart 2000), which is less where a is below about a quarter. Never above 1.
    """
    allowed = math.log(1 / delta) / pairs

    def excess(a: float) -> float:
        return a - found + _relative(found, a) - allowed

    most = found + math.sqrt(allowed / 2)
    return min(1.0, most if excess(most) <= 0 else float(brentq(excess, found, most)))


def _relative(p: float, q: float) -> float:
    return p * math.log(p / q) if p > 0 else 0.0
