"""Bounds on the log-likelihood of test samples, in nats."""

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from differentia.models.posterior import Posterior
from differentia.models.two_code import TwoCodeModel
from differentia.objectives.likelihoods import negative_log_likelihood

DRAWS = 50
"""Samples of the codes behind the importance-weighted bound."""


@torch.inference_mode()
def log_likelihood_bounds(
    model: TwoCodeModel,
    x: NDArray[np.generic],
    y: NDArray[np.int64],
    seed: int,
    draws: int = DRAWS,
    batch_size: int = 100,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Bound log p(x | y) of every sample from below.

    With codes c = (z, w, and the remainder where there is one) drawn `draws` times from q(c | x, y) and
    log r = log p(x | c, y) + log p(c) − log q(c | x, y), the evidence lower bound (Kingma & Welling 2014,
    equation 2) is the mean of log r, and the importance-weighted bound (Burda et al. 2016, equation 8) is the
    log of the mean of r, which is at least as high and closer to the truth.

    Parameters
    ----------
    model : TwoCodeModel
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
    device = next(model.parameters()).device
    generator = torch.Generator().manual_seed(seed)
    elbos, weighted = [], []
    for start in range(0, len(x), batch_size):
        raw = torch.from_numpy(np.ascontiguousarray(x[start : start + batch_size])).to(device)
        labels = torch.from_numpy(np.ascontiguousarray(y[start : start + batch_size])).to(device)
        samples = model.normalise(raw)
        posteriors = model.encode(samples, labels)
        ratios = []
        for _ in range(draws):
            (z, of_z), (w, of_w) = (_draw(posterior, generator) for posterior in posteriors)
            ratio = of_z + of_w
            if model.remainder is not None:
                u, of_u = _draw(model.encode_left(samples, z, w, labels), generator)
                w, ratio = torch.cat([w, u], dim=1), ratio + of_u
            parameters = model.likelihood_parameters(z, w, labels)
            ratios.append(ratio - negative_log_likelihood(model, parameters, samples))
        stacked = torch.stack(ratios).double()
        elbos.append(stacked.mean(0).cpu().numpy())
        weighted.append((stacked.logsumexp(0) - math.log(draws)).cpu().numpy())
    return np.concatenate(elbos), np.concatenate(weighted)


def _draw(posterior: Posterior, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Draw a code ``[b, d]``, with log p(c) − log q(c | ·) ``[b]``; the terms ½ log 2π cancel."""
    noise = torch.randn(posterior.mean.shape, generator=generator).to(posterior.mean.device)
    code = posterior.sample(noise)
    return code, 0.5 * (noise.square() + posterior.log_variance - code.square()).sum(1)
