"""The command line: one executable, one module a sub-command.

Commands import what they need when they run, so that ``--help`` answers at once.
"""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.console import Console

from differentia.cli import certify, compare, data, refine, report, reproduce, train
from differentia.cli.terminal import is_helper, sentence, speak_any_encoding

app = typer.Typer(
    name="differentia",
    help="Learn from labelled data what varies alike in every class (z) and what varies inside each (w | y).",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


def _say_version(wanted: bool) -> None:
    if wanted:  # the module is read by this option alone, and `--help` answers at once
        from importlib.metadata import version

        typer.echo(f"differentia {version('differentia')}")
        raise typer.Exit


@app.callback()
def _options(
    show_version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_say_version, is_eager=True)
    ] = False,
) -> None:
    """Take what can stand before a command; Typer's own help keeps the program's description."""


app.command()(train.train)
app.command()(refine.refine)
app.command()(report.report)
app.command()(certify.certify)
app.command()(compare.compare)
app.command()(reproduce.reproduce)
app.add_typer(data.app, name="data")


def main() -> None:
    """Run the command line; a problem a person can solve ends in one sentence and exit code 2.

    A process that is asked to end (SIGTERM) cleans up and exits with 143, one that is interrupted with 130.
    """
    speak_any_encoding()
    errors = Console(stderr=True, highlight=False, soft_wrap=True)
    try:
        with ends_on_sigterm():
            app()
    except KeyboardInterrupt:
        errors.print("interrupted", style="yellow")
        sys.exit(130)
    except Exception as problem:
        said = sentence(problem)
        if said is None:
            raise
        if not is_helper():
            errors.print(f"error: {said}", style="red", markup=False)
        sys.exit(2)


@contextmanager
def ends_on_sigterm() -> Iterator[None]:
    """Turn SIGTERM into an ordinary exit, so that half-written files are removed."""

    def end(number: int, frame: Any) -> None:
        sys.exit(128 + number)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
