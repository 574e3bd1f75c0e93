"""What a checkpoint takes it gives back."""

from pathlib import Path

import pytest
import torch
from torch import nn

from differentia.errors import DifferentiaError
from differentia.terms.base import Part
from differentia.training.checkpoint import Checkpoint
from differentia.training.devices import OneDevice
from differentia.training.optimisation import Descent

Setting = tuple[nn.Module, dict[str, Descent]]


def _setting(seed: int, width: int = 3) -> Setting:
    torch.manual_seed(seed)
    method = nn.ModuleDict({"model": nn.Linear(2, width), "rival": nn.BatchNorm1d(width)})
    made = {
        "model": Descent(method["model"].parameters(), 0.1, "constant", OneDevice()),
        "rival.adversary": Descent(method["rival"].parameters(), 0.2, "constant", OneDevice()),
    }
    return method, made


def _steps(setting: Setting, steps: int) -> None:
    method, descents = setting
    x = torch.arange(8.0).reshape(4, 2)
    for _ in range(steps):
        for descent in descents.values():
            descent.minimise({"a": Part(method["rival"](method["model"](x)).square().sum())}, 0.0)


def _equal(one: Setting, other: Setting) -> bool:
    tensors = [setting[0].state_dict() for setting in (one, other)]
    return all(torch.equal(tensor, tensors[1][name]) for name, tensor in tensors[0].items())


@pytest.mark.parametrize("through_a_file", [False, True])
def test_what_is_restored_goes_on_as_if_nothing_had_happened(through_a_file: bool, tmp_path: Path) -> None:
    state = {"step": 5, "records": [{"epoch": 1, "loss": 0.1}], "names": ["loss"]}
    sums = torch.tensor([1.5])
    first, second = _setting(0), _setting(1)
    _steps(first, 5)
    checkpoint = Checkpoint.of(*first, sums, state)
    if through_a_file:
        checkpoint.save(tmp_path / "c.safetensors")
        checkpoint = Checkpoint.load(tmp_path / "c.safetensors")
    _steps(first, 3)  # the checkpoint stays as it was
    third = _setting(2)
    for setting in (second, third):
        assert not _equal(first, setting)
        assert checkpoint.restore(*setting) == state
        assert torch.equal(checkpoint.tensors["sums"], sums)
        assert not _equal(first, setting)
        _steps(setting, 3)
        assert _equal(first, setting)


def test_before_the_first_step_the_moments_are_zero_and_it_restores_all_the_same() -> None:
    first, second = _setting(0), _setting(1)
    checkpoint = Checkpoint.of(*first, torch.zeros(0), {"step": 0})
    assert not any(tensor.any() for name, tensor in checkpoint.tensors.items() if name.endswith("moments"))
    checkpoint.restore(*second)
    for setting in (first, second):
        _steps(setting, 2)
    assert _equal(first, second)


def test_its_parts_go_by_their_whole_names() -> None:
    setting = _setting(0)
    _steps(setting, 1)
    checkpoint = Checkpoint.of(*setting, torch.zeros(1), {})
    assert set(checkpoint.part("method.model")) == {"weight", "bias"}
    assert set(checkpoint.part("rival.adversary")) == set(checkpoint.part("model"))
    assert not checkpoint.part("rival.advers")


def test_a_checkpoint_of_another_shape_is_refused_in_one_sentence() -> None:
    small, large = _setting(0), _setting(0, width=4)
    _steps(small, 1)
    with pytest.raises(DifferentiaError, match="does not fit the settings") as problem:
        Checkpoint.of(*small, torch.zeros(1), {}).restore(*large)
    assert "\n" not in str(problem.value)
