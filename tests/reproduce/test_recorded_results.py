"""The recorded results of the project: readable, of one method each, and what its page and tables say."""

import shutil
from pathlib import Path

import pytest

from differentia.reproduce import outcome_tables
from differentia.reproduce.quantities import QUANTITIES
from differentia.reproduce.reproduction_page import section, write_pages
from differentia.reproduce.results import run_of, stored

RESULTS = Path(__file__).parents[2] / "docs" / "results"


@pytest.mark.parametrize("name", QUANTITIES)
def test_records_of_a_variant_are_runs_of_one_method_and_say_where_they_stand(name):
    methods = {}
    for record in stored(RESULTS / f"{name}.json"):
        run = run_of(record)
        assert (run.data, run.seed) == (record["dataset"], record["seed"])
        methods.setdefault((record["dataset"], record["variant"]), set()).add(run.unseeded)
    assert methods
    assert [place for place, found in methods.items() if len(found) > 1] == []


@pytest.mark.parametrize("name", QUANTITIES)
def test_the_tables_are_those_of_the_records(name):
    found = section(RESULTS, name)
    assert (RESULTS / f"{name}.csv").read_text("utf-8") == outcome_tables.to_csv(found.outcome)
    assert (RESULTS / f"{name}.tex").read_text("utf-8") == outcome_tables.to_latex(
        found.outcome, found.experiment.title, f"tab:{name}"
    )


def test_the_page_is_that_of_the_records(tmp_path):
    shutil.copytree(RESULTS, tmp_path / "results")
    page = write_pages(tmp_path / "results")
    assert page.read_text("utf-8") == (RESULTS.parent / "reproduction.md").read_text("utf-8")
