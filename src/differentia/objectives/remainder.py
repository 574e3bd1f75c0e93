"""What a refined run minimises: the squared error and the nats of the remainder, and nothing else."""

import torch
from torch import Tensor, nn

from differentia.models.two_code import TwoCodeModel
from differentia.objectives.generic import View
from differentia.objectives.likelihoods import negative_log_likelihood, squared_error
from differentia.objectives.settings import RemainderSettings
from differentia.objectives.two_step import ModelOutput, Terms

WARMUP = 0.5
"""Part of the training over which the price grows from 0. At full price from the start, most dimensions are
given up before the decoder has learnt to read them."""


class RemainderObjective(nn.Module):
    """−log p(x | z, w, u, y) + price · KL(q(u | x, y) ‖ N(0, I)), in nats a sample; the price warms up.

    Lezama (2019, *Overcoming the disentanglement vs reconstruction trade-off via Jacobian supervision*, ICLR)
    lets a finished model teach a second one, with a further code u, and penalises every difference between
    what an exchange of the teacher's codes changes in the student's pictures and in the teacher's. Here u
    alone decides what is added to the teacher's picture at rest, so that the differences are 0 by
    construction, but for z's moving of what u added, and need no penalty.

    Parameters
    ----------
    settings : RemainderSettings
        The price.

    Attributes
    ----------
    capacity, critic, reader : None
        There is no game, and nothing to be held: z and w are the teacher's.
    """

    capacity: None = None
    critic: None = None
    reader: None = None

    def __init__(self, settings: RemainderSettings) -> None:
        super().__init__()
        self.settings = settings

    def view(self, model: TwoCodeModel, x: Tensor, generator: torch.Generator) -> None:
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
        likelihood = negative_log_likelihood(model, output.parameters, x).mean()
        kl_w = output.codes.w.kl()
        kl_remainder = kl_w[:, -model.settings.remainder_dim :].sum(1).mean()
        loss = likelihood + self.settings.price * min(1.0, progress / WARMUP) * kl_remainder
        terms = {
            "negative_log_likelihood": likelihood,
            "squared_error": squared_error(model.expectation(output.parameters), x).mean(),
            "kl_z": output.codes.z.kl().sum(1).mean(),
            "kl_w": kl_w.sum(1).mean(),
            "kl_remainder": kl_remainder,
            "loss": loss,
        }
        return loss, {name: term.detach() for name, term in terms.items()}
