"""The residual code u: principal components of what z and w leave of the samples, and a model with it."""

import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.distributions import Distribution

from differentia.model.base import Codes, Floats, Gaussians, Model, Wrapper
from differentia.model.gaussian import Gaussian
from differentia.model.likelihoods import GaussianLikelihood
from differentia.model.mixture import ClassMixture
from differentia.model.transforming import TransformingVAE


class Residual(nn.Module):
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

    def posterior(self, left: Tensor) -> Gaussian:
        """Gaussian over u, ``[b, dim]``, of what is left of samples, ``[b, *shape]``."""
        coordinates = (left.flatten(1) - self.centre) @ self.components.T
        mean = coordinates * self._gain() / self.spread
        return Gaussian(mean, self.log_variance.expand_as(mean))

    def correction(self, u: Tensor) -> Tensor:
        """r(u), what u adds to the mean of a sample, ``[b, *shape]``."""
        added = (u * self._gain() * self.spread) @ self.components + self.centre
        return added.reshape(-1, *self.shape)

    def _gain(self) -> Tensor:
        return (1 - self.log_variance.exp()).sqrt()


class ResidualModel(Wrapper):
    """A trained model, and a residual code u as the last dimensions of w.

    u is read last, from what samples of z and w leave of x: their noise is among what it tells. It adds a
    correction to the mean, and p(x | z, w, u, y) is a Gaussian around the corrected mean. All else is as in
    the model inside.

    Parameters
    ----------
    inner : Model
        The trained model, with a w.
    dim : int
        Dimensions of u.
    moves : bool
        Whether z's transformations are done to the correction too, rather than it being added to the moved
        picture. Matters where the model inside transforms.
    """

    def __init__(self, inner: Model, dim: int, moves: bool) -> None:
        super().__init__(inner, added=dim)
        self.residual = Residual(dim, inner.input_shape)
        self.u_mixture = ClassMixture(inner.n_classes, dim, components=1)
        self.corrected_log_scale = nn.Parameter(torch.zeros(()))
        self._moves = moves

    @property
    def _moving(self) -> TransformingVAE | None:
        """The model inside, where it moves what u corrects."""
        return self.inner if self._moves and isinstance(self.inner, TransformingVAE) else None

    def encode(self, x: Tensor, y: Tensor, quantise: bool = True) -> Gaussians:
        """Return the posteriors of the model inside; u is told by `encode_given`."""
        return self.inner.encode(x, y, quantise)

    def encode_given(self, x: Tensor, y: Tensor, code: Codes) -> Gaussian:
        """Return q(u | x, z, w, y)."""
        return self.residual.posterior(self.left(x, y, code))

    @torch.no_grad()
    def left(self, x: Tensor, y: Tensor, code: Codes) -> Tensor:
        """Return what the codes, without u, leave of the samples `x`, ``[b, …]``.

        Canonical where the correction moves: what the undoing blurs is blurred in both.
        """
        mean = self.inner.decode(code, y).mean
        if self._moving is None:
            return x - mean
        return self._moving.canonical(x, code["z"]) - self._moving.canonical(mean, code["z"])

    def decode(self, code: Codes, y: Tensor) -> Distribution:
        """Return the Gaussian around the corrected mean; a w without u is not corrected."""
        own, u = code | {"w": code["w"][:, : self.own_w_dim]}, code["w"][:, self.own_w_dim :]
        added = self.residual.correction(u) if u.shape[1] else 0.0
        if self._moving is None:
            mean = self.inner.decode(own, y).mean + added
        else:
            canonical = torch.sigmoid(self._moving.canonical_drawing(own, y))
            mean = self._moving.moved(canonical + added, code["z"])
        return GaussianLikelihood(mean, self.corrected_log_scale, bounded=self.is_image)

    @torch.no_grad()
    def fit_residual(self, left: Floats, y: NDArray[np.int64], noise: float, seed: int) -> None:
        """Fit the components, and the Gaussian of u in each class, to what is left of training samples.

        Parameters
        ----------
        left : ndarray
            float32 ``[n, size]``.
        y : ndarray
            Their classes, int64 ``[n]``.
        noise, seed
            As for `Residual.fit`.
        """
        self.residual.fit(left, noise, seed)
        u = self.residual.posterior(torch.from_numpy(left))
        self.u_mixture.fit(u.mean.numpy(), u.log_variance.numpy(), y)

    @torch.no_grad()
    def fit_scale(self, error: float) -> None:
        """Take the likelihood's scale from the mean squared error of a sample."""
        self.corrected_log_scale.fill_(0.5 * math.log(error / math.prod(self.input_shape)))

    def draw_codes(self, y: NDArray[np.int64], rng: np.random.Generator) -> tuple[Floats, Floats]:
        """Draw z and w as the model inside does, and u from the Gaussian of each class."""
        z, w = self.inner.draw_codes(y, rng)
        return z, np.hstack([w, self.u_mixture.draw(y, rng)])
