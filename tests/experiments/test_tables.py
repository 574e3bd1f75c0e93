"""Tables from canned results: golden files, effects, distances."""

from pathlib import Path

import pytest
from rich.console import Console

from differentia.experiments import tables
from differentia.experiments.declarations import EXPERIMENTS
from differentia.experiments.effect import compared, distances, effects
from experiments.canned import TABLE_1, record

GOLDEN = Path(__file__).with_name("golden")


@pytest.fixture
def made():
    return tables.experiment_table(EXPERIMENTS["table1"], TABLE_1)


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("table1.csv", tables.to_csv),
        ("table1.tex", lambda made: tables.to_latex(made, "With and without L_class", "tab:table1")),
        ("table1.md", lambda made: tables.to_markdown(made, "mnist") + "\n"),
    ],
)
def test_a_table_is_written_as_in_the_golden_file(name, write, made):
    assert write(made) == (GOLDEN / name).read_text("utf-8")


def test_the_terminal_shows_ours_beside_the_printed_numbers_in_80_columns(made):
    console = Console(width=80, color_system=None)
    with console.capture() as capture:
        console.print(tables.to_rich(made, "mnist"))
    text = capture.get()
    assert "mnist, 3 seeds; chance .114" in text
    row = next(line for line in text.splitlines() if line.strip().startswith("report-both-plain"))
    assert row.split()[1:9] == [".280", "±", ".025", ".300", ".190", "±", ".025", ".450"]


def test_rows_of_different_numbers_of_seeds_say_so():
    made = tables.experiment_table(
        EXPERIMENTS["table1"], [*TABLE_1, record("mnist", "strict", 3, 0.12, 0.97)]
    )
    text = tables.to_markdown(made.narrow(["z"]), "mnist")
    assert "| reading | seeds | z | z, report |" in text
    assert "| strict | 4 | .120 ± .000 | .300 |" in text
    assert tables.seeds_of(made, "mnist") == "3–4 seeds"


def test_a_wide_table_is_not_cut_in_80_columns():
    found = [
        record("mnist", "strict-undeclared", seed, 0.3, 0.4 + 0.1 * seed, 280.0 + seed) for seed in (0, 1, 2)
    ]
    console = Console(width=80, color_system=None)
    with console.capture() as capture:
        console.print(tables.to_rich(tables.experiment_table(EXPERIMENTS["separation"], found), "mnist"))
    assert "…" not in capture.get()
    assert "281.0 ± 2.5" in capture.get()


def test_rows_stand_in_the_declared_order_whatever_the_order_of_the_runs(made):
    shuffled = tables.experiment_table(EXPERIMENTS["table1"], TABLE_1[::-1])
    assert [line.reading for line in shuffled.lines] == ["without-plain", "report-both-plain", "strict"]
    assert [line.means[0].value for line in shuffled.lines] == pytest.approx(
        [line.means[0].value for line in made.lines]
    )


def test_the_effect_of_the_class_loss_is_told_with_its_direction_and_its_intervals(made):
    found = {effect.reading: effect for effect in effects(made)}
    assert found["strict"].reproduces
    assert not found["report-both-plain"].reproduces
    assert found["report-both-plain"].text() == (
        "z .260 → .280, up, intervals overlap; w .180 → .190, up, intervals overlap: "
        "not the report's direction"
    )


def test_the_distance_is_the_mean_gap_to_the_printed_numbers_and_ours_does_not_count(made):
    # |.28 − .30| and |.19 − .45|
    assert distances(made) == {"report-both-plain": pytest.approx((0.02 + 0.26) / 2)}


def test_only_data_sets_that_every_reading_was_run_on_count_for_the_distance():
    found = [
        *TABLE_1,
        record("mnist", "report-both", 0, 0.3, 0.4),
        record("celeba", "report-both", 0, 0.6, 0.6),
    ]
    made = tables.experiment_table(EXPERIMENTS["table1"], found)
    assert compared(made) == ["mnist"]
    assert distances(made)["report-both"] == pytest.approx((0.0 + 0.05) / 2)
