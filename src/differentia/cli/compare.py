"""``differentia compare``: several runs in one table and one picture."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from differentia.cli.terminal import strong

SEPARATION = ("run", "leak_z", "chance", "leak_z_parameters", "accuracy_w", "swap_consistency")
MODEL = ("run", "method", "data", "squared_error", "coverage", "kl_z", "kl_w", "verdict")
"""The columns of the two tables; one table of all would not fit into 80 characters."""


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
    from differentia.report.comparison import picture, read_runs, table
    from differentia.tables import to_csv, to_latex, to_rich

    if plot is not None and plot.suffix not in (".png", ".svg", ".pdf"):
        raise DifferentiaError(f"Cannot draw {plot.name}: name a file that ends in .png, .svg or .pdf.")
    found = read_runs(runs)
    whole = table(found)
    console = Console(highlight=False)
    for keys in (SEPARATION, MODEL):
        console.print(to_rich(whole.only(keys), padding=0))
    for column in whole.columns:
        if column.meaning:
            console.print(f"{strong(column.header)}: {escape(column.meaning)}", style="dim")
    if csv is not None:
        write_text(csv, to_csv(whole))
    if latex is not None:
        write_text(latex, to_latex({"": whole.without("verdict")}))
    if plot is not None:
        with replacing(plot) as beside:
            picture(found).savefig(beside)
    for path in (csv, latex, plot):
        if path is not None:
            console.print(f"Wrote {strong(path)}", soft_wrap=True)
