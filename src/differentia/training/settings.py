"""Everything needed to repeat a run, as one validated model."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from inspect import getdoc
from typing import Any, ClassVar, Literal

import yaml
from pydantic import BaseModel, Field, SerializeAsAny, ValidationError, create_model

from differentia.config import Config
from differentia.data.settings import DataSettings
from differentia.errors import DifferentiaError
from differentia.methods.base import Method, resolve


class TrainingSettings(Config):
    """The loop: how long, how fast, on what."""

    epochs: int = Field(20, ge=1, description="Passes over the training data.")
    batch_size: int = Field(256, ge=2, description="Samples a step, over all devices together.")
    learning_rate: float = Field(1e-3, gt=0, description="Adam's learning rate in step 1.")
    schedule: Literal["constant", "cosine"] = Field(
        "constant", description="Step 1's learning rate over the training; cosine ends at a hundredth."
    )
    unit_gradient: bool = Field(
        False,
        description="Bring each gradient of step 1 to length 1 before Adam, so that no batch throws the "
        "model far.",
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


class Settings(Config):
    """A run. ``config.yaml`` of a run folder holds exactly this.

    `model` and `terms` are checked by the method: `model` is an instance of its `Config`, and `terms` has a
    field for each of its terms, an instance of the term's `Config`, or None for one that is left out.
    """

    preset: str = Field("strict", description="Preset that the settings started from.")
    method: str = Field("strict", description="Method, by name, or as file.py:Class for one of your own.")
    data: DataSettings
    model: SerializeAsAny[BaseModel]
    terms: SerializeAsAny[BaseModel]
    training: TrainingSettings = Field(TrainingSettings())

    of_method: ClassVar[type[Method]]
    """The method, which checked the settings."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by the method, since the class of a method's settings is made when it is asked for."""
        return validated, (self.model_dump(), self.of_method)


@lru_cache
def settings_of(method: type[Method]) -> type[Settings]:
    """Return `Settings` whose fields `model` and `terms` are those of a method."""
    fields: dict[str, Any] = {
        name: (term.Config | None, Field(term.Config(), description=(getdoc(term) or "").partition("\n")[0]))
        for name, term in method.Terms.items()
    }
    terms = create_model("Terms", __base__=Config, **fields)
    made = create_model(
        "Settings",
        __base__=Settings,
        model=(method.Config, Field(method.Config())),
        terms=(terms, Field(terms())),
    )
    made.of_method = method
    return made


def recorded_method(values: Mapping[str, Any], place: str) -> str:
    """Return the method that a run's plain values name; a DifferentiaError says that `place` holds 0.1's."""
    if "objective" in values:
        raise DifferentiaError(
            f"{place} is of differentia 0.1, whose models differ. Read it with that version, or train again."
        )
    return str(values.get("method", "strict"))


def validated(values: Any, method: type[Method] | None = None) -> Settings:
    """Build `Settings` from nested plain values; `method` is the one that they name, if not a built-in one.

    A DifferentiaError says in one line which field is unknown, missing or impossible, or that there is no
    such method.
    """
    name = values.get("method", "strict") if isinstance(values, Mapping) else "strict"
    with _explained():
        found = method or resolve(str(name), None)
        return settings_of(found).model_validate(values)  # type: ignore[arg-type]


def validated_data(values: Any) -> DataSettings:
    """Build `DataSettings` from plain values, as `validated` does."""
    with _explained("data"):
        return DataSettings.model_validate(values)


@contextmanager
def _explained(*place: str) -> Iterator[None]:
    """Put a validation error in one sentence that names the field."""
    try:
        yield
    except ValidationError as problem:
        first = problem.errors()[0]
        field = ".".join(str(part) for part in (*place, *first["loc"])) or "settings"
        message = first["msg"].removeprefix("Value error, ")
        given = "" if isinstance(first["input"], dict | BaseModel) else f" (given: {first['input']!r})"
        raise DifferentiaError(
            f"There is no setting '{field}'. `differentia train DATA --settings` prints the names."
            if first["type"] == "extra_forbidden"
            else f"The setting '{field}' is impossible: {message}{given}."
        ) from None


def change(assignment: str) -> dict[str, Any]:
    """Turn ``"terms.capacity.z=12"`` into nested changes; the value is read as YAML.

    A DifferentiaError says that the text is not of the form ``name=value``.
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


def combined(parts: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Merge nested changes, later ones winning."""
    result: dict[str, Any] = {}
    for part in parts:
        for key, value in part.items():
            both = isinstance(value, Mapping) and isinstance(result.get(key), Mapping)
            result[key] = combined([result[key], value]) if both else value
    return result
