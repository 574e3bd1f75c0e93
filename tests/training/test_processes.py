"""Two processes train one model together."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch

SCRIPT = """
import sys

import torch
from lightning_fabric import Fabric

from differentia.data.catalogue import load
from differentia.data.settings import DataSettings
from differentia.methods.base import find
from differentia.training.loop import Trainer
from differentia.training.presets import preset

torch.set_num_threads(1)
source = DataSettings(source="digits")
changes = {
    "model": {"hidden": [16], "z_dim": 6},
    "terms": {"swap": {"weight": 5}},
    "training": {"epochs": 1, "batch_size": 256},
}
settings, data = preset("strict", source, (8, 8, 1), changes), load(source)
fabric = Fabric(accelerator="cpu", devices=2)
fabric.launch()
trainer = Trainer(settings, data, fabric)
begun = [weight.detach().clone() for weight in trainer.method.parameters()]
seen = torch.cat([trainer.batches.at(step).y for step in range(trainer.total_steps)])
trainer.run()
torch.save(
    {
        "tensors": trainer.checkpoint().tensors,
        "records": [record | {"seconds": 0} for record in trainer.monitor.records],
        "moved": all(not torch.equal(a, b) for a, b in zip(begun, trainer.method.parameters(), strict=True)),
        "rows": len(seen),
    },
    f"{sys.argv[1]}/{fabric.global_rank}.pt",
)
"""


@pytest.mark.slow
def test_two_processes_end_with_the_same_weights_moments_multipliers_and_records(tmp_path: Path) -> None:
    """Each has half of every batch, and noise of its own."""
    (tmp_path / "train.py").write_text(SCRIPT)
    command = [sys.executable, str(tmp_path / "train.py"), str(tmp_path)]
    process = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert process.returncode == 0, process.stderr
    one, other = (torch.load(tmp_path / f"{rank}.pt") for rank in (0, 1))
    assert one["moved"]
    assert one["rows"] == other["rows"] == 5 * 128
    assert one["records"] == other["records"]
    assert one["tensors"].keys() == other["tensors"].keys()
    assert {"method.terms.capacity.multipliers", "rival.swap.moments"} <= one["tensors"].keys()
    different = [name for name, t in one["tensors"].items() if not torch.equal(t, other["tensors"][name])]
    assert not different
