"""``differentia compare``: several runs in one table and one picture."""

from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

SEPARATION = ("run", "z %", "chance %", "[μ, log σ²] %", "w %", "swaps %")
MODEL = ("run", "preset", "data", "error", "coverage %", "KL z", "KL w", "verdict")
"""The columns of the two tables; one table of all would not fit into 80 characters."""

WORDS = ("run", "preset", "data", "verdict")


def compare(
    runs: Annotated[
        list[Path], typer.Argument(help="Folders of runs that have a report.", metavar="RUN RUN ...")
    ],
    csv: Annotated[Path | None, typer.Option(help="Write all figures as CSV.", metavar="FILE")] = None,
    latex: Annotated[
        Path | None, typer.Option(help="Write the table for LaTeX with booktabs.", metavar="FILE")
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option(help="Draw leak against squared error; .png, .svg or .pdf.", metavar="FILE"),
    ] = None,
) -> None:
    """Put runs side by side: error, leak, swaps, coverage, from their audit.json.

    Example: [bold]differentia compare runs/* --csv runs.csv --plot runs.png[/bold].
    """
    from differentia.errors import DifferentiaError
    from differentia.files import replacing, write_text
    from differentia.report.comparison import HEADERS, as_csv, as_latex, cells, picture, read_runs

    if plot is not None and plot.suffix not in (".png", ".svg", ".pdf"):
        raise DifferentiaError(f"Cannot draw {plot.name}: name a file that ends in .png, .svg or .pdf.")
    rows = read_runs(runs)
    console = Console(highlight=False)
    names = [header for header, _ in HEADERS]
    for shown in (SEPARATION, MODEL):
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
        for header in shown:
            table.add_column(header, justify="left" if header in WORDS else "right", overflow="fold")
        places = [names.index(header) for header in shown]
        for row in rows:
            texts = cells(row)
            table.add_row(*(Text(texts[place]) for place in places))
        console.print(table)
    for header, meaning in HEADERS[3:-1]:
        console.print(f"[bold]{Text(header).markup}[/bold]: {meaning}", style="dim")
    if csv is not None:
        write_text(csv, as_csv(rows))
    if latex is not None:
        write_text(latex, as_latex(rows))
    if plot is not None:
        with replacing(plot) as beside:
            picture(rows).savefig(beside)
    for path in (csv, latex, plot):
        if path is not None:
            console.print(f"Wrote [bold]{path}[/bold]", soft_wrap=True)
