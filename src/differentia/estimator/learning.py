"""The training of an estimator: anew, or from where the last one stopped."""

from collections.abc import Callable
from typing import NamedTuple

from differentia.data.dataset import LabelledData
from differentia.errors import DifferentiaError
from differentia.inference import fit_code_density
from differentia.training.checkpoint import Checkpoint
from differentia.training.devices import launch
from differentia.training.loop import Trainer
from differentia.training.monitor import Record
from differentia.training.run import DataDescription
from differentia.training.settings import Settings


class Trained(NamedTuple):
    """A training that has ended or stopped, and what is needed to save it or to go on with it."""

    settings: Settings
    history: list[Record]
    described: DataDescription
    checkpoint: Checkpoint | None
    """None for a run that was not trained, but made from another."""


def start(settings: Settings, data: LabelledData) -> Trainer:
    """Return a training that has not begun; a DifferentiaError says that there is no such device."""
    return Trainer(settings, data, launch(settings.training))


def go_on(trainer: Trainer, before: Trained, data: LabelledData) -> None:
    """Go on from where a training of the same data and settings, but for the epochs, has ended or stopped.

    A DifferentiaError says that it cannot.
    """
    epochs = {"training": {"epochs"}}
    alike = before.settings.model_dump(exclude=epochs) == trainer.settings.model_dump(exclude=epochs)
    if before.checkpoint is None or not alike or before.described != DataDescription.of(data):
        raise DifferentiaError(
            "warm_start goes on with the same training, and the data or settings other than epochs changed. "
            "Set warm_start=False to begin anew."
        )
    trainer.restore(before.checkpoint)


def run(
    trainer: Trainer, data: LabelledData, watch: Callable[[Trainer], None], stop: Callable[[], bool]
) -> Trained:
    """Train to the end, or until `stop` says so, and leave a model that works either way, on the CPU."""
    if not trainer.run(watch, stop=stop):
        fit_code_density(trainer.method.model, trainer.batches.x, trainer.batches.y)
    trainer.method.cpu()
    found = trainer.checkpoint()
    checkpoint = Checkpoint({name: tensor.cpu() for name, tensor in found.tensors.items()}, found.state)
    return Trained(trainer.settings, trainer.monitor.records, DataDescription.of(data), checkpoint)
