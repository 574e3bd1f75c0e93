"""The independence criterion against closed forms, with a memory of codes."""

import math

import pytest
import torch

from differentia.terms.hsic import WIDTHS, Memory, hsic


def remembering(codes: torch.Tensor, y: torch.Tensor) -> Memory:
    memory = Memory(len(y), codes.shape[1])
    memory.keep(codes, y)
    return memory


def test_independent_codes_have_none_on_average() -> None:
    generator = torch.Generator().manual_seed(0)
    found = []
    for _ in range(300):
        codes, y = torch.randn((120, 3), generator=generator), torch.rand(120, generator=generator)
        classes = (y < 0.3).long()
        memory = remembering(codes[:80], classes[:80])
        found.append(hsic(codes[80:], classes[80:], memory, 2))
    values = torch.stack(found)
    assert abs(values.mean()) < 3 * values.std() / math.sqrt(len(values))
    assert values.min() < 0 < values.max()


def test_it_is_the_mean_discrepancy_of_the_classes_from_the_whole() -> None:
    """For N(±a, 1) and a Gaussian kernel, means of the kernel are Gaussian integrals."""
    generator, n, a = torch.Generator().manual_seed(0), 500, 0.5
    y = torch.arange(n) % 2
    shift = (2 * y[:, None] - 1) * a
    drawn = [torch.randn((2, n, 1), generator=generator) + shift for _ in range(100)]
    found = torch.stack([hsic(own, y, remembering(other, y), 2) for own, other in drawn])
    expected = []
    for width in WIDTHS:
        squared = width * (1 + a**2)  # exp(−d² / (2 · squared)) of a difference that is N(±2a or 0, 2)
        inside = math.sqrt(squared / (squared + 2))
        across = inside * math.exp(-((2 * a) ** 2) / (2 * (squared + 2)))
        expected.append(inside - (inside + across) / 2)
    error = found.std() / math.sqrt(len(found))
    assert found.mean().item() == pytest.approx(sum(expected) / 3, abs=3 * error.item())


def test_its_gradient_brings_classes_together() -> None:
    y = torch.arange(128) % 2
    codes = torch.randn((128, 2), generator=torch.Generator().manual_seed(0)) + y[:, None]
    own = codes[:64].clone().requires_grad_()
    hsic(own, y[:64], remembering(codes[64:], y[64:]), 2).backward()
    assert own.grad is not None
    assert own.grad[y[:64] == 1].mean() > 0 > own.grad[y[:64] == 0].mean()


def test_neither_scale_nor_flight_from_the_memory_changes_it() -> None:
    codes, y = torch.randn((60, 2), generator=torch.Generator().manual_seed(0)), torch.arange(60) % 3
    own, other = (codes[:20], y[:20]), codes[20:]
    plain = hsic(*own, remembering(other, y[20:]), 3)
    torch.testing.assert_close(hsic(0.1 * own[0], own[1], remembering(0.1 * other, y[20:]), 3), plain)
    torch.testing.assert_close(hsic(own[0] + 9, own[1], remembering(other, y[20:]), 3), plain)


def test_a_memory_forgets_the_oldest() -> None:
    memory = Memory(4, 1)
    for batch in (torch.tensor([1.0, 2.0, 3.0]), torch.tensor([4.0, 5.0])):
        memory.keep(batch[:, None], batch.long())
    assert memory.classes.tolist() == [4, 5, 1, 2]
    assert memory.codes.flatten().tolist() == [4, 5, 1, 2]


def test_what_the_memory_does_not_hold_counts_nothing() -> None:
    code = torch.randn(3, 2, requires_grad=True)
    empty = hsic(code, torch.tensor([0, 1, 1]), Memory(5, 2), 2)
    assert empty.item() == 0
    unseen = hsic(code, torch.ones(3).long(), remembering(torch.zeros(4, 2), torch.zeros(4).long()), 2)
    assert unseen.item() == 0
    (empty + unseen).backward()
    assert code.grad is not None
    assert not code.grad.any()
