"""``differentia report`` as a person uses it: vectors, a model without w, repetition, and mistakes."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest


@pytest.mark.slow
def test_vectors_and_a_model_without_w_get_a_page_that_repeats(differentia: Callable, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    names = ["a & b", "<c>", *(f"class {number}" for number in range(12))]
    y = np.repeat(names, 30)
    x = rng.normal(size=(420, 4)).astype(np.float32) + np.repeat(np.arange(14), 30)[:, None]
    np.savez(tmp_path / "data.npz", x=x, y=y)
    settings = ["--preset", "naive", "--epochs", "3", "--no-figures", "--out", "run"]
    assert differentia("train", "data.npz", *settings, "--set", "model.z_dim=2")[0] == 0

    code, out, err = differentia("report", "run", "--quick")
    assert (code, err) == (0, "")
    assert "z, [μ, log σ²]" in out
    assert "Chance is" in out
    assert "z₀ · " in out
    page, audit = ((tmp_path / "run" / name).read_text("utf-8") for name in ("report.html", "audit.json"))
    document = json.loads(audit)
    assert document["run"]["w_dim"] == 0
    assert document["audit"]["mislabelled"] is None
    assert {row["code"] for row in document["audit"]["worst"]} == {"z"}
    assert "standard deviations" in page
    assert "Class from w" not in page
    assert len(document["factors"]["class_names"]) == 14
    assert "first 12 of 14" in page
    assert "a &amp; b" in page
    assert "&lt;c&gt;" in page
    assert "<c>" not in page

    assert differentia("report", "run", "--quick")[0] == 0
    again = json.loads((tmp_path / "run" / "audit.json").read_text("utf-8"))
    for found in (document, again):
        found.pop("seconds")
        found["audit"].pop("seconds")
        found["generation"].pop("seconds")
    assert again == document
    assert not list((tmp_path / "run").glob(".*partial*"))


@pytest.mark.parametrize("command", [("report", "nowhere"), ("report", ".")])
def test_what_is_no_run_ends_with_code_2(differentia: Callable, command: tuple[str, ...]) -> None:
    code, _, err = differentia(*command)
    assert code == 2
    assert "is not a run" in err


def test_a_run_without_weights_says_how_to_go_on(differentia: Callable, tmp_path: Path) -> None:
    from differentia.data.catalogue import load
    from differentia.data.settings import DataSettings
    from differentia.training.presets import preset
    from differentia.training.run import Run

    settings = DataSettings(source="digits", limit=50)
    data = load(settings)
    Run.create(tmp_path / "run", preset("strict", settings, data.shape, {}), data)
    code, _, err = differentia("report", "run")
    assert code == 2
    assert "no weights yet" in err
    assert not (tmp_path / "run" / "report.html").exists()
