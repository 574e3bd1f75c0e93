"""The numbers of each table: how each is taken from a record, and what the report prints beside it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import Any, Literal

from differentia.data import kinds
from differentia.reproduce.printed_numbers import TABLE_1, TABLE_2, Printed
from differentia.reproduce.results import Record
from differentia.reproduce.variants import VARIANTS

PLAIN = "-plain"


@dataclass(frozen=True)
class Quantity:
    """A number of a table.

    Attributes
    ----------
    key : str
        Its name in a CSV file.
    title : str
        Its heading.
    digits : int
        Digits after the point.
    value : callable
        Takes a record, returns a number or None.
    printed : callable or None
        Takes data set and variant, returns the report's number or None.
    brief : str
        Heading on the terminal; empty for a quantity that is not shown there.
    group : {'', 'measured', 'known'}
        Part of a wide table that the page shows on its own: R² of measurements, or of known factors.
    """

    key: str
    title: str
    digits: int
    value: Callable[[Record], float | None]
    printed: Callable[[str, str], float | None] | None = None
    brief: str = ""
    group: Literal["", "measured", "known"] = ""


def _accuracy(code: str) -> Callable[[Record], float | None]:
    return lambda record: record["accuracy"].get(code)


def _worst(code: str, kind: str) -> Callable[[Record], float | None]:
    return lambda record: (record["audit"] or {}).get(code, {}).get(kind, {}).get("accuracy")


def _of(*path: str) -> Callable[[Record], float | None]:
    def value(record: Record) -> float | None:
        found: Any = record
        for name in path:
            found = None if found is None else found[name]
        return None if found is None else float(found)

    return value


def _table_1(code: str) -> Callable[[str, str], float | None]:
    def printed(dataset: str, variant: str) -> float | None:
        row = VARIANTS[variant].row if variant in VARIANTS else ""
        return _printed(TABLE_1, dataset, row, code)

    return printed


def _table_2(dataset: str, variant: str) -> float | None:
    return _printed(TABLE_2, dataset, "plain" if variant.endswith(PLAIN) else "capacity", "w")


def _printed(table: Mapping[str, Mapping[str, Printed]], dataset: str, row: str, code: str) -> float | None:
    cell = table.get(dataset, {}).get(row)
    return None if cell is None else (cell.z if code == "z" else cell.w)


_COSTS = (
    Quantity("squared_error", "squared error", 1, _of("squared_error"), brief="error"),
    Quantity("kl_z", "KL_z", 1, _of("kl_z")),
    Quantity("kl_w", "KL_w", 1, _of("kl_w")),
)


def _recovered(measurement: str, code: str) -> Callable[[Record], float | None]:
    """R² within class of a measurement from a code; None where the data have no such measurement."""
    return lambda record: record["audit"]["recovered"].get(measurement, {}).get(code)


def _known(code: str, factor: str = "") -> Callable[[Record], float | None]:
    """R² of a generic factor from a code, or the mean over all specific ones; None without known factors."""

    def value(record: Record) -> float | None:
        recovered = (record.get("truth") or {}).get("recovered", [])
        chosen = [
            one[f"from_{code}"]
            for one in recovered
            if (one["name"] == factor if factor else one["class_name"] is not None)
        ]
        return fmean(chosen) if chosen and None not in chosen else None

    return value


def _one_meaning(record: Record) -> float | None:
    """How many generic factors have a dimension of z that ranks them in every class, |ρ| at least .9."""
    recovered = (record.get("truth") or {}).get("recovered", [])
    found = [one.get("one_meaning") for one in recovered if one["class_name"] is None]
    return float(sum(rho >= 0.9 for rho in found)) if found and None not in found else None


def _swap_error(name: str) -> Callable[[Record], float | None]:
    return lambda record: ((record.get("truth") or {}).get("swap") or {}).get(name)


_MEASURED = ("slant", "thickness", "width", "brightness")
"""Measurements whose R² from each code the table of the separation has."""

_SEPARATION = (
    Quantity("z_worst", "z, worst probe", 3, _worst("z", "samples"), brief="z"),
    Quantity("z_parameters", "[μ, log σ²] of z", 3, _worst("z", "parameters")),
    Quantity("w_worst", "w, best probe", 3, _worst("w", "samples"), brief="w"),
    Quantity("swap", "swap shows w's class", 3, _of("audit", "swap", "says_b"), brief="swap"),
    Quantity("squared_error", "squared error", 1, _of("squared_error"), brief="error"),
    Quantity("exchanged", "z exchanged", 1, _of("audit", "exchanged")),
    Quantity("coverage", "coverage", 2, _of("generation", "coverage"), brief="coverage"),
    Quantity("real_coverage", "of real pictures", 2, _of("generation", "real_coverage")),
    Quantity("consistency", "draws show y", 3, _of("generation", "consistency")),
    Quantity("generic", "generic dimensions", 1, lambda record: float(len(record["generic"]))),
)

QUANTITIES = {
    "separation": (
        *_SEPARATION,
        *(
            Quantity(f"{name}_{code}", f"{name} from {code}", 2, _recovered(name, code), group="measured")
            for name in _MEASURED
            for code in ("z", "w")
        ),
        *(
            Quantity(f"known_{name}_{code}", f"{name} from {code}", 2, _known(code, name), group="known")
            for name in (kinds.FACTOR_NAMES[at] for at in kinds.GENERIC)
            for code in ("z", "w")
        ),
        *(
            Quantity(f"known_specific_{code}", f"specific from {code}", 2, _known(code), group="known")
            for code in ("w", "z")
        ),
        Quantity("known_generic", "factors with one meaning", 1, _one_meaning, group="known"),
        Quantity("swap_error", "swap error", 1, _swap_error("swapped"), group="known"),
        Quantity("class_mean_error", "of a class's mean", 1, _swap_error("class_mean"), group="known"),
    ),
    "frontier": _SEPARATION,
    "table1": (
        Quantity("z", "z", 3, _accuracy("z"), _table_1("z"), "z"),
        Quantity("w", "w", 3, _accuracy("w"), _table_1("w"), "w"),
        Quantity("z_worst", "z, worst case", 3, _worst("z", "samples"), brief="z, worst"),
        Quantity("z_parameters", "[μ, log σ²] of z", 3, _worst("z", "parameters")),
        Quantity("w_worst", "w, worst case", 3, _worst("w", "samples")),
        *_COSTS,
    ),
    "table2": (
        Quantity("w", "w", 3, _accuracy("w"), _table_2, "w"),
        Quantity("w_worst", "w, worst case", 3, _worst("w", "samples")),
        Quantity("z", "z", 3, _accuracy("z")),
        *_COSTS,
    ),
    "naive": (
        Quantity("kl", "mean KL", 2, _of("kl_identity", "kl"), brief="mean KL"),
        Quantity(
            "information_low", "I(z; (x, y)) at least", 2, _of("kl_identity", "information_low"), brief="I ≥"
        ),
        Quantity("information_high", "at most", 2, _of("kl_identity", "information_high"), brief="I ≤"),
        Quantity(
            "aggregate_low",
            "KL(q(z) ‖ p(z)) at least",
            2,
            _of("kl_identity", "aggregate_low"),
            brief="KL(q‖p) ≥",
        ),
        Quantity("aggregate_high", "at most", 2, _of("kl_identity", "aggregate_high")),
        Quantity("squared_error", "squared error", 1, _of("squared_error"), brief="error"),
        Quantity("z", "class from z", 3, _accuracy("z")),
    ),
}
