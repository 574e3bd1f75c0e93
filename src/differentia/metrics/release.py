"""The release of z: as much noise as a certificate needs, from a secret key, and the codes that it gives."""

import math
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationError

from differentia import config
from differentia.errors import DifferentiaError
from differentia.files import write_json, write_private
from differentia.inference import EncodedData, sample_codes
from differentia.metrics.certificate import CONFIDENCE, DRAWS, Certificate, certificate, of_nothing

Floats = NDArray[np.float32]
Labels = NDArray[np.int64]

NOISES = (*(2.0 ** (half / 2) for half in range(8, -9, -1)), 0.0)
"""Release noises that are tried, in standard deviations of the prior: from 16 down by √2 to 1/16, and none.
They are fixed beforehand, as a test in sequence demands."""

FILE, KEY_FILE = "release.json", "release.key"
"""Files of a run's release."""

_KEY_BITS = 128


class Release(config.Config):
    """How z is handed out: with a noise that a certificate was given for, from a secret key."""

    certificate: Certificate
    """What nobody exceeds who is given one code of each sample."""
    within: float
    """How far above chance that may be, as it was asked for."""
    key: int | None = Field(None, exclude=True)
    """Secret seed of the noise; None where the file that holds it is missing."""

    def codes(self, encoded: EncodedData, x: NDArray[np.generic]) -> Floats:
        """Return the codes of encoded samples `x`, float32 ``[n, |z|]``.

        The noise is a fixed function of key and sample: to ask twice for a sample's code tells nothing new.
        """
        if self.key is None:
            raise DifferentiaError(
                f"The secret key of the release, {KEY_FILE}, is not in the run's folder. Put it back, or "
                "certify again."
            )
        return released(encoded, x, self.certificate.release_noise, self.key)

    def save(self, folder: Path) -> None:
        """Write the release into a run's folder, and the key into a file that its owner alone can read."""
        if self.key is not None:
            write_private(folder / KEY_FILE, f"{self.key:x}\n")
        write_json(folder / FILE, self.model_dump())

    @classmethod
    def load(cls, folder: Path) -> "Release | None":
        """Read the release of a run's folder; None where there is none.

        A DifferentiaError says that it is damaged.
        """
        path, secret = folder / FILE, folder / KEY_FILE
        if not path.exists():
            return None
        try:
            found = cls.model_validate_json(path.read_bytes())
            key = int(secret.read_text("utf-8"), 16) if secret.exists() else None
        except (OSError, ValueError, ValidationError) as problem:
            reason = str(problem).splitlines()[0]
            raise DifferentiaError(f"{path} is damaged ({reason}). Certify the run again.") from None
        return found.model_copy(update={"key": key})


def released(encoded: EncodedData, x: NDArray[np.generic], noise: float, seed: int) -> Floats:
    """Return samples of z of the stored samples `x` with release noise, in the scale of the prior.

    (μ + √(σ² + s²) ε) / √(1 + s²), float32 ``[n, |z|]``, with ε as in `sample_codes`. To divide by a number
    that everybody knows tells nobody less and nobody more.
    """
    with np.errstate(divide="ignore"):  # the logarithm of no variance at all is −∞, as it should be
        log_variance = np.log(np.exp(encoded.z_log_variance) + np.float32(noise**2))
    codes: Floats = sample_codes(encoded.z_mean, log_variance, x, seed) / np.float32(np.sqrt(1 + noise**2))
    return codes


def find_release(
    encoded: EncodedData,
    y: Labels,
    within: float,
    confidence: float = CONFIDENCE,
    *,
    draws: int = DRAWS,
    seed: int = 0,
    tell: Callable[[Certificate], Any] = lambda found: None,
) -> Release:
    """Find the least release noise at which the certificate is `within` of chance, and draw a secret key.

    The noises are tried from the greatest down, each at the full confidence, and the search ends at the first
    that is not `within`. So a wrong certificate is kept only if the first wrong one is, which has probability
    1 − confidence (testing in a fixed sequence, Maurer, Hothorn & Lehmacher 1995).

    Parameters
    ----------
    encoded : EncodedData
        Posteriors of held-out samples.
    y : ndarray
        Their classes, int64 ``[n]``.
    within : float
        Allowed accuracy above the share of the most frequent class, in (0, 1).
    confidence : float
        Of the certificate, in (0, 1).
    draws, seed : int
        Monte Carlo draws of each certificate, and their seed.
    tell : callable
        Given every certificate that is found on the way.

    Returns
    -------
    Release
        The noise with its certificate and a new key.

    Raises
    ------
    DifferentiaError
        If so few samples cannot say as much even of a code that tells nothing, or the greatest noise is not
        enough.
    """
    kept = None
    least = of_nothing(y, confidence, draws)
    if least.bound > least.chance + within:
        points = math.ceil(1000 * (least.bound - least.chance)) / 10
        raise DifferentiaError(
            f"{least.pairs:,} samples certify even a code that tells nothing to be within {points} points of "
            f"chance at best, not {100 * within:.1f}. Allow that many, or give more samples."
        )
    for noise in NOISES:
        found = certificate(
            encoded.z_mean,
            encoded.z_log_variance,
            y,
            release_noise=noise,
            confidence=confidence,
            draws=draws,
            seed=seed,
        )
        tell(found)
        if found.bound > found.chance + within:
            break
        kept = found
    if kept is None:
        raise DifferentiaError(
            f"Noise of {NOISES[0]:g} standard deviations of the prior is not enough to be within "
            f"{100 * within:.1f} points of chance. Allow more."
        )
    return Release(certificate=kept, within=within, key=secrets.randbits(_KEY_BITS))
