"""Gradient descent on the parts of a step: Adam, its schedule, and the gradients of all processes."""

import math
from collections.abc import Iterable, Mapping
from functools import partial

import torch
from torch import Tensor, nn
from torch.optim.adam import adam

from differentia.terms.base import Part, Schedule, total
from differentia.training.devices import Devices

_adam = partial(
    adam, fused=True, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.0, amsgrad=False, maximize=False
)


class Descent:
    """Adam (Kingma & Ba 2015) on the parameters of the model, or of a rival, and on no others.

    The learning rate begins at `rate` and changes over the training by `schedule`. The update is torch's, by
    its function: the first use of the class `torch.optim.Adam` imports a compiler, which takes seconds. With
    `of_unit_length` the gradient of a step, of all parameters together, is brought to length 1 before.
    """

    def __init__(
        self,
        parameters: Iterable[nn.Parameter],
        rate: float,
        schedule: Schedule,
        devices: Devices,
        of_unit_length: bool = False,
    ) -> None:
        self._weights, self._devices, self._of_unit_length = list(parameters), devices, of_unit_length
        self._rate, self._schedule = rate, schedule
        sizes = [weight.numel() for weight in self._weights]
        self.moments = torch.zeros(2, sum(sizes), device=devices.device)
        """Running means of the gradient and of its square, ``[2, n]``."""
        self.steps = torch.zeros(len(sizes), device=devices.device)
        """Updates of each parameter so far."""
        self._mean, self._square = (
            [part.view_as(weight) for part, weight in zip(moment.split(sizes), self._weights, strict=True)]
            for moment in self.moments
        )

    def rate(self, progress: float) -> float:
        """Return the learning rate after the given part (0 to 1) of the training."""
        return self._rate * scheduled(self._schedule, progress)

    def minimise(self, parts: Mapping[str, Part], progress: float) -> None:
        """Take one step down Σ weight · value, after the given part (0 to 1) of the training.

        A parameter that no part depends on stays as it is, and so do the rows that a sparse gradient lacks.
        """
        gradients = torch.autograd.grad(total(parts), self._weights, allow_unused=True)
        found = {k: gradient for k, gradient in enumerate(gradients) if gradient is not None}
        rows = {k for k, gradient in found.items() if gradient.is_sparse}
        if self._devices.world_size > 1:
            found = {k: gradient.to_dense() for k, gradient in found.items()}
            mean = self._devices.all_reduce(torch.cat([gradient.flatten() for gradient in found.values()]))
            nn.utils.vector_to_parameters(mean, found.values())
            found |= {k: found[k].to_sparse(1) for k in rows}
        if self._of_unit_length:
            found = _of_unit_length(found)
        whole = [k for k in found if k not in rows]
        lists = (self._weights, found, self._mean, self._square)
        with torch.no_grad():
            weights, dense, means, squares = ([values[k] for k in whole] for values in lists)
            _adam(weights, dense, means, squares, [], [self.steps[k] for k in whole], lr=self.rate(progress))
            for k in rows:
                self._update_rows(k, found[k].coalesce(), self.rate(progress))

    def _update_rows(self, k: int, gradient: Tensor, rate: float) -> None:
        """Update the rows of a parameter that a sparse gradient has."""
        rows, wholes = gradient.indices()[0], (self._weights[k], self._mean[k], self._square[k])
        weight, mean, square = (whole[rows] for whole in wholes)
        _adam([weight], [gradient.values()], [mean], [square], [], [self.steps[k]], lr=rate)
        for whole, part in zip(wholes, (weight, mean, square), strict=True):
            whole.index_copy_(0, rows, part)


def _of_unit_length(gradients: dict[int, Tensor]) -> dict[int, Tensor]:
    """Return the gradients, dense or sparse, divided by their length together."""
    gradients = {k: g.coalesce() if g.is_sparse else g for k, g in gradients.items()}
    values = [g.values() if g.is_sparse else g for g in gradients.values()]
    length = torch.linalg.vector_norm(torch.stack([torch.linalg.vector_norm(part) for part in values]))
    return {k: g / length for k, g in gradients.items()}


def scheduled(schedule: Schedule, progress: float) -> float:
    """Return the factor of a learning rate; the cosine goes from 1 to a hundredth."""
    return 1.0 if schedule == "constant" else 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * progress))
