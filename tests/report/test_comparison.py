"""Runs side by side: what is picked, how it is written, and what is said when something is missing."""

import json
from pathlib import Path
from typing import Any

import pytest

from differentia.errors import DifferentiaError
from differentia.report.comparison import Compared, picture, read_runs, table
from differentia.tables import to_csv, to_latex


def probe(code: str, kind: str, accuracy: float) -> dict[str, Any]:
    return {
        "code": code, "input": kind, "accuracy": accuracy,
        "low": accuracy - 0.01, "high": accuracy + 0.01,
    }  # fmt: skip


def document(method: str = "strict", w: bool = True, **changes: Any) -> dict[str, Any]:
    """Return the parts of an ``audit.json`` that a comparison reads."""
    worst = [probe("z", "samples", 0.125), probe("z", "means", 0.5), probe("z", "parameters", 0.75)]
    return {
        "schema": 1,
        "run": {"method": method, "preset": "plain", "data": {"name": "mnist"}},
        "audit": {
            "chance": 0.1135,
            "worst": [*worst, probe("w", "samples", 0.96)] if w else worst,
            "swap": {"says_b": {"value": 0.9375}},
            "collapse": {"kl_z": 7.04, "kl_w": 16.26 if w else None},
            "verdict": {"level": "separated in samples"},
        },
        "generation": {"squared_error": {"value": 10.3}, "drawn": {"coverage": 0.5} if w else None},
    } | changes


def write(folder: Path, content: dict[str, Any]) -> Path:
    folder.mkdir(parents=True)
    (folder / "audit.json").write_text(json.dumps(content))
    return folder


@pytest.fixture
def runs(tmp_path: Path) -> list[Path]:
    return [write(tmp_path / "my_run", document()), write(tmp_path / "plain", document("naive", w=False))]


def test_csv_holds_shares_in_full_precision_and_nothing_for_what_is_absent(runs: list[Path]) -> None:
    assert to_csv(table(read_runs(runs))) == (
        "run,method,data,squared_error,leak_z,leak_z_low,leak_z_high,chance,leak_z_parameters,accuracy_w,"
        "swap_consistency,coverage,kl_z,kl_w,verdict\n"
        "my_run,strict,mnist,10.3,0.125,0.115,0.135,0.1135,0.75,0.96,0.9375,0.5,7.04,16.26,"
        "separated in samples\n"
        "plain,naive,mnist,10.3,0.125,0.115,0.135,0.1135,0.75,,0.9375,,7.04,,separated in samples\n"
    )


def test_latex_is_a_booktabs_table_with_its_special_characters_escaped(runs: list[Path]) -> None:
    assert to_latex({"": table(read_runs(runs)).without("verdict")}) == "\n".join(
        [
            r"% needs \usepackage{booktabs}",
            r"\begin{tabular}{lllrrrrrrrrr}",
            r"\toprule",
            r"run & method & data & error & $z$ (\%) & chance (\%) & $[\mu, \log\sigma^2]$ (\%) & $w$ (\%) & "
            r"swaps (\%) & coverage (\%) & KL $z$ & KL $w$ \\",
            r"\midrule",
            r"my\_run & strict & mnist & 10.30 & 12.5 (11.5 to 13.5) & 11.3 & 75.0 & 96.0 & 93.8 & 50.0 "
            r"& 7.0 & 16.3 \\",
            r"plain & naive & mnist & 10.30 & 12.5 (11.5 to 13.5) & 11.3 & 75.0 & -- & 93.8 & -- "
            r"& 7.0 & -- \\",
            r"\bottomrule",
            r"\end{tabular}",
            "",
        ]
    )


def test_two_runs_of_one_name_are_called_by_their_paths(tmp_path: Path) -> None:
    paths = [write(tmp_path / place / "same", document()) for place in ("a", "b")]
    assert [row.run for row in read_runs(paths)] == [str(path) for path in paths]


def test_runs_without_an_audit_are_named_with_the_command_that_makes_it(tmp_path: Path) -> None:
    bare = tmp_path / "two words"
    bare.mkdir()
    with pytest.raises(DifferentiaError, match=r"has no audit\.json yet") as raised:
        read_runs([write(tmp_path / "good", document()), bare])
    assert f"differentia report '{bare}'" in str(raised.value)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(DifferentiaError, match="no such folder"):
        read_runs([tmp_path / "nowhere"])


@pytest.mark.parametrize("content", ["{", "[]", "{}", json.dumps(document(audit={}))])
def test_a_damaged_audit_is_said_with_its_remedy(tmp_path: Path, content: str) -> None:
    (tmp_path / "audit.json").write_text(content)
    with pytest.raises(DifferentiaError, match=r"damaged.*differentia report"):
        read_runs([tmp_path])


def test_another_layout_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DifferentiaError, match="layout 2, not 1"):
        read_runs([write(tmp_path / "new", document(schema=2))])


def test_the_picture_shows_every_run_and_chance(runs: list[Path]) -> None:
    axes = picture(read_runs(runs)).axes[0]
    words = [text.get_text() for text in axes.texts]
    assert words == ["my_run", "plain"]
    points = [tuple(container.lines[0].get_xydata()[0]) for container in axes.containers]
    assert points == [(10.3, 12.5), (10.3, 12.5)]
    assert axes.lines[0].get_ydata()[0] == pytest.approx(11.35)
    legend = [text.get_text() for text in axes.get_legend().get_texts()]
    assert legend == ["chance", "strict", "naive"]


def test_the_figures_are_the_ones_of_the_document() -> None:
    row = Compared.of("name", document())
    assert (row.leak_z, row.leak_z_parameters, row.accuracy_w) == (0.125, 0.75, 0.96)
    assert Compared.of("name", document(w=False)).accuracy_w is None
