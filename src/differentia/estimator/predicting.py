"""What a fitted estimator says of classes and likelihoods of samples, by Bayes' rule."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import logsumexp, softmax
from sklearn.base import ClassifierMixin

from differentia.estimator.arrays import class_numbers, stored
from differentia.metrics.likelihood import class_log_likelihoods
from differentia.model.base import Model
from differentia.training.settings import Settings


class PredictingMixin(ClassifierMixin):  # type: ignore[misc]
    """The methods that compare classes; `score` is the accuracy of `predict`."""

    model_: Model
    settings_: Settings
    classes_: NDArray[Any]
    class_prior_: NDArray[np.float64]

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return the most probable label of each sample, ``[n]``."""
        best = self._log_joint(X).argmax(axis=1)
        found: NDArray[Any] = self.classes_[best]
        return found

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return p(y | x) ∝ p(x | y) p(y) of each class, float64 ``[n, n_classes]``.

        p(x | y) is the bound of `score_samples`, and p(y) is `class_prior_`. The model was not trained to
        classify: the answers tell what it takes for typical of a class.
        """
        found: NDArray[np.float64] = softmax(self._log_joint(X), axis=1)
        return found

    def score_samples(self, X: ArrayLike, y: ArrayLike | None = None) -> NDArray[np.float64]:
        """Return a lower bound on log p(x), or on log p(x | y) given labels, float64 ``[n]``, in nats.

        It is that of `differentia.metrics.likelihood.class_log_likelihoods`; vectors are standardised.
        """
        joint = self._log_joint(X)
        if y is None:
            found: NDArray[np.float64] = logsumexp(joint, axis=1)
            return found
        known = class_numbers(self, y, len(joint))
        return joint[np.arange(len(joint)), known] - np.log(self.class_prior_[known])

    def _log_joint(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return log p(x | y) + log p(y), float64 ``[n, n_classes]``."""
        x = stored(self, X)
        found = class_log_likelihoods(self.model_, x, self.settings_.training.seed)
        return found + np.log(self.class_prior_)
