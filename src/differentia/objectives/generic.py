"""What makes generic what a person declares so: z tells it, in a dimension of its own, and w does not.

Independence of z and y does not decide which code holds a factor that all classes share. A declared
transformation does: w's encoder reads a transformed copy, so that w *cannot* tell the decoder what the
transformation changes, and z, which reads the sample itself, has to. So does a declared measurement: z is
taught where a sample stands in its class, and w is kept from telling it.
"""

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from differentia.models.posterior import Posterior
from differentia.models.two_code import STRENGTH


class View(NamedTuple):
    """Transformed copies of a batch.

    Attributes
    ----------
    x : Tensor
        The copies, normalised, ``[b, …]``.
    strengths : Tensor
        How strongly each was transformed in each of the k directions, ``[b, k]`` in [−1, 1].
    """

    x: Tensor
    strengths: Tensor


NOISE = 0.5
"""Standard deviation of z in whose nats equivariance is measured. By z's own, which shrinks as z gets more
exact, the directions that are followed best would be held the hardest and the others be left behind."""


_FAINT = 1e-3
"""Below this product of variances a correlation counts for less and less: a dimension that is silent tells
nothing, whatever its direction."""


def equivariance(z: Posterior, moved: Posterior, strengths: Tensor, exempt: int = 0) -> Tensor:
    """Return how far z is from moving along one dimension a direction, nats.

    The k-th direction moves the k-th dimension of z by ``strength / STRENGTH``, for every sample and class,
    and no other dimension: as far as the decoder goes where that dimension acts, and elsewhere too, since a
    slope that may be nothing becomes nothing when w is quicker to tell. What is left of the change is
    measured as the divergence of two Gaussians, ½ Σ (Δμ − t / STRENGTH)² / NOISE², mean over the batch.

    Parameters
    ----------
    z, moved : Posterior
        Of the samples and of their transformed copies, ``[b, d]``.
    strengths : Tensor
        ``[b, k]`` with k ≤ d.
    exempt : int
        Dimensions after the k-th that may move as they like: a stretched picture is a brighter one, too.
    """
    kept = [j for j in range(z.mean.shape[1]) if not 0 <= j - strengths.shape[1] < exempt]
    change = (moved.mean - z.mean)[:, kept]
    expected = F.pad(strengths / STRENGTH, (0, change.shape[1] - strengths.shape[1]))
    return _divergence(change - expected, torch.full_like(change, 2 * math.log(NOISE)))


def invariance(w: Posterior, other: Posterior) -> Tensor:
    """Return how far w is from ignoring the transformation, nats: ½ Σ (Δμ / σ)², mean over the batch.

    Parameters
    ----------
    w, other : Posterior
        Of two pictures that differ by the transformation alone, ``[b, d]``.
    """
    return _divergence(w.mean - other.mean, w.log_variance)


def misplacement(z: Posterior, standings: Tensor, first: int) -> Tensor:
    """Return how far z lies from where the samples stand in their classes, nats.

    ½ Σ ((μ − s)² + σ²) / NOISE², mean over the batch: what samples of z miss. Means that are right under a
    noise as wide as the prior would leave the dimensions silent, and others would tell the same undeclared.

    Parameters
    ----------
    z : Posterior
        Of the samples, ``[b, d]``.
    standings : Tensor
        Where the samples stand (`differentia.measurements.standing.standings`), ``[b, k]``.
    first : int
        The first of the k dimensions that tell it.
    """
    dims = slice(first, first + standings.shape[1])
    missed = (z.mean[:, dims] - standings).square() + z.log_variance[:, dims].exp()
    return 0.5 * missed.sum(1).mean() / NOISE**2


def discrepancy(z: Tensor, y: Tensor) -> Tensor:
    """Return how far a code is from N(0, I) in each class, as standings are.

    The squared maximum mean discrepancy (Gretton et al. 2012), its mean over the classes by their shares, for
    the kernel exp(−‖a − b‖² / 2), whose means under N(0, I) are known. The estimate is unbiased (pairs of
    different samples), so it can be negative.

    Parameters
    ----------
    z : Tensor
        Samples of the k dimensions that tell the standings, ``[b, k]``.
    y : Tensor
        Classes, int64 ``[b]``; every sample of a class that has no other in the batch is left out.
    """
    k = z.shape[1]
    pairs = (y[:, None] == y).to(z.dtype).fill_diagonal_(0.0)
    weights = pairs / pairs.sum(1, keepdim=True).clamp(min=1.0)
    squares = z.square().sum(1)
    to_each_other = (weights * (z @ z.T - (squares[:, None] + squares) / 2).exp()).sum(1)
    to_normal = (-squares / 4).exp() / 2 ** (k / 2)
    between_normal = 3 ** (-k / 2)
    return ((to_each_other - 2 * to_normal + between_normal) * weights.sum(1)).mean()


def told(w: Tensor, standings: Tensor, y: Tensor) -> Tensor:
    """Return how much the dimensions of w tell, one by one, of where the samples stand in their classes.

    Σ R² over pairs of a dimension and a measurement: their squared correlation, both taken from the mean of
    the class in the batch.

    Parameters
    ----------
    w : Tensor
        Means of w, ``[b, d]``.
    standings : Tensor
        As for `misplacement`, ``[b, k]``.
    y : Tensor
        Classes, int64 ``[b]``.
    """
    of_class = F.one_hot(y).to(w.dtype)
    w, standings = (
        code - of_class @ ((of_class.T @ code) / of_class.sum(0).clamp(min=1.0)[:, None])
        for code in (w, standings)
    )
    variances = w.square().mean(0)[:, None] * standings.square().mean(0)
    return ((w.T @ standings / len(w)).square() / (variances + _FAINT)).sum()


def _divergence(difference: Tensor, log_variance: Tensor) -> Tensor:
    return 0.5 * (difference.square() * (-log_variance).exp()).sum(1).mean()
