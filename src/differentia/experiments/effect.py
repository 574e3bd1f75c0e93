"""What L_class does, and which reading comes closest to the printed numbers."""

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


def compared(made: Table) -> list[str]:
    """Return the printed data sets on which every reading of the report with L_class was run.

    Parameters
    ----------
    made : Table
        Table 1.
    """
    runs = [(line.reading, line.dataset) for line in made.lines if _of_the_report(line.reading)]
    names = {reading for reading, _ in runs}
    return [d for d in made.datasets if d in TABLE_1 and all((name, d) in runs for name in names)]


def distances(made: Table) -> dict[str, float]:
    """Return how far each reading of the report is from table 1, nearest first.

    Parameters
    ----------
    made : Table
        Table 1.

    Returns
    -------
    dict
        Mean over the `compared` data sets and both codes of |ours − printed| for the rows with L_class.
    """
    at = {column.key: number for number, column in enumerate(made.columns)}
    datasets = compared(made)
    found: dict[str, list[float]] = {}
    for line in made.lines:
        if not _of_the_report(line.reading) or line.dataset not in datasets:
            continue
        for code in ("z", "w"):
            mean, printed = line.means[at[code]], line.printed[at[code]]
            if mean is not None and printed is not None:
                found.setdefault(line.reading, []).append(abs(mean.value - printed))
    means = {name: sum(gaps) / len(gaps) for name, gaps in found.items()}
    return dict(sorted(means.items(), key=lambda item: item[1]))


def _of_the_report(name: str) -> bool:
    return READINGS[name].row == "with" and READINGS[name].preset != "strict"
