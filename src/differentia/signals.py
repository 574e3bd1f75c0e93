"""Ctrl-C and SIGTERM, put off until what was learnt is safe."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def put_off() -> Iterator[Callable[[], bool]]:
    """Hold back the first SIGINT or SIGTERM until the block ends; a second one acts at once.

    Yields a function that says whether one came, so that the block can end early. Then the signal does what
    it would have done: raise KeyboardInterrupt, call the handler of whoever set one, or end the program, the
    last by SystemExit with the usual code, so that whoever called can still save. Signals reach the main
    thread alone, so nothing is held back in others.
    """
    came: list[signal.Signals] = []
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return

    def hold(number: int, frame: Any) -> None:
        came.append(signal.Signals(number))
        restore()

    def restore() -> None:
        for held, handler in before.items():
            signal.signal(held, handler)

    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    # None is the handler of another language, which could not be put back.
    before = {
        number: handler for number, handler in handlers.items() if handler not in (None, signal.SIG_IGN)
    }
    for held in before:
        signal.signal(held, hold)
    try:
        yield lambda: bool(came)
    finally:
        restore()
        for number in came:
            if before[number] is signal.SIG_DFL:
                raise SystemExit(128 + number)
            signal.raise_signal(number)
