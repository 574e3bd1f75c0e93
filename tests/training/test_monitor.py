"""The mean of every term each epoch, and the first step that broke."""

import math

import pytest
import torch

from differentia.errors import DifferentiaError
from differentia.terms.base import Part
from differentia.training.devices import OneDevice
from differentia.training.monitor import Monitor


@pytest.fixture
def devices() -> OneDevice:
    return OneDevice()


def _note(monitor: Monitor, step: int, a: float, rival: float = 1.0) -> None:
    first = {"a": Part(torch.tensor(a), 2.0), "shown": Part(torch.tensor(5.0), 0.0)}
    monitor.note(step, first, {"rival": Part(torch.tensor(rival))})


def test_a_record_is_the_mean_of_every_part_of_the_loss_and_of_what_the_rivals_minimised(
    devices: OneDevice,
) -> None:
    monitor = Monitor(devices)
    for step, value in enumerate((1.0, 2.0, 6.0)):
        _note(monitor, step, value, rival=-value)
    monitor.finish_epoch(3, {"multiplier": torch.tensor(0.25)}, 1.23456)
    assert monitor.names == ["a", "shown", "loss", "rival"]
    assert monitor.records == [
        {"epoch": 1, "a": 3.0, "shown": 5.0, "loss": 6.0, "rival": -3.0, "multiplier": 0.25, "seconds": 1.235}
    ]
    for step in (3, 4, 5):
        _note(monitor, step, 10.0)
    monitor.finish_epoch(3, {}, 2.0)
    assert (monitor.records[1]["epoch"], monitor.records[1]["a"]) == (2, 10.0)


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
def test_it_names_the_first_step_that_was_not_finite_with_its_values(
    devices: OneDevice, wrong: float
) -> None:
    monitor = Monitor(devices)
    for step, value in enumerate((1.0, 2.0, 3.0, wrong, 4.0, math.nan)):
        _note(monitor, step, value)
        if step < 3:
            monitor.check_finite(3)
    words = rf"no longer finite at step 4, epoch 2 \(a {wrong}, shown 5, loss {wrong}, rival 1\)"
    with pytest.raises(DifferentiaError, match=words):
        monitor.check_finite(3)
    with pytest.raises(DifferentiaError, match="step 4"):
        monitor.finish_epoch(6, {}, 1.0)
    assert not monitor.records


def test_a_rival_that_breaks_is_a_fault_too(devices: OneDevice) -> None:
    monitor = Monitor(devices)
    _note(monitor, 0, 1.0)
    _note(monitor, 1, 1.0, rival=math.nan)
    with pytest.raises(DifferentiaError, match=r"step 2, epoch 1 .*rival nan"):
        monitor.check_finite(10)


def test_the_first_step_of_all_can_be_the_fault(devices: OneDevice) -> None:
    monitor = Monitor(devices)
    _note(monitor, 0, math.nan)
    with pytest.raises(DifferentiaError, match="step 1, epoch 1"):
        monitor.check_finite(10)


def test_it_goes_on_from_the_sums_that_it_is_given(devices: OneDevice) -> None:
    whole, second = (
        Monitor(devices),
        Monitor(devices),
    )
    for step, value in enumerate((1.0, 2.0)):
        _note(whole, step, value)
    second.names = list(whole.names)
    second.restart(whole.sums.clone())
    for monitor in (whole, second):
        _note(monitor, 2, 6.0)
        monitor.finish_epoch(3, {}, 1.0)
    assert second.records == whole.records


def test_before_the_first_step_there_is_nothing_to_find_fault_with(devices: OneDevice) -> None:
    Monitor(devices).check_finite(1)


def test_parts_that_change_their_names_are_refused(devices: OneDevice) -> None:
    monitor, part = Monitor(devices), Part(torch.tensor(1.0))
    monitor.note(0, {"a": part}, {})
    with pytest.raises(DifferentiaError, match="a name of its own"):
        monitor.note(1, {"b": part}, {})
    with pytest.raises(DifferentiaError, match="a name of its own"):
        Monitor(devices).note(0, {"a": part}, {"a": part})
