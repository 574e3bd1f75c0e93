"""Tables from canned results: golden files, order, the terminal's width."""

from pathlib import Path

import pytest
from rich.console import Console

from differentia.reproduce import outcome_tables
from differentia.reproduce.experiments import EXPERIMENTS
from differentia.reproduce.outcomes import outcome_of, seeds_of
from reproduce.canned import TABLE_1, record

GOLDEN = Path(__file__).with_name("golden")


@pytest.fixture
def table_1():
    return outcome_of(EXPERIMENTS["table1"], TABLE_1)


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("table1.csv", outcome_tables.to_csv),
        (
            "table1.tex",
            lambda table_1: outcome_tables.to_latex(table_1, "With and without L_class", "tab:table1"),
        ),
        ("table1.md", lambda table_1: outcome_tables.to_markdown(table_1, "mnist") + "\n"),
    ],
)
def test_a_table_is_written_as_in_the_golden_file(name, write, table_1):
    assert write(table_1) == (GOLDEN / name).read_text("utf-8")


def test_the_terminal_shows_ours_beside_the_printed_numbers_in_80_columns(table_1):
    console = Console(width=80, color_system=None)
    with console.capture() as capture:
        console.print(outcome_tables.to_rich(table_1, "mnist"))
    text = capture.get()
    assert "mnist, 3 seeds; chance .114" in text
    row = next(line for line in text.splitlines() if line.strip().startswith("report-both-plain"))
    assert row.split()[1:9] == [".280", "±", ".025", ".300", ".190", "±", ".025", ".450"]


def test_rows_of_different_numbers_of_seeds_say_so():
    table_1 = outcome_of(EXPERIMENTS["table1"], [*TABLE_1, record("mnist", "strict", 3, 0.12, 0.97)])
    text = outcome_tables.to_markdown(table_1.narrow(["z"]), "mnist")
    assert "| variant | seeds | z | z, report |" in text
    assert "| strict | 4 | .120 ± .000 | .300 |" in text
    assert seeds_of(table_1.of("mnist")) == "3–4 seeds"


def test_a_wide_table_is_not_cut_in_80_columns():
    found = [
        record("mnist", "strict-undeclared", seed, 0.3, 0.4 + 0.1 * seed, 280.0 + seed) for seed in (0, 1, 2)
    ]
    console = Console(width=80, color_system=None)
    with console.capture() as capture:
        console.print(outcome_tables.to_rich(outcome_of(EXPERIMENTS["separation"], found), "mnist"))
    assert "…" not in capture.get()
    assert "281.0 ± 2.5" in capture.get()


def test_rows_stand_in_the_declared_order_whatever_the_order_of_the_runs():
    shuffled = outcome_of(EXPERIMENTS["table1"], TABLE_1[::-1])
    assert [line.variant for line in shuffled.lines] == ["without-plain", "report-both-plain", "strict"]
    assert [line.means[0].value for line in shuffled.lines] == pytest.approx([0.26, 0.28, 0.12])
