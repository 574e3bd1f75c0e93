"""The model of what is generic by one operator: x ≈ T_z(D(w, y)), and w read from T_z⁻¹ x."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.distributions import Distribution

from differentia.model.base import Codes, Floats, Gaussians, Model
from differentia.model.gaussian import Gaussian
from differentia.model.likelihoods import GaussianLikelihood, RunningNoise
from differentia.model.networks import GaussianHead, NetworkConfig, build_decoder, build_trunk
from differentia.model.operators.base import Operator
from differentia.model.priors import ClassNormal

FINEST = 0.05
"""Least noise of z, whose spread is 1: nothing finer than that part of a factor's spread is told. A finer z
has more places in which to hide the class; what a coarser one leaves of a place or a size, w takes."""

LEAST_NOISE = 0.1
"""Least noise of the likelihood, in the range of a pixel or the standard deviation of a feature."""


class OperatorVAE(Model):
    """A decoder that draws a sample *at rest* from w and y, and an operator that z moves it by.

    The operator sees neither the class nor w, and the decoder never sees z: so what z tells is done to the
    samples of all classes in the same way. w's encoder reads the sample after T is undone, so what z
    explains is gone before w is read. The prior of w is N(m_y, I), with learnt means: a w that is read with
    the class tells the class at no cost in nats. The noise of the Gaussian likelihood follows the error, one
    of all pixels or one a feature. z has one learnt variance a dimension for all samples, which says nothing
    of y, and its means are rounded to multiples of `quantisation_step` of its standard deviation. After a
    training, the dimensions of unused generators are the prior, which tells nothing and costs nothing.
    """

    operator: Operator

    def __init__(
        self,
        config: NetworkConfig,
        shape: Sequence[int],
        n_classes: int,
        operator: Operator,
        w_dim: int,
        quantisation_step: float,
    ) -> None:
        dims = {"z": len(operator.generators), "w": w_dim}
        super().__init__(shape, n_classes, dims, {"w": ClassNormal(w_dim, n_classes, unit_variance=True)})
        self.network, self.operator, self.decoder_sees_y = config, operator, True
        self.declared = tuple(f"generator {generator.name}" for generator in operator.generators)
        self.z_trunk = build_trunk(config, self.input_shape, nn.SiLU)
        self.w_trunk = build_trunk(config, self.input_shape, nn.SiLU)
        width = self.z_trunk.width
        self.z_head = GaussianHead(width, dims["z"], 0, "shared", quantisation_step, nn.SiLU, FINEST)
        self.w_head = GaussianHead(width, w_dim, n_classes, activation=nn.SiLU)
        self.w_head.begin_audible()
        self.decoder = build_decoder(config, w_dim, self.input_shape, n_classes, nn.SiLU)
        self.noise = RunningNoise(1 if self.is_image else shape[0], LEAST_NOISE)

    def encode(self, x: Tensor, y: Tensor, quantise: bool = True) -> Gaussians:
        """Return q(z | x), and q(w | x at rest, y)."""
        z = self.encode_z(x, quantise)
        return {"z": z, "w": self.encode_w(x, z, y)}

    def encode_z(self, x: Tensor, quantise: bool = True, measured: int | None = None) -> Gaussian:
        """Return q(z | x); a training takes the spread of z from the first `measured` samples, or all."""
        mean, log_variance = self.z_head(self.z_trunk(x), torch.empty(0), quantise, measured)
        return Gaussian(mean * self.operator.used, log_variance * self.operator.used)

    def encode_w(self, x: Tensor, z: Gaussian, y: Tensor) -> Gaussian:
        """Return q(w | x at rest, y)."""
        w, centre = self.w_head(self.w_trunk(self.at_rest(x, z.mean)), y), self.priors["w"](y).mean
        return Gaussian(centre + w.mean, w.log_variance)

    @torch.no_grad()
    def at_rest(self, x: Tensor, z: Tensor) -> Tensor:
        """Undo what `z` says was done to the samples `x`, so that none of it is left for w to tell.

        No gradient reaches z from here: it is not to move a sample to where w would like to read it.
        """
        return self.operator.undo(x, self.operator.strengths(z))

    def decode(self, code: Codes, y: Tensor) -> Distribution:
        """Return the likelihood around the moved drawing."""
        drawn = self.decoder(code["w"], y).float()
        rest = torch.sigmoid(drawn) if self.is_image else drawn
        moved = self.operator(rest, self.operator.strengths(code["z"]))
        return GaussianLikelihood(moved, self.noise.log_scale, bounded=self.is_image)

    def fit_code_density(self, codes: dict[str, tuple[Floats, Floats]], y: NDArray[np.int64]) -> None:
        """Fit the mixture, and note how far each dimension of z spreads."""
        super().fit_code_density(codes, y)
        self.operator.note(torch.from_numpy(codes["z"][0].std(axis=0)))

    def train(self, mode: bool = True) -> "OperatorVAE":
        """Begin or end a training, in which every generator may come into use."""
        if mode:
            self.operator.used.fill_(True)
        return super().train(mode)
