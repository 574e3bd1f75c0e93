"""The report's tables and figures and our own, declared: data sets, variants, seeds and form of audit."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from differentia.errors import DifferentiaError
from differentia.reproduce.variants import (
    ABLATED,
    CLOSEST,
    KNOWN_FACTORS,
    VARIANTS,
    WITH_CAPACITY,
    Variant,
    plain,
)

DATASETS = ("mnist", "fashion-mnist", "celeba", "kinds", "digits")
"""The report's three data sets, ``kinds`` with its known factors, and ``digits``, which is always there."""


@dataclass(frozen=True)
class Experiment:
    """A table, a figure or the naive model's identity.

    Attributes
    ----------
    name : str
        ``table1``, ``figure2``, …
    section : str
        Where the report has it.
    title : str
        What it shows.
    datasets : tuple of str
        Data sets that it is defined for, of which a person may choose.
    default, every : tuple of str
        Variants that run by default, and all.
    one_seed : bool
        Whether the first seed is enough, as for a picture.
    forms : {'capacity', 'plain', 'both'}
        Whether variants keep their capacity, lose it (γ = β = 1), or are shown in both forms.
    preset_training : bool
        Train as the preset does, rather than with the budget that all variants of the report share.
    full_audit : bool
        Measure with the audit's full form, which takes some minutes a run.
    """

    name: str
    section: str
    title: str
    datasets: tuple[str, ...]
    default: tuple[str, ...]
    every: tuple[str, ...]
    one_seed: bool = False
    forms: Literal["capacity", "plain", "both"] = "capacity"
    preset_training: bool = False
    full_audit: bool = False

    def variants(self, names: Sequence[str]) -> list[Variant]:
        """Return the named variants in the forms that the experiment shows."""
        shown = []
        for name in names:
            if self.forms != "capacity":
                shown.append(plain(name))
            if self.forms != "plain":
                shown.append(VARIANTS[name])
        return shown


_PRINTED = ("mnist", "fashion-mnist", "celeba")
_ALL_VARIANTS = tuple(name for name, variant in VARIANTS.items() if variant.row)
_FRONTIER = (
    "without",
    "without-plain",
    "report-w",
    "report-both",
    "report-both-plain",
    "report-weighted",
    "released",
    "strict",
    *ABLATED,
)
_SHOWN = (CLOSEST, "strict")
_ABLATED = "report-both"


def _figure(number: int, title: str, datasets: tuple[str, ...], variants: tuple[str, ...]) -> Experiment:
    shown = (*datasets, "digits")
    return Experiment(
        f"figure{number}", f"figure {number}", title, shown, variants, _ALL_VARIANTS, one_seed=True
    )


EXPERIMENTS = {
    experiment.name: experiment
    for experiment in (
        Experiment(
            "table1",
            "4.2.1, table 1",
            "Accuracy of a classifier on z and on w, without and with L_class",
            (*_PRINTED, "digits"),
            (VARIANTS[CLOSEST].without, CLOSEST, "strict"),
            _ALL_VARIANTS,
        ),
        Experiment(
            "table2",
            "4.2.2, table 2",
            "Accuracy on w with γ = β = 1 and no capacity, and with γ = β = 100, C_z = 15, C_w = 25",
            (*_PRINTED, "digits"),
            (_ABLATED,),
            WITH_CAPACITY,
            forms="both",
        ),
        _figure(2, "Dimensions of w | y on MNIST, one named factor a class", ("mnist",), _SHOWN),
        _figure(3, "The dimension of z most alike in all classes", ("mnist", "fashion-mnist"), _SHOWN),
        _figure(4, "Dimensions of w | y on Fashion-MNIST", ("fashion-mnist",), _SHOWN),
        _figure(5, "Dimensions of z and of w | y on CelebA", ("celeba",), _SHOWN),
        _figure(6, "Dimensions of z in every digit, with the constraint", ("mnist",), (_ABLATED,)),
        Experiment(
            "figure7",
            "figure 7",
            "Dimensions of z in every digit, without the constraint",
            ("mnist", "digits"),
            (_ABLATED,),
            WITH_CAPACITY,
            one_seed=True,
            forms="plain",
        ),
        Experiment(
            "naive",
            "3.1",
            "The naive model: how much information the penalty leaves",
            (*_PRINTED, "digits"),
            ("naive-uncapped", "naive", "naive-constrained"),
            ("naive-uncapped", "naive", "naive-constrained"),
        ),
        Experiment(
            "separation",
            "ours",
            "The method strict as it is, and a VAE of the same network and training",
            DATASETS,
            ("vae", "strict"),
            tuple(dict.fromkeys(("vae", "strict", "strict-undeclared", *KNOWN_FACTORS))),
            preset_training=True,
            full_audit=True,
        ),
        Experiment(
            "frontier",
            "ours",
            "Leak, squared error and coverage, with every part of strict removed in turn",
            ("mnist", "fashion-mnist", "digits"),
            _FRONTIER,
            _FRONTIER,
            one_seed=True,
        ),
    )
}


def experiments_of(name: str) -> list[Experiment]:
    """Return the experiment of a name, or every one for ``all``.

    Raises
    ------
    DifferentiaError
        If there is no such experiment.
    """
    if name == "all":
        return list(EXPERIMENTS.values())
    if name not in EXPERIMENTS:
        raise DifferentiaError(f"There is no '{name}' to reproduce. Choose {', '.join(EXPERIMENTS)} or all.")
    return [EXPERIMENTS[name]]


def datasets_of(names: str) -> tuple[str, ...]:
    """Turn ``name,name`` into data sets.

    Raises
    ------
    DifferentiaError
        If a name is not one of `DATASETS`.
    """
    asked = tuple(dict.fromkeys(name.strip() for name in names.split(",") if name.strip()))
    unknown = [name for name in asked if name not in DATASETS]
    if unknown or not asked:
        raise DifferentiaError(
            f"There is no data set '{unknown[0] if unknown else names}' in the report. "
            f"Choose from {', '.join(DATASETS)}."
        )
    return asked
