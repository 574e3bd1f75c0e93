"""Where the codes of each class lie: mixtures of Gaussians that new codes are drawn from."""

import math
import warnings

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

Floats = NDArray[np.float32]

COMPONENTS = 10
"""Most Gaussians of a mixture. Twice as many cover hardly more (docs/method.md)."""

_SAMPLES_EACH = 10
"""A component is fitted to at least so many samples a dimension, or there are fewer components."""

_FEWEST = 100
"""The posteriors of a class of fewer samples are drawn from several times, up to this number."""


class ClassMixture(nn.Module):
    """A density of codes in each class, such as that of (z, w) given y.

    Ex-post density estimation (Ghosh et al. 2020). The prior is no place to draw from: a w that was pushed to
    tell the class lies, within a class, nowhere near N(0, I), and inside a class not every w goes with every
    z. It is standard normal until it is fitted, and then has up to so many `components` a class.
    """

    share: Tensor
    """Weight of each component, ``[n_classes, components]``; 0 for one that is not used."""
    location: Tensor
    """Means, ``[n_classes, components, dim]``."""
    spread: Tensor
    """Cholesky factors of the covariances, ``[n_classes, components, dim, dim]``."""

    def __init__(self, n_classes: int, dim: int, components: int = COMPONENTS) -> None:
        super().__init__()
        self.register_buffer("share", torch.eye(1, components).repeat(n_classes, 1))
        self.register_buffer("location", torch.zeros(n_classes, components, dim))
        self.register_buffer("spread", torch.eye(dim).repeat(n_classes, components, 1, 1))

    def draw(self, y: NDArray[np.int64], rng: np.random.Generator) -> Floats:
        """Draw codes of the classes `y`, int64 ``[n]``: float32 ``[n, dim]``."""
        shares, locations, spreads = (t.cpu().numpy() for t in (self.share, self.location, self.spread))
        picked = (rng.random((len(y), 1)) > shares.cumsum(axis=1)[y]).sum(axis=1)
        # Shares add up to 1, or to a little less.
        picked = np.minimum(picked, (shares > 0).sum(axis=1)[y] - 1)
        noise = rng.standard_normal((len(y), locations.shape[2]), dtype=np.float32)
        codes = np.empty_like(noise)
        for label, part in np.unique(np.column_stack([y, picked]), axis=0):
            rows = (y == label) & (picked == part)
            codes[rows] = locations[label, part] + noise[rows] @ spreads[label, part].T
        return codes

    def fit(self, mean: Floats, log_variance: Floats, y: NDArray[np.int64], seed: int = 0) -> None:
        """Fit the mixtures to samples of posteriors ``[n, dim]`` of the classes `y`, int64 ``[n]``.

        A class without samples stays as it is. A ValueError says that a posterior is not finite.
        """
        rng = np.random.default_rng(seed)
        for label in np.unique(y):
            own = y == label
            times = math.ceil(_FEWEST / own.sum())
            with np.errstate(over="ignore", invalid="ignore"):
                spreads = np.exp(log_variance[own] / 2)
                means, spread = (np.repeat(a, times, axis=0) for a in (mean[own], spreads))
                codes = means + spread * rng.standard_normal(means.shape)
            if not np.isfinite(codes).all():
                raise ValueError("a posterior is not finite")
            self._fit(int(label), codes, int(own.sum()), seed)

    def _fit(self, label: int, codes: NDArray[np.float64], n: int, seed: int) -> None:
        """Fit one class to codes ``[m, dim]``, which are of `n` samples."""
        # Every start of the program would wait for it.
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.mixture import GaussianMixture

        most = n // (_SAMPLES_EACH * codes.shape[1])
        count = int(np.clip(most, 1, self.share.shape[1]))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # a mixture that still improves is one
            found = GaussianMixture(count, random_state=seed).fit(codes)
        self.share[label] = 0.0
        for part in range(count):
            self.share[label, part] = float(found.weights_[part])
            self.location[label, part] = torch.from_numpy(found.means_[part])
            self.spread[label, part] = torch.from_numpy(np.linalg.cholesky(found.covariances_[part]))
