"""The page of the reproduction, made from stored results alone."""

import json
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined

from differentia.files import write_text
from differentia.reproduce.class_loss_effect import compared, distances, effects
from differentia.reproduce.experiments import EXPERIMENTS, Experiment
from differentia.reproduce.outcome_tables import to_markdown
from differentia.reproduce.outcomes import Outcome, outcome_of, seeds_of
from differentia.reproduce.results import Record, run_of, stored
from differentia.reproduce.variants import CLOSEST, KNOWN_FACTORS, VARIANTS


@dataclass(frozen=True)
class Section:
    """What the page shows of one table.

    Attributes
    ----------
    experiment : Experiment
        The table.
    quick : bool
        Whether only quick results are stored.
    outcome : Outcome
        What came out.
    found : list of dict
        The records behind it.
    """

    experiment: Experiment
    quick: bool
    outcome: Outcome
    found: list[Record]

    def markdown(self, dataset: str) -> str:
        """Return the rows of a data set, a table for each group of quantities that has a number."""
        lines = self.outcome.of(dataset)
        keys = [
            quantity.key
            for at, quantity in enumerate(self.outcome.quantities)
            if any(line.means[at] is not None for line in lines)
        ]
        return "\n\n".join(to_markdown(part, dataset) for part in self.outcome.narrow(keys).parts)

    @property
    def names(self) -> list[str]:
        """Variants that have a row, in order."""
        return list(dict.fromkeys(line.variant for line in self.outcome.lines))

    def sizes(self, dataset: str) -> str:
        """Return on how many samples and seeds the rows of a data set stand, and how they were audited."""
        own = [record for record in self.found if record["dataset"] == dataset]
        seeds = seeds_of(self.outcome.of(dataset))
        quick = list(dict.fromkeys(r["variant"] for r in own if not run_of(r).full_audit))
        full = ""
        if len(quick) < len({record["variant"] for record in own}):
            full = "; audited in full" + (f", but {', '.join(quick)} in the quick form" if quick else "")
        return f"{own[0]['n_train']:,} training and {own[0]['n_test']:,} test images, {seeds}{full}"

    def provenance(self) -> list[dict[str, Any]]:
        """Return command, versions and duration of the records, one line a command."""
        lines: dict[str, dict[str, Any]] = {}
        for record in self.found:
            line = lines.setdefault(
                record["command"], {"runs": 0, "seconds": 0.0, "versions": record["versions"]}
            )
            line["runs"] += 1
            line["seconds"] += sum(record["seconds"].values())
        return [{"command": command} | line for command, line in lines.items()]


def section(results: Path, name: str) -> Section | None:
    """Read what is stored of a table, the full results before the quick ones; None if there is nothing."""
    experiment = EXPERIMENTS[name]
    for quick in (False, True):
        found = stored(results / f"{name}{'-quick' if quick else ''}.json")
        if found:
            return Section(experiment, quick, outcome_of(experiment, found), found)
    return None


def write_pages(results: Path) -> Path:
    """Write ``reproduction.md`` and ``kinds.md`` beside the folder of results, from what is stored there.

    Parameters
    ----------
    results : Path
        Holds the JSON files of tables, ``figures.json`` and the pictures.

    Returns
    -------
    Path
        The page of the report's experiments. That of `kinds` is left out where nothing of them is stored.
    """
    first, separation = section(results, "table1"), section(results, "separation")
    shared = {"folder": results.name, "variants": VARIANTS}
    if separation and "kinds" in separation.outcome.datasets:
        page = _rendered("kinds.md.j2", kinds=separation, known_factors=KNOWN_FACTORS, **shared)
        write_text(results.parent / "kinds.md", page)
    page = _rendered(
        "reproduction.md.j2",
        table1=first,
        table2=section(results, "table2"),
        naive=section(results, "naive"),
        separation=separation,
        frontier=section(results, "frontier"),
        effects=effects(first.outcome) if first else [],
        distances=distances(first.outcome) if first else {},
        compared=compared(first.outcome) if first else [],
        closest=CLOSEST,
        figures=_figures(results),
        **shared,
    )
    path = results.parent / "reproduction.md"
    write_text(path, page)
    return path


def _rendered(template: str, **values: Any) -> str:
    text = resources.files("differentia.reproduce").joinpath(template).read_text("utf-8")
    environment = Environment(
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    return environment.from_string(text).render(**values)


def _figures(results: Path) -> list[tuple[Experiment, list[dict[str, Any]]]]:
    """Return the stored pictures of every figure; a quick one only where there is no full one."""
    path = results / "figures.json"
    described = json.loads(path.read_text("utf-8")) if path.exists() else {}
    shown = []
    for name, experiment in EXPERIMENTS.items():
        own = [{"file": file} | says for file, says in described.items() if says["experiment"] == name]
        full = [picture for picture in own if not picture["quick"]]
        if own:
            shown.append((experiment, full or own))
    return shown
