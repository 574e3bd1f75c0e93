"""One operator T for every class: a few generators of changes, each as strong as one dimension of z says."""

from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn

SPEED = 5.0
"""What a reach is held divided by. Adam moves a parameter by its learning rate at most, which is too slow for
a reach that has to shrink to nothing."""

LEAST_USE = 0.05
"""A generator whose effect over the training data is below this part of its natural size is unused."""


class Generator(NamedTuple):
    """One change that a dimension of z does."""

    name: str
    natural: float
    """What one unit of z does at the beginning, in the operator's own coordinates."""
    unit: Literal["pixels across", "pixels down", "degrees", "factor", "logits", "features"]
    """In which unit a person reads it."""


class Operator(nn.Module):
    """T_z, a class-blind change of a sample by strengths θ_k = reach_k · natural_k · z_k, and its inverse.

    T_z = exp(Σ θ_k G_k), or a product of such; for Lie groups in generative models see Rao & Ruderman 1999.
    Every dimension of z has one generator G_k and one learnt reach. The prior of z is N(0, 1), so the reach
    is the standard deviation of the change; a generator that the data do not use only adds noise, and its
    reach shrinks to nothing.
    """

    generators: tuple[Generator, ...]
    spread: Tensor
    """Standard deviation of each dimension of z's mean over the training data; 1 until it is known."""
    used: Tensor
    """Which generators do something there, bool ``[d]``; all, while the model is trained."""
    natural: Tensor

    def __init__(self, generators: tuple[Generator, ...]) -> None:
        super().__init__()
        self.generators = generators
        self.register_buffer("natural", torch.tensor([g.natural for g in generators]), persistent=False)
        self.register_buffer("spread", torch.ones(len(generators)))
        self.register_buffer("used", torch.ones(len(generators), dtype=torch.bool))
        self._reach = nn.Parameter(torch.full((len(generators),), 1.0 / SPEED))
        self.reach_learns = True
        """Whether gradients reach the reach."""

    @property
    def reach(self) -> Tensor:
        """How far each generator goes for a unit of z, in parts of its natural size, ``[d]``; of any sign."""
        return SPEED * (self._reach if self.reach_learns else self._reach.detach())

    def strengths(self, z: Tensor) -> Tensor:
        """Return θ, ``[b, d]``, of codes ``[b, d]``; 0 where a generator is unused."""
        return z * (self.reach * self.natural * self.used)

    @torch.no_grad()
    def note(self, spread: Tensor) -> None:
        """Note how far each dimension of z spreads after a training, and so which generators are used."""
        self.spread.copy_(spread)
        self.used.copy_(self.reach.abs() * self.spread >= LEAST_USE)

    def forward(self, x: Tensor, strengths: Tensor) -> Tensor:
        """Return T x of normalised samples ``[b, …]``."""
        raise NotImplementedError

    def undo(self, x: Tensor, strengths: Tensor) -> Tensor:
        """Return T⁻¹ x."""
        raise NotImplementedError

    @torch.no_grad()
    def sentence(self) -> str:
        """Say what each generator does over the training data: its standard deviation there, in its unit."""
        found = list(zip(self.generators, (self.reach.abs() * self.spread).tolist(), self.used, strict=True))
        used = {g: effect for g, effect, does in found if does}
        rest = [g.name for g in self.generators if g not in used]
        amounts = (f"{g.name} {self._in_words(g, g.natural * effect)}" for g, effect in used.items())
        said = "z does " + ", ".join(amounts) if used else "z does nothing"
        return f"{said}; unused: {', '.join(rest)}." if rest else f"{said}."

    def _in_words(self, generator: Generator, amount: float) -> str:
        raise NotImplementedError
