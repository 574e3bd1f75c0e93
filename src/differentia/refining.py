"""From a finished run to its refinement: the same model, and a code of what it leaves of the samples."""

from typing import NamedTuple

import numpy as np
import torch

from differentia.data.dataset import LabelledData, Split
from differentia.errors import DifferentiaError
from differentia.inference import decode_all, encode_all, on_device, sample_all, squared_errors
from differentia.model.base import Floats, Model
from differentia.model.transforming import TransformingVAE
from differentia.refine.residual import ResidualModel
from differentia.training.run import Run
from differentia.training.settings import Settings, validated

ENOUGH = 0.5
"""Part of the teacher's squared error that a correction may leave that moves along with z."""

NOISE_SHARE = 0.01
"""Part of the teacher's squared error that the noise of u may add, over all of its dimensions."""

SAMPLES, VALUES = 10_000, 50_000_000
"""Most training samples that components are taken of, and most pixels (or features) in all of them."""


class _Student(NamedTuple):
    settings: Settings
    model: Model
    error: float


@torch.no_grad()
def refined(
    taught: Settings, teacher: Model, data: LabelledData, residual_dim: int
) -> tuple[Settings, Model]:
    """Make a student of a trained model: the same with a residual code fitted to what it leaves.

    What the correction draws moves along with z, so that it suits other z too. But what is finer than the
    moving, the edges of a turned shape say, is blurred by it: where less than half of the teacher's error is
    mended so, the correction is added to the moved picture, if that mends more.

    Parameters
    ----------
    taught : Settings
        Of the run to refine.
    teacher : Model
        Its model, in evaluation mode.
    data : LabelledData
        Its data; the training split is used.
    residual_dim : int
        Most dimensions of u. There are fewer where samples have fewer pixels (or features), or are few.

    Returns
    -------
    settings : Settings
        Of the student.
    student : Model
        In evaluation mode.
    """
    seed = taught.training.seed
    split = _sample(data.train, seed)
    codes = encode_all(teacher, split.x, split.y)
    z, w = sample_all(teacher, codes, split.x, split.y, seed)
    dim = min(residual_dim, split.x[0].size, len(split) - 1)
    error = _error(teacher, z, w, split)

    def student(moves: bool) -> _Student:
        described = {
            "teacher_method": taught.method,
            "teacher": taught.model.model_dump(),
            "dim": dim,
            "moves": moves,
        }
        kept = {"preset": taught.preset, "data": taught.data, "training": taught.training}
        settings = validated({"method": "refined", "model": described, **kept})
        model = ResidualModel(teacher, dim, moves).eval()
        model.fit_residual(_left(model, split, z, w), split.y, NOISE_SHARE * error / dim, seed)
        remaining = _error(model, *sample_all(model, codes, split.x, split.y, seed), split)
        model.fit_scale(remaining)
        return _Student(settings, model, remaining)

    best = student(moves=True)
    if isinstance(teacher, TransformingVAE) and teacher.acting and best.error > ENOUGH * error:
        best = min(best, student(moves=False), key=lambda made: made.error)
    return best.settings, best.model


def check_refinable(teacher: Run) -> None:
    """Check that a run can be refined.

    Raises
    ------
    DifferentiaError
        If the run is not finished, has no w, or is a refined one.
    """
    done, planned = len(teacher.metrics()), teacher.settings.training.epochs
    if done < planned:
        raise DifferentiaError(
            f"The run {teacher.path} is not finished ({done} of {planned} epochs). "
            f"Go on with: {teacher.resume}"
        )
    if teacher.settings.method == "refined":
        raise DifferentiaError(
            f"The run {teacher.path} is refined already. Refine the run that it was made from, "
            "with another --residual-dim."
        )
    if ":" in teacher.settings.method:
        raise DifferentiaError("Only runs of the methods that come with differentia can be refined.")
    if not teacher.load_model().w_dim:
        raise DifferentiaError(
            f"The run {teacher.path} has no w, and only z and w together can be refined. "
            "Name a run of another method."
        )


def _sample(train: Split, seed: int) -> Split:
    most = min(SAMPLES, max(2, VALUES // train.x[0].size))
    rows = np.sort(np.random.default_rng(seed).permutation(len(train))[:most])
    return Split(train.x[rows], train.y[rows])


def _left(model: ResidualModel, split: Split, z: Floats, w: Floats) -> Floats:
    """Return what the codes leave of every sample, float32 ``[n, size]``, a batch at a time."""
    parts = []
    for raw, of_z, of_w, y in on_device(model, 1024, split.x, z, w, split.y):
        left = model.left(model.normalise(raw), y, {"z": of_z, "w": of_w})
        parts.append(left.flatten(1).cpu().numpy())
    return np.concatenate(parts)


def _error(model: Model, z: Floats, w: Floats, split: Split) -> float:
    """Mean squared error of a sample that is decoded from its codes; above 0."""
    decoded = decode_all(model, z, w, split.y)
    return max(float(squared_errors(model, decoded, split.x).mean()), 1e-12)
