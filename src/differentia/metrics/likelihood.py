"""Bounds on the log-likelihood of samples, in nats."""

import math
from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.distributions import Categorical, MixtureSameFamily, MultivariateNormal

from differentia.errors import DifferentiaError
from differentia.inference import on_device
from differentia.model.base import Codes, Gaussians, Model
from differentia.model.gaussian import Gaussian
from differentia.model.mixture import ClassMixture

DRAWS = 50
"""Samples of the codes behind the importance-weighted bound."""

CLASS_DRAWS = 10
"""The same where classes are compared: each draw is decoded once for every class."""


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
        log_prior, noise = partial(_under_prior, prior), partial(_noise, generator)
        ratios = [_log_ratio(model, samples, labels, posterior, log_prior, noise) for _ in range(draws)]
        stacked = torch.stack(ratios).double()
        elbos.append(stacked.mean(0).cpu().numpy())
        weighted.append((stacked.logsumexp(0) - math.log(draws)).cpu().numpy())
    return np.concatenate(elbos), np.concatenate(weighted)


@torch.inference_mode()
def class_log_likelihoods(
    model: Model, x: NDArray[np.generic], seed: int, draws: int = CLASS_DRAWS, batch_size: int = 100
) -> NDArray[np.float64]:
    """Bound log p(x | y) of each sample and class from below, by the density that new codes are drawn from.

    The importance-weighted bound of `log_likelihood_bounds`, with the model's `mixture` in place of its
    prior. So it tells classes apart even where neither decoder nor prior is given the class. All samples and
    classes share the noise of a draw: a sample's values do not depend on the others, and what is compared
    differs in the class alone.

    Parameters
    ----------
    model : Model
        In evaluation mode.
    x : ndarray
        Stored samples, uint8 ``[n, h, w, c]`` or float32 ``[n, d]``.
    seed : int
        Seed of the draws.
    draws : int
        Draws of the codes.
    batch_size : int
        Samples at a time.

    Returns
    -------
    ndarray
        float64 ``[n, n_classes]``, nats.

    Raises
    ------
    DifferentiaError
        If the model's codes have no noise, so that there is no bound.
    """
    if model.deterministic:
        raise DifferentiaError(
            "The codes of this method have no noise, so samples have no likelihood. Use another method."
        )
    densities = [partial(_under_mixture, _density(model.mixture, c)) for c in range(model.n_classes)]
    parts, generator = [], torch.Generator()
    noise = partial(_noise, generator, shared=True)
    for start in range(0, len(x), batch_size):
        # Filled up to one size: the last digits of sums depend on how many samples are added up at a time.
        filled = np.resize(x[start : start + batch_size], (batch_size, *x.shape[1:]))
        ((raw,),) = on_device(model, batch_size, filled)
        samples, found = model.normalise(raw), []
        for label, log_prior in enumerate(densities):
            generator.manual_seed(seed)
            labels = torch.full((len(samples),), label, device=samples.device)
            posterior = model.encode(samples, labels)
            ratios = [_log_ratio(model, samples, labels, posterior, log_prior, noise) for _ in range(draws)]
            found.append(torch.stack(ratios).double().logsumexp(0) - math.log(draws))
        parts.append(torch.stack(found, dim=1).cpu().numpy())
    return np.concatenate(parts)[: len(x)]


def _density(mixture: ClassMixture, label: int) -> MixtureSameFamily:
    """Return the density of the codes of a class, z and w side by side."""
    parts = MultivariateNormal(mixture.location[label], scale_tril=mixture.spread[label])
    return MixtureSameFamily(Categorical(mixture.share[label]), parts)


def _under_prior(prior: Gaussians, code: Codes) -> Tensor:
    return torch.stack([prior[name].log_density(code[name]).sum(1) for name in prior]).sum(0)


def _under_mixture(density: MixtureSameFamily, code: Codes) -> Tensor:
    log_density: Tensor = density.log_prob(torch.cat(list(code.values()), dim=1))  # type: ignore[no-untyped-call]
    return log_density


def _noise(generator: torch.Generator, shape: torch.Size, shared: bool = False) -> Tensor:
    """Draw noise ``[b, d]``, of each sample its own or `shared` by all."""
    return torch.randn(shape[1:] if shared else shape, generator=generator).expand(shape)


def _log_ratio(
    model: Model,
    samples: Tensor,
    labels: Tensor,
    posterior: Gaussians,
    log_prior: Callable[[Codes], Tensor],
    noise: Callable[[torch.Size], Tensor],
) -> Tensor:
    """Draw codes c once, and return log p(x | c, y) + log p(c) − log q(c | x, y), ``[b]``."""

    def draw(gaussian: Gaussian) -> tuple[Tensor, Tensor]:
        code = gaussian.sample(noise(gaussian.mean.shape).to(samples.device))
        return code, gaussian.log_density(code).sum(1)

    drawn = {name: draw(gaussian) for name, gaussian in posterior.items()}
    code = {name: sample for name, (sample, _) in drawn.items()}
    ratio = log_prior(code) - torch.stack([log_q for _, log_q in drawn.values()]).sum(0)
    further = model.encode_given(samples, labels, code)
    if further is not None:
        u, log_q = draw(further)
        zero = torch.zeros_like(u)
        ratio = ratio + Gaussian(zero, zero).log_density(u).sum(1) - log_q
        code = code | {"w": torch.cat([code["w"], u], dim=1)}
    return ratio + model.decode(code, labels).log_prob(samples)
