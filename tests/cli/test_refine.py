"""``differentia refine`` as a person uses it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from differentia.training.run import Run

TRAIN = ["train", "digits", "--no-figures", "--set", "model.hidden=[32]", "--epochs"]


@pytest.mark.slow
def test_a_refined_run_is_a_run_like_any_other(differentia: Callable, tmp_path: Path) -> None:
    assert differentia(*TRAIN, "4", "--out", "runs/teacher")[0] == 0
    code, out, err = differentia("refine", "runs/teacher", "--residual-dim", "6", "--no-figures")
    assert (code, err) == (0, "")
    assert "squared error now" in out
    student, teacher = (Run.open(tmp_path / "runs" / name) for name in ("teacher-refined", "teacher"))
    chosen, taught = student.settings, teacher.settings
    assert (chosen.preset, chosen.method, chosen.model.dim) == ("discover", "refined", 6)
    assert (chosen.model.teacher_method, chosen.model.teacher) == ("discover", taught.model.model_dump())
    assert chosen.training == taught.training
    assert student.metrics() == teacher.metrics()
    assert student.load_model().w_dim == 16
    found = json.loads((student.path / "refinement.json").read_text())
    assert found["codes_kept"] is True
    assert found["student_error"] < found["teacher_error"]
    assert (student.path / "summary.json").exists()

    code, _, err = differentia("refine", "runs/teacher-refined")
    assert code == 2
    assert "is refined already" in err
    for words in (
        ["--config", "runs/teacher-refined/config.yaml", "--out", "again"],
        ["--resume", "runs/teacher-refined"],
    ):
        code, _, err = differentia("train", *words)
        assert code == 2
        assert "with `differentia refine RUN`" in err
    assert not (tmp_path / "again").exists()
    code, _, err = differentia("refine", "runs/teacher", "--out", "runs/teacher-refined")
    assert code == 2
    assert "exists already" in err


@pytest.mark.slow
def test_what_cannot_be_refined_is_said_in_one_sentence(differentia: Callable, tmp_path: Path) -> None:
    assert differentia(*TRAIN, "2", "--out", "unfinished")[0] == 0
    metrics = tmp_path / "unfinished" / "metrics.jsonl"
    metrics.write_text(metrics.read_text().splitlines(keepends=True)[0])
    assert differentia(*TRAIN, "1", "--preset", "naive", "--out", "naive")[0] == 0
    for words, sentence in (
        (["missing"], "missing is not a run"),
        (["unfinished"], "is not finished (1 of 2 epochs)"),
        (["naive"], "has no w, and only z and w together"),
    ):
        code, _, err = differentia("refine", *words)
        assert code == 2
        assert sentence in err
        assert len(err.strip().splitlines()) == 1
    assert not (tmp_path / "runs").exists()
