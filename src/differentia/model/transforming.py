"""A VAE whose decoder draws a canonical picture that z then transforms, in the same way in every class."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.distributions import Distribution

from differentia.images.transformations import UNDOABLE, Transformation, directions, transformed, undone
from differentia.model.base import Codes, Gaussians, Wrapper
from differentia.model.vae import VAE

STRENGTH = 0.5
"""Strength of a declared transformation for each unit of its dimension of z: 2 units are all of its reach."""

_FAINTEST = 1e-4
"""Least probability of a pixel after a transformation, so that its logit is finite."""


def acting(names: Sequence[Transformation]) -> list[int]:
    """Return the dimensions of z that transform the picture: those of what can be undone."""
    followed = [(name, direction) for name in names for direction in directions([name])]
    return [k for k, (name, _) in enumerate(followed) if name in UNDOABLE]


class TransformingVAE(Wrapper):
    """Declared transformations around a two-code VAE (spatial transformers, Jaderberg et al. 2015).

    The k-th direction of the declared transformations belongs to the k-th dimension of z. Those that can be
    undone *act*: the VAE draws a *canonical* picture from the other dimensions, w and y, and z's
    transformations are done to it with strengths ``STRENGTH · z_k``. w's encoder goes the other way: it
    reads the picture after what z's mean says is undone. So `vae` has a trunk for w, and its decoder reads
    the dimensions of z that do not act.
    """

    inner: VAE

    def __init__(self, vae: VAE, generic: Sequence[Transformation]) -> None:
        super().__init__(vae)
        self._acts = [name for name in generic if name in UNDOABLE]
        self.acting = acting(generic)
        self._drawing = [k for k in range(vae.z_dim) if k not in self.acting]

    def encode(self, x: Tensor, y: Tensor, quantise: bool = True) -> Gaussians:
        """Return q(z | x), and q(w | canonical x, y)."""
        vae = self.inner
        assert vae.w_trunk is not None
        assert vae.w_head is not None
        z = vae.z_head(vae.trunk(x), y, quantise)
        return {"z": z, "w": vae.w_head(vae.w_trunk(self.canonical(x, z.mean)), y)}

    def decode(self, code: Codes, y: Tensor) -> Distribution:
        """Return the likelihood around the transformed picture."""
        mean = self.moved(torch.sigmoid(self.canonical_drawing(code, y)), code["z"])
        if not self.inner.is_bernoulli:
            return self.inner.likelihood(mean)
        return self.inner.likelihood(torch.logit(_FAINTEST + (1 - 2 * _FAINTEST) * mean))

    def canonical_drawing(self, code: Codes, y: Tensor) -> Tensor:
        """Return the logits of the canonical picture, before anything is done to it."""
        return self.inner.drawn({"z": code["z"][:, self._drawing], "w": code["w"]}, y)

    def moved(self, canonical: Tensor, z: Tensor) -> Tensor:
        """Do to canonical pictures ``[b, c, h, w]`` what `z` says."""
        return transformed(canonical, self._acts, STRENGTH * z[:, self.acting])

    @torch.no_grad()
    def canonical(self, x: Tensor, z: Tensor) -> Tensor:
        """Undo what `z` says was done to the pictures `x`, so that none of it is left for w to tell.

        No gradient reaches z from here: it is not to move a picture to where w would like to read it.
        """
        return undone(x, self._acts, STRENGTH * z[:, self.acting])
