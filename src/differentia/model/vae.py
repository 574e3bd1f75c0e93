"""The two-code VAE of the report's figure 1; with one code it is a VAE as everybody knows it."""

import math
from collections.abc import Sequence
from typing import Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.distributions import Distribution

from differentia.model.base import Codes, Gaussians, Model
from differentia.model.likelihoods import GaussianLikelihood, bernoulli
from differentia.model.networks import GaussianHead, NetworkConfig, build_decoder, build_trunk


class VAEConfig(NetworkConfig):
    """The architecture of a VAE with a code z."""

    z_dim: int = Field(10, ge=1, le=1024, description="|z|, dimensions of the code z.")
    likelihood: Literal["bernoulli", "gaussian"] = Field(
        "bernoulli", description="Likelihood of a pixel or feature; vectors need gaussian."
    )
    scale: float | None = Field(
        None, gt=0, description="Standard deviation of the Gaussian likelihood; null learns it."
    )


class VAE(Model):
    """Figure 1 of the report: a trunk, a head for z, a head for w that sees y, and a decoder.

    With a `w_dim` of 0 there is no w. `z_sees_y` and `decoder_sees_y` make it q(z | x, y) and p(x | codes, y)
    rather than q(z | x) and p(x | codes). `z_variance` and `quantisation_step` are those of z's
    `GaussianHead`. With `w_trunk` w's encoder has a trunk of its own, and w begins audible. `decoded_z` says
    how many dimensions of z the decoder reads; None for all. All else is as for `Model`.
    """

    def __init__(
        self,
        config: VAEConfig,
        shape: Sequence[int],
        n_classes: int,
        *,
        w_dim: int = 0,
        z_sees_y: bool = False,
        decoder_sees_y: bool = False,
        z_variance: Literal["own", "shared", "none"] = "own",
        quantisation_step: float = 0.0,
        w_trunk: bool = False,
        decoded_z: int | None = None,
        priors: dict[str, nn.Module] | None = None,
    ) -> None:
        super().__init__(shape, n_classes, {"z": config.z_dim} | ({"w": w_dim} if w_dim else {}), priors)
        if config.likelihood == "bernoulli" and not self.is_image:
            raise ValueError("likelihood bernoulli needs images; vectors need likelihood gaussian")
        self.network = config
        self.z_sees_y, self.decoder_sees_y = z_sees_y, decoder_sees_y
        self.deterministic = z_variance == "none"
        self.is_bernoulli, self._scale = config.likelihood == "bernoulli", config.scale
        self.trunk = build_trunk(config, self.input_shape)
        self.w_trunk = build_trunk(config, self.input_shape) if w_trunk else None
        code_dim = (config.z_dim if decoded_z is None else decoded_z) + w_dim
        self.decoder = build_decoder(config, code_dim, self.input_shape, n_classes if decoder_sees_y else 0)
        width, seen = self.trunk.width, n_classes if z_sees_y else 0
        self.z_head = GaussianHead(width, config.z_dim, seen, z_variance, quantisation_step)
        self.w_head = GaussianHead(width, w_dim, n_classes) if w_dim else None
        if w_trunk and self.w_head is not None:
            self.w_head.begin_audible()
        learns_scale = not self.is_bernoulli and config.scale is None
        self.log_scale = nn.Parameter(torch.zeros(())) if learns_scale else None

    def encode(self, x: Tensor, y: Tensor, quantise: bool = True) -> Gaussians:
        """Return q(z | x) (or q(z | x, y)) and, where there is a w, q(w | x, y)."""
        h = self.trunk(x)
        posterior = {"z": self.z_head(h, y, quantise)}
        if self.w_head is not None:
            posterior["w"] = self.w_head(h if self.w_trunk is None else self.w_trunk(x), y)
        return posterior

    def decode(self, code: Codes, y: Tensor) -> Distribution:
        """Return p(x | z, w, y), or p(x | z, w) where the decoder does not see the class."""
        return self.likelihood(self.drawn(code, y))

    def drawn(self, code: Codes, y: Tensor) -> Tensor:
        """Return what the decoder draws, logits (Bernoulli) or means (Gaussian), float32 ``[b, …]``."""
        out: Tensor = self.decoder(torch.cat([code[name] for name in self.dims], dim=1), y)
        return out.float()

    def likelihood(self, parameters: Tensor) -> Distribution:
        """Return the likelihood with the logits or means `parameters`."""
        if self.is_bernoulli:
            return bernoulli(parameters)
        if self._scale is None:
            assert self.log_scale is not None
            return GaussianLikelihood(parameters, self.log_scale, bounded=self.is_image)
        fixed = torch.tensor(math.log(self._scale), device=parameters.device)
        return GaussianLikelihood(parameters, fixed, bounded=self.is_image)
