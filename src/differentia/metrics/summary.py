"""The few numbers that close a training."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from differentia.data.dataset import LabelledData
from differentia.inference import decode_all, encode_all, sample_all, squared_errors
from differentia.metrics.leakage.probes import quick_probe
from differentia.model.base import Model


@dataclass(frozen=True)
class Summary:
    """Figures on the test split.

    Attributes
    ----------
    squared_error : float
        Mean over samples of the squared error summed over pixels in [0, 1] (or features), of samples of the
        posterior.
    kl_z, kl_w : float or None
        Mean KL of the posterior from the prior, nats. None without w, and for a code without noise.
    probe_z, probe_w : float or None
        Accuracy of a linear probe on samples of the code.
    chance : float
        Share of the most frequent class.
    """

    squared_error: float
    kl_z: float | None
    kl_w: float | None
    probe_z: float
    probe_w: float | None
    chance: float

    def to_json(self) -> dict[str, Any]:
        """Return the figures as plain JSON types."""
        return asdict(self)


def summarise(model: Model, data: LabelledData, seed: int) -> Summary:
    """Measure a model on the test split of its data."""
    test = data.test
    codes = encode_all(model, test.x, test.y)
    z, w = sample_all(model, codes, test.x, test.y, seed)
    probes = quick_probe(model, data, seed)
    return Summary(
        squared_error=float(squared_errors(model, decode_all(model, z, w, test.y), test.x).mean()),
        kl_z=codes.nats("z"),
        kl_w=codes.nats("w"),
        probe_z=probes["z"],
        probe_w=probes.get("w"),
        chance=float(np.bincount(test.y).max() / len(test)),
    )
