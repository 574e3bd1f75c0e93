"""``differentia refine``: a run with the codes of another and what they do, which decodes more."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from differentia.cli import run_options
from differentia.cli.training_session import finish, new_folder

if TYPE_CHECKING:
    from differentia.metrics.refinement import Refinement
    from differentia.training.run import Run


def refine(
    run: run_options.Folder,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder of the refined run. Default: a new one under runs/.", show_default=False),
    ] = None,
    residual_dim: Annotated[
        int,
        typer.Option(
            min=1, metavar="K", help="Dimensions of w that are added for what is left over, at most."
        ),
    ] = 400,
    figures: Annotated[bool, typer.Option(help="Draw the figures at the end.")] = True,
    method: Annotated[
        str | None,
        typer.Option(help="Where your own method lies; runs of one cannot be refined."),
    ] = None,
    data: run_options.MovedData = None,
) -> None:
    """Add to a finished run what its codes left out of the pictures; z, w and what they do stay as they are.

    Takes one to three minutes, and trains nothing: what is added are principal components of what the run
    leaves of its training data. The result is a run like any other, with K more dimensions of w.
    Example: [bold]differentia refine runs/mnist-discover-seed0[/bold].
    """
    from differentia.files import write_json
    from differentia.metrics.refinement import compare_with_teacher
    from differentia.refining import check_refinable, refined
    from differentia.training.run import Run

    console = Console(highlight=False)
    opened = run_options.opened(run, method, data)
    check_refinable(opened)
    with new_folder(out, f"{run.resolve().name}-refined") as place:
        teacher, samples = opened.load_model(), opened.load_data(progress=True)
        with console.status("coding what is left"):
            settings, student = refined(opened.settings, teacher, samples, residual_dim)
        with console.status("comparing with the teacher"):
            found = compare_with_teacher(student, teacher, samples, settings.training.seed)
        made = Run.create(place, settings, samples)
    made.save_model(student.state_dict(), opened.metrics())
    write_json(made.path / "refinement.json", found.to_json())
    finish(console, made, samples, figures)
    console.print(_table(opened, made, found, student.given))


def _table(teacher: "Run", student: "Run", found: "Refinement", given: str) -> Table:
    """Return what was gained and what was kept; `given` is what goes with z in a swap."""
    table = Table(
        title=escape(f"{student.path.name} beside {teacher.path.name}, test split"), title_justify="left"
    )
    table.add_column("figure")
    table.add_column("value", justify="right")
    table.add_column("meaning", style="dim")
    unit = "pixels in [0, 1]" if len(student.description.shape) == 3 else "standardised features"
    share = found.student_error / found.teacher_error
    table.add_row("squared error before", f"{found.teacher_error:.2f}", f"a sample, summed over {unit}")
    table.add_row("squared error now", f"{found.student_error:.2f}", f"{100 * share:.0f} % of that")
    changed = "1 − R², of what exchanging {} does; 0: as before"
    table.add_row("effect of z changed by", f"{found.z_changed:.3f}", changed.format("z"))
    table.add_row("effect of w changed by", f"{found.w_changed:.3f}", changed.format(given))
    kept = "yes" if found.codes_kept else "no"
    table.add_row("z and w unchanged", kept, "to the last bit; the dimensions of w from before")
    return table
