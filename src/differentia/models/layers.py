"""Building blocks shared by encoders, decoders and classifiers."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

from torch import Tensor, nn

Activation = Literal["relu", "silu"]

_ACTIVATIONS: dict[Activation, type[nn.Module]] = {"relu": nn.ReLU, "silu": nn.SiLU}


def activation(name: Activation) -> nn.Module:
    """Return a new activation layer of the given name."""
    return _ACTIVATIONS[name]()


def perceptron(widths: Sequence[int], act: Activation) -> nn.Sequential:
    """Linear layers of the given widths, each but the last followed by an activation."""
    layers: list[nn.Module] = []
    for before, after in pairwise(widths):
        layers += [nn.Linear(before, after), activation(act)]
    return nn.Sequential(*layers[:-1])


class ConditionedLinear(nn.Module):
    """A linear layer on a vector and a class: ``W h + b + E[y]``.

    Equal to a linear layer on the vector with the one-hot class appended, since the columns of such a layer
    that meet the one-hot are the rows of the embedding E; the cost does not grow with the number of classes.

    Parameters
    ----------
    inputs, outputs : int
        Widths.
    n_classes : int
        Number of classes, or 0 for a layer that does not see the class.
    """

    def __init__(self, inputs: int, outputs: int, n_classes: int) -> None:
        super().__init__()
        self.linear = nn.Linear(inputs, outputs)
        self.embedding = nn.Embedding(n_classes, outputs) if n_classes else None
        if self.embedding is not None:
            nn.init.uniform_(self.embedding.weight, -(inputs**-0.5), inputs**-0.5)

    def forward(self, h: Tensor, y: Tensor | None) -> Tensor:
        """Map ``[b, inputs]`` and classes int64 ``[b]`` to a pre-activation ``[b, outputs]``."""
        pre: Tensor = self.linear(h)
        if self.embedding is None:
            return pre
        if y is None:
            raise ValueError("this layer was built to see the class, and no class was given")
        shift: Tensor = self.embedding(y)
        return pre + shift
