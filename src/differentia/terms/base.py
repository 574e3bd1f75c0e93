"""What an objective is made of: a `Pass` of the model over a batch, and the `Term`s that judge it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, ClassVar, Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.distributions import Distribution

from differentia.config import Config
from differentia.errors import DifferentiaError
from differentia.model.base import Codes, Gaussians, Model

Scalars = dict[str, Tensor]
Schedule = Literal["constant", "cosine"]


class Batch(NamedTuple):
    """Part of the training split, on the device."""

    x: Tensor
    """Samples ``[b, …]``, as stored."""
    y: Tensor
    """Classes, int64 ``[b]``."""
    known: dict[str, Tensor]
    """What else is known of each sample, ``[b, …]``."""


@dataclass(frozen=True)
class Pass:
    """A batch after the model ran on it: everything that a term may need."""

    model: Model
    x: Tensor
    """Normalised samples, ``[b, …]``."""
    y: Tensor
    """Classes, int64 ``[b]``."""
    posterior: Gaussians
    """Of each code, "z" and where there is one "w"; a method may add posteriors of further inputs."""
    prior: Gaussians
    code: Codes
    """The sample of each code that was decoded, ``[b, d]``."""
    likelihood: Distribution
    """p(x | codes, y), as `Model.decode` returned it."""
    rng: torch.Generator
    """Source of all noise of this step, on the device of `x`."""
    progress: float
    """Part of the training that is done, 0 to 1."""
    known: dict[str, Tensor] = field(default_factory=dict)
    """What else is known of each sample, ``[b, …]``, such as how it was transformed."""

    @cached_property
    def kl(self) -> Scalars:
        """KL of each code's posterior from its prior, summed over dimensions, batch mean, nats."""
        return {n: self.posterior[n].kl(prior).sum(1).mean() for n, prior in self.prior.items()}

    def noise(self, like: Tensor) -> Tensor:
        """Draw standard-normal noise of the shape of `like`."""
        return torch.randn(like.shape, generator=self.rng, device=like.device)

    def detached(self) -> "Pass":
        """Return the same pass, its codes and their Gaussians cut from the graph: what step 2 sees."""
        posterior, prior = (
            {name: gaussian.detach() for name, gaussian in gaussians.items()}
            for gaussians in (self.posterior, self.prior)
        )
        code = {name: sample.detach() for name, sample in self.code.items()}
        return replace(self, posterior=posterior, prior=prior, code=code)

    def redrawn(self) -> "Pass":
        """Return the same pass with new samples of the codes."""
        drawn = {n: self.posterior[n].sample(self.noise(code)) for n, code in self.code.items()}
        return replace(self, code=drawn)


class Part(NamedTuple):
    """A summand of a step's loss, ``weight · value``; the curves show the value. Weight 0: only shown."""

    value: Tensor
    weight: float | Tensor = 1.0


def total(parts: Mapping[str, Part]) -> Tensor:
    """Return Σ weight · value, a scalar, nats a sample; a DifferentiaError says that there is none."""
    weighed = [
        part.weight * part.value
        for part in parts.values()
        if isinstance(part.weight, Tensor) or part.weight  # a tensor is not asked whether it is 0: that waits
    ]
    if not weighed:
        raise DifferentiaError("No term has a part with a weight, so there is nothing to minimise. Add one.")
    return sum(weighed[1:], weighed[0])


class Curve(NamedTuple):
    """A panel of the training curves: what a term records, with title and unit; a title may be shared."""

    title: str
    unit: str
    lines: Mapping[str, str]
    """From the key in the records to its label; one that ends with z or w has that code's colour."""


class Facts(NamedTuple):
    """What a term may know of the training data before it sees a batch."""

    n: int
    """Number of samples."""
    class_frequencies: Tensor
    """p(y), float ``[n_classes]``."""


class Term(nn.Module):
    """One part of an objective, made of an instance of its own `Config`, for the shapes of a model.

    It may have a `rival`, a network that step 2 trains by Adam on codes that are cut from the model's graph:
    `rival_steps` updates a batch, with the learning rate `rival_rate` that changes by `rival_schedule`.
    """

    class Config(Config):
        """The term's settings."""

    version: ClassVar[int] = 1
    """Raised when what the term computes, or one of its defaults, changes (see `differentia.reproduce`)."""
    curves: ClassVar[tuple[Curve, ...]] = ()

    rival: Any
    rival_steps: int = 1
    rival_rate: float = 1e-3
    rival_schedule: Schedule = "constant"

    def __init__(self, config: Any, model: Model, facts: Facts) -> None:
        super().__init__()
        self.config, self.rival = config, None

    def loss(self, p: Pass) -> dict[str, Part]:
        """Step 1: return what is added to the loss of encoders and decoder, by name."""
        return {}

    def rival_loss(self, p: Pass) -> dict[str, Part]:
        """Step 2: return what the rival minimises, by name; the codes of `p` are detached."""
        return {}

    def update(self, p: Pass) -> Tensor | None:
        """Move dual variables after step 1; return their tensor, which all processes then share."""
        return None

    def state(self, progress: float) -> Scalars:
        """Return what is recorded at the end of an epoch beside means, such as dual variables."""
        return {}
