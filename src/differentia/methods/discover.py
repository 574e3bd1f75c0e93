"""What is generic is found: one operator for every class, and an adversary as strong as need be."""

from collections.abc import Sequence

import torch
from pydantic import Field, PositiveInt
from torch import Tensor

from differentia import config
from differentia.data.dataset import LabelledData
from differentia.methods.base import Method
from differentia.model.base import Codes, Gaussians
from differentia.model.gaussian import Gaussian
from differentia.model.networks import ConditionalDim, NetworkConfig, QuantisationStep
from differentia.model.operator_vae import OperatorVAE
from differentia.model.operators.base import Operator
from differentia.model.operators.pictures import PictureOperator
from differentia.model.operators.vectors import VectorOperator
from differentia.terms.base import Batch, Pass
from differentia.terms.independence import WITHHELD, Independence
from differentia.terms.noise import Noise
from differentia.terms.opening import Opening, closed
from differentia.terms.operator_equivariance import SIZE, OperatorEquivariance
from differentia.terms.reconstruction import Reconstruction

VECTOR_GENERATORS = 4
"""Generators of vectors, whose family has no end, unless it is said how many."""

CHANNELS = (32, 32, 64, 64)
"""Channels of the convolutions, each of which halves a picture: as many as leave four pixels a side."""


class Discover(Method):
    """x ≈ T_z(D(w, y)) with one operator T, w read from T_z⁻¹ x, and z ⟂ y (docs/discovery.md)."""

    class Config(config.Config):
        """Architecture; the kind and the depth of the networks follow from the samples."""

        z_dim: int | None = Field(
            None,
            ge=1,
            le=1024,
            description="|z|, generators of the operator; null: all of the family of pictures (9, of colour "
            f"11), and {VECTOR_GENERATORS} of vectors.",
        )
        w_dim: ConditionalDim = 10
        hidden: list[PositiveInt] = Field(
            [256], min_length=1, description="Widths of the layers; of pictures the last one only."
        )
        quantisation_step: QuantisationStep = 2.0

    Terms = {  # noqa: RUF012
        "reconstruction": Reconstruction,
        "noise": Noise,
        "opening": Opening,
        "independence": Independence,
        "equivariance": OperatorEquivariance,
    }
    model: OperatorVAE

    @classmethod
    def build(cls, config: Config, shape: Sequence[int], n_classes: int) -> OperatorVAE:
        """Return the model with the operator of pictures or of vectors."""
        operator: Operator
        if len(shape) == 1:
            operator = VectorOperator(shape[0], config.z_dim or VECTOR_GENERATORS)
            network = NetworkConfig(network="mlp", hidden=config.hidden)
        else:
            operator = PictureOperator((shape[2], shape[0], shape[1]), config.z_dim)
            depth = max(1, min(shape[:2]).bit_length() - 3)
            network = NetworkConfig(network="conv", hidden=config.hidden, channels=list(CHANNELS[:depth]))
        return OperatorVAE(network, shape, n_classes, operator, config.w_dim, config.quantisation_step)

    def known(self, data: LabelledData) -> dict[str, Tensor]:
        """Return which samples the adversary does not learn from."""
        drawn = torch.rand(len(data.train), generator=torch.Generator().manual_seed(0))
        return {"withheld": drawn < WITHHELD}

    def infer(self, batch: Batch, rng: torch.Generator, progress: float) -> Pass:
        """Run the model on a batch; while w is closed, no generator is given up."""
        self.model.operator.reach_learns = not closed(progress)
        return super().infer(batch, rng, progress)

    def encode(
        self, batch: Batch, rng: torch.Generator, quantise: bool
    ) -> tuple[Gaussians, dict[str, Tensor]]:
        """Encode the batch, and z of the batch moved by random strengths of each generator."""
        model, x, b = self.model, batch.x, len(batch.y)
        moves = SIZE * torch.randn((b, model.z_dim), generator=rng, device=x.device)
        with torch.no_grad():
            moved = model.operator(x, model.operator.strengths(moves))
        both = model.encode_z(torch.cat([x, moved]), quantise, measured=b)
        z, moved_z = (Gaussian(*(part[rows] for part in both)) for rows in (slice(b), slice(b, None)))
        posterior = {"z": z, "w": model.encode_w(x, z, batch.y), "moved z": moved_z}
        return posterior, batch.known | {"moves": moves}

    def sample(self, posterior: Gaussians, prior: Gaussians, noise: Codes, progress: float) -> Codes:
        """Return samples of the posteriors; while w is closed, the mean of its prior."""
        code = super().sample(posterior, prior, noise, progress)
        return code | {"w": prior["w"].mean} if closed(progress) else code
