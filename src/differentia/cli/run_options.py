"""What the commands that open a run are told of it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from differentia.training.run import Run

Folder = Annotated[Path, typer.Argument(help="Folder of a trained run.", metavar="RUN", show_default=False)]
MethodFile = Annotated[
    str | None,
    typer.Option(help="Where your own method lies, path/to/file.py:Class, for a run of one."),
]
MovedData = Annotated[
    str | None,
    typer.Option(help="Where the run's data are now, if they moved.", metavar="PATH", show_default=False),
]


def opened(folder: Path, method: str | None, data: str | None) -> "Run":
    """Open the run, with its data where they are now."""
    from differentia.data.catalogue import place_of
    from differentia.training.run import Run

    return Run.open(folder, method).revised(None if data is None else place_of(data))
