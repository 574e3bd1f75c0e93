"""What release noise costs: squared error, and what z still holds of the variation inside the classes."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from differentia.data.dataset import LabelledData
from differentia.inference import decode_all, squared_errors
from differentia.metrics.codes import CodedSplit
from differentia.metrics.followed_measurements import followed, measure_columns
from differentia.metrics.recovery import within_class_r2
from differentia.metrics.release import released
from differentia.model.base import Model

MEASURED = 3000
"""Samples that are measured at most."""

HELD = 0.3
"""R² from z without release noise above which z is said to hold a quantity; of others nothing can be lost."""


@dataclass(frozen=True)
class Cost:
    """Figures of released codes on held-out samples.

    Attributes
    ----------
    squared_error : float
        Mean over samples of the squared error of what is decoded from a released z and a sample of w.
    r2 : dict
        R² inside the classes, by quantity; see `metrics.recovery.within_class_r2`.
    """

    squared_error: float
    r2: dict[str, float]

    def to_json(self) -> dict[str, Any]:
        """Return the figures as plain JSON types."""
        return dict(vars(self))


class CostOf:
    """The cost of release noises for one model on its test samples.

    The quantities are those that z without release noise holds: of the measurements that the audit follows,
    and of the true factors that every class has, where the data bring them.
    """

    def __init__(self, model: Model, data: LabelledData, test: CodedSplit, seed: int) -> None:
        self._model, self._test, self._seed = model, test, seed
        rows = np.sort(np.random.default_rng(seed).permutation(len(test))[:MEASURED])
        self._rows, x, y = rows, test.x[rows], test.y[rows]
        measured = measure_columns(x, followed(x, y))
        names, values = [measured.label(k) for k in range(len(measured.names))], [measured.values]
        if data.test.factors is not None and len(data.test) == len(test):
            known = data.test.factors[rows]
            shared = ~np.isnan(known).any(0)
            names += [f"true {data.factor_names[k]}" for k in np.flatnonzero(shared)]
            values.append(known[:, shared])
        self._names, self._values = names, np.hstack(values)
        held = self._r2(test.z)
        self._kept = [k for k, r2 in enumerate(held) if r2 > HELD]

    def _r2(self, z: np.ndarray[Any, Any]) -> list[float]:
        y = self._test.y[self._rows]
        return [float(r2) for r2 in within_class_r2(z[self._rows], self._values, y, self._seed)]

    def __call__(self, noise: float) -> Cost:
        """Return the cost of a release noise, standard deviations of the prior."""
        test = self._test
        z = released(test.posterior, test.x, noise, self._seed)
        error = squared_errors(self._model, decode_all(self._model, z, test.w, test.y), test.x).mean()
        found = self._r2(z)
        return Cost(float(error), {self._names[k]: found[k] for k in self._kept})
