"""What makes a declared transformation generic: z follows it, one dimension a direction, and w does not.

Independence of z and y does not decide which code holds a factor that all classes share. A declared
transformation does: w's encoder reads a transformed copy, so that w *cannot* tell the decoder what the
transformation changes, and z, which reads the sample itself, has to.
"""

import math
from collections.abc import Sequence
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


def equivariance(z: Posterior, moved: Posterior, strengths: Tensor, acting: Sequence[int]) -> Tensor:
    """Return how far z is from moving along one dimension a direction, nats.

    The k-th direction moves the k-th dimension of z, in proportion to its strength and by the same slope for
    every sample and class, and no other dimension. Where that dimension acts on what the decoder draws, the
    slope is what the decoder makes of it, ``1 / STRENGTH``; else it is fitted to the batch by least squares.
    What is left of the change is measured as the divergence of two Gaussians, ½ Σ (Δμ − slope·t)² / NOISE²,
    mean over the batch.

    Parameters
    ----------
    z, moved : Posterior
        Of the samples and of their transformed copies, ``[b, d]``.
    strengths : Tensor
        ``[b, k]`` with k ≤ d.
    acting : sequence of int
        `TwoCodeModel.acting`, numbers below k.
    """
    change = moved.mean - z.mean
    along = change[:, : strengths.shape[1]].detach()
    slope = (strengths * along).sum(0) / strengths.square().sum(0).clamp(min=1e-12)
    slope[list(acting)] = 1 / STRENGTH
    expected = F.pad(strengths * slope, (0, change.shape[1] - strengths.shape[1]))
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
