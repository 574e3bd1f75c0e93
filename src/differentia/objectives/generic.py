"""What makes a declared transformation generic: z follows it, one dimension a direction, and w does not.

Independence of z and y does not decide which code holds a factor that all classes share. A declared
transformation does: w's encoder reads a transformed copy, so that w *cannot* tell the decoder what the
transformation changes, and z, which reads the sample itself, has to.
"""

from typing import NamedTuple

import torch.nn.functional as F
from torch import Tensor

from differentia.models.posterior import Posterior


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


def equivariance(z: Posterior, moved: Posterior, strengths: Tensor) -> Tensor:
    """Return how far z is from moving along one dimension a direction, nats.

    The k-th direction may move the k-th dimension of z, in proportion to its strength and by the same slope
    for every sample and class (fitted to the batch by least squares), and no other dimension. What is left
    of the change is measured as the divergence of two Gaussians of z's variance: ½ Σ (Δμ − slope·t)² / σ²,
    mean over the batch.

    Parameters
    ----------
    z, moved : Posterior
        Of the samples and of their transformed copies, ``[b, d]``.
    strengths : Tensor
        ``[b, k]`` with k ≤ d.
    """
    change = moved.mean - z.mean
    along = change[:, : strengths.shape[1]].detach()
    slope = (strengths * along).sum(0) / strengths.square().sum(0).clamp(min=1e-12)
    expected = F.pad(strengths * slope, (0, change.shape[1] - strengths.shape[1]))
    return _divergence(change - expected, z.log_variance)


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
