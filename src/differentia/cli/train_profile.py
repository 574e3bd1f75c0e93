"""``differentia train --profile``: where the time of a training step goes."""

import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from differentia.errors import DifferentiaError

if TYPE_CHECKING:
    from differentia.data.dataset import LabelledData
    from differentia.tables import Table
    from differentia.training.loop import Trainer
    from differentia.training.settings import Settings

_WARM_UP, _STEPS, _OPERATORS = 10, 50, 10


def profile_training(console: Console, settings: "Settings", data: "LabelledData") -> None:
    """Train a few steps, print what each part of a step takes, and keep nothing.

    A DifferentiaError says that there are several devices, of which each would print.
    """
    from differentia.tables import to_rich
    from differentia.training.devices import launch
    from differentia.training.loop import Trainer

    if settings.training.devices > 1:
        raise DifferentiaError("--profile times one process. Leave out --devices.")
    with console.status("training a few steps"):
        trainer = Trainer(settings, data, launch(settings.training))
        trainer.method.train()
        for _ in range(_WARM_UP):
            trainer.train_batch()
        operators = _operators(trainer)
        parts = _parts(trainer)
    whole = sum(parts.values())
    console.print(
        f"{trainer.batches.size} samples a step, {1000 * trainer.batches.size / whole:,.0f} samples a second."
    )
    console.print(to_rich(_table("part of a step", parts, whole)))
    console.print(to_rich(_table("operator of torch", operators, whole)))
    console.print(
        f"Means of {_STEPS} steps after {_WARM_UP}. The operators are the {_OPERATORS} that take most, each "
        "without what it calls. Nothing was saved.",
        style="dim",
    )


def _parts(trainer: "Trainer") -> dict[str, float]:
    """Return the milliseconds a step of each part, by watching the functions that the loop calls."""
    import torch

    spent: dict[str, float] = defaultdict(float)

    def now() -> float:
        if trainer.devices.device.type == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter()

    def watch(owner: object, name: str, part: str) -> None:
        function: Callable[..., Any] = getattr(owner, name)

        def timed(*given: Any) -> Any:
            begun = now()
            found = function(*given)
            spent[part] += now() - begun
            return found

        setattr(owner, name, timed)

    watch(trainer.batches, "at", "batch")
    watch(trainer.method, "infer", "model: encode and decode")
    for name, term in trainer.method.terms.items():
        watch(term, "loss", f"step 1: loss {name}")
    watch(trainer.model_descent, "minimise", "step 1: gradients and update")
    for name, descent in trainer.rivals.items():
        watch(trainer.method.terms[name], "rival_loss", f"step 2: loss {name}")
        watch(descent, "minimise", f"step 2: gradients and update {name}")
    begun = now()
    for _ in range(_STEPS):
        trainer.train_batch()
    total = now() - begun
    parts = {part: 1000 * seconds / _STEPS for part, seconds in spent.items()}
    return parts | {"records, noise and the rest": 1000 * total / _STEPS - sum(parts.values())}


def _operators(trainer: "Trainer") -> dict[str, float]:
    """Return the milliseconds a step of the operators that take most."""
    from torch.profiler import profile

    with _mute(), profile() as found:
        for _ in range(_STEPS):
            trainer.train_batch()
    cuda = trainer.devices.device.type == "cuda"
    times = {
        event.key: (event.self_device_time_total if cuda else event.self_cpu_time_total) / 1000 / _STEPS
        for event in found.key_averages()
    }
    most = sorted(times, key=lambda key: times[key], reverse=True)[:_OPERATORS]
    return {key: times[key] for key in most}


@contextmanager
def _mute() -> Iterator[None]:
    """Keep from the terminal what the profiler logs of its own start and end."""
    kept = os.dup(2)
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _table(heading: str, milliseconds: Mapping[str, float], whole: float) -> "Table":
    """Return a row a part, with its share of a step."""
    from differentia.tables import Cell, Column, Table

    columns = (Column(heading, ("part",), "left"), Column("ms a step", ("ms",)), Column("share", ("share",)))
    rows = tuple(
        (Cell(part, (part,)), Cell(f"{ms:.2f}", (ms,)), Cell(f"{ms / whole:.0%}", (ms / whole,)))
        for part, ms in milliseconds.items()
    )
    return Table(columns, rows)
