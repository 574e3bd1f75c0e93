"""``differentia compare`` as a person uses it."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from differentia.cli import main


@pytest.fixture
def compare(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Callable[..., tuple[int, str, str]]:
    """Run the command in a folder that holds the run ``one``; returns exit code, output, errors."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "160")
    best: list[dict[str, Any]] = [
        {"code": code, "input": kind, "accuracy": 0.25, "low": 0.2, "high": 0.3}
        for code in "zw"
        for kind in ("samples", "means", "parameters")
    ]
    content = {
        "schema": 1,
        "run": {"method": "strict", "data": {"name": "digits"}},
        "audit": {
            "chance": 0.103,
            "worst": best,
            "swap": {"says_b": {"value": 0.9}},
            "collapse": {"kl_z": 6.0, "kl_w": 15.0},
            "verdict": {"level": "leaks"},
        },
        "generation": {"squared_error": {"value": 1.5}, "drawn": {"coverage": 0.75}},
    }
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "audit.json").write_text(json.dumps(content))

    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["differentia", "compare", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return run


def test_it_prints_a_table_and_writes_three_files(compare: Callable, tmp_path: Path) -> None:
    files = ["--csv", "out/a.csv", "--latex", "out/a.tex", "--plot", "out/a.png"]
    code, out, err = compare("one", *files)
    assert (code, err) == (0, "")
    for text in ("one", "strict", "digits", "1.50", "25.0 (20.0 to 30.0)", "[μ, log σ²] %", "75.0", "leaks"):
        assert text in out
    assert (tmp_path / "out/a.csv").read_text().splitlines()[1].startswith("one,strict,digits,1.5,0.25")
    assert r"\toprule" in (tmp_path / "out/a.tex").read_text()
    with Image.open(tmp_path / "out/a.png") as drawn:
        assert drawn.size[0] > 600
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.csv", "a.png", "a.tex"]


def test_a_run_without_a_report_ends_with_code_2(compare: Callable, tmp_path: Path) -> None:
    (tmp_path / "two").mkdir()
    code, _, err = compare("one", "two")
    assert code == 2
    assert err.strip() == "error: two has no audit.json yet. Make it with: differentia report two"


def test_an_unknown_kind_of_picture_ends_with_code_2(compare: Callable) -> None:
    code, _, err = compare("one", "--plot", "a.docx")
    assert code == 2
    assert ".png, .svg or .pdf" in err
