"""Bounds on the log-likelihood of test samples, in nats."""

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from differentia.inference import on_device
from differentia.model.base import Model
from differentia.model.gaussian import Gaussian

DRAWS = 50
"""Samples of the codes behind the importance-weighted bound."""


@torch.inference_mode()
def log_likelihood_bounds(
    model: Model,
    x: NDArray[np.generic],
    y: NDArray[np.int64],
    seed: int,
    draws: int = DRAWS,
    batch_size: int = 100,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Bound log p(x | y) of every sample from below.

    With codes c = (z, w, and a residual where there is one) drawn `draws` times from q(c | x, y) and
    log r = log p(x | c, y) + log p(c) − log q(c | x, y), the evidence lower bound (Kingma & Welling 2014,
    equation 2) is the mean of log r, and the importance-weighted bound (Burda et al. 2016, equation 8) is the
    log of the mean of r, which is at least as high and closer to the truth.

    Parameters
    ----------
    model : Model
        In evaluation mode.
    x : ndarray
        Stored samples, uint8 ``[n, h, w, c]`` or float32 ``[n, d]``.
    y : ndarray
        Their classes, int64 ``[n]``.
    seed : int
        Seed of the draws.
    draws : int
        Draws of the codes a sample.
    batch_size : int
        Samples at a time.

    Returns
    -------
    elbo, importance_weighted : ndarray
        float64 ``[n]`` each, nats. For images under a Bernoulli likelihood the first term is the usual
        cross-entropy of grey values, not a density.
    """
    generator = torch.Generator().manual_seed(seed)
    elbos, weighted = [], []
    for raw, labels in on_device(model, batch_size, x, y):
        samples = model.normalise(raw)
        posterior, prior = model.encode(samples, labels), model.prior(labels)
        ratios = []
        for _ in range(draws):
            drawn = {name: _draw(posterior[name], prior[name], generator) for name in prior}
            code = {name: sample for name, (sample, _) in drawn.items()}
            ratio = torch.stack([of_code for _, of_code in drawn.values()]).sum(0)
            further = model.encode_given(samples, labels, code)
            if further is not None:
                zero = torch.zeros_like(further.mean)
                u, of_u = _draw(further, Gaussian(zero, zero), generator)
                code, ratio = code | {"w": torch.cat([code["w"], u], dim=1)}, ratio + of_u
            ratios.append(ratio + model.decode(code, labels).log_prob(samples))
        stacked = torch.stack(ratios).double()
        elbos.append(stacked.mean(0).cpu().numpy())
        weighted.append((stacked.logsumexp(0) - math.log(draws)).cpu().numpy())
    return np.concatenate(elbos), np.concatenate(weighted)


def _draw(posterior: Gaussian, prior: Gaussian, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Draw a code ``[b, d]``, with log p(c) − log q(c | ·) ``[b]``."""
    noise = torch.randn(posterior.mean.shape, generator=generator).to(posterior.mean.device)
    code = posterior.sample(noise)
    return code, (prior.log_density(code) - posterior.log_density(code)).sum(1)
