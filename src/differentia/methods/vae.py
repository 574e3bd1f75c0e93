"""The variational autoencoder of Kingma and Welling, *Auto-encoding variational Bayes*, ICLR 2014."""

from collections.abc import Sequence

from differentia.methods.base import Method
from differentia.model.vae import VAE, VAEConfig
from differentia.terms.kl import KL
from differentia.terms.reconstruction import Reconstruction


class VariationalAutoencoder(Method):
    """q(z | x), p(x | z), p(z) = N(0, I) and the evidence lower bound: the sum of both terms at weight 1.

    Training reads no class. Afterwards the package fits a density of the codes of each class, so that new
    samples of a class can be drawn; the model itself has none.
    """

    Terms = {"reconstruction": Reconstruction, "kl": KL}  # noqa: RUF012

    @classmethod
    def build(cls, config: VAEConfig, shape: Sequence[int], n_classes: int) -> VAE:
        """Return a model with one code, neither network of which sees the class."""
        return VAE(config, shape, n_classes)
