"""The best separation that was measured: what is declared generic, and an adversary with a bounded goal."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from pydantic import Field, model_validator
from torch import Tensor

from differentia.data.dataset import LabelledData
from differentia.errors import DifferentiaError
from differentia.images.transformations import UNDOABLE, Transformation, directions, feasible, transformed
from differentia.measurements.morphometry import MEASUREMENTS, SHAPE, meaningful, measure
from differentia.measurements.within_class import within_class_scores
from differentia.methods.base import Method
from differentia.model.base import Gaussians, Model
from differentia.model.gaussian import Gaussian
from differentia.model.networks import ConditionalDim, QuantisationStep
from differentia.model.transforming import TransformingVAE, acting
from differentia.model.vae import VAE, VAEConfig
from differentia.terms.adversary import Adversary
from differentia.terms.base import Batch
from differentia.terms.capacity import Capacity
from differentia.terms.equivariance import Equivariance
from differentia.terms.reconstruction import Reconstruction
from differentia.terms.supervised_latent import SupervisedLatent
from differentia.terms.swap import Swap


class Strict(Method):
    """The two-code model with declared transformations and measurements (docs/method.md has the reasons)."""

    class Config(VAEConfig):
        """Architecture, and what is declared generic."""

        w_dim: ConditionalDim = 10
        canonical: bool = Field(
            True,
            description="The decoder draws a canonical picture that z transforms, and w's encoder, with a "
            "trunk of its own, reads it; for images.",
        )
        generic: list[Transformation] = Field(
            [],
            description="Transformations that are declared generic, for images: any of shift, scale, "
            "stretch, rotate, shear, brightness, midtones, contrast, thickness, blur. The first dimensions "
            "of z follow them; [] declares none.",
        )
        measured: list[str] = Field(
            [],
            description="Measurements that are declared generic, for images: any of "
            + ", ".join(MEASUREMENTS)
            + ". The dimensions of z after those of the transformations tell how much a sample has of each "
            "compared with others of its class; [] declares none.",
        )
        shared_variance: bool = Field(
            True, description="One learnt variance a dimension of z for all inputs, which says nothing of y."
        )
        quantisation_step: QuantisationStep = 2.0

        @model_validator(mode="after")
        def _declaration(self) -> "Strict.Config":
            for field, names in (("generic", self.generic), ("measured", self.measured)):
                if len(set(names)) < len(names):
                    raise ValueError(f"{field} names one thing twice")
            unknown = [name for name in self.measured if name not in MEASUREMENTS]
            if unknown:
                raise ValueError(
                    f"there is no measurement '{unknown[0]}'; choose of {', '.join(MEASUREMENTS)}"
                )
            needed = len(directions(self.generic)) + len(self.measured)
            if needed > self.z_dim:
                raise ValueError(f"what is declared generic needs z_dim of at least {needed}; declare less")
            if acting(self.generic) and not self.canonical:
                raise ValueError("declared transformations are for images and need canonical to be true")
            return self

    Terms = {  # noqa: RUF012
        "reconstruction": Reconstruction,
        "capacity": Capacity,
        "adversary": Adversary,
        "swap": Swap,
        "equivariance": Equivariance,
        "supervised_latent": SupervisedLatent,
    }

    @classmethod
    def build(cls, config: Config, shape: Sequence[int], n_classes: int) -> Model:
        """Return the two-code model, with its transformations around it."""
        if len(shape) == 1 and (config.generic or config.measured or config.canonical):
            raise ValueError(
                "it holds vectors, and only images can be transformed and measured: use --generic none "
                "--measured none"
            )
        vae = VAE(
            config,
            shape,
            n_classes,
            w_dim=config.w_dim,
            decoder_sees_y=True,
            z_variance="shared" if config.shared_variance else "own",
            quantisation_step=config.quantisation_step,
            w_trunk=config.canonical,
            decoded_z=config.z_dim - len(acting(config.generic)),
        )
        model = TransformingVAE(vae, config.generic) if config.canonical else vae
        names = [direction.name for direction in directions(config.generic)]
        measured = (MEASUREMENTS[name].label for name in config.measured)
        model.declared = tuple(f"declared {name}" for name in (*names, *measured))
        return model

    def known(self, data: LabelledData) -> dict[str, Tensor]:
        """Return the within-class scores of what is declared measured."""
        names = self.config.measured
        if not names:
            return {}
        available = measure(data.train.x[:1]).names
        means_something = {available[column] for column in meaningful(data.train.x)}
        for name in names:
            if name not in means_something:
                reason = (
                    "its pictures show no shapes before a dark ground"
                    if name in SHAPE
                    else "only colour images have one"
                )
                raise DifferentiaError(
                    f"{data.name} has no {MEASUREMENTS[name].label}: {reason}. Leave {name} out of "
                    "--measured."
                )
        found = measure(data.train.x, only=names)
        columns = [found.names.index(name) for name in names]
        scores = within_class_scores(found.values[:, columns], data.train.y)
        return {"within_class": torch.from_numpy(scores.astype(np.float32))}

    def encode(
        self, batch: Batch, rng: torch.Generator, quantise: bool
    ) -> tuple[Gaussians, dict[str, Tensor]]:
        """Encode the batch and a transformed copy of it.

        Half of the batch reads w from the copy, so that w cannot tell what the transformations change, the
        other half from the sample itself, so that w's encoder knows both.
        """
        x, y, known = batch
        own = self.model.encode(x, y, quantise)
        names = self.config.generic
        if not names:
            return own, known
        uniform = torch.rand((len(x), len(directions(names))), generator=rng, device=x.device)
        strengths = feasible(x, names, 2.0 * uniform - 1.0)
        copy = self.model.encode(transformed(x, names, strengths), y, quantise)
        w, other = _halves(copy["w"], own["w"]), _halves(own["w"], copy["w"])
        return {"z": own["z"], "w": w, "moved z": copy["z"], "other w": other}, known | {
            "strengths": strengths
        }


def declaration(generic: Sequence[str] | None, measured: Sequence[str] | None) -> dict[str, Any]:
    """Return the changes to the settings `model` that declare these names; None leaves the preset's.

    The decoder draws a canonical picture where a declared transformation acts on one.
    """
    changes: dict[str, Any] = {}
    if generic is not None:
        changes |= {"generic": list(generic), "canonical": any(name in UNDOABLE for name in generic)}
    return changes if measured is None else changes | {"measured": list(measured)}


def _halves(first: Gaussian, second: Gaussian) -> Gaussian:
    """Return the first half of a batch from `first`, the rest from `second`."""
    half = len(first.mean) // 2
    return Gaussian(*(torch.cat([a[:half], b[half:]]) for a, b in zip(first, second, strict=True)))
