"""``differentia report``: audit a run, name its factors, and write the page."""

from typing import TYPE_CHECKING, Annotated

import typer
from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from differentia.cli import run_options
from differentia.cli.terminal import strong

if TYPE_CHECKING:
    from differentia.report.evidence import Evidence


def report(
    run: run_options.Folder,
    quick: Annotated[
        bool, typer.Option("--quick", help="Fewer samples and wider intervals, in a fraction of the time.")
    ] = False,
    seed: Annotated[
        int | None,
        typer.Option(min=0, help="Seed of everything that is drawn.", show_default="the run's"),
    ] = None,
    method: run_options.MethodFile = None,
    data: run_options.MovedData = None,
) -> None:
    """Audit a run and write RUN/report.html, one self-contained page, and RUN/audit.json, its numbers.

    Does z keep the class out? What does each dimension mean? How good is the model? Example:
    [bold]differentia report runs/mnist-discover-seed0 --quick[/bold].
    """
    from differentia.files import write_json, write_text
    from differentia.plots.gallery import draw_gallery
    from differentia.report.evidence import gather, stages
    from differentia.report.html import render

    console = Console(highlight=False)
    opened = run_options.opened(run, method, data)
    model, samples = opened.load_model(), opened.load_data(progress=True)
    chosen = opened.settings.training.seed if seed is None else seed
    order = [*stages(samples), "pictures", "page"]
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("[dim]{task.fields[doing]}"),
        console=console,
        transient=True,
    ) as progress:
        task = progress.add_task("", total=len(order), doing="")

        def tell(stage: str, doing: str) -> None:
            progress.update(task, description=stage, completed=order.index(stage), doing=doing)

        found = gather(opened, model, samples, chosen, quick, tell)
        tell("pictures", "")
        gallery = draw_gallery(model, samples, found.factors, chosen)
        tell("page", "")
        page = render(found.document, gallery, opened.settings, opened.metrics(), opened.curves)
    write_json(run / "audit.json", found.document)
    write_text(run / "report.html", page)

    _print(console, found)
    seconds = sum(found.document["seconds"].values())
    console.print(f"\n{strong(run / 'report.html')} and audit.json, after {seconds:.0f} s.", soft_wrap=True)


def _print(console: Console, found: "Evidence") -> None:
    """Print the verdict, the worst case of every form of the codes, and the names; 80 columns hold them."""
    from differentia.metrics.audit.table import PROBE_TITLES, input_titles
    from differentia.metrics.codes import CODES, INPUTS
    from differentia.metrics.leakage.scores import worst

    audit, factors = found.audit, found.factors
    console.print(Text.assemble((f"{audit.verdict.level}: ", "bold"), audit.verdict.sentence))
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    table.add_column("the best probe sees", style="bold")
    table.add_column("")
    for header in ("accuracy %", "95 % interval", f"bits of {audit.entropy:.2f}"):
        table.add_column(header, justify="right", no_wrap=True)
    figures = [audit.figure(code, kind) for code in CODES for kind in INPUTS]
    titles = input_titles(audit.rows)
    lines = [(f"{row.code}, {titles[row.input]}", row) for row in figures if row is not None]
    for title, row in [*lines, ("z, labels permuted", worst(audit.control))]:
        interval = f"{100 * row.low:.1f} to {100 * row.high:.1f}"
        table.add_row(
            title, PROBE_TITLES[row.probe], f"{100 * row.accuracy:.1f}", interval, f"{row.bits:.3f}"
        )
    console.print(table)
    for remark in audit.remarks:
        console.print(remark, style="dim", markup=False)
    console.print(f"Chance is {100 * audit.chance:.1f} %. {factors.sentence}", markup=False)
    for factor in (*factors.z, *factors.w):
        console.print(f"  {factor.sentence}", markup=False)
