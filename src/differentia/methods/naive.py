"""The naive model of the report's section 3.1."""

from collections.abc import Sequence

from differentia.methods.base import Method
from differentia.model.vae import VAE, VAEConfig
from differentia.terms.capacity import Capacity
from differentia.terms.reconstruction import Reconstruction


class Naive(Method):
    """q(z | x, y) and p(x | z, y) with one code z and a standard-normal prior: eq. 1."""

    Terms = {"reconstruction": Reconstruction, "capacity": Capacity}  # noqa: RUF012

    @classmethod
    def build(cls, config: VAEConfig, shape: Sequence[int], n_classes: int) -> VAE:
        """Return the naive model."""
        return VAE(config, shape, n_classes, z_sees_y=True, decoder_sees_y=True)
