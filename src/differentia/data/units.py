"""Features that float32 cannot resolve, such as seconds since 1970, are centred and scaled beforehand."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

STEPS = 1000
"""A feature is stored as it is where a standard deviation has at least that many steps of float32."""

FEW = 20
"""Fewer steps of the numbers given, and detail is lost already."""


@dataclass(frozen=True)
class Units:
    """What is subtracted from each feature, and what it is divided by, before it is stored as float32.

    Attributes
    ----------
    origin, scale : ndarray
        float64 ``[d]``; 0 and 1 for the features that are stored as they are.
    coarse : ndarray
        Features that even the numbers given do not resolve, bool ``[d]``.
    """

    origin: NDArray[np.float64]
    scale: NDArray[np.float64]
    coarse: NDArray[np.bool_]

    @classmethod
    def of(cls, x: NDArray[Any]) -> "Units | None":
        """Find them for vectors of real numbers ``[n, d]``, in float64; None where `x` holds anything else.

        None, too, where every feature is resolved as it is.
        """
        if x.ndim != 2 or not x.size or x.dtype.kind not in "biuf":
            return None
        with np.errstate(all="ignore"):
            given = np.asarray(x, dtype=np.float64)
            greatest = np.abs(given).max(axis=0, initial=0.0)
            mean = np.mean(given / np.maximum(greatest, 1e-300), axis=0) * greatest
            spread = np.std((given - mean) / np.maximum(greatest, 1e-300), axis=0) * greatest
            small = np.spacing(greatest.astype(np.float32)).astype(np.float64)
            own = x.dtype if x.dtype.kind == "f" else np.dtype(np.float64)
            steps = np.spacing(greatest.astype(own)).astype(np.float64)
        varied = np.isfinite(spread) & (spread > 0)
        lost = varied & (~np.isfinite(small) | (STEPS * small > spread))
        coarse = varied & (FEW * steps > spread) & (own.itemsize >= 4)
        if not (lost | coarse).any():
            return None
        return cls(np.where(lost, mean, 0.0), np.where(lost, spread, 1.0), coarse)

    def stored(self, x: NDArray[Any]) -> NDArray[np.float32]:
        """Bring vectors ``[n, d]`` to these units; what float32 cannot hold becomes infinite."""
        with np.errstate(over="ignore"):
            return ((x.astype(np.float64) - self.origin) / self.scale).astype(np.float32)

    def restored(self, x: NDArray[np.float32]) -> NDArray[np.float64]:
        """Bring stored vectors ``[…, d]`` back to the units of the data."""
        return x * self.scale + self.origin

    @property
    def notes(self) -> list[str]:
        """What a person should know of how features are stored, in a sentence."""
        which = _named(self.scale != 1)
        why = "is stored less its mean and over its standard deviation, because float32 does not resolve it"
        return [f"{which} {why}"] if which else []

    @property
    def warnings(self) -> list[str]:
        """What is lost already, in a sentence."""
        which, what = _named(self.coarse), "varies by few steps of the numbers it was saved as"
        lost = f"{which} {what}, so its resolution is lost; save it as float64, less its mean"
        return [lost] if which else []


def _named(chosen: NDArray[np.bool_]) -> str:
    """Name the first feature of those chosen, and count the others."""
    features = np.flatnonzero(chosen)
    more = f" (and {len(features) - 1} more)" if len(features) > 1 else ""
    return f"feature {features[0]}{more}" if len(features) else ""
