"""Diagonal-Gaussian posteriors: sampling and the divergence from the standard-normal prior."""

from typing import NamedTuple

import torch
from torch import Tensor


class Posterior(NamedTuple):
    """A batch of diagonal Gaussians q(code | x, ·).

    Attributes
    ----------
    mean : Tensor
        μ, float ``[b, d]``.
    log_variance : Tensor
        log σ², float ``[b, d]``.
    """

    mean: Tensor
    log_variance: Tensor

    def sample(self, noise: Tensor) -> Tensor:
        """Return μ + σ·ε for the given standard-normal `noise` ε, ``[b, d]`` (Kingma & Welling 2014, 2.4)."""
        return self.mean + torch.exp(0.5 * self.log_variance) * noise

    def kl(self) -> Tensor:
        """Return KL(N(μ, σ²) ‖ N(0, 1)) of every dimension, ``[b, d]``, in nats.

        ½ (μ² + σ² − log σ² − 1), Kingma & Welling 2014, appendix B.
        """
        return 0.5 * (self.mean.square() + self.log_variance.exp() - self.log_variance - 1.0)
