"""Reconstruction and KL of the unsupervised methods on MNIST at 32×32, beside published numbers.

Usage: python benchmarks/published_vae.py METHOD [EPOCHS] [MINUTES] [SAMPLES]

METHOD is vae, beta-vae, burgess, factor-vae or beta-tcvae. The training stops after EPOCHS (400) or after
MINUTES, whichever comes first; SAMPLES limits the training split. The published numbers are from the
training logs of github.com/YannDubs/disentangling-vae: 400 epochs, batches of 64, 10 dimensions of z, a
Bernoulli likelihood, the networks of Burgess et al. 2018, and Adam at 0.0005, for factor-vae at 0.0001. The
networks here are alike, but for one linear layer less in the decoder.
"""

import sys
import time

import numpy as np
import torch

from differentia.data.catalogue import load
from differentia.data.dataset import Split
from differentia.data.settings import DataSettings
from differentia.model.base import Model
from differentia.training.devices import OneDevice
from differentia.training.loop import Trainer
from differentia.training.presets import preset

PUBLISHED = {
    "vae": (118.8, 19.7),
    "beta-vae": (138.8, 11.0),
    "burgess": (179.0, 25.0),
    "factor-vae": (123.5, 18.8),
    "beta-tcvae": (147.1, 9.4),
}


@torch.inference_mode()
def measured(model: Model, split: Split) -> tuple[float, float]:
    rng, sums = torch.Generator().manual_seed(0), np.zeros(2)
    for rows in np.array_split(np.arange(len(split)), -(-len(split) // 1000)):
        x, y = model.normalise(torch.from_numpy(split.x[rows])), torch.from_numpy(split.y[rows])
        q = model.encode(x, y)["z"]
        code = {"z": q.sample(torch.randn(q.mean.shape, generator=rng))}
        likelihood = model.decode(code, y).log_prob(x).sum()
        sums += -float(likelihood), float(q.kl(model.prior(y)["z"]).sum())
    reconstruction, kl = sums / len(split)
    return float(reconstruction), float(kl)


def main(method: str = "vae", epochs: str = "400", minutes: str = "inf", samples: str = "60000") -> None:
    data_settings = DataSettings(source="mnist", size=32, limit=int(samples))
    data = load(data_settings)
    rate = 0.0001 if method == "factor-vae" else 0.0005
    changes = {
        "model": {"network": "conv", "channels": [32, 32, 32], "hidden": [256], "z_dim": 10},
        "training": {"epochs": int(epochs), "batch_size": 64, "learning_rate": rate},
    }
    settings = preset(method, data_settings, data.shape, changes, len(data.train))
    trainer = Trainer(settings, data, OneDevice())
    end = time.monotonic() + 60 * float(minutes)

    def report(trainer: Trainer) -> None:
        if trainer.step % trainer.batches.per_epoch == 0:
            numbers = "  ".join(f"{name} {value:.2f}" for name, value in trainer.monitor.records[-1].items())
            print(numbers, flush=True)

    trainer.run(watch=report, stop=lambda: time.monotonic() > end)
    trainer.method.eval()
    print(f"{method}, {trainer.step} batches of 64, {trainer.epoch} whole epochs, {trainer.seconds:.0f} s")
    for name, split in (("training", data.train), ("test", data.test)):
        reconstruction, kl = measured(trainer.method.model, split)
        print(f"{name + ' split':15} {reconstruction:7.1f} / {kl:.1f} nats a picture")
    print(f"{'published':15} {PUBLISHED[method][0]:7.1f} / {PUBLISHED[method][1]:.1f} after 400 epochs")


if __name__ == "__main__":
    main(*sys.argv[1:])
