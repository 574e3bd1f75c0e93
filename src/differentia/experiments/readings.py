"""Readings of the report, and our own settings beside them: a preset and what is changed in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from differentia.errors import DifferentiaError

Changes = Mapping[str, Any]


@dataclass(frozen=True)
class Reading:
    """One way to fill what the report leaves open.

    Attributes
    ----------
    name : str
        How it is called in tables and on the command line.
    preset : str
        The preset it starts from.
    meaning : str
        What is read how, in one sentence for tables and page.
    changes : mapping
        Nested changes to the preset.
    row : {'without', 'with', ''}
        The printed row of table 1 that it stands beside; empty for none.
    without : str
        The reading that differs from it by having no L_class, for a row ``with``.
    """

    name: str
    preset: str
    meaning: str
    changes: Changes
    row: str = ""
    without: str = "without"


def _objective(class_loss: Changes | None, capacity: Changes | None = None) -> dict[str, Any]:
    """Return changes to the objective."""
    changes: dict[str, Any] = {}
    if class_loss is None or class_loss:
        changes["class_loss"] = class_loss
    if capacity is not None:
        changes["capacity"] = capacity
    return {"objective": changes} if changes else {}


_PLAIN = {"mode": "beta", "beta": 1.0, "gamma": 1.0}
_NAIVE = "the naive model, one code z that sees the class: "

_WITHOUT = Reading("without", "report", "eq. 4 as printed, no L_class", _objective(None), "without")

_OF_REPORT = tuple(
    Reading(name, "report", meaning, _objective(class_loss), "with")
    for name, class_loss, meaning in (
        (
            "report-w",
            {},
            "step 2 trains the classifier on w, and w's encoder gets no gradient from it",
        ),
        (
            "report-z",
            {"critic_reads": "z"},
            "step 2 trains the classifier on z, as in the report's equations and figure 1",
        ),
        (
            "report-w-encoder",
            {"w_weight": 1.0},
            "step 2 trains the classifier on w, and w's encoder is trained with it",
        ),
        (
            "report-both",
            {"critic_reads": "both", "w_weight": 1.0},
            "step 2 trains the classifier on z and on w, and w's encoder is trained with it",
        ),
    )
)


def _plain(reading: Reading) -> Reading:
    """Return a reading of the report with γ = β = 1 and no capacity, as in table 2."""
    objective = {**reading.changes.get("objective", {}), "capacity": _PLAIN}
    meaning = f"as {reading.name}, but γ = β = 1 and no capacity, as in table 2"
    name, without = f"{reading.name}-plain", "without-plain"
    return Reading(name, reading.preset, meaning, {"objective": objective}, reading.row, without)


def _strict(part: str, meaning: str, changes: Changes) -> Reading:
    """Return the preset strict with one part taken out."""
    return Reading(f"strict-{part}", "strict", f"strict {meaning}", changes)


_ABLATIONS = (
    _strict(
        "undeclared",
        "with nothing declared generic",
        {"model": {"generic": [], "measured": []}},
    ),
    _strict("unrounded", "with means of z of any resolution", {"model": {"resolution": 0.0}}),
    _strict("own-variance", "with a variance of z for each input", {"model": {"shared_variance": False}}),
    _strict("free-z", "without the adversary on z", _objective({"z_weight": 0.0})),
    _strict("free-w", "without the cooperative head on w", _objective({"w_weight": 0.0})),
    _strict(
        "weak-critic",
        "with one critic step a batch, on samples only",
        _objective({"critic_steps": 1, "noise_levels": [1.0]}),
    ),
    _strict("prior-goal", "with p(y) as the adversary's goal", _objective({"z_target": "prior"})),
    _strict(
        "absolute",
        "with the printed capacity, 100·\\|KL − C\\|",
        _objective({}, {"mode": "absolute", "growth": 0.5}),
    ),
)
"""The preset strict, each part removed in turn."""

READINGS = {
    reading.name: reading
    for reading in (
        _WITHOUT,
        *_OF_REPORT,
        Reading(
            "report-weighted",
            "report",
            "as report-both, L_class weighing 100, as much as the penalty; the report prints no weight",
            _objective({"critic_reads": "both", "z_weight": 100.0, "w_weight": 100.0}),
            "with",
        ),
        _plain(_WITHOUT),
        *map(_plain, _OF_REPORT),
        Reading("released", "released", "the code that the authors published", {}, "with", "without-plain"),
        Reading(
            "strict",
            "strict",
            "ours: z does to what is drawn what it was declared for; constrained capacity, bounded "
            "adversary, cooperative head",
            {},
            "with",
            "without-plain",
        ),
        Reading(
            "vae",
            "strict",
            "a VAE with the network and training of strict: β = γ = 1, no class loss, nothing declared",
            {
                "model": {"shared_variance": False, "resolution": 0.0, "generic": [], "measured": []},
                "objective": {"capacity": _PLAIN, "class_loss": None},
            },
        ),
        *_ABLATIONS,
        Reading(
            "naive-uncapped",
            "naive",
            _NAIVE + "eq. 1 with β = 1, no cap",
            {"objective": {"capacity": _PLAIN}},
        ),
        Reading("naive", "naive", _NAIVE + "β·\\|KL − C\\|, β = 100, C = 25", {}),
        Reading(
            "naive-constrained",
            "naive",
            _NAIVE + "KL held at 25 nats by a multiplier",
            {"objective": {"capacity": {"mode": "constrained", "least_price": -1.0}}},
        ),
    )
}

ABLATED = tuple(reading.name for reading in _ABLATIONS)
"""Forms of the preset strict with one part taken out."""

WITH_CAPACITY = tuple(reading.name for reading in _OF_REPORT)
"""Readings of the report with L_class that have a plain form, for table 2 and figures 6 and 7."""

CLOSEST = "report-both-plain"
"""The reading that shows the report's effect of L_class on both data sets (docs/reproduction.md)."""


def plain(name: str) -> Reading:
    """Return the form of a reading with γ = β = 1 and no capacity; `name` is one of `WITH_CAPACITY`."""
    return READINGS[f"{name}-plain"]


def chosen(names: str, default: tuple[str, ...], every: tuple[str, ...]) -> tuple[str, ...]:
    """Turn ``default``, ``all`` or a list ``name,name`` into names of readings.

    Raises
    ------
    DifferentiaError
        If a name is not among `every`.
    """
    if names in ("default", "all"):
        return default if names == "default" else every
    asked = tuple(dict.fromkeys(name.strip() for name in names.split(",") if name.strip()))
    unknown = [name for name in asked if name not in every]
    if unknown or not asked:
        given = unknown[0] if unknown else names
        raise DifferentiaError(
            f"There is no reading '{given}' here. Choose from: {', '.join(every)}, or all."
        )
    return asked
