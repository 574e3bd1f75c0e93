"""Dimensions of z that are taught declared measurements, relative to the sample's class."""

import torch.nn.functional as F
from pydantic import Field
from torch import Tensor

from differentia import config
from differentia.model.base import Model
from differentia.model.gaussian import Gaussian
from differentia.terms.base import Curve, Facts, Part, Pass, Term
from differentia.terms.equivariance import NOISE

LEAK_WEIGHT = 5.0
"""Weight of what w tells of the declared measurements, a sum of R²."""

_FAINT = 1e-3
"""Below this product of variances a correlation counts for less and less: a dimension that is silent tells
nothing, whatever its direction."""


class SupervisedLatent(Term):
    """Supervised latent loss on the within-class scores ``p.known["within_class"]``.

    The dimensions of z after those of the transformations are taught the scores, each class of them is held
    to N(0, I), and w is kept from telling them. Nothing where nothing is declared.
    """

    class Config(config.Config):
        """How strongly z is held to what is measured."""

        weight: float = Field(50.0, ge=0, description="Weight of what z misses of the scores, nats.")
        discrepancy_weight: float = Field(
            0.0, ge=0, description="Weight of how far a class's dimensions of z are from N(0, I)."
        )

    curves = (
        Curve("Supervised latent loss", "nats a sample", {"supervised_latent_loss": "of z"}),
        Curve("Discrepancy of classes in z", "squared MMD", {"discrepancy": "discrepancy"}),
        Curve("Measurements told by w", "sum of R²", {"measurement_leak": "of w"}),
    )

    def __init__(self, config: Config, model: Model, facts: Facts) -> None:
        super().__init__(config, model, facts)
        self.declared = len(model.declared)

    def loss(self, p: Pass) -> dict[str, Part]:
        """Return what z misses, what it says of the class, and what w tells."""
        if "within_class" not in p.known:
            return {}
        scores = p.known["within_class"]
        dims = slice(self.declared - scores.shape[1], self.declared)
        missed = supervised_latent_loss(p.posterior["z"], scores, dims)
        return {
            "supervised_latent_loss": Part(missed, self.config.weight),
            "discrepancy": Part(discrepancy(p.code["z"][:, dims], p.y), self.config.discrepancy_weight),
            "measurement_leak": Part(measurement_leak(p.posterior["w"].mean, scores, p.y), LEAK_WEIGHT),
        }


def supervised_latent_loss(z: Gaussian, scores: Tensor, dims: slice) -> Tensor:
    """Return how far the k dimensions `dims` of z lie from the within-class scores, ``[b, k]``, nats.

    ½ Σ ((μ − s)² + σ²) / NOISE², mean over the batch: what samples of z miss. Means that are right under a
    noise as wide as the prior would leave the dimensions silent, and others would tell the same undeclared.
    """
    missed = (z.mean[:, dims] - scores).square() + z.log_variance[:, dims].exp()
    return 0.5 * missed.sum(1).mean() / NOISE**2


def discrepancy(z: Tensor, y: Tensor) -> Tensor:
    """Return how far codes ``[b, k]`` are from N(0, I) in each class, as within-class scores are.

    The squared maximum mean discrepancy (Gretton et al. 2012), its mean over the classes by their shares, for
    the kernel exp(−‖a − b‖² / 2), whose means under N(0, I) are known. The estimate is unbiased (pairs of
    different samples), so it can be negative. A sample with no other of its class in the batch is left out.
    """
    k = z.shape[1]
    pairs = (y[:, None] == y).to(z.dtype).fill_diagonal_(0.0)
    weights = pairs / pairs.sum(1, keepdim=True).clamp(min=1.0)
    squares = z.square().sum(1)
    to_each_other = (weights * (z @ z.T - (squares[:, None] + squares) / 2).exp()).sum(1)
    to_normal = (-squares / 4).exp() / 2 ** (k / 2)
    between_normal = 3 ** (-k / 2)
    return ((to_each_other - 2 * to_normal + between_normal) * weights.sum(1)).mean()


def measurement_leak(w: Tensor, scores: Tensor, y: Tensor) -> Tensor:
    """Return how much the means of w, ``[b, d]``, tell one by one of the within-class scores, ``[b, k]``.

    Σ R² over pairs of a dimension and a measurement: their squared correlation, both taken from the mean of
    the class in the batch.
    """
    of_class = F.one_hot(y).to(w.dtype)
    w, scores = (
        code - of_class @ ((of_class.T @ code) / of_class.sum(0).clamp(min=1.0)[:, None])
        for code in (w, scores)
    )
    variances = w.square().mean(0)[:, None] * scores.square().mean(0)
    return ((w.T @ scores / len(w)).square() / (variances + _FAINT)).sum()
