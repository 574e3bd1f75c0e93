"""Whatever the terminal, the names and the disk are like: output is shown, and an error is one sentence."""

import errno
import io
import os
import signal
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from rich.console import Console
from safetensors import SafetensorError

from differentia.cli import main, training_session
from differentia.cli.terminal import sentence, speak_any_encoding, strong
from differentia.cli.training_session import new_folder
from differentia.data.catalogue import place_of
from differentia.errors import DifferentiaError
from differentia.files import write_tensors

SMALL = ["--set", "model.hidden=[8]", "--set", "model.z_dim=6", "--set", "model.w_dim=2", "--no-figures"]


def pictures(folder: Path, n: int = 8) -> None:
    folder.mkdir(parents=True)
    for i in range(n):
        pixels = np.random.default_rng([len(folder.name), i]).integers(0, 256, (12, 12), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{i}.png")


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1", "utf-8", "cp932"])
def test_what_an_encoding_lacks_is_spelt_out(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding=encoding))
    speak_any_encoding()
    print("seed 0 → r, 8 × 8, μ, z₀ − w, 猫 caf\udce9", flush=True)  # noqa: T201
    said = raw.getvalue().decode(encoding)
    assert "caf" in said
    if encoding == "utf-8":
        assert "→ r, 8 × 8, μ, z₀ − w, 猫 café" in said
    if encoding == "ascii":
        assert said.strip() == "seed 0 -> r, 8 x 8, mu, z0 - w, ? cafe"


@pytest.mark.slow
def test_a_training_on_an_ascii_terminal_with_odd_names_ends_well(
    differentia: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = tmp_path / "my 'photos' [old] [" / "b]"
    for name in (os.fsdecode(b"caf\xe9"), "[bold]x"):
        pictures(odd / name)
    raw = io.BytesIO()
    monkeypatch.setattr(
        sys, "argv", ["differentia", "train", str(odd), "--epochs", "1", "--out", "r [b]", *SMALL]
    )
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    with pytest.raises(SystemExit) as ended:
        main()
    sys.stdout.flush()
    assert not ended.value.code
    assert "-> r [b]" in " ".join(raw.getvalue().decode().split())
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    code, _, err = differentia("train", str(odd), "--out", "r [b]")
    assert code == 2
    assert "--resume 'r [b]'" in err


def test_a_folder_that_cannot_be_made_is_said_before_anything_starts(
    differentia: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("x")
    monkeypatch.setattr("differentia.data.catalogue.load", lambda *_: pytest.fail("data were read"))
    code, _, err = differentia("train", "digits", "--out", "file/run")
    assert (code, "file is no folder that can be written to" in err) == (2, True)


def test_of_several_processes_one_says_what_is_wrong(
    differentia: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert differentia("train", "nowhere")[2].startswith("error: there is no data set")
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert differentia("train", "nowhere") == (2, "", "")


def test_names_are_no_markup() -> None:
    console = Console(file=io.StringIO(), width=80)
    console.print(strong("photos [old]/[/b]"))
    assert console.file.getvalue() == "photos [old]/[/b]\n"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        (DifferentiaError("wrong. Do this."), "wrong. Do this."),
        (OSError(errno.ENOSPC, "No space left on device"), "cannot write (No space left on device). Free"),
        (OSError(errno.EDQUOT, "Disk quota exceeded", "a/.x.1.partial.json"), "cannot write a (Disk quota"),
        (OSError(errno.EFBIG, "File too large", "a/b"), "cannot write a/b (File too large)"),
        (PermissionError(errno.EACCES, "Permission denied", "a"), "cannot use a (Permission denied). Check"),
        (NotADirectoryError(errno.ENOTDIR, "Not a directory", "a/b"), "cannot use a/b"),
        (
            MemoryError("Unable to allocate 3 GiB"),
            "the memory is too small for this (Unable to allocate 3 GiB)",
        ),
        (
            RuntimeError("[enforce] DefaultCPUAllocator: not enough memory: you tried"),
            "the memory is too small",
        ),
        (OSError(errno.ENOMEM, "Cannot allocate memory", "a"), "the memory is too small for this ("),
    ],
)
def test_what_a_person_can_solve_is_one_sentence(problem: Exception, said: str) -> None:
    found = sentence(problem)
    assert found is not None
    assert found.startswith(said)


def test_the_sentence_of_torch_for_too_little_memory_is_known() -> None:
    with pytest.raises(RuntimeError) as raised:
        torch.empty(10**15)
    assert "too small for this (can't allocate memory: you tried to allocate" in str(sentence(raised.value))


def test_a_fault_of_the_program_is_not_hidden() -> None:
    assert sentence(ValueError("x")) is None
    assert sentence(RuntimeError("x")) is None


def test_written_files_have_the_permissions_of_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        write_tensors(tmp_path / "a.safetensors", {"x": torch.zeros(3)})
        os.umask(0o027)
        write_tensors(tmp_path / "b.safetensors", {"x": torch.zeros(3)})
    finally:
        os.umask(before)
    assert [stat.filemode((tmp_path / f"{n}.safetensors").stat().st_mode) for n in "ab"] == [
        "-rw-r--r--",
        "-rw-r-----",
    ]


def test_a_full_disk_keeps_the_last_good_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.safetensors"
    write_tensors(path, {"x": torch.zeros(3)})
    good = path.read_bytes()

    def full(tensors: object, file: Path, metadata: object) -> None:
        file.write_bytes(b"half")
        raise SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)")

    monkeypatch.setattr("safetensors.torch.save_file", full)
    with pytest.raises(OSError, match="No space left") as caught:
        write_tensors(path, {"x": torch.ones(3)})
    assert caught.value.errno == errno.ENOSPC
    assert path.read_bytes() == good
    assert list(tmp_path.iterdir()) == [path]


def test_two_trainings_at_once_choose_two_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with new_folder(None, "a") as first, new_folder(None, "a") as second, new_folder(None, "a") as third:
        assert [path.name for path in (first, second, third)] == ["a", "a-2", "a-3"]


def test_a_folder_in_which_nothing_was_begun_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    for out in (None, Path("mine"), Path("deep/er")):
        with pytest.raises(DifferentiaError), new_folder(out, "a"):
            raise DifferentiaError("wrong")
    assert list(tmp_path.iterdir()) == [tmp_path / "mine"]


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_saves_what_was_learnt_and_is_the_exit_code(
    number: int, code: int, differentia: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def interrupting(console: Console, trainer: object) -> Iterator[Callable[[object], None]]:
        yield lambda trainer: os.kill(os.getpid(), number) if trainer.step == 2 else None  # type: ignore[attr-defined]

    np.savez(tmp_path / "a.npz", x=np.random.default_rng(0).random((40, 8, 8)), y=np.arange(40) % 2)
    before = [signal.getsignal(which) for which in (signal.SIGTERM, signal.SIGINT)]
    with monkeypatch.context() as patch:
        patch.setattr(training_session, "training_progress", interrupting)
        found, out, _ = differentia("train", "a.npz", "--epochs", "9", "--out", "r", *SMALL)
    assert found == code
    assert "Go on with: differentia train --resume r" in out
    assert (tmp_path / "r" / "model.safetensors").is_file()
    assert [signal.getsignal(which) for which in (signal.SIGTERM, signal.SIGINT)] == before
    assert differentia("train", "--resume", "r", "--no-figures")[0] == 0


def test_a_folder_called_like_a_built_in_set_wins_and_is_said(differentia: Callable, tmp_path: Path) -> None:
    pictures(tmp_path / "digits" / "mine")
    pictures(tmp_path / "digits" / "yours")
    for source in ("digits", "./digits", str(tmp_path / "digits")):
        code, out, _ = differentia("data", "check", source)
        assert code == 0
        assert "class folder" in out
        assert "digits is the folder here" in " ".join(out.split())
    assert place_of("kinds") == "kinds"
    (tmp_path / "celeba" / "img_align_celeba").mkdir(parents=True)
    for command in (("data", "check"), ("train",)):
        code, out, err = differentia(*command, "celeba")
        assert (code, "lacks a part of CelebA" in err) == (2, True)
        assert "celeba is the folder here" in " ".join((out + err).split())
