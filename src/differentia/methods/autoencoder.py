"""The autoencoder of Hinton and Salakhutdinov.

*Reducing the dimensionality of data with neural networks*, Science 313, 2006.
"""

from collections.abc import Sequence

from differentia.methods.base import Method
from differentia.model.vae import VAE, VAEConfig
from differentia.terms.reconstruction import Reconstruction


class Autoencoder(Method):
    """An encoder, a decoder and the likelihood of the samples: no noise in z and no prior on it.

    The paper trains the layers one after another, as restricted Boltzmann machines, before it trains them
    together. Here they are trained together from the start.
    """

    Terms = {"reconstruction": Reconstruction}  # noqa: RUF012

    @classmethod
    def build(cls, config: VAEConfig, shape: Sequence[int], n_classes: int) -> VAE:
        """Return a model with one code without noise, neither network of which sees the class."""
        return VAE(config, shape, n_classes, z_variance="none")
