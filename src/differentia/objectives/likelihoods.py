"""How well a decoded sample explains the true one: log-likelihood in nats, squared error in pixels."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from differentia.models.two_code import TwoCodeModel


def negative_log_likelihood(model: TwoCodeModel, parameters: Tensor, x: Tensor) -> Tensor:
    """Return −log p(x | z, w, y) of every sample, ``[b]``, in nats (first term of eqs. 1 and 4).

    Parameters
    ----------
    model : TwoCodeModel
        Says which likelihood, and holds the scale of the Gaussian one.
    parameters : Tensor
        `TwoCodeModel.likelihood_parameters`, ``[b, …]``: logits or means.
    x : Tensor
        Normalised samples ``[b, …]``.

    Notes
    -----
    Bernoulli: −Σ x log p + (1 − x) log (1 − p), for grey values in [0, 1] as usual for these data (a
    cross-entropy rather than a density). Gaussian: Σ ½ ((x − μ) / s)² + log s + ½ log 2π.
    """
    if model.is_bernoulli:
        return F.binary_cross_entropy_with_logits(parameters, x, reduction="none").flatten(1).sum(1)
    log_scale = model.log_likelihood_scale()
    error = (x - parameters).flatten(1)
    constant = log_scale + 0.5 * math.log(2 * math.pi)
    return 0.5 * (error * torch.exp(-log_scale)).square().sum(1) + error.shape[1] * constant


def squared_error(decoded: Tensor, x: Tensor) -> Tensor:
    """Return Σ (x̂ − x)² of every sample, ``[b]``, over all pixels and channels in [0, 1] (or features)."""
    return (decoded - x).flatten(1).square().sum(1)
