"""Jacobian supervision: a student that decodes more than its teacher and keeps what each code does.

A code that separates pays for it in squared error. Lezama (2019, *Overcoming the disentanglement vs
reconstruction trade-off via Jacobian supervision*, ICLR) lets a finished model teach a second one, which has
a further code u for the rest of the picture: what the student decodes must *change* with the teacher's codes
as what the teacher decodes does.
"""

import torch
from torch import Tensor, nn

from differentia.models.two_code import TwoCodeModel
from differentia.objectives.generic import View
from differentia.objectives.likelihoods import negative_log_likelihood, squared_error
from differentia.objectives.settings import JacobianSettings
from differentia.objectives.two_step import ModelOutput, Terms

LEAST_EFFECT = 0.01
"""An exchange that changes less, in squared pixels or features a sample, counts as one of this effect."""


def classmates(y: Tensor, generator: torch.Generator) -> Tensor:
    """Return for every sample the row of a random one of its class, int64 ``[b]``; all rows occur once.

    Parameters
    ----------
    y : Tensor
        Classes, int64 ``[b]``.
    generator : torch.Generator
        Source of the order, on the device of `y`.
    """
    rows, others = (_by_class(y, generator) for _ in range(2))
    return torch.empty_like(rows).scatter_(0, rows, others)


def _by_class(y: Tensor, generator: torch.Generator) -> Tensor:
    order = torch.randperm(len(y), generator=generator, device=y.device)
    return order[torch.argsort(y[order], stable=True)]


def jacobian_term(student: Tensor, teacher: Tensor) -> Tensor:
    """Return by how much the student's changes differ from the teacher's: Σ (Δ − Δ')² / Σ Δ'², or 1 − R².

    The finite differences of Lezama 2019, which stand for the decoders' Jacobians, relative to the size of
    each exchange's effect, so that a code of small effect keeps it as well as one of great effect does.

    Parameters
    ----------
    student, teacher : Tensor
        What k exchanges of codes change in the decoded means of n samples, ``[k, n, …]``.

    Returns
    -------
    Tensor
        A scalar, the sum over the exchanges; 1 each where the student does not follow at all.
    """
    off, effect = (change.flatten(2).square().sum(2).mean(1) for change in (student - teacher, teacher))
    return (off / effect.clamp(min=LEAST_EFFECT)).sum()


class JacobianObjective(nn.Module):
    """What a student minimises, with the two methods that the training loop asks of an objective in step 1.

    −log p(x | z, w, u, y) + price · KL(q(u | x, y) ‖ N(0, I)) + weight · `jacobian_term`, in nats a sample,
    p being a Gaussian: a Bernoulli likelihood would reward saturated pixels, which no code changes any more.
    Codes are exchanged in three ways, u staying as it is: z with any sample; w with one of the same class; w
    and the class with any sample. So u cannot take over what any of them does.

    Parameters
    ----------
    settings : JacobianSettings
        Price and weight.
    teacher : Module
        The teacher's decoder. It becomes part of the objective's state, so that a checkpoint holds it.

    Attributes
    ----------
    capacity, critic : None
        There is no game, and nothing to be held: z and w are the teacher's.
    """

    capacity: None = None
    critic: None = None

    def __init__(self, settings: JacobianSettings, teacher: nn.Module) -> None:
        super().__init__()
        self.settings = settings
        self.teacher = teacher.requires_grad_(False)

    def view(self, x: Tensor, generator: torch.Generator) -> None:
        """Transform nothing: the codes are read from the samples themselves."""

    def model_loss(
        self,
        model: TwoCodeModel,
        output: ModelOutput,
        x: Tensor,
        y: Tensor,
        view: View | None,
        generator: torch.Generator,
        progress: float,
    ) -> tuple[Tensor, Terms]:
        """Return the loss of a batch and its terms, as `TwoStepObjective.model_loss` does."""
        codes, (z, w), parameters, _ = output
        likelihood = negative_log_likelihood(model, parameters, x).mean()
        kl_w = codes.w.kl()
        first = kl_w.shape[1] - model.settings.remainder_dim
        kl_remainder = kl_w[:, first:].sum(1).mean()
        jacobian = self._jacobian(model, parameters, z, w, y, generator)
        loss = likelihood + self.settings.price * kl_remainder + self.settings.weight * jacobian
        terms = {
            "negative_log_likelihood": likelihood,
            "squared_error": squared_error(model.expectation(parameters), x).mean(),
            "kl_z": codes.z.kl().sum(1).mean(),
            "kl_w": kl_w.sum(1).mean(),
            "kl_remainder": kl_remainder,
            "jacobian": jacobian,
            "loss": loss,
        }
        return loss, {name: term.detach() for name, term in terms.items()}

    def _jacobian(
        self, model: TwoCodeModel, own: Tensor, z: Tensor, w: Tensor, y: Tensor, generator: torch.Generator
    ) -> Tensor:
        first = w.shape[1] - model.settings.remainder_dim
        w, u = w[:, :first], w[:, first:]
        giver, taker = (torch.randperm(len(y), generator=generator, device=y.device) for _ in range(2))
        mate = classmates(y, generator)
        zs = torch.cat([z, z[giver], z, z])
        ws = torch.cat([w, w, w[mate], w[taker]])
        ys = torch.cat([y, y, y, y[taker]])
        n = len(y)
        with torch.no_grad():
            taught = model.mean_before_correction(self.teacher(torch.cat([zs, ws], dim=1), ys))
        moved = model.likelihood_parameters(zs[n:], torch.cat([ws[n:], u.repeat(3, 1)], dim=1), ys[n:])
        taught, moved = (means.reshape(-1, *own.shape) for means in (taught, moved))
        return jacobian_term(moved - own, taught[1:] - taught[0])
