"""Names for the dimensions of both codes, from what moving them does to measurements."""

from collections import defaultdict
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from differentia.data.dataset import LabelledData
from differentia.metrics.codes import CodeName, dimension_name
from differentia.metrics.factors.effects import FULL, QUICK, Effects, traversal_effects
from differentia.metrics.factors.report import LEAST_RHO, Factor, FactorReport
from differentia.model.base import Model

Doubles = NDArray[np.float64]


LEAST_EFFECT = 0.25
"""Beside |ρ| ≥ `LEAST_RHO`, the measurement must change by this many standard deviations over the range, …"""

LEAST_SHARE = 0.5
"""… and by at least this share of the largest change of any that follows it so: no side effect is a name."""

NO_NAME = "no single measurement; see the picture"

CLOSE = 0.8
"""Another measurement is mentioned beside the name when its effect is at least this share of the largest."""

SILENT_KL = 0.01
"""A dimension is silent in a class when its KL, if it has one, is below this, nats, …"""

SILENT_CHANGE = 0.005
"""… or when it moves less than this share of the pixels' variance and carries no measurement."""


def name_factors(model: Model, data: LabelledData, seed: int, quick: bool = False) -> FactorReport:
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
    model : Model
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
    declared = list(model.declared)

    def named(code: CodeName, effects: Effects) -> tuple[Factor, ...]:
        said = declared if code == "z" else []
        return tuple(
            _factor(code, dim, effects, found.labels, data.class_names, *said[dim : dim + 1])
            for dim in range(len(effects.kl))
        )

    return FactorReport(found.names, found.labels, data.class_names, named("z", found.z), named("w", found.w))


def _factor(
    code: CodeName,
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
        sentence=f"{name} · {declared}: {says}" if declared else f"{name} · {says}",
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
