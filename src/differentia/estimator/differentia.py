"""The class `Differentia`: what a person calls."""

import math
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn import config_context
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import Tags, estimator_html_repr
from sklearn.utils.validation import check_is_fitted

from differentia.data.arrays import prepare
from differentia.data.dataset import LabelledData
from differentia.data.units import Units
from differentia.errors import DifferentiaError, InputError
from differentia.estimator import learning, storage
from differentia.estimator.arrays import accepted, class_numbers, labels, stored
from differentia.estimator.auditing import AuditingMixin
from differentia.estimator.drawing import DrawingMixin
from differentia.estimator.page import page
from differentia.estimator.parameters import parameters_of, settings_of
from differentia.estimator.predicting import PredictingMixin
from differentia.estimator.progress import watcher
from differentia.inference import encode_all, sample_all, sample_codes
from differentia.metrics.audit.result import Audit
from differentia.metrics.release import Release
from differentia.model.base import Floats, Model
from differentia.signals import put_off
from differentia.training.run import Run


class Differentia(
    DrawingMixin,
    AuditingMixin,
    PredictingMixin,
    ClassNamePrefixFeaturesOutMixin,  # type: ignore[misc]
    TransformerMixin,  # type: ignore[misc]
    BaseEstimator,  # type: ignore[misc]
):
    """Learn a generic code z and a conditional code w | y from labelled data.

    Parameters
    ----------
    method : str or None
        A method by its name, such as ``"discover"``, ``"report"`` or ``"beta-vae"``, or one of your own as
        ``"path/to/file.py:Class"``; None takes the preset's. Here as below, None means what the preset says.
    preset : str or None
        Settings to start from; None takes the method's: ``discover``, or ``strict`` to declare something.
    z_dim, w_dim, epochs, batch_size : int or None
        Dimensions of the codes, passes over the data, samples a step.
    learning_rate : float or None
        Adam's learning rate in step 1.
    seed : int or None
        Seed of weights, order and noise. It is called as in the settings, on the command line and in run
        folders, and not ``random_state``: it is always a number, so that a fit always repeats.
    device : str or None
        Where to train: ``"cpu"``, ``"cuda"``, ``"mps"``, or ``"auto"``. The fitted model is on the CPU.
    precision : str or None
        Arithmetic of the training's forward pass: ``"32-true"`` or ``"bf16-mixed"``.
    generic : sequence of str or None
        Transformations to declare generic, as ``("shear", "thickness")``; () for none.
    measured : sequence of str or None
        Measurements to declare generic, as ``("brightness",)``; () for none.
    settings : mapping or None
        Further changes, nested as in ``config.yaml``: ``{"terms": {"capacity": {"z": 8}}}``.
    unlabelled : int, str or None
        Reserved for the label of samples without a class. No method uses such samples yet, so `fit` refuses
        it; without it, −1 is a class like any other.
    warm_start : bool
        Whether `fit` goes on with the training of the last `fit`, up to `epochs` in all, on the same data.
    verbose : bool or None
        Whether `fit` shows its progress; None shows it in a notebook alone.

    Attributes
    ----------
    classes_ : ndarray
        The labels, sorted, as they were given to `fit`.
    class_prior_ : ndarray
        Share of each class in the training data, float64; even for a run of ``differentia train``.
    n_features_in_ : int
        Values of a sample: features, or pixels times channels.
    feature_names_in_ : ndarray
        Names of the features, where `X` had any.
    model_ : Model
        The trained model, in evaluation mode.
    settings_ : Settings
        Every setting that was used.
    history_ : list of dict
        A record each epoch.
    audit_ : Audit or None
        What `audit` found last.
    release_ : Release or None
        The noise that `certify` found last, for ``transform(X, certified=True)``.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> X, y = load_digits(return_X_y=True)
    >>> model = Differentia(epochs=1).fit(X, y)
    >>> model.transform(X).shape
    (1797, 4)
    """

    def __init__(
        self,
        method: str | None = None,
        preset: str | None = None,
        *,
        z_dim: int | None = None,
        w_dim: int | None = None,
        epochs: int | None = None,
        batch_size: int | None = None,
        learning_rate: float | None = None,
        seed: int | None = None,
        device: str | None = None,
        precision: str | None = None,
        generic: Sequence[str] | None = None,
        measured: Sequence[str] | None = None,
        settings: Mapping[str, Any] | None = None,
        unlabelled: int | str | None = None,
        warm_start: bool = False,
        verbose: bool | None = None,
    ) -> None:
        self.method = method
        self.preset = preset
        self.z_dim = z_dim
        self.w_dim = w_dim
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.seed = seed
        self.device = device
        self.precision = precision
        self.generic = generic
        self.measured = measured
        self.settings = settings
        self.unlabelled = unlabelled
        self.warm_start = warm_start
        self.verbose = verbose

    def fit(
        self, X: ArrayLike, y: ArrayLike, X_test: ArrayLike | None = None, y_test: ArrayLike | None = None
    ) -> "Differentia":
        """Train on labelled samples.

        Ctrl-C ends the training after the current step; what was learnt till then is kept and works, and
        KeyboardInterrupt goes on. So it is with SIGTERM and SystemExit. A DifferentiaError says that the data
        or a setting do not fit; an earlier fit stays as it is.

        Parameters
        ----------
        X : array_like
            Images ``[n, h, w]`` or ``[n, h, w, c]``, uint8 or floats in [0, 1], or vectors ``[n, d]``; also
            tensors, data frames, and lists of pictures of Pillow.
        y : array_like
            Labels ``[n]``: numbers or text, at least two different ones.
        X_test, y_test : array_like or None
            Held-out samples of every class, which `audit` then takes. Nothing is learnt from them.

        Returns
        -------
        Differentia
            Itself.
        """
        if self.unlabelled is not None:
            raise DifferentiaError(
                "No method learns from unlabelled samples yet. Leave out the samples that are labelled "
                f"{self.unlabelled!r}, and unlabelled."
            )
        notes = type(self)()  # this one stays as it is till the end
        X, given = accepted(notes, X, reset=True), labels(y)
        test = None if X_test is None else accepted(notes, X_test, reset=False)
        units = Units.of(X)
        data = prepare(X, given, test, y_test, units=units, test_fraction=0.0)
        for lost in [] if units is None else units.warnings:
            warnings.warn(lost, stacklevel=2)
        seen = storage.Seen.of(X, given, units, getattr(notes, "feature_names_in_", None))
        trainer = learning.start(settings_of(self.get_params(), data), data)
        if self.warm_start and hasattr(self, "_trained"):
            learning.go_on(trainer, self._trained, data)
        with put_off() as stop, config_context(array_api_dispatch=False):
            trained = learning.run(trainer, data, watcher(self.verbose), stop)
            self._become(trainer.method.model, data, trained, seen)
        return self

    def fit_transform(self, X: ArrayLike, y: ArrayLike | None = None, **fit_params: Any) -> Floats:
        """Fit, and return the generic codes of the same samples, also where z's encoder sees the class."""
        fitted = self.fit(X, y, **fit_params)  # type: ignore[arg-type]
        return fitted.transform(X, y)

    def transform(self, X: ArrayLike, y: ArrayLike | None = None, certified: bool = False) -> Floats:
        """Encode samples to the generic code z, float32 ``[n, |z|]``; it needs no labels.

        The code is a sample of q(z | x) with noise that is a fixed function of seed and input, so the same
        input always has the same code. Samples, not means, are what the adversary kept free of y.

        Parameters
        ----------
        X : array_like
            Samples, as for `fit`.
        y : array_like or None
            Labels ``[n]``; only where z's encoder sees the class (``z_sees_y``).
        certified : bool
            Whether to add the noise that `certify` found. It comes from a secret key instead of the seed.
        """
        x = stored(self, X)
        if y is None and self.model_.z_sees_y:
            raise InputError(
                "z's encoder sees the class in this method. Pass y as well, or use a method such as strict."
            )
        known = np.zeros(len(x), dtype=np.int64) if y is None else class_numbers(self, y, len(x))
        found = encode_all(self.model_, x, known)
        if certified:
            if self.release_ is None:
                raise DifferentiaError("Nothing is certified yet. Call certify with held-out samples first.")
            return self.release_.codes(found, x)
        return sample_codes(found.z_mean, found.z_log_variance, x, self.settings_.training.seed)

    def transform_conditional(self, X: ArrayLike, y: ArrayLike) -> Floats:
        """Encode labelled samples to the conditional code w | y, float32 ``[n, |w|]``."""
        x = stored(self, X)
        if not self.model_.w_dim:
            raise DifferentiaError("This method has no conditional code w. Use one that has, such as strict.")
        known = class_numbers(self, y, len(x))
        found = encode_all(self.model_, x, known)
        return sample_all(self.model_, found, x, known, self.settings_.training.seed)[1]

    def save(self, path: str | Path) -> None:
        """Save as a run folder. It holds no data, so ``differentia report`` cannot read it; `load` can."""
        check_is_fitted(self)
        storage.save(Path(path), self._data, self._trained, self._seen)
        if self.release_ is not None:
            self.release_.save(Path(path))

    @classmethod
    def load(cls, path: str | Path, method: str | None = None) -> "Differentia":
        """Load any run folder, of `save` or of ``differentia train``, whose labels are the names of classes.

        A DifferentiaError says that the folder is not a run, or is damaged.

        Parameters
        ----------
        path : str or Path
            The folder.
        method : str or None
            Where the method lies, as ``"path/to/file.py:Class"``, for a run of your own method.
        """
        run = Run.open(Path(path), method)
        estimator = cls(**parameters_of(run.settings, method))
        estimator._become(run.load_model(), None, *storage.load(run))
        estimator.release_ = Release.load(run.path)
        return estimator

    audit_: Audit | None
    release_: Release | None
    _data: LabelledData | None
    _trained: learning.Trained
    _seen: storage.Seen

    def _become(
        self, model: Model, data: LabelledData | None, trained: learning.Trained, seen: storage.Seen
    ) -> None:
        """Take over what a training made."""
        self.model_, self._data, self._trained, self._seen = model, data, trained, seen
        self.settings_, self.history_ = trained.settings, trained.history
        self.classes_, self.class_prior_ = np.array(seen.classes), np.array(seen.class_prior)
        self.n_features_in_ = math.prod(model.sample_shape)
        if seen.feature_names is not None:
            self.feature_names_in_ = np.array(seen.feature_names, dtype=object)
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_
        self.audit_, self.release_ = None, None

    @property
    def _n_features_out(self) -> int:
        """Dimensions of z, for `get_feature_names_out`."""
        return self.model_.z_dim

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.transformer_tags.preserves_dtype = ["float32"]
        tags.classifier_tags.poor_score = True  # a z that is free of the class takes more than a short fit
        return tags

    def _html_repr(self) -> str:
        """Return what a notebook shows; `display` of scikit-learn's configuration turns it off."""
        html: str = estimator_html_repr(self)
        if not hasattr(self, "model_"):
            return html
        return html + page(self.model_, str(self.classes_[0]), len(self.history_), self.audit_)
