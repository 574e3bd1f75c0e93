"""The command line, run inside the test's own process."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from differentia.cli import main


@pytest.fixture
def differentia(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Callable[..., tuple[int, str, str]]:
    """Run the command line in this process, in an empty folder; returns exit code, output, errors."""
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["differentia", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        code = ended.value.code
        said = capsys.readouterr()
        return (code if isinstance(code, int) else 0 if code is None else 1), said.out, said.err

    return run
