"""A small classifier trained on real samples: the judge of decoded ones."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from differentia.data.dataset import Split
from differentia.models.encoders import ConvTrunk, MLPTrunk

Floats = NDArray[np.float32]

WIDTH = 128
"""Width of the penultimate layer, the features of `RealClassifier.features`."""

FULL, QUICK = 60_000, 12_000
"""Most training samples, and the same for the quick form."""


class RealClassifier:
    """Two strided convolutions (images) or a perceptron (vectors), trained on real samples only.

    It never sees a decoded sample or a code, so what it says of them is what a reader of the data set
    would say.

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
                ConvTrunk(shape, [12, 24], WIDTH, "relu")
                if convolve
                else MLPTrunk(shape, [256, WIDTH], "relu")
            ).to(self.device)
            self.head = nn.Linear(WIDTH, n_classes).to(self.device)
        self._fit(x, y, rng)

    def _inputs(self, samples: NDArray[np.generic]) -> Tensor:
        """Turn stored or decoded samples into what the network reads."""
        if not self.is_image:
            scaled = ((samples - self._mean) / self._deviation).astype(np.float32)
            return torch.from_numpy(scaled).to(self.device)
        raw = torch.from_numpy(np.ascontiguousarray(samples)).to(self.device)
        grey = raw.to(torch.float32) / 255.0 if raw.dtype == torch.uint8 else raw
        return grey.permute(0, 3, 1, 2)

    def _fit(self, x: NDArray[np.generic], y: NDArray[np.int64], rng: np.random.Generator) -> None:
        """Train with AdamW, the learning rate falling linearly to 0: two passes, and at least 400 steps."""
        batch = min(256, max(32, len(x) // 120))
        steps = -(-len(x) // batch)
        epochs = max(2, -(-400 // steps))
        optimiser = torch.optim.AdamW([*self.trunk.parameters(), *self.head.parameters()], lr=3e-3)
        schedule = torch.optim.lr_scheduler.LinearLR(optimiser, 1.0, 0.0, total_iters=epochs * steps)
        for _ in range(epochs):
            order = rng.permutation(len(x))
            for start in range(0, len(x), batch):
                rows = order[start : start + batch]
                labels = torch.from_numpy(y[rows]).to(self.device)
                loss = cross_entropy(self.head(self.trunk(self._inputs(x[rows]))), labels)
                optimiser.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                optimiser.step()
                schedule.step()

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
