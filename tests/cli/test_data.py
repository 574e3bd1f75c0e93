import subprocess
import sys

import pytest

import differentia.cli
from bad_inputs import class_folder, npz


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Run `differentia data` with arguments; return the exit code, the output and the messages."""
    monkeypatch.setenv("DIFFERENTIA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "80")

    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["differentia", "data", *arguments])
        try:
            differentia.cli.main()
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return call


def test_list_names_every_set_within_80_columns(run):
    code, out, _ = run("list")
    assert code == 0
    table = out.split("\n\n")[0].splitlines()
    assert [row.split()[0] for row in table[1:]] == ["mnist", "fashion-mnist", "celeba", "digits", "kinds"]
    assert all(len(row) <= 80 and "…" not in row for row in table)


def test_fetch_says_where_it_is(run):
    assert run("fetch", "digits")[:2] == (0, "digits: built in\n")


def test_fetch_of_celeba_says_what_to_do(run):
    code, _, err = run("fetch", "celeba")
    assert code == 2
    assert "list_eval_partition.txt" in err


def test_fetch_of_an_unknown_name_suggests_one(run):
    code, _, err = run("fetch", "minst")
    assert code == 2
    assert "Did you mean mnist?" in err


def test_check_shows_counts_and_findings(run, tmp_path):
    code, out, _ = run("check", str(npz()(tmp_path)))
    assert code == 0
    assert "16 to train, 4 to test" in out
    assert "12×12×1" in out
    assert "warning" in out
    assert "can be used" in out


def test_check_takes_a_size(run, tmp_path):
    assert "32×32×3" in run("check", str(class_folder()(tmp_path)), "--size", "32")[1]


def test_check_survives_markup_in_names(run, tmp_path):
    root = class_folder()(tmp_path)
    (root / "cat").rename(root / "[bold]cat")
    code, out, _ = run("check", str(root))
    assert code == 0
    assert "[bold]cat" in out


@pytest.mark.slow
def test_help_does_not_wait_for_heavy_imports():
    probe = (
        "import sys, typer.testing, differentia.cli as c;"
        "r = typer.testing.CliRunner().invoke(c.app, ['data', 'check', '--help']);"
        "assert r.exit_code == 0, r.output;"
        "sys.exit(any(m in sys.modules for m in ('torch', 'sklearn', 'PIL')))"
    )
    assert subprocess.run([sys.executable, "-c", probe], check=False).returncode == 0
