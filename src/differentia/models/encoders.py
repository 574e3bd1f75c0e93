"""Encoders: a trunk that reads the sample, and heads that turn its hidden layer into posteriors."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from differentia.models.layers import Activation, ConditionedLinear, activation, perceptron
from differentia.models.posterior import Posterior
from differentia.models.settings import ModelSettings

_INITIAL_LOG_VARIANCE, _INITIAL_GAIN = -3.0, 5.0
"""log σ² of a code that begins audible, and what the initial weights of its mean are multiplied by."""

_SPEED = 10.0
"""What a shared log variance is held divided by. Adam moves a parameter by its learning rate at most, and at
that pace the code of a training of few steps would stay almost as noisy as the prior."""


class MLPTrunk(nn.Module):
    """Encoder-1 of figure 1 as a perceptron on the flattened sample.

    Parameters
    ----------
    shape : sequence of int
        Shape of a sample as the network sees it: ``(channels, height, width)`` or ``(d,)``.
    hidden : sequence of int
        Widths of the hidden layers. The last one is the shared hidden layer.
    act : {'relu', 'silu'}
        Activation.
    """

    def __init__(self, shape: Sequence[int], hidden: Sequence[int], act: Activation) -> None:
        super().__init__()
        size = int(torch.Size(shape).numel())
        self.layers = nn.Sequential(nn.Flatten(), perceptron([size, *hidden], act), activation(act))
        self.width = hidden[-1]

    def forward(self, x: Tensor) -> Tensor:
        """Map ``[b, *shape]`` to the shared hidden layer ``[b, width]``."""
        h: Tensor = self.layers(x)
        return h


class ConvTrunk(nn.Module):
    """Encoder-1 of figure 1 as stride-2 convolutions followed by one linear layer.

    Parameters
    ----------
    shape : sequence of int
        ``(channels, height, width)``; each convolution halves height and width, rounding down.
    channels : sequence of int
        Output channels of the convolutions.
    width : int
        Width of the shared hidden layer.
    act : {'relu', 'silu'}
        Activation.
    """

    def __init__(self, shape: Sequence[int], channels: Sequence[int], width: int, act: Activation) -> None:
        super().__init__()
        depth, height, breadth = shape
        layers: list[nn.Module] = []
        for after in channels:
            layers += [nn.Conv2d(depth, after, kernel_size=4, stride=2, padding=1), activation(act)]
            depth, height, breadth = after, height // 2, breadth // 2
        layers += [nn.Flatten(), nn.Linear(depth * height * breadth, width), activation(act)]
        self.layers = nn.Sequential(*layers)
        self.width = width

    def forward(self, x: Tensor) -> Tensor:
        """Map images ``[b, channels, height, width]`` to the shared hidden layer ``[b, width]``."""
        h: Tensor = self.layers(x)
        return h


def build_trunk(settings: ModelSettings, shape: Sequence[int]) -> MLPTrunk | ConvTrunk:
    """Return a new trunk of the kind and widths that the settings say, for samples of `shape`."""
    if settings.network == "mlp":
        return MLPTrunk(shape, settings.hidden, settings.activation)
    return ConvTrunk(shape, settings.channels, settings.hidden[-1], settings.activation)


class PosteriorHead(nn.Module):
    """Encoder-2 (with the class) or Encoder-3 (without) of figure 1.

    Parameters
    ----------
    width : int
        Width of the shared hidden layer, and of the one hidden layer in here.
    code_dim : int
        Dimensions of the code.
    n_classes : int
        Number of classes, or 0 for a head that does not see the class.
    shared_variance : bool
        One learnt variance a dimension for all inputs, so that the variance says nothing of the input.
    resolution : float
        Means are rounded to multiples of this many standard deviations; 0 leaves them as they are.
        An attribute, so that a training can begin without rounding.
    act : {'relu', 'silu'}
        Activation.
    """

    def __init__(
        self,
        width: int,
        code_dim: int,
        n_classes: int,
        shared_variance: bool,
        resolution: float,
        act: Activation,
    ) -> None:
        super().__init__()
        self.resolution = resolution
        self.hidden = ConditionedLinear(width, width, n_classes)
        self.act = activation(act)
        self.mean = nn.Linear(width, code_dim)
        self.log_variance = None if shared_variance else nn.Linear(width, code_dim)
        self.shared_log_variance = nn.Parameter(torch.zeros(code_dim)) if shared_variance else None

    def forward(self, h: Tensor, y: Tensor | None) -> Posterior:
        """Map the shared hidden layer ``[b, width]`` and classes ``[b]`` to a posterior over the code."""
        hidden = self.act(self.hidden(h, y))
        mean = self.mean(hidden)
        if self.shared_log_variance is not None:
            log_variance = (_SPEED * self.shared_log_variance).expand_as(mean)
        else:
            assert self.log_variance is not None
            log_variance = self.log_variance(hidden)
        if self.resolution:
            mean = rounded(mean, self.resolution * torch.exp(0.5 * log_variance))
        return Posterior(mean, log_variance)

    @torch.no_grad()
    def begin_audible(self) -> None:
        """Begin with means that stand out from the noise; for a head with a variance for each input.

        Of means near 0 under noise as wide as the prior, a decoder that has other codes to read is slow to
        read anything, and the code may come out empty.
        """
        assert self.log_variance is not None
        self.log_variance.bias.fill_(_INITIAL_LOG_VARIANCE)
        self.mean.weight.mul_(_INITIAL_GAIN)


def rounded(mean: Tensor, step: Tensor) -> Tensor:
    """Round `mean` to multiples of `step`, both ``[b, d]``; the gradient passes as if it did not round.

    The straight-through estimator of Bengio et al. 2013.
    """
    return mean + (torch.round(mean / step) * step - mean).detach()
