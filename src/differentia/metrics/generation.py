"""How good a generative model it is: errors, likelihood bounds, and samples against real ones."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from differentia.data.dataset import LabelledData, Split
from differentia.inference import decode_all, generate, squared_errors
from differentia.metrics.codes import code_split
from differentia.metrics.interval import Estimate, estimates
from differentia.metrics.judges import ImageClassifier
from differentia.metrics.likelihood import DRAWS, log_likelihood_bounds
from differentia.metrics.prdc import Manifold, manifold
from differentia.model.base import Model

Progress = Callable[[str], None]

NEIGHBOURS = 5
"""k of precision, recall, density and coverage, as in Naeem et al. 2020."""

FEWEST = 20
"""Classes with fewer real samples than this in either split have no precision and recall."""


class Sizes(NamedTuple):
    """Most samples for the squared error, for the bounds, and a class for precision and recall."""

    errors: int
    bounds: int
    per_class: int


FULL_SIZES = Sizes(errors=20_000, bounds=1_000, per_class=1_000)
QUICK_SIZES = Sizes(errors=2_000, bounds=100, per_class=200)


@dataclass(frozen=True)
class ClassSamples:
    """Samples drawn for one class, against real ones.

    Attributes
    ----------
    name : str
        The class.
    n : int
        Number of drawn samples and of real test samples, which are equal.
    consistency : float
        Share of the drawn ones that a classifier trained on real samples calls by this class.
    drawn : Manifold or None
        Drawn against real test samples; None for a class with too few real samples.
    real : Manifold or None
        As many real training samples against the same test samples: the best that can be expected.
    """

    name: str
    n: int
    consistency: float
    drawn: Manifold | None
    real: Manifold | None

    def to_json(self) -> dict[str, Any]:
        """Return the figures as plain JSON types."""
        return {
            "name": self.name,
            "n": self.n,
            "consistency": self.consistency,
            "drawn": self.drawn and self.drawn.to_json(),
            "real": self.real and self.real.to_json(),
        }


@dataclass(frozen=True)
class Generation:
    """The quality of reconstructions and samples, on the test split.

    Attributes
    ----------
    squared_error : Estimate
        Squared error of a reconstruction from samples of the codes, summed over pixels and channels in
        [0, 1] (or standardised features); mean over images.
    n_errors : int
        Test samples behind it.
    elbo : Estimate or None
        Evidence lower bound, nats, mean over images; None for codes without noise.
    importance_weighted : Estimate or None
        Importance-weighted bound with `draws` draws, nats.
    draws, n_bounds : int
        Draws a sample, and test samples, behind the two bounds.
    consistency : float
        Share of drawn samples that the classifier calls by the class they were drawn for; mean over classes.
    classifier_accuracy : float
        That classifier's accuracy on real test samples.
    classes : tuple of ClassSamples
        One a class.
    neighbours : int
        k of precision, recall, density and coverage.
    seconds : float
        How long it took.
    """

    squared_error: Estimate
    n_errors: int
    elbo: Estimate | None
    importance_weighted: Estimate | None
    draws: int
    n_bounds: int
    consistency: float
    classifier_accuracy: float
    classes: tuple[ClassSamples, ...]
    neighbours: int
    seconds: float

    @property
    def drawn(self) -> Manifold | None:
        """Mean over classes of the drawn samples' figures."""
        return _mean([row.drawn for row in self.classes])

    @property
    def real(self) -> Manifold | None:
        """Mean over classes of the real-against-real figures."""
        return _mean([row.real for row in self.classes])

    def to_json(self) -> dict[str, Any]:
        """Return everything as plain JSON types; None stands for what is undefined."""
        drawn, real = self.drawn, self.real
        return {
            "squared_error": self.squared_error.to_json(),
            "n_errors": self.n_errors,
            "elbo": self.elbo and self.elbo.to_json(),
            "importance_weighted": self.importance_weighted and self.importance_weighted.to_json(),
            "draws": self.draws,
            "n_bounds": self.n_bounds,
            "consistency": self.consistency,
            "classifier_accuracy": self.classifier_accuracy,
            "drawn": drawn and drawn.to_json(),
            "real": real and real.to_json(),
            "classes": [row.to_json() for row in self.classes],
            "neighbours": self.neighbours,
            "seconds": self.seconds,
        }


def _mean(rows: list[Manifold | None]) -> Manifold | None:
    known = [list(row.to_json().values()) for row in rows if row is not None]
    return Manifold(*(float(v) for v in np.mean(known, axis=0))) if known else None


def generation(
    model: Model,
    data: LabelledData,
    seed: int = 0,
    quick: bool = False,
    progress: Progress | None = None,
    classifier: ImageClassifier | None = None,
) -> Generation:
    """Measure reconstructions and samples of a trained model.

    Parameters
    ----------
    model : Model
        In evaluation mode.
    data : LabelledData
        What it was trained on.
    seed : int
        Makes everything repeat.
    quick : bool
        Take fewer samples (`QUICK_SIZES`). Coverage and its reference both fall with the number of samples,
        so compare the two and not quick with full.
    progress : callable, optional
        Called with a few words at every step.
    classifier : ImageClassifier, optional
        Judge and features, trained here when not given.

    Returns
    -------
    Generation
        What was found.
    """
    started, tell = time.perf_counter(), progress or (lambda _: None)
    sizes = QUICK_SIZES if quick else FULL_SIZES
    if classifier is None:
        tell("training a classifier on real samples")
        classifier = ImageClassifier.of(data, seed, quick, model.device)
    tell("reconstructing")
    coded = code_split(model, data.test, seed, sizes.errors)
    errors = squared_errors(model, decode_all(model, coded.z, coded.w, coded.y), coded.x)
    (squared_error,) = estimates(errors[:, None].astype(np.float64), seed)
    tell("bounding the likelihood")
    rng = np.random.default_rng(seed)
    rows = np.sort(rng.permutation(len(data.test))[: sizes.bounds])
    elbo = importance_weighted = None
    if not model.deterministic:
        bounds = log_likelihood_bounds(model, data.test.x[rows], data.test.y[rows], seed)
        elbo, importance_weighted = estimates(np.column_stack(bounds), seed)
    tell("drawing samples")
    classes = tuple(
        _class_samples(model, data, label, classifier, sizes.per_class, rng)
        for label in range(data.n_classes)
    )
    return Generation(
        squared_error=squared_error,
        n_errors=len(coded),
        elbo=elbo,
        importance_weighted=importance_weighted,
        draws=DRAWS,
        n_bounds=len(rows),
        consistency=float(np.mean([row.consistency for row in classes])),
        classifier_accuracy=float(np.mean(classifier.predict(coded.x) == coded.y)),
        classes=classes,
        neighbours=NEIGHBOURS,
        seconds=time.perf_counter() - started,
    )


def _class_samples(
    model: Model,
    data: LabelledData,
    label: int,
    classifier: ImageClassifier,
    limit: int,
    rng: np.random.Generator,
) -> ClassSamples:
    def some(split: Split) -> NDArray[np.int64]:
        return rng.permutation(np.flatnonzero(split.y == label))

    train, test = some(data.train), some(data.test)
    n = min(len(train), len(test), limit)
    compared = n >= FEWEST
    n = n if compared else FEWEST
    drawn = classifier.features(generate(model, np.full(n, label), rng))
    consistency = float(np.mean(classifier.classes_of(drawn) == label))
    against = reference = None
    if compared:
        real = classifier.features(data.test.x[test[:n]])
        against = manifold(real, drawn, NEIGHBOURS)
        reference = manifold(real, classifier.features(data.train.x[train[:n]]), NEIGHBOURS)
    return ClassSamples(data.class_names[label], n, consistency, against, reference)
