"""How far a training is: a bar in a notebook, a line in a terminal."""

import sys
import time
from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from differentia.training.loop import Trainer

EVERY = 0.2
"""Seconds between two updates."""


def watcher(verbose: bool | None) -> "Callable[[Trainer], None]":
    """Return what shows a training's progress; None shows it in a notebook alone."""
    notebook = None if verbose is False else _notebook()
    if not verbose and notebook is None:
        return lambda trainer: None
    shown, last = notebook or _terminal, -EVERY

    def watch(trainer: "Trainer") -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= EVERY or trainer.step == trainer.total_steps:
            shown(trainer.step, trainer.total_steps, _words(trainer))
            last = now

    return watch


def _words(trainer: "Trainer") -> str:
    """Say the epoch, the loss of the last one, and the seconds left."""
    epochs, records = trainer.settings.training.epochs, trainer.monitor.records
    loss = f", loss {records[-1]['loss']:.4g}" if records else ""
    left = trainer.seconds / max(trainer.step, 1) * (trainer.total_steps - trainer.step)
    return f"epoch {min(trainer.epoch + 1, epochs)} of {epochs}{loss}, {left:.0f} s left"


def _terminal(step: int, steps: int, words: str) -> None:
    sys.stderr.write(f"\r{step / steps:4.0%}  {words}\x1b[K" + "\n" * (step == steps))
    sys.stderr.flush()


def _notebook() -> Callable[[int, int, str], None] | None:
    """Return what draws a bar and moves it, where this runs in a notebook."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if not hasattr(shell, "kernel"):
        return None
    from IPython.display import HTML, display

    handle: Any = display(HTML(""), display_id=True)

    def show(step: int, steps: int, words: str) -> None:
        handle.update(HTML(f'<progress value="{step}" max="{steps}"></progress> {escape(words)}'))

    return show
