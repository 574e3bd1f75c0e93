"""``differentia train --profile``: a table of a step's parts, and nothing kept."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.mark.slow
def test_the_parts_of_a_step_are_shown_and_nothing_is_kept(differentia: Callable, tmp_path: Path) -> None:
    words = ["--set", "model.hidden=[16]", "--set", "training.batch_size=16", "--method", "report"]
    code, out, err = differentia("train", "digits", "--profile", *words)
    assert (code, err) == (0, "")
    parts = dict(re.findall(r"^ *(\S.*?\S) +(\d+\.\d+) +\d+%", out, re.MULTILINE))
    assert {
        "batch",
        "model: encode and decode",
        "step 1: loss class_loss",
        "step 2: loss class_loss",
    } <= parts.keys()
    assert any(name.startswith("aten::") for name in parts)
    assert "samples a second" in out
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "words", [("digits", "--seeds", "2"), ("--resume", "run"), ("digits", "--devices", "2")]
)
def test_what_it_would_ignore_is_refused(words: tuple[str, ...], differentia: Callable) -> None:
    code, _, err = differentia("train", "--profile", *words)
    assert code == 2
    assert "--profile times" in err
