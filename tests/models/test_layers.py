"""The layer that sees the class, and perceptrons."""

import pytest
import torch
from torch import nn

from differentia.models.layers import ConditionedLinear, perceptron


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
    h = torch.randn(6, 5)
    assert torch.equal(layer(h, None), layer(h, torch.zeros(6, dtype=torch.int64)))


def test_a_layer_that_sees_the_class_refuses_to_guess_it() -> None:
    with pytest.raises(ValueError, match="no class was given"):
        ConditionedLinear(5, 3, n_classes=4)(torch.randn(6, 5), None)


def test_perceptron_has_an_activation_between_layers_and_none_at_the_end() -> None:
    names = [type(layer).__name__ for layer in perceptron([4, 8, 6, 2], "silu")]
    assert names == ["Linear", "SiLU", "Linear", "SiLU", "Linear"]
    assert [type(layer).__name__ for layer in perceptron([4, 2], "relu")] == ["Linear"]
