"""The page that shows how to add a method: its code, as it stands, trains and does what the page says."""

import re
from pathlib import Path

import pytest

from differentia.data.dataset import LabelledData
from differentia.data.settings import DataSettings
from differentia.training.devices import OneDevice
from differentia.training.loop import Trainer
from differentia.training.presets import preset

PAGE = (Path(__file__).parents[2] / "docs/how-to/add-a-method.md").read_text("utf-8")
(CODE,) = re.findall(r"^```python\n(.*?)^```", PAGE, re.M | re.S)


def test_the_code_of_the_page_has_twenty_lines() -> None:
    assert len([line for line in CODE.splitlines() if line.strip()]) <= 20


@pytest.mark.slow
def test_the_code_of_the_page_holds_classes_of_z_to_the_prior(
    digits: LabelledData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mmd.py").write_text(CODE, "utf-8")
    (name,) = set(re.findall(r"--method (\S+:\w+)", PAGE))
    found = {}
    for weight in (0.0, 10.0):
        changes = {
            "terms": {"mmd": {"weight": weight}},
            "training": {"epochs": 20, "batch_size": 64},
        }
        settings = preset(None, DataSettings(source="digits"), digits.shape, changes, 1437, method=name)
        assert settings.method == "mmd.py:MMD"
        trainer = Trainer(settings, digits, OneDevice())
        assert trainer.run()
        found[weight] = trainer.monitor.records[-1]
    assert found[10.0]["mmd"] < 0.95 * found[0.0]["mmd"]
    (curve,) = trainer.method.terms["mmd"].curves
    assert curve.lines.keys() <= found[0.0].keys()
