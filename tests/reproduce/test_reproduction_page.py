"""The page is made from stored results alone."""

import json
from copy import deepcopy

import pytest

from differentia.reproduce.reproduction_page import write_pages
from differentia.reproduce.results import store
from reproduce.canned import TABLE_1, record


def naive(variant):
    one = record("mnist", variant, 0, 0.2, 0.0)
    one["audit"], one["kl_w"] = None, None
    one["kl_identity"] = {
        "kl": 21.1,
        "information_low": 1.0,
        "information_high": 1.5,
        "aggregate_low": 19.6,
        "aggregate_high": 20.1,
        "n": 10_000,
    }
    return one


@pytest.fixture
def results(tmp_path):
    folder = tmp_path / "results"
    store(folder / "table1.json", TABLE_1)
    store(
        folder / "table2.json",
        [record("mnist", name, 0, 0.3, 0.4) for name in ("report-both", "report-both-plain")],
    )
    store(folder / "naive-quick.json", [naive("naive")])
    separated = [
        record("kinds", name, 0, 0.1, 0.99, 12.3, full_audit=name == "strict") for name in ("vae", "strict")
    ]
    separated[1]["truth"] = {
        "recovered": [
            {"name": "x", "class_name": None, "from_z": 0.93, "from_w": -0.01},
            {"name": "ring.hole_radius", "class_name": "ring", "from_z": 0.2, "from_w": 0.8},
            {"name": "ring.hole_offset", "class_name": "ring", "from_z": 0.0, "from_w": 0.6},
        ],
        "swap": {"swapped": 9.7, "reconstruction": 5.9, "class_mean": 22.7},
    }
    store(folder / "separation.json", separated)
    store(folder / "frontier.json", [record("mnist", "strict-unrounded", 0, 0.5, 0.98)])
    (folder / "figures.json").write_text(
        json.dumps(
            {
                "figure2-mnist-strict.png": {
                    "experiment": "figure2",
                    "dataset": "mnist",
                    "variant": "strict",
                    "quick": False,
                    "rows": [],
                }
            }
        )
    )
    return folder


def test_the_page_shows_stored_numbers_beside_the_printed_ones(results):
    path = write_pages(results)
    text = path.read_text("utf-8")
    assert path == results.parent / "reproduction.md"
    assert "| report-both-plain | .280 ± .025 | .300 | .190 ± .025 | .450 |" in text
    assert "| report-both | .400 | .450 |" in text
    assert "| naive | 21.10 | 1.00 | 1.50 | 19.60 | 20.10 |" in text
    assert "60,000 training and 10,000 test images, 3 seeds; chance is 0.114" in text
    assert "](results/figure2-mnist-strict.png)" in text
    assert "| strict | .200 | .200 | .200 | .990 | 12.3 | 24.6 | 0.80 | 0.95 | .900 | 2.0 |\n" in text
    assert "| variant | slant from z | slant from w |\n" in text
    assert "| strict | 0.90 | 0.10 |\n" in text
    assert "| strict | 0.93 | −0.01 | 0.70 | 0.10 | 9.7 | 22.7 |\n" in text
    assert "| vae | – | – | – | – | – | – |\n" in text
    assert "| strict-unrounded | strict with means of z that are not quantised |" in text
    assert "](results/frontier-mnist.png)" in text
    assert (
        "| mnist | strict | z .260 → .120, down, intervals apart | w .180 → .970, up, intervals apart | yes |"
        in text
    )


def test_the_page_says_which_rows_were_audited_in_full(results):
    text = write_pages(results).read_text()
    assert "1 seed; audited in full, but vae in the quick form; chance" in text
    assert text.count("audited in full, but") == 1


def test_quick_results_are_marked_and_give_way_to_full_ones(results):
    assert write_pages(results).read_text("utf-8").count("A quick look") == 1
    full = deepcopy(naive("naive"))
    full["kl_identity"]["kl"] = 25.0
    store(results / "naive.json", [full])
    text = write_pages(results).read_text("utf-8")
    assert "A quick look" not in text
    assert "| naive | 25.00 |" in text


def test_without_results_the_page_says_how_to_make_them(tmp_path):
    text = write_pages(tmp_path / "results").read_text("utf-8")
    assert "differentia reproduce all" in text
    assert "## Table 1" not in text
