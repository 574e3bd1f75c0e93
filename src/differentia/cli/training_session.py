"""What the commands that train share: devices, Ctrl-C, progress, the numbers and pictures at the end."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console

from differentia.cli.train_view import announce, closing_table, training_progress
from differentia.errors import DifferentiaError

if TYPE_CHECKING:
    from lightning_fabric import Fabric

    from differentia.data.dataset import LabelledData
    from differentia.training.loop import Trainer
    from differentia.training.run import Run
    from differentia.training.settings import TrainingSettings


def free_folder(name: str) -> Path:
    """Return a folder under runs/ of that name, or of the name with the first number that is free."""
    path, number = Path("runs") / name, 1
    while path.exists():
        number += 1
        path = Path("runs") / f"{name}-{number}"
    return path


def start_devices(training: "TrainingSettings", logger: str | None, out: Path) -> "Fabric":
    """Start the devices.

    Raises
    ------
    DifferentiaError
        If the machine has no such devices, or the logger is not installed.
    """
    import torch
    from lightning_fabric import Fabric
    from lightning_fabric.loggers.logger import Logger
    from lightning_fabric.loggers.tensorboard import TensorBoardLogger

    loggers: list[Logger] = []
    if logger is not None:
        if logger != "tensorboard":
            raise DifferentiaError(f"There is no logger '{logger}'. The one there is: tensorboard.")
        try:
            loggers.append(TensorBoardLogger(root_dir=out.parent, name=out.name, version="tensorboard"))
        except ModuleNotFoundError:
            raise DifferentiaError(
                "--logger tensorboard needs TensorBoard. Install it: pip install 'differentia[tensorboard]'."
            ) from None
    try:
        fabric = Fabric(
            accelerator=training.accelerator,
            devices=training.devices,
            precision=training.precision,
            loggers=loggers,
        )
        fabric.launch()
    except (ValueError, RuntimeError) as problem:
        raise DifferentiaError(
            f"Cannot train on {training.devices} × {training.accelerator}: {str(problem).splitlines()[0]}"
        ) from None
    torch.set_float32_matmul_precision("high")
    return fabric


def carry_out(console: Console, trainer: "Trainer", run: "Run", data: "LabelledData") -> None:
    """Train to the end, or leave with exit code 130 where Ctrl-C was pressed."""
    announce(console, data, trainer, run)
    with _stoppable(trainer.fabric.world_size == 1) as stop, training_progress(console, trainer) as watch:
        finished = trainer.run(watch, run.save, stop)
    if not finished:
        console.print(f"Stopped in epoch {trainer.epoch + 1} and saved.", style="yellow")
        console.print(f"Go on with: {run.resume}", markup=False)
        raise typer.Exit(130)


@contextmanager
def _stoppable(alone: bool) -> Iterator[Any]:
    """Yield a function that says whether Ctrl-C was pressed; a second press interrupts at once.

    Several processes would see the press at different steps and wait for each other for ever, so they keep
    Python's own handling and resume from the last checkpoint.
    """
    pressed = threading.Event()
    if not alone or threading.current_thread() is not threading.main_thread():
        yield pressed.is_set
        return

    def press(number: int, frame: Any) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        pressed.set()

    before = signal.signal(signal.SIGINT, press)
    try:
        yield pressed.is_set
    finally:
        signal.signal(signal.SIGINT, before)


def finish(console: Console, run: "Run", data: "LabelledData", figures: bool) -> None:
    """Print the table, write the summary and draw the figures."""
    from differentia.files import write_json
    from differentia.metrics.remarks import remarks
    from differentia.metrics.summary import summarise
    from differentia.plots.figures import write_figures

    model = run.load_model()
    with console.status("measuring on the test split"):
        summary = summarise(model, data, run.settings.training.seed)
    write_json(run.path / "summary.json", summary.to_json())
    console.print(closing_table(run, summary))
    for remark in remarks(model):
        console.print(remark, style="dim", markup=False)
    if figures:
        with console.status("drawing"):
            seed = run.settings.training.seed
            written = write_figures(model, data, run.path, run.metrics(), run.curves, seed)
        console.print(f"{len(written)} pictures in [bold]{run.path / 'figures'}[/bold]:")
        console.print("  " + "  ".join(path.name for path in written), style="dim")
