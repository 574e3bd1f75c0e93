"""The class loss of eq. 5, the classifier it trains, and what step 1 makes of its answers.

As printed, eq. 5 is a log-likelihood, which "max over θ, φ" would train the encoder to reveal. The text wants
the opposite ("misclassifies a given z"), so the loss here is the positive cross-entropy.
"""

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from differentia.models.layers import perceptron

Form = Literal["binary", "softmax"]


def class_loss(logits: Tensor, y: Tensor, form: Form) -> Tensor:
    """Return the batch mean of the classifier's loss, nats (eq. 5 with ``form="binary"``).

    Parameters
    ----------
    logits : Tensor
        h_ψ of the codes, ``[b, n_classes]``.
    y : Tensor
        Classes, int64 ``[b]``.
    form : {'binary', 'softmax'}
        binary: Σ over classes of the binary cross-entropy of σ(h) against one-hot y, eq. 5.
        softmax: −log softmax(h)_y.
    """
    if form == "softmax":
        return F.cross_entropy(logits, y)
    one_hot = F.one_hot(y, logits.shape[1]).to(logits.dtype)
    return F.binary_cross_entropy_with_logits(logits, one_hot, reduction="none").sum(1).mean()


def chance_loss(prior: Tensor, form: Form) -> Tensor:
    """Return the least class loss of a classifier that knows the class frequencies and nothing else, nats.

    Parameters
    ----------
    prior : Tensor
        p(y), ``[n_classes]``.
    form : {'binary', 'softmax'}
        softmax: the entropy H(y). binary: Σ over classes of the entropy of "is it this class".
    """
    entropy: Tensor = torch.special.entr(prior).sum()
    return entropy if form == "softmax" else entropy + torch.special.entr(1 - prior).sum()


def prior_loss(logits: Tensor, prior: Tensor, form: Form) -> Tensor:
    """Return how far the classifier's answers are from the class frequencies p(y), nats, at least 0.

    Parameters
    ----------
    logits : Tensor
        h_ψ of the codes, ``[b, n_classes]``.
    prior : Tensor
        p(y), ``[n_classes]``.
    form : {'binary', 'softmax'}
        softmax: KL(p(y) ‖ softmax(h)). binary: Σ over classes of KL(Bernoulli(p(y)) ‖ Bernoulli(σ(h))).
    """
    target, floor = prior.expand_as(logits), chance_loss(prior, form)
    if form == "softmax":
        return F.cross_entropy(logits, target) - floor
    return F.binary_cross_entropy_with_logits(logits, target, reduction="none").sum(1).mean() - floor


class Classifier(nn.Module):
    """h_ψ: a perceptron from a code ``[b, d]`` to logits ``[b, n_classes]``."""

    def __init__(self, code_dim: int, hidden: list[int], n_classes: int) -> None:
        super().__init__()
        self.layers = perceptron([code_dim, *hidden, n_classes], "relu")

    def forward(self, code: Tensor) -> Tensor:
        """Map codes ``[b, d]`` to logits ``[b, n_classes]``."""
        logits: Tensor = self.layers(code)
        return logits


class Critic(nn.Module):
    """The classifiers of step 2: one of z and one of w, or a single one of both.

    Parameters
    ----------
    z_dim, w_dim : int
        Dimensions of the codes; equal when `shared`.
    hidden : list of int
        Hidden widths.
    n_classes : int
        Number of classes.
    shared : bool
        The same classifier reads both codes, as in the report.

    Raises
    ------
    ValueError
        If one classifier is to read codes of two sizes.
    """

    def __init__(self, z_dim: int, w_dim: int, hidden: list[int], n_classes: int, shared: bool) -> None:
        super().__init__()
        if shared and z_dim != w_dim:
            raise ValueError(f"one classifier cannot read z of {z_dim} and w of {w_dim} dimensions")
        self.z = Classifier(z_dim, hidden, n_classes)
        self.w = self.z if shared else Classifier(w_dim, hidden, n_classes)

    def forward(self, z: Tensor | None, w: Tensor | None) -> tuple[Tensor | None, Tensor | None]:
        """Logits ``[b, n_classes]`` of z and of w, None where the code is None."""
        return (None if z is None else self.z(z)), (None if w is None else self.w(w))
