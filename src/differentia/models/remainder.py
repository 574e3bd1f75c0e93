"""The remainder u: principal components of what z and w leave of the samples."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from differentia.models.posterior import Posterior


class Remainder(nn.Module):
    """A linear code of what is left, with one noise a dimension.

    ``u = a (V (e − e₀) / s) + σ ε`` and ``r(u) = e₀ + Vᵀ (a s u)``: e is what is left of a sample, V its
    principal components, s² their variances, and a = √(1 − σ²), so that the aggregate of u is as wide as the
    prior (probabilistic PCA, Tipping & Bishop 1999). It corrects nothing until it is fitted.

    Parameters
    ----------
    dim : int
        Dimensions of u.
    shape : sequence of int
        Shape of a sample as the network sees it.

    Attributes
    ----------
    centre : Tensor
        e₀, ``[size]``.
    components : Tensor
        V, orthonormal, ``[dim, size]``.
    spread : Tensor
        s, ``[dim]``.
    log_variance : Tensor
        log σ² of u, at most 0, ``[dim]``.
    """

    centre: Tensor
    components: Tensor
    spread: Tensor
    log_variance: Tensor

    def __init__(self, dim: int, shape: Sequence[int]) -> None:
        super().__init__()
        size = int(torch.Size(shape).numel())
        self.shape = tuple(shape)
        self.register_buffer("centre", torch.zeros(size))
        self.register_buffer("components", torch.zeros(dim, size))
        self.register_buffer("spread", torch.ones(dim))
        self.register_buffer("log_variance", torch.zeros(dim))

    def fit(self, left: NDArray[np.float32], noise: float, seed: int) -> None:
        """Take the components of what is left of training samples.

        Parameters
        ----------
        left : ndarray
            float32 ``[n, size]``, n above the dimensions of u.
        noise : float
            Squared error a sample that the noise of each dimension of u may add. A component of less variance
            is left out: its dimension is as noisy as the prior. The same distortion in every dimension is
            what fewest nats buy (reverse water-filling, Cover & Thomas 2006, section 10.3.3).
        seed : int
            Seed of the randomised decomposition of large samples.
        """
        # Only refine needs it, and every training would wait for it.
        from sklearn.decomposition import PCA

        found = PCA(len(self.components), random_state=seed).fit(left)
        variance = np.maximum(found.explained_variance_, 1e-12)
        self.centre.copy_(torch.from_numpy(found.mean_))
        self.components.copy_(torch.from_numpy(found.components_))
        self.spread.copy_(torch.from_numpy(np.sqrt(variance)))
        self.log_variance.copy_(torch.from_numpy(np.log(np.minimum(noise / variance, 1.0))))

    def posterior(self, left: Tensor) -> Posterior:
        """Posterior over u, ``[b, dim]``, of what is left of samples, ``[b, *shape]``."""
        coordinates = (left.flatten(1) - self.centre) @ self.components.T
        mean = coordinates * self._gain() / self.spread
        return Posterior(mean, self.log_variance.expand_as(mean))

    def correction(self, u: Tensor) -> Tensor:
        """r(u), what u adds to the mean of a sample, ``[b, *shape]``."""
        added = (u * self._gain() * self.spread) @ self.components + self.centre
        return added.reshape(-1, *self.shape)

    def _gain(self) -> Tensor:
        return (1 - self.log_variance.exp()).sqrt()
