"""What a training measures of itself: the mean of every term each epoch, and the first step that broke."""

from typing import Any

import torch
from torch import Tensor

from differentia.errors import DifferentiaError
from differentia.terms.base import Part, Scalars, total
from differentia.training.devices import Devices

Record = dict[str, Any]


class Monitor:
    """Sums over an epoch and all processes, kept on the device, which is asked for a number once an epoch.

    There is one record a finished epoch: the mean of every term, dual variables, the seconds. The sums are of
    the current epoch, in the order of `names`.
    """

    def __init__(self, devices: Devices) -> None:
        self._devices = devices
        self.records: list[Record] = []
        self.names: list[str] = []
        self.sums = self._faulty = torch.zeros(0)
        self._fault_step = torch.tensor(-1)

    def note(self, step: int, first: dict[str, Part], second: dict[str, Part]) -> None:
        """Add a step's parts to the sums, and remember the first step that was not finite.

        A DifferentiaError says that the terms do not name the same parts, each its own, in every step.
        """
        parts = first | {"loss": Part(total(first))} | second
        values = torch.stack([part.value.detach() for part in parts.values()])
        if self._devices.world_size > 1:
            self._devices.all_reduce(values)
        if not self.names:
            self.names = list(parts)
            self.restart(torch.zeros_like(values))
        if self.names != list(parts) or len(parts) != len(first) + 1 + len(second):
            raise DifferentiaError(
                f"The terms recorded {', '.join(self.names)} first, and now {', '.join(parts)}. Give every "
                "part of every term a name of its own, the same in every step."
            )
        self.sums = self.sums + values
        broke = (self._fault_step < 0) & ~torch.isfinite(values).all()
        self._fault_step = torch.where(broke, step, self._fault_step)
        self._faulty = torch.where(broke, values, self._faulty)

    def restart(self, sums: Tensor) -> None:
        """Begin with these sums, and without a fault."""
        self.sums, self._faulty = sums, torch.zeros_like(sums)
        self._fault_step = torch.tensor(-1, device=sums.device)

    def finish_epoch(self, steps: int, state: Scalars, seconds: float) -> None:
        """Turn the sums of so many steps into a record."""
        self.check_finite(steps)
        epoch = len(self.records) + 1
        record = dict(zip(self.names, (self.sums / steps).tolist(), strict=True))
        record |= {name: float(value) for name, value in state.items()} | {"seconds": round(seconds, 3)}
        self.records.append({"epoch": epoch} | record)
        self.sums = torch.zeros_like(self.sums)

    def check_finite(self, steps: int) -> None:
        """Say by a DifferentiaError that a step so far was not finite; there are `steps` in an epoch."""
        step = int(self._fault_step)
        if step >= 0:
            terms = ", ".join(f"{n} {v:.4g}" for n, v in zip(self.names, self._faulty.tolist(), strict=True))
            raise DifferentiaError(
                f"The loss is no longer finite at step {step + 1}, epoch {step // steps + 1} ({terms}). "
                "Lower training.learning_rate or the weights of the terms, or resume from the last "
                "checkpoint, which is from before"
            )
