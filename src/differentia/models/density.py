"""Where the codes of the training samples lie: mixtures of Gaussians that new codes are drawn from."""

import math
import warnings

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

Floats = NDArray[np.float32]

COMPONENTS = 10
"""Most Gaussians of a mixture. Ten a class cover what forty do (docs/method.md)."""

_SAMPLES_EACH = 10
"""A component is fitted to at least so many samples a dimension, or there are fewer components."""

_FEWEST = 100
"""The posteriors of a group of fewer samples are drawn from several times, up to this number."""


class CodeDensity(nn.Module):
    """A density of a code in each of several groups: q(w | y) with one group a class, q(z) with one in all.

    Ex-post density estimation (Ghosh et al. 2020). The prior is no place to draw from: a w that was pushed to
    tell the class lies, within a class, nowhere near N(0, I). It is standard normal until it is fitted.

    Parameters
    ----------
    groups : int
        Number of groups.
    dim : int
        Dimensions of the code.
    components : int
        Most Gaussians a group.

    Attributes
    ----------
    share : Tensor
        Weight of each component, ``[groups, components]``; 0 for one that is not used.
    location : Tensor
        Means, ``[groups, components, dim]``.
    spread : Tensor
        Cholesky factors of the covariances, ``[groups, components, dim, dim]``.
    """

    share: Tensor
    location: Tensor
    spread: Tensor

    def __init__(self, groups: int, dim: int, components: int = COMPONENTS) -> None:
        super().__init__()
        self.register_buffer("share", torch.eye(1, components).repeat(groups, 1))
        self.register_buffer("location", torch.zeros(groups, components, dim))
        self.register_buffer("spread", torch.eye(dim).repeat(groups, components, 1, 1))

    def draw(self, group: NDArray[np.int64], rng: np.random.Generator) -> Floats:
        """Draw a code for each entry of `group`, int64 ``[n]``: float32 ``[n, dim]``."""
        shares, locations, spreads = (t.cpu().numpy() for t in (self.share, self.location, self.spread))
        picked = (rng.random((len(group), 1)) > shares.cumsum(axis=1)[group]).sum(axis=1)
        picked = np.minimum(
            picked, (shares > 0).sum(axis=1)[group] - 1
        )  # shares add up to 1 but for rounding
        noise = rng.standard_normal((len(group), locations.shape[2]), dtype=np.float32)
        codes = np.empty_like(noise)
        for one, part in np.unique(np.column_stack([group, picked]), axis=0):
            rows = (group == one) & (picked == part)
            codes[rows] = locations[one, part] + noise[rows] @ spreads[one, part].T
        return codes

    def fit(self, mean: Floats, log_variance: Floats, group: NDArray[np.int64], seed: int = 0) -> None:
        """Fit the mixtures to samples of posteriors.

        Parameters
        ----------
        mean, log_variance : ndarray
            Posteriors of training samples, float32 ``[n, dim]``.
        group : ndarray
            Group of each, int64 ``[n]``; a group without samples stays as it is.
        seed : int
            Seed of the samples and of the fit.
        """
        rng = np.random.default_rng(seed)
        for one in np.unique(group):
            own = group == one
            times = math.ceil(_FEWEST / own.sum())
            means, spread = (np.repeat(a, times, axis=0) for a in (mean[own], np.exp(log_variance[own] / 2)))
            codes = means + spread * rng.standard_normal(means.shape)
            self._fit(int(one), codes, int(own.sum()), seed)

    def _fit(self, group: int, codes: NDArray[np.float64], n: int, seed: int) -> None:
        """Fit one group to codes ``[m, dim]``, which are of `n` samples."""
        # Every start of the program would wait for it.
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.mixture import GaussianMixture

        most = n // (_SAMPLES_EACH * codes.shape[1])
        count = int(np.clip(most, 1, self.share.shape[1]))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # a mixture that still improves is one
            found = GaussianMixture(count, random_state=seed).fit(codes)
        self.share[group] = 0.0
        for part in range(count):
            self.share[group, part] = float(found.weights_[part])
            self.location[group, part] = torch.from_numpy(found.means_[part])
            self.spread[group, part] = torch.from_numpy(np.linalg.cholesky(found.covariances_[part]))
