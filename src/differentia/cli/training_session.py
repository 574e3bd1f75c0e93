"""What the commands that train share: Ctrl-C, progress, the numbers and pictures at the end."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console

from differentia.cli.terminal import is_helper, strong
from differentia.cli.train_view import announce, closing_table, training_progress
from differentia.errors import DifferentiaError

if TYPE_CHECKING:
    from differentia.data.dataset import LabelledData
    from differentia.training.loop import Trainer
    from differentia.training.run import Run


@contextmanager
def new_folder(out: Path | None, name: str) -> Iterator[Path]:
    """Make the folder of a new run when it is chosen, so that no other training chooses it.

    Yields `out`, or a folder under runs/ of that name, or of the name with the first number that is free.
    When the block fails before anything was written there, the folder is removed.
    """
    from differentia.training.run import Run

    chosen = out or Path("runs") / name
    if is_helper():
        yield chosen
        return
    if out is not None:
        Run.check_free(out)
    made = [path for path in (chosen, *chosen.parents) if not path.exists()]
    chosen.parent.mkdir(parents=True, exist_ok=True)
    number = 1
    while True:
        try:
            chosen.mkdir(exist_ok=out is not None)
            break
        except FileExistsError:
            number += 1
            chosen = Path("runs") / f"{name}-{number}"
            made = [chosen]
    try:
        yield chosen
    except BaseException:
        with suppress(OSError):  # of the first that is not empty
            for path in made:
                path.rmdir()
        raise


def check_logger(logger: str | None) -> None:
    """Check that there is such a logger; a DifferentiaError says that there is not, or what is missing."""
    if logger is None:
        return
    if logger != "tensorboard":
        raise DifferentiaError(f"There is no logger '{logger}'. The one there is: tensorboard.")
    if find_spec("tensorboard") is None:
        raise DifferentiaError(
            "--logger tensorboard needs TensorBoard. Install it: pip install 'differentia[tensorboard]'."
        )


def carry_out(
    console: Console, trainer: "Trainer", run: "Run", data: "LabelledData", logger: str | None
) -> None:
    """Train to the end, or leave with exit code 130 after Ctrl-C and 143 after SIGTERM."""
    from differentia.signals import put_off

    announce(console, data, trainer, run)
    # Several processes would see Ctrl-C at different steps and wait for each other for ever.
    alone = trainer.devices.world_size == 1
    try:
        with (
            put_off() if alone else nullcontext(lambda: False) as stopping,
            training_progress(console, trainer) as show,
            _logged(logger, run) as log,
        ):

            def watch(trainer: "Trainer") -> None:
                show(trainer)
                log(trainer)

            if not trainer.run(watch, run.save, stopping):
                console.print(f"Stopped in epoch {trainer.epoch + 1} and saved.", style="yellow")
                console.print(f"Go on with: {run.resume}", markup=False, soft_wrap=True)
    except KeyboardInterrupt:
        if not alone:
            again = f"Stopped. Go on from the last checkpoint with: {run.resume}"
            console.print(again, style="yellow", markup=False, soft_wrap=True)
        raise typer.Exit(130) from None


@contextmanager
def _logged(logger: str | None, run: "Run") -> Iterator[Callable[["Trainer"], None]]:
    """Yield a function that writes every finished epoch as events of TensorBoard, or nothing."""
    if logger is None:
        yield lambda trainer: None
        return
    from torch.utils.tensorboard import SummaryWriter

    with SummaryWriter(run.path / "tensorboard") as writer:

        def log(trainer: "Trainer") -> None:
            if trainer.step % trainer.batches.per_epoch == 0:
                for name, value in trainer.monitor.records[-1].items():
                    writer.add_scalar(name, value, trainer.epoch)

        yield log


def finish(console: Console, run: "Run", data: "LabelledData", figures: bool) -> None:
    """Print the table, write the summary and draw the figures."""
    from differentia.files import write_json
    from differentia.metrics.remarks import remarks
    from differentia.metrics.summary import summarise
    from differentia.plots.figures import write_figures
    from differentia.plots.fonts import spelling_note

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
        console.print(f"{len(written)} pictures in {strong(run.path / 'figures')}:", soft_wrap=True)
        console.print("  " + "  ".join(path.name for path in written), style="dim", markup=False)
        if note := spelling_note(data.class_names):
            console.print(note, style="dim", markup=False)
