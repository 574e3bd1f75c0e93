"""The model as a scikit-learn estimator: arrays in, codes and images out."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from lightning_fabric import Fabric
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from differentia.data.arrays import check_samples, prepare
from differentia.data.dataset import LabelledData, Split
from differentia.data.settings import DataSettings
from differentia.errors import DifferentiaError
from differentia.inference import decode_all, encode_all, sample_all, sample_codes
from differentia.methods.base import Method
from differentia.methods.strict import declaration
from differentia.model.base import Floats, Model
from differentia.plots import traversals
from differentia.training.checkpoint import Checkpoint
from differentia.training.loop import Trainer
from differentia.training.presets import preset
from differentia.training.run import Run
from differentia.training.settings import Settings, combined

if TYPE_CHECKING:
    from differentia.metrics.audit.result import Audit

IN_MEMORY = "arrays"
"""Data source that the settings of a run trained on arrays name."""


class Differentia(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Learn a generic code z and a conditional code w | y from labelled data.

    Parameters
    ----------
    method : str or None
        A method by its name, such as ``"strict"``, ``"report"`` or ``"beta-vae"``, or one of your own as
        ``"path/to/file.py:Class"``; None takes the preset's.
    preset : str or None
        Settings to start from; None takes those of the method's name, and strict's without a method.
    epochs : int or None
        Passes over the data; None takes the preset's.
    seed : int
        Seed of weights, order and noise.
    generic : sequence of str or None
        Transformations to declare generic, as ``("shear", "thickness")``; () for none, None for the preset's.
    measured : sequence of str or None
        Measurements to declare generic, as ``("brightness",)``; () for none, None for the preset's.
    settings : mapping or None
        Further changes, nested as in ``config.yaml``: ``{"terms": {"capacity": {"z": 8}}}``.

    Attributes
    ----------
    classes_ : ndarray
        The labels, sorted, as they were given to `fit`.
    model_ : Model
        The trained model, in evaluation mode.
    settings_ : Settings
        Every setting that was used.
    history_ : list of dict
        One record an epoch.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> X, y = load_digits(return_X_y=True)
    >>> model = Differentia(epochs=1).fit(X, y)
    >>> model.transform(X).shape
    (1797, 10)
    """

    def __init__(
        self,
        method: str | None = None,
        preset: str | None = None,
        epochs: int | None = None,
        seed: int = 0,
        generic: Sequence[str] | None = None,
        measured: Sequence[str] | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        self.method = method
        self.preset = preset
        self.epochs = epochs
        self.seed = seed
        self.generic = generic
        self.measured = measured
        self.settings = settings

    def fit(self, X: ArrayLike, y: ArrayLike) -> "Differentia":
        """Train on labelled samples.

        Parameters
        ----------
        X : array_like
            Images ``[n, h, w]`` or ``[n, h, w, c]``, uint8 or floats in [0, 1], or vectors ``[n, d]``.
        y : array_like
            Labels ``[n]``: numbers or text, at least two different ones.

        Returns
        -------
        Differentia
            Itself.

        Raises
        ------
        DifferentiaError
            If the data or a setting do not fit.
        """
        self.classes_ = np.unique(np.asarray(y))
        # Everything is trained on: there is no split to hold out.
        self._data = prepare(X, y, X, y)
        given: list[dict[str, Any]] = [dict(self.settings or {}), {"training": {"seed": self.seed}}]
        if self.epochs is not None:
            given.append({"training": {"epochs": self.epochs}})
        given.append({"model": declaration(self.generic, self.measured)})
        source = DataSettings(source=IN_MEMORY)
        shape, n_train = self._data.shape, len(self._data.train)
        self.settings_ = preset(self.preset, source, shape, combined(given), n_train, self.method)
        self._method = self.settings_.of_method
        training = self.settings_.training
        if training.devices > 1:
            raise DifferentiaError(
                "The estimator trains in one process. Use `differentia train` for devices."
            )
        fabric = Fabric(accelerator=training.accelerator, devices=1, precision=training.precision)
        trainer = Trainer(self.settings_, self._method, self._data, fabric)
        trainer.run()
        self._checkpoint = trainer.checkpoint()
        self.model_: Model = trainer.method.model.cpu()
        self.history_ = trainer.monitor.records
        return self

    def transform(self, X: ArrayLike, y: ArrayLike | None = None) -> Floats:
        """Encode samples to the generic code z, float32 ``[n, |z|]``; it needs no labels.

        The code is a sample of q(z | x) with noise that is a fixed function of seed and input, so the same
        input always has the same code. Samples, not means, are what the adversary kept free of y.

        Parameters
        ----------
        X : array_like
            Samples, as for `fit`.
        y : array_like or None
            Labels ``[n]``; only where z's encoder sees the class (``z_sees_y``).
        """
        x = self._samples(X)
        if y is None and self.model_.z_sees_y:
            raise DifferentiaError("z's encoder sees the class in this method. Pass y as well.")
        labels = np.zeros(len(x), dtype=np.int64) if y is None else self._labels(y, len(x))
        codes = encode_all(self.model_, x, labels)
        return sample_codes(codes.z_mean, codes.z_log_variance, x, self.settings_.training.seed)

    def transform_conditional(self, X: ArrayLike, y: ArrayLike) -> Floats:
        """Encode labelled samples to the conditional code w | y, float32 ``[n, |w|]``."""
        x = self._samples(X)
        if not self.model_.w_dim:
            raise DifferentiaError("This method has no conditional code w. Use one that has, such as strict.")
        labels = self._labels(y, len(x))
        codes = encode_all(self.model_, x, labels)
        return sample_all(self.model_, codes, x, labels, self.settings_.training.seed)[1]

    def reconstruct(self, X: ArrayLike, y: ArrayLike) -> Floats:
        """Encode and decode labelled samples; images come back as float32 ``[n, h, w, c]`` in [0, 1]."""
        x = self._samples(X)
        labels = self._labels(y, len(x))
        codes = encode_all(self.model_, x, labels)
        return decode_all(self.model_, codes.z_mean, codes.w_mean, labels)

    def sample(self, y: Any, n: int = 16, seed: int = 0) -> Floats:
        """Draw `n` new samples of the class `y`, float32 ``[n, …]``."""
        check_is_fitted(self)
        label = int(self._labels([y], 1)[0])
        drawn: Floats = traversals.class_samples(self.model_, [label], n, seed)[0]
        return drawn

    def swap(self, X: ArrayLike, y: ArrayLike, onto: Any, seed: int = 0) -> Floats:
        """Give samples another class: keep their z, draw w of the class `onto` and decode as that class."""
        x = self._samples(X)
        if not self.model_.given:
            raise DifferentiaError(
                "This method draws from z alone, so there is no class to give to a sample."
            )
        z = encode_all(self.model_, x, self._labels(y, len(x))).z_mean
        target = self._labels([onto] * len(x), len(x))
        _, w = self.model_.draw_codes(target, np.random.default_rng(seed))
        return decode_all(self.model_, z, w, target)

    def traverse(
        self, x: ArrayLike, y: Any, code: Literal["z", "w"] = "z", span: float = 5.0, steps: int = 11
    ) -> Floats:
        """Vary each dimension of a code of one sample, the others at their posterior means.

        Parameters
        ----------
        x : array_like
            One sample.
        y : label
            Its label.
        code : {'z', 'w'}
            Which code to vary.
        span : float
            The dimension takes values from −span to span.
        steps : int
            How many.

        Returns
        -------
        ndarray
            float32 ``[dimensions, steps, …]``.
        """
        if code not in self.model_.dims:
            raise DifferentiaError(f"There is no code '{code}'. Choose {' or '.join(self.model_.dims)}.")
        samples = self._samples(np.asarray(x)[None])
        label = self._labels([y], 1)
        codes = encode_all(self.model_, samples, label)
        values = np.linspace(-span, span, steps, dtype=np.float32)
        dimensions = codes.z_mean.shape[1] if code == "z" else codes.w_mean.shape[1]
        strips = [
            traversals.traverse(self.model_, codes.z_mean[0], codes.w_mean[0], int(label[0]), code, d, values)
            for d in range(dimensions)
        ]
        return np.stack(strips)

    def audit(self, X_test: ArrayLike, y_test: ArrayLike, quick: bool = False) -> "Audit":
        """Audit the separation on held-out samples; see `differentia.metrics.audit.audit`.

        The probes are trained on the codes of the training data. A model that was loaded has none, so they
        are trained on one half of the samples given here and scored on the other.
        """
        from differentia.metrics.audit.audit import audit

        x, labels = self._samples(X_test), self._labels(y_test, len(np.asarray(y_test)))
        names = tuple(str(label) for label in self.classes_)
        if self._data is None:
            half = prepare(x, labels, class_names=names, test_fraction=0.5)
        else:
            half = replace(self._data, test=Split(x, labels))
        return audit(self.model_, half, self.seed, quick)

    def save(self, path: str | Path) -> None:
        """Save as a run folder. It holds no data, so ``differentia report`` cannot read it; `load` can."""
        check_is_fitted(self)
        if self._data is None:
            raise DifferentiaError("A loaded model is saved already. Copy its folder.")
        run = Run.create(Path(path), self.settings_, self._method, self._data)
        run.save(self._checkpoint)

    @classmethod
    def load(cls, path: str | Path, method: str | None = None) -> "Differentia":
        """Load any run folder, of `save` or of ``differentia train``. Labels are then the class names.

        Parameters
        ----------
        path : str or Path
            The folder.
        method : str or None
            Where the method lies, as ``"path/to/file.py:Class"``, for a run of your own method.

        Raises
        ------
        DifferentiaError
            If the folder is not a run or is damaged.
        """
        run = Run.open(Path(path), method)
        training = run.settings.training
        own = method or run.settings.method
        estimator = cls(own, run.settings.preset, training.epochs, training.seed)
        estimator.settings_, estimator._method = run.settings, run.method
        estimator.model_ = run.load_model()
        estimator.history_ = run.metrics()
        estimator.classes_ = np.array(run.description.class_names)
        estimator._data = None
        return estimator

    settings_: Settings
    _method: type[Method]
    _data: LabelledData | None
    _checkpoint: Checkpoint

    def _samples(self, X: ArrayLike) -> NDArray[Any]:
        check_is_fitted(self)
        x = check_samples(X, "X")
        first = self.model_.sample_shape
        if x.shape[1:] != first:
            raise DifferentiaError(f"A sample has shape {x.shape[1:]}, and the model was trained on {first}.")
        return x

    def _labels(self, y: ArrayLike, n: int) -> NDArray[np.int64]:
        labels = np.asarray(y)
        if labels.shape != (n,):
            raise DifferentiaError(
                f"There are {n} samples and labels of shape {labels.shape}. Pass one each."
            )
        known = self.classes_.astype(str)
        given = labels.astype(str)
        unknown = sorted(set(given) - set(known))
        if unknown:
            raise DifferentiaError(
                f"The label {unknown[0]} was not in the training data ({', '.join(known)})."
            )
        order = np.argsort(known)
        return order[np.searchsorted(known, given, sorter=order)].astype(np.int64)
