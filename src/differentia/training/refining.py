"""From a finished run to the settings of its refinement."""

import math

from differentia.errors import DifferentiaError
from differentia.training.run import Run
from differentia.training.settings import Settings, combined, validated

WORTH = 200.0
"""Nats that the teacher's squared error is worth to its student, whatever the size of the samples. It fixes
the standard deviation of the student's likelihood: a learnt one would shrink with the error, and the price of
the remainder would change its meaning on the way."""

BATCH_SIZE, LEARNING_RATE = 128, 1e-3
"""Greatest batch and learning rate of a student. It has no dual variables or classifier that need the means
of larger batches; at a rate of 1.5e-3 (MNIST, 6 epochs of 20,000) its error ended 16 % higher."""


def refined_settings(
    teacher: Run, remainder_dim: int, epochs: int | None = None, seed: int | None = None
) -> Settings:
    """Return the settings of a student of a finished run.

    Parameters
    ----------
    teacher : Run
        The run to refine.
    remainder_dim : int
        Dimensions of w that are added.
    epochs, seed : int or None
        Those of the student's training; None takes the teacher's.

    Raises
    ------
    DifferentiaError
        If the run is not finished, has no w, or is a refined one.
    """
    settings, done = teacher.settings, len(teacher.metrics())
    model, planned = settings.model, settings.training.epochs
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
            "with more --epochs or another --remainder-dim."
        )
    before = settings.training
    training = {
        "epochs": before.epochs if epochs is None else epochs,
        "seed": before.seed if seed is None else seed,
        "batch_size": min(BATCH_SIZE, before.batch_size),
        "learning_rate": min(LEARNING_RATE, before.learning_rate),
    }
    error = teacher.metrics()[-1]["squared_error"]
    changes = {
        # The means of z are rounded as they were at the end of the teacher's training.
        "model": {
            "w_dim": model.w_dim + remainder_dim,
            "remainder_dim": remainder_dim,
            "rounding_start": 0.0,
            "scale": math.sqrt(error / (2 * WORTH)),
        },
        "objective": {"remainder": {}},
        "training": training,
    }
    return validated(combined([settings.model_dump(), changes]))
