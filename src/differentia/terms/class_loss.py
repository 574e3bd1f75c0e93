"""The class loss of eq. 5, and the report's use of it with one classifier h_ψ of both codes.

As printed, eq. 5 is a log-likelihood, which "max over θ, φ" would train the encoder to reveal. The text wants
the opposite ("misclassifies a given z"), so the loss here is the positive cross-entropy.
"""

from typing import Literal

import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from differentia import config
from differentia.model.base import Model
from differentia.model.networks import perceptron
from differentia.terms.base import Curve, Facts, Part, Pass, Term


def binary_loss(logits: Tensor, y: Tensor) -> Tensor:
    """Return eq. 5, batch mean in nats: Σ over classes of the binary cross-entropy of σ(h) against y.

    The logits h are ``[b, n_classes]``, and `y` int64 ``[b]``.
    """
    one_hot = F.one_hot(y, logits.shape[1]).to(logits.dtype)
    return F.binary_cross_entropy_with_logits(logits, one_hot, reduction="none").sum(1).mean()


def classifier_of_both(model: Model, hidden: list[int]) -> nn.Sequential:
    """Return h_ψ, which reads z as well as w ``[b, d]``; a ValueError says that they differ in size."""
    if model.z_dim != model.w_dim:
        raise ValueError("one classifier of both codes needs z_dim = w_dim")
    return perceptron([model.z_dim, *hidden, model.n_classes])


CLASS_CURVES = (
    Curve(
        "Class terms of step 1",
        "nats a sample",
        {"misleading_z": "misleading, on z", "class_loss_w": "class loss, on w"},
    ),
    Curve("Classifiers' losses, step 2", "nats a sample", {"critic_loss_z": "on z", "critic_loss_w": "on w"}),
)


class ClassLoss(Term):
    """L_class of sections 3.3 and 4.2.1: step 1 misleads h_ψ about z, step 2 trains h_ψ.

    Step 1 adds ``−z_weight · L_class(z)``, without bound, and ``w_weight · L_class(w)``. Step 2 minimises
    L_class on the codes that `reads` names: z in the report's equations, w in its experiments.
    """

    class Config(config.Config):
        """Which codes h_ψ learns from, and what each weighs in step 1."""

        reads: Literal["z", "w", "both"] = Field("w", description="Codes on which step 2 trains h_ψ.")
        z_weight: float = Field(1.0, ge=0, description="Weight in step 1 of misleading h_ψ about z.")
        w_weight: float = Field(
            0.0, ge=0, description="Weight in step 1 of L_class on w; 0: none reaches w's encoder."
        )
        hidden: list[int] = Field([256], description="Hidden widths of h_ψ; [] is a linear one.")
        learning_rate: float = Field(1e-3, gt=0, description="Adam's learning rate in step 2.")

    curves = CLASS_CURVES

    def __init__(self, config: Config, model: Model, facts: Facts) -> None:
        super().__init__(config, model, facts)
        self.rival = classifier_of_both(model, config.hidden)
        self.rival_rate = config.learning_rate

    def class_loss(self, p: Pass, code: str) -> Tensor:
        """Return L_class of a code."""
        return binary_loss(self.rival(p.code[code]), p.y)

    def loss(self, p: Pass) -> dict[str, Part]:
        """Return −L_class(z), and L_class(w) where it weighs anything."""
        found = {"misleading_z": Part(-self.class_loss(p, "z"), self.config.z_weight)}
        if self.config.w_weight:
            found["class_loss_w"] = Part(self.class_loss(p, "w"), self.config.w_weight)
        return found

    def rival_loss(self, p: Pass) -> dict[str, Part]:
        """Return L_class of each code that h_ψ learns from."""
        codes = ("z", "w") if self.config.reads == "both" else (self.config.reads,)
        return {f"critic_loss_{code}": Part(self.class_loss(p, code)) for code in codes}
