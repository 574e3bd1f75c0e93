"""Presets: YAML files that choose a method and fill its settings, by kind of data."""

from collections.abc import Mapping
from importlib import resources
from typing import Any

import yaml

from differentia.data.settings import DataSettings
from differentia.errors import DifferentiaError
from differentia.methods.base import find
from differentia.training.settings import Settings, combined, validated

SMALL = 10_000
"""Data with fewer training samples take the presets' section ``small``: more passes, in smaller batches."""

LEAST_EPOCHS, LEAST_STEPS = 20, 3_000
"""Of presets that are `by_size`: see `length`."""

PLAIN = "plain"
"""The preset of a method that has none of its name: networks and training by kind of data, nothing else."""


def preset_names() -> list[str]:
    """Return the names of all presets."""
    files = resources.files("differentia").joinpath("presets").iterdir()
    return sorted(file.name.removesuffix(".yaml") for file in files if file.name.endswith(".yaml"))


def _sections(name: str) -> dict[str, Any]:
    """Return the sections of a preset, on top of those that it extends."""
    if name not in preset_names():
        raise DifferentiaError(f"There is no preset '{name}'. Choose one of {', '.join(preset_names())}.")
    text = resources.files("differentia").joinpath("presets", f"{name}.yaml").read_text("utf-8")
    sections: dict[str, Any] = yaml.safe_load(text)
    extended = sections.pop("extends", None)
    return sections if extended is None else combined([_sections(extended), sections])


def length(n_train: int) -> dict[str, int]:
    """Return epochs and batch size for so many training samples.

    Each is seen `LEAST_EPOCHS` times at least, and there are `LEAST_STEPS` steps at least. Few samples make
    smaller batches.
    """
    batch_size = 64 if n_train < SMALL else 128
    return {"epochs": max(LEAST_EPOCHS, -(-LEAST_STEPS * batch_size // n_train)), "batch_size": batch_size}


def preset(
    name: str | None,
    data: DataSettings,
    shape: tuple[int, ...],
    changes: Mapping[str, Any],
    n_train: int | None = None,
    method: str | None = None,
) -> Settings:
    """Return the settings of a preset for a data set, with nested `changes`.

    On the preset's section ``base`` come ``vectors`` or ``pictures`` (32 pixels or more, or colour), by the
    `shape` of a stored sample; ``small``, where `n_train`, the number of training samples, is known and below
    `SMALL`; and the one of the data's own name. Convolutions that halve a small picture too often are left
    out. A preset that is ``by_size`` trains as `length` says. A `name` of None takes the preset of the
    method's name; without a method, ``strict`` where the changes declare something generic, and else
    ``discover``.
    `method` takes the place of the preset's, by name or as ``path/to/file.py:Class``.

    Raises
    ------
    DifferentiaError
        If there is no such preset or method, or a field is unknown or impossible.
    """
    for fixed in changes.keys() & {"preset", "method"}:
        raise DifferentiaError(
            f"'{fixed}' is no setting to change. Name it by --{fixed} (in Python, {fixed}=)."
        )
    if name is None:
        model = changes.get("model")
        declares = isinstance(model, Mapping) and not model.keys().isdisjoint({"generic", "measured"})
        wanted = str(method or ("strict" if declares else "discover"))
        name = wanted if wanted in preset_names() else PLAIN
    sections = _sections(name)
    chosen = str(method or sections["method"])
    by_size = sections.pop("by_size", False)
    kind = "vectors" if len(shape) == 1 else "pictures" if shape[2] == 3 or min(shape[:2]) >= 32 else "base"
    small = "small" if n_train is not None and n_train < SMALL else "base"
    applied = dict.fromkeys(["base", kind, small, data.source])  # each once
    found = combined(sections.get(section, {}) for section in applied)
    channels = found.get("model", {}).get("channels")
    if channels and len(shape) == 3:
        # Each convolution halves the picture, and a small one cannot be halved as often.
        found["model"]["channels"] = channels[: min(shape[:2]).bit_length() - 1]
    if by_size and n_train is not None:
        found = combined([found, {"training": length(n_train)}])
    values = combined([found, changes])
    # A run folder names the file and the class of a person's own method, not where the file lay.
    recorded = chosen.replace("\\", "/").rsplit("/", 1)[-1]
    return validated(values | {"preset": name, "method": recorded, "data": data.model_dump()}, find(chosen))
