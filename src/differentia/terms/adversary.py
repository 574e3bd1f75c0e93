"""An adversary that keeps the class out of z, and a classifier that keeps it in w."""

from typing import Literal

import torch
import torch.nn.functional as F
from pydantic import Field, NonNegativeFloat
from torch import Tensor, nn

from differentia import config
from differentia.model.base import Model
from differentia.model.networks import perceptron
from differentia.terms.base import Facts, Part, Pass, Term
from differentia.terms.class_loss import CLASS_CURVES

HEADROOM = 1.0
"""How far above chance, in nats, the bounded goal still rewards a mistaken classifier. At 0 the push would
cease in every batch that happens to lie above chance, and z, pushed from one side only, comes out empty."""


class Adversary(Term):
    """A classifier of z that step 1 misleads, and one of w that step 1 helps; step 2 trains both.

    The classifier of z reads μ + t·σ·ε for several noise levels t. Its goal in step 1 is bounded: raising the
    cross-entropy without end leads to a z that is confidently wrong, which tells the class as well.
    """

    class Config(config.Config):
        """The goal, the weights and the classifiers."""

        z_weight: float = Field(20.0, ge=0, description="Weight in step 1 of misleading the classifier of z.")
        goal: Literal["bounded", "prior"] = Field(
            "bounded",
            description="bounded: raise the classifier's loss on z up to one nat above H(y), what knowing "
            "nothing costs. prior: bring its answer to the class frequencies p(y).",
        )
        w_weight: float = Field(
            5.0, ge=0, description="Weight in step 1 of the classifier's loss on w; 0: no classifier of w."
        )
        warmup: float = Field(
            0.0, ge=0, le=1, description="Part of the training over which z_weight grows linearly from 0."
        )
        noise_levels: list[NonNegativeFloat] = Field(
            [1.0],
            min_length=1,
            description="The classifier of z reads μ + t·σ·ε for each t; 1 is a sample, 0 the mean.",
        )
        steps: int = Field(1, ge=1, le=50, description="Step 2 updates a batch.")
        hidden: list[int] = Field([256, 256], description="Hidden widths of the classifiers.")
        learning_rate: float = Field(1e-3, gt=0, description="Adam's learning rate in step 2.")
        schedule: Literal["constant", "cosine"] = Field(
            "constant",
            description="Step 2's learning rate over the training; cosine ends at a hundredth. At a constant "
            "one the classifiers keep up with a model that slows down.",
        )

    curves = CLASS_CURVES
    class_frequencies: Tensor

    def __init__(self, config: Config, model: Model, facts: Facts) -> None:
        super().__init__(config, model, facts)
        self.register_buffer("class_frequencies", facts.class_frequencies, persistent=False)
        read = {"z": model.z_dim} | ({"w": model.w_dim} if config.w_weight else {})
        widths = {name: [dim, *config.hidden, model.n_classes] for name, dim in read.items()}
        self.rival = nn.ModuleDict({name: perceptron(along) for name, along in widths.items()})
        self.rival_steps, self.rival_rate = config.steps, config.learning_rate
        self.rival_schedule = config.schedule

    def loss(self, p: Pass) -> dict[str, Part]:
        """Return what misleads the classifier of z, and the loss of that of w."""
        warmth = min(1.0, p.progress / self.config.warmup) if self.config.warmup else 1.0
        found = {}
        if self.config.z_weight:
            answers = [self.rival["z"](code) for code in self.noisy(p)]
            mislead = torch.stack([self.misleading(logits, p.y) for logits in answers]).mean()
            found["misleading_z"] = Part(mislead, self.config.z_weight * warmth)
        if self.config.w_weight:
            revealing = F.cross_entropy(self.rival["w"](p.code["w"]), p.y)
            found["class_loss_w"] = Part(revealing, self.config.w_weight)
        return found

    def rival_loss(self, p: Pass) -> dict[str, Part]:
        """Return the cross-entropy of the classifiers of z, over all noise levels, and of w."""
        z = torch.cat(self.noisy(p))
        repeated = p.y.repeat(len(self.config.noise_levels))
        found = {"critic_loss_z": Part(F.cross_entropy(self.rival["z"](z), repeated))}
        if self.config.w_weight:
            found["critic_loss_w"] = Part(F.cross_entropy(self.rival["w"](p.code["w"]), p.y))
        return found

    def noisy(self, p: Pass) -> list[Tensor]:
        """Return μ + t·σ·ε for each noise level t; the level 1 is the sample that the decoder read."""
        z = p.posterior["z"]
        return [
            p.code["z"] if level == 1 else z.sample(level * p.noise(z.mean))
            for level in self.config.noise_levels
        ]

    def misleading(self, logits: Tensor, y: Tensor) -> Tensor:
        """Return what step 1 minimises of the classifier's answers about z, ``[b, n_classes]``, in nats."""
        entropy: Tensor = torch.special.entr(self.class_frequencies).sum()
        if self.config.goal == "prior":
            return F.cross_entropy(logits, self.class_frequencies.expand_as(logits)) - entropy
        return -torch.minimum(F.cross_entropy(logits, y), entropy + HEADROOM)
