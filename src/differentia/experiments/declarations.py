"""What is computed, the report's tables and figures and our own, as data sets, readings and a budget."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from differentia.data.settings import DataSettings
from differentia.errors import DifferentiaError
from differentia.experiments.readings import (
    ABLATED,
    CLOSEST,
    READINGS,
    WITH_CAPACITY,
    Reading,
    plain,
)
from differentia.training.settings import Settings, combined, preset

DATASETS = ("mnist", "fashion-mnist", "celeba", "kinds", "digits")
"""The report's three data sets, ``kinds`` with its known factors, and ``digits``, which is always there."""

TRAINING: Mapping[str, Mapping[str, Any]] = {
    "mnist": {"epochs": 12, "batch_size": 512, "learning_rate": 2e-3},
    "fashion-mnist": {"epochs": 12, "batch_size": 512, "learning_rate": 2e-3},
    "celeba": {"epochs": 12, "batch_size": 128, "learning_rate": 1e-3},
    "kinds": {"epochs": 20, "batch_size": 128, "learning_rate": 1e-3},
    "digits": {"epochs": 30, "batch_size": 64, "learning_rate": 1e-3},
}
"""The same budget for every reading of the report, so that rows differ in the method only. The report prints
neither epochs nor batch; 12 epochs of 512 (1,404 steps) let 18 runs finish on 2 cores within 40 minutes."""

QUICK_LIMIT = 10_000
QUICK_TRAINING: Mapping[str, Any] = {"epochs": 10, "batch_size": 128, "learning_rate": 1e-3}
"""``--quick``: 10,000 samples, 780 steps. For a look, not for the record."""


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
        Readings that run by default, and all.
    one_seed : bool
        Whether the first seed is enough, as for a picture.
    forms : {'capacity', 'plain', 'both'}
        Whether readings keep their capacity, lose it (γ = β = 1), or are shown in both forms.
    preset_training : bool
        Train as the preset does, rather than with the budget that all readings of the report share.
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

    def readings(self, names: Sequence[str]) -> list[Reading]:
        """Return the named readings in the forms that the experiment shows."""
        shown = []
        for name in names:
            if self.forms != "capacity":
                shown.append(plain(name))
            if self.forms != "plain":
                shown.append(READINGS[name])
        return shown


_PRINTED = ("mnist", "fashion-mnist", "celeba")
_ALL_READINGS = tuple(name for name, reading in READINGS.items() if reading.row)
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


def _figure(number: int, title: str, datasets: tuple[str, ...], readings: tuple[str, ...]) -> Experiment:
    shown = (*datasets, "digits")
    return Experiment(
        f"figure{number}", f"figure {number}", title, shown, readings, _ALL_READINGS, one_seed=True
    )


EXPERIMENTS = {
    experiment.name: experiment
    for experiment in (
        Experiment(
            "table1",
            "4.2.1, table 1",
            "Accuracy of a classifier on z and on w, without and with L_class",
            (*_PRINTED, "digits"),
            (READINGS[CLOSEST].without, CLOSEST, "strict"),
            _ALL_READINGS,
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
            "The preset strict as it is, and a VAE of the same network and training",
            DATASETS,
            ("vae", "strict"),
            ("vae", "strict", "strict-undeclared"),
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


@dataclass(frozen=True)
class Job:
    """One run to train and to measure.

    Attributes
    ----------
    dataset : str
        Name of the data set.
    settings : Settings
        The run, whole.
    full_audit : bool
        Measure with the audit's full form rather than the quick one.
    """

    dataset: str
    settings: Settings
    full_audit: bool = False

    @property
    def key(self) -> str:
        """Name of the run's folder. Equal jobs have equal keys, so tables share runs."""
        text = json.dumps(self.settings.model_dump(mode="json"), sort_keys=True)
        digest = hashlib.sha256(text.encode()).hexdigest()[:10]
        form = "-full" if self.full_audit else ""
        return f"{self.dataset}-{self.settings.preset}-seed{self.settings.training.seed}-{digest}{form}"


@dataclass(frozen=True)
class Cell:
    """A run in its place: which reading of which data set with which seed."""

    experiment: str
    reading: Reading
    job: Job


def settings_of(
    reading: Reading,
    dataset: str,
    shape: tuple[int, ...],
    seed: int,
    quick: bool,
    own_training: int | None = None,
) -> Settings:
    """Return the settings of a reading on a data set.

    Parameters
    ----------
    reading : Reading
        Preset and changes.
    dataset : str
        One of `DATASETS`.
    shape : tuple of int
        Shape of a stored sample.
    seed : int
        Seed of weights, order and noise.
    quick : bool
        Train on 10,000 samples with the quick budget.
    own_training : int or None
        Train as the preset does with so many training samples; None for the budget of all readings.
    """
    training = dict(TRAINING[dataset]) if own_training is None else {}
    if quick and dataset != "digits":
        training |= QUICK_TRAINING
    changes = combined([dict(reading.changes), {"training": training | {"seed": seed}}])
    return preset(reading.preset, data_settings(dataset, quick), shape, changes, own_training)


def data_settings(dataset: str, quick: bool) -> DataSettings:
    """Return which data a run reads: the whole set, or 10,000 samples of it."""
    return DataSettings(source=dataset, limit=QUICK_LIMIT if quick and dataset != "digits" else None)


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
