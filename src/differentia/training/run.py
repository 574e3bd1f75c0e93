"""The run folder, the unit of exchange: settings, weights, metrics, figures. Reading one is safe.

=========================  ==========================================================================
``config.yaml``            `Settings`: everything needed to repeat the run
``data.json``              what the data were: names, shape, counts, fingerprint
``model.safetensors``      weights of the model
``checkpoint.safetensors`` weights, optimisers, dual variables, position: what resuming needs (not in a
                           refined run)
``metrics.jsonl``          one JSON line an epoch
``summary.json``           the numbers of the closing table
``refinement.json``        of a refined run: what it gained over its teacher, and what it kept
``figures/``               pictures
=========================  ==========================================================================
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from differentia.data.catalogue import load
from differentia.data.dataset import LabelledData
from differentia.errors import DifferentiaError
from differentia.files import replacing, write_json, write_text
from differentia.models.two_code import TwoCodeModel
from differentia.training.checkpoint import Checkpoint
from differentia.training.settings import Settings, validated


@dataclass(frozen=True)
class DataDescription:
    """What a run remembers of its data.

    Attributes
    ----------
    name : str
        Name of the data set.
    shape : tuple of int
        Shape of a stored sample.
    class_names, factor_names : tuple of str
        As in `LabelledData`.
    n_train, n_test : int
        Samples in the two splits.
    fingerprint : str
        Digest of the classes and of up to 1,000 evenly spaced samples of each split.
    """

    name: str
    shape: tuple[int, ...]
    class_names: tuple[str, ...]
    factor_names: tuple[str, ...]
    n_train: int
    n_test: int
    fingerprint: str

    @classmethod
    def of(cls, data: LabelledData) -> "DataDescription":
        """Describe `data`."""
        digest = hashlib.sha256()
        for split in (data.train, data.test):
            rows = np.unique(np.linspace(0, len(split) - 1, 1000).astype(int))
            digest.update(np.ascontiguousarray(split.y).tobytes())
            digest.update(np.ascontiguousarray(split.x[rows]).tobytes())
        return cls(
            data.name,
            data.shape,
            data.class_names,
            data.factor_names,
            len(data.train),
            len(data.test),
            digest.hexdigest()[:16],
        )


class Run:
    """A run folder.

    Parameters
    ----------
    path : Path
        The folder.
    settings : Settings
        The run's settings.
    description : DataDescription
        The run's data.
    """

    def __init__(self, path: Path, settings: Settings, description: DataDescription) -> None:
        self.path, self.settings, self.description = path, settings, description

    @classmethod
    def create(cls, path: Path, settings: Settings, data: LabelledData) -> "Run":
        """Begin a run in a new or empty folder.

        Raises
        ------
        DifferentiaError
            If the folder holds something already.
        """
        cls.check_free(path)
        run = cls(path, settings, DataDescription.of(data))
        write_text(path / "config.yaml", yaml.safe_dump(settings.model_dump(), sort_keys=False, width=100))
        write_json(path / "data.json", asdict(run.description))
        return run

    @staticmethod
    def check_free(path: Path) -> None:
        """Check that a run can begin in a folder.

        Raises
        ------
        DifferentiaError
            If the folder holds something already.
        """
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise DifferentiaError(
                f"{path} exists already. Name another folder with --out, or go on with --resume {path}."
            )

    @classmethod
    def open(cls, path: Path) -> "Run":
        """Open an existing run folder.

        Raises
        ------
        DifferentiaError
            If the folder is not a run, or its settings are damaged.
        """
        config = path / "config.yaml"
        if not config.is_file():
            raise DifferentiaError(
                f"{path} is not a run: it has no config.yaml. Name a folder made by train."
            )
        try:
            values = yaml.safe_load(config.read_text("utf-8"))
            described = json.loads((path / "data.json").read_text("utf-8"))
            for key in ("shape", "class_names", "factor_names"):
                described[key] = tuple(described[key])
            description = DataDescription(**described)
        except (OSError, ValueError, KeyError, TypeError, yaml.YAMLError) as problem:
            raise DifferentiaError(
                f"The run {path} is damaged ({problem}). Restore it, or train again."
            ) from None
        if not isinstance(values, dict):
            raise DifferentiaError(f"{config} holds no settings. Restore it, or train again.")
        return cls(path, validated(values), description)

    @property
    def checkpoint_path(self) -> Path:
        """Where the checkpoint lies."""
        return self.path / "checkpoint.safetensors"

    def save(self, checkpoint: Checkpoint) -> None:
        """Write a checkpoint, the model's weights and the metrics, each whole or not at all."""
        checkpoint.save(self.checkpoint_path)
        self.save_model(checkpoint.part("model"), checkpoint.state["records"])

    def save_model(self, weights: Mapping[str, Tensor], records: Sequence[Mapping[str, Any]]) -> None:
        """Write the model's weights and the metrics of its training, each whole or not at all."""
        with replacing(self.path / "model.safetensors") as beside:
            save_file({name: tensor.cpu().contiguous() for name, tensor in weights.items()}, beside)
        lines = [json.dumps(record, allow_nan=False) for record in records]
        write_text(self.path / "metrics.jsonl", "".join(f"{line}\n" for line in lines))

    def load_model(self) -> TwoCodeModel:
        """Return the model with the last saved weights, in evaluation mode, on the CPU.

        Raises
        ------
        DifferentiaError
            If the run has no weights yet, or they are damaged.
        """
        path = self.path / "model.safetensors"
        if not path.is_file():
            raise DifferentiaError(
                f"The run {self.path} has no weights yet. Go on with --resume {self.path}."
            )
        model = TwoCodeModel(self.settings.model, self.description.shape, len(self.description.class_names))
        try:
            model.load_state_dict(load_file(path))
        except (SafetensorError, RuntimeError, OSError) as problem:
            reason = str(problem).splitlines()[0]
            raise DifferentiaError(f"{path} is damaged ({reason}). Restore it, or train again.") from None
        return model.eval()

    def load_data(self, progress: bool = False) -> LabelledData:
        """Load the run's data and check that they are still the same.

        Raises
        ------
        DifferentiaError
            If the data changed since the training, or cannot be read.
        """
        data = load(self.settings.data, progress)
        if DataDescription.of(data) != self.description:
            raise DifferentiaError(
                f"The data {self.settings.data.source} changed since the run {self.path} was trained. "
                "Restore the data, or train again."
            )
        return data

    def metrics(self) -> list[dict[str, Any]]:
        """One record an epoch: mean of every term, capacities, multipliers, seconds since the start."""
        path = self.path / "metrics.jsonl"
        return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []
