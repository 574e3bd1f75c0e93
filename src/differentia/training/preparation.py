"""What a training starts from: an untrained model, its objective, and where the samples stand."""

import numpy as np
import torch
from torch import Tensor

from differentia.data.dataset import LabelledData
from differentia.errors import DifferentiaError
from differentia.measurements.morphometry import MEASUREMENTS, SHAPE, meaningful, measure
from differentia.measurements.standing import standings
from differentia.models.two_code import TwoCodeModel
from differentia.objectives.two_step import TwoStepObjective
from differentia.training.batches import WEIGHTS, stream_seed
from differentia.training.settings import Settings


def build_model(settings: Settings, data: LabelledData) -> TwoCodeModel:
    """Make the untrained model of a run; its weights depend on the seed only.

    Raises
    ------
    DifferentiaError
        If the architecture or what is declared generic does not fit the samples.
    """
    if len(data.shape) == 1 and (settings.model.generic or settings.model.measured):
        raise DifferentiaError(
            f"{data.name} holds vectors, and only images can be transformed and measured: "
            "use --generic none --measured none."
        )
    with torch.random.fork_rng():
        torch.manual_seed(stream_seed(settings.training.seed, WEIGHTS))
        try:
            model = TwoCodeModel(settings.model, data.shape, data.n_classes)
        except ValueError as problem:
            raise DifferentiaError(f"The model does not fit {data.name}: {problem}.") from None
    model.fit_normalisation(data.train.x)
    return model


def build_objective(settings: Settings, model: TwoCodeModel, data: LabelledData) -> TwoStepObjective:
    """Make the objective of a run; the weights of its classifiers depend on the seed only."""
    frequencies = torch.from_numpy(np.bincount(data.train.y, minlength=data.n_classes) / len(data.train))
    with torch.random.fork_rng():
        torch.manual_seed(stream_seed(settings.training.seed, WEIGHTS, 1))
        return TwoStepObjective(settings.objective, model, frequencies.float())


def declared_standings(settings: Settings, data: LabelledData) -> Tensor | None:
    """Measure where the training samples stand in their classes, in what is declared.

    Returns
    -------
    Tensor or None
        float32 ``[n, k]``, a column for each name in ``model.measured``; None where nothing is declared.

    Raises
    ------
    DifferentiaError
        If a declared measurement is not defined for these data, or means nothing for them.
    """
    names = settings.model.measured
    if not names:
        return None
    available = measure(data.train.x[:1]).names
    means_something = {available[column] for column in meaningful(data.train.x)}
    for name in names:
        if name not in means_something:
            reason = (
                "its pictures show no shapes before a dark ground"
                if name in SHAPE
                else "only colour images have one"
            )
            raise DifferentiaError(
                f"{data.name} has no {MEASUREMENTS[name].label}: {reason}. Leave {name} out of --measured."
            )
    found = measure(data.train.x, only=names)
    columns = [found.names.index(name) for name in names]
    return torch.from_numpy(standings(found.values[:, columns], data.train.y))
