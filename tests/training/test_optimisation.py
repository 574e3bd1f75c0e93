"""Gradient descent, its schedule, and the gradients of several processes."""

import pytest
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from differentia.terms.base import Part
from differentia.training.optimisation import Descent, frozen, scheduled


class Processes:
    """What one of several processes sees: `all_reduce` gives the mean of its tensor and the others'."""

    def __init__(self, *others: Tensor) -> None:
        self.world_size, self.others = 1 + len(others), others
        self.reduced: list[Tensor] = []

    def backward(self, loss: Tensor) -> None:
        loss.backward()

    def all_reduce(self, tensor: Tensor) -> Tensor:
        self.reduced.append(tensor.clone())
        return torch.stack([tensor, *self.others]).mean(0)


def _weights() -> list[nn.Parameter]:
    return [nn.Parameter(torch.tensor([1.0, 2.0])), nn.Parameter(torch.tensor([[3.0], [4.0]]))]


def _loss(weights: list[nn.Parameter], slopes: Tensor) -> Part:
    """A loss whose gradient is `slopes`, laid out as the weights are in order."""
    return Part((nn.utils.parameters_to_vector(weights) * slopes).sum())


def test_several_processes_step_down_the_mean_of_their_gradients() -> None:
    own, others = torch.tensor([1.0, 0.0, 2.0, -3.0]), torch.tensor([[3.0, 4.0, 0.0, 0.0], [-1, 2, 1, 0]])
    weights, alone = _weights(), _weights()
    fabric = Processes(*others)
    descent = Descent(weights, 0.1, "constant", fabric)  # type: ignore[arg-type]
    descent.minimise({"a": _loss(weights, own)}, 0.0)
    mean = (own + others.sum(0)) / 3
    assert torch.equal(fabric.reduced[0], own)
    assert torch.equal(torch.cat([weight.grad.flatten() for weight in weights]), mean)
    assert [tuple(weight.grad.shape) for weight in weights] == [(2,), (2, 1)]
    single = Descent(alone, 0.1, "constant", Processes())  # type: ignore[arg-type]
    single.minimise({"a": _loss(alone, mean)}, 0.0)
    for one, other in zip(weights, alone, strict=True):
        assert torch.equal(one, other)


def test_processes_that_begin_alike_stay_alike() -> None:
    """Each on gradients of its own, step after step."""
    slopes = torch.randn(2, 20, 4, generator=torch.Generator().manual_seed(0))
    sides = []
    for rank in range(2):
        weights, fabric = _weights(), Processes(torch.zeros(4))
        descent = Descent(weights, 0.1, "cosine", fabric)  # type: ignore[arg-type]
        for step in range(20):
            fabric.others = (slopes[1 - rank, step],)
            descent.minimise({"a": _loss(weights, slopes[rank, step])}, step / 20)
        sides.append(weights)
    for one, other, first in zip(*sides, _weights(), strict=True):
        assert torch.equal(one, other)
        assert not torch.equal(one, first)


def test_a_weight_that_no_loss_reaches_is_left_out_of_the_mean_and_stays() -> None:
    first, second = _weights()
    fabric = Processes(torch.tensor([3.0, 5.0]))
    descent = Descent([first, second], 0.1, "constant", fabric)  # type: ignore[arg-type]
    descent.minimise({"a": Part(first.sum())}, 0.0)
    assert first.grad is not None
    assert first.grad.tolist() == [2.0, 3.0]
    assert second.grad is None
    assert second.tolist() == [[3.0], [4.0]]


def test_one_process_alone_asks_nobody() -> None:
    weights, fabric = _weights(), Processes()
    descent = Descent(weights, 0.1, "constant", fabric)  # type: ignore[arg-type]
    descent.minimise({"a": _loss(weights, torch.ones(4))}, 0.0)
    assert not fabric.reduced


def test_a_step_is_one_of_adam_down_the_weighted_sum_of_the_parts() -> None:
    """Shown parts add nothing, and nothing is left of the gradients of the step before."""
    mine, reference = _weights(), _weights()
    fabric = Fabric(accelerator="cpu", devices=1)
    descent = Descent(mine, 0.1, "constant", fabric)
    adam = torch.optim.Adam(reference, 0.1)
    for step in range(3):
        slopes = torch.randn(4, generator=torch.Generator().manual_seed(step))
        parts = {
            "a": Part(_loss(mine, slopes).value, 2.0),
            "b": Part(mine[0].square().sum(), 0.5),
            "shown": Part(mine[1].sum(), 0.0),
        }
        descent.minimise(parts, 0.0)
        adam.zero_grad()
        (2 * _loss(reference, slopes).value + 0.5 * reference[0].square().sum()).backward()
        adam.step()
    for one, other in zip(mine, reference, strict=True):
        torch.testing.assert_close(one, other)


def test_the_learning_rate_follows_the_schedule() -> None:
    weights = _weights()
    descent = Descent(weights, 0.2, "cosine", Fabric(accelerator="cpu", devices=1))
    for progress, factor in ((0.0, 1.0), (0.5, 0.505), (1.0, 0.01)):
        descent.minimise({"a": _loss(weights, torch.ones(4))}, progress)
        assert descent.optimiser.param_groups[0]["lr"] == pytest.approx(0.2 * factor)
        assert scheduled("constant", progress) == 1.0


def test_frozen_parameters_get_no_gradient_and_pass_it_on() -> None:
    rival, x = nn.Linear(2, 1), torch.ones(1, 2, requires_grad=True)
    with frozen([rival, None]):
        loss = rival(x).sum()
    loss.backward()
    assert all(weight.grad is None for weight in rival.parameters())
    assert x.grad is not None
    assert torch.equal(x.grad, rival.weight)
    assert all(weight.requires_grad for weight in rival.parameters())
