"""Everything needed to repeat a run, as one validated model, and the presets that fill it."""

from collections.abc import Mapping
from importlib import resources
from typing import Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from differentia.data.settings import DataSettings
from differentia.errors import DifferentiaError
from differentia.models.settings import ModelSettings
from differentia.objectives.settings import ObjectiveSettings

_Model = TypeVar("_Model", bound=BaseModel)

PRESETS = ("strict", "report", "released", "naive")

SMALL = 10_000
"""Data with fewer training samples take the presets' section ``small``: more passes, in smaller batches."""


class TrainingSettings(BaseModel):
    """The loop: how long, how fast, on what."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    epochs: int = Field(20, ge=1, description="Passes over the training data.")
    batch_size: int = Field(256, ge=2, description="Samples a step, over all devices together.")
    learning_rate: float = Field(1e-3, gt=0, description="Adam's learning rate in step 1.")
    schedule: Literal["constant", "cosine"] = Field(
        "constant", description="Learning rates over the training; cosine ends at a hundredth."
    )
    seed: int = Field(0, ge=0, lt=2**31, description="Seed of weights, order and noise.")
    accelerator: str = Field("auto", description="cpu, cuda, mps, or auto.")
    devices: int = Field(1, ge=1, description="Devices (or processes, on a CPU) to train on.")
    precision: Literal["32-true", "bf16-mixed"] = Field(
        "32-true", description="Arithmetic of the forward pass."
    )
    checkpoint_seconds: float = Field(
        30.0, ge=0, description="Write a checkpoint at least this often; 0 writes one after every step."
    )


class Settings(BaseModel):
    """A run: data, model, objective, training. ``config.yaml`` of a run folder holds exactly this."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    preset: str = Field("strict", description="Preset that the settings started from.")
    data: DataSettings
    model: ModelSettings = Field(ModelSettings())
    objective: ObjectiveSettings = Field(ObjectiveSettings())
    training: TrainingSettings = Field(TrainingSettings())

    @model_validator(mode="after")
    def _codes_and_objective_agree(self) -> "Settings":
        game, model = self.objective.class_loss, self.model
        if game is None:
            return self
        if game.shared and model.z_dim != model.own_w_dim:
            raise ValueError("a shared classifier needs z_dim = w_dim")
        if not model.w_dim and (game.critic_reads != "z" or game.w_weight):
            raise ValueError("without w (w_dim 0) set critic_reads to z and w_weight to 0")
        return self


def _merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = _merged(merged[key], value) if both else value
    return merged


def preset(
    name: str,
    data: DataSettings,
    shape: tuple[int, ...],
    changes: Mapping[str, Any],
    n_train: int | None = None,
) -> Settings:
    """Return the settings of a preset for a data set.

    Parameters
    ----------
    name : str
        One of `PRESETS`.
    data : DataSettings
        The data set.
    shape : tuple of int
        Shape of a stored sample, which decides between the preset's sections for data of no special name:
        ``vectors``, ``pictures`` (32 pixels or more, or colour) or the base.
    changes : mapping
        Nested changes to the preset, e.g. ``{"training": {"epochs": 3}}``.
    n_train : int or None
        Number of training samples; below `SMALL` the section ``small`` applies. None for many.

    Raises
    ------
    DifferentiaError
        If there is no such preset, or a field is unknown or impossible.
    """
    if name not in PRESETS:
        raise DifferentiaError(f"There is no preset '{name}'. Choose one of {', '.join(PRESETS)}.")
    text = resources.files("differentia.training").joinpath("presets", f"{name}.yaml").read_text("utf-8")
    sections = yaml.safe_load(text)
    kind = "vectors" if len(shape) == 1 else "pictures" if shape[2] == 3 or min(shape[:2]) >= 32 else "base"
    merged = sections["base"]
    small = "small" if n_train is not None and n_train < SMALL else "base"
    for section in (kind, small, data.source):
        if section != "base":
            merged = _merged(merged, sections.get(section, {}))
    return validated(_merged(merged, changes) | {"preset": name, "data": data.model_dump()})


def validated(values: Any) -> Settings:
    """Build `Settings` from plain values, with a one-line error that names the field.

    Raises
    ------
    DifferentiaError
        If a field is unknown, missing or impossible.
    """
    return _validated(Settings, values)


def validated_data(values: Any) -> DataSettings:
    """Build `DataSettings` from plain values, as `validated` does."""
    return _validated(DataSettings, values, "data")


def _validated(model: type[_Model], values: Any, *place: str) -> _Model:
    try:
        return model.model_validate(values)
    except ValidationError as problem:
        raise DifferentiaError(_explain(problem, *place)) from None


def _explain(problem: ValidationError, *place: str) -> str:
    """Put a validation error in one sentence that names the field."""
    first = problem.errors()[0]
    field = ".".join(str(part) for part in (*place, *first["loc"])) or "settings"
    if first["type"] == "extra_forbidden":
        return f"There is no setting '{field}'. `differentia train --settings` prints the names."
    message = first["msg"].removeprefix("Value error, ")
    given = "" if isinstance(first["input"], dict | BaseModel) else f" (given: {first['input']!r})"
    return f"The setting '{field}' is impossible: {message}{given}."


def change(assignment: str) -> dict[str, Any]:
    """Turn ``"objective.capacity.z=12"`` into nested changes; the value is read as YAML.

    Raises
    ------
    DifferentiaError
        If the text is not of the form ``name=value``.
    """
    path, equals, text = assignment.partition("=")
    if not equals or not path.strip():
        raise DifferentiaError(f"'{assignment}' is not of the form name=value, e.g. training.epochs=5.")
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
        raise DifferentiaError(
            f"The value in '{assignment}' cannot be read; quote it if it is text."
        ) from None
    changes: Any = value
    for key in reversed(path.strip().split(".")):
        changes = {key: changes}
    return dict(changes)


def combined(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """Merge nested changes, later ones winning."""
    merged: dict[str, Any] = {}
    for part in parts:
        merged = _merged(merged, part)
    return merged
