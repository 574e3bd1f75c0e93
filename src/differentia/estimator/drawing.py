"""What a fitted estimator can draw: from codes, of classes, between them."""

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted

from differentia.errors import DifferentiaError, InputError
from differentia.estimator.arrays import class_numbers, codes, stored
from differentia.estimator.storage import Seen
from differentia.inference import decode_all, encode_all
from differentia.model.base import Floats, Model
from differentia.plots import traversals

Samples = NDArray[np.floating[Any]]


class DrawingMixin:
    """The methods that decode.

    Images come back as float32 ``[n, h, w, c]`` in [0, 1], vectors ``[n, d]`` in the units of the data: as
    float32, or as float64 where float32 does not resolve a feature (`differentia.data.units`).
    """

    model_: Model
    _seen: Seen

    def inverse_transform(
        self, Z: ArrayLike, y: ArrayLike | None = None, W: ArrayLike | None = None, seed: int = 0
    ) -> Samples:
        """Decode generic codes to samples, ``[n, …]``.

        Parameters
        ----------
        Z : array_like
            Codes as of `transform`, ``[n, |z|]``.
        y : array_like or None
            Labels ``[n]``; only where the decoder reads nothing of the class they can be left out.
        W : array_like or None
            Codes as of `transform_conditional`, ``[n, |w|]``; None draws them for each class.
        seed : int
            Seed of that draw.
        """
        check_is_fitted(self)
        z = codes(Z, self.model_.z_dim, None, "Z")
        if y is None and self.model_.given:
            raise InputError("The decoder reads more than z in this method. Pass y as well, and W to keep w.")
        labels = np.zeros(len(z), dtype=np.int64) if y is None else class_numbers(self, y, len(z))
        if W is None:
            w = self.model_.draw_codes(labels, np.random.default_rng(seed))[1]
        else:
            w = codes(W, self.model_.w_dim, len(z), "W")
        return self._in_units(decode_all(self.model_, z, w, labels))

    def reconstruct(self, X: ArrayLike, y: ArrayLike) -> Samples:
        """Encode and decode labelled samples, by the means of both codes; ``[n, …]``."""
        x = stored(self, X)
        labels = class_numbers(self, y, len(x))
        means = encode_all(self.model_, x, labels)
        return self._in_units(decode_all(self.model_, means.z_mean, means.w_mean, labels))

    def sample(self, y: Any, n: int = 16, seed: int = 0) -> Samples:
        """Draw `n` new samples of the class `y`, ``[n, …]``."""
        check_is_fitted(self)
        _check_count(n, "n")
        label = int(class_numbers(self, [y], 1)[0])
        return self._in_units(traversals.class_samples(self.model_, [label], n, seed)[0])

    def swap(self, X: ArrayLike, y: ArrayLike, onto: Any, seed: int = 0) -> Samples:
        """Give samples another class: keep their z, draw w of the class `onto` and decode as that class."""
        x = stored(self, X)
        if not self.model_.given:
            raise DifferentiaError(
                "This method draws from z alone, so there is no class to give to a sample. Use another, such "
                "as strict."
            )
        z = encode_all(self.model_, x, class_numbers(self, y, len(x))).z_mean
        return self.inverse_transform(z, [onto] * len(x), seed=seed)

    def traverse(
        self, x: ArrayLike, y: Any, code: Literal["z", "w"] = "z", span: float = 5.0, steps: int = 11
    ) -> Samples:
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
            ``[dimensions, steps, …]``.
        """
        samples = stored(self, [x])
        _check_count(steps, "steps")
        if code not in self.model_.dims:
            raise DifferentiaError(f"There is no code '{code}'. Choose {' or '.join(self.model_.dims)}.")
        label = class_numbers(self, [y], 1)
        means = encode_all(self.model_, samples, label)
        values = np.linspace(-span, span, steps, dtype=np.float32)
        strips: Floats = traversals.traverse_all(
            self.model_, means.z_mean, means.w_mean, label, code, values
        )[0]
        return self._in_units(strips)

    def _in_units(self, decoded: Floats) -> Samples:
        """Bring decoded samples to the units of the data."""
        return decoded if self._seen.units is None else self._seen.units.restored(decoded)


def _check_count(count: int, name: str) -> None:
    if count < 1:
        raise InputError(f"{name} is {count}, so there is nothing to draw. Ask for at least 1.")
