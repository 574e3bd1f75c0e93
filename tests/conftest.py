"""Fixtures that several packages share: the digits of scikit-learn and a small model trained on them."""

import os
import signal

os.environ.setdefault("MPLBACKEND", "Agg")

import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from differentia.data.catalogue import load
from differentia.data.dataset import LabelledData
from differentia.data.settings import DataSettings
from differentia.model.vae import VAE, VAEConfig

# Sums in one thread are added in one order, so that a test's numbers are the same everywhere.
torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def ctrl_c_is_python_s_own() -> None:
    """Where a shell runs the tests in the background, or a test before has set it so, Ctrl-C is ignored.

    What is ignored stays so in every process that a test starts.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def digits() -> LabelledData:
    """Digits of scikit-learn: 8×8 grey images, uint8 ``[n, 8, 8, 1]``, 1,437 to train and 360 to test."""
    return load(DataSettings(source="digits"))


@pytest.fixture(scope="session")
def digits_model(digits: LabelledData) -> VAE:
    """Two-code model with |z| = |w| = 4 after 600 plain steps on the digits, in evaluation mode.

    It minimises a β-VAE's loss (β = 0.25, so that neither code collapses) and nothing else: good enough
    that its decodings look like digits, and the same bit for bit in every session.
    """
    generator = torch.Generator().manual_seed(0)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        config = VAEConfig(z_dim=4, hidden=[128, 64])
        model = VAE(config, digits.shape, digits.n_classes, w_dim=4, decoder_sees_y=True)
    x, y = model.normalise(torch.from_numpy(digits.train.x)), torch.from_numpy(digits.train.y)
    optimiser = torch.optim.Adam(model.parameters(), lr=2e-3)
    for _ in range(600):
        batch = torch.randint(len(x), (128,), generator=generator)
        noise = {name: torch.randn(128, 4, generator=generator) for name in ("z", "w")}
        posterior, prior = model.encode(x[batch], y[batch]), model.prior(y[batch])
        code = {name: posterior[name].sample(noise[name]) for name in noise}
        logits = model.drawn(code, y[batch])
        error = binary_cross_entropy_with_logits(logits, x[batch], reduction="sum") / 128
        kl = posterior["z"].kl(prior["z"]).sum() + posterior["w"].kl(prior["w"]).sum()
        loss = error + 0.25 * kl / 128
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return model.eval()
