"""The FactorVAE of Kim and Mnih, *Disentangling by factorising*, ICML 2018."""

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor

from differentia import config
from differentia.methods.vae import VariationalAutoencoder
from differentia.model.base import Model
from differentia.model.networks import perceptron
from differentia.terms.base import Curve, Facts, Part, Pass, Term


class TotalCorrelation(Term):
    """γ · TC(z), the density ratio q(z) / Π q(z_j) being what a discriminator D says: E log (D / (1 − D)).

    Step 2 trains D, on codes cut from the model, to tell them from codes whose dimensions are permuted in
    the batch. The paper permutes those of a second batch; here it is the same one. The paper's D has leaky
    ReLUs and is trained by Adam with β₁ = 0.5 and β₂ = 0.9; here these are ReLUs and Adam's defaults.
    """

    class Config(config.Config):
        """The price and the discriminator."""

        weight: float = Field(6.4, ge=0, description="γ, price of a nat of total correlation.")
        hidden: list[int] = Field([1000] * 5, description="Hidden widths of the discriminator.")
        learning_rate: float = Field(1e-4, gt=0, description="Adam's learning rate in step 2.")

    curves = (
        Curve("Total correlation of z", "nats", {"total_correlation": "total correlation"}),
        Curve("Discriminator's loss, step 2", "nats a sample", {"discriminator_loss": "real or permuted"}),
    )

    def __init__(self, config: Config, model: Model, facts: Facts) -> None:
        super().__init__(config, model, facts)
        self.rival, self.rival_rate = perceptron([model.z_dim, *config.hidden, 1]), config.learning_rate

    def loss(self, p: Pass) -> dict[str, Part]:
        """Return the total correlation as the discriminator sees it."""
        return {"total_correlation": Part(self.rival(p.code["z"]).mean(), self.config.weight)}

    def rival_loss(self, p: Pass) -> dict[str, Part]:
        """Return the discriminator's cross-entropy on codes and on permuted codes."""
        own, other = self.rival(p.code["z"]), self.rival(permuted(p.code["z"], p.rng))
        return {"discriminator_loss": Part((F.softplus(-own) + F.softplus(other)).mean() / 2)}


def permuted(z: Tensor, rng: torch.Generator) -> Tensor:
    """Return codes ``[b, d]`` with every dimension permuted over the batch by itself: samples of Π q(z_j)."""
    return z.gather(0, torch.rand(z.shape, generator=rng, device=z.device).argsort(0))


class FactorVAE(VariationalAutoencoder):
    """The variational autoencoder plus γ times the total correlation of z."""

    Terms = {**VariationalAutoencoder.Terms, "total_correlation": TotalCorrelation}  # noqa: RUF012
