"""The command line: one executable, one module a sub-command.

Commands import what they need when they run, so that ``--help`` answers at once.
"""

import errno
import sys
from typing import Annotated

import typer
from rich.console import Console

from differentia.cli import compare, data, refine, report, reproduce, train
from differentia.errors import DifferentiaError

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
app.command()(compare.compare)
app.command()(reproduce.reproduce)
app.add_typer(data.app, name="data")


def main() -> None:
    """Run the command line; a problem a person can solve ends in one sentence and exit code 2."""
    errors = Console(stderr=True, highlight=False, soft_wrap=True)
    try:
        app()
    except DifferentiaError as problem:
        errors.print(f"error: {problem}", style="red", markup=False)
        sys.exit(2)
    except OSError as problem:
        if problem.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS):
            raise
        place = f": {problem.filename}" if problem.filename else ""
        errors.print(
            f"error: cannot write{place} ({problem.strerror}). Free some space or name another folder.",
            style="red",
            markup=False,
        )
        sys.exit(2)
    except KeyboardInterrupt:
        errors.print("interrupted", style="yellow")
        sys.exit(130)
