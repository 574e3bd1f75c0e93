"""The training split on the device, and the batch of any step of the training.

Randomness is a function of seed and position alone, so a resumed run draws what an uninterrupted one would
have drawn, and no generator's state needs saving.
"""

import warnings
from typing import NamedTuple

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor

from differentia.data.dataset import Split
from differentia.errors import DifferentiaError

# Purposes of a random stream, the first word of its seed after the run's own.
WEIGHTS, ORDER, NOISE = range(3)


def stream_seed(*words: int) -> int:
    """Mix seed, purpose and position into one 63-bit seed."""
    return int(np.random.SeedSequence(words).generate_state(1, np.uint64)[0] >> np.uint64(1))


class Batch(NamedTuple):
    """Part of the training split, on the device.

    Attributes
    ----------
    x, y : Tensor
        Stored samples ``[b, …]`` and classes, int64 ``[b]``.
    standings : Tensor or None
        Where the samples stand in their classes, ``[b, k]``, where a measurement is declared.
    """

    x: Tensor
    y: Tensor
    standings: Tensor | None


class Batches:
    """Stored samples in a new order every epoch, one gather a batch.

    Parameters
    ----------
    split : Split
        The training split. It is put on the device where it fits, else left in (mapped) host memory.
    size : int
        Samples a batch over all processes; the whole split where that is smaller.
    seed : int
        Seed of the run.
    fabric : Fabric
        Says the device, and which part of a batch is this process's.
    standings : Tensor or None
        What else is gathered with each sample, ``[n, k]``.

    Attributes
    ----------
    size : int
        Samples a batch.
    per_epoch : int
        Batches an epoch. A last, smaller one is left out; the order is new in every epoch, so nothing is left
        out for good.
    x, y : Tensor
        The samples, and int64 ``[n]``.

    Raises
    ------
    DifferentiaError
        If there are more processes than samples in a batch.
    """

    def __init__(
        self, split: Split, size: int, seed: int, fabric: Fabric, standings: Tensor | None = None
    ) -> None:
        self.size = min(size, len(split))
        self.per_epoch = len(split) // self.size
        self._seed, self._rank, self._world = seed, fabric.global_rank, fabric.world_size
        if self.size < self._world:
            raise DifferentiaError(
                f"A batch of {self.size} cannot be shared by {self._world} devices. "
                "Raise training.batch_size or lower training.devices."
            )
        with warnings.catch_warnings():
            # A read-only map is never written to, only gathered from.
            warnings.filterwarnings("ignore", message="The given NumPy array is not writable")
            x = torch.from_numpy(np.asarray(split.x))
        device = fabric.device
        fits = device.type != "cuda" or x.nbytes <= 0.5 * torch.cuda.mem_get_info(device)[0]
        self.x = x.to(device) if fits else x
        self.y = torch.from_numpy(np.ascontiguousarray(split.y)).to(device)
        self._standings = None if standings is None else standings.to(device)
        self._epoch, self._order = -1, torch.empty(0)

    def at(self, step: int) -> Batch:
        """Gather this process's part of the batch of a step."""
        epoch, position = divmod(step, self.per_epoch)
        if epoch != self._epoch:
            source = torch.Generator().manual_seed(stream_seed(self._seed, ORDER, epoch))
            self._epoch, self._order = epoch, torch.randperm(len(self.y), generator=source).to(self.x.device)
        rows = self._order[position * self.size : (position + 1) * self.size][self._rank :: self._world]
        x, rows = self.x[rows].to(self.y.device), rows.to(self.y.device)
        return Batch(x, self.y[rows], None if self._standings is None else self._standings[rows])
