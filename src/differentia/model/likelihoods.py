"""Likelihoods p(x | codes, y) of a whole sample, as `torch.distributions`, in nats."""

import math

import torch
from torch import Tensor
from torch.distributions import Bernoulli, Distribution, Independent


def bernoulli(logits: Tensor) -> Distribution:
    """Return Π Bernoulli(σ(logits)) over the pixels of each sample, ``[b, …]``.

    Grey values in [0, 1] are explained by −Σ x log p + (1 − x) log (1 − p), as usual for these data: a
    cross-entropy rather than a density.
    """
    return Independent(Bernoulli(logits=logits, validate_args=False), logits.ndim - 1, validate_args=False)


class GaussianLikelihood(Distribution):
    """N(μ, s² I) of a sample: −Σ ½ ((x − μ) / s)² + log s + ½ log 2π.

    `location` is μ, ``[b, …]``, and `log_scale` log s, a scalar. Where the values are `bounded` to [0, 1], as
    pixels are, the `mean` is cut to that.
    """

    arg_constraints = {}  # noqa: RUF012 (torch declares it so)

    def __init__(self, location: Tensor, log_scale: Tensor, bounded: bool) -> None:
        super().__init__(location.shape[:1], location.shape[1:], validate_args=False)
        self.location, self.log_scale, self.bounded = location, log_scale, bounded

    @property
    def mean(self) -> Tensor:
        """The expected sample, ``[b, …]``."""
        return self.location.clamp(0.0, 1.0) if self.bounded else self.location

    def log_prob(self, value: Tensor) -> Tensor:
        """Return log p of samples ``[b, …]``: ``[b]``, in nats."""
        error = (value - self.location).flatten(1)
        constant = self.log_scale + 0.5 * math.log(2 * math.pi)
        squared = (error * torch.exp(-self.log_scale)).square().sum(1)
        return -(0.5 * squared + error.shape[1] * constant)
