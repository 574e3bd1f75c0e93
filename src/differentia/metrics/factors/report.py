"""What every dimension of both codes does: its name, and the numbers behind the name."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from differentia.metrics.codes import CodeName, dimension_name

Doubles = NDArray[np.float64]

LEAST_RHO = 0.9
"""A dimension carries a measurement in a class when |ρ| is at least this and the effect large enough."""


@dataclass(frozen=True)
class Factor:
    """What one dimension of a code does, in c classes, to k measurements.

    Attributes
    ----------
    code : {'z', 'w'}
        The code.
    dim : int
        The dimension, from 0.
    sentence : str
        What it is, in plain words.
    by_class : tuple of str
        The same for each class alone.
    measurement : int or None
        Column of the measurement that it carries in all classes, or in more than half of them.
    classes : tuple of int
        The classes in which it carries that measurement, with the same sign.
    agreement : float
        How alike the effects are in all classes, in [−1, 1], see `agreement`.
    silent : ndarray
        Whether it does nothing, bool ``[c]``.
    values, rho, effect, change, kl : ndarray
        As in `Effects`, without the axis of the dimensions: ``[c, steps]``, ``[c, k]``, ``[c, k]``, ``[c]``,
        ``[c]``.
    """

    code: CodeName
    dim: int
    sentence: str
    by_class: tuple[str, ...]
    measurement: int | None
    classes: tuple[int, ...]
    agreement: float
    silent: NDArray[np.bool_]
    values: Doubles
    rho: Doubles
    effect: Doubles
    change: Doubles
    kl: Doubles

    @property
    def name(self) -> str:
        """The dimension as text, ``"z₃"``."""
        return dimension_name(self.code, self.dim)

    def to_json(self) -> dict[str, Any]:
        """Return the factor as plain JSON types, undefined numbers as None."""
        plain = {
            "code": self.code,
            "dim": self.dim,
            "sentence": self.sentence,
            "by_class": list(self.by_class),
            "measurement": self.measurement,
            "classes": list(self.classes),
            "silent": self.silent.tolist(),
        }
        numbers = ("agreement", "values", "rho", "effect", "change", "kl")
        return plain | {name: _plain(getattr(self, name)) for name in numbers}


@dataclass(frozen=True)
class FactorReport:
    """Names of all dimensions.

    Attributes
    ----------
    measurements, labels : tuple of str
        Names of the measurements, the second for people.
    class_names : tuple of str
        Names of the classes.
    z, w : tuple of Factor
        One a dimension.
    """

    measurements: tuple[str, ...]
    labels: tuple[str, ...]
    class_names: tuple[str, ...]
    z: tuple[Factor, ...]
    w: tuple[Factor, ...]

    @property
    def generic(self) -> tuple[Factor, ...]:
        """The dimensions of z that carry one measurement with the same sign in every class."""
        return tuple(f for f in self.z if len(f.classes) == len(self.class_names))

    @property
    def sentence(self) -> str:
        """How many dimensions of z have one meaning in all classes, and which."""
        found = self.generic
        rule = f"one measurement (|ρ| ≥ {LEAST_RHO}, same sign) in all {len(self.class_names)} classes"
        if not found:
            return f"No dimension of z carries {rule}."
        named = ", ".join(f"{f.name} {self.labels[f.measurement or 0]}" for f in found)
        verb = "carries" if len(found) == 1 else "carry"
        return f"{len(found)} of {len(self.z)} dimensions of z {verb} {rule}: {named}."

    def to_json(self) -> dict[str, Any]:
        """Return the report as plain JSON types."""
        return {
            "sentence": self.sentence,
            "measurements": list(self.measurements),
            "labels": list(self.labels),
            "class_names": list(self.class_names),
            "z": [factor.to_json() for factor in self.z],
            "w": [factor.to_json() for factor in self.w],
        }


def _plain(value: Any) -> Any:
    """Numbers as JSON knows them: lists, and None for what is undefined."""
    if isinstance(value, np.ndarray):
        return [_plain(row) for row in value]
    return float(value) if np.isfinite(value) else None
