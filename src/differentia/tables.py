"""A table once, written for the terminal, as CSV, as LaTeX and as Markdown."""

import csv
import io
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from rich import box
from rich.table import Table as RichTable
from rich.text import Text

Value = str | int | float | None
"""What a CSV file holds in one place; None for what there is not."""


@dataclass(frozen=True)
class Column:
    """A column.

    Attributes
    ----------
    header : str
        Heading for people, with the unit.
    names : tuple of str
        Names of its values in a CSV file, where one cell may fill several columns: a mean and its interval.
        The first is the column's key.
    align : {'left', 'right'}
        Words stand left, numbers right.
    meaning : str
        What the column shows, for an explanation below the table.
    latex : str
        Heading as LaTeX; empty for the escaped `header`.
    form : str
        Format of its values in a CSV file, as for `format`; empty for full precision.
    """

    header: str
    names: tuple[str, ...]
    align: Literal["left", "right"] = "right"
    meaning: str = ""
    latex: str = ""
    form: str = ""

    @property
    def key(self) -> str:
        """What tells the column from the others of its table: headings may be alike."""
        return self.names[0]


@dataclass(frozen=True)
class Cell:
    """What one column says of one row: the text for people, and a value for each of the column's names."""

    text: str
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Table:
    """Columns, and rows with a cell for each of them."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def only(self, keys: Sequence[str]) -> "Table":
        """Return the table with the columns of these keys, in the order given; each has to be there."""
        own = [column.key for column in self.columns]
        places = [own.index(key) for key in keys]
        rows = tuple(tuple(row[place] for place in places) for row in self.rows)
        return Table(tuple(self.columns[place] for place in places), rows)

    def without(self, *keys: str) -> "Table":
        """Return the table without the columns of these keys."""
        return self.only([column.key for column in self.columns if column.key not in keys])


def to_csv(table: Table) -> str:
    """Write the values as CSV with a header, nothing where there is no value."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([name for column in table.columns for name in column.names])
    for row in table.rows:
        writer.writerow(
            "" if value is None else format(value, column.form)
            for column, cell in zip(table.columns, row, strict=True)
            for value in cell.values
        )
    return text.getvalue()


def to_markdown(table: Table) -> str:
    """Write the texts as a Markdown table."""
    rules = {"left": "---", "right": "---:"}
    rows = [
        [column.header for column in table.columns],
        [rules[column.align] for column in table.columns],
        *([cell.text for cell in row] for row in table.rows),
    ]
    return "\n".join(f"| {' | '.join(text.replace('|', chr(92) + '|') for text in row)} |" for row in rows)


def to_latex(groups: Mapping[str, Table], caption: str = "", label: str = "") -> str:
    """Write tables of the same columns below one heading, for the LaTeX package booktabs.

    Parameters
    ----------
    groups : mapping
        Tables by their titles, which are LaTeX; an empty title is left out.
    caption : str
        Puts the whole into a ``table`` with this caption; empty for the ``tabular`` alone.
    label : str
        Label beside the caption.
    """
    columns = next(iter(groups.values())).columns
    headings = " & ".join(column.latex or latex(column.header) for column in columns)
    lines = [
        f"\\begin{{tabular}}{{{''.join(column.align[0] for column in columns)}}}",
        "\\toprule",
        f"{headings} \\\\",
    ]
    for title, table in groups.items():
        lines.append("\\midrule")
        lines += [f"\\multicolumn{{{len(columns)}}}{{l}}{{{title}}} \\\\"] if title else []
        lines += [" & ".join(latex(cell.text) for cell in row) + " \\\\" for row in table.rows]
    lines += ["\\bottomrule", "\\end{tabular}"]
    if caption:
        begin = ["\\begin{table}", "\\centering", f"\\caption{{{latex(caption)}}}", f"\\label{{{label}}}"]
        lines = [*begin, *lines, "\\end{table}"]
    return "\n".join(["% needs \\usepackage{booktabs}", *lines, ""])


_SIGNS = {
    "KL_z": "$\\mathrm{KL}_z$",
    "KL_w": "$\\mathrm{KL}_w$",
    "C_z": "$C_z$",
    "C_w": "$C_w$",
    "L_class": "$L_{class}$",
    "±": "$\\pm$",
    "−": "$-$",
    "β": "$\\beta$",
    "γ": "$\\gamma$",
    "μ": "$\\mu$",
    "σ²": "$\\sigma^2$",
    "‖": "$\\|$",
    "–": "--",
    "\\": "\\textbackslash{}",
    "~": "\\textasciitilde{}",
    "^": "\\textasciicircum{}",
    **{character: f"\\{character}" for character in "&%$#_{}"},
}
_SIGN = re.compile("|".join(map(re.escape, _SIGNS)))


def latex(text: str) -> str:
    """Return plain text as LaTeX: special characters escaped, the report's symbols as mathematics."""
    return _SIGN.sub(lambda found: _SIGNS[found[0]], text)


def to_rich(table: Table, title: str | None = None, padding: int = 1, dim: Collection[str] = ()) -> RichTable:
    """Return the texts for the terminal.

    Parameters
    ----------
    table : Table
        The table. Words are folded where the terminal is narrow, numbers never.
    title : str or None
        Above it.
    padding : int
        Blanks beside each cell.
    dim : collection of str
        Keys of columns that stand back.
    """
    shown = RichTable(
        title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, padding), pad_edge=False
    )
    for column in table.columns:
        style = "dim" if column.key in dim else ""
        if column.align == "left":
            shown.add_column(column.header, style=style, overflow="fold")
        else:
            shown.add_column(column.header, style=style, justify="right", no_wrap=True)
    for row in table.rows:
        shown.add_row(*(Text(cell.text) for cell in row))
    return shown
