"""The run folder, the unit of exchange: settings, weights, metrics, figures. Reading one is safe.

=========================  ==========================================================================
``config.yaml``            `Settings`: everything needed to repeat the run
``data.json``              what the data were: names, shape, counts, fingerprint
``model.safetensors``      weights of the model
``checkpoint.safetensors`` weights, optimisers, dual variables, position: what resuming needs
``metrics.jsonl``          one JSON line an epoch
``summary.json``           the numbers of the closing table
``estimator.json``         of a run that the estimator saved: its labels as they were given, units
``refinement.json``        of a refined run: what it gained over its teacher, and what it kept
``figures/``               pictures
=========================  ==========================================================================
"""

import hashlib
import json
import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from pydantic import Field, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from differentia.config import Config
from differentia.data.catalogue import NAMES, load
from differentia.data.dataset import LabelledData
from differentia.data.storage import named_path
from differentia.errors import DifferentiaError
from differentia.files import write_json, write_tensors, write_text
from differentia.methods.base import resolve
from differentia.model.base import Model
from differentia.terms.base import Curve
from differentia.training.checkpoint import Checkpoint
from differentia.training.settings import Settings, combined, recorded_method, validated


def recorded_epochs(folder: Path) -> int:
    """Return how many epochs a run has recorded in its folder, which another process may be writing."""
    metrics = folder / "metrics.jsonl"
    return len(metrics.read_bytes().splitlines()) if metrics.exists() else 0


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
    levels: dict[str, tuple[float, float]] = Field({})
    """What is black and what is white in pictures of more than 8 bits, by kind."""

    @classmethod
    def of(cls, data: LabelledData) -> "DataDescription":
        """Describe `data`."""
        digest = hashlib.sha256()
        for split in (data.train, data.test):
            rows = np.unique(np.linspace(0, max(len(split) - 1, 0), 1000).astype(int))[: len(split)]
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
            levels=dict(data.levels),
        )


class Run:
    """A run folder: its path, settings, and what it remembers of its data."""

    def __init__(self, path: Path, settings: Settings, description: DataDescription) -> None:
        self.path, self.settings, self.description = path, settings, description

    @classmethod
    def create(cls, path: Path, settings: Settings, data: LabelledData) -> "Run":
        """Begin a run in a new or empty folder; a DifferentiaError says that it holds something already."""
        cls.check_free(path)
        run = cls(path, settings, DataDescription.of(data))
        path.mkdir(parents=True, exist_ok=True)
        try:
            (path / "config.yaml").touch(exist_ok=False)
        except FileExistsError:
            raise DifferentiaError(f"{path} was taken by another training just now. Name another.") from None
        try:
            run.save_settings()
            write_json(path / "data.json", run.description.model_dump())
        except BaseException:  # a full disk, say: a folder without settings is no run
            (path / "config.yaml").unlink(missing_ok=True)
            raise
        return run

    @staticmethod
    def check_free(path: Path) -> None:
        """Check that a run can begin in a folder; a DifferentiaError says that it is taken, or why not."""
        there = next(place for place in (path.absolute(), *path.absolute().parents) if place.exists())
        if not (there == path.absolute() or there.is_dir()) or not os.access(there, os.W_OK):
            raise DifferentiaError(
                f"{path} cannot be made: {there} is no folder that can be written to. Name another folder."
            )
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            hint = f", or go on with: differentia train --resume {shlex.quote(str(path))}"
            is_run = (path / "config.yaml").is_file()
            raise DifferentiaError(f"{path} exists already. Name another folder{hint if is_run else '.'}")

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
        return cls(path, validated(values, found), description)

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
        write_tensors(self.path / "model.safetensors", weights)
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
        model = self.settings.of_method.build(self.settings.model, self.description.shape, n_classes)
        try:
            weights = load_file(path)
        except (SafetensorError, OSError) as problem:
            reason = str(problem).splitlines()[0]
            raise DifferentiaError(f"{path} is damaged ({reason}). Restore it, or train again.") from None
        try:
            model.load_state_dict(weights)
        except RuntimeError:
            raise DifferentiaError(
                f"{path} does not fit the run's config.yaml. Restore the one that changed, or train again."
            ) from None
        return model.eval()

    def load_data(self, progress: bool = False) -> LabelledData:
        """Load the run's data, which are known by their content and not by their name.

        A DifferentiaError says that they changed since the training, or cannot be read.
        """
        source = self.settings.data.source
        if source not in NAMES and not named_path(source).exists():
            raise DifferentiaError(
                f"The data of the run {self.path} are not at {source} any more. "
                "Say where they are now with --data PATH."
            )
        data = load(self.settings.data, progress)
        found = DataDescription.of(data)
        if found.model_copy(update={"name": self.description.name}) != self.description:
            raise DifferentiaError(
                f"The data {source} are not those that the run {self.path} was trained on, or changed since. "
                "Restore them, say where they are with --data PATH, or train again."
            )
        return replace(data, name=self.description.name)

    def revised(self, source: str | None = None, epochs: int | None = None) -> "Run":
        """Return the run with data that moved to `source`, or with another number of epochs.

        Nothing is written; `save_settings` does.
        """
        changes = {
            "data": {} if source is None else {"source": source},
            "training": {} if epochs is None else {"epochs": epochs},
        }
        settings = validated(combined([self.settings.model_dump(), changes]), self.settings.of_method)
        return Run(self.path, settings, self.description)

    def save_settings(self) -> None:
        """Write ``config.yaml``, whole or not at all."""
        text = yaml.safe_dump(self.settings.model_dump(), sort_keys=False, width=100)
        write_text(self.path / "config.yaml", text)

    @property
    def resume(self) -> str:
        """The command that goes on with the run."""
        own = shlex.quote(f"path/to/{self.settings.method}")
        named = f" --method {own}" if ":" in self.settings.method else ""
        return f"differentia train --resume {shlex.quote(str(self.path))}{named}"

    @property
    def curves(self) -> tuple[Curve, ...]:
        """Titles and units of what `metrics` returns."""
        return self.settings.of_method.curves(self.settings.model)

    def metrics(self) -> list[dict[str, Any]]:
        """One record an epoch: mean of every term, capacities, multipliers, seconds since the start.

        A DifferentiaError says that they are damaged.
        """
        path = self.path / "metrics.jsonl"
        try:
            lines = path.read_text("utf-8").splitlines() if path.exists() else []
            records = [json.loads(line) for line in lines]
        except ValueError:
            records = [None]
        if not all(isinstance(record, dict) for record in records):
            raise DifferentiaError(f"{path} is damaged. Restore it, or train again.")
        return records
