"""What every model offers: codes of samples, samples of codes, whatever its networks."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn
from torch.distributions import Distribution

from differentia.model.gaussian import Gaussian
from differentia.model.mixture import ClassMixture
from differentia.model.networks import NetworkConfig
from differentia.model.operators.base import Operator
from differentia.model.priors import StandardNormal

Gaussians = dict[str, Gaussian]
Codes = dict[str, Tensor]
Floats = NDArray[np.float32]


class Model(nn.Module):
    """A model of labelled samples with a code "z" and, where it has one, a code "w".

    Samples are given as they are stored: uint8 images ``[b, height, width, channels]`` or float vectors
    ``[b, d]``; `normalise` turns them into what the networks read. A subclass says how to `encode` and to
    `decode`. It is built from the shape of a stored sample, the number of classes, the dimensions of each
    code in order, and the priors of those codes whose prior is not standard normal.
    """

    network: NetworkConfig
    """Kind and widths of its networks."""
    declared: tuple[str, ...]
    """What the first dimensions of z were made to follow, such as ``"declared slant"``."""
    operator: Operator | None
    """What z does to every sample, where that is an operator."""
    own_w_dim: int
    """Dimensions of w that have a meaning of their own: all of them, unless something was added later."""
    deterministic: bool
    """Whether codes have no noise."""
    z_sees_y: bool
    """Whether z's encoder is told the class."""
    decoder_sees_y: bool
    """Whether the decoder is."""
    mixture: ClassMixture
    """What new codes of every class are drawn from; the standard normal until it is fitted."""
    feature_mean: Tensor
    feature_scale: Tensor

    def __init__(
        self,
        shape: Sequence[int],
        n_classes: int,
        dims: dict[str, int],
        priors: Mapping[str, nn.Module] | None = None,
    ) -> None:
        super().__init__()
        self.sample_shape, self.n_classes, self.dims = tuple(shape), n_classes, dims
        self.is_image = len(shape) == 3
        self.input_shape = (shape[2], shape[0], shape[1]) if self.is_image else (shape[0],)
        self.declared, self.operator, self.deterministic = (), None, False
        self.z_sees_y = self.decoder_sees_y = False
        self.own_w_dim = self.w_dim
        standard = {name: StandardNormal(dim) for name, dim in dims.items()}
        self.priors = nn.ModuleDict({**standard, **(priors or {})})
        self.mixture = ClassMixture(n_classes, sum(dims.values()))
        if not self.is_image:
            self.register_buffer("feature_mean", torch.zeros(shape[0]))
            self.register_buffer("feature_scale", torch.ones(shape[0]))

    @property
    def z_dim(self) -> int:
        """Dimensions of z."""
        return self.dims["z"]

    @property
    def w_dim(self) -> int:
        """Dimensions of w; 0 for a model without one."""
        return self.dims.get("w", 0)

    @property
    def given(self) -> str:
        """What a swap takes from another sample: ``"w and class"``, ``"w"``, ``"class"`` or nothing."""
        return " and ".join(["w"] * bool(self.w_dim) + ["class"] * self.decoder_sees_y)

    @property
    def device(self) -> torch.device:
        """Where the parameters lie."""
        return next(self.parameters()).device

    def fit_normalisation(self, x: ArrayLike) -> None:
        """Take mean and standard deviation of each feature from training vectors ``[n, d]``.

        Constant features keep a scale of 1. Images need no statistics.
        """
        if not self.is_image:
            x = np.asarray(x, dtype=np.float64)
            scale = x.std(axis=0)
            self.feature_mean.copy_(torch.from_numpy(x.mean(axis=0)))
            self.feature_scale.copy_(torch.from_numpy(np.where(scale > 0, scale, 1.0)))

    def normalise(self, raw: Tensor) -> Tensor:
        """Turn stored samples into what the networks read.

        uint8 ``[b, h, w, c]`` becomes float32 ``[b, c, h, w]`` in [0, 1]; vectors are standardised.
        """
        if self.is_image:
            return raw.permute(0, 3, 1, 2).to(torch.float32).div_(255.0)
        return (raw - self.feature_mean) / self.feature_scale

    def encode(self, x: Tensor, y: Tensor, quantise: bool = True) -> Gaussians:
        """Return the posterior of each code, of normalised samples ``[b, …]`` of the classes int64 ``[b]``.

        ``quantise=False`` leaves out the rounding of means, where the model rounds them.
        """
        raise NotImplementedError

    def encode_given(self, x: Tensor, y: Tensor, code: Codes) -> Gaussian | None:
        """Return the posterior of further dimensions of w that depend on samples of the others, or None."""
        return None

    def prior(self, y: Tensor) -> Gaussians:
        """Return the prior of each code for the classes `y`, int64 ``[b]``."""
        return {name: prior(y) for name, prior in self.priors.items()}

    def decode(self, code: Codes, y: Tensor) -> Distribution:
        """Return p(x | codes, y) of normalised samples; its mean is the expected sample."""
        raise NotImplementedError

    def fit_code_density(self, codes: dict[str, tuple[Floats, Floats]], y: NDArray[np.int64]) -> None:
        """Fit `mixture` to means and log-variances ``[n, d]`` of training samples of the classes `y`.

        A ValueError says that a code is not finite.
        """
        mean, log_variance = (np.hstack([both[k] for both in codes.values()]) for k in (0, 1))
        self.mixture.fit(mean, log_variance, y)

    def draw_codes(self, y: NDArray[np.int64], rng: np.random.Generator) -> tuple[Floats, Floats]:
        """Draw z and w of new samples of the classes `y`, float32 ``[n, z_dim]`` and ``[n, w_dim]``."""
        drawn = self.mixture.draw(y, rng)
        return drawn[:, : self.z_dim], drawn[:, self.z_dim :]


class Wrapper(Model):
    """A model around another, whose attributes and networks it has as its own. It may add dimensions to w."""

    def __init__(self, inner: Model, added: int = 0) -> None:
        nn.Module.__init__(self)
        self.inner = inner
        self.dims = inner.dims | ({"w": inner.w_dim + added} if added else {})

    def __getattr__(self, name: str) -> Any:
        try:
            return super().__getattr__(name)
        except AttributeError:
            return getattr(super().__getattr__("inner"), name)
