"""Priors of a code: standard normal, or one Gaussian a class, learnt."""

import torch
from torch import Tensor, nn

from differentia.model.gaussian import Gaussian


class StandardNormal(nn.Module):
    """N(0, I), whatever the class."""

    zero: Tensor

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.register_buffer("zero", torch.zeros(dim), persistent=False)

    def forward(self, y: Tensor) -> Gaussian:
        """Return the prior of samples of the classes `y`, int64 ``[b]``; it broadcasts over the batch."""
        return Gaussian(self.zero, self.zero)


class ClassNormal(nn.Module):
    """p(code | y) = N(m_y, diag s_y²), means and variances learnt; it begins as N(m_y, I), m_y ~ N(0, I).

    With a `unit_variance` it stays N(m_y, I).
    """

    def __init__(self, dim: int, n_classes: int, unit_variance: bool = False) -> None:
        super().__init__()
        self.mean = nn.Embedding(n_classes, dim)
        self.log_variance = None if unit_variance else nn.Embedding(n_classes, dim)
        if self.log_variance is not None:
            nn.init.zeros_(self.log_variance.weight)

    def forward(self, y: Tensor) -> Gaussian:
        """Return the prior of samples of the classes `y`, int64 ``[b]``: ``[b, dim]``."""
        mean = self.mean(y)
        return Gaussian(mean, torch.zeros_like(mean) if self.log_variance is None else self.log_variance(y))
