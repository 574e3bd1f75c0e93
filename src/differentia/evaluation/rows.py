"""One line of the audit's table."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from differentia.evaluation.coding import CodeName, InputName
from differentia.evaluation.probes import ProbeName, Score


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
