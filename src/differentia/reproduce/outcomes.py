"""What came out of an experiment: a mean over seeds for each quantity of each variant on each data set."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from differentia.reproduce.experiments import Experiment
from differentia.reproduce.quantities import QUANTITIES, Quantity
from differentia.reproduce.results import Record
from differentia.reproduce.seed_means import Mean


@dataclass(frozen=True)
class Line:
    """A variant on a data set: a mean for each quantity, None where there is no such number.

    Attributes
    ----------
    dataset, variant : str
        What was run.
    seeds : int
        Number of runs.
    chance : float
        Accuracy of always answering the most frequent class.
    means : tuple
        One mean a quantity.
    printed : tuple
        The report's number for each quantity.
    """

    dataset: str
    variant: str
    seeds: int
    chance: float
    means: tuple[Mean | None, ...]
    printed: tuple[float | None, ...]


@dataclass(frozen=True)
class Outcome:
    """The outcome of an experiment.

    Attributes
    ----------
    quantities : tuple of Quantity
        What was measured.
    lines : tuple of Line
        One a data set and variant.
    """

    quantities: tuple[Quantity, ...]
    lines: tuple[Line, ...]

    @property
    def datasets(self) -> list[str]:
        """Data sets with a line, in order."""
        return list(dict.fromkeys(line.dataset for line in self.lines))

    def of(self, dataset: str) -> list[Line]:
        """Return the lines of a data set."""
        return [line for line in self.lines if line.dataset == dataset]

    def mean(self, line: Line, key: str) -> Mean | None:
        """Return a line's mean of the quantity of that key."""
        return line.means[self._place(key)]

    def printed(self, line: Line, key: str) -> float | None:
        """Return what the report prints beside a line for the quantity of that key."""
        return line.printed[self._place(key)]

    def _place(self, key: str) -> int:
        return [quantity.key for quantity in self.quantities].index(key)

    def narrow(self, keys: Sequence[str]) -> "Outcome":
        """Return the outcome with the quantities of these keys alone."""
        kept = [at for at, quantity in enumerate(self.quantities) if quantity.key in keys]

        def pick(line: Line) -> Line:
            return replace(
                line,
                means=tuple(line.means[at] for at in kept),
                printed=tuple(line.printed[at] for at in kept),
            )

        return Outcome(tuple(self.quantities[at] for at in kept), tuple(map(pick, self.lines)))

    @property
    def parts(self) -> list["Outcome"]:
        """The outcome as one for each group of quantities."""
        groups = dict.fromkeys(quantity.group for quantity in self.quantities)
        return [self.narrow([q.key for q in self.quantities if q.group == group]) for group in groups]


def outcome_of(experiment: Experiment, found: Sequence[Record]) -> Outcome:
    """Take the means of an experiment's records, lines in the declared order of its variants.

    Parameters
    ----------
    experiment : Experiment
        One that has a table.
    found : sequence of dict
        Its records; those of variants that it does not have are left out.
    """
    quantities = QUANTITIES[experiment.name]
    groups: dict[tuple[str, str], list[Record]] = {}
    for record in found:
        groups.setdefault((record["dataset"], record["variant"]), []).append(record)
    order = [variant.name for variant in experiment.variants(experiment.every)]
    lines = []
    for dataset in dict.fromkeys(record["dataset"] for record in found):
        for name in order:
            group = groups.get((dataset, name))
            if group:
                printed = tuple(q.printed(dataset, name) if q.printed else None for q in quantities)
                means = tuple(_mean([q.value(record) for record in group]) for q in quantities)
                lines.append(Line(dataset, name, len(group), group[0]["chance"], means, printed))
    return Outcome(quantities, tuple(lines))


def _mean(values: Sequence[float | None]) -> Mean | None:
    known = [value for value in values if value is not None]
    return Mean.of(known) if known else None


def seeds_of(lines: Sequence[Line]) -> str:
    """Return on how many seeds lines stand: ``"1 seed"``, ``"3–8 seeds"``."""
    counts = sorted({line.seeds for line in lines})
    ends = "–".join(str(n) for n in dict.fromkeys((counts[0], counts[-1])))
    return f"{ends} seed{'' if counts == [1] else 's'}"
