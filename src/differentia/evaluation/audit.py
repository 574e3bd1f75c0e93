"""The audit: are class and class-generic factors apart in a trained model, and what is left of both."""

import time
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rich.table import Table

from differentia.data.dataset import LabelledData, Split
from differentia.errors import DifferentiaError
from differentia.evaluation.audit_table import audit_table, printed
from differentia.evaluation.battery import INPUTS, Mislabelled, Progress, probe_all, read_mislabelled
from differentia.evaluation.coding import CodedSplit, CodeName, InputName, code_split
from differentia.evaluation.collapse import Collapse, Errors, collapse_check
from differentia.evaluation.information import Doubles, class_shares, entropy_bits
from differentia.evaluation.measured import followed, measure_columns
from differentia.evaluation.real_classifier import FULL as FULL_REAL
from differentia.evaluation.real_classifier import QUICK as QUICK_REAL
from differentia.evaluation.real_classifier import RealClassifier
from differentia.evaluation.rows import ProbeRow, worst
from differentia.evaluation.swap import Decode, Swap, partners, swap_test
from differentia.evaluation.verdict import Verdict, judge
from differentia.models.batched import decode_all, squared_errors
from differentia.models.two_code import TwoCodeModel

if TYPE_CHECKING:
    import pandas as pd

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


FULL_SIZES = Sizes(train=60_000, test=20_000, measured=3_000)
QUICK_SIZES = Sizes(train=10_000, test=10_000, measured=500)


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
    swap : Swap
        The swap test.
    collapse : Collapse
        What the codes carry.
    verdict : Verdict
        One word and one sentence.
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
    swap: Swap
    collapse: Collapse
    verdict: Verdict
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
        return audit_table(self.rows, self.control, self.chance, self.entropy)

    def __rich__(self) -> Any:
        return printed(self)

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
        figures = [self.figure(code, kind) for code in ("z", "w") for kind in INPUTS]
        return {
            "data": self.data,
            "class_names": list(self.class_names),
            "seed": self.seed,
            "quick": self.quick,
            "chance": self.chance,
            "entropy": self.entropy,
            "shares": [float(share) for share in self.shares],
            "verdict": self.verdict.to_json(),
            "worst": [row.to_json() for row in figures if row is not None],
            "rows": [row.to_json() for row in self.rows],
            "control": [row.to_json() for row in self.control],
            "mislabelled": self.mislabelled and self.mislabelled.to_json(),
            "swap": self.swap.to_json(),
            "collapse": self.collapse.to_json(),
            "seconds": self.seconds,
        }


def audit_codes(
    data: LabelledData,
    train: CodedSplit,
    test: CodedSplit,
    decode: Decode,
    errors: Errors,
    mislabelled: tuple[Floats, Labels] | None = None,
    *,
    seed: int = 0,
    quick: bool = False,
    progress: Progress | None = None,
    classifier: RealClassifier | None = None,
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
    wrong = None
    if mislabelled is not None:
        wrong = read_mislabelled(rows, answers, test.y, mislabelled[1], seed)
    if classifier is None:
        tell("training a classifier on real samples")
        limit = QUICK_REAL if quick else FULL_REAL
        classifier = RealClassifier(data.train, n_classes, seed, limit)
    tell("measuring, swapping and exchanging codes")
    subset = test.take(np.sort(np.random.default_rng(seed).permutation(len(test))[: sizes.measured]))
    columns = followed(subset.x, subset.y)
    measured = measure_columns(subset.x, columns)
    swap = swap_test(subset, measured, columns, decode, classifier, n_classes, seed)
    collapse = collapse_check(test, subset, measured, decode, errors, seed)
    shares = class_shares(test.y, n_classes)
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
        verdict=judge(rows, control, shares, collapse, swap),
        seconds=time.perf_counter() - started,
    )


def audit(
    model: TwoCodeModel,
    data: LabelledData,
    seed: int = 0,
    quick: bool = False,
    progress: Progress | None = None,
    classifier: RealClassifier | None = None,
) -> Audit:
    """Audit a trained model: probes, wrong classes, swaps, collapse, verdict.

    Parameters
    ----------
    model : TwoCodeModel
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
    classifier : RealClassifier, optional
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
    if model.settings.w_dim and len(np.unique(test.y)) > 1:
        rng = np.random.default_rng(seed)
        fed = test.y[partners(test.y, rng)]
        wrong = code_split(model, Split(test.x, test.y), seed, fed=fed)
        mislabelled = (wrong.w, fed)
    if classifier is None:
        tell("training a classifier on real samples")
        device = next(model.parameters()).device
        limit = QUICK_REAL if quick else FULL_REAL
        classifier = RealClassifier(data.train, data.n_classes, seed, limit, device)
    found = audit_codes(
        data,
        train,
        test,
        partial(decode_all, model),
        partial(squared_errors, model),
        mislabelled,
        seed=seed,
        quick=quick,
        progress=progress,
        classifier=classifier,
    )
    return replace(found, seconds=time.perf_counter() - started)
