"""Whole data sets through a model: arrays in, arrays out, a batch at a time."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from differentia.errors import DifferentiaError
from differentia.model.base import Floats, Model
from differentia.model.gaussian import Gaussian

DENSITY_SAMPLES = 4000
"""Most training samples of a class that the density of new codes is fitted to."""


@dataclass(frozen=True)
class EncodedData:
    """Posteriors of a data set as arrays, float32 ``[n, d]`` each; a model without w has d = 0.

    A code without noise has log-variances of −∞.
    """

    z_mean: Floats
    z_log_variance: Floats
    w_mean: Floats
    w_log_variance: Floats
    z_kl: Floats
    """KL(q ‖ p) of z, nats; NaN without noise."""
    w_kl: Floats
    """KL(q ‖ p) of w, nats; NaN without noise."""

    def nats(self, code: Literal["z", "w"]) -> float | None:
        """Return the mean KL of a code; None where the model lacks the code, or the code has no noise."""
        kl = self.z_kl if code == "z" else self.w_kl
        return None if np.isnan(kl).all() else float(kl.sum(1).mean())


@torch.inference_mode()
def encode_all(
    model: Model, x: NDArray[np.generic], y: NDArray[np.int64], batch_size: int = 1024
) -> EncodedData:
    """Encode stored samples, uint8 ``[n, h, w, c]`` or float32 ``[n, d]``, of the classes int64 ``[n]``.

    Dimensions of w that depend on samples of the others are read from means here.
    """
    parts = []
    for raw, label in on_device(model, batch_size, x, y):
        inputs = model.normalise(raw)
        posterior, prior = model.encode(inputs, label), model.prior(label)
        z = posterior["z"]
        empty = z.mean[:, :0]
        w = posterior.get("w", Gaussian(empty, empty))
        kl_w = w.kl(prior["w"]) if "w" in prior else empty
        further = model.encode_given(inputs, label, {"z": z.mean, "w": w.mean})
        if further is not None:
            w = Gaussian(*(torch.cat(both, dim=1) for both in zip(w, further, strict=True)))
            standard = torch.zeros_like(further.mean)
            kl_w = torch.cat([kl_w, further.kl(Gaussian(standard, standard))], dim=1)
        kl = (
            torch.where(q.log_variance.isneginf(), torch.nan, k)
            for q, k in ((z, z.kl(prior["z"])), (w, kl_w))
        )
        parts.append([t.cpu().numpy() for t in (*z, *w, *kl)])
    return EncodedData(*(np.concatenate(column) for column in zip(*parts, strict=True)))


@torch.inference_mode()
def sample_all(
    model: Model,
    codes: EncodedData,
    x: NDArray[np.generic],
    y: NDArray[np.int64],
    seed: int,
    batch_size: int = 1024,
) -> tuple[Floats, Floats]:
    """Sample z and w, float32 ``[n, z_dim]`` and ``[n, w_dim]``, by `sample_codes` for the seed of a run.

    `codes` are what `encode_all` made of the stored samples `x` and of the classes `y` that it was told.
    """
    own = model.own_w_dim
    z = sample_codes(codes.z_mean, codes.z_log_variance, x, seed, stream=0)
    w = sample_codes(codes.w_mean[:, :own], codes.w_log_variance[:, :own], x, seed, stream=1)
    parts = []
    for raw, of_z, of_w, label in on_device(model, batch_size, x, z, w, y):
        further = model.encode_given(model.normalise(raw), label, {"z": of_z, "w": of_w})
        if further is None:
            return z, w
        parts.append([t.cpu().numpy() for t in further])
    mean, log_variance = (np.concatenate(column) for column in zip(*parts, strict=True))
    return z, np.hstack([w, sample_codes(mean, log_variance, x, seed, stream=2)])


@torch.inference_mode()
def decode_all(model: Model, z: Floats, w: Floats, y: NDArray[np.int64], batch_size: int = 1024) -> Floats:
    """Decode codes, float32 ``[n, z_dim]`` and ``[n, w_dim]``, to the mean of p(x | z, w, y).

    Images are float32 ``[n, h, w, c]`` in [0, 1], vectors ``[n, d]`` in the units of the data.
    """
    parts = []
    for of_z, of_w, label in on_device(model, batch_size, z, w, y):
        out = model.decode({"z": of_z, "w": of_w}, label).mean
        out = out.permute(0, 2, 3, 1) if model.is_image else out * model.feature_scale + model.feature_mean
        parts.append(out.cpu().numpy())
    return np.concatenate(parts)


def on_device(model: Model, size: int, *arrays: NDArray[Any]) -> Iterator[list[Tensor]]:
    """Yield the rows of arrays of one length on the model's device, `size` at a time."""
    for start in range(0, len(arrays[0]), size):
        parts = (np.array(a[start : start + size], order="C") for a in arrays)  # writable, as torch demands
        yield [torch.from_numpy(part).to(model.device) for part in parts]


def generate(model: Model, y: NDArray[np.int64], rng: np.random.Generator) -> Floats:
    """Draw and decode a new sample of each class in `y`, int64 ``[n]``; float32 ``[n, …]``."""
    z, w = model.draw_codes(y, rng)
    return decode_all(model, z, w, y)


@torch.no_grad()
def fit_code_density(model: Model, x: Tensor, y: Tensor) -> None:
    """Fit what new codes are drawn from to training samples, as stored, of up to 4,000 of each class.

    A DifferentiaError says that a code is not finite.
    """
    labels = y.cpu().numpy()
    rows = np.concatenate([np.flatnonzero(labels == c)[:DENSITY_SAMPLES] for c in range(model.n_classes)])
    codes = encode_all(model, x[torch.from_numpy(rows)].cpu().numpy(), labels[rows])
    found = {"z": (codes.z_mean, codes.z_log_variance), "w": (codes.w_mean, codes.w_log_variance)}
    try:
        model.fit_code_density(found, labels[rows])
    except ValueError:
        raise DifferentiaError(
            "The codes are no longer finite after the last step. Lower training.learning_rate or the "
            "weights of the terms, or resume from the last checkpoint, which is from before"
        ) from None


def squared_errors(model: Model, decoded: Floats, x: NDArray[np.generic]) -> Floats:
    """Return the squared error of what `decode_all` made of every stored sample of `x`, float32 ``[n]``.

    Summed over pixels and channels in [0, 1], or over standardised features.
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
    posterior's mean than one answer does. Means, log-variances and codes are float32 ``[n, d]``, and `x` the
    stored samples. The noises of the streams 0 for z, 1 for w and 2 for what is read after them are
    independent.
    """
    noise = np.empty_like(mean)
    for row, sample in enumerate(x):
        digest = hashlib.blake2b(np.ascontiguousarray(sample).tobytes(), digest_size=8).digest()
        key = [seed, stream, int.from_bytes(digest, "little")]
        noise[row] = np.random.default_rng(key).standard_normal(mean.shape[1], dtype=np.float32)
    codes: Floats = mean + np.exp(0.5 * log_variance) * noise
    return codes
