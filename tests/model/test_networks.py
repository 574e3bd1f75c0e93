"""Networks, the layer that sees the class, and heads whose means leave nothing below the noise to read."""

import copy
import math

import pytest
import torch
from torch import nn

from differentia.model.networks import ConditionedLinear, GaussianHead, perceptron, rounded


def test_conditioned_linear_equals_a_linear_layer_on_the_one_hot_class() -> None:
    torch.manual_seed(0)
    layer = ConditionedLinear(5, 3, n_classes=4).double()
    assert layer.embedding is not None
    plain = nn.Linear(5 + 4, 3).double()
    with torch.no_grad():
        plain.weight.copy_(torch.cat([layer.linear.weight, layer.embedding.weight.T], dim=1))
        plain.bias.copy_(layer.linear.bias)
    h, y = torch.randn(20, 5).double(), torch.arange(20) % 4
    one_hot = nn.functional.one_hot(y, 4).double()
    torch.testing.assert_close(layer(h, y), plain(torch.cat([h, one_hot], dim=1)), atol=1e-14, rtol=1e-14)


def test_gradients_equal_those_of_the_one_hot_layer() -> None:
    torch.manual_seed(1)
    layer = ConditionedLinear(5, 3, n_classes=4).double()
    assert layer.embedding is not None
    h, y = torch.randn(20, 5).double(), torch.arange(20) % 4
    layer(h, y).square().sum().backward()
    one_hot = nn.functional.one_hot(y, 4).double()
    expected = one_hot.T @ (2 * layer(h, y).detach())
    torch.testing.assert_close(layer.embedding.weight.grad, expected)


def test_without_classes_it_ignores_the_class() -> None:
    layer = ConditionedLinear(5, 3, n_classes=0)
    h, y = torch.randn(6, 5), torch.arange(6)
    assert torch.equal(layer(h, y), layer(h, torch.zeros_like(y)))
    assert torch.equal(layer(h, y), layer.linear(h))


def test_perceptron_has_an_activation_between_layers_and_none_at_the_end() -> None:
    names = [type(layer).__name__ for layer in perceptron([4, 8, 6, 2])]
    assert names == ["Linear", "ReLU", "Linear", "ReLU", "Linear"]
    assert [type(layer).__name__ for layer in perceptron([4, 2])] == ["Linear"]


def test_rounding_goes_to_multiples_and_passes_the_gradient() -> None:
    mean = torch.tensor([[0.9, -1.2, 0.2]], requires_grad=True)
    out = rounded(mean, torch.tensor([[0.5, 1.0, 1.0]]))
    out.backward(torch.tensor([[1.0, 2.0, 3.0]]))
    assert out.tolist() == [[1.0, -1.0, 0.0]]
    assert mean.grad is not None
    assert mean.grad.tolist() == [[1.0, 2.0, 3.0]]


def test_a_head_that_quantises_has_means_on_the_grid_of_its_standard_deviations() -> None:
    torch.manual_seed(0)
    head = GaussianHead(8, 3, 0, "shared", quantisation_step=2.0)
    with torch.no_grad():
        assert head.shared_log_variance is not None
        head.shared_log_variance.copy_(torch.tensor([-0.4, -0.2, 0.0]))
    posterior = head(torch.randn(50, 8), torch.zeros(50).long())
    cells = posterior.mean / (2 * torch.exp(0.5 * posterior.log_variance))
    torch.testing.assert_close(cells, cells.round(), atol=1e-4, rtol=0)
    assert cells[:, 0].unique().numel() > 1


def test_a_shared_variance_can_shrink_to_a_tenth_of_the_prior_in_300_steps_of_adam() -> None:
    """By a learning rate of 1e-3 a step it would lose a quarter."""
    head = GaussianHead(8, 3, 0, "shared")
    optimiser = torch.optim.Adam(head.parameters(), 1e-3)
    for _ in range(300):
        loss = head(torch.zeros(1, 8), torch.zeros(1).long()).log_variance.sum()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert head(torch.zeros(1, 8), torch.zeros(1).long()).log_variance.max() < math.log(0.1)


def test_a_code_that_begins_audible_stands_out_from_its_noise() -> None:
    torch.manual_seed(0)
    quiet = GaussianHead(64, 4, 3)
    loud = copy.deepcopy(quiet)
    loud.begin_audible()
    h, y = torch.randn(100, 64), torch.arange(100) % 3
    ratio = [head(h, y).mean.std() / head(h, y).log_variance.exp().sqrt().mean() for head in (quiet, loud)]
    assert ratio[1] > 15 * ratio[0]


def test_a_shared_variance_has_a_floor_that_it_can_leave_again() -> None:
    head = GaussianHead(4, 2, 0, "shared", least_noise=0.1)
    assert head.shared_log_variance is not None
    h, y = torch.randn(3, 4), torch.zeros(3, dtype=torch.int64)
    with torch.no_grad():
        head.shared_log_variance.fill_(-3.0)  # held divided by 10
    log_variance = head(h, y).log_variance
    assert log_variance.exp().sqrt().flatten().tolist() == pytest.approx([0.1] * 6, rel=1e-3)
    with torch.no_grad():
        head.shared_log_variance.fill_(-0.3)
    head(h, y).log_variance.sum().backward()
    assert head.shared_log_variance.grad is not None
    assert head.shared_log_variance.grad.min() > 0


def test_means_spread_no_further_than_the_prior_and_may_spread_less() -> None:
    head = GaussianHead(4, 2, 0, "shared", least_noise=0.1)
    h, none = torch.randn(500, 4), torch.empty(0)
    with torch.no_grad():
        head.mean.weight[0] *= 20
        head.mean.weight[1] *= 0.1
        for _ in range(500):
            trained = head(h, none)
        both = head(torch.cat([h, 2 * h]), none, measured=500).mean
        torch.testing.assert_close(both[:500], trained.mean)
        assert both[500:, 0].std().item() > 1.5
        head.eval()
        used = head(h, none)
    for spread in (trained.mean.std(0), used.mean.std(0)):
        assert spread[0].item() == pytest.approx(1.0, rel=1e-3)
        assert 0 < spread[1].item() < 0.5
