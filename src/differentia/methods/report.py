"""The report's method as printed: sections 3.2 and 3.3."""

from collections.abc import Sequence

from differentia.methods.base import Method
from differentia.model.networks import ConditionalDim
from differentia.model.vae import VAE, VAEConfig
from differentia.terms.capacity import Capacity
from differentia.terms.class_loss import ClassLoss
from differentia.terms.reconstruction import Reconstruction


class Report(Method):
    """q(z | x), q(w | x, y) and p(x | z, w, y), eq. 4 with eq. 5 against one classifier of both codes.

    Kondamudi and Balasubramanian, *Class-conditional and class-generic disentangled representations*, 2019.
    """

    class Config(VAEConfig):
        """The proposed model's architecture."""

        w_dim: ConditionalDim = 10

    Terms = {"reconstruction": Reconstruction, "capacity": Capacity, "class_loss": ClassLoss}  # noqa: RUF012

    @classmethod
    def build(cls, config: Config, shape: Sequence[int], n_classes: int) -> VAE:
        """Return the proposed model."""
        return VAE(config, shape, n_classes, w_dim=config.w_dim, decoder_sees_y=True)
