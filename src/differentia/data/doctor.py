"""A doctor for data: what is there, what is wrong with it, what to do about it."""

import hashlib
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np

from differentia.data import catalogue
from differentia.data.celeba import survey
from differentia.data.celeba_layout import is_celeba, usual_folder
from differentia.data.dataset import LabelledData
from differentia.data.folder import list_folder
from differentia.data.images import UnreadableError
from differentia.data.npz import ARRAYS, array_names
from differentia.data.settings import DataSettings
from differentia.data.storage import named_path
from differentia.data.words import count
from differentia.errors import DifferentiaError

FEW = 50
"""Training samples a class below which a warning is due."""

IMBALANCE = 10
"""Ratio of the largest to the smallest class above which a warning is due."""

SHOWN = 20
"""Names that a finding lists at most."""


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, or may be.

    Attributes
    ----------
    level : {'problem', 'warning'}
        A problem keeps the data from being used.
    what : str
        What was found.
    advice : str
        What to do about it.
    """

    level: Literal["problem", "warning"]
    what: str
    advice: str


@dataclass
class Diagnosis:
    """What the doctor found.

    Attributes
    ----------
    facts : list of (str, str)
        Counts, sizes and ranges, each with its name.
    classes : list of (str, int, int)
        Name, training samples and test samples of each class, where the data could be read.
    findings : list of Finding
        What is wrong.
    problem : DifferentiaError or None
        Why the data cannot be used; None when they can.
    """

    facts: list[tuple[str, str]] = field(default_factory=list)
    classes: list[tuple[str, int, int]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    problem: DifferentiaError | None = None

    def warn(self, what: str, advice: str) -> None:
        """Add a warning."""
        self.findings.append(Finding("warning", what, advice))


def examine(settings: DataSettings, progress: bool = False) -> Diagnosis:
    """Examine a data set by name or path.

    Parameters
    ----------
    settings : DataSettings
        Which data, and how they are read.
    progress : bool
        Show bars while downloading or decoding.

    Returns
    -------
    Diagnosis
        Facts and findings. Data that cannot be used are a finding, not an exception.
    """
    diagnosis = Diagnosis()
    diagnosis.facts.append(("data", settings.source))
    path = named_path(settings.source)
    try:
        _examine_files(settings, path, diagnosis)
        data = catalogue.load(settings, progress)
    except UnreadableError as problem:
        diagnosis.problem = problem
        for name, why in problem.failures:
            diagnosis.findings.append(Finding("problem", f"{name}: {why}", "Repair or remove the file."))
    except DifferentiaError as problem:
        diagnosis.problem = problem
        if clash := catalogue.clash_of(path):
            diagnosis.facts.append(("note", clash))
    else:
        _describe(data, diagnosis)
        _examine_counts(data, diagnosis)
        _examine_samples(data, diagnosis)
        _examine_duplicates(data, diagnosis)
    return diagnosis


def _examine_files(settings: DataSettings, path: Path, diagnosis: Diagnosis) -> None:
    """Look at what the readers pass over: files without a use, CelebA's absent pictures, unknown arrays."""
    if settings.source == "celeba" or (settings.source not in catalogue.NAMES and is_celeba(path)):
        folder = usual_folder() if settings.source == "celeba" else path
        diagnosis.facts.append(("form", f"CelebA in {folder}, class {settings.attribute}"))
        present, tables = survey(folder, settings.attribute)
        absent, unlisted = tables.listed - len(tables.names), present - len(tables.names)
        diagnosis.facts.append(
            ("pictures", f"{present:,} present, {tables.listed:,} listed, {len(tables.names):,} both")
        )
        if absent:
            diagnosis.warn(
                f"{count(absent, 'listed picture')} absent", "Nothing, if this is a part by choice."
            )
        if unlisted:
            diagnosis.warn(
                f"{count(unlisted, 'picture')} not listed", "They are left out; remove them or list them."
            )
        if not (tables.partition == 2).any():
            diagnosis.warn("no picture belongs to the test partition", "Nothing: a test split is drawn.")
    elif settings.source in catalogue.NAMES:
        diagnosis.facts.append(("form", f"named data set, {catalogue.CATALOGUE[settings.source].what}"))
    elif path.is_dir():
        diagnosis.facts.append(("form", "class folder"))
        others = list_folder(path).others
        if others:
            diagnosis.warn(
                f"{count(len(others), 'file')} not taken for pictures: {_names([f.name for f in others])}",
                "Convert pictures among them to .png or .jpg.",
            )
    elif path.suffix.lower() == ".npz" and path.is_file():
        diagnosis.facts.append(("form", "arrays in an .npz"))
        unknown = [name for name in array_names(path) if name not in ARRAYS]
        if unknown:
            diagnosis.warn(f"arrays without a use: {_names(unknown)}", f"Only {', '.join(ARRAYS)} are read.")


def _describe(data: LabelledData, diagnosis: Diagnosis) -> None:
    kind = "pixels, height × width × channels" if data.is_image else "features"
    x = data.train.x
    diagnosis.facts += [
        ("samples", f"{len(data.train):,} to train, {len(data.test):,} to test"),
        ("a sample", f"{'×'.join(str(n) for n in data.shape)} {kind}"),
        ("values", f"{x.min():.4g} to {x.max():.4g} ({x.dtype}), mean {x.mean(dtype=np.float64):.4g}"),
        ("classes", f"{data.n_classes}"),
    ]
    diagnosis.facts += [("note", note) for note in data.notes]
    n = data.n_classes
    counts = (np.bincount(split.y, minlength=n).tolist() for split in (data.train, data.test))
    diagnosis.classes = list(zip(data.class_names, *counts, strict=True))


def _examine_counts(data: LabelledData, diagnosis: Diagnosis) -> None:
    counts = np.bincount(data.train.y, minlength=data.n_classes)
    few = np.flatnonzero(counts < FEW).tolist()
    if few:
        diagnosis.warn(
            f"{count(len(few), 'class')} with fewer than {FEW} training samples: "
            + _names([f"{data.class_names[i]} ({counts[i]})" for i in few]),
            "Expect blurred reconstructions and wide intervals; add samples or merge classes.",
        )
    if counts.max() > IMBALANCE * counts.min():
        diagnosis.warn(
            f"the largest class has {counts.max():,} training samples and the smallest {counts.min():,}",
            "Chance is the share of the largest class; drop samples of it, or add to the smallest.",
        )


def _examine_samples(data: LabelledData, diagnosis: Diagnosis) -> None:
    """Look for constant images or features and for ranges that look like a mistake of scale."""
    x = data.train.x
    if not data.is_image:
        low, high = x.min(axis=0), x.max(axis=0)
        constant = np.flatnonzero(low == high).tolist()
        if constant:
            diagnosis.warn(
                f"{count(len(constant), 'constant feature')}: {_names([str(i) for i in constant])}",
                "Drop them.",
            )
        spread = x.std(axis=0, dtype=np.float64)[low < high]
        if len(spread) and spread.max() > 100 * spread.min():
            diagnosis.warn(
                f"the features' standard deviations run from {spread.min():.3g} to {spread.max():.3g}",
                "Standardise the features, or the largest will be all that is learnt.",
            )
        return
    axes = (1, 2, 3)
    for name, split in (("train", data.train), ("test", data.test)):
        constant = np.flatnonzero(split.x.min(axis=axes) == split.x.max(axis=axes)).tolist()
        if constant:
            diagnosis.warn(
                f"{count(len(constant), f'{name} image')} of a single brightness: number "
                + _names([str(i) for i in constant]),
                "Remove them, unless an empty picture means something.",
            )
    if int(x.max()) - int(x.min()) < 64:
        diagnosis.warn(
            f"the images use only the values {x.min()} to {x.max()} of 0 to 255", "Stretch their contrast."
        )


def _examine_duplicates(data: LabelledData, diagnosis: Diagnosis) -> None:
    """Find samples that are equal in every number, within a split, across the splits and across classes."""
    places: defaultdict[bytes, list[tuple[int, int]]] = defaultdict(list)
    for part, split in enumerate((data.train, data.test)):
        for sample, y in zip(split.x, split.y.tolist(), strict=True):
            digest = hashlib.blake2b(np.ascontiguousarray(sample).tobytes(), digest_size=16).digest()
            places[digest].append((part, y))
    repeated = [found for found in places.values() if len(found) > 1]
    extra = sum(len(found) - 1 for found in repeated)
    across = sum(len({part for part, _ in found}) > 1 for found in repeated)
    torn = sum(len({y for _, y in found}) > 1 for found in repeated)
    if extra:
        diagnosis.warn(f"{count(extra, 'exact repetition')} of other samples", "Remove the copies.")
    if across:
        diagnosis.warn(
            f"{count(across, 'sample')} in both the training and the test split",
            "Remove them from one, or test scores are too good.",
        )
    if torn:
        diagnosis.warn(f"{count(torn, 'sample')} in more than one class", "Decide for one class.")


def _names(names: list[str]) -> str:
    return ", ".join(names[:SHOWN]) + (f", … ({len(names)} in all)" if len(names) > SHOWN else "")
