"""The β-VAE of Higgins et al.

*β-VAE: learning basic visual concepts with a constrained variational framework*, ICLR 2017.
"""

from differentia.methods.vae import VariationalAutoencoder


class BetaVAE(VariationalAutoencoder):
    """The variational autoencoder whose KL costs β a nat, ``terms.kl.weight``; the preset takes β = 4.

    A dearer KL leaves fewer dimensions of z in use, and each is closer to independent of the others.
    """
