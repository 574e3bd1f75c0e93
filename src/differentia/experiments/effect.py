"""What L_class does, and which reading comes closest to the printed numbers."""

from collections.abc import Sequence
from dataclasses import dataclass

from differentia.experiments.published import TABLE_1
from differentia.experiments.readings import READINGS
from differentia.experiments.statistics import Mean, number
from differentia.experiments.tables import Table


@dataclass(frozen=True)
class Change:
    """An accuracy without and with L_class."""

    code: str
    without: Mean
    with_: Mean
    printed: tuple[float | None, float | None]

    @property
    def wanted(self) -> bool:
        """Whether it moves as L_class means it to: z down, w up."""
        return (self.with_.value < self.without.value) == (self.code == "z")

    @property
    def apart(self) -> bool | None:
        """Whether the two intervals do not overlap; None for a single seed."""
        return self.without.apart(self.with_)

    def text(self) -> str:
        """Return ``"z .25 → .13, down, intervals apart"``."""
        way = "down" if self.with_.value < self.without.value else "up"
        ends = {True: ", intervals apart", False: ", intervals overlap", None: ""}[self.apart]
        return f"{self.code} {number(self.without.value, 3)} → {number(self.with_.value, 3)}, {way}{ends}"


@dataclass(frozen=True)
class Effect:
    """The effect of L_class in one reading on one data set."""

    dataset: str
    reading: str
    z: Change
    w: Change

    @property
    def reproduces(self) -> bool:
        """Whether z goes down and w up, and both intervals are apart."""
        return all(change.wanted and change.apart is True for change in (self.z, self.w))

    def text(self) -> str:
        """Return both changes and what they amount to."""
        both = self.z.wanted and self.w.wanted
        verdict = "the report's direction" if both else "not the report's direction"
        return f"{self.z.text()}; {self.w.text()}: {verdict}"


def effects(made: Table) -> list[Effect]:
    """Return the effect of L_class for every reading with it, beside the row without it.

    Parameters
    ----------
    made : Table
        Table 1.
    """
    at = {column.key: number for number, column in enumerate(made.columns)}
    found = []
    for dataset in made.datasets:
        lines = {line.reading: line for line in made.of(dataset)}
        for name, line in lines.items():
            without = lines.get(READINGS[name].without)
            if READINGS[name].row != "with" or without is None:
                continue
            changes = []
            for code in ("z", "w"):
                before, after = without.means[at[code]], line.means[at[code]]
                assert before is not None
                assert after is not None
                changes.append(
                    Change(code, before, after, (without.printed[at[code]], line.printed[at[code]]))
                )
            found.append(Effect(dataset, name, *changes))
    return found


def distances(made: Table, datasets: Sequence[str]) -> dict[str, float]:
    """Return how far each reading of the report is from table 1, nearest first.

    Parameters
    ----------
    made : Table
        Table 1.
    datasets : sequence of str
        Data sets that count; a reading counts if it was run on all of them.

    Returns
    -------
    dict
        Mean over data sets and codes of |ours − printed| for the rows with L_class.
    """
    at = {column.key: number for number, column in enumerate(made.columns)}
    found: dict[str, list[float]] = {}
    for line in made.lines:
        reading = READINGS[line.reading]
        if reading.row != "with" or reading.preset == "strict" or line.dataset not in TABLE_1:
            continue
        if line.dataset in datasets:
            for code in ("z", "w"):
                mean, printed = line.means[at[code]], line.printed[at[code]]
                if mean is not None and printed is not None:
                    found.setdefault(line.reading, []).append(abs(mean.value - printed))
    complete = 2 * sum(name in TABLE_1 for name in datasets)
    means = {name: sum(gaps) / len(gaps) for name, gaps in found.items() if len(gaps) == complete}
    return dict(sorted(means.items(), key=lambda item: item[1]))
