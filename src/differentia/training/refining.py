"""From a finished run to its refinement: the same model, and a code of what it leaves of the samples."""

import math
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from differentia.data.dataset import LabelledData, Split
from differentia.errors import DifferentiaError
from differentia.models.batched import (
    decode_all,
    encode_all,
    left_all,
    sample_all,
    squared_errors,
)
from differentia.models.two_code import TwoCodeModel
from differentia.training.run import Run
from differentia.training.settings import Settings, combined, validated

Floats = NDArray[np.float32]

ENOUGH = 0.5
"""Part of the teacher's squared error that a remainder may leave that moves along with z."""

NOISE_SHARE = 0.01
"""Part of the teacher's squared error that the noise of u may add, over all of its dimensions."""

SAMPLES, VALUES = 10_000, 50_000_000
"""Most training samples that components are taken of, and most pixels (or features) in all of them."""


class _Student(NamedTuple):
    settings: Settings
    model: TwoCodeModel
    error: float


@torch.no_grad()
def refined(
    taught: Settings, teacher: TwoCodeModel, data: LabelledData, remainder_dim: int
) -> tuple[Settings, TwoCodeModel]:
    """Make a student of a trained model: the same with a `Remainder` fitted to what it leaves.

    What the remainder draws moves along with z, so that it suits other z too. But what is finer than the
    moving, the edges of a turned shape say, is blurred by it: where less than half of the teacher's error is
    mended so, the remainder is added to the moved picture, if that mends more.

    Parameters
    ----------
    taught : Settings
        Of the run to refine.
    teacher : TwoCodeModel
        Its model, in evaluation mode.
    data : LabelledData
        Its data; the training split is used.
    remainder_dim : int
        Most dimensions of u. There are fewer where samples have fewer pixels (or features), or are few.

    Returns
    -------
    settings : Settings
        Of the student.
    student : TwoCodeModel
        In evaluation mode.
    """
    seed = taught.training.seed
    split = _sample(data.train, seed)
    codes = encode_all(teacher, split.x, split.y)
    z, w = sample_all(teacher, codes, split.x, split.y, seed)
    dim = min(remainder_dim, split.x[0].size, len(split) - 1)
    error = _error(teacher, z, w, split)

    def student(moves: bool) -> _Student:
        # The likelihood of a corrected mean is Gaussian, of a scale of its own.
        dims = {"w_dim": taught.model.w_dim + dim, "remainder_dim": dim}
        changes = {**dims, "remainder_moves": moves, "scale": None}
        settings = validated(combined([taught.model_dump(), {"model": changes}]))
        model = TwoCodeModel(settings.model, data.shape, data.n_classes).eval()
        own = model.state_dict()
        weights = {n: t for n, t in teacher.state_dict().items() if n in own and t.shape == own[n].shape}
        model.load_state_dict(weights, strict=False)
        assert model.remainder is not None
        assert model.log_scale is not None
        assert model.u_density is not None
        left = left_all(model, split.x, z, w, split.y)
        model.remainder.fit(left, NOISE_SHARE * error / dim, seed)
        remaining = _error(model, *sample_all(model, codes, split.x, split.y, seed), split)
        model.log_scale.fill_(0.5 * math.log(remaining / left.shape[1]))
        # New z and w are drawn as the teacher's are.
        u = model.remainder.posterior(torch.from_numpy(left))
        model.u_density.fit(u.mean.numpy(), u.log_variance.numpy(), split.y)
        return _Student(settings, model, remaining)

    best = student(moves=True)
    if teacher.acting and best.error > ENOUGH * error:
        best = min(best, student(moves=False), key=lambda made: made.error)
    return best.settings, best.model


def check_refinable(teacher: Run) -> None:
    """Check that a run can be refined.

    Raises
    ------
    DifferentiaError
        If the run is not finished, has no w, or is a refined one.
    """
    model, done, planned = teacher.settings.model, len(teacher.metrics()), teacher.settings.training.epochs
    if done < planned:
        raise DifferentiaError(
            f"The run {teacher.path} is not finished ({done} of {planned} epochs). "
            f"Go on with: differentia train --resume {teacher.path}"
        )
    if not model.w_dim:
        raise DifferentiaError(
            f"The run {teacher.path} has no w (the naive model), and only z and w together can be refined. "
            "Name a run of another preset."
        )
    if model.remainder_dim:
        raise DifferentiaError(
            f"The run {teacher.path} is refined already. Refine the run that it was made from, "
            "with another --remainder-dim."
        )


def _sample(train: Split, seed: int) -> Split:
    most = min(SAMPLES, max(2, VALUES // train.x[0].size))
    rows = np.sort(np.random.default_rng(seed).permutation(len(train))[:most])
    return Split(train.x[rows], train.y[rows])


def _error(model: TwoCodeModel, z: Floats, w: Floats, split: Split) -> float:
    """Mean squared error of a sample that is decoded from its codes; above 0."""
    decoded = decode_all(model, z, w, split.y)
    return max(float(squared_errors(model, decoded, split.x).mean()), 1e-12)
