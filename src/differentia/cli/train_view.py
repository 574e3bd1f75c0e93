"""What ``differentia train`` shows: the settings, the progress bar, the closing table."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from differentia.cli.terminal import strong

if TYPE_CHECKING:
    from pydantic import BaseModel

    from differentia.data.dataset import LabelledData
    from differentia.metrics.summary import Summary
    from differentia.training.loop import Trainer
    from differentia.training.run import Run
    from differentia.training.settings import Settings


SHOWN = (
    ("squared_error", "error", ".2f"),
    ("kl_z", "KL_z", ".1f"),
    ("kl_w", "KL_w", ".1f"),
    ("critic_loss_z", "critic on z", ".2f"),
)
"""What the progress bar says of the last epoch, where it was recorded: key, name, format."""


@contextmanager
def training_progress(console: Console, trainer: "Trainer") -> "Iterator[Callable[[Trainer], None]]":
    """Yield a watcher that draws a bar with the last epoch's terms and the time left."""
    with Progress(
        TextColumn("epoch {task.fields[epoch]}"),
        BarColumn(bar_width=24),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        TextColumn("[cyan]{task.fields[terms]}"),
        console=console,
    ) as bar:
        total = trainer.settings.training.epochs
        task = bar.add_task("train", total=trainer.total_steps, completed=trainer.step, epoch="", terms="")

        def watch(trainer: "Trainer") -> None:
            terms = ""
            if trainer.monitor.records:
                last = trainer.monitor.records[-1]
                terms = "  ".join(
                    f"{name} {last[key]:{form}}" for key, name, form in SHOWN if last.get(key) is not None
                )
            shown = min(trainer.epoch + 1, total)
            bar.update(task, completed=trainer.step, epoch=f"{shown}/{total}", terms=terms)

        watch(trainer)
        yield watch


def announce(console: Console, data: "LabelledData", trainer: "Trainer", run: "Run") -> None:
    """Say what is about to be trained, and where to."""
    settings = trainer.settings
    preset = "" if settings.preset == settings.method else f", preset {strong(settings.preset)}"
    shape = " × ".join(str(n) for n in data.shape)
    console.print(
        f"{strong(data.name)}: {len(data.train):,} training and {len(data.test):,} test samples of "
        f"{shape}, {data.n_classes} classes; method {strong(settings.method)}{preset}, "
        f"seed {settings.training.seed} → {strong(run.path)}"
    )
    for note in data.notes:
        console.print(note, style="dim", markup=False)
    if trainer.step == trainer.total_steps:
        console.print("All of its epochs are done already; --epochs says how many there are to be.")
    elif trainer.step:
        console.print(
            f"Going on at epoch {trainer.epoch + 1} of {settings.training.epochs}, "
            "over which the schedules are laid."
        )


def closing_table(run: "Run", summary: "Summary") -> Table:
    """Return the table of a finished training."""
    last = run.metrics()[-1]
    table = Table(title=escape(f"{run.path.name}, test split"), title_justify="left")
    table.add_column("figure")
    table.add_column("value", justify="right")
    table.add_column("meaning", style="dim")
    unit = "pixels in [0, 1]" if len(run.description.shape) == 3 else "standardised features"
    table.add_row("squared error", f"{summary.squared_error:.2f}", f"a sample, summed over {unit}")
    for code, kl in (("z", summary.kl_z), ("w", summary.kl_w)):
        if kl is not None:
            held = f", held at {last[f'capacity_{code}']:.1f}" if f"capacity_{code}" in last else ""
            if held and code == "w" and run.settings.method == "refined":
                held += " before it was refined"
            table.add_row(f"KL_{code}", f"{kl:.2f}", f"nats that {code} may carry{held}")
        if f"multiplier_{code}" in last:
            table.add_row(f"multiplier of KL_{code}", f"{last[f'multiplier_{code}']:.2f}", "price of a nat")
    table.add_row("class from z", f"{summary.probe_z:.3f}", f"linear probe; chance is {summary.chance:.3f}")
    if summary.probe_w is not None:
        table.add_row(
            "class from w", f"{summary.probe_w:.3f}", "linear probe; w's encoder is given the class"
        )
    table.add_row("time", f"{last['seconds']:.0f} s", "in the training loop")
    return table


def print_settings(console: Console, settings: "Settings") -> None:
    """Print every setting with its value and its meaning, a line each."""

    def show(section: "BaseModel", path: str) -> None:
        for name, field in type(section).model_fields.items():
            value = getattr(section, name)
            if hasattr(value, "model_dump"):  # a group of settings
                show(value, f"{path}{name}.")
            else:
                console.print(f"{strong(path + name)} = {escape(str(value))}", end="  ")
                console.print(field.description or "", style="dim", markup=False)

    show(settings, "")
