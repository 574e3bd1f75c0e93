"""Precision, recall, density and coverage of generated samples against real ones."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import pairwise_distances
from sklearn.neighbors import NearestNeighbors

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Manifold:
    """How two sets of feature vectors overlap, by balls that reach to the k-th neighbour.

    Attributes
    ----------
    precision : float
        Share of generated samples inside a ball of the real set: are they plausible? (Kynkäänniemi et al.
        2019)
    recall : float
        Share of real samples inside a ball of the generated set: could they have been drawn? (ibid.)
    density : float
        Number of real balls that a generated sample lies in, over k, mean; can exceed 1. (Naeem et al.
        2020)
    coverage : float
        Share of real samples whose ball holds a generated one: mode collapse shows as a low value. (Naeem et
        al. 2020)
    """

    precision: float
    recall: float
    density: float
    coverage: float

    def to_json(self) -> dict[str, float]:
        """Return the four figures as floats."""
        return dict(vars(self))


def manifold(real: Floats, generated: Floats, k: int = 5) -> Manifold:
    """Compare two sets of features.

    Parameters
    ----------
    real, generated : ndarray
        Features, float ``[n, d]`` and ``[m, d]``, n and m above k. Coverage depends on m / n, so compare only
        values for equal numbers; for two sets of equal size drawn from one distribution it is about
        1 − 2⁻ᵏ.
    k : int
        Neighbour that a ball reaches to, the sample itself not counted; the ball is closed.

    Returns
    -------
    Manifold
        The four figures.

    Raises
    ------
    ValueError
        If a set holds k samples or fewer.
    """
    if min(len(real), len(generated)) <= k:
        raise ValueError(f"precision and recall need more than {k} samples of each kind")
    distances = pairwise_distances(real, generated)
    in_real = distances <= _radii(real, k)[:, None]
    in_generated = distances <= _radii(generated, k)[None, :]
    return Manifold(
        precision=float(in_real.any(axis=0).mean()),
        recall=float(in_generated.any(axis=1).mean()),
        density=float(in_real.sum(axis=0).mean() / k),
        coverage=float(in_real.any(axis=1).mean()),
    )


def _radii(points: Floats, k: int) -> NDArray[np.floating]:
    """Return the distance of every point to its k-th neighbour in the set, itself not counted."""
    distances, _ = NearestNeighbors(n_neighbors=k).fit(points).kneighbors()
    radii: NDArray[np.floating] = distances[:, -1]
    return radii
