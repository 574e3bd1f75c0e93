"""Where a training runs, and what is said of devices that are not there."""

import logging

import pytest
import torch

from differentia.errors import DifferentiaError
from differentia.training.devices import launch
from differentia.training.settings import TrainingSettings


def test_more_devices_than_there_are_end_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with pytest.raises(DifferentiaError, match=r"Cannot train on 4 × cuda .*only has: \[0\]\). Lower"):
        launch(TrainingSettings(accelerator="cuda", devices=4))
    assert not logging.getLogger("lightning_fabric.strategies").isEnabledFor(logging.INFO)
