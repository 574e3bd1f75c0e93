"""Gradient descent on the parts of a step: Adam, its schedule, and the gradients of all processes."""

import math
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.optim import Adam

from differentia.terms.base import Part, Schedule, total


class Descent:
    """Adam on the parameters of the model, or of a rival, all at once where it is `fused`.

    The learning rate begins at `rate` and changes over the training by `schedule`.
    """

    def __init__(
        self,
        parameters: Iterable[nn.Parameter],
        rate: float,
        schedule: Schedule,
        fabric: Fabric,
        fused: bool = False,
    ) -> None:
        self.optimiser = Adam(parameters, rate, fused=fused)
        self._rate, self._schedule, self._fabric = rate, schedule, fabric

    def minimise(self, parts: Mapping[str, Part], progress: float) -> None:
        """Take one step down Σ weight · value, after the given part (0 to 1) of the training."""
        (group,) = self.optimiser.param_groups
        group["lr"] = self._rate * scheduled(self._schedule, progress)
        self.optimiser.zero_grad()
        self._fabric.backward(total(parts))
        if self._fabric.world_size > 1:
            gradients = [weight.grad for weight in group["params"] if weight.grad is not None]
            mean = self._fabric.all_reduce(nn.utils.parameters_to_vector(gradients))
            assert isinstance(mean, Tensor)
            nn.utils.vector_to_parameters(mean, gradients)
        self.optimiser.step()


@contextmanager
def frozen(modules: Iterable[nn.Module | None]) -> Iterator[None]:
    """Build no gradients for the parameters of `modules` inside the block."""
    weights = [weight for module in modules if module is not None for weight in module.parameters()]
    for weight in weights:
        weight.requires_grad_(False)
    try:
        yield
    finally:
        for weight in weights:
            weight.requires_grad_(True)


def scheduled(schedule: Schedule, progress: float) -> float:
    """Return the factor of a learning rate; the cosine goes from 1 to a hundredth."""
    return 1.0 if schedule == "constant" else 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * progress))
