"""Swaps: z of one sample with w and class of another must look like the latter's class."""

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import nn

from differentia import config
from differentia.model.base import Model
from differentia.model.networks import build_trunk
from differentia.terms.base import Curve, Facts, Part, Pass, Term


class Swap(Term):
    """The loss of an image classifier on swaps; step 2 trains it on the data alone.

    Without it nothing tells the decoder what to make of a z and a w that never occurred together.
    """

    class Config(config.Config):
        """Weight and learning rate."""

        weight: float = Field(50.0, gt=0, description="Weight in step 1 of the classifier's loss on swaps.")
        learning_rate: float = Field(2e-3, gt=0, description="Adam's learning rate in step 2.")

    curves = (
        Curve("Class terms of step 1", "nats a sample", {"class_loss_swap": "class loss, on swaps"}),
        Curve("Classifiers' losses, step 2", "nats a sample", {"image_classifier_loss": "on samples"}),
    )

    def __init__(self, config: Config, model: Model, facts: Facts) -> None:
        super().__init__(config, model, facts)
        trunk = build_trunk(model.network, model.input_shape)
        self.rival = nn.Sequential(trunk, nn.Linear(trunk.width, model.n_classes))
        self.rival_rate = config.learning_rate

    def loss(self, p: Pass) -> dict[str, Part]:
        """Return the image classifier's loss on the decoded swaps."""
        other = torch.randperm(len(p.y), generator=p.rng, device=p.y.device)
        swapped = p.model.decode(p.code | {"z": p.code["z"][other]}, p.y).mean
        return {"class_loss_swap": Part(F.cross_entropy(self.rival(swapped), p.y), self.config.weight)}

    def rival_loss(self, p: Pass) -> dict[str, Part]:
        """Return its loss on the samples themselves."""
        return {"image_classifier_loss": Part(F.cross_entropy(self.rival(p.x), p.y))}
