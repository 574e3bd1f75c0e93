"""What a fitted estimator says of the separation on held-out samples: the audit, and the certificate."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted

from differentia.data.arrays import assemble
from differentia.data.dataset import LabelledData, Split
from differentia.errors import DifferentiaError
from differentia.estimator.arrays import class_numbers, stored
from differentia.inference import EncodedData, encode_all
from differentia.metrics.audit.audit import audit
from differentia.metrics.audit.result import Audit
from differentia.metrics.certificate import CONFIDENCE, Certificate, certificate
from differentia.metrics.release import Release, find_release
from differentia.model.base import Model
from differentia.training.settings import Settings


class AuditingMixin:
    """The methods that judge z on samples that it was not trained on."""

    model_: Model
    settings_: Settings
    classes_: NDArray[Any]
    audit_: Audit | None
    release_: Release | None
    _data: LabelledData | None

    def audit(
        self, X_test: ArrayLike | None = None, y_test: ArrayLike | None = None, quick: bool = False
    ) -> Audit:
        """Audit the separation on held-out samples; see `differentia.metrics.audit.audit`.

        Without samples, those that `fit` was given are taken. The probes are trained on the codes of the
        training data. A model that was loaded has none, so they are trained on one half of the samples given
        here and scored on the other.
        """
        check_is_fitted(self)
        test = None
        if X_test is not None:
            x = stored(self, X_test)
            test = Split(x, class_numbers(self, y_test, len(x)))
        data = held_out(self._data, test, self.classes_.tolist())
        self.audit_ = audit(self.model_, data, self.settings_.training.seed, quick)
        return self.audit_

    def certificate(
        self, X: ArrayLike, y: ArrayLike, confidence: float = CONFIDENCE, release_noise: float = 0.0
    ) -> Certificate:
        """Bound what anybody can read of the class from one sample of z.

        See `differentia.metrics.certificate`. It holds for samples that neither `fit` nor any choice of
        settings saw. Two certificates of 95 % from the same samples hold together with 90 %.

        Parameters
        ----------
        X, y : array_like
            Held-out samples with their labels.
        confidence : float
            Probability that the bound holds, above 0 and below 1.
        release_noise : float
            Noise that is added to z, in standard deviations of the prior.
        """
        encoded, known = self._encoded(X, y, confidence)
        if release_noise < 0:
            raise DifferentiaError(f"release_noise is {release_noise:g}. A standard deviation is at least 0.")
        return certificate(
            encoded.z_mean,
            encoded.z_log_variance,
            known,
            release_noise=release_noise,
            confidence=confidence,
            seed=self.settings_.training.seed,
        )

    def certify(
        self, X: ArrayLike, y: ArrayLike, within: float = 0.05, confidence: float = CONFIDENCE
    ) -> Certificate:
        """Find the least noise on z with which nobody reads the class better than chance + `within`.

        It is kept in `release_`, with a new secret key, for ``transform(X, certified=True)``. See
        `differentia.metrics.release`.

        Parameters
        ----------
        X, y : array_like
            Held-out samples with their labels, which neither `fit` nor any choice of settings saw.
        within : float
            Allowed accuracy above the share of the most frequent class, above 0 and below 1.
        confidence : float
            Probability that the bound holds, above 0 and below 1.
        """
        encoded, known = self._encoded(X, y, confidence)
        if not 0 < within < 1:
            raise DifferentiaError(f"within is {within:g}. Give a share between 0 and 1, such as 0.05.")
        self.release_ = find_release(encoded, known, within, confidence, seed=self.settings_.training.seed)
        return self.release_.certificate

    def _encoded(
        self, X: ArrayLike, y: ArrayLike, confidence: float
    ) -> tuple[EncodedData, NDArray[np.int64]]:
        """Encode held-out samples."""
        x = stored(self, X)
        if not 0 < confidence < 1:
            raise DifferentiaError(
                f"confidence is {confidence:g}. Give a share between 0 and 1, such as 0.95."
            )
        known = class_numbers(self, y, len(x))
        return encode_all(self.model_, x, known), known


def held_out(data: LabelledData | None, test: Split | None, classes: Sequence[Any]) -> LabelledData:
    """Return the data of a fit with its held-out samples, or with those of `test`.

    Where there are no data, because the estimator was loaded, it is one half of `test` with the other. A
    DifferentiaError says that there are no held-out samples.
    """
    if data is not None and test is not None:
        return replace(data, test=test)
    if test is not None:
        names = tuple(str(label) for label in classes)
        return assemble(
            *(test.x, test.y, None, None, names),
            name="data",
            size=None,
            test_fraction=0.5,
            split_seed=0,
            limit=None,
        )
    if data is None or not len(data.test):
        raise DifferentiaError("There are no held-out samples to audit on. Pass X_test and y_test.")
    return data
