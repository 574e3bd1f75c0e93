"""Train pythae's VAE as `performance.py` trains ours; runs in an environment of its own, and prints JSON.

Usage: python pythae_vae.py PICTURES.npy SEED THREADS EPOCHS
"""

import json
import sys
import time
from itertools import pairwise

import numpy as np
import torch
from pythae.data.datasets import BaseDataset
from pythae.models import VAE, VAEConfig
from pythae.models.base.base_utils import ModelOutput
from pythae.models.nn import BaseDecoder, BaseEncoder
from pythae.trainers import BaseTrainer, BaseTrainerConfig
from torch import Tensor, nn


def perceptron(*widths: int) -> nn.Sequential:
    return nn.Sequential(*(part for a, b in pairwise(widths) for part in (nn.Linear(a, b), nn.ReLU())))


class Encoder(BaseEncoder):
    def __init__(self) -> None:
        super().__init__()
        self.trunk = perceptron(784, 512, 256, 256)
        self.mean, self.log_variance = nn.Linear(256, 20), nn.Linear(256, 20)

    def forward(self, x: Tensor) -> ModelOutput:
        h = self.trunk(x.flatten(1))
        return ModelOutput(embedding=self.mean(h), log_covariance=self.log_variance(h))


class Decoder(BaseDecoder):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(perceptron(20, 256, 512), nn.Linear(512, 784))

    def forward(self, z: Tensor) -> ModelOutput:
        return ModelOutput(reconstruction=torch.sigmoid(self.layers(z)).reshape(-1, 1, 28, 28))


class Timed(BaseTrainer):
    """Only the passes over the data count, not the files that are written between them."""

    seconds, losses = 0.0, ()

    def train_step(self, epoch: int) -> float:
        begun = time.perf_counter()
        loss: float = super().train_step(epoch)
        self.seconds, self.losses = self.seconds + time.perf_counter() - begun, (*self.losses, loss)
        return loss


def main() -> None:
    pictures, seed, threads, epochs = sys.argv[1], *map(int, sys.argv[2:5])
    torch.set_num_threads(threads)
    torch.manual_seed(seed)
    x = torch.from_numpy(np.load(pictures)).float().div_(255).reshape(-1, 1, 28, 28)
    config = VAEConfig(input_dim=(1, 28, 28), latent_dim=20, reconstruction_loss="bce")
    trainer = Timed(
        VAE(config, encoder=Encoder(), decoder=Decoder()),
        BaseDataset(x, torch.zeros(len(x))),
        training_config=BaseTrainerConfig(
            output_dir=sys.argv[5],
            num_epochs=epochs,
            per_device_train_batch_size=256,
            learning_rate=1e-3,
            optimizer_cls="Adam",
            no_cuda=True,
            seed=seed,
        ),
    )
    trainer.train()
    print(json.dumps({"rate": epochs * len(x) / trainer.seconds, "loss": trainer.losses[-1]}))


if __name__ == "__main__":
    main()
