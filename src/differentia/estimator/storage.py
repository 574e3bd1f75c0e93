"""An estimator as a run folder, with one file more: what a run does not say of the arrays."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import StrictBool, StrictInt, StrictStr, ValidationError

from differentia.config import Config
from differentia.data.dataset import LabelledData
from differentia.data.units import Units
from differentia.errors import DifferentiaError
from differentia.estimator.learning import Trained
from differentia.files import write_json
from differentia.training.checkpoint import Checkpoint
from differentia.training.run import Run

FILE = "estimator.json"
"""The file that `save` adds to a run folder."""


class Seen(Config):
    """What a fit saw of its arrays; ``estimator.json`` holds it."""

    classes: list[StrictBool | StrictInt | StrictStr]
    """The labels, of the kind that they were given as."""
    class_prior: list[float]
    feature_names: list[str] | None = None
    whole_numbers: bool = True
    """Whether samples were whole numbers."""
    origin: list[float] | None = None
    """What is subtracted from each feature before it is stored; None where all are stored as they are."""
    scale: list[float] | None = None
    """What it is divided by then."""

    @classmethod
    def of(cls, X: NDArray[Any], y: NDArray[Any], units: Units | None, names: Sequence[str] | None) -> "Seen":
        """Note what is to be known of samples, labels `y` ``[n]``, their units and the names of features."""
        classes, counts = np.unique(y, return_counts=True)
        return cls(
            classes=classes.tolist(),
            class_prior=(counts / len(y)).tolist(),
            feature_names=None if names is None else list(names),
            whole_numbers=X.dtype.kind in "iu",
            origin=None if units is None else units.origin.tolist(),
            scale=None if units is None else units.scale.tolist(),
        )

    @property
    def units(self) -> Units | None:
        """What vectors are stored in."""
        if self.origin is None or self.scale is None:
            return None
        return Units(np.array(self.origin), np.array(self.scale), np.zeros(len(self.origin), dtype=bool))


def save(path: Path, data: LabelledData | None, trained: Trained, seen: Seen) -> None:
    """Write a run folder; a DifferentiaError says that it exists, or that the estimator was loaded."""
    if data is None or trained.checkpoint is None:
        raise DifferentiaError("A loaded model is saved already. Copy its folder.")
    run = Run.create(path, trained.settings, data)
    write_json(path / FILE, seen.model_dump())
    run.save(trained.checkpoint)


def load(run: Run) -> tuple[Trained, Seen]:
    """Read a run's training, and what its fit saw; of ``differentia train``, labels are names of classes.

    A DifferentiaError says that a file is damaged.
    """
    checkpoint = Checkpoint.load(run.checkpoint_path) if run.checkpoint_path.exists() else None
    trained = Trained(run.settings, run.metrics(), run.description, checkpoint)
    path, names = run.path / FILE, run.description.class_names
    if not path.exists():
        return trained, Seen(classes=list(names), class_prior=[1 / len(names)] * len(names))
    try:
        return trained, Seen.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as problem:
        reason = str(problem).splitlines()[0]
        raise DifferentiaError(f"{path} is damaged ({reason}). Restore it, or fit again.") from None
