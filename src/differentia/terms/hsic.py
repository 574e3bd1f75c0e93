"""The Hilbert-Schmidt independence criterion of a code and a class (Gretton et al. 2005), by a memory."""

import torch
from torch import Tensor, nn

WIDTHS = (0.1, 0.3, 1.0)
"""Widths of the Gaussian kernels, in parts of the mean squared distance of standard normal codes."""


class Memory(nn.Module):
    """The last codes of the batches before, with their classes: what a batch is compared with.

    Of a batch alone the criterion is mostly noise, where each class has a few samples in it.
    """

    codes: Tensor
    """Rising age, ``[size, d]``. Part of the checkpoint, as the classes are."""
    classes: Tensor
    """int64 ``[size]``, −1 where there is no code yet."""

    def __init__(self, size: int, dim: int) -> None:
        super().__init__()
        self.register_buffer("codes", torch.zeros(size, dim))
        self.register_buffer("classes", torch.full((size,), -1))

    @property
    def known(self) -> Tensor:
        """Which places hold a code, bool ``[size]``."""
        return self.classes >= 0

    @property
    def standard(self) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation of the codes, ``[d]`` each; the latter is 1 where there is none."""
        weight = self.known[:, None] / self.known.sum().clamp(min=1)
        mean = (weight * self.codes).sum(0)
        deviation = torch.sqrt((weight * (self.codes - mean).square()).sum(0))
        return mean, torch.where(deviation > 0, deviation, 1.0)

    @torch.no_grad()
    def keep(self, codes: Tensor, classes: Tensor) -> None:
        """Remember codes ``[b, d]`` and classes ``[b]``, and forget as many of the oldest."""
        size = len(self.classes)
        self.codes = torch.cat([codes.detach(), self.codes])[:size]
        self.classes = torch.cat([classes, self.classes])[:size]


def hsic(code: Tensor, y: Tensor, memory: Memory, n_classes: int) -> Tensor:
    """Return Σ_c p(c) MMD²(code given c, code), estimated with a memory: a scalar, 0 for independence.

    MMD is the maximum mean discrepancy by the mean k of three Gaussian kernels. For independent pairs the sum
    is E k(z, z′) ([y = y′] / p(y′) − 1), which is HSIC with [y = y′] / p(y) as the kernel of the classes. One
    of each pair is of the batch here, and the other of the memory, with p(y′) as in the memory. Distances are
    in standard deviations of the memory, each side's from its own mean: a code could else come to look
    independent by running away from what is remembered.

    Parameters
    ----------
    code : Tensor
        Codes ``[n, d]``.
    y : Tensor
        Classes, int64 ``[n]``. One that the memory has not seen counts nothing.
    memory : Memory
        Earlier codes.
    n_classes : int
        Number of classes.
    """
    known, classes = memory.known, memory.classes.clamp(min=0)
    counts = torch.zeros(n_classes, device=code.device).index_add(0, classes, known.float())
    share = counts / counts.sum().clamp(min=1)
    centre, deviation = memory.standard
    own, other = (code - code.mean(0)) / deviation, (memory.codes - centre) / deviation
    squared, dim = torch.cdist(own, other).square(), code.shape[1]
    k = torch.stack([torch.exp(-squared / (width * 2 * dim)) for width in WIDTHS]).mean(0)
    same = (y[:, None] == classes[None]) / share[classes].clamp(min=1e-6) - 1.0
    counted = known[None] & (counts[y] > 0)[:, None]
    total: Tensor = torch.where(counted, k * same, 0.0).sum()
    return total / (len(y) * counts.sum().clamp(min=1))
