"""Tables from records: ours with its interval, the report's number beside it."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rich import box
from rich.table import Table as RichTable

from differentia.experiments.columns import COLUMNS, Column
from differentia.experiments.declarations import Experiment
from differentia.experiments.results import Record
from differentia.experiments.statistics import Mean, number


@dataclass(frozen=True)
class Line:
    """A row: a reading of a data set, with a mean a column (None where there is no such number)."""

    dataset: str
    reading: str
    seeds: int
    chance: float
    means: tuple[Mean | None, ...]
    printed: tuple[float | None, ...]


@dataclass(frozen=True)
class Table:
    """A table of the reproduction."""

    columns: tuple[Column, ...]
    lines: tuple[Line, ...]

    def of(self, dataset: str) -> list[Line]:
        """Return the rows of a data set."""
        return [line for line in self.lines if line.dataset == dataset]

    def narrow(self, keys: Sequence[str]) -> "Table":
        """Return the table with the columns of these keys alone."""
        kept = [at for at, column in enumerate(self.columns) if column.key in keys]

        def pick(line: Line) -> Line:
            return replace(
                line,
                means=tuple(line.means[at] for at in kept),
                printed=tuple(line.printed[at] for at in kept),
            )

        return Table(tuple(self.columns[at] for at in kept), tuple(map(pick, self.lines)))

    @property
    def parts(self) -> list["Table"]:
        """The table as one table for each group of columns."""
        groups = dict.fromkeys(column.group for column in self.columns)
        return [self.narrow([c.key for c in self.columns if c.group == group]) for group in groups]

    def value(self, line: Line, key: str) -> float | None:
        """Return the mean in the column of that key."""
        found = line.means[[column.key for column in self.columns].index(key)]
        return None if found is None else found.value

    @property
    def datasets(self) -> list[str]:
        """Data sets with a row, in order."""
        return list(dict.fromkeys(line.dataset for line in self.lines))


def table(experiment: str, found: Sequence[Record], order: Sequence[str]) -> Table:
    """Make the table of an experiment.

    Parameters
    ----------
    experiment : str
        A key of `COLUMNS`.
    found : sequence of dict
        Records.
    order : sequence of str
        Readings in the order of the rows; others are left out.
    """
    columns = COLUMNS[experiment]
    groups: dict[tuple[str, str], list[Record]] = {}
    for record in found:
        groups.setdefault((record["dataset"], record["reading"]), []).append(record)
    lines = []
    for dataset in dict.fromkeys(record["dataset"] for record in found):
        for reading in order:
            group = groups.get((dataset, reading))
            if group:
                printed = tuple(c.printed(dataset, reading) if c.printed else None for c in columns)
                means = tuple(_mean([c.value(record) for record in group]) for c in columns)
                lines.append(Line(dataset, reading, len(group), group[0]["chance"], means, printed))
    return Table(columns, tuple(lines))


def experiment_table(experiment: Experiment, found: Sequence[Record]) -> Table:
    """Make an experiment's table, its rows in the declared order."""
    return table(experiment.name, found, [reading.name for reading in experiment.readings(experiment.every)])


def _mean(values: Sequence[float | None]) -> Mean | None:
    known = [value for value in values if value is not None]
    return Mean.of(known) if known else None


def to_csv(made: Table) -> str:
    """Write a table as CSV: mean, ends of the interval and the report's number, a column each."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    header = ["dataset", "reading", "seeds", "chance"]
    for column in made.columns:
        header += [column.key, f"{column.key}_low", f"{column.key}_high"]
        header += [f"{column.key}_report"] if column.printed else []
    writer.writerow(header)
    for line in made.lines:
        row: list[str | int] = [line.dataset, line.reading, line.seeds, f"{line.chance:.4f}"]
        for column, mean, printed in zip(made.columns, line.means, line.printed, strict=True):
            ends = (None, None, None) if mean is None else (mean.value, mean.low, mean.high)
            row += ["" if end is None else f"{end:.4f}" for end in ends]
            row += ["" if printed is None else f"{printed:g}"] if column.printed else []
        writer.writerow(row)
    return text.getvalue()


def cells(made: Table, line: Line) -> list[str]:
    """Return a row as text: ours, then the report's number for columns that have one, "–" for none."""
    row = []
    for column, mean, printed in zip(made.columns, line.means, line.printed, strict=True):
        row.append("–" if mean is None else mean.text(column.digits))
        if column.printed:
            row.append("–" if printed is None else number(printed, 3))
    return row


def headings(made: Table) -> list[str]:
    """Return the headings of `cells`."""
    names = []
    for column in made.columns:
        names.append(column.title)
        names += [f"{column.title}, report"] if column.printed else []
    return names


def to_markdown(made: Table, dataset: str) -> str:
    """Write the rows of a data set as a Markdown table.

    The number of seeds has a column where it is not the same in every row.
    """
    rows = made.of(dataset)
    vary = len({line.seeds for line in rows}) > 1
    names = ["reading", *["seeds"] * vary, *headings(made)]
    lines = [f"| {' | '.join(names)} |", f"| --- |{' ---: |' * (len(names) - 1)}"]
    for line in rows:
        row = [line.reading, *[str(line.seeds)] * vary, *cells(made, line)]
        lines.append(f"| {' | '.join(row)} |")
    return "\n".join(lines)


def seeds_of(made: Table, dataset: str) -> str:
    """Return on how many seeds the rows of a data set stand: ``"1 seed"``, ``"3–8 seeds"``."""
    counts = sorted({line.seeds for line in made.of(dataset)})
    ends = "–".join(str(n) for n in dict.fromkeys((counts[0], counts[-1])))
    return f"{ends} seed{'' if counts == [1] else 's'}"


def to_latex(made: Table, caption: str, label: str) -> str:
    """Write a table as LaTeX with booktabs, a group of rows a data set."""
    names = headings(made)
    out = [
        "% needs \\usepackage{booktabs}",
        "\\begin{table}",
        "\\centering",
        f"\\caption{{{_latex(caption)}}}",
        f"\\label{{{label}}}",
        f"\\begin{{tabular}}{{l{'r' * len(names)}}}",
        "\\toprule",
        " & ".join(["reading", *map(_latex, names)]) + " \\\\",
    ]
    for dataset in made.datasets:
        lines = made.of(dataset)
        title = f"\\emph{{{_latex(dataset)}}}, chance {number(lines[0].chance, 3)}"
        out += ["\\midrule", f"\\multicolumn{{{len(names) + 1}}}{{l}}{{{title}}} \\\\"]
        out += [" & ".join(map(_latex, [line.reading, *cells(made, line)])) + " \\\\" for line in lines]
    return "\n".join([*out, "\\bottomrule", "\\end{tabular}", "\\end{table}", ""])


_LATEX = {
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
    "%": "\\%",
    "&": "\\&",
}


def _latex(text: str) -> str:
    for sign, written in _LATEX.items():
        text = text.replace(sign, written)
    return text


def to_rich(made: Table, dataset: str) -> RichTable:
    """Return the rows of a data set for the terminal, the columns that fit 80 characters."""
    lines = made.of(dataset)
    title = f"{dataset}, {seeds_of(made, dataset)}; chance {number(lines[0].chance, 3)}"
    shown = RichTable(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 0), show_edge=False)
    shown.add_column("reading", no_wrap=True)
    for column in made.columns:
        if column.brief:
            shown.add_column(column.brief, justify="right", no_wrap=True)
            if column.printed:
                shown.add_column("report", justify="right", style="dim", no_wrap=True)
    for line in lines:
        row = [line.reading]
        for column, mean, printed in zip(made.columns, line.means, line.printed, strict=True):
            if column.brief:
                row.append("–" if mean is None else mean.text(column.digits))
                if column.printed:
                    row.append("–" if printed is None else number(printed, 3))
        shown.add_row(*row)
    return shown
