"""The two-step loop of section 3.3: step 1 trains encoders and decoder, step 2 the rivals, on each batch."""

import time
from collections.abc import Callable

import torch

from differentia.data.dataset import LabelledData
from differentia.errors import DifferentiaError
from differentia.inference import fit_code_density
from differentia.randomness import NOISE, stream_seed
from differentia.terms.base import Part
from differentia.training.batches import Batches
from differentia.training.checkpoint import Checkpoint
from differentia.training.devices import Devices
from differentia.training.monitor import Monitor
from differentia.training.optimisation import Descent
from differentia.training.settings import Settings


class Trainer:
    """A training at some point of its way: after `step` of `total_steps` batches, and `seconds` in the loop.

    It needs a run's settings, data, of which only the training split is used, and the launched devices.
    """

    def __init__(self, settings: Settings, data: LabelledData, devices: Devices) -> None:
        how = settings.training
        self.settings, self.devices, self.monitor = settings, devices, Monitor(devices)
        self.method = settings.of_method(settings.model, dict(settings.terms), data, how.seed).to(
            devices.device
        )
        known = self.method.known(data)
        self.batches = Batches(data.train, how.batch_size, how.seed, devices, known)
        weights = self.method.model.parameters()
        self.model_descent = Descent(weights, how.learning_rate, how.schedule, devices, how.unit_gradient)
        self.rivals = {
            name: Descent(t.rival.parameters(), t.rival_rate, t.rival_schedule, devices)
            for name, t in self.method.terms.items()
            if t.rival is not None
        }
        self._descents = {"model": self.model_descent} | {f"rival.{n}": d for n, d in self.rivals.items()}
        self.step, self.total_steps, self.seconds = 0, self.batches.per_epoch * how.epochs, 0.0

    @property
    def epoch(self) -> int:
        """Finished epochs."""
        return self.step // self.batches.per_epoch

    def train_batch(self) -> None:
        """Take both steps of section 3.3 on one batch."""
        method, progress = self.method, self.step / self.total_steps
        seed = stream_seed(self.settings.training.seed, NOISE, self.step, self.devices.global_rank)
        rng = torch.Generator(self.devices.device).manual_seed(seed)

        # Step 1, eqs. 1, 4 and 5: encoders and decoder (θ, φ), against the rivals as they are.
        with self.devices.autocast():
            p = method.infer(self.batches.at(self.step), rng, progress)
        first = method.loss(p)
        self.model_descent.minimise(first, progress)
        for term in method.terms.values():
            dual = term.update(p)
            if dual is not None and self.devices.world_size > 1:
                self.devices.all_reduce(dual)

        # Step 2, eq. 5: each rival (ψ) learns from the same batch, its codes cut from the graph.
        p, second = p.detached(), dict[str, Part]()
        for name, descent in self.rivals.items():
            term = method.terms[name]
            for update in range(term.rival_steps):
                found = term.rival_loss(p if update == 0 else p.redrawn())
                descent.minimise(found, progress)
            second |= found

        self.monitor.note(self.step, first, second)
        self.step += 1

    def run(
        self,
        watch: Callable[["Trainer"], None] = lambda trainer: None,
        save: Callable[[Checkpoint], None] = lambda checkpoint: None,
        stop: Callable[[], bool] = lambda: False,
    ) -> bool:
        """Train to the end, or until `stop` says so; return whether the training is finished.

        `watch` is called, and `stop` asked, after every step. `save` is given a checkpoint at the end, when
        `stop` stops, every ``checkpoint_seconds``, and at the end of an epoch that took a sixth of that. A
        DifferentiaError says that a loss is no longer finite; the last checkpoint is from before.
        """
        patience, per_epoch = self.settings.training.checkpoint_seconds, self.batches.per_epoch
        self.method.train()
        saved, began = time.monotonic(), time.monotonic() - self.seconds
        stopping = self.step == self.total_steps
        while not stopping:
            self.train_batch()
            now = time.monotonic()
            self.seconds, epoch_ends = now - began, self.step % per_epoch == 0
            if epoch_ends:
                state = self.method.state(self.step / self.total_steps)
                self.monitor.finish_epoch(per_epoch, state, self.seconds)
            if self.step == self.total_steps:
                self.method.eval()
                fit_code_density(self.method.model, self.batches.x, self.batches.y)
            stopping = self.step == self.total_steps or stop()
            if stopping or now - saved > (patience / 6 if epoch_ends else patience):
                self.monitor.check_finite(per_epoch)
                save(self.checkpoint())
                saved = time.monotonic()
            watch(self)
        self.method.eval()
        return self.step == self.total_steps

    def checkpoint(self) -> Checkpoint:
        """Everything needed to go on from here."""
        position = {"step": self.step, "seconds": self.seconds}
        measured = {"names": self.monitor.names, "records": self.monitor.records}
        return Checkpoint.of(self.method, self._descents, self.monitor.sums, position | measured)

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go on from a checkpoint of the same settings and data, but for the epochs.

        A DifferentiaError says that it is of others, or that it is beyond the last epoch.
        """
        state, per_epoch = checkpoint.restore(self.method, self._descents), self.batches.per_epoch
        if state["step"] > self.total_steps:
            raise DifferentiaError(
                f"{-(-state['step'] // per_epoch)} epochs are trained already, or begun. "
                "Ask for that number of epochs or more, or begin anew."
            )
        self.step, self.seconds = state["step"], state["seconds"]
        self.monitor.names, self.monitor.records = state["names"], list(state["records"])
        self.monitor.restart(checkpoint.tensors["sums"].to(self.devices.device))
