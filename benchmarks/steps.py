"""What a training step takes on drawn pictures; prints JSON. `performance.py` starts it, a process a figure.

Usage: python steps.py '{"method": "naive", "classes": 10, "side": 28, "channels": 1, "pictures": 20000}'

Further keys: `changes` to the settings, `batch` (256), `threads`, `source` (whose section of the preset),
`map` (a .npy file that is used as a map, and drawn where it is missing), `products` (time the matrix products
of the layers alone, too).
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from differentia.data.dataset import LabelledData, Split
from differentia.data.settings import DataSettings
from differentia.training.devices import OneDevice
from differentia.training.loop import Trainer
from differentia.training.presets import preset

WARM_UP, STEPS, ROUNDS = 5, 10, 8


def fastest(work: Callable[[], object]) -> float:
    """Seconds of one call, of the fastest of several rounds."""
    for _ in range(WARM_UP):
        work()
    rounds = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        for _ in range(STEPS):
            work()
        rounds.append((time.perf_counter() - begun) / STEPS)
    return min(rounds)


def drawn(told: dict[str, Any]) -> LabelledData:
    n, side, channels, classes = (told[key] for key in ("pictures", "side", "channels", "classes"))
    rng, shape = np.random.default_rng(0), (told["pictures"], side, side, channels)
    if "map" in told:
        place = Path(told["map"])
        if not place.exists():
            x = np.lib.format.open_memmap(place, "w+", np.uint8, shape)
            for start in range(0, n, 1000):
                x[start : start + 1000] = rng.integers(0, 256, x[start : start + 1000].shape, dtype=np.uint8)
            x.flush()
        x = np.asarray(np.load(place, mmap_mode="r"))
    else:
        x = rng.integers(0, 256, shape, dtype=np.uint8)
    y = rng.permutation(np.arange(n) % classes)
    names = tuple(str(label) for label in range(classes))
    return LabelledData("drawn", Split(x, y), Split(np.asarray(x[:100]), y[:100]), names)


def products(model: nn.Module, batch: int) -> Callable[[], None]:
    """The matrix products of one step: every linear layer forward, and backward to weights and inputs."""
    layers = [part for part in model.modules() if isinstance(part, nn.Linear)]
    inputs = [torch.randn(batch, layer.in_features) for layer in layers]
    outputs = [torch.randn(batch, layer.out_features) for layer in layers]
    weights = [layer.weight.detach() for layer in layers]

    def work() -> None:
        for k, (x, weight, gradient) in enumerate(zip(inputs, weights, outputs, strict=True)):
            _ = x @ weight.T, gradient.T @ x
            if k:  # nobody asks for the gradient of the pictures
                _ = gradient @ weight

    return work


def anonymous_megabytes() -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("RssAnon"))


def main(told: dict[str, Any]) -> None:
    torch.set_num_threads(told.get("threads", torch.get_num_threads()))
    data, batch = drawn(told), told.get("batch", 256)
    changes = {**told.get("changes", {}), "training": {"epochs": 1000, "batch_size": batch}}
    source = DataSettings(source=told.get("source", "drawn"))
    settings = preset(told["method"], source, data.shape, changes)
    trainer = Trainer(settings, data, OneDevice())
    trainer.method.train()
    found = {"ms": 1000 * fastest(trainer.train_batch), "anonymous_mb": anonymous_megabytes()}
    if told.get("products"):
        with torch.no_grad():
            found["products_ms"] = 1000 * fastest(products(trainer.method.model, batch))
    print(json.dumps(found))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
