"""Whatever is wrong with a person's data ends in exit code 2 and one clear sentence."""

import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import differentia.cli
from bad_inputs import BAD_INPUTS, celeba, class_folder, npz, split_folder


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIFFERENTIA_CACHE", str(tmp_path_factory.mktemp("cache")))


def check(path: Path, monkeypatch: pytest.MonkeyPatch, *command: str) -> int:
    """Run `differentia data check`, or another command, on a path; return its exit code."""
    monkeypatch.setattr(sys, "argv", ["differentia", *(command or ("data", "check")), str(path)])
    try:
        differentia.cli.main()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def is_clear(message: str) -> bool:
    """Whether a message is what is wrong and what to do, on one line, without a word of Python's."""
    lines = message.strip().splitlines()
    foreign = ("Traceback", "Error:", "Exception", "NoneType", "ndarray", "object at 0x")
    return (
        len(lines) == 1
        and lines[0].startswith("error: ")
        and lines[0].rstrip().endswith((".", "…"))
        and 40 < len(lines[0]) < 600
        and not any(word in message for word in foreign)
    )


@pytest.mark.parametrize(("name", "make"), BAD_INPUTS, ids=[name for name, _ in BAD_INPUTS])
@pytest.mark.parametrize("command", [("data", "check"), ("train",)], ids=["check", "train"])
def test_bad_data_end_in_exit_code_2_and_one_sentence(name, make, command, tmp_path, monkeypatch, capsys):
    folder = tmp_path / "given"
    folder.mkdir()
    monkeypatch.chdir(tmp_path)
    code = check(make(folder), monkeypatch, *command)
    assert not (tmp_path / "runs").exists()
    message = capsys.readouterr().err.replace("decoding", "")
    message = "\n".join(line for line in message.splitlines() if "pictures ━" not in line)
    assert code == 2
    assert is_clear(message), message


@pytest.mark.parametrize(
    "make",
    [npz(), class_folder(), split_folder(), celeba(), celeba(zipped=True)],
    ids=["npz", "class folder", "train and test", "celeba", "celeba zip"],
)
def test_the_same_data_without_the_fault_are_usable(make, tmp_path, monkeypatch):
    """Otherwise the tests above would pass on anything."""
    assert check(make(tmp_path), monkeypatch) == 0


ANY_DTYPE = st.one_of(arrays.scalar_dtypes(), arrays.unicode_string_dtypes(max_len=3))
ANY_ARRAY = ANY_DTYPE.flatmap(
    lambda dtype: arrays.arrays(dtype, arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=9))
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(x=ANY_ARRAY, y=ANY_ARRAY)
def test_any_arrays_end_in_use_or_in_exit_code_2(x, y, tmp_path, monkeypatch, capsys):
    np.savez(tmp_path / "any.npz", x=x, y=y)
    code = check(tmp_path / "any.npz", monkeypatch)
    message = capsys.readouterr().err
    assert code == 0 or (code == 2 and is_clear(message)), message


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(where=st.integers(0, 4000), byte=st.integers(0, 255), length=st.integers(0, 4000))
def test_a_damaged_npz_ends_in_use_or_in_exit_code_2(where, byte, length, tmp_path, monkeypatch, capsys):
    data = bytearray(npz()(tmp_path).read_bytes())
    data[where % len(data)] = byte
    (tmp_path / "damaged.npz").write_bytes(data[: len(data) - length if length % 2 else None])
    code = check(tmp_path / "damaged.npz", monkeypatch)
    message = capsys.readouterr().err
    assert code == 0 or (code == 2 and is_clear(message)), message
