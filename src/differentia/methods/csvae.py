"""The CSVAE of Klys, Snell and Zemel, *Learning latent subspaces in variational autoencoders*, 2018."""

from collections.abc import Sequence

import torch
from pydantic import Field

from differentia import config
from differentia.methods.base import Method
from differentia.methods.report import Report
from differentia.methods.vae import VariationalAutoencoder
from differentia.model.base import Model
from differentia.model.networks import perceptron
from differentia.model.priors import ClassNormal
from differentia.model.vae import VAE
from differentia.terms.base import Facts, Part, Pass, Term
from differentia.terms.class_loss import CLASS_CURVES


class Uncertainty(Term):
    """Step 1 maximises the entropy of a classifier's answers about z; step 2 trains the classifier."""

    class Config(config.Config):
        """The weight and the classifier."""

        weight: float = Field(50.0, ge=0, description="Weight of the entropy of the classifier's answers.")
        hidden: list[int] = Field([256], description="Hidden widths of the classifier.")
        learning_rate: float = Field(1e-3, gt=0, description="Adam's learning rate in step 2.")

    curves = CLASS_CURVES

    def __init__(self, config: Config, model: Model, facts: Facts) -> None:
        super().__init__(config, model, facts)
        self.rival = perceptron([model.z_dim, *config.hidden, model.n_classes])
        self.rival_rate = config.learning_rate

    def loss(self, p: Pass) -> dict[str, Part]:
        """Return minus the entropy of q(y | z), batch mean in nats."""
        answers = self.rival(p.code["z"]).log_softmax(1)
        return {"misleading_z": Part((answers.exp() * answers).sum(1).mean(), self.config.weight)}

    def rival_loss(self, p: Pass) -> dict[str, Part]:
        """Return the classifier's cross-entropy."""
        return {"critic_loss_z": Part(torch.nn.functional.cross_entropy(self.rival(p.code["z"]), p.y))}


class CSVAE(Method):
    """q(z | x), q(w | x, y), p(x | z, w), p(z) = N(0, I), a learnt p(w | y), and `Uncertainty` of z.

    The paper gives every binary label dimensions of w of its own; here one w serves all classes.
    """

    Config = Report.Config
    Terms = {**VariationalAutoencoder.Terms, "uncertainty": Uncertainty}  # noqa: RUF012

    @classmethod
    def build(cls, config: Report.Config, shape: Sequence[int], n_classes: int) -> VAE:
        """Return a model with a Gaussian of w for each class; its decoder does not see the class."""
        prior = ClassNormal(config.w_dim, n_classes)
        return VAE(config, shape, n_classes, w_dim=config.w_dim, priors={"w": prior})
