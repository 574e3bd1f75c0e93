"""What release noise costs: squared error, and what z still holds of the variation inside the classes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from differentia.data.dataset import Split
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
    """The cost of release noises for one model on held-out samples, `held` with their codes `coded`.

    The quantities are those that z without release noise holds: of the measurements that the audit follows,
    and of the true factors that every class has, where the data bring them.
    """

    def __init__(
        self, model: Model, held: Split, coded: CodedSplit, factor_names: Sequence[str], seed: int
    ) -> None:
        self._model, self._coded, self._seed = model, coded, seed
        rows = np.sort(np.random.default_rng(seed).permutation(len(coded))[:MEASURED])
        self._rows, x, y = rows, coded.x[rows], coded.y[rows]
        measured = measure_columns(x, followed(x, y))
        names, values = [measured.label(k) for k in range(len(measured.names))], [measured.values]
        if held.factors is not None:
            known = held.factors[rows]
            shared = ~np.isnan(known).any(0)
            names += [f"true {factor_names[k]}" for k in np.flatnonzero(shared).tolist()]
            values.append(known[:, shared])
        self._names, self._values = names, np.hstack(values)
        self._kept = [k for k, r2 in enumerate(self._r2(coded.z)) if r2 > HELD]

    def _r2(self, z: np.ndarray[Any, Any]) -> list[float]:
        y = self._coded.y[self._rows]
        return [float(r2) for r2 in within_class_r2(z[self._rows], self._values, y, self._seed)]

    def __call__(self, noise: float) -> Cost:
        """Return the cost of a release noise, standard deviations of the prior."""
        coded = self._coded
        z = released(coded.posterior, coded.x, noise, self._seed)
        error = squared_errors(self._model, decode_all(self._model, z, coded.w, coded.y), coded.x).mean()
        found = self._r2(z)
        return Cost(float(error), {self._names[k]: found[k] for k in self._kept})
