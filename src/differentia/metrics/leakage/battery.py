"""All probes on all forms of all codes, side by side on the machine's cores."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray

from differentia.machine import cores
from differentia.metrics.codes import CODES, CodedSplit, CodeName, InputName
from differentia.metrics.interval import Estimate, estimates
from differentia.metrics.leakage.information import Doubles
from differentia.metrics.leakage.probes import FULL, PROBE_NAMES, QUICK, ProbeName, train_probe
from differentia.metrics.leakage.scores import ProbeRow, Score, results, worst

Floats = NDArray[np.float32]
Labels = NDArray[np.int64]
Progress = Callable[[str], None]

IN_PROCESS = 5_000
"""With fewer training samples the probes run one after another: starting processes would take longer."""


@dataclass(frozen=True)
class Mislabelled:
    """Test samples encoded with a wrong class y′, as read by the best probe on samples of w.

    Attributes
    ----------
    probe : str
        The probe, trained on rightly labelled samples.
    says_true : Estimate
        Share for which it names the true class: what w says of the picture.
    says_fed : Estimate
        Share for which it names y′: what w repeats of the class that the encoder was told.
    """

    probe: ProbeName
    says_true: Estimate
    says_fed: Estimate

    def to_json(self) -> dict[str, Any]:
        """Return the figures as plain JSON types."""
        return {
            "probe": self.probe,
            "says_true": self.says_true.to_json(),
            "says_fed": self.says_fed.to_json(),
        }


class Job(NamedTuple):
    """One probe to train: on which form of which code, with which permutation of the labels, 0 for none."""

    code: CodeName
    kind: InputName
    probe: ProbeName
    permuted: int


def _run(
    job: Job, train: tuple[Floats, Labels], test: tuple[Floats, Labels], extra: Floats | None, *args: int
) -> tuple[Job, Doubles, int, Labels | None]:
    """Train one probe; return its results, how many samples it learnt from, and its answers for `extra`."""
    n_classes, seed, limit = args
    (codes, y), (test_codes, test_y) = train, test
    if job.permuted:
        # Of both splits: a probe of permuted labels still finds clusters, and names each of them as chance
        # has it, so that against the true labels its accuracy is right or wrong for whole classes at once.
        rng = np.random.default_rng(seed if job.permuted == 1 else [seed, job.permuted])
        y, test_y = rng.permutation(y), rng.permutation(test_y)
    probe = train_probe(job.probe, codes, y, n_classes, seed, limit)
    said = None if extra is None else probe.predict(extra)
    return job, results(probe, test_codes, test_y), probe.n_train, said


def probe_all(
    train: CodedSplit,
    test: CodedSplit,
    wrong_w: Floats | None,
    n_classes: int,
    seed: int,
    quick: bool,
    progress: Progress,
) -> tuple[tuple[ProbeRow, ...], tuple[ProbeRow, ...], dict[ProbeName, Labels]]:
    """Train and score every probe.

    Parameters
    ----------
    train, test : CodedSplit
        Codes to learn from and to be scored on.
    wrong_w : ndarray or None
        Samples of w of test samples that were encoded with a wrong class, ``[n, |w|]``.
    n_classes, seed : int
        Number of classes; seed of every probe and resample.
    quick : bool
        Whether the limits are `probes.QUICK` or `probes.FULL`.
    progress : callable
        Told after each probe.

    Returns
    -------
    rows, control : tuple of ProbeRow
        The probes, and those on samples of z with the labels of both splits permuted.
    answers : dict
        What each probe on samples of w says of `wrong_w`, int64 ``[n]``.
    """
    forms = [(code, kind) for code in CODES for kind in test.forms(code)]
    jobs = [Job(code, kind, probe, 0) for code, kind in forms for probe in PROBE_NAMES]
    jobs += [Job("z", "samples", probe, 1) for probe in PROBE_NAMES]
    rows, answers = _probed(jobs, train, test, wrong_w, n_classes, seed, quick, progress)
    split = len(jobs) - len(PROBE_NAMES)
    return rows[:split], rows[split:], answers


def control_again(
    train: CodedSplit,
    test: CodedSplit,
    n_classes: int,
    seed: int,
    quick: bool,
    progress: Progress,
    draw: int,
) -> tuple[ProbeRow, ...]:
    """Return the control of `probe_all` for another draw of the permutation, from the second on."""
    jobs = [Job("z", "samples", probe, draw) for probe in PROBE_NAMES]
    return _probed(jobs, train, test, None, n_classes, seed, quick, progress)[0]


def _probed(
    jobs: list[Job],
    train: CodedSplit,
    test: CodedSplit,
    wrong_w: Floats | None,
    n_classes: int,
    seed: int,
    quick: bool,
    progress: Progress,
) -> tuple[tuple[ProbeRow, ...], dict[ProbeName, Labels]]:
    limits = QUICK if quick else FULL
    serial = len(train) < IN_PROCESS
    # The slow ones first, so that no process waits for the last at the end.
    ordered = sorted(jobs, key=lambda job: -PROBE_NAMES.index(job.probe))
    parallel = Parallel(n_jobs=1 if serial else min(len(jobs), cores(), 8), return_as="generator_unordered")
    done: dict[Job, tuple[Doubles, int]] = {}
    answers: dict[ProbeName, Labels] = {}
    for job, found, n_train, said in parallel(
        delayed(_run)(
            job,
            (train.inputs(job.code, job.kind), train.y),
            (test.inputs(job.code, job.kind), test.y),
            wrong_w if job[:2] == ("w", "samples") else None,
            n_classes,
            seed,
            limits[job.probe],
        )
        for job in ordered
    ):
        done[job] = found, n_train
        if said is not None:
            answers[job.probe] = said
        progress(f"probe {len(done)} of {len(jobs)}")
    # One draw of resamples serves all probes.
    means = estimates(np.hstack([done[job][0] for job in jobs]), seed)
    rows = tuple(
        ProbeRow.of(*job[:3], Score(accuracy, bits, done[job][1], len(test)))
        for job, accuracy, bits in zip(jobs, means[::2], means[1::2], strict=True)
    )
    return rows, answers


def read_mislabelled(
    rows: Sequence[ProbeRow], answers: dict[ProbeName, Labels], y: Labels, fed: Labels, seed: int
) -> Mislabelled:
    """Compare the best probe's answers for wrongly labelled samples with their true and their fed classes."""
    best = worst([row for row in rows if row.code == "w" and row.input == "samples"]).probe
    said = np.column_stack([answers[best] == y, answers[best] == fed]).astype(np.float64)
    says_true, says_fed = estimates(said, seed)
    return Mislabelled(best, says_true, says_fed)
