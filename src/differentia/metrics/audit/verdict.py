"""From the audit's numbers to one sentence, by thresholds that are written down here."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from differentia.metrics.certificate import Certificate
from differentia.metrics.collapse import Collapse
from differentia.metrics.leakage.information import Doubles, entropy_bits
from differentia.metrics.leakage.scores import ProbeRow, select, worst
from differentia.metrics.transfer import Swap

ACCURACY_TOLERANCE = 0.01
"""An accuracy within one point of chance counts as chance."""

BITS_TOLERANCE = 0.02
"""So does usable information below 0.02 bits: about what one point of accuracy is worth with ten classes."""

CONTROL_WIDTH = 1.5
"""How much wider the intervals of the control are taken: four probes at 95 % would cry wolf in one audit of
five; at 1.5 times the width, 99.7 %, in one of a hundred."""

CONTROL_DRAWS = 3
"""Times that the labels of the control are permuted before it is believed not to be at chance."""

COLLAPSE_RATIO = 1.05
"""A code is in use where exchanging it inside the class makes the squared error grow by more than 5 %."""

Level = Literal["separated", "separated in samples", "label only", "leaks", "collapsed", "unsound"]


@dataclass(frozen=True)
class Verdict:
    """The audit in one word and in plain words.

    Attributes
    ----------
    level : str
        ``separated``: no probe reads the class from z, neither from samples nor from the posterior's
        parameters. ``separated in samples``: not from samples, the code that is handed out, but from the
        parameters. ``leaks``: from samples. ``collapsed``: z is at chance because it carries nothing.
        ``label only``: z is separated, and w carries nothing but the label that its encoder was given.
        ``unsound``: a probe trained on permuted labels is not at chance, so the audit cannot be trusted.
    sentence : str
        What was found, with its numbers.
    """

    level: Level
    sentence: str

    def to_json(self) -> dict[str, Any]:
        """Return level and sentence."""
        return {"level": self.level, "sentence": self.sentence}


def leaks(row: ProbeRow, shares: Doubles, width: float = 1.0) -> bool:
    """Whether a probe reads the class: beyond the tolerance, and not by the luck of the test sample.

    Answers that are independent of the class are right for a share of the samples that lies between the
    share of the rarest class and that of the most frequent one, whatever they are. Accuracy above that
    range is a leak, and so is accuracy below it; an accuracy that misses no class may hide a leak (classes
    of unequal size), so the bits count too. "Beyond" means the value by more than the tolerance and the
    whole 95 % interval, made `width` times as wide; for bits the interval's lower end must exceed the
    tolerance.
    """
    low = row.accuracy - width * (row.accuracy - row.low)
    high = row.accuracy + width * (row.high - row.accuracy)
    bits_low = row.bits - width * (row.bits - row.bits_low)
    above = row.accuracy > shares.max() + ACCURACY_TOLERANCE and low > shares.max()
    below = row.accuracy < shares.min() - ACCURACY_TOLERANCE and high < shares.min()
    return bool(above or below or bits_low > BITS_TOLERANCE)


def misses_chance(control: Sequence[ProbeRow], shares: Doubles) -> bool:
    """Whether a probe of the control is not at chance."""
    return any(leaks(row, shares, CONTROL_WIDTH) for row in control)


def judge(
    rows: Sequence[ProbeRow],
    control: Sequence[ProbeRow],
    shares: Doubles,
    collapse: Collapse,
    swap: Swap | None,
    bound: Certificate | None = None,
    draws: int = 1,
) -> Verdict:
    """Reach the verdict.

    Parameters
    ----------
    rows, control : sequence of ProbeRow
        The probes, and those trained on permuted labels.
    shares : ndarray
        Share of every class in the test split, ``[n_classes]``.
    collapse : Collapse
        What the codes carry.
    swap : Swap or None
        The swap test, where there is one.
    bound : Certificate or None
        What bounds the probes that were not tried, where there is one.
    draws : int
        Times that the labels of the control were permuted.
    """
    if misses_chance(control, shares):
        return Verdict(
            "unsound",
            "A probe trained on permuted labels is not at chance on the test split"
            + (f", in none of {draws} draws" if draws > 1 else "")
            + ", so these figures cannot be trusted; check that the training and the test split are distinct "
            "and drawn alike.",
        )
    samples = select(rows, "z", "samples")
    parameters = select(rows, "z", "means") + select(rows, "z", "parameters")
    figure = worst(samples)
    bits = max(samples, key=lambda row: row.bits)
    used = collapse.loss_without_z > COLLAPSE_RATIO
    numbers = (
        f"the best probe names the class for {_percent(figure.accuracy)} of the test samples (95 % interval "
        f"{_percent(figure.low)} to {_percent(figure.high)}; chance {_percent(shares.max())}), and at most "
        f"{max(bits.bits, 0.0):.3f} of {entropy_bits(shares):.2f} bits can be used"
    )
    level: Level
    if any(leaks(row, shares) for row in samples):
        level, start = "leaks", f"Our probes read the class from z: {numbers}."
        if not used:
            start += " Beyond the class it carries nothing."
    elif not used:
        level = "collapsed"
        start = f"z is at chance because it carries nothing: {numbers}."
    else:
        separated = not any(leaks(row, shares) for row in parameters)
        level = "separated" if separated else "separated in samples"
        start = f"Our probes do not read the class from z: {numbers}."
        if bits.bits_low > 0:
            start += " This trace is more than luck, and below the tolerance of the audit."
    if level == "separated in samples":
        hidden = worst(parameters)
        start += (
            f" Whoever holds its posterior's parameters reads {_percent(hidden.accuracy)} "
            f"({hidden.bits:.2f} bits)."
        )
    if bound is not None:
        start += f" {bound.sentence}"
    start += _carried(collapse)
    if collapse.loss_without_w is not None and collapse.loss_without_w <= COLLAPSE_RATIO:
        start += " So w carries nothing but the label that its encoder is given."
        level = "label only" if level in ("separated", "separated in samples") else level
    if swap is not None:
        came = "they were decoded with" if swap.given == "class" else "came with w"
        start += f" After a swap, {_percent(swap.says_b.value)} of the samples show the class that {came}."
    return Verdict(level, start)


def _carried(collapse: Collapse) -> str:
    """Say what exchanging each code does to the squared error."""
    said = f" Exchanging z inside a class makes the squared error {_times(collapse.loss_without_z)}"
    said += "." if collapse.kl_z is None else f" (KL {collapse.kl_z:.1f} nats)."
    if collapse.loss_without_w is not None:
        said += f" Exchanging w makes it {_times(collapse.loss_without_w)}"
        said += "." if collapse.kl_w is None else f" ({collapse.kl_w:.1f} nats)."
    return said


def _times(ratio: float) -> str:
    return f"{ratio:.2f} times as large"


def _percent(share: float | np.floating) -> str:
    return f"{100 * share:.1f} %"
