"""Where a training runs: on one device, or in several processes that share every batch."""

import logging
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch
from torch import Tensor

from differentia.errors import DifferentiaError
from differentia.training.settings import TrainingSettings


class Devices(Protocol):
    """What a training needs to know of its processes: `OneDevice`, or a launched Fabric of Lightning."""

    @property
    def device(self) -> torch.device:
        """The device of this process."""

    @property
    def global_rank(self) -> int:
        """Number of this process, from 0."""

    @property
    def world_size(self) -> int:
        """Number of processes."""

    @property
    def is_global_zero(self) -> bool:
        """Whether this process is the one that writes."""

    def autocast(self) -> AbstractContextManager[Any]:
        """Return a context in which the forward pass has the chosen precision."""

    def all_reduce(self, data: Tensor) -> Any:
        """Put the mean over all processes in the place of a tensor, and return it."""


@dataclass(frozen=True)
class OneDevice:
    """One process on one device; half precision where it is told so."""

    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    half: bool = False
    global_rank = 0
    world_size = 1
    is_global_zero = True

    def autocast(self) -> AbstractContextManager[Any]:
        """Return a context in which the forward pass has the chosen precision."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.half)

    def all_reduce(self, data: Tensor) -> Tensor:
        """Return a tensor as it is: it is the mean already."""
        return data


def launch(training: TrainingSettings) -> Devices:
    """Return the devices of the settings, and start a process for each where there are several.

    A DifferentiaError says that the machine has no such devices.
    """
    found = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    there = [name for name, available in found.items() if available]
    name = there[0] if training.accelerator == "auto" else training.accelerator
    if name not in there:
        choice = " or ".join(["auto", *there])
        raise DifferentiaError(f"Cannot train on the device '{name}': there is none here. Choose {choice}.")
    torch.set_float32_matmul_precision("high")
    if training.devices == 1:
        return OneDevice(torch.device(name), training.precision == "bf16-mixed")
    from lightning_fabric import Fabric  # a training on one device would wait seconds for it
    from lightning_fabric.utilities.exceptions import MisconfigurationException

    # What it tells of several processes would stand before the one sentence of an error.
    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)
    try:
        fabric = Fabric(accelerator=name, devices=training.devices, precision=training.precision)
        fabric.launch()
    except (ValueError, RuntimeError, MisconfigurationException) as problem:
        raise DifferentiaError(
            f"Cannot train on {training.devices} × {name} ({' '.join(str(problem).split())}). "
            "Lower training.devices, or choose another device."
        ) from None
    return fabric
