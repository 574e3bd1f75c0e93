"""Everything a report says, gathered once: the content of ``audit.json``, from which the page is drawn."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from differentia.data.dataset import LabelledData
from differentia.metrics.audit.audit import audit
from differentia.metrics.audit.result import Audit
from differentia.metrics.factors.naming import name_factors
from differentia.metrics.factors.report import FactorReport
from differentia.metrics.generation import generation
from differentia.metrics.ground_truth.score import ground_truth
from differentia.metrics.judges import ImageClassifier
from differentia.model.base import Model
from differentia.training.run import Run

SCHEMA = 1
"""Version of the layout of ``audit.json``; it grows when a reader of the old layout would err."""

Progress = Callable[[str, str], None]
"""Called with the name of a stage and a few words on what it is doing."""


@dataclass(frozen=True)
class Evidence:
    """What was found out about a run.

    Attributes
    ----------
    audit : Audit
        The audit, for printing.
    factors : FactorReport
        The names of the dimensions, for printing.
    document : dict
        Everything as plain JSON types: the content of ``audit.json``.
    """

    audit: Audit
    factors: FactorReport
    document: dict[str, Any]


def stages(data: LabelledData) -> tuple[str, ...]:
    """Return the names of the stages that `gather` goes through for these data, in order."""
    known = data.test.factors is not None
    truth = ("ground truth",) if known else ()
    return ("classifier of real samples", "audit", "factor names", *truth, "generation")


def gather(
    run: Run, model: Model, data: LabelledData, seed: int, quick: bool, progress: Progress
) -> Evidence:
    """Audit a run, name its factors, score them against ground truth where there is any, and generate.

    Parameters
    ----------
    run : Run
        The run.
    model, data
        What `run` loads.
    seed : int
        Seed of everything that is drawn.
    quick : bool
        The quick form of every part: fewer samples, wider intervals.
    progress : callable
        Called at the beginning of every stage, and within the long ones.

    Returns
    -------
    Evidence
        What was found.
    """
    seconds: dict[str, float] = {}

    def timed(stage: str, work: Callable[[], Any]) -> Any:
        progress(stage, "")
        started = time.perf_counter()
        found = work()
        seconds[stage] = time.perf_counter() - started
        return found

    def telling(stage: str) -> Callable[[str], None]:
        return lambda words: progress(stage, words)

    # One judge, trained on real samples, serves the swap test and the new samples.
    classifier: ImageClassifier = timed(
        "classifier of real samples", lambda: ImageClassifier.of(data, seed, quick, model.device)
    )
    audited: Audit = timed(
        "audit", lambda: audit(model, data, seed, quick, telling("audit"), classifier=classifier)
    )
    factors: FactorReport = timed("factor names", lambda: name_factors(model, data, seed, quick))
    truth = None
    if data.test.factors is not None:
        truth = timed("ground truth", lambda: ground_truth(model, data, seed, quick)).to_json()
    generated = timed(
        "generation",
        lambda: generation(model, data, seed, quick, telling("generation"), classifier=classifier),
    )
    document = {
        "schema": SCHEMA,
        "differentia": version("differentia"),
        "run": _described(run, model),
        "settings": run.settings.model_dump(mode="json"),
        "seed": seed,
        "quick": quick,
        "audit": audited.to_json(),
        "factors": factors.to_json(),
        "ground_truth": truth,
        "generation": generated.to_json(),
        "seconds": seconds,
    }
    return Evidence(audited, factors, document)


def _described(run: Run, model: Model) -> dict[str, Any]:
    """Say as plain JSON types what was trained, and on what."""
    return {
        "name": run.path.resolve().name,
        "method": run.settings.method,
        "preset": run.settings.preset,
        "seed": run.settings.training.seed,
        "epochs": len(run.metrics()),
        "z_dim": model.z_dim,
        "w_dim": model.w_dim,
        "decoder_sees_y": model.decoder_sees_y,
        "parameters": sum(p.numel() for p in model.parameters()),
        "data": run.description.model_dump(mode="json"),
    }
