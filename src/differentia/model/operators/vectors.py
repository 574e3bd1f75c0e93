"""The operator of vectors: every feature is shifted and stretched, by what z says and the feature takes."""

import torch
from torch import Tensor, nn

from differentia.images.transformations import in_float32
from differentia.model.operators.base import Generator, Operator

_STEEPEST = 3.0
"""Greatest logarithm of a feature's factor, so that no exponential overflows."""

_LEAST_SLOPE = 1e-4
"""Below this logarithm of a factor, the limit of a pure shift is taken."""


class VectorOperator(Operator):
    """x_j → exp(θ · b_j) x_j + a shift, for standardised features ``[b, n]``.

    Each generator has a learnt slope and a learnt shift of every feature, and the change is the time-1 flow
    of dx_j/dt = (θ · b_j) x_j + θ · a_j, the group of affine maps of a line: exact, and undone by −θ. A
    depth of sequencing or an exposure multiplies; a batch or an offset adds.

    Parameters
    ----------
    n : int
        Number of features.
    dim : int
        Number of generators.
    """

    def __init__(self, n: int, dim: int) -> None:
        super().__init__(tuple(Generator(f"shared {k + 1}", 1.0, "features") for k in range(dim)))
        self.shifts = nn.Parameter(0.05 * torch.randn(dim, n))
        self.slopes = nn.Parameter(torch.zeros(dim, n))

    @in_float32
    def forward(self, x: Tensor, strengths: Tensor) -> Tensor:
        """Return the changed vectors."""
        shift, slope = strengths @ self.shifts, (strengths @ self.slopes).clamp(-_STEEPEST, _STEEPEST)
        flat = slope.abs() < _LEAST_SLOPE
        safe = torch.where(flat, torch.ones_like(slope), slope)
        return x * slope.exp() + shift * torch.where(flat, 1 + slope / 2, torch.expm1(safe) / safe)

    def undo(self, x: Tensor, strengths: Tensor) -> Tensor:
        """Return the vectors that `forward` made `x` from."""
        return self.forward(x, -strengths)

    def _in_words(self, generator: Generator, amount: float) -> str:
        """Say the root mean square of the shift over the features, in their standard deviations."""
        k = self.generators.index(generator)
        return f"{amount * self.shifts[k].square().mean().sqrt().item():.2f} sd"
