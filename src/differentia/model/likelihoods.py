"""Likelihoods p(x | codes, y) of a whole sample, as `torch.distributions`, in nats."""

import math

import torch
from torch import Tensor, nn
from torch.distributions import Bernoulli, Distribution, Independent

_MEMORY = 0.98
"""Weight of the past in the running mean of the squared error."""


def bernoulli(logits: Tensor) -> Distribution:
    """Return Π Bernoulli(σ(logits)) over the pixels of each sample, ``[b, …]``.

    Grey values in [0, 1] are explained by −Σ x log p + (1 − x) log (1 − p), as usual for these data: a
    cross-entropy rather than a density.
    """
    return Independent(Bernoulli(logits=logits, validate_args=False), logits.ndim - 1, validate_args=False)


class GaussianLikelihood(Distribution):
    """N(μ, s² I) of a sample: −Σ ½ ((x − μ) / s)² + log s + ½ log 2π.

    `location` is μ, ``[b, …]``, and `log_scale` log s, a scalar or one for each value of a sample. Where the
    values are `bounded` to [0, 1], as pixels are, the `mean` is cut to that.
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
        error = value - self.location
        constant = error[0].numel() * (self.log_scale + 0.5 * math.log(2 * math.pi)).mean()
        squared = (error * torch.exp(-self.log_scale)).flatten(1).square().sum(1)
        return -(0.5 * squared + constant)


class RunningNoise(nn.Module):
    """The noise s of a Gaussian likelihood at its optimum, s² = mean squared error (Rybkin et al. 2021).

    A running mean of what the training sees: a parameter that gradients move would follow slowly, and change
    the scale of all other gradients meanwhile. `count` is 1 for one noise of all values, or the number of
    features for one of each. s² is `least`² more than the error: what nobody would see needs no nats.
    """

    error: Tensor
    """Running mean of the squared error of a value, ``[count]``; at first 1/12, that of a uniform one."""

    def __init__(self, count: int, least: float) -> None:
        super().__init__()
        self.register_buffer("error", torch.full((count,), 1 / 12))
        self._least = least

    @property
    def log_scale(self) -> Tensor:
        """The logarithm of s, ``[count]``."""
        return 0.5 * torch.log(self.error + self._least**2)

    def follow(self, error: Tensor) -> None:
        """Take in the errors of a batch, ``[b, …]``."""
        squared = error.square().flatten(1).mean(0)
        self.error.lerp_(squared if len(self.error) > 1 else squared.mean(), 1 - _MEMORY)
