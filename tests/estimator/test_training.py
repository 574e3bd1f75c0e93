"""How a fit is asked for, goes on, and is interrupted."""

import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from types import SimpleNamespace

import numpy as np
import pytest

from differentia import Differentia
from differentia.errors import DifferentiaError
from differentia.signals import put_off
from differentia.training.loop import Trainer

TINY = {"model": {"hidden": [8]}}
X = np.random.default_rng(0).normal(size=(30, 4))
Y = np.arange(30) % 3


def tiny(method: str = "strict", **more) -> Differentia:
    return Differentia(method, **{"epochs": 2, "batch_size": 10, "z_dim": 2, "settings": TINY} | more)


@pytest.mark.parametrize(
    ("own", "settings"),
    [
        ({"seed": 5}, {"training": {"seed": 5}}),
        ({"precision": "bf16-mixed"}, {"training": {"precision": "bf16-mixed"}}),
        ({"device": "cpu"}, {"training": {"accelerator": "cpu"}}),
        ({"learning_rate": 0.02}, {"training": {"learning_rate": 0.02}}),
        ({"w_dim": 3}, {"model": {"w_dim": 3}}),
    ],
)
def test_a_parameter_and_its_setting_are_one_thing(own: dict, settings: dict) -> None:
    by_parameter = tiny(**own).fit(X, Y)
    by_settings = tiny(settings={"model": TINY["model"] | settings.get("model", {})} | {
        name: value for name, value in settings.items() if name != "model"
    }).fit(X, Y)  # fmt: skip
    assert by_parameter.settings_ == by_settings.settings_
    np.testing.assert_array_equal(by_parameter.transform(X), by_settings.transform(X))
    plain = tiny().fit(X, Y)
    assert plain.settings_ != by_parameter.settings_
    if "device" not in own:
        assert not np.array_equal(plain.transform_conditional(X, Y), by_parameter.transform_conditional(X, Y))


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        ({"settings": {"training": {"epochs": 3}}}, "'training.epochs' is given by a parameter and by set"),
        ({"settings": 3}, "settings is of type int, and no group of settings"),
        ({"settings": {"model": 3}}, "model is of type int, and no group of settings"),
        ({"settings": {"training": [1]}}, "training is of type list, and no group of settings"),
        ({"method": 3}, "no method '3'"),
        ({"generic": (), "settings": {"model": {"canonical": False}}}, "'model.canonical' is given by"),
        ({"settings": {"training": {"devices": 2}}}, "'training.devices' cannot be set .* in one process"),
        ({"settings": {"training": None}}, "training is of type NoneType, and no group of settings"),
        ({"settings": {"training": {"checkpoint_seconds": 2}}}, "writes no checkpoints"),
        ({"settings": {"data": {"limit": 3}}}, "its data from fit"),
        ({"settings": {"training.seed": 3}}, "no setting 'training.seed'"),
        ({"settings": "epochs=3"}, "Nest it"),
        ({"settings": {"method": "vae"}}, "is no setting to change"),
        ({"device": "tpu:9"}, "Cannot train on the device 'tpu:9'"),
        ({"precision": "8-bit"}, "precision"),
        ({"epochs": 0}, "epochs"),
        ({"seed": -1}, "seed"),
        ({"z_dim": 0}, "z_dim"),
        ({"method": "vae", "w_dim": 2}, "w_dim"),
        ({"method": "nonsense"}, "no method 'nonsense'"),
        ({"preset": "nonsense"}, "no preset 'nonsense'"),
        ({"unlabelled": -1}, r"No method learns from unlabelled samples yet.*-1"),
    ],
)  # fmt: skip
def test_what_cannot_be_obeyed_is_refused(parameters: dict, told: str) -> None:
    with pytest.raises(DifferentiaError, match=told):
        tiny(**parameters).fit(X, Y)


def test_minus_one_is_a_class_like_any_other() -> None:
    model = tiny().fit(X, Y - 1)
    assert model.classes_.tolist() == [-1, 0, 1]
    assert model.sample(-1, n=2).shape == (2, 4)


def test_a_warm_start_goes_on_to_the_new_number_of_epochs() -> None:
    model = tiny(warm_start=True).fit(X, Y)
    model.set_params(epochs=5).fit(X, Y)
    assert [record["epoch"] for record in model.history_] == [1, 2, 3, 4, 5]
    with pytest.raises(DifferentiaError, match="5 epochs are trained already"):
        model.set_params(epochs=3).fit(X, Y)
    for change in (
        {"learning_rate": 0.1},
        {"batch_size": 5},
        {"method": "csvae", "settings": {"model": {"hidden": [8]}}},
    ):
        with pytest.raises(DifferentiaError, match="warm_start=False"):
            deepcopy(model).set_params(epochs=6, **change).fit(X, Y)
    with pytest.raises(DifferentiaError, match="the data or settings"):
        model.set_params(epochs=6).fit(X + 1, Y)


def interrupting(monkeypatch: pytest.MonkeyPatch, number: int, at: int) -> None:
    """Send this process a signal in the step with the number `at`, once."""
    step = Trainer.train_batch
    sent = []

    def train_batch(self: Trainer) -> None:
        step(self)
        if self.step == at and not sent:
            sent.append(os.kill(os.getpid(), number))

    monkeypatch.setattr(Trainer, "train_batch", train_batch)


def test_ctrl_c_keeps_what_was_learnt_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = tiny(warm_start=True).fit(X, Y)
    interrupting(monkeypatch, signal.SIGINT, at=4)
    model = tiny(warm_start=True)
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y)
    assert len(model.history_) == 1
    assert model.transform(X).shape == (30, 2)
    assert np.isfinite(model.sample(1)).all()
    assert not np.array_equal(model.model_.mixture.location, np.zeros_like(model.model_.mixture.location))
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    model.fit(X, Y)  # goes on where it stopped, and ends as if nothing had happened
    np.testing.assert_array_equal(model.transform(X), whole.transform(X))
    np.testing.assert_array_equal(model.sample(1), whole.sample(1))


def leave(number: int, frame: object) -> None:
    raise SystemExit("left by a handler of one's own")


@pytest.mark.parametrize(
    ("handler", "code"), [(signal.SIG_DFL, 143), (leave, "left by a handler of one's own")]
)
def test_sigterm_keeps_what_was_learnt(handler, code, monkeypatch: pytest.MonkeyPatch) -> None:
    before = signal.signal(signal.SIGTERM, handler)
    try:
        interrupting(monkeypatch, signal.SIGTERM, at=2)
        model = tiny()
        with pytest.raises(SystemExit) as left:
            model.fit(X, Y)
        assert left.value.code == code
        assert signal.getsignal(signal.SIGTERM) is handler
    finally:
        signal.signal(signal.SIGTERM, before)
    assert model.transform(X).shape == (30, 2)


def test_signals_that_are_ignored_stay_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        interrupting(monkeypatch, signal.SIGINT, at=2)
        assert len(tiny().fit(X, Y).history_) == 2
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_second_ctrl_c_acts_at_once() -> None:
    def press_twice() -> None:
        with put_off() as came:
            signal.raise_signal(signal.SIGINT)
            assert came()
            signal.raise_signal(signal.SIGINT)
            pytest.fail("the second press was held back")

    with pytest.raises(KeyboardInterrupt):
        press_twice()


def test_a_fit_in_a_thread_leaves_signals_alone() -> None:
    with ThreadPoolExecutor(1) as pool:
        assert len(pool.submit(tiny().fit, X, Y).result().history_) == 2


def test_an_interrupted_refit_in_its_first_step_leaves_a_model_that_works(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = tiny()
    interrupting(monkeypatch, signal.SIGINT, at=1)
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y)
    assert model.history_ == []
    assert model.predict(X).shape == (30,)


def test_progress_is_a_line_in_a_terminal_and_nothing_unless_asked_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    tiny(verbose=True).fit(X, Y)
    shown = capsys.readouterr().err
    assert "100%  epoch 2 of 2, loss" in shown
    assert shown.endswith("\n")
    tiny().fit(X, Y)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(("verbose", "expected"), [(None, True), (True, True), (False, False)])
def test_a_notebook_shows_a_bar_that_moves(verbose, expected: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []

    def show(first: str, display_id: bool) -> SimpleNamespace:
        shown.append(first)
        return SimpleNamespace(update=shown.append)

    display = SimpleNamespace(HTML=str, display=show)
    shell = SimpleNamespace(kernel=object())
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell, display=display))
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    tiny(verbose=verbose).fit(X, Y)
    assert bool(shown) is expected
    if expected:
        assert '<progress value="6" max="6"></progress> epoch 2 of 2' in shown[-1]
