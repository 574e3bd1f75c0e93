"""Diagonal Gaussians over a code: what an encoder answers, and what a prior is."""

import math
from typing import NamedTuple

import torch
from torch import Tensor


class Gaussian(NamedTuple):
    """A batch of diagonal Gaussians, such as q(z | x) or p(w | y)."""

    mean: Tensor
    """μ, float ``[b, d]``."""
    log_variance: Tensor
    """log σ², float ``[b, d]``; −∞ for a code without noise."""

    def sample(self, noise: Tensor) -> Tensor:
        """Return μ + σ·ε for the given standard-normal `noise` ε, ``[b, d]`` (Kingma & Welling 2014, 2.4)."""
        return self.mean + torch.exp(0.5 * self.log_variance) * noise

    def kl(self, prior: "Gaussian") -> Tensor:
        """Return KL(self ‖ prior) of every dimension, ``[b, d]``, in nats.

        ½ ((σ² + (μ − m)²) / s² + log s² − log σ² − 1) for a prior N(m, s²); with N(0, 1) the formula of
        Kingma & Welling 2014, appendix B.
        """
        squared = (self.mean - prior.mean).square() + self.log_variance.exp()
        return 0.5 * (squared * (-prior.log_variance).exp() + prior.log_variance - self.log_variance - 1.0)

    def log_density(self, code: Tensor) -> Tensor:
        """Return the log density of every dimension of codes that broadcast with the batch, in nats."""
        squared = (code - self.mean).square() * (-self.log_variance).exp()
        return -0.5 * (squared + self.log_variance + math.log(2 * math.pi))

    def detach(self) -> "Gaussian":
        """Return the same Gaussians, cut from the graph."""
        return Gaussian(self.mean.detach(), self.log_variance.detach())
