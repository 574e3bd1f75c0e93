"""Classifiers that judge: the one loop that trains them all, and the judge of decoded samples.

Probes (`leakage.families.mlp`), the report's classifier and `ImageClassifier` differ in network, inputs and
`Schedule`, and are trained alike.
"""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from differentia.data.dataset import LabelledData, Split
from differentia.model.networks import conv_trunk, mlp_trunk

Floats = NDArray[np.float32]
Loss = Callable[[Tensor, Tensor], Tensor]
"""Maps answers ``[b, n_classes]`` and classes ``[b]`` to a scalar."""


@dataclass(frozen=True)
class Schedule:
    """How long and how fast a judge learns, with AdamW.

    Attributes
    ----------
    epochs, batch : int
        Passes over the samples, and samples a step.
    rate : float
        Learning rate at the start.
    weight_decay : float
        Decoupled weight decay; with 0 it is Adam.
    fades : bool
        Whether the learning rate falls linearly to 0.
    patience : int or None
        Epochs without a lower loss on held-out samples after which training ends; None trains to the end.
    """

    epochs: int
    batch: int
    rate: float
    weight_decay: float = 0.0
    fades: bool = True
    patience: int | None = None


def train_judge(
    network: nn.Module,
    inputs: Callable[[Tensor], Tensor],
    labels: Tensor,
    schedule: Schedule,
    shuffled: Callable[[], Tensor],
    loss: Loss = cross_entropy,
    held: tuple[Tensor, Tensor] | None = None,
) -> None:
    """Train a classifier in place.

    Parameters
    ----------
    network : Module
        Inputs to answers ``[b, n_classes]``.
    inputs : callable
        Rows, int64 ``[b]``, to what the network reads, on its device.
    labels : Tensor
        Classes of all samples, int64 ``[n]``, on the network's device.
    schedule : Schedule
        How long and how fast.
    shuffled : callable
        Called once an epoch; returns a permutation of ``0 … n - 1`` on the CPU.
    loss : callable
        What is minimised.
    held : tuple of Tensor, optional
        Inputs and classes that are not learnt from. With them the weights of the epoch with the lowest loss
        on them are kept.
    """
    optimiser = torch.optim.AdamW(network.parameters(), lr=schedule.rate, weight_decay=schedule.weight_decay)
    steps = schedule.epochs * -(-len(labels) // schedule.batch)
    end = 0.0 if schedule.fades else 1.0
    rates = torch.optim.lr_scheduler.LinearLR(optimiser, 1.0, end, total_iters=steps)
    best, waited = float("inf"), 0
    kept = None if held is None else deepcopy(network.state_dict())
    for _ in range(schedule.epochs):
        for rows in torch.split(shuffled(), schedule.batch):
            found = loss(network(inputs(rows)), labels[rows])
            optimiser.zero_grad()
            found.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            rates.step()
        if held is None:
            continue
        with torch.inference_mode():
            missed = float(loss(network(held[0]), held[1]))
        if missed < best:
            best, kept, waited = missed, deepcopy(network.state_dict()), 0
        else:
            waited += 1
        if waited == schedule.patience:
            break
    if kept is not None:
        network.load_state_dict(kept)


def shuffler(n: int, seed: int) -> Callable[[], Tensor]:
    """Return a function that draws a permutation of ``0 … n - 1`` at every call, the same ones for a seed."""
    generator = torch.Generator().manual_seed(seed)
    return lambda: torch.randperm(n, generator=generator)


WIDTH = 128
"""Width of the penultimate layer, the features of `ImageClassifier.features`."""

FULL, QUICK = 60_000, 12_000
"""Most training samples, and the same for the quick form."""


class ImageClassifier:
    """Two strided convolutions (images) or a perceptron (vectors), trained on real samples only.

    It never sees a decoded sample or a code, so what it says of them is what somebody who knows the data
    set would say.

    Parameters
    ----------
    train : Split
        Real samples and their classes.
    n_classes : int
        Number of classes.
    seed : int
        Seed of the weights, the subsample and the order.
    limit : int
        Most samples trained on.
    device : torch.device
        Where to train and answer.

    Attributes
    ----------
    n_train : int
        Samples it was trained on.
    """

    def __init__(
        self,
        train: Split,
        n_classes: int,
        seed: int,
        limit: int = FULL,
        device: torch.device | str = "cpu",
    ) -> None:
        self.device, self.is_image = torch.device(device), train.x.ndim == 4
        rng = np.random.default_rng(seed)
        rows = np.sort(rng.permutation(len(train))[:limit])
        x, y = train.x[rows], train.y[rows]
        self.n_train = len(rows)
        shape = (x.shape[3], *x.shape[1:3]) if self.is_image else x.shape[1:]
        if not self.is_image:
            deviation = x.std(axis=0, dtype=np.float64)
            self._mean = x.mean(axis=0, dtype=np.float64)
            self._deviation = np.where(deviation > 0, deviation, 1.0)
        convolve = self.is_image and min(shape[1:]) >= 8
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.trunk = (
                conv_trunk(shape, [12, 24], WIDTH) if convolve else mlp_trunk(shape, [256, WIDTH])
            ).to(self.device)
            self.head = nn.Linear(WIDTH, n_classes).to(self.device)
        batch = min(256, max(32, len(x) // 120))
        # Two passes, and at least 400 steps.
        epochs = max(2, -(-400 // -(-len(x) // batch)))
        train_judge(
            nn.Sequential(self.trunk, self.head),
            lambda rows: self._inputs(x[rows.numpy()]),
            torch.from_numpy(y).to(self.device),
            Schedule(epochs, batch, rate=3e-3, weight_decay=1e-2),
            lambda: torch.from_numpy(rng.permutation(len(x))),
        )

    @classmethod
    def of(
        cls, data: LabelledData, seed: int, quick: bool, device: torch.device | str = "cpu"
    ) -> "ImageClassifier":
        """Train one on the training split of `data`: `QUICK` samples in the quick form, else `FULL`."""
        return cls(data.train, data.n_classes, seed, QUICK if quick else FULL, device)

    def _inputs(self, samples: NDArray[np.generic]) -> Tensor:
        """Turn stored or decoded samples into what the network reads."""
        if not self.is_image:
            scaled = ((samples - self._mean) / self._deviation).astype(np.float32)
            return torch.from_numpy(scaled).to(self.device)
        raw = torch.from_numpy(np.ascontiguousarray(samples)).to(self.device)
        grey = raw.to(torch.float32) / 255.0 if raw.dtype == torch.uint8 else raw
        return grey.permute(0, 3, 1, 2)

    @torch.inference_mode()
    def features(self, samples: NDArray[np.generic]) -> Floats:
        """Return the penultimate layer for stored or decoded samples, float32 ``[n, 128]``."""
        parts = [np.empty((0, WIDTH), dtype=np.float32)]
        for start in range(0, len(samples), 1024):
            parts.append(self.trunk(self._inputs(samples[start : start + 1024])).cpu().numpy())
        return np.concatenate(parts)

    @torch.inference_mode()
    def predict(self, samples: NDArray[np.generic]) -> NDArray[np.int64]:
        """Return the class of stored or decoded samples, int64 ``[n]``."""
        return self.classes_of(self.features(samples))

    @torch.inference_mode()
    def classes_of(self, features: Floats) -> NDArray[np.int64]:
        """Return the class of `features`, int64 ``[n]``."""
        classes: NDArray[np.int64] = (
            self.head(torch.from_numpy(features).to(self.device)).argmax(1).cpu().numpy()
        )
        return classes
