"""Train our VAE as `pythae_vae.py` trains pythae's; prints JSON.

Usage: python our_vae.py PICTURES.npy SEED THREADS EPOCHS
"""

import json
import sys

import numpy as np
import torch

from differentia.data.dataset import LabelledData, Split
from differentia.data.settings import DataSettings
from differentia.training.devices import OneDevice
from differentia.training.loop import Trainer
from differentia.training.presets import preset


def main() -> None:
    pictures, seed, threads, epochs = sys.argv[1], *map(int, sys.argv[2:5])
    torch.set_num_threads(threads)
    split = Split(np.load(pictures)[..., None], np.zeros(60_000, dtype=np.int64))
    data = LabelledData("pictures", split, Split(split.x[:100], split.y[:100]), ("any",))
    changes = {
        "model": {"z_dim": 20, "hidden": [512, 256]},
        "training": {"epochs": epochs, "batch_size": 256, "seed": seed, "learning_rate": 1e-3},
    }
    settings = preset("vae", DataSettings(source="drawn"), data.shape, changes)
    trainer = Trainer(settings, data, OneDevice())
    trainer.run()
    rate = trainer.total_steps * trainer.batches.size / trainer.seconds
    print(json.dumps({"rate": rate, "loss": trainer.monitor.records[-1]["loss"]}))


if __name__ == "__main__":
    main()
