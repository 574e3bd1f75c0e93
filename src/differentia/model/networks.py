"""Networks: trunks that read a sample, heads that answer with a Gaussian, decoders that draw a sample."""

from collections.abc import Sequence
from itertools import pairwise
from math import prod
from typing import Annotated, Literal

import torch
from pydantic import Field, PositiveInt
from torch import Tensor, nn

from differentia.config import Config
from differentia.model.gaussian import Gaussian

MANY_CLASSES = 1000
"""Up to here a step that updates what belongs to every class is hardly slower."""

_INITIAL_LOG_VARIANCE, _INITIAL_GAIN = -3.0, 5.0
"""log σ² of a code that begins audible, and what the initial weights of its mean are multiplied by."""

_SPEED = 10.0
"""What a shared log variance is held divided by. Adam moves a parameter by its learning rate at most, and at
that pace the code of a training of few steps would stay almost as noisy as the prior."""

_SPREAD_MEMORY, _LEAST_VARIANCE = 0.98, 1e-8
"""Weight of the past in the running deviation of the means of a code; what keeps its gradient finite."""

ConditionalDim = Annotated[int, Field(ge=1, le=1024, description="|w|, dimensions of the conditional code.")]
"""The setting `w_dim` of a method with two codes."""

QuantisationStep = Annotated[
    float,
    Field(
        ge=0,
        le=10,
        description="Means of z are rounded to multiples of this many standard deviations, so that no detail "
        "below the noise is left for a probe to read; 0 does not round.",
    ),
]
"""The setting `quantisation_step` of a method that rounds the means of z."""


class NetworkConfig(Config):
    """Kind and widths of encoders and decoder."""

    network: Literal["mlp", "conv"] = Field("mlp", description="Kind of encoder trunk and decoder.")
    hidden: list[PositiveInt] = Field(
        [512, 256], min_length=1, description="Widths of the MLP trunk; conv uses the last one only."
    )
    channels: list[PositiveInt] = Field(
        [32, 64], min_length=1, description="Channels of the stride-2 convolutions; mlp does not use them."
    )


Activation = type[nn.ReLU] | type[nn.SiLU]
"""A ReLU, or a SiLU, which no step can put out for ever: of photographs, whose likelihood has steep
gradients, a decoder of ReLUs may come to draw one picture a class."""


def perceptron(widths: Sequence[int], activation: Activation = nn.ReLU) -> nn.Sequential:
    """Linear layers of the given widths, each but the last followed by the activation."""
    layers: list[nn.Module] = []
    for before, after in pairwise(widths):
        layers += [nn.Linear(before, after), activation()]
    return nn.Sequential(*layers[:-1])


class ConditionedLinear(nn.Module):
    """A linear layer on a vector and a class: ``W h + b + E[y]``.

    Equal to a linear layer on the vector with the one-hot class appended, since the columns of such a layer
    that meet the one-hot are the rows of the embedding E; the cost does not grow with the number of classes.
    So beyond `MANY_CLASSES` the gradient is sparse: it has rows for the classes of the batch alone. With
    ``n_classes = 0`` it does not see the class.
    """

    def __init__(self, inputs: int, outputs: int, n_classes: int) -> None:
        super().__init__()
        self.linear = nn.Linear(inputs, outputs)
        sparse = n_classes > MANY_CLASSES
        self.embedding = nn.Embedding(n_classes, outputs, sparse=sparse) if n_classes else None
        if self.embedding is not None:
            nn.init.uniform_(self.embedding.weight, -(inputs**-0.5), inputs**-0.5)

    def forward(self, h: Tensor, y: Tensor) -> Tensor:
        """Map ``[b, inputs]`` and classes int64 ``[b]`` to a pre-activation ``[b, outputs]``."""
        pre: Tensor = self.linear(h)
        return pre if self.embedding is None else pre + self.embedding(y)


class Trunk(nn.Module):
    """Encoder-1 of figure 1: `layers` from samples ``[b, *shape]`` to the shared layer ``[b, width]``."""

    def __init__(self, layers: Sequence[nn.Module], width: int) -> None:
        super().__init__()
        self.layers, self.width = nn.Sequential(*layers), width

    def forward(self, x: Tensor) -> Tensor:
        """Map ``[b, *shape]`` to ``[b, width]``."""
        h: Tensor = self.layers(x)
        return h


def mlp_trunk(shape: Sequence[int], hidden: Sequence[int], activation: Activation = nn.ReLU) -> Trunk:
    """Return a perceptron."""
    layers = [nn.Flatten(), perceptron([prod(shape), *hidden], activation), activation()]
    return Trunk(layers, hidden[-1])


def conv_trunk(
    shape: Sequence[int], channels: Sequence[int], width: int, activation: Activation = nn.ReLU
) -> Trunk:
    """Return stride-2 convolutions, which round sizes down, and one linear layer."""
    depth, height, breadth = shape
    layers: list[nn.Module] = []
    for after in channels:
        layers += [nn.Conv2d(depth, after, kernel_size=4, stride=2, padding=1), activation()]
        depth, height, breadth = after, height // 2, breadth // 2
    last = nn.Linear(depth * height * breadth, width)
    return Trunk([*layers, nn.Flatten(), last, activation()], width)


class GaussianHead(nn.Module):
    """Encoder-2 (with the class) or Encoder-3 (without, ``n_classes = 0``) of figure 1: a Gaussian of a code.

    Its one hidden layer is as wide as the shared layer that it reads. The `variance` is each input's "own";
    or "shared", one learnt variance a dimension for all inputs, so that it says nothing of the input; or
    "none". A shared variance is at least the square of `least_noise`; where that is above 0, the means spread
    no further than the prior (`BoundedSpread`). Means are rounded to multiples of
    `quantisation_step` standard deviations, unless that is 0.
    """

    def __init__(
        self,
        width: int,
        code_dim: int,
        n_classes: int,
        variance: Literal["own", "shared", "none"] = "own",
        quantisation_step: float = 0.0,
        activation: Activation = nn.ReLU,
        least_noise: float = 0.0,
    ) -> None:
        super().__init__()
        self.quantisation_step, self.activation = quantisation_step, activation()
        self._least_noise = least_noise
        self.spread = BoundedSpread(code_dim) if least_noise else None
        self.hidden = ConditionedLinear(width, width, n_classes)
        self.mean = nn.Linear(width, code_dim)
        self.log_variance = nn.Linear(width, code_dim) if variance == "own" else None
        self.shared_log_variance = nn.Parameter(torch.zeros(code_dim)) if variance == "shared" else None

    def forward(self, h: Tensor, y: Tensor, quantise: bool = True, measured: int | None = None) -> Gaussian:
        """Map the shared layer ``[b, width]`` and classes ``[b]`` to a Gaussian ``[b, code_dim]``.

        `measured` is for `BoundedSpread`.
        """
        hidden = self.activation(self.hidden(h, y))
        mean = self.mean(hidden).float()
        if self.spread is not None:
            mean = self.spread(mean, measured)
        if self.log_variance is not None:
            log_variance = self.log_variance(hidden).float()
        elif self.shared_log_variance is not None:
            log_variance = _SPEED * self.shared_log_variance
            if self._least_noise:
                log_variance = torch.log(log_variance.exp() + self._least_noise**2)
            log_variance = log_variance.expand_as(mean)
        else:
            log_variance = torch.full_like(mean, -torch.inf)
        if self.quantisation_step and quantise:
            mean = rounded(mean, self.quantisation_step * torch.exp(0.5 * log_variance))
        return Gaussian(mean, log_variance)

    @torch.no_grad()
    def begin_audible(self) -> None:
        """Begin with means that stand out from the noise; for a head with a variance for each input.

        Of means near 0 under noise as wide as the prior, a decoder that has other codes to read is slow to
        read anything, and the code may come out empty.
        """
        assert self.log_variance is not None
        self.log_variance.bias.fill_(_INITIAL_LOG_VARIANCE)
        self.mean.weight.mul_(_INITIAL_GAIN)


class BoundedSpread(nn.Module):
    """Divides the means of a code by their standard deviation, where that is above 1, the prior's.

    In training it is that of the batch, and afterwards its running mean, as in batch normalisation (Ioffe &
    Szegedy 2015). A code whose noise is bounded from below could escape the bound by spreading further.
    """

    deviation: Tensor
    """Running mean, ``[d]``; 1 at first."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.register_buffer("deviation", torch.ones(dim))

    def forward(self, mean: Tensor, measured: int | None) -> Tensor:
        """Return means ``[b, d]``, divided; in training by the deviation of the first `measured`, or all."""
        if not self.training or len(mean[:measured]) < 2:
            return mean / self.deviation.clamp(min=1.0)
        deviation = torch.sqrt(mean[:measured].var(0) + _LEAST_VARIANCE)
        self.deviation.lerp_(deviation.detach(), 1 - _SPREAD_MEMORY)
        return mean / deviation.clamp(min=1.0)


def rounded(mean: Tensor, step: Tensor) -> Tensor:
    """Round `mean` to multiples of `step`, both ``[b, d]``; the gradient passes as if it did not round.

    The straight-through estimator of Bengio et al. 2013.
    """
    return mean + (torch.round(mean / step) * step - mean).detach()


class Decoder(nn.Module):
    """From codes and classes to the parameters of the likelihood: the layer `first`, then all `layers`.

    What they draw beyond `shape`, ``(channels, height, width)`` or ``(d,)``, is cut.
    """

    def __init__(self, first: ConditionedLinear, layers: Sequence[nn.Module], shape: Sequence[int]) -> None:
        super().__init__()
        self.input, self.layers = first, nn.Sequential(*layers)
        self._cut = tuple(slice(size) for size in shape)

    def forward(self, codes: Tensor, y: Tensor) -> Tensor:
        """Map codes ``[b, code_dim]`` and classes ``[b]`` to ``[b, *shape]``."""
        out: Tensor = self.layers(self.input(codes, y))
        return out[(slice(None), *self._cut)]


def build_trunk(config: NetworkConfig, shape: Sequence[int], activation: Activation = nn.ReLU) -> Trunk:
    """Return a new trunk for samples of `shape`, ``(channels, height, width)`` or ``(d,)``.

    A ValueError says that convolutions do not fit the samples.
    """
    if config.network == "mlp":
        return mlp_trunk(shape, config.hidden, activation)
    if len(shape) == 1:
        raise ValueError("network conv needs images; vectors need network mlp")
    least = 2 ** len(config.channels)
    if min(shape[1:]) < least:
        raise ValueError(
            f"network conv with {len(config.channels)} channels halves the image as often, and "
            f"{shape[1]}×{shape[2]} is below {least} pixels; use fewer channels or network mlp"
        )
    return conv_trunk(shape, config.channels, config.hidden[-1], activation)


def build_decoder(
    config: NetworkConfig,
    code_dim: int,
    shape: Sequence[int],
    n_classes: int,
    activation: Activation = nn.ReLU,
) -> Decoder:
    """Return a new decoder for samples of `shape` that sees `n_classes` classes, or none for 0.

    A perceptron, or a linear layer and transposed convolutions that each double the picture.
    """
    widths = config.hidden[::-1]
    first = ConditionedLinear(code_dim, widths[0], n_classes)
    if config.network == "mlp":
        drawing = perceptron([*widths, prod(shape)], activation)
        return Decoder(first, [activation(), drawing, nn.Unflatten(1, tuple(shape))], shape)
    channels = config.channels[::-1]
    start = (channels[0], *(-(-size // 2 ** len(channels)) for size in shape[1:]))
    layers: list[nn.Module] = [activation(), nn.Linear(widths[0], prod(start)), nn.Unflatten(1, start)]
    for before, after in pairwise([*channels, shape[0]]):
        layers += [activation(), nn.ConvTranspose2d(before, after, kernel_size=4, stride=2, padding=1)]
    return Decoder(first, layers, shape)
