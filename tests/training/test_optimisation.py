"""Gradient descent, its schedule, and the gradients of several processes."""

import pytest
import torch
from torch import Tensor, nn

from differentia.terms.base import Part
from differentia.training.devices import OneDevice
from differentia.training.optimisation import Descent, scheduled


class Processes:
    """What one of several processes sees: `all_reduce` gives the mean of its tensor and the others'."""

    def __init__(self, *others: Tensor) -> None:
        self.world_size, self.others = 1 + len(others), others
        self.reduced: list[Tensor] = []
        self.device = torch.device("cpu")

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
    torch.testing.assert_close(descent.moments[0], 0.1 * mean)
    assert [tuple(weight.shape) for weight in weights] == [(2,), (2, 1)]
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
    torch.testing.assert_close(descent.moments[0], 0.1 * torch.tensor([2.0, 3.0, 0.0, 0.0]))
    assert descent.steps.tolist() == [1.0, 0.0]
    assert second.tolist() == [[3.0], [4.0]]


def test_one_process_alone_asks_nobody() -> None:
    weights, fabric = _weights(), Processes()
    descent = Descent(weights, 0.1, "constant", fabric)  # type: ignore[arg-type]
    descent.minimise({"a": _loss(weights, torch.ones(4))}, 0.0)
    assert not fabric.reduced


def test_a_step_is_one_of_adam_down_the_weighted_sum_of_the_parts() -> None:
    """Shown parts add nothing, and nothing is left of the gradients of the step before."""
    mine, reference = _weights(), _weights()
    fabric = OneDevice()
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
    descent = Descent(weights, 0.2, "cosine", OneDevice())
    for progress, factor in ((0.0, 1.0), (0.5, 0.505), (1.0, 0.01)):
        before = weights[0].detach().clone()
        descent.minimise({"a": _loss(weights, torch.ones(4))}, progress)
        torch.testing.assert_close(before - weights[0], torch.full((2,), 0.2 * factor))  # Adam, even slopes
        assert descent.rate(progress) == pytest.approx(0.2 * factor)
        assert scheduled("constant", progress) == 1.0


def test_what_is_not_minimised_stays_and_passes_the_gradient_on() -> None:
    """Step 1 goes through the rivals, and must not train them."""
    mine, rival = nn.Parameter(torch.ones(1, 2)), nn.Linear(2, 1)
    before = rival.weight.detach().clone()
    descent = Descent([mine], 0.1, "constant", OneDevice())
    descent.minimise({"a": Part(rival(mine).sum())}, 0.0)
    assert torch.equal(rival.weight, before)
    assert all(weight.grad is None for weight in rival.parameters())
    torch.testing.assert_close(descent.moments[0], 0.1 * before.flatten())


def test_several_processes_step_on_the_rows_that_one_has_in_its_batch() -> None:
    """So that their number does not change what is learnt of many classes."""
    tables = []
    for devices in (OneDevice(), Processes(torch.zeros(15))):
        torch.manual_seed(0)
        table = nn.Embedding(5, 3, sparse=True)
        descent = Descent(table.parameters(), 0.1, "constant", devices)  # type: ignore[arg-type]
        for y in ([4, 1], [2, 2]):
            descent.minimise({"a": Part(devices.world_size * table(torch.tensor(y)).square().sum())}, 0.0)
        tables.append(table.weight)
    torch.testing.assert_close(*tables)


def test_rows_that_a_sparse_gradient_lacks_stay_and_the_others_move_as_with_a_dense_one() -> None:
    """So that a step does not become slower with the classes that a batch does not hold."""
    torch.manual_seed(0)
    sparse, dense = nn.Embedding(5, 3, sparse=True), nn.Embedding(5, 3)
    dense.load_state_dict(sparse.state_dict())
    before = dense.weight.detach().clone()
    y = torch.tensor([4, 1, 4])
    for table in (sparse, dense):
        descent = Descent(table.parameters(), 0.1, "constant", OneDevice())
        for _ in range(3):
            descent.minimise({"a": Part(table(y).square().sum())}, 0.0)
    assert torch.equal(sparse.weight[[0, 2, 3]], before[[0, 2, 3]])
    torch.testing.assert_close(sparse.weight, dense.weight)


@pytest.mark.parametrize("times", [1.0, 1e-3, 1e4])
def test_a_gradient_of_unit_length_is_the_same_however_steep_the_loss(times: float) -> None:
    """So a batch whose loss is steep moves no more than any other; what is sparse is part of the length."""
    weights, slopes = _weights(), torch.tensor([3.0, 0.0, 0.0, -4.0])
    descent = Descent(weights, 0.1, "constant", OneDevice(), of_unit_length=True)
    descent.minimise({"a": _loss(weights, times * slopes)}, 0.0)
    mean = descent.moments[0] / 0.1  # of one step, by beta1
    torch.testing.assert_close(mean, slopes / 5)
