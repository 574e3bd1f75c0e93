"""``differentia report``: audit a run, name its factors, and write the page."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


def report(
    run: Annotated[Path, typer.Argument(help="Folder of a trained run.", metavar="RUN", show_default=False)],
    quick: Annotated[
        bool, typer.Option("--quick", help="Fewer samples and wider intervals, in a fraction of the time.")
    ] = False,
    seed: Annotated[
        int | None,
        typer.Option(min=0, help="Seed of everything that is drawn.", show_default="the run's"),
    ] = None,
) -> None:
    """Audit a run and write RUN/report.html, one self-contained page, and RUN/audit.json, its numbers.

    Does z keep the class out? What does each dimension mean? How good is the model? Example:
    [bold]differentia report runs/mnist-strict-seed0 --quick[/bold].
    """
    from differentia.files import write_json, write_text
    from differentia.report.evidence import gather, stages
    from differentia.report.page import render
    from differentia.report.pictures import draw_gallery
    from differentia.training.run import Run

    console = Console(highlight=False)
    opened = Run.open(run)
    model, data = opened.load_model(), opened.load_data(progress=True)
    chosen = opened.settings.training.seed if seed is None else seed
    order = [*stages(data), "pictures", "page"]
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

        found = gather(opened, model, data, chosen, quick, tell)
        tell("pictures", "")
        gallery = draw_gallery(model, data, found.factors, chosen)
        tell("page", "")
        page = render(found.document, gallery, opened.settings, opened.metrics())
    write_json(run / "audit.json", found.document)
    write_text(run / "report.html", page)

    console.print(found.audit)
    console.print()
    console.print(found.factors.sentence, style="bold", markup=False)
    for factor in (*found.factors.z, *found.factors.w):
        console.print("  " + factor.sentence, markup=False)
    seconds = sum(found.document["seconds"].values())
    console.print(
        f"\n[bold]{run / 'report.html'}[/bold] and audit.json, after {seconds:.0f} s.", soft_wrap=True
    )
