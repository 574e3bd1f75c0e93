"""``differentia reproduce``: the report's tables and figures, ours beside theirs, and our own experiments."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from differentia.errors import DifferentiaError
from differentia.machine import cores


def reproduce(
    what: Annotated[
        str,
        typer.Argument(
            help="table1, table2, figure2 … figure7, naive (section 3.1); separation and frontier, which are "
            "ours; or all.",
            show_default=False,
        ),
    ],
    datasets: Annotated[
        str, typer.Option(help="mnist, fashion-mnist, celeba, kinds or digits, with commas between them.")
    ] = "mnist,fashion-mnist",
    seeds: Annotated[int, typer.Option(min=1, max=100, help="Runs of each variant, for the interval.")] = 3,
    variants: Annotated[
        str,
        typer.Option(
            help="default (without L_class, the variant that shows its effect on every data set, strict), "
            "all, or names with commas between them."
        ),
    ] = "default",
    quick: Annotated[
        bool, typer.Option("--quick", help="10,000 samples and a short training: a look, not a result.")
    ] = False,
    jobs: Annotated[
        int | None,
        typer.Option(min=1, help="Runs at a time, one thread each.", show_default="the number of cores"),
    ] = None,
    backend: Annotated[
        str, typer.Option(help="loky (this machine), dask or ray (a cluster that sees --out).")
    ] = "loky",
    out: Annotated[Path, typer.Option(help="Folder of the runs.")] = Path("runs/reproduce"),
    results: Annotated[
        Path | None,
        typer.Option(
            help="Folder of tables, figures and raw numbers; the page reproduction.md is written beside it.",
            show_default="OUT/results",
        ),
    ] = None,
) -> None:
    """Run the report's experiments and set the results beside its printed numbers.

    Runs that are done are never trained again, and one that was interrupted goes on from its last epoch: give
    the same command again.

    Examples: [bold]differentia reproduce table1 --seeds 1 --quick[/bold],
    [bold]differentia reproduce all --variants all --results docs/results[/bold].
    """
    from differentia.reproduce.reproduction import Request
    from differentia.reproduce.reproduction import reproduce as run
    from differentia.reproduce.runner import check_backend

    check_backend(backend)
    request = Request.of(what, datasets, seeds, variants, quick)
    console = Console(highlight=False)
    with _stoppable(console):
        failures = run(request, out, results or out / "results", jobs or cores(), backend, console)
    if failures:
        raise DifferentiaError(f"{len(failures)} runs failed. " + " ".join(failures))


@contextmanager
def _stoppable(console: Console) -> Iterator[None]:
    """Turn Ctrl-C into a sentence that says how to go on, and exit code 130."""
    try:
        yield
    except KeyboardInterrupt:
        console.print(
            "Stopped. Finished epochs are kept; give the same command again to go on.", style="yellow"
        )
        raise typer.Exit(130) from None
