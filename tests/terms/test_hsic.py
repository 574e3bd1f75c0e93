"""The independence criterion against closed forms."""

import math

import pytest
import torch

from differentia.terms.hsic import WIDTHS, hsic


def test_independent_codes_have_none_on_average() -> None:
    generator = torch.Generator().manual_seed(0)
    p = torch.tensor([0.7, 0.3])
    found = [
        hsic(torch.randn((40, 3), generator=generator), (torch.rand(40, generator=generator) < 0.3).long(), p)
        for _ in range(400)
    ]
    values = torch.stack(found)
    assert abs(values.mean()) < 3 * values.std() / math.sqrt(len(values))
    assert values.min() < 0 < values.max()


def test_it_is_the_mean_discrepancy_of_the_classes_from_the_whole() -> None:
    """For N(±a, 1) and a Gaussian kernel, means of the kernel are Gaussian integrals."""
    generator, n, a = torch.Generator().manual_seed(0), 500, 0.5
    y, p = torch.arange(n) % 2, torch.tensor([0.5, 0.5])
    shift = (2 * y[:, None] - 1) * a
    found = torch.stack([hsic(torch.randn((n, 1), generator=generator) + shift, y, p) for _ in range(100)])
    expected = []
    for width in WIDTHS:
        squared = width  # exp(−d² / (2 · width)) of a difference that is N(±2a or 0, 2)
        inside = math.sqrt(squared / (squared + 2))
        across = inside * math.exp(-((2 * a) ** 2) / (2 * (squared + 2)))
        expected.append(inside - (inside + across) / 2)
    error = found.std() / math.sqrt(len(found))
    assert found.mean().item() == pytest.approx(sum(expected) / 3, abs=3 * error.item())


def test_its_gradient_brings_classes_together() -> None:
    y = torch.arange(64) % 2
    code = torch.randn((64, 2), generator=torch.Generator().manual_seed(0)) + y[:, None]
    code.requires_grad_()
    hsic(code, y, torch.tensor([0.5, 0.5])).backward()
    assert code.grad is not None
    assert code.grad[y == 1].mean() > 0 > code.grad[y == 0].mean()


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_few_samples_have_a_finite_criterion_and_gradient(n: int) -> None:
    code = torch.randn(n, 2, requires_grad=True)
    hsic(code, torch.arange(n) % 2, torch.tensor([0.5, 0.5])).backward()
    assert code.grad is not None
    assert code.grad.isfinite().all()
