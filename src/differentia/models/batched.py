"""Whole data sets through a model: arrays in, arrays out, a batch at a time."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from differentia.models.posterior import Posterior
from differentia.models.two_code import TwoCodeModel

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class EncodedData:
    """Posteriors of a data set as arrays, float32 ``[n, d]`` each.

    The last dimensions of w are those of a remainder, where there is one: what the means of z and of the
    others leave.
    """

    z_mean: Floats
    z_log_variance: Floats
    w_mean: Floats
    w_log_variance: Floats

    def z_kl(self) -> Floats:
        """Return KL(q(z | x) ‖ N(0, I)) of every sample and dimension, nats ``[n, z_dim]``."""
        return _kl(self.z_mean, self.z_log_variance)

    def w_kl(self) -> Floats:
        """Return KL(q(w | x, y) ‖ N(0, I)) of every sample and dimension, nats ``[n, w_dim]``."""
        return _kl(self.w_mean, self.w_log_variance)


def _kl(mean: Floats, log_variance: Floats) -> Floats:
    return Posterior(torch.from_numpy(mean), torch.from_numpy(log_variance)).kl().numpy()


@torch.inference_mode()
def encode_all(
    model: TwoCodeModel, x: NDArray[np.generic], y: NDArray[np.int64], batch_size: int = 1024
) -> EncodedData:
    """Encode stored samples.

    Parameters
    ----------
    model : TwoCodeModel
        In evaluation mode.
    x : ndarray
        uint8 ``[n, h, w, c]`` or float32 ``[n, d]``.
    y : ndarray
        Classes, int64 ``[n]``.
    batch_size : int
        Samples at a time.

    Returns
    -------
    EncodedData
        Means and log-variances of both posteriors.
    """
    parts = []
    for inputs, label in _batches(model, batch_size, x, y):
        z, w = model.encode(inputs, label)
        if model.remainder is not None:
            u = model.encode_left(inputs, z.mean, w.mean, label)
            w = Posterior(*(torch.cat(both, dim=1) for both in zip(w, u, strict=True)))
        parts.append([t.cpu().numpy() for t in (*z, *w)])
    return EncodedData(*(np.concatenate(column) for column in zip(*parts, strict=True)))


@torch.inference_mode()
def sample_all(
    model: TwoCodeModel,
    codes: EncodedData,
    x: NDArray[np.generic],
    y: NDArray[np.int64],
    seed: int,
    batch_size: int = 1024,
) -> tuple[Floats, Floats]:
    """Sample the codes of stored samples, by `sample_codes`.

    A remainder is drawn last, from what the samples of z and w leave: their noise is among what it tells.

    Parameters
    ----------
    model : TwoCodeModel
        In evaluation mode.
    codes : EncodedData
        What `encode_all` made of `x` and `y`.
    x, y : ndarray
        The stored samples, ``[n, …]``, and the classes that the encoders were told, int64 ``[n]``.
    seed : int
        Seed of the run.
    batch_size : int
        Samples at a time.

    Returns
    -------
    z, w : ndarray
        float32 ``[n, z_dim]`` and ``[n, w_dim]``.
    """
    own = model.settings.own_w_dim
    z = sample_codes(codes.z_mean, codes.z_log_variance, x, seed, stream=0)
    w = sample_codes(codes.w_mean[:, :own], codes.w_log_variance[:, :own], x, seed, stream=1)
    if model.remainder is None:
        return z, w
    parts = [
        [t.cpu().numpy() for t in model.encode_left(inputs, of_z, of_w, label)]
        for inputs, of_z, of_w, label in _batches(model, batch_size, x, z, w, y)
    ]
    mean, log_variance = (np.concatenate(column) for column in zip(*parts, strict=True))
    return z, np.hstack([w, sample_codes(mean, log_variance, x, seed, stream=2)])


@torch.inference_mode()
def decode_all(
    model: TwoCodeModel, z: Floats, w: Floats, y: NDArray[np.int64], batch_size: int = 1024
) -> Floats:
    """Decode codes to the mean of p(x | z, w, y).

    Parameters
    ----------
    model : TwoCodeModel
        In evaluation mode.
    z, w : ndarray
        Codes, float32 ``[n, z_dim]`` and ``[n, w_dim]``.
    y : ndarray
        Classes, int64 ``[n]``.
    batch_size : int
        Samples at a time.

    Returns
    -------
    ndarray
        Images, float32 ``[n, h, w, c]`` in [0, 1], or vectors ``[n, d]`` in the units of the data.
    """
    device, parts = model.device, []
    for start in range(0, len(z), batch_size):
        rows = slice(start, start + batch_size)
        inputs = [torch.from_numpy(np.ascontiguousarray(a[rows])).to(device) for a in (z, w, y)]
        out = model.decode(*inputs)
        out = out.permute(0, 2, 3, 1) if model.is_image else out * model.feature_scale + model.feature_mean
        parts.append(out.cpu().numpy())
    return np.concatenate(parts)


@torch.inference_mode()
def left_all(
    model: TwoCodeModel,
    x: NDArray[np.generic],
    z: Floats,
    w: Floats,
    y: NDArray[np.int64],
    batch_size: int = 1024,
) -> Floats:
    """Return what codes leave of stored samples, `TwoCodeModel.left`.

    Parameters
    ----------
    model : TwoCodeModel
        In evaluation mode.
    x, y, batch_size
        As for `encode_all`.
    z, w : ndarray
        Their codes, w without a remainder, float32 ``[n, d]``.

    Returns
    -------
    ndarray
        float32 ``[n, size]``, in the normalised space, flat.
    """
    return np.concatenate(
        [
            model.left(inputs, of_z, of_w, label).flatten(1).cpu().numpy()
            for inputs, of_z, of_w, label in _batches(model, batch_size, x, z, w, y)
        ]
    )


def _batches(
    model: TwoCodeModel, size: int, x: NDArray[np.generic], *others: NDArray[Any]
) -> Iterator[tuple[Tensor, ...]]:
    """Yield normalised samples and what belongs to them on the model's device, `size` at a time."""
    for start in range(0, len(x), size):
        raw, *rest = (
            torch.from_numpy(np.ascontiguousarray(a[start : start + size])).to(model.device)
            for a in (x, *others)
        )
        yield model.normalise(raw), *rest


def draw_codes(model: TwoCodeModel, y: NDArray[np.int64], rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Draw codes of new samples of the classes `y`, int64 ``[n]``, from the model's densities.

    Returns
    -------
    z, w : ndarray
        float32 ``[n, z_dim]`` and ``[n, w_dim]``.
    """
    drawn = model.density.draw(y, rng)
    if model.u_density is not None:
        drawn = np.hstack([drawn, model.u_density.draw(y, rng)])
    return drawn[:, : model.settings.z_dim], drawn[:, model.settings.z_dim :]


def generate(model: TwoCodeModel, y: NDArray[np.int64], rng: np.random.Generator) -> Floats:
    """Draw and decode a new sample of each class in `y`, int64 ``[n]``; float32 ``[n, …]``."""
    z, w = draw_codes(model, y, rng)
    return decode_all(model, z, w, y)


@torch.no_grad()
def fit_code_density(model: TwoCodeModel, x: NDArray[np.generic], y: NDArray[np.int64]) -> None:
    """Fit the density that `draw_codes` draws from to the codes of training samples.

    Parameters
    ----------
    model : TwoCodeModel
        In evaluation mode, without a remainder; its buffers are set.
    x, y : ndarray
        Stored samples ``[n, …]`` and their classes ``[n]``.

    Raises
    ------
    ValueError
        If a code is not finite.
    """
    codes = encode_all(model, x, y)
    mean = np.hstack([codes.z_mean, codes.w_mean])
    model.density.fit(mean, np.hstack([codes.z_log_variance, codes.w_log_variance]), y)


def squared_errors(model: TwoCodeModel, decoded: Floats, x: NDArray[np.generic]) -> Floats:
    """Return the squared error of every decoded sample, float32 ``[n]``.

    Summed over pixels and channels in [0, 1], or over standardised features.

    Parameters
    ----------
    model : TwoCodeModel
        The model that decoded.
    decoded : ndarray
        What `decode_all` returned, ``[n, …]``.
    x : ndarray
        The stored samples, ``[n, …]``.
    """
    if model.is_image:
        error = decoded - np.asarray(x, dtype=np.float32) / 255
    else:
        error = (decoded - np.asarray(x, dtype=np.float32)) / model.feature_scale.cpu().numpy()
    summed: Floats = np.square(error, dtype=np.float32).reshape(len(error), -1).sum(1)
    return summed


def sample_codes(
    mean: Floats, log_variance: Floats, x: NDArray[np.generic], seed: int, stream: int = 0
) -> Floats:
    """Sample μ + σ·ε with noise that is a fixed function of the seed and the input.

    Encoding the same input twice gives the same code, so averaging many answers reveals no more of the
    posterior's mean than one answer does.

    Parameters
    ----------
    mean, log_variance : ndarray
        Posterior, float32 ``[n, d]``.
    x : ndarray
        The stored samples that were encoded, ``[n, …]``.
    seed : int
        Seed of the run.
    stream : int
        0 for z, 1 for w, 2 for a remainder: their noises are independent.

    Returns
    -------
    ndarray
        Codes, float32 ``[n, d]``.
    """
    noise = np.empty_like(mean)
    for row, sample in enumerate(x):
        digest = hashlib.blake2b(np.ascontiguousarray(sample).tobytes(), digest_size=8).digest()
        key = [seed, stream, int.from_bytes(digest, "little")]
        noise[row] = np.random.default_rng(key).standard_normal(mean.shape[1], dtype=np.float32)
    codes: Floats = mean + np.exp(0.5 * log_variance) * noise
    return codes
