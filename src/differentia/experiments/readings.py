"""Readings of the report: a preset, what is changed in it, and which printed row it stands beside."""

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
    """

    name: str
    preset: str
    meaning: str
    changes: Changes
    row: str = ""


def _game(**changes: Any) -> dict[str, Any]:
    return {"objective": {"class_loss": changes}}


_PLAIN = {"mode": "beta", "beta": 1.0, "gamma": 1.0}
_NAIVE = "the naive model, one code z that sees the class: "

READINGS = {
    reading.name: reading
    for reading in (
        Reading(
            "without",
            "report",
            "eq. 4 as printed, no L_class",
            {"objective": {"class_loss": None}},
            "without",
        ),
        Reading(
            "report-w",
            "report",
            "step 2 trains the classifier on w, and w's encoder gets no gradient from it",
            {},
            "with",
        ),
        Reading(
            "report-z",
            "report",
            "step 2 trains the classifier on z, as in the report's equations and figure 1",
            _game(critic_reads="z"),
            "with",
        ),
        Reading(
            "report-w-encoder",
            "report",
            "step 2 trains the classifier on w, and w's encoder is trained with it",
            _game(w_weight=1.0),
            "with",
        ),
        Reading(
            "report-both",
            "report",
            "step 2 trains the classifier on z and on w, and w's encoder is trained with it",
            _game(critic_reads="both", w_weight=1.0),
            "with",
        ),
        Reading(
            "report-weighted",
            "report",
            "as report-both, but L_class weighs 50, as it would beside a likelihood averaged over pixels",
            _game(critic_reads="both", z_weight=50.0, w_weight=50.0),
            "with",
        ),
        Reading("released", "released", "the code that the authors published", {}, "with"),
        Reading(
            "strict", "strict", "ours: constrained capacity, bounded adversary, cooperative head", {}, "with"
        ),
        Reading("naive-uncapped", "naive", _NAIVE + "eq. 1 with β = 1", {"objective": {"capacity": _PLAIN}}),
        Reading("naive", "naive", _NAIVE + "β·|KL − C|, β = 100, C = 25", {}),
        Reading(
            "naive-constrained",
            "naive",
            _NAIVE + "KL held at 25 nats by a multiplier",
            {"objective": {"capacity": {"mode": "constrained", "least_price": -1.0}}},
        ),
    )
}

CLOSEST = "report-both"
"""The reading whose numbers come closest to the printed ones; docs/reproduction.md shows the measurement."""


def plain(name: str) -> Reading:
    """Return a reading of the report with γ = β = 1 and no capacity, as in table 2.

    Parameters
    ----------
    name : str
        A key of `READINGS` that starts from the preset ``report``.
    """
    base = READINGS[name]
    objective = {**base.changes.get("objective", {}), "capacity": _PLAIN}
    meaning = f"{base.meaning}; γ = β = 1, no capacity"
    return Reading(f"{name}-plain", base.preset, meaning, {"objective": objective}, "plain")


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
