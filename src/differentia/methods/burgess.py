"""The β-VAE with controlled capacity of Burgess et al., *Understanding disentangling in β-VAE*, 2018."""

from differentia.methods.vae import VariationalAutoencoder
from differentia.terms.capacity import Capacity
from differentia.terms.reconstruction import Reconstruction


class Burgess(VariationalAutoencoder):
    """The variational autoencoder whose KL is held at a target C by the penalty γ · |KL − C|.

    C grows from 0 to 25 nats in the preset. So dimensions of z come into use one after another, those that
    explain most first. The paper's γ is the setting ``terms.capacity.beta``.
    """

    Terms = {"reconstruction": Reconstruction, "capacity": Capacity}  # noqa: RUF012
