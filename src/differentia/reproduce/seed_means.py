"""Means over seeds with their intervals."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import t


@dataclass(frozen=True)
class Mean:
    """A mean over seeds with its 95 % interval.

    Attributes
    ----------
    value : float
        The mean.
    half_width : float or None
        Half the interval; None for a single seed.
    n : int
        Number of seeds.
    """

    value: float
    half_width: float | None
    n: int

    @classmethod
    def of(cls, values: Sequence[float]) -> "Mean":
        """Take mean and interval, mean ± t₀.₉₇₅(n − 1) · s / √n (Student 1908), of at least one value."""
        n = len(values)
        if n == 1:
            return cls(float(values[0]), None, 1)
        half = float(t.ppf(0.975, n - 1)) * float(np.std(values, ddof=1)) / math.sqrt(n)
        return cls(float(np.mean(values)), half, n)

    @property
    def low(self) -> float | None:
        """Lower end of the interval."""
        return None if self.half_width is None else self.value - self.half_width

    @property
    def high(self) -> float | None:
        """Upper end of the interval."""
        return None if self.half_width is None else self.value + self.half_width

    def apart(self, other: "Mean") -> bool | None:
        """Whether the two intervals do not overlap; None where one has none."""
        if self.low is None or self.high is None or other.low is None or other.high is None:
            return None
        return self.high < other.low or other.high < self.low

    def text(self, digits: int = 3) -> str:
        """Return ``".123 ± .004"`` for accuracies (3 digits), ``"33.4 ± 0.2"`` otherwise."""
        half = "" if self.half_width is None else f" ± {number(self.half_width, digits)}"
        return number(self.value, digits) + half

    def to_json(self) -> dict[str, Any]:
        """Return mean, ends of the interval and number of seeds."""
        return {"mean": self.value, "low": self.low, "high": self.high, "n": self.n}


def number(value: float, digits: int) -> str:
    """Write a number with a true minus; three digits are for accuracies, without the leading zero."""
    text = f"{value:.{digits}f}".replace("-", "−")
    return text.replace("0.", ".", 1) if digits == 3 and text.lstrip("−").startswith("0.") else text
