"""A tiny run with its report, made once by the command line."""

import sys
from pathlib import Path

import pytest

from differentia.cli import main


@pytest.fixture(scope="session")
def reported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run folder of a small model of 500 digits, with ``audit.json`` and ``report.html``."""
    run = tmp_path_factory.mktemp("reported") / "tiny"
    small = ["--set", "model.hidden=[64]", "--set", "model.z_dim=6", "--set", "model.w_dim=3"]
    small += ["--generic", "none"]  # on so few pictures, z comes out empty with it
    train = ["train", "digits", "--limit", "500", "--epochs", "25", "--no-figures", "--out", str(run), *small]
    with pytest.MonkeyPatch.context() as patch:
        for words in (train, ["report", str(run), "--quick"]):
            patch.setattr(sys, "argv", ["differentia", *words])
            with pytest.raises(SystemExit) as ended:
                main()
            assert not ended.value.code
    return run
