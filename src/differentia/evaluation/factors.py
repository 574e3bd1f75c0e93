"""Names for the dimensions of both codes, from what moving them does to measurements."""

from collections import defaultdict
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from differentia.data.dataset import LabelledData
from differentia.evaluation.effects import FULL, QUICK, Effects, traversal_effects
from differentia.evaluation.traversals import Code, dimension_name
from differentia.measurements.morphometry import MEASUREMENTS
from differentia.models.transformations import directions
from differentia.models.two_code import TwoCodeModel

Doubles = NDArray[np.float64]

LEAST_RHO = 0.9
"""A dimension carries a measurement in a class when |ρ| is at least this …"""

LEAST_EFFECT = 0.25
"""… the measurement changes by at least this many standard deviations of the class over the range, …"""

LEAST_SHARE = 0.5
"""… and by at least this share of the largest change of any that follows it so: no side effect is a name."""

NO_NAME = "no single measurement; see the picture"

CLOSE = 0.8
"""Another measurement is mentioned beside the name when its effect is at least this share of the largest."""

SILENT_KL = 0.01
"""A dimension is silent in a class when its KL is below this, nats, …"""

SILENT_CHANGE = 0.005
"""… or when it moves less than this share of the pixels' variance and carries no measurement."""


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

    code: Code
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


def name_factors(model: TwoCodeModel, data: LabelledData, seed: int, quick: bool = False) -> FactorReport:
    """Name every dimension of z and w by the measurement that it moves.

    Each dimension is traversed from test samples of each class (`effects.traversal_effects`). It *carries* a
    measurement in a class when the two are nearly monotonic (|ρ| ≥ `LEAST_RHO`) and the effect is neither a
    trace (≥ `LEAST_EFFECT`) nor beside the point (≥ `LEAST_SHARE` of the largest of those as monotonic).
    Measurements are correlated, as thickness, area and brightness are; the one with the largest standardised
    effect gives the name, and others that come close are mentioned.

    A dimension of z is named by a measurement that it carries with the same sign in every class, or else,
    saying in how many, by the one that it carries in the most classes, if these are more than half. What it
    was declared to follow is said first. Each dimension of w is named in each class for itself.

    Parameters
    ----------
    model : TwoCodeModel
        In evaluation mode.
    data : LabelledData
        Its test split is used.
    seed : int
        Draws the samples.
    quick : bool
        Fewer samples and steps: about a seventh of the time.

    Returns
    -------
    FactorReport
        One factor a dimension.
    """
    found = traversal_effects(model, data, seed, QUICK if quick else FULL)
    declared = [direction.name for direction in directions(model.settings.generic)]
    declared += [MEASUREMENTS[name].label for name in model.settings.measured]

    def named(code: Code, effects: Effects) -> tuple[Factor, ...]:
        said = declared if code == "z" else []
        return tuple(
            _factor(code, dim, effects, found.labels, data.class_names, *said[dim : dim + 1])
            for dim in range(len(effects.kl))
        )

    return FactorReport(found.names, found.labels, data.class_names, named("z", found.z), named("w", found.w))


def _factor(
    code: Code,
    dim: int,
    effects: Effects,
    labels: tuple[str, ...],
    class_names: tuple[str, ...],
    declared: str = "",
) -> Factor:
    one = Effects(*(getattr(effects, field.name)[dim] for field in fields(Effects)))
    strength = np.where(np.abs(one.rho) >= LEAST_RHO, np.nan_to_num(np.abs(one.effect)), 0.0)
    largest = strength.max(axis=1, initial=0.0)
    silent = (one.kl < SILENT_KL) | ((one.change < SILENT_CHANGE) & (largest < LEAST_EFFECT))
    carried = strength >= np.maximum(LEAST_EFFECT, LEAST_SHARE * largest)[:, None]
    carried &= ~silent[:, None]
    signs = np.where(carried, np.sign(one.rho), 0.0)
    alone = [_shared(signs[[c]], one.effect[[c]]) for c in range(len(silent))]
    shared = _shared(signs, one.effect)

    name = dimension_name(code, dim)
    by_class = []
    for c, of_class in enumerate(alone):
        says = "silent" if silent[c] else _say(of_class, one.rho[[c]], labels)
        by_class.append(f"{name} | {class_names[c]} · {says}")
    if silent.all():
        says = "silent"
    elif code == "w" and len(shared.classes) < len(silent):
        says = _groups(alone, silent, labels, class_names)
    else:
        says = _say(shared, one.rho, labels)
    return Factor(
        code=code,
        dim=dim,
        sentence=f"{name} · declared {declared}: {says}" if declared else f"{name} · {says}",
        by_class=tuple(by_class),
        measurement=shared.measurement,
        classes=shared.classes,
        agreement=agreement(one.effect),
        silent=silent,
        **{field.name: getattr(one, field.name) for field in fields(Effects)},
    )


@dataclass(frozen=True)
class _Shared:
    """The measurement carried in most of some classes, those classes, and what comes close to it."""

    measurement: int | None
    classes: tuple[int, ...]
    close: tuple[int, ...]


def _shared(signs: Doubles, effect: Doubles) -> _Shared:
    """Choose the name: `signs` ``[c, k]`` holds the sign of ρ where a measurement is carried and else 0."""
    sign = np.where((signs > 0).sum(axis=0) >= (signs < 0).sum(axis=0), 1.0, -1.0)
    held = signs == sign
    count = held.sum(axis=0)
    most = count.max(initial=0)
    if 2 * most <= len(signs):
        return _Shared(None, (), ())
    strength = (np.nan_to_num(np.abs(effect)) * held).sum(axis=0) / np.maximum(count, 1)
    strength[count < most] = 0.0
    best = int(np.argmax(strength))
    order = np.argsort(-strength, kind="stable")[1:]
    close = tuple(int(k) for k in order if strength[k] >= CLOSE * strength[best])
    return _Shared(best, tuple(np.flatnonzero(held[:, best]).tolist()), close)


def _say(shared: _Shared, rho: Doubles, labels: tuple[str, ...]) -> str:
    if shared.measurement is None:
        return NO_NAME
    mean = f"{rho[list(shared.classes), shared.measurement].mean():.2f}".replace("-", "−")
    where = f", in {len(shared.classes)} of {len(rho)} classes" if len(rho) > 1 else ""
    close = f" (close behind: {', '.join(labels[k] for k in shared.close)})" if shared.close else ""
    return f"{labels[shared.measurement]}{where}, ρ = {mean}{close}"


def _groups(
    alone: list[_Shared], silent: NDArray[np.bool_], labels: tuple[str, ...], class_names: tuple[str, ...]
) -> str:
    """Say what a dimension carries in which classes, the most frequent first."""
    groups: dict[str, list[str]] = defaultdict(list)
    for of_class, nothing, class_name in zip(alone, silent, class_names, strict=True):
        if of_class.measurement is not None:
            groups[labels[of_class.measurement]].append(class_name)
        elif not nothing:
            groups[NO_NAME].append(class_name)
    if set(groups) == {NO_NAME}:
        return NO_NAME
    groups.pop(NO_NAME, None)
    ordered = sorted(groups.items(), key=lambda item: -len(item[1]))
    return "; ".join(f"{label} in {', '.join(names)}" for label, names in ordered)


def agreement(effect: Doubles) -> float:
    """Return how alike the effects of a dimension are in all classes.

    Parameters
    ----------
    effect : ndarray
        Standardised effects, ``[c, k]``; undefined ones count as 0.

    Returns
    -------
    float
        Mean over pairs of classes of the cosine between their rows, in [−1, 1]. A pair counts as 0 when the
        dimension does nothing (length below `LEAST_EFFECT`) in one of the two. NaN for a single class.
    """
    rows = np.nan_to_num(effect)
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    unit = np.where(length >= LEAST_EFFECT, rows / np.maximum(length, LEAST_EFFECT), 0.0)
    above = np.triu_indices(len(unit), 1)
    return float((unit @ unit.T)[above].mean()) if len(unit) > 1 else float("nan")


def _plain(value: Any) -> Any:
    """Numbers as JSON knows them: lists, and None for what is undefined."""
    if isinstance(value, np.ndarray):
        return [_plain(row) for row in value]
    return float(value) if np.isfinite(value) else None
