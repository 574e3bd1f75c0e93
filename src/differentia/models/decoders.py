"""Decoders: from codes and class to the parameters of the likelihood of a sample."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from differentia.models.layers import Activation, ConditionedLinear, activation, perceptron
from differentia.models.settings import ModelSettings


class MLPDecoder(nn.Module):
    """p(x | z, w, y) as a perceptron.

    Parameters
    ----------
    code_dim : int
        |z| + |w|.
    shape : sequence of int
        Shape of a sample: ``(channels, height, width)`` or ``(d,)``.
    hidden : sequence of int
        Widths of the hidden layers, from the code to the sample.
    n_classes : int
        Number of classes, or 0 for a decoder that does not see the class.
    act : {'relu', 'silu'}
        Activation.
    """

    def __init__(
        self, code_dim: int, shape: Sequence[int], hidden: Sequence[int], n_classes: int, act: Activation
    ) -> None:
        super().__init__()
        size = int(torch.Size(shape).numel())
        self.input = ConditionedLinear(code_dim, hidden[0], n_classes)
        self.layers = nn.Sequential(
            activation(act), perceptron([*hidden, size], act), nn.Unflatten(1, tuple(shape))
        )

    def forward(self, codes: Tensor, y: Tensor | None) -> Tensor:
        """Map codes ``[b, code_dim]`` and classes ``[b]`` to likelihood parameters ``[b, *shape]``."""
        out: Tensor = self.layers(self.input(codes, y))
        return out


class ConvDecoder(nn.Module):
    """p(x | z, w, y) as a linear layer followed by transposed convolutions.

    Parameters
    ----------
    code_dim : int
        |z| + |w|.
    shape : sequence of int
        ``(channels, height, width)``. Sizes that the doublings do not hit are cut from the next larger one.
    channels : sequence of int
        Channels before each of the transposed convolutions, from the code to the image.
    width : int
        Width of the linear layer that sees the class.
    n_classes : int
        Number of classes, or 0 for a decoder that does not see the class.
    act : {'relu', 'silu'}
        Activation.
    """

    def __init__(
        self,
        code_dim: int,
        shape: Sequence[int],
        channels: Sequence[int],
        width: int,
        n_classes: int,
        act: Activation,
    ) -> None:
        super().__init__()
        depth, self.height, self.breadth = shape
        factor = 2 ** len(channels)
        start = (channels[0], -(-self.height // factor), -(-self.breadth // factor))
        self.input = ConditionedLinear(code_dim, width, n_classes)
        layers: list[nn.Module] = [
            activation(act),
            nn.Linear(width, int(torch.Size(start).numel())),
            nn.Unflatten(1, start),
        ]
        for before, after in zip(channels, [*channels[1:], depth], strict=True):
            layers += [activation(act), nn.ConvTranspose2d(before, after, kernel_size=4, stride=2, padding=1)]
        self.layers = nn.Sequential(*layers)

    def forward(self, codes: Tensor, y: Tensor | None) -> Tensor:
        """Map codes ``[b, code_dim]`` and classes ``[b]`` to likelihood parameters ``[b, *shape]``."""
        out: Tensor = self.layers(self.input(codes, y))
        return out[:, :, : self.height, : self.breadth]


def build_decoder(
    settings: ModelSettings, code_dim: int, shape: Sequence[int], n_classes: int
) -> MLPDecoder | ConvDecoder:
    """Return a new decoder of the kind and widths that the settings say, for samples of `shape`.

    It sees `n_classes` classes, and none where the settings say so.
    """
    seen = n_classes if settings.decoder_sees_y else 0
    if settings.network == "mlp":
        return MLPDecoder(code_dim, shape, settings.hidden[::-1], seen, settings.activation)
    return ConvDecoder(
        code_dim, shape, settings.channels[::-1], settings.hidden[-1], seen, settings.activation
    )
