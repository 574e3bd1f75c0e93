"""Groups of rendered pictures that share the value of one factor, encoded."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from differentia.data import kinds
from differentia.data.dataset import Split
from differentia.metrics.codes import code_split
from differentia.model.base import Model

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Interventions:
    """Codes of groups of `kinds`; all factors but one are drawn afresh for every picture of a group.

    Attributes
    ----------
    fixed : ndarray
        Column of `kinds.FACTORS` that the group holds fixed, int64 ``[m]``.
    z, w : ndarray
        Sampled codes, float32 ``[m, l, |z|]`` and ``[m, l, |w|]``.
    """

    fixed: NDArray[np.int64]
    z: Floats
    w: Floats

    def among(self, columns: tuple[int, ...]) -> "Interventions":
        """Keep the groups whose fixed factor is one of `columns`, and number it by its place there."""
        kept = np.isin(self.fixed, columns)
        place = {column: number for number, column in enumerate(columns)}
        fixed = np.array([place[column] for column in self.fixed[kept].tolist()], dtype=np.int64)
        return Interventions(fixed, self.z[kept], self.w[kept])


def intervene(
    model: Model, kind: int | None, seed: int, per_factor: int = 60, length: int = 16
) -> Interventions:
    """Render and encode groups of pictures of `kinds`.

    Parameters
    ----------
    model : Model
        In evaluation mode.
    kind : int or None
        Class of every picture, whose own factors are then held fixed in turn beside the generic ones. None
        draws the class of every picture too, and fixes generic factors only.
    seed : int
        Seed of the draws and of the codes' noise.
    per_factor : int
        Groups for each factor.
    length : int
        Pictures in a group.
    """
    columns = kinds.GENERIC if kind is None else kinds.GENERIC + kinds.SPECIFIC[kind]
    rng = np.random.default_rng([seed, 0 if kind is None else kind + 1])
    fixed = rng.permutation(np.repeat(np.array(columns, dtype=np.int64), per_factor))
    n = len(fixed) * length
    y = rng.integers(len(kinds.CLASSES), size=n) if kind is None else np.full(n, kind, dtype=np.int64)
    factors = kinds.draw(y, rng)
    rows = np.arange(n)
    factors[rows, np.repeat(fixed, length)] = np.repeat(factors[rows[::length], fixed], length)
    coded = code_split(model, Split(kinds.render(y, factors), y), seed)
    return Interventions(
        fixed, coded.z.reshape(len(fixed), length, -1), coded.w.reshape(len(fixed), length, coded.w.shape[1])
    )
