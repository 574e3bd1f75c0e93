"""What a student gained over its teacher, and whether it kept what the teacher's codes do."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from differentia.data.dataset import LabelledData
from differentia.inference import decode_all, encode_all, squared_errors
from differentia.metrics.codes import code_split
from differentia.model.base import Model

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Refinement:
    """Student and teacher on the test split, with samples of the posteriors as codes.

    Attributes
    ----------
    teacher_error, student_error : float
        Mean over samples of the squared error summed over pixels in [0, 1] (or features).
    z_changed, w_changed : float
        How much of the effect of an exchange of z, or of w and the class, is not the teacher's, 1 − R²: the
        squared difference between what the exchange changes in the student's and in the teacher's decodings,
        over the square of the latter. 0: the same effect; 1: as far from it as no effect.
    codes_kept : bool
        Whether the posteriors of z and w are the teacher's, to the last bit.
    """

    teacher_error: float
    student_error: float
    z_changed: float
    w_changed: float
    codes_kept: bool

    def to_json(self) -> dict[str, Any]:
        """Return the figures as plain JSON types."""
        return asdict(self)


def compare_with_teacher(student: Model, teacher: Model, data: LabelledData, seed: int) -> Refinement:
    """Measure a refined model against the model that it was made from.

    Parameters
    ----------
    student, teacher : Model
        Both in evaluation mode.
    data : LabelledData
        Their data; the test split is used.
    seed : int
        Seed of the codes' noise and of the exchanges.
    """
    x, y = data.test.x, data.test.y
    coded, taught = code_split(student, data.test, seed), encode_all(teacher, x, y)
    encoded, z, w = coded.posterior, coded.z, coded.w
    first = taught.w_mean.shape[1]
    other = np.random.default_rng(seed).permutation(len(y))

    def decoded(z: Floats, first_w: Floats, y: NDArray[np.int64]) -> tuple[Floats, Floats]:
        whole = np.concatenate([first_w, w[:, first:]], axis=1)
        return decode_all(student, z, whole, y), decode_all(teacher, z, first_w, y)

    own = decoded(z, w[:, :first], y)
    z_moved = decoded(z[other], w[:, :first], y)
    w_moved = decoded(z, w[other, :first], y[other])
    kept = (
        (encoded.z_mean, taught.z_mean),
        (encoded.z_log_variance, taught.z_log_variance),
        (encoded.w_mean[:, :first], taught.w_mean),
        (encoded.w_log_variance[:, :first], taught.w_log_variance),
    )
    return Refinement(
        teacher_error=float(squared_errors(teacher, own[1], x).mean()),
        student_error=float(squared_errors(student, own[0], x).mean()),
        z_changed=_changed(own, z_moved),
        w_changed=_changed(own, w_moved),
        codes_kept=all(np.array_equal(a, b) for a, b in kept),
    )


def _changed(own: tuple[Floats, Floats], moved: tuple[Floats, Floats]) -> float:
    student, teacher = (after - before for before, after in zip(own, moved, strict=True))
    return float(np.square(student - teacher).mean() / np.square(teacher).mean())
