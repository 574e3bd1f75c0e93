"""The run folder, the unit of exchange: settings, weights, metrics, figures. Reading one is safe.

=========================  ==========================================================================
``config.yaml``            `Settings`: everything needed to repeat the run
``data.json``              what the data were: names, shape, counts, fingerprint
``model.safetensors``      weights of the model
``checkpoint.safetensors`` weights, optimisers, dual variables, position: what resuming needs
``metrics.jsonl``          one JSON line an epoch
``summary.json``           the numbers of the closing table
``refinement.json``        of a refined run: what it gained over its teacher, and what it kept
``figures/``               pictures
=========================  ==========================================================================
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from pydantic import ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from differentia.config import Config
from differentia.data.catalogue import load
from differentia.data.dataset import LabelledData
from differentia.errors import DifferentiaError
from differentia.files import replacing, write_json, write_text
from differentia.methods.base import Method, resolve
from differentia.model.base import Model
from differentia.terms.base import Curve
from differentia.training.checkpoint import Checkpoint
from differentia.training.settings import Settings, recorded_method, validated


class DataDescription(Config):
    """What a run remembers of its data."""

    name: str
    shape: tuple[int, ...]
    """Shape of a stored sample."""
    class_names: tuple[str, ...]
    factor_names: tuple[str, ...]
    n_train: int
    n_test: int
    fingerprint: str
    """Digest of the classes and of up to 1,000 evenly spaced samples of each split."""

    @classmethod
    def of(cls, data: LabelledData) -> "DataDescription":
        """Describe `data`."""
        digest = hashlib.sha256()
        for split in (data.train, data.test):
            rows = np.unique(np.linspace(0, len(split) - 1, 1000).astype(int))
            digest.update(np.ascontiguousarray(split.y).tobytes())
            digest.update(np.ascontiguousarray(split.x[rows]).tobytes())
        return cls(
            name=data.name,
            shape=data.shape,
            class_names=data.class_names,
            factor_names=data.factor_names,
            n_train=len(data.train),
            n_test=len(data.test),
            fingerprint=digest.hexdigest()[:16],
        )


class Run:
    """A run folder: its path, settings, the method that they name, and what it remembers of its data."""

    def __init__(
        self, path: Path, settings: Settings, method: type[Method], description: DataDescription
    ) -> None:
        self.path, self.settings, self.method, self.description = path, settings, method, description

    @classmethod
    def create(cls, path: Path, settings: Settings, method: type[Method], data: LabelledData) -> "Run":
        """Begin a run in a new or empty folder; a DifferentiaError says that it holds something already."""
        cls.check_free(path)
        run = cls(path, settings, method, DataDescription.of(data))
        write_text(path / "config.yaml", yaml.safe_dump(settings.model_dump(), sort_keys=False, width=100))
        write_json(path / "data.json", run.description.model_dump())
        return run

    @staticmethod
    def check_free(path: Path) -> None:
        """Check that a run can begin in a folder; a DifferentiaError says that it holds something already."""
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise DifferentiaError(
                f"{path} exists already. Name another folder with --out, or go on with --resume {path}."
            )

    @classmethod
    def open(cls, path: Path, method: str | None = None) -> "Run":
        """Open an existing run folder.

        For a run of one's own method, `method` says where that lies, as ``path/to/file.py:Class``. A run
        folder never runs code by itself, so it does not say.

        Raises
        ------
        DifferentiaError
            If the folder is not a run, is of another version, or its settings are damaged.
        """
        config = path / "config.yaml"
        if not config.is_file():
            raise DifferentiaError(
                f"{path} is not a run: it has no config.yaml. Name a folder made by train."
            )
        try:
            values = yaml.safe_load(config.read_text("utf-8"))
            description = DataDescription.model_validate_json((path / "data.json").read_bytes())
        except (OSError, ValueError, yaml.YAMLError) as problem:
            said = problem.errors()[0]["msg"] if isinstance(problem, ValidationError) else str(problem)
            reason = " ".join(said.split())
            raise DifferentiaError(
                f"The run {path} is damaged ({reason}). Restore it, or train again."
            ) from None
        if not isinstance(values, dict):
            raise DifferentiaError(f"{config} holds no settings. Restore it, or train again.")
        found = resolve(recorded_method(values, f"The run {path}"), method)
        return cls(path, validated(values, found), found, description)

    @property
    def checkpoint_path(self) -> Path:
        """Where the checkpoint lies."""
        return self.path / "checkpoint.safetensors"

    def save(self, checkpoint: Checkpoint) -> None:
        """Write a checkpoint, the model's weights and the metrics, each whole or not at all."""
        checkpoint.save(self.checkpoint_path)
        self.save_model(checkpoint.part("method.model"), checkpoint.state["records"])

    def save_model(self, weights: Mapping[str, Tensor], records: Sequence[Mapping[str, Any]]) -> None:
        """Write the model's weights and the metrics of its training, each whole or not at all."""
        with replacing(self.path / "model.safetensors") as beside:
            save_file({name: tensor.cpu().contiguous() for name, tensor in weights.items()}, beside)
        lines = [json.dumps(record, allow_nan=False) for record in records]
        write_text(self.path / "metrics.jsonl", "".join(f"{line}\n" for line in lines))

    def load_model(self) -> Model:
        """Return the model with the last saved weights, in evaluation mode, on the CPU.

        A DifferentiaError says that the run has no weights yet, or that they are damaged.
        """
        path = self.path / "model.safetensors"
        if not path.is_file():
            raise DifferentiaError(f"The run {self.path} has no weights yet. Go on with: {self.resume}")
        n_classes = len(self.description.class_names)
        model = self.method.build(self.settings.model, self.description.shape, n_classes)
        try:
            model.load_state_dict(load_file(path))
        except (SafetensorError, RuntimeError, OSError) as problem:
            reason = str(problem).splitlines()[0]
            raise DifferentiaError(f"{path} is damaged ({reason}). Restore it, or train again.") from None
        return model.eval()

    def load_data(self, progress: bool = False) -> LabelledData:
        """Load the run's data.

        A DifferentiaError says that they changed since the training, or cannot be read.
        """
        data = load(self.settings.data, progress)
        if DataDescription.of(data) != self.description:
            raise DifferentiaError(
                f"The data {self.settings.data.source} changed since the run {self.path} was trained. "
                "Restore the data, or train again."
            )
        return data

    @property
    def resume(self) -> str:
        """The command that goes on with the run."""
        own = f" --method path/to/{self.settings.method}" if ":" in self.settings.method else ""
        return f"differentia train --resume {self.path}{own}"

    @property
    def curves(self) -> tuple[Curve, ...]:
        """Titles and units of what `metrics` returns."""
        return self.method.curves(self.settings.model)

    def metrics(self) -> list[dict[str, Any]]:
        """One record an epoch: mean of every term, capacities, multipliers, seconds since the start."""
        path = self.path / "metrics.jsonl"
        return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []
