"""From an estimator's parameters to the settings of a training, and back."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from differentia.data.dataset import LabelledData
from differentia.data.settings import DataSettings
from differentia.errors import DifferentiaError
from differentia.methods.strict import declaration
from differentia.training.presets import preset
from differentia.training.settings import Settings, combined

IN_MEMORY = "arrays"
"""Data source that the settings of a run trained on arrays name."""

PLACES = {
    "z_dim": ("model", "z_dim"),
    "w_dim": ("model", "w_dim"),
    "epochs": ("training", "epochs"),
    "batch_size": ("training", "batch_size"),
    "learning_rate": ("training", "learning_rate"),
    "seed": ("training", "seed"),
    "device": ("training", "accelerator"),
    "precision": ("training", "precision"),
}
"""Section and name of the setting that each parameter stands for."""

REFUSED = {
    ("data", "*"): "The estimator takes its data from fit.",
    ("training", "devices"): "The estimator trains in one process; `differentia train` takes several.",
    ("training", "checkpoint_seconds"): "The estimator writes no checkpoints; `differentia train` does.",
}
"""Settings that would be recorded and not obeyed."""


def settings_of(parameters: Mapping[str, Any], data: LabelledData) -> Settings:
    """Return the settings that an estimator's parameters ask for; None leaves each to the preset.

    A DifferentiaError says that a setting is impossible, given twice, or not for an estimator.
    """
    parameters = {name: _plain(value) for name, value in parameters.items()}
    further = parameters["settings"] or {}
    groups = {"settings": further}
    if isinstance(further, Mapping):
        groups |= {name: further.get(name, {}) for name in ("model", "terms", "training")}
    for name, group in groups.items():
        if not isinstance(group, Mapping):
            raise DifferentiaError(
                f"{name} is of type {type(group).__name__}, and no group of settings. Nest it as in "
                'config.yaml: {"terms": {"capacity": {"z": 8}}}.'
            )
    for (section, name), why in REFUSED.items():
        if section in further and (name == "*" or name in further[section]):
            setting = section if name == "*" else f"{section}.{name}"
            raise DifferentiaError(f"'{setting}' cannot be set by settings. {why}")
    own = [
        {section: {field: parameters[name]}}
        for name, (section, field) in PLACES.items()
        if parameters[name] is not None
    ]
    own.append({"model": declaration(parameters["generic"], parameters["measured"])})
    for section, fields in combined(own).items():
        for field in fields.keys() & further.get(section, {}).keys():
            raise DifferentiaError(
                f"'{section}.{field}' is given by a parameter and by settings. Leave one of them out."
            )
    return preset(
        parameters["preset"],
        DataSettings(source=IN_MEMORY),
        data.shape,
        combined([further, *own]),
        len(data.train),
        parameters["method"],
    )


def parameters_of(settings: Settings, method: str | None) -> dict[str, Any]:
    """Return the parameters that ask for the settings of a run; `method` says where one's own lies."""
    further = settings.model_dump(include={"model", "terms", "training"})
    for section, name in REFUSED:
        further.get(section, {}).pop(name, None)
    own = {name: further[section].pop(field, None) for name, (section, field) in PLACES.items()}
    return {"method": method or settings.method, "preset": settings.preset, "settings": further} | own


def _plain(value: Any) -> Any:
    """Turn numbers and arrays of numpy, and devices of PyTorch, into what settings hold."""
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    return str(value) if type(value).__module__ == "torch" else value
