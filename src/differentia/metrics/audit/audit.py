"""The audit: are class and class-generic factors apart in a trained model, and what is left of both."""

import time
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from differentia.data.dataset import LabelledData, Split
from differentia.errors import DifferentiaError
from differentia.inference import decode_all, squared_errors
from differentia.metrics.audit.result import Audit
from differentia.metrics.audit.verdict import CONTROL_DRAWS, judge, misses_chance
from differentia.metrics.certificate import DRAWS, Certificate, certificate
from differentia.metrics.codes import CodedSplit, code_split
from differentia.metrics.collapse import Errors, collapse_check
from differentia.metrics.followed_measurements import followed, measure_columns
from differentia.metrics.judges import ImageClassifier
from differentia.metrics.leakage.battery import Progress, control_again, probe_all, read_mislabelled
from differentia.metrics.leakage.information import Doubles, class_shares
from differentia.metrics.remarks import remarks
from differentia.metrics.transfer import Decode, partners, swap_test
from differentia.model.base import Model

Floats = NDArray[np.float32]
Labels = NDArray[np.int64]


class Sizes(NamedTuple):
    """How many samples each part of the audit takes at most; more are drawn from at random.

    Attributes
    ----------
    train : int
        Training samples that are encoded; the probes' own limits are in `probes.FULL` and `probes.QUICK`.
    test : int
        Test samples that everything is scored on.
    measured : int
        Of those, the ones that are measured and swapped.
    """

    train: int
    test: int
    measured: int


QUICK_DRAWS = 10_000
"""Monte Carlo draws of the quick form's certificate."""

FULL_SIZES = Sizes(train=60_000, test=20_000, measured=3_000)
QUICK_SIZES = Sizes(train=10_000, test=10_000, measured=500)


def audit_codes(
    data: LabelledData,
    train: CodedSplit,
    test: CodedSplit,
    decode: Decode,
    errors: Errors,
    mislabelled: tuple[Floats, Labels] | None = None,
    *,
    given: str = "w and class",
    seed: int = 0,
    quick: bool = False,
    progress: Progress | None = None,
    classifier: ImageClassifier | None = None,
) -> Audit:
    """Audit codes as arrays, wherever they come from. `audit` is the usual way in.

    Parameters
    ----------
    data : LabelledData
        Real samples, for the judge of swapped pictures, and the names.
    train, test : CodedSplit
        Samples with their codes; probes learn on the one and are scored on the other.
    decode : callable
        Codes ``[n, |z|]``, ``[n, |w|]`` and classes ``[n]`` to samples.
    errors : callable
        Decoded and stored samples to the squared error of each, see `models.batched.squared_errors`.
    mislabelled : tuple of ndarray, optional
        Samples of w of the test samples encoded with wrong classes, float32 ``[n, |w|]``, and these
        classes, int64 ``[n]``.
    given : str
        What a swap takes from another sample, as `Model.given` says; where it is nothing, nothing is swapped.
    seed, quick, progress, classifier
        As for `audit`.

    Returns
    -------
    Audit
        What was found.

    Raises
    ------
    DifferentiaError
        If the test split holds a single class.
    """
    started, tell = time.perf_counter(), progress or (lambda _: None)
    if len(np.unique(test.y)) < 2 or len(np.unique(train.y)) < 2:
        raise DifferentiaError(
            "The audit needs at least two classes in the training and in the test split; "
            "give it data of more than one class."
        )
    n_classes, sizes = data.n_classes, QUICK_SIZES if quick else FULL_SIZES
    wrong_w = mislabelled[0] if mislabelled is not None else None
    rows, control, answers = probe_all(train, test, wrong_w, n_classes, seed, quick, tell)
    shares, draws = class_shares(test.y, n_classes), 1
    while draws < CONTROL_DRAWS and misses_chance(control, shares):
        # One audit in a hundred misses chance by luck, and a sound one must not be called unsound for it.
        draws += 1
        tell(f"permuting the labels of the control again, draw {draws}")
        control = control_again(train, test, n_classes, seed, quick, tell, draws)
    wrong = None
    if mislabelled is not None:
        wrong = read_mislabelled(rows, answers, test.y, mislabelled[1], seed)
    if classifier is None:
        tell("training a classifier on real samples")
        classifier = ImageClassifier.of(data, seed, quick)
    tell("measuring, swapping and exchanging codes")
    subset = test.take(np.sort(np.random.default_rng(seed).permutation(len(test))[: sizes.measured]))
    columns = followed(subset.x, subset.y)
    measured = measure_columns(subset.x, columns)
    swap = swap_test(subset, measured, columns, decode, classifier, given, n_classes, seed) if given else None
    collapse = collapse_check(test, subset, measured, decode, errors, seed)
    tell("bounding what anybody reads of z")
    bound = _certificate(test, seed, quick)
    return Audit(
        data=data.name,
        class_names=data.class_names,
        seed=seed,
        quick=quick,
        shares=shares,
        rows=rows,
        control=control,
        mislabelled=wrong,
        swap=swap,
        collapse=collapse,
        certificate=bound,
        verdict=judge(rows, control, shares, collapse, swap, bound, draws),
        remarks=_remarks(data.class_names, shares, draws),
        seconds=time.perf_counter() - started,
    )


def _certificate(test: CodedSplit, seed: int, quick: bool) -> Certificate | None:
    """Certify samples of z as they are handed out, if they have noise."""
    p = test.posterior
    if np.isneginf(p.z_log_variance).any():
        return None
    draws = QUICK_DRAWS if quick else DRAWS
    return certificate(p.z_mean, p.z_log_variance, test.y, draws=draws, seed=seed)


def _remarks(class_names: tuple[str, ...], shares: Doubles, draws: int) -> tuple[str, ...]:
    """Say what the test split lacks, and how often the control was drawn, a sentence each."""
    said = []
    absent = [name for name, share in zip(class_names, shares, strict=True) if share == 0]
    if absent:
        more = f" and {len(absent) - 5} more" if len(absent) > 5 else ""
        said.append(
            f"No test sample shows {', '.join(absent[:5])}{more}, "
            "so the figures say nothing of it, and no picture shows it."
        )
    if draws > 1:
        said.append(f"The labels of the control were permuted {draws} times, because a draw missed chance.")
    return tuple(said)


def audit(
    model: Model,
    data: LabelledData,
    seed: int = 0,
    quick: bool = False,
    progress: Progress | None = None,
    classifier: ImageClassifier | None = None,
) -> Audit:
    """Audit a trained model: probes, wrong classes, swaps, collapse, verdict.

    Parameters
    ----------
    model : Model
        In evaluation mode. It is not changed.
    data : LabelledData
        What it was trained on. Probes learn on codes of the training split and are scored on the test split.
    seed : int
        Makes everything repeat.
    quick : bool
        Take fewer samples (`QUICK_SIZES`, `probes.QUICK`); the intervals show what that costs in precision,
        and probes that learnt from less read less, so a leak found is a leak, but a small one may be missed.
    progress : callable, optional
        Called with a few words at every step.
    classifier : ImageClassifier, optional
        Judge of swapped pictures, trained here when not given.

    Returns
    -------
    Audit
        What was found.

    Raises
    ------
    DifferentiaError
        If a split holds a single class.
    """
    started, tell = time.perf_counter(), progress or (lambda _: None)
    tell("encoding")
    sizes = QUICK_SIZES if quick else FULL_SIZES
    train = code_split(model, data.train, seed, sizes.train)
    test = code_split(model, data.test, seed, sizes.test)
    mislabelled = None
    if model.w_dim and len(np.unique(test.y)) > 1:
        rng = np.random.default_rng(seed)
        fed = test.y[partners(test.y, rng)]
        wrong = code_split(model, Split(test.x, test.y), seed, fed=fed)
        mislabelled = (wrong.w, fed)
    if classifier is None:
        tell("training a classifier on real samples")
        classifier = ImageClassifier.of(data, seed, quick, model.device)
    found = audit_codes(
        data,
        train,
        test,
        partial(decode_all, model),
        partial(squared_errors, model),
        mislabelled,
        given=model.given,
        seed=seed,
        quick=quick,
        progress=progress,
        classifier=classifier,
    )
    return replace(found, remarks=remarks(model) + found.remarks, seconds=time.perf_counter() - started)
