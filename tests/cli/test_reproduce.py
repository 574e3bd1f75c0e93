"""``differentia reproduce``: what it refuses, and that it says so in one sentence."""

import importlib.util
import sys

import pytest
from filelock import FileLock

import differentia.cli


def run(monkeypatch, *words):
    monkeypatch.setattr(sys, "argv", ["differentia", "reproduce", *words])
    with pytest.raises(SystemExit) as end:
        differentia.cli.main()
    return end.value.code


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["table3"], "There is no 'table3' to reproduce"),
        (["table1", "--datasets", "cifar"], "There is no data set 'cifar'"),
        (["table1", "--datasets", ","], "There is no data set ','"),
        (["table1", "--variants", "mine"], "There is no variant 'mine'"),
        (["table2", "--variants", "strict"], "There is no variant 'strict'"),
        (["table1", "--backend", "threads"], "There is no backend 'threads'"),
        (["figure5", "--datasets", "mnist"], "figure5 shows no mnist"),
    ],
)
def test_a_request_that_cannot_be_met_ends_with_exit_code_2(words, says, monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert run(monkeypatch, *words) == 2
    message = capsys.readouterr().err
    assert message.startswith(f"error: {says}")
    assert len(message.strip().splitlines()) == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("backend", "module"), [("dask", "distributed"), ("ray", "ray")])
def test_a_backend_that_is_not_installed_is_named(backend, module, monkeypatch, capsys, tmp_path):
    if importlib.util.find_spec(module):
        pytest.skip(f"{module} is installed")
    assert run(monkeypatch, "table1", "--backend", backend, "--out", str(tmp_path)) == 2
    assert f"pip install '{backend}" in capsys.readouterr().err


@pytest.mark.parametrize("option", [("--seeds", "0"), ("--jobs", "0"), ("--seeds", "many")])
def test_impossible_numbers_end_with_exit_code_2(option, monkeypatch, capsys):
    assert run(monkeypatch, "table1", *option) == 2
    assert option[0] in capsys.readouterr().err


def test_two_commands_do_not_work_in_one_folder(monkeypatch, capsys, tmp_path):
    with FileLock(tmp_path / ".lock"):
        assert run(monkeypatch, "table1", "--datasets", "digits", "--out", str(tmp_path)) == 2
    assert capsys.readouterr().err.startswith(
        f"error: Another 'differentia reproduce' is at work in {tmp_path}"
    )
    assert not (tmp_path / "runs").exists()
