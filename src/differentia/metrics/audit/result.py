"""Everything that an audit found, as a table, as JSON and as a data frame."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.table import Table

from differentia.errors import DifferentiaError
from differentia.metrics.audit.table import printed, probe_table
from differentia.metrics.audit.verdict import Verdict
from differentia.metrics.certificate import Certificate
from differentia.metrics.codes import CODES, INPUTS, CodeName, InputName
from differentia.metrics.collapse import Collapse
from differentia.metrics.leakage.battery import Mislabelled
from differentia.metrics.leakage.information import Doubles, entropy_bits
from differentia.metrics.leakage.scores import ProbeRow, worst
from differentia.metrics.transfer import Swap

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Audit:
    """Everything the audit found; printing it shows the table.

    Attributes
    ----------
    data : str
        Name of the data set.
    class_names : tuple of str
        One a class.
    seed : int
        Seed of the noise, the subsamples, the probes and the resamples.
    quick : bool
        Whether it was the quick form.
    shares : ndarray
        Share of every class in the test samples, float64 ``[n_classes]``.
    rows : tuple of ProbeRow
        One a code, input and probe.
    control : tuple of ProbeRow
        Probes on samples of z, labels permuted in both splits; they must be at chance.
    mislabelled : Mislabelled or None
        Encoding with a wrong class; None without w.
    swap : Swap or None
        The swap test; None where the decoder reads nothing that could be swapped.
    collapse : Collapse
        What the codes carry.
    certificate : Certificate or None
        What nobody exceeds who is given one sample of z of each input; None for a z without noise.
    verdict : Verdict
        One word and one sentence.
    remarks : tuple of str
        What the model lacks or is told, and what is left out therefore.
    seconds : float
        How long it took.
    """

    data: str
    class_names: tuple[str, ...]
    seed: int
    quick: bool
    shares: Doubles
    rows: tuple[ProbeRow, ...]
    control: tuple[ProbeRow, ...]
    mislabelled: Mislabelled | None
    swap: Swap | None
    collapse: Collapse
    certificate: Certificate | None
    verdict: Verdict
    remarks: tuple[str, ...]
    seconds: float

    @property
    def chance(self) -> float:
        """Share of the most frequent class in the test samples."""
        return float(self.shares.max())

    @property
    def entropy(self) -> float:
        """H(y) of the test samples in bits: the most that can be read."""
        return entropy_bits(self.shares)

    def figure(self, code: CodeName, kind: InputName = "samples") -> ProbeRow | None:
        """Return the worst case, the best probe on one form of one code; None for a code the model lacks."""
        found = [row for row in self.rows if row.code == code and row.input == kind]
        return worst(found) if found else None

    def table(self) -> Table:
        """Return the probes as a table, worst case first within each form of each code."""
        return probe_table(self.rows, self.control, self.chance, self.entropy)

    def __rich__(self) -> Any:
        return printed(self.verdict, self.table(), self.collapse, self.swap, self.mislabelled, self.remarks)

    def __str__(self) -> str:
        from rich.console import Console

        console = Console(width=110, color_system=None)
        with console.capture() as capture:
            console.print(self)
        return capture.get()

    def to_frame(self) -> "pd.DataFrame":
        """Return the rows of the table, the control's included, as a pandas data frame.

        Raises
        ------
        DifferentiaError
            If pandas is not installed.
        """
        try:
            import pandas as pd
        except ImportError:
            raise DifferentiaError(
                "A data frame needs pandas, which is not installed; run pip install pandas, or use to_json()."
            ) from None
        lines = [row.to_json() | {"permuted": False} for row in self.rows]
        return pd.DataFrame(lines + [row.to_json() | {"permuted": True} for row in self.control])

    def to_json(self) -> dict[str, Any]:
        """Return everything as plain JSON types; None stands for what is undefined or absent."""
        figures = [self.figure(code, kind) for code in CODES for kind in INPUTS]
        return {
            "data": self.data,
            "class_names": list(self.class_names),
            "seed": self.seed,
            "quick": self.quick,
            "chance": self.chance,
            "entropy": self.entropy,
            "shares": [float(share) for share in self.shares],
            "verdict": self.verdict.to_json(),
            "remarks": list(self.remarks),
            "worst": [row.to_json() for row in figures if row is not None],
            "rows": [row.to_json() for row in self.rows],
            "control": [row.to_json() for row in self.control],
            "mislabelled": self.mislabelled and self.mislabelled.to_json(),
            "swap": self.swap and self.swap.to_json(),
            "collapse": self.collapse.to_json(),
            "certificate": self.certificate and self.certificate.to_json(),
            "seconds": self.seconds,
        }
