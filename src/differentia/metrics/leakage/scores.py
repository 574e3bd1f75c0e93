"""How well a probe reads the class, and the lines of the audit's table that say so."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from differentia.metrics.codes import CodeName, InputName
from differentia.metrics.interval import Estimate, estimates
from differentia.metrics.leakage.information import information_bits
from differentia.metrics.leakage.probes import Probe, ProbeName

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Labels = NDArray[np.int64]


@dataclass(frozen=True)
class Score:
    """How well a probe reads the class on the test split.

    Attributes
    ----------
    accuracy : Estimate
        Share of test samples whose class the probe names.
    bits : Estimate
        Usable information I(code → y) in bits, see `information.information_bits`.
    n_train, n_test : int
        Samples behind the numbers.
    """

    accuracy: Estimate
    bits: Estimate
    n_train: int
    n_test: int


def results(probe: Probe, codes: Floats, y: Labels) -> Doubles:
    """Return what a trained probe makes of each test sample, right or not and its bits, ``[n, 2]``."""
    raw, calibrated = probe.probabilities(codes)
    right = (np.argmax(raw, axis=1) == y).astype(np.float64)
    return np.column_stack([right, information_bits(calibrated, y)])


def score(probe: Probe, codes: Floats, y: Labels, seed: int) -> Score:
    """Score a trained probe on test codes ``[n, d]`` and classes ``[n]``; `seed` draws the resamples."""
    accuracy, bits = estimates(results(probe, codes, y), seed)
    return Score(accuracy, bits, probe.n_train, len(y))


@dataclass(frozen=True)
class ProbeRow:
    """What one probe reads from one form of one code.

    Attributes
    ----------
    code : {'z', 'w'}
        The code.
    input : {'samples', 'means', 'parameters'}
        What the probe was given: samples, posterior means, or [μ, log σ²].
    probe : {'logistic', 'neighbours', 'trees', 'mlp'}
        The family.
    accuracy, low, high : float
        Share of test samples whose class it names, with the 95 % interval.
    bits, bits_low, bits_high : float
        Usable information with the 95 % interval.
    n_train, n_test : int
        Samples behind the numbers.
    """

    code: CodeName
    input: InputName
    probe: ProbeName
    accuracy: float
    low: float
    high: float
    bits: float
    bits_low: float
    bits_high: float
    n_train: int
    n_test: int

    @classmethod
    def of(cls, code: CodeName, kind: InputName, probe: ProbeName, score: Score) -> "ProbeRow":
        """Make a line of a score."""
        a, b = score.accuracy, score.bits
        return cls(
            code, kind, probe, a.value, a.low, a.high, b.value, b.low, b.high, score.n_train, score.n_test
        )

    def to_json(self) -> dict[str, Any]:
        """Return the line as plain JSON types."""
        return asdict(self)


def select(rows: Sequence[ProbeRow], code: CodeName, kind: InputName) -> tuple[ProbeRow, ...]:
    """Return the lines of one form of one code."""
    return tuple(row for row in rows if row.code == code and row.input == kind)


def worst(rows: Sequence[ProbeRow]) -> ProbeRow:
    """Return the line of the probe that names the class most often: the audit's figure."""
    return max(rows, key=lambda row: row.accuracy)
