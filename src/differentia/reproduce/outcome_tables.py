"""Outcomes as tables: ours with its interval, the report's number beside it."""

from collections.abc import Sequence
from dataclasses import replace

from rich.table import Table as RichTable

from differentia import tables
from differentia.reproduce.outcomes import Line, Outcome, seeds_of
from differentia.reproduce.quantities import Quantity
from differentia.reproduce.seed_means import Mean, number
from differentia.tables import Cell, Column, Table

_LABELS = (
    Column("data", ("dataset",), "left"),
    Column("variant", ("variant",), "left"),
    Column("seeds", ("seeds",)),
    Column("chance", ("chance",), form=".4f"),
)


def table(quantities: Sequence[Quantity], lines: Sequence[Line]) -> Table:
    """Return lines as a table: data set, variant, seeds and chance, then each quantity.

    A quantity that the report prints has a second column, with the report's number.
    """
    columns = list(_LABELS)
    for quantity in quantities:
        key = quantity.key
        columns.append(Column(quantity.title, (key, f"{key}_low", f"{key}_high"), form=".4f"))
        if quantity.printed:
            columns.append(Column(f"{quantity.title}, report", (f"{key}_report",), form="g"))
    return Table(tuple(columns), tuple(_row(quantities, line) for line in lines))


def _row(quantities: Sequence[Quantity], line: Line) -> tuple[Cell, ...]:
    cells = [
        Cell(line.dataset, (line.dataset,)),
        Cell(line.variant, (line.variant,)),
        Cell(str(line.seeds), (line.seeds,)),
        Cell(number(line.chance, 3), (line.chance,)),
    ]
    for quantity, mean, printed in zip(quantities, line.means, line.printed, strict=True):
        cells.append(_mean_cell(mean, quantity.digits))
        if quantity.printed:
            cells.append(Cell("–" if printed is None else number(printed, 3), (printed,)))
    return tuple(cells)


def _mean_cell(mean: Mean | None, digits: int) -> Cell:
    if mean is None:
        return Cell("–", (None, None, None))
    return Cell(mean.text(digits), (mean.value, mean.low, mean.high))


def to_csv(outcome: Outcome) -> str:
    """Write an outcome as CSV: mean, ends of the interval and the report's number, a column each."""
    return tables.to_csv(table(outcome.quantities, outcome.lines))


def to_markdown(outcome: Outcome, dataset: str) -> str:
    """Write the lines of a data set as a Markdown table.

    The number of seeds has a column where it is not the same in every line.
    """
    lines = outcome.of(dataset)
    hidden = ["dataset", "chance"] + ["seeds"] * (len({line.seeds for line in lines}) == 1)
    return tables.to_markdown(table(outcome.quantities, lines).without(*hidden))


def to_latex(outcome: Outcome, caption: str, label: str) -> str:
    """Write an outcome as LaTeX with booktabs: a table for each part of it, a group of rows a data set.

    Parameters
    ----------
    outcome : Outcome
        The outcome.
    caption : str
        Caption of every part.
    label : str
        Label of the first part; those of the others end in a number.
    """
    return "\n".join(
        tables.to_latex(_groups(part), caption, f"{label}{at or ''}") for at, part in enumerate(outcome.parts)
    )


def _groups(outcome: Outcome) -> dict[str, Table]:
    groups = {}
    for dataset in outcome.datasets:
        lines = outcome.of(dataset)
        title = f"\\emph{{{tables.latex(dataset)}}}, chance {number(lines[0].chance, 3)}"
        groups[title] = table(outcome.quantities, lines).without("dataset", "seeds", "chance")
    return groups


def to_rich(outcome: Outcome, dataset: str) -> RichTable:
    """Return the lines of a data set for the terminal, the quantities that fit 80 characters."""
    brief = {quantity.key: quantity.brief for quantity in outcome.quantities if quantity.brief}
    lines = outcome.of(dataset)
    short = outcome.narrow(list(brief))
    shown = table(short.quantities, short.of(dataset)).without("dataset", "seeds", "chance")
    printed = [f"{key}_report" for key in brief]
    headings = brief | dict.fromkeys(printed, "report")
    columns = tuple(replace(c, header=headings.get(c.key, c.header)) for c in shown.columns)
    title = f"{dataset}, {seeds_of(lines)}; chance {number(lines[0].chance, 3)}"
    return tables.to_rich(Table(columns, shown.rows), title, padding=0, dim=printed)
