"""The two-step loop of section 3.3: step 1 trains encoders and decoder, step 2 the classifier, on each batch.

The noise of a step, as the order of an epoch, is a function of seed and position alone (see `batches`).
"""

import math
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from differentia.data.dataset import LabelledData
from differentia.errors import DifferentiaError
from differentia.models.batched import fit_code_density
from differentia.objectives.two_step import ModelOutput, Terms
from differentia.training.batches import NOISE, Batches, stream_seed
from differentia.training.checkpoint import (
    Checkpoint,
    module_tensors,
    optimiser_tensors,
    restore_optimiser,
)
from differentia.training.preparation import build_model, build_objective, declared_standings
from differentia.training.settings import Settings

Record = dict[str, Any]


class _Opponent(NamedTuple):
    """A classifier of step 2 with what trains it."""

    module: nn.Module
    forward: nn.Module
    optimiser: Any


class Trainer:
    """A training at some point of its way.

    Parameters
    ----------
    settings : Settings
        The run.
    data : LabelledData
        The data; only the training split is used.
    fabric : Fabric
        Devices and precision, already launched.

    Attributes
    ----------
    model : TwoCodeModel
        The model in training.
    objective : TwoStepObjective
        Its objective.
    batches : Batches
        The training split.
    step, total_steps : int
        Batches done, and in all.
    records : list of dict
        One record a finished epoch: the mean of every term, the capacities, the multipliers, the seconds.
    """

    def __init__(self, settings: Settings, data: LabelledData, fabric: Fabric) -> None:
        if settings.model.remainder_dim:
            raise DifferentiaError(
                "These settings are a refined run's, and what is refined is not trained. "
                "Make it again with `differentia refine RUN`."
            )
        training = settings.training
        self.settings, self.fabric = settings, fabric
        self.model = build_model(settings, data)
        self.objective = build_objective(settings, self.model, data).to(fabric.device)

        optimiser = torch.optim.Adam(self.model.parameters(), training.learning_rate, fused=True)
        self._forward, self._optimiser = fabric.setup(self.model, optimiser)
        self._opponents = self._set_up_opponents()

        self.batches = Batches(
            data.train, training.batch_size, training.seed, fabric, declared_standings(settings, data)
        )
        self.total_steps = self.batches.per_epoch * training.epochs
        self.step, self.seconds = 0, 0.0
        self.records: list[Record] = []
        self._names: list[str] = []
        self._sums = self._faulty = torch.zeros(0)
        self._fault_step = torch.tensor(-1)

    def _set_up_opponents(self) -> dict[str, _Opponent]:
        game, opponents = self.settings.objective.class_loss, {}
        for name, module in (("critic", self.objective.critic), ("reader", self.objective.reader)):
            if module is not None and game is not None:
                optimiser = torch.optim.Adam(module.parameters(), game.learning_rate)
                opponents[name] = _Opponent(module, *self.fabric.setup(module, optimiser))
        return opponents

    @property
    def epoch(self) -> int:
        """Finished epochs."""
        return self.step // self.batches.per_epoch

    def run(
        self,
        watch: Callable[["Trainer"], None] | None = None,
        save: Callable[[Checkpoint], None] | None = None,
        stop: Callable[[], bool] = lambda: False,
    ) -> bool:
        """Train to the end, or until `stop` says so.

        Parameters
        ----------
        watch : callable or None
            Called after every step.
        save : callable or None
            Given a checkpoint at the end, when `stop` stops, every ``checkpoint_seconds``, and at the end of
            an epoch that took a sixth of that.
        stop : callable
            Asked after every step.

        Returns
        -------
        bool
            Whether the training is finished.

        Raises
        ------
        DifferentiaError
            If a loss is no longer finite; the last checkpoint is from before.
        """
        self.model.train()
        patience = self.settings.training.checkpoint_seconds
        saved = started = time.monotonic()
        before = self.seconds
        while self.step < self.total_steps:
            self._train_step()
            now = time.monotonic()
            self.seconds = before + now - started
            epoch_ends = self.step % self.batches.per_epoch == 0
            if epoch_ends:
                self._finish_epoch()
            stopping = self.step == self.total_steps or stop()
            due = now - saved > (patience / 6 if epoch_ends else patience)
            if self.step == self.total_steps:
                self._fit_code_density()
            if save is not None and (due or stopping):
                self._check_finite()
                save(self.checkpoint())
                saved = time.monotonic()
            if watch is not None:
                watch(self)
            if stopping:
                break
        self._end_training()
        return self.step == self.total_steps

    def _end_training(self) -> None:
        """Bring the model into the state in which it is used: evaluation mode, the means of z rounded."""
        self.model.eval()
        self.model.z_head.resolution = self.settings.model.resolution

    def _fit_code_density(self) -> None:
        """Fit what new samples are drawn from, on up to 4,000 training samples of each class."""
        self._end_training()
        labels = self.batches.y.cpu().numpy()
        rows = np.concatenate([np.flatnonzero(labels == c)[:4000] for c in range(self.model.n_classes)])
        try:
            fit_code_density(self.model, self.batches.x[torch.from_numpy(rows)].cpu().numpy(), labels[rows])
        except ValueError:
            raise DifferentiaError(
                "The codes are no longer finite after the last step. Lower training.learning_rate or the "
                "weights of the class loss, or resume from the last checkpoint, which is from before"
            ) from None

    def checkpoint(self) -> Checkpoint:
        """Everything needed to go on from here."""
        tensors = module_tensors("model", self.model) | module_tensors("objective", self.objective)
        tensors |= optimiser_tensors("optimiser", self._optimiser)
        for name, opponent in self._opponents.items():
            tensors |= optimiser_tensors(f"{name}_optimiser", opponent.optimiser)
        tensors["sums"] = self._sums
        state = {"step": self.step, "seconds": self.seconds, "names": self._names, "records": self.records}
        return Checkpoint(tensors, state)

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go on from a checkpoint of the same settings and data.

        Raises
        ------
        DifferentiaError
            If the checkpoint is of another model.
        """
        try:
            self.model.load_state_dict(checkpoint.part("model"))
            # Under a shared classifier z and w name the same parameters, kept once.
            missing, unexpected = self.objective.load_state_dict(checkpoint.part("objective"), strict=False)
            if unexpected or any(not name.startswith("critic.w.") for name in missing):
                raise ValueError("other classifiers")
            restore_optimiser(self._optimiser, checkpoint.part("optimiser"))
            for name, opponent in self._opponents.items():
                restore_optimiser(opponent.optimiser, checkpoint.part(f"{name}_optimiser"))
            state = checkpoint.state
            self.step, self.seconds, self._names = state["step"], state["seconds"], state["names"]
            self.records = list(state["records"])
            self._sums = checkpoint.tensors["sums"].to(self.fabric.device)
        except (KeyError, RuntimeError, ValueError) as problem:
            raise DifferentiaError(
                f"The checkpoint does not fit the settings ({str(problem).splitlines()[0]}). Train again."
            ) from None
        self._faulty = torch.zeros_like(self._sums)
        self._fault_step = torch.tensor(-1, device=self._sums.device)

    def _train_step(self) -> None:
        training, device = self.settings.training, self.fabric.device
        progress = self.step / self.total_steps
        rank = self.fabric.global_rank
        generator = torch.Generator(device)
        generator.manual_seed(stream_seed(training.seed, NOISE, self.step, rank))
        batch = self.batches.at(self.step)
        x, y = self.model.normalise(batch.x), batch.y
        # A code that is rounded from the start is empty, since the noise is still as wide as the prior.
        rounds = progress >= self.settings.model.rounding_start
        self.model.z_head.resolution = self.settings.model.resolution if rounds else 0.0
        noise = [
            torch.randn((len(y), d), generator=generator, device=device)
            for d in (self.settings.model.z_dim, self.settings.model.w_dim)
        ]

        _set_rate(self._optimiser, training.learning_rate * _rate(training.schedule, progress))
        for opponent in self._opponents.values():
            opponent.module.requires_grad_(False)
        view = self.objective.view(self.model, x, generator)
        output = ModelOutput(*self._forward(x, y, *noise, None if view is None else view.x))
        loss, terms = self.objective.model_loss(
            self.model, output, x, y, view, batch.standings, generator, progress
        )
        self._optimiser.zero_grad()
        self.fabric.backward(loss)
        self._optimiser.step()
        self.objective.capacity.update(torch.stack([terms["kl_z"], terms["kl_w"]]), progress)
        if self.fabric.world_size > 1:
            self.fabric.all_reduce(self.objective.capacity.multipliers)

        self._note(terms | self._second_step(output, x, y, generator, progress))
        self.step += 1

    def _second_step(
        self, output: ModelOutput, x: Tensor, y: Tensor, generator: torch.Generator, progress: float
    ) -> Terms:
        """Train the classifiers: that of codes as often as the game says, that of samples once."""
        game, terms = self.settings.objective.class_loss, Terms()
        for name, opponent in self._opponents.items():
            assert game is not None
            opponent.module.requires_grad_(True)
            _set_rate(opponent.optimiser, game.learning_rate * _rate(game.schedule, progress))
            for update in range(game.critic_steps if name == "critic" else 1):
                if name == "critic":
                    loss, found = self.objective.critic_loss(
                        opponent.forward, output, y, generator, update > 0
                    )
                else:
                    loss, found = self.objective.reader_loss(opponent.forward, x, y)
                opponent.optimiser.zero_grad()
                self.fabric.backward(loss)
                opponent.optimiser.step()
            terms |= found
        return terms

    def _note(self, terms: dict[str, Tensor]) -> None:
        """Add to the epoch's sums and remember the first step that was not finite, all on the device."""
        values = torch.stack(list(terms.values()))
        if not self._names:
            self._names = list(terms)
            self._sums, self._faulty = torch.zeros_like(values), torch.zeros_like(values)
            self._fault_step = torch.tensor(-1, device=values.device)
        self._sums = self._sums + values
        first = (self._fault_step < 0) & ~torch.isfinite(values).all()
        self._fault_step = torch.where(first, self.step, self._fault_step)
        self._faulty = torch.where(first, values, self._faulty)

    def _finish_epoch(self) -> None:
        self._check_finite()
        sums = self.fabric.all_reduce(self._sums)
        assert isinstance(sums, Tensor)
        means = (sums / self.batches.per_epoch).tolist()
        record: Record = {"epoch": self.epoch} | dict(zip(self._names, means, strict=True))
        capacity = self.objective.capacity
        if capacity.settings.mode != "beta":
            targets = capacity.targets(self.step / self.total_steps).tolist()
            record |= {"capacity_z": targets[0], "capacity_w": targets[1]}
        if capacity.settings.mode == "constrained":
            multipliers = capacity.multipliers.tolist()
            record |= {"multiplier_z": multipliers[0], "multiplier_w": multipliers[1]}
        record["seconds"] = round(self.seconds, 3)
        self.records.append(record)
        self._sums = torch.zeros_like(self._sums)
        self.fabric.log_dict({k: v for k, v in record.items() if k != "epoch"}, step=self.epoch)

    def _check_finite(self) -> None:
        step = int(self._fault_step)
        if step >= 0:
            terms = ", ".join(f"{n} {v:.4g}" for n, v in zip(self._names, self._faulty.tolist(), strict=True))
            epoch = step // self.batches.per_epoch + 1
            raise DifferentiaError(
                f"The loss is no longer finite at step {step + 1}, epoch {epoch} "
                f"({terms}). Lower training.learning_rate or the weights of the class loss, or resume from "
                "the last checkpoint, which is from before"
            )


def _rate(schedule: str, progress: float) -> float:
    return 1.0 if schedule == "constant" else 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * progress))


def _set_rate(optimiser: Any, rate: float) -> None:
    for group in optimiser.param_groups:
        group["lr"] = rate
