"""The two-step objective of section 3.3: what the model minimises, and what the classifier minimises.

The training loop knows nothing of the objective but the methods `view`, `model_loss`, `critic_loss` and
`reader_loss`, and the classifiers that the latter two train.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from differentia.models.encoders import build_trunk
from differentia.models.posterior import Posterior
from differentia.models.transformations import directions, feasible, transformed
from differentia.models.two_code import Codes, TwoCodeModel
from differentia.objectives.capacity import Capacity
from differentia.objectives.class_loss import Critic, chance_loss, class_loss, prior_loss
from differentia.objectives.generic import View, discrepancy, equivariance, invariance, misplacement, told
from differentia.objectives.likelihoods import negative_log_likelihood, squared_error
from differentia.objectives.settings import ClassLossSettings, ObjectiveSettings

Terms = dict[str, Tensor]

HEADROOM = 1.0
"""How far above chance, in nats, the bounded goal still rewards a mistaken classifier. At 0 the push would
cease in every batch that happens to lie above chance, and z, pushed from one side only, comes out empty."""


class ModelOutput(NamedTuple):
    """What `TwoCodeModel.forward` returns."""

    codes: Codes
    samples: tuple[Tensor, Tensor]
    parameters: Tensor
    crossed: Codes | None


class TwoStepObjective(nn.Module):
    """Eqs. 1, 4 and 5 with every reading of them that `ObjectiveSettings` offers.

    Step 1 minimises, over encoders and decoder, the negative log-likelihood, plus the price of the KL terms
    (`Capacity`), plus ``z_weight`` times what misleads the classifier about z, plus ``w_weight`` times the
    classifier's loss on w, plus ``swap_weight`` times the loss of a classifier of samples, the reader, on
    swaps, plus what keeps z and w to what is declared generic (`generic`). Step 2 minimises, over the
    classifier, its loss on the detached codes, and over the reader its loss on the data.

    Parameters
    ----------
    settings : ObjectiveSettings
        The readings.
    model : TwoCodeModel
        The model that it will train, for its architecture.
    class_frequencies : Tensor
        p(y) in the training data, float ``[n_classes]``.

    Attributes
    ----------
    capacity : Capacity
        Price of the KL terms; its dual variables are buffers.
    critic : Critic or None
        The classifiers of step 2; None without a class loss.
    reader : Module or None
        The classifier of samples, with a trunk like the model's; None without ``swap_weight``.
    """

    class_frequencies: Tensor

    def __init__(self, settings: ObjectiveSettings, model: TwoCodeModel, class_frequencies: Tensor) -> None:
        super().__init__()
        self.settings = settings
        self.capacity = Capacity(settings.capacity)
        self.register_buffer("class_frequencies", class_frequencies, persistent=False)
        game, n_classes = settings.class_loss, len(class_frequencies)
        self.critic, self.reader = None, None
        if game is not None:
            codes = model.settings.z_dim, model.settings.w_dim
            self.critic = Critic(*codes, game.hidden, n_classes, game.shared)
        if game is not None and game.swap_weight:
            trunk = build_trunk(model.settings, model.input_shape)
            self.reader = nn.Sequential(trunk, nn.Linear(trunk.width, n_classes))

    def view(self, model: TwoCodeModel, x: Tensor, generator: torch.Generator) -> View | None:
        """Transform the pictures `x` by random strengths of what `model` declares generic.

        None where none is declared: w is then read from `x`.
        """
        names = model.settings.generic
        if not names:
            return None
        uniform = torch.rand((len(x), len(directions(names))), generator=generator, device=x.device)
        strengths = feasible(x, names, 2.0 * uniform - 1.0)
        return View(transformed(x, names, strengths), strengths)

    def model_loss(
        self,
        model: TwoCodeModel,
        output: ModelOutput,
        x: Tensor,
        y: Tensor,
        view: View | None,
        standings: Tensor | None,
        generator: torch.Generator,
        progress: float,
    ) -> tuple[Tensor, Terms]:
        """Step 1: the loss of encoders and decoder on a batch.

        Parameters
        ----------
        model : TwoCodeModel
            The model that gave `output`.
        output : ModelOutput
            Its forward pass on the batch.
        x, y : Tensor
            Normalised samples ``[b, …]`` and classes int64 ``[b]``.
        view : View or None
            What `view` gave, whose pictures the forward pass was given.
        standings : Tensor or None
            Where the samples stand in their classes in what `model` declares measured, ``[b, k]``; None where
            it declares nothing.
        generator : torch.Generator
            Source of noise, on the device of `x`.
        progress : float
            Part of the training that is done, 0 to 1.

        Returns
        -------
        loss : Tensor
            Scalar, nats a sample.
        terms : dict of str to Tensor
            Detached scalars for the records.
        """
        codes, (z, w), parameters, crossed = output
        likelihood = negative_log_likelihood(model, parameters, x).mean()
        kl = torch.stack([codes.z.kl().sum(1).mean(), codes.w.kl().sum(1).mean()])
        loss = likelihood + self.capacity.penalty(kl, progress)
        with torch.no_grad():
            error = squared_error(model.expectation(parameters), x).mean()
        terms = {
            "negative_log_likelihood": likelihood,
            "squared_error": error,
            "kl_z": kl[0],
            "kl_w": kl[1],
        }
        if self.critic is not None and self.settings.class_loss is not None:
            game = self.settings.class_loss
            if game.z_weight:
                answers = [self.critic.z(code) for code in _noisy(game, output, generator)]
                mislead = torch.stack([self._misleading(game, logits, y) for logits in answers]).mean()
                loss = loss + game.z_weight * _warmth(game, progress) * mislead
                terms["misleading_z"] = mislead
            if game.w_weight:
                revealing = class_loss(self.critic.w(w), y, game.form)
                loss = loss + game.w_weight * revealing
                terms["class_loss_w"] = revealing
            if self.reader is not None:
                other = torch.randperm(len(y), generator=generator, device=y.device)
                swapped = model.decode(z[other], w, y)
                terms["class_loss_swap"] = class_loss(self.reader(swapped), y, game.form)
                loss = loss + game.swap_weight * terms["class_loss_swap"]
        declared, measured = self.settings.generic, len(model.settings.measured)
        if view is not None and crossed is not None:
            terms["equivariance"] = equivariance(codes.z, crossed.z, view.strengths, measured)
            terms["invariance"] = invariance(crossed.w, codes.w)
            loss = loss + declared.equivariance_weight * terms["equivariance"]
            loss = loss + declared.invariance_weight * terms["invariance"]
        if standings is not None:
            first = len(directions(model.settings.generic))
            terms["misplacement"] = misplacement(codes.z, standings, first)
            terms["discrepancy"] = discrepancy(z[:, first : first + measured], y)
            terms["told"] = told(codes.w.mean, standings, y)
            loss = loss + declared.standing_weight * terms["misplacement"]
            loss = loss + declared.discrepancy_weight * terms["discrepancy"]
            loss = loss + declared.told_weight * terms["told"]
        terms["loss"] = loss
        return loss, {name: term.detach() for name, term in terms.items()}

    def critic_loss(
        self, critic: nn.Module, output: ModelOutput, y: Tensor, generator: torch.Generator, fresh: bool
    ) -> tuple[Tensor, Terms]:
        """Step 2: the loss of the classifier on the detached codes of a batch.

        Parameters
        ----------
        critic : Module
            `critic`, possibly wrapped for distributed training.
        output : ModelOutput
            The forward pass of step 1.
        y : Tensor
            Classes, int64 ``[b]``.
        generator : torch.Generator
            Source of noise.
        fresh : bool
            Draw new samples of the codes, for a further update on the same batch.

        Returns
        -------
        loss : Tensor
            Scalar, nats a sample.
        terms : dict of str to Tensor
            Detached scalars for the records.
        """
        game = self.settings.class_loss
        assert game is not None
        codes = Codes(*(Posterior(*(t.detach() for t in posterior)) for posterior in output.codes))
        z_sample, w_sample = (sample.detach() for sample in output.samples)
        if fresh:
            z_sample = codes.z.sample(_noise(z_sample, generator))
            w_sample = codes.w.sample(_noise(w_sample, generator))
        detached = output._replace(codes=codes, samples=(z_sample, w_sample))
        z = torch.cat(_noisy(game, detached, generator)) if game.critic_reads != "w" else None
        z_logits, w_logits = critic(z, w_sample if game.critic_reads != "z" else None)
        terms: Terms = {}
        if z_logits is not None:
            terms["critic_loss_z"] = class_loss(z_logits, y.repeat(len(game.noise_levels)), game.form)
        if w_logits is not None:
            terms["critic_loss_w"] = class_loss(w_logits, y, game.form)
        loss = torch.stack(list(terms.values())).sum()
        return (
            loss if game.critic_goal == "right" else -loss,
            {name: term.detach() for name, term in terms.items()},
        )

    def reader_loss(self, reader: nn.Module, x: Tensor, y: Tensor) -> tuple[Tensor, Terms]:
        """Step 2: the loss of the classifier of samples on the data of a batch.

        Parameters
        ----------
        reader : Module
            `reader`, possibly wrapped for distributed training.
        x, y : Tensor
            Normalised samples ``[b, …]`` and classes int64 ``[b]``.

        Returns
        -------
        loss, terms
            As `critic_loss` returns them.
        """
        game = self.settings.class_loss
        assert game is not None
        loss = class_loss(reader(x), y, game.form)
        return loss, {"reader_loss": loss.detach()}

    def _misleading(self, game: ClassLossSettings, logits: Tensor, y: Tensor) -> Tensor:
        if game.z_target == "prior":
            return prior_loss(logits, self.class_frequencies, game.form)
        loss = class_loss(logits, y, game.form)
        if game.z_target == "bounded":
            return -torch.minimum(loss, chance_loss(self.class_frequencies, game.form) + HEADROOM)
        return -loss


def _noise(like: Tensor, generator: torch.Generator) -> Tensor:
    return torch.randn(like.shape, generator=generator, device=like.device)


def _noisy(game: ClassLossSettings, output: ModelOutput, generator: torch.Generator) -> list[Tensor]:
    """μ + t·σ·ε for each noise level t; the level 1 is the sample that the decoder read."""
    z = output.codes.z
    return [
        output.samples[0] if level == 1 else z.sample(level * _noise(z.mean, generator))
        for level in game.noise_levels
    ]


def _warmth(game: ClassLossSettings, progress: float) -> float:
    return min(1.0, progress / game.warmup) if game.warmup else 1.0
