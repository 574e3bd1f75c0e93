"""The conditional VAE of Sohn, Lee and Yan.

*Learning structured output representation using deep conditional generative models*, NeurIPS 2015.
"""

from collections.abc import Sequence

from differentia.methods.vae import VariationalAutoencoder
from differentia.model.priors import ClassNormal
from differentia.model.vae import VAE, VAEConfig


class CVAE(VariationalAutoencoder):
    """q(z | x, y), p(x | z, y) and a learnt prior p(z | y), one Gaussian a class, with the KL between them.

    The paper predicts pictures from pictures; here what is given is the class, as in much later use.
    """

    @classmethod
    def build(cls, config: VAEConfig, shape: Sequence[int], n_classes: int) -> VAE:
        """Return a model whose encoder, decoder and prior see the class."""
        prior = ClassNormal(config.z_dim, n_classes)
        return VAE(config, shape, n_classes, z_sees_y=True, decoder_sees_y=True, priors={"z": prior})
