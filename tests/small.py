"""Small data and small methods, for tests of what the terms of an objective compute."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from differentia.data.dataset import LabelledData, Split
from differentia.inference import EncodedData
from differentia.methods.base import Method
from differentia.model.base import Floats
from differentia.model.vae import VAE, VAEConfig
from differentia.terms.base import Batch, Pass

SHAPE = (8, 8, 1)


def small_model(shape: tuple[int, ...], n_classes: int, *, w_dim: int = 2, **config: Any) -> VAE:
    """Return an untrained VAE of few weights that sees the class as the report's models do.

    With w its decoder sees the class; without, its encoder of z does so too, as in the naive model.
    """
    vae = VAEConfig(**{"z_dim": 2, "hidden": [8]} | config)
    return VAE(vae, shape, n_classes, w_dim=w_dim, z_sees_y=not w_dim, decoder_sees_y=True).eval()


def encoded(z: Floats, z_log_variance: Floats, w: Floats, w_log_variance: Floats) -> EncodedData:
    """Posteriors ``[n, d]`` with their KL from N(0, I)."""
    given = [np.asarray(part, dtype=np.float32) for part in (z, z_log_variance, w, w_log_variance)]
    kl = [0.5 * (np.exp(s) + m**2 - s - 1) for m, s in (given[:2], given[2:])]
    return EncodedData(*given, *kl)


def small_data(n: int = 12, shape: tuple[int, ...] = SHAPE) -> LabelledData:
    """Images of noise, of four classes in turn, the same each time."""
    x = np.random.default_rng(1).integers(0, 256, (n, *shape), dtype=np.uint8)
    split = Split(x, np.arange(n) % 4)
    return LabelledData("noise", split, split, ("a", "b", "c", "d"))


def small_method(
    method: type[Method], model: Mapping[str, Any], terms: Mapping[str, Mapping[str, Any]]
) -> Method:
    """Build a method of few weights with the terms that are named, and no others."""
    config = method.Config(**{"z_dim": 3, "hidden": [16]} | model)
    chosen = {
        name: term.Config(**terms[name]) if name in terms else None for name, term in method.Terms.items()
    }
    return method(config, chosen, small_data(), seed=0)


def small_pass(method: Method, progress: float = 1.0, seed: int = 1, **known: torch.Tensor) -> Pass:
    """Run a method on all of `small_data`."""
    split = small_data().train
    batch = Batch(torch.from_numpy(split.x), torch.from_numpy(split.y), known)
    return method.infer(batch, torch.Generator().manual_seed(seed), progress)


def gradients(module: torch.nn.Module) -> list[float]:
    """How much of a gradient each parameter has got."""
    return [0.0 if p.grad is None else p.grad.abs().sum().item() for p in module.parameters()]
