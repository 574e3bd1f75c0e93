"""The β-TCVAE of Chen et al., *Isolating sources of disentanglement in variational autoencoders*, 2018."""

import torch
from pydantic import Field
from torch import Tensor

from differentia import config
from differentia.methods.vae import VariationalAutoencoder
from differentia.model.base import Model
from differentia.terms.base import Curve, Facts, Part, Pass, Term
from differentia.terms.reconstruction import Reconstruction


class DecomposedKL(Term):
    """KL = mutual information of x and z + total correlation of z + KL of its dimensions, with a price each.

    q(z) and q(z_j) are estimated in the batch by minibatch-stratified sampling (appendix C.2). Logarithms
    of the estimates are too low, the joint one most, so that the total correlation may come out below 0.
    """

    class Config(config.Config):
        """Prices of the three parts."""

        mutual_information: float = Field(1.0, ge=0, description="α, price of a nat of I(x; z).")
        total_correlation: float = Field(6.0, ge=0, description="β, price of KL(q(z) ‖ Π q(z_j)).")
        dimension_wise_kl: float = Field(1.0, ge=0, description="γ, price of Σ KL(q(z_j) ‖ p(z_j)).")

    curves = (
        Curve("KL of z", "nats", {"kl_z": "KL"} | {n: n.replace("_", " ") for n in Config.model_fields}),
    )

    def __init__(self, config: Config, model: Model, facts: Facts) -> None:
        super().__init__(config, model, facts)
        self.n = facts.n

    def loss(self, p: Pass) -> dict[str, Part]:
        """Return the three parts, and with weight 0 the KL that they estimate."""
        z, q = p.code["z"], p.posterior["z"]
        each = q.log_density(z[:, None])  # log q(z_j of sample i | x of sample k), [i, k, j]
        weights = stratified(len(z), self.n).to(z.device).log()
        joint = torch.logsumexp(weights + each.sum(2), 1)
        marginals = torch.logsumexp(weights[:, :, None] + each, 1).sum(1)
        information = (q.log_density(z).sum(1) - joint).mean()
        dimension_wise = (marginals - p.prior["z"].log_density(z).sum(1)).mean()
        found = (information, (joint - marginals).mean(), dimension_wise)
        parts = {n: Part(v, w) for (n, w), v in zip(self.config, found, strict=True)}
        return parts | {"kl_z": Part(p.kl["z"], 0.0)}


def stratified(b: int, n: int) -> Tensor:
    """Return weights ``[b, b]`` for which Σ_k w_ik q(z_i | x_k) of b of n samples has the mean q(z_i)."""
    weights = torch.full((b, b), 1 / (b - 1)).fill_diagonal_(1 / n)
    return weights - torch.eye(b).roll(1, 1) / n


class BetaTCVAE(VariationalAutoencoder):
    """The variational autoencoder in which a nat of total correlation of z costs more: 6 in the preset."""

    Terms = {"reconstruction": Reconstruction, "kl": DecomposedKL}  # noqa: RUF012
