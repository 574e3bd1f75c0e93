"""The variant in the code that the report's authors published in 2019."""

from collections.abc import Sequence

import torch.nn.functional as F
from pydantic import Field
from torch import Tensor

from differentia import config
from differentia.methods.base import Method
from differentia.model.base import Model
from differentia.model.networks import ConditionalDim
from differentia.model.vae import VAE, VAEConfig
from differentia.terms.base import Facts, Part, Pass, Term
from differentia.terms.capacity import Capacity
from differentia.terms.class_loss import CLASS_CURVES, classifier_of_both
from differentia.terms.reconstruction import Reconstruction


class ReleasedClassLoss(Term):
    """One softmax classifier of both codes.

    Step 1 adds log p(y | z) − log p(y | w); step 2 trains the classifier to be wrong on both.
    """

    class Config(config.Config):
        """The classifier."""

        hidden: list[int] = Field([256], description="Hidden widths of the classifier.")
        learning_rate: float = Field(5e-4, gt=0, description="Adam's learning rate in step 2.")

    curves = CLASS_CURVES

    def __init__(self, config: Config, model: Model, facts: Facts) -> None:
        super().__init__(config, model, facts)
        self.rival = classifier_of_both(model, config.hidden)
        self.rival_rate = config.learning_rate

    def _cross_entropy(self, p: Pass, code: str) -> Tensor:
        return F.cross_entropy(self.rival(p.code[code]), p.y)

    def loss(self, p: Pass) -> dict[str, Part]:
        """Return the classifier's loss on w, and minus that on z."""
        return {
            "misleading_z": Part(-self._cross_entropy(p, "z")),
            "class_loss_w": Part(self._cross_entropy(p, "w")),
        }

    def rival_loss(self, p: Pass) -> dict[str, Part]:
        """Return minus its loss on either code."""
        return {f"critic_loss_{code}": Part(self._cross_entropy(p, code), -1.0) for code in ("z", "w")}


class Released(Method):
    """q(z | x, y), q(w | x, y), a decoder that does not see y, plain KL terms, and `ReleasedClassLoss`.

    Read from the published code, of which nothing is used.
    """

    class Config(VAEConfig):
        """The architecture."""

        w_dim: ConditionalDim = 10

    Terms = {"reconstruction": Reconstruction, "capacity": Capacity, "class_loss": ReleasedClassLoss}  # noqa: RUF012

    @classmethod
    def build(cls, config: Config, shape: Sequence[int], n_classes: int) -> VAE:
        """Return the model of the published code."""
        return VAE(config, shape, n_classes, w_dim=config.w_dim, z_sees_y=True)
