"""The report's two models as one: a generic code z, a conditional code w | y, and a decoder."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn

from differentia.models.decoders import build_decoder
from differentia.models.density import CodeDensity
from differentia.models.encoders import PosteriorHead, build_trunk
from differentia.models.posterior import Posterior
from differentia.models.remainder import Remainder
from differentia.models.settings import ModelSettings
from differentia.models.transformations import UNDOABLE, directions, transformed, undone

STRENGTH = 0.5
"""Strength of a declared transformation for each unit of its dimension of z: 2 units are all of its reach."""

_FAINTEST = 1e-4
"""Least probability of a pixel after a transformation, so that its logit is finite."""


class Codes(NamedTuple):
    """Posteriors over the two codes of a batch."""

    z: Posterior
    w: Posterior


class TwoCodeModel(nn.Module):
    """Figure 1 of the report: a trunk, a head for z, a head for w that sees y, and a decoder.

    With ``generic``, the k-th direction of the declared transformations belongs to the k-th dimension of z.
    Those that can be undone *act*: the decoder draws a picture *at rest* from the other dimensions, w and y,
    and z's transformations are done to it with strengths ``STRENGTH · z_k``, in the same way whatever the
    class. w's encoder goes the other way: it reads, by a trunk of its own, the picture after what z's mean
    tells is undone.

    With ``w_dim = 0`` and ``z_sees_y`` it is the naive model of section 3.1: q(z | x, y) and p(x | z, y).
    With ``remainder_dim`` the last dimensions of w are a `Remainder`: a linear code of the difference between
    a sample and what its z and its other w decode to, which adds a correction to the mean; p(x | z, w, y) is
    a Gaussian around the corrected mean. With ``remainder_moves`` the difference is one of pictures at rest,
    and z's transformations are done to the correction too. All else is as it would be without a remainder.

    Parameters
    ----------
    settings : ModelSettings
        The architecture.
    shape : sequence of int
        Shape of a stored sample: ``(height, width, channels)`` or ``(d,)``.
    n_classes : int
        Number of classes.

    Notes
    -----
    Samples are given as they are stored: uint8 images ``[b, height, width, channels]`` or float vectors
    ``[b, d]``; `normalise` turns them into what the network reads.

    Attributes
    ----------
    sample_shape : tuple of int
        Shape of a stored sample.
    input_shape : tuple of int
        Shape of a normalised sample, ``(channels, height, width)`` or ``(d,)``.
    acting : list of int
        Dimensions of z that transform what the decoder draws from the others.
    density : CodeDensity
        What new (z, w) of every class are drawn from; the prior until
        `differentia.models.batched.fit_code_density` fits it.
    u_density : CodeDensity or None
        The same, one Gaussian a class, for the dimensions of the remainder.
    """

    feature_mean: Tensor
    feature_scale: Tensor

    def __init__(self, settings: ModelSettings, shape: Sequence[int], n_classes: int) -> None:
        super().__init__()
        self.settings, self.n_classes = settings, n_classes
        self._acts = [name for name in settings.generic if name in UNDOABLE]
        followed = directions(settings.generic)
        self.acting = [k for k, direction in enumerate(followed) if direction in directions(self._acts)]
        self._drawing = [k for k in range(settings.z_dim) if k not in self.acting]
        self.sample_shape = tuple(shape)
        self.is_image = len(shape) == 3
        inner: tuple[int, ...]
        if self.is_image:
            inner = (shape[2], shape[0], shape[1])
            least = 2 ** len(settings.channels)
            if settings.network == "conv" and min(inner[1:]) < least:
                raise ValueError(
                    f"network conv with {len(settings.channels)} channels halves the image as often, and "
                    f"{inner[1]}×{inner[2]} is below {least} pixels; use fewer channels or network mlp"
                )
        else:
            inner = (shape[0],)
            if settings.network == "conv":
                raise ValueError("network conv needs images; vectors need network mlp")
            if settings.likelihood == "bernoulli":
                raise ValueError("likelihood bernoulli needs images; vectors need likelihood gaussian")
            self.register_buffer("feature_mean", torch.zeros(shape[0]))
            self.register_buffer("feature_scale", torch.ones(shape[0]))

        self.input_shape = inner
        self.trunk = build_trunk(settings, inner)
        self.w_trunk = build_trunk(settings, inner) if self.acting else None
        self.decoder = build_decoder(settings, len(self._drawing) + settings.own_w_dim, inner, n_classes)
        self.z_head = PosteriorHead(
            self.trunk.width,
            settings.z_dim,
            n_classes if settings.z_sees_y else 0,
            settings.shared_variance,
            settings.resolution,
            settings.activation,
        )
        self.w_head = (
            PosteriorHead(self.trunk.width, settings.own_w_dim, n_classes, False, 0.0, settings.activation)
            if settings.own_w_dim
            else None
        )
        if self.w_trunk is not None and self.w_head is not None:
            self.w_head.begin_audible()
        self.remainder = Remainder(settings.remainder_dim, inner) if settings.remainder_dim else None
        self.density = CodeDensity(n_classes, settings.z_dim + settings.own_w_dim)
        self.u_density = (
            CodeDensity(n_classes, settings.remainder_dim, components=1) if settings.remainder_dim else None
        )
        learns_scale = not self.is_bernoulli and settings.scale is None
        self.log_scale = nn.Parameter(torch.zeros(())) if learns_scale else None

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
        """Turn stored samples into what the network reads.

        uint8 ``[b, h, w, c]`` becomes float32 ``[b, c, h, w]`` in [0, 1]; vectors are standardised.
        """
        if self.is_image:
            return raw.permute(0, 3, 1, 2).to(torch.float32).div_(255.0)
        return (raw - self.feature_mean) / self.feature_scale

    def encode(self, x: Tensor, y: Tensor) -> Codes:
        """Posteriors over z and w of normalised samples ``[b, …]`` with classes int64 ``[b]``.

        The dimensions of a remainder are not among those of w: `encode_left` tells them.
        """
        h = self.trunk(x)
        z: Posterior = self.z_head(h, y)
        if self.w_head is None:
            empty = z.mean[:, :0]
            return Codes(z, Posterior(empty, empty))
        if self.w_trunk is not None:
            h = self.w_trunk(self.at_rest(x, z.mean))
        return Codes(z, self.w_head(h, y))

    def encode_left(self, x: Tensor, z: Tensor, w: Tensor, y: Tensor) -> Posterior:
        """Posterior over the remainder of normalised samples of which `z` and `w` are told already."""
        assert self.remainder is not None
        return self.remainder.posterior(self.left(x, z, w, y))

    @torch.no_grad()
    def at_rest(self, x: Tensor, z: Tensor) -> Tensor:
        """Undo what `z` says was done to the pictures `x`, so that none of it is left for w to tell.

        No gradient reaches z from here: it is not to move a picture to where w would like to read it.
        """
        if not self.acting:
            return x
        return undone(x, self._acts, STRENGTH * z[:, self.acting])

    @torch.no_grad()
    def left(self, x: Tensor, z: Tensor, w: Tensor, y: Tensor) -> Tensor:
        """Return what the codes `z` and `w`, without a remainder, leave of the samples `x`.

        At rest where the remainder moves: what the undoing blurs is blurred in both.
        """
        mean = self._mean(z, w, y)
        mean = mean.clamp(0.0, 1.0) if self.is_image else mean
        return self.at_rest(x, z) - self.at_rest(mean, z) if self.settings.remainder_moves else x - mean

    def likelihood_parameters(self, z: Tensor, w: Tensor, y: Tensor) -> Tensor:
        """Logits (Bernoulli) or means (Gaussian) of normalised samples ``[b, …]``."""
        if not self.acting and self.is_bernoulli:
            return self._drawn(z, w, y)
        mean = self._mean(z, w, y)
        return torch.logit(_FAINTEST + (1 - 2 * _FAINTEST) * mean) if self.is_bernoulli else mean

    def _mean(self, z: Tensor, w: Tensor, y: Tensor) -> Tensor:
        """Mean of the likelihood; a `w` without the dimensions of the remainder is not corrected."""
        own = self.settings.own_w_dim
        drawn = self._drawn(z, w[:, :own], y)
        mean = torch.sigmoid(drawn) if self.acting or self.settings.likelihood == "bernoulli" else drawn
        added, moves = None, self.settings.remainder_moves
        if self.remainder is not None and w.shape[1] > own:
            added = self.remainder.correction(w[:, own:])
        if added is not None and moves:
            mean = mean + added
        if self.acting:
            mean = transformed(mean, self._acts, STRENGTH * z[:, self.acting])
        return mean + added if added is not None and not moves else mean

    def _drawn(self, z: Tensor, w: Tensor, y: Tensor) -> Tensor:
        out: Tensor = self.decoder(torch.cat([z[:, self._drawing], w], dim=1), y)
        return out

    def expectation(self, parameters: Tensor) -> Tensor:
        """Mean of the likelihood with the given parameters ``[b, …]``, in the normalised space."""
        if self.is_bernoulli:
            return torch.sigmoid(parameters)
        return parameters.clamp(0.0, 1.0) if self.is_image else parameters

    def decode(self, z: Tensor, w: Tensor, y: Tensor) -> Tensor:
        """Mean of p(x | z, w, y), in the normalised space: images in [0, 1] ``[b, c, h, w]``."""
        return self.expectation(self.likelihood_parameters(z, w, y))

    def log_likelihood_scale(self) -> Tensor:
        """Logarithm of the Gaussian likelihood's standard deviation, a scalar."""
        if self.log_scale is not None:
            return self.log_scale
        assert self.settings.scale is not None
        return torch.tensor(math.log(self.settings.scale), device=self.device)

    @property
    def is_bernoulli(self) -> bool:
        """Whether p(x | z, w, y) is Bernoulli; a corrected mean need not lie in [0, 1]."""
        return self.settings.likelihood == "bernoulli" and not self.settings.remainder_dim

    @property
    def device(self) -> torch.device:
        """Where the parameters lie."""
        return next(self.parameters()).device

    def forward(
        self, x: Tensor, y: Tensor, z_noise: Tensor, w_noise: Tensor, view: Tensor | None = None
    ) -> tuple[Codes, tuple[Tensor, Tensor], Tensor, Codes | None]:
        """One pass for training.

        Parameters
        ----------
        x : Tensor
            Normalised samples ``[b, …]``.
        y : Tensor
            Classes, int64 ``[b]``.
        z_noise, w_noise : Tensor
            Standard-normal noise, ``[b, z_dim]`` and ``[b, w_dim]``.
        view : Tensor or None
            Another picture of each sample, ``[b, …]``. The first half of the batch reads w from it, the other
            half from `x`, so that the encoder of w knows both; z is read from `x`.

        Returns
        -------
        codes : Codes
            The two posteriors that the samples are drawn from.
        samples : tuple of Tensor
            One sample of z and one of w.
        parameters : Tensor
            `likelihood_parameters` of the samples.
        crossed : Codes or None
            With a view, the other two posteriors: z of the view, and w of the picture it was not read from.
        """
        codes, crossed = self.encode(x, y), None
        if view is not None:
            own, seen = codes, self.encode(view, y)
            codes = Codes(own.z, _halves(seen.w, own.w))
            crossed = Codes(seen.z, _halves(own.w, seen.w))
        z, w = codes.z.sample(z_noise), codes.w.sample(w_noise)
        return codes, (z, w), self.likelihood_parameters(z, w, y), crossed


def _halves(first: Posterior, second: Posterior) -> Posterior:
    """Return the first half of a batch from `first`, the rest from `second`."""
    half = len(first.mean) // 2
    return Posterior(*(torch.cat([a[:half], b[half:]]) for a, b in zip(first, second, strict=True)))
