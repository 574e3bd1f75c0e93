"""What makes a declared transformation generic: z follows it, one dimension a direction, and w does not.

Independence of z and y does not decide which code holds a factor that all classes share. A declared
transformation does: w's encoder reads a transformed copy, so that w *cannot* tell the decoder what the
transformation changes, and z, which reads the sample itself, has to.
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


def equivariance(z: Posterior, moved: Posterior, strengths: Tensor) -> Tensor:
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
    """
    change = moved.mean - z.mean
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


def _divergence(difference: Tensor, log_variance: Tensor) -> Tensor:
    return 0.5 * (difference.square() * (-log_variance).exp()).sum(1).mean()
