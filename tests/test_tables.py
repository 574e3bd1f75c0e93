"""One small table in its four written forms."""

import csv
import io

import pytest
from rich.console import Console

from differentia.tables import Cell, Column, Table, latex, to_csv, to_latex, to_markdown, to_rich

ERROR = Cell("1.2 (1.1 to 1.3)", (1.234567, 1.1, 1.3))
NONE = Cell("–", (None, None, None))


@pytest.fixture
def table() -> Table:
    return Table(
        (
            Column("name", ("name",), "left"),
            Column("error", ("error", "error_low", "error_high"), form=".2f"),
            Column("n", ("count",), latex="$n$"),
        ),
        (
            (Cell("a,b|c_d", ("a,b|c_d",)), ERROR, Cell("3", (3,))),
            (Cell("[bold]", ("[bold]",)), NONE, Cell("4", (4,))),
        ),
    )


def test_csv_has_a_column_for_every_value_in_the_format_of_its_column(table: Table) -> None:
    assert list(csv.reader(io.StringIO(to_csv(table)))) == [
        ["name", "error", "error_low", "error_high", "count"],
        ["a,b|c_d", "1.23", "1.10", "1.30", "3"],
        ["[bold]", "", "", "", "4"],
    ]


def test_csv_without_a_format_gives_every_number_back() -> None:
    one = Table((Column("x", ("x",)),), ((Cell("0.3", (0.1 + 0.2,)),),))
    assert float(to_csv(one).splitlines()[1]) == 0.1 + 0.2


def test_markdown_aligns_numbers_right_and_keeps_a_bar_inside_its_cell(table: Table) -> None:
    assert to_markdown(table) == "\n".join(
        [
            "| name | error | n |",
            "| --- | ---: | ---: |",
            r"| a,b\|c_d | 1.2 (1.1 to 1.3) | 3 |",
            "| [bold] | – | 4 |",
        ]
    )


def test_latex_has_a_rule_and_a_title_for_each_group(table: Table) -> None:
    assert to_latex({r"\emph{one}": table.only(["name", "count"])}, "Of L_class", "tab:x") == "\n".join(
        [
            r"% needs \usepackage{booktabs}",
            r"\begin{table}",
            r"\centering",
            r"\caption{Of $L_{class}$}",
            r"\label{tab:x}",
            r"\begin{tabular}{lr}",
            r"\toprule",
            r"name & $n$ \\",
            r"\midrule",
            r"\multicolumn{2}{l}{\emph{one}} \\",
            r"a,b|c\_d & 3 \\",
            r"[bold] & 4 \\",
            r"\bottomrule",
            r"\end{tabular}",
            r"\end{table}",
            "",
        ]
    )


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("50 % of a_b & c", r"50 \% of a\_b \& c"),
        ("KL_z", r"$\mathrm{KL}_z$"),
        ("−1 ± 2", r"$-$1 $\pm$ 2"),
        (r"\{~^}", r"\textbackslash{}\{\textasciitilde{}\textasciicircum{}\}"),
    ],
)
def test_what_means_something_to_latex_is_escaped_once(text: str, written: str) -> None:
    assert latex(text) == written


def test_the_terminal_never_folds_a_number_and_takes_brackets_literally(table: Table) -> None:
    console = Console(width=28, color_system=None)
    with console.capture() as capture:
        console.print(to_rich(table, padding=0))
    text = capture.get()
    assert "1.2 (1.1 to 1.3)" in text
    assert "[bold]" in text


def test_columns_are_chosen_by_key_in_the_order_asked_for(table: Table) -> None:
    chosen = table.only(["count", "name"])
    assert [column.header for column in chosen.columns] == ["n", "name"]
    assert [cell.text for cell in chosen.rows[0]] == ["3", "a,b|c_d"]
    assert table.without("error", "count") == table.only(["name"])
    with pytest.raises(ValueError, match="missing"):
        table.only(["missing"])
