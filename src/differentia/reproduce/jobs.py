"""One run to train and to measure: the settings of a variant on a data set, with one budget for all."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from differentia.data.settings import DataSettings
from differentia.reproduce.run_identity import RunIdentity, changes
from differentia.reproduce.variants import Variant
from differentia.training.presets import preset
from differentia.training.settings import Settings, TrainingSettings, combined

TRAINING: Mapping[str, Mapping[str, Any]] = {
    "mnist": {"epochs": 12, "batch_size": 512, "learning_rate": 2e-3},
    "fashion-mnist": {"epochs": 12, "batch_size": 512, "learning_rate": 2e-3},
    "celeba": {"epochs": 12, "batch_size": 128, "learning_rate": 1e-3},
    "kinds": {"epochs": 20, "batch_size": 128, "learning_rate": 1e-3},
    "digits": {"epochs": 30, "batch_size": 64, "learning_rate": 1e-3},
}
"""The same budget for every variant of the report, so that rows differ in the method only. The report prints
neither epochs nor batch; 12 epochs of 512 (1,404 steps) let 18 runs finish on 2 cores within 40 minutes."""

QUICK_LIMIT = 10_000
QUICK_TRAINING: Mapping[str, Any] = {"epochs": 10, "batch_size": 128, "learning_rate": 1e-3}
"""``--quick``: 10,000 samples, 780 steps. For a look, not for the record."""


@dataclass(frozen=True)
class Job:
    """One run to train and to measure.

    Attributes
    ----------
    settings : Settings
        The run, whole.
    fingerprint : str
        Digest of its data, as in `DataDescription`.
    full_audit : bool
        Measure with the audit's full form rather than the quick one.
    """

    settings: Settings
    fingerprint: str
    full_audit: bool = False

    @property
    def dataset(self) -> str:
        """Name of the data set."""
        return self.settings.data.source

    @cached_property
    def identity(self) -> RunIdentity:
        """What makes another job the same run."""
        return identity_of(self.settings, self.fingerprint, self.full_audit)

    @property
    def key(self) -> str:
        """Name of the run's folder. Equal jobs have equal keys, so tables share runs."""
        return self.identity.key


def identity_of(settings: Settings, fingerprint: str, full_audit: bool) -> RunIdentity:
    """Return the identity of a run from its settings and the digest of its data."""
    data, seed = settings.data.source, settings.training.seed
    neutral = {"preset": settings.preset, "method": settings.method}
    defaults = type(settings)(**neutral, data=DataSettings(source=data), training=TrainingSettings(seed=seed))
    changed = changes(settings.model_dump(mode="json"), defaults.model_dump(mode="json"))
    method = settings.of_method
    versions = {"model": method.version} | {
        name: method.Terms[name].version for name, used in dict(settings.terms).items() if used is not None
    }
    return RunIdentity(data, fingerprint, settings.method, seed, changed, versions, full_audit)


@dataclass(frozen=True)
class Cell:
    """A run in its place: which variant of which data set with which seed."""

    experiment: str
    variant: Variant
    job: Job


def settings_of(
    variant: Variant,
    dataset: str,
    shape: tuple[int, ...],
    seed: int,
    quick: bool,
    own_training: int | None = None,
) -> Settings:
    """Return the settings of a variant on a data set.

    Parameters
    ----------
    variant : Variant
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
        Train as the preset does with so many training samples; None for the budget of all variants.
    """
    training = dict(TRAINING[dataset]) if own_training is None else {}
    if quick and dataset != "digits":
        training |= QUICK_TRAINING
    source = data_settings(dataset, quick)
    like = {} if variant.like is None else _like(preset(variant.like, source, shape, {}, own_training))
    over = combined([like, dict(variant.changes), {"training": training | {"seed": seed}}])
    return preset(variant.preset, source, shape, over, own_training)


def _like(settings: Settings) -> dict[str, Any]:
    """Return changes that give a one-code method the network, likelihood and training of a two-code run.

    Its code is as wide as both codes of that run together.
    """
    model = settings.model.model_dump()
    shared = {name: model[name] for name in ("network", "hidden", "channels", "likelihood", "scale")}
    return {
        "model": shared | {"z_dim": model["z_dim"] + model["w_dim"]},
        "training": settings.training.model_dump(exclude={"seed"}),
    }


def data_settings(dataset: str, quick: bool) -> DataSettings:
    """Return which data a run reads: the whole set, or 10,000 samples of it."""
    return DataSettings(source=dataset, limit=QUICK_LIMIT if quick and dataset != "digits" else None)
