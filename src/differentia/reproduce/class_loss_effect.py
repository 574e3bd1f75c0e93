"""What L_class does, and which variant comes closest to the printed numbers."""

from dataclasses import dataclass

from differentia.reproduce.outcomes import Line, Outcome
from differentia.reproduce.printed_numbers import TABLE_1
from differentia.reproduce.seed_means import Mean, number
from differentia.reproduce.variants import VARIANTS


@dataclass(frozen=True)
class Change:
    """An accuracy without and with L_class."""

    code: str
    without: Mean
    with_: Mean

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
    """The effect of L_class in one variant on one data set."""

    dataset: str
    variant: str
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


def effects(table_1: Outcome) -> list[Effect]:
    """Return the effect of L_class for every variant with it, beside the row without it.

    Parameters
    ----------
    table_1 : Outcome
        The outcome of table 1.
    """
    found = []
    for dataset in table_1.datasets:
        lines = {line.variant: line for line in table_1.of(dataset)}
        for name, line in lines.items():
            without = lines.get(VARIANTS[name].without)
            if VARIANTS[name].row != "with" or without is None:
                continue
            changes = [_change(table_1, code, without, line) for code in ("z", "w")]
            found.append(Effect(dataset, name, *changes))
    return found


def _change(table_1: Outcome, code: str, without: Line, with_: Line) -> Change:
    before, after = table_1.mean(without, code), table_1.mean(with_, code)
    assert before is not None
    assert after is not None
    return Change(code, before, after)


def compared(table_1: Outcome) -> list[str]:
    """Return the printed data sets on which every variant of the report with L_class was run.

    Parameters
    ----------
    table_1 : Outcome
        The outcome of table 1.
    """
    runs = [(line.variant, line.dataset) for line in table_1.lines if _of_the_report(line.variant)]
    names = {variant for variant, _ in runs}
    return [d for d in table_1.datasets if d in TABLE_1 and all((name, d) in runs for name in names)]


def distances(table_1: Outcome) -> dict[str, float]:
    """Return how far each variant of the report is from table 1, nearest first.

    Parameters
    ----------
    table_1 : Outcome
        The outcome of table 1.

    Returns
    -------
    dict
        Mean over the `compared` data sets and both codes of |ours − printed| for the rows with L_class.
    """
    datasets = compared(table_1)
    found: dict[str, list[float]] = {}
    for line in table_1.lines:
        if not _of_the_report(line.variant) or line.dataset not in datasets:
            continue
        for code in ("z", "w"):
            mean, printed = table_1.mean(line, code), table_1.printed(line, code)
            if mean is not None and printed is not None:
                found.setdefault(line.variant, []).append(abs(mean.value - printed))
    means = {name: sum(gaps) / len(gaps) for name, gaps in found.items()}
    return dict(sorted(means.items(), key=lambda item: item[1]))


def _of_the_report(name: str) -> bool:
    return VARIANTS[name].row == "with" and VARIANTS[name].preset != "strict"
