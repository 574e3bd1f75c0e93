"""The training split on the device, and the batch of any step of the training."""

import warnings
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from differentia.data.dataset import Split
from differentia.errors import DifferentiaError
from differentia.randomness import ORDER, stream_seed
from differentia.terms.base import Batch
from differentia.training.devices import Devices


class Batches:
    """Stored samples in a new order every epoch, one gather a batch.

    The split is put on the device where it fits, else left in (mapped) host memory. What else is `known` of
    each sample, ``[n, …]``, is gathered with it. A batch has `size` samples over all processes, or the whole
    split where that is smaller; a DifferentiaError says that there are more processes than samples in it. A
    last, smaller batch is left out, and as the order is new in every epoch, nothing is left out for good.
    """

    def __init__(
        self, split: Split, size: int, seed: int, devices: Devices, known: Mapping[str, Tensor]
    ) -> None:
        self.size = min(size, len(split))
        self.per_epoch = len(split) // self.size
        self._seed, self._rank, self._world = seed, devices.global_rank, devices.world_size
        if self.size < self._world:
            raise DifferentiaError(
                f"A batch of {self.size} cannot be shared by {self._world} devices. "
                "Raise training.batch_size or lower training.devices."
            )
        with warnings.catch_warnings():
            # A read-only map is never written to, only gathered from.
            warnings.filterwarnings("ignore", message="The given NumPy array is not writable")
            x = torch.from_numpy(np.asarray(split.x))
        device = devices.device
        fits = device.type != "cuda" or x.nbytes <= 0.5 * torch.cuda.mem_get_info(device)[0]
        self.x = x.to(device) if fits else x
        self.y = torch.from_numpy(np.ascontiguousarray(split.y)).to(device)
        self._known = {name: values.to(device) for name, values in known.items()}
        self._epoch, self._order = -1, torch.empty(0)

    def at(self, step: int) -> Batch:
        """Gather this process's part of the batch of a step."""
        epoch, position = divmod(step, self.per_epoch)
        if epoch != self._epoch:
            source = torch.Generator().manual_seed(stream_seed(self._seed, ORDER, epoch))
            self._epoch, self._order = epoch, torch.randperm(len(self.y), generator=source).to(self.x.device)
        rows = self._order[position * self.size : (position + 1) * self.size][self._rank :: self._world]
        x, rows = self.x[rows].to(self.y.device), rows.to(self.y.device)
        return Batch(x, self.y[rows], {name: values[rows] for name, values in self._known.items()})
