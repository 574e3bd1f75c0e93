"""The price of the KL terms: β-VAE, the capacities of eq. 4, and the same capacities as constraints."""

import torch
from torch import Tensor, nn

from differentia.objectives.settings import CapacitySettings


class Capacity(nn.Module):
    r"""What the KL of the two codes costs.

    ==============  ==========================================  ==========================================
    mode            penalty                                     source
    ==============  ==========================================  ==========================================
    beta            β·KL_z + γ·KL_w                             Higgins et al. 2017; table 2 of the report
    absolute        β·\|KL_z − C_z\| + γ·\|KL_w − C_w\|           eq. 4 of the report; Burgess et al. 2018
    constrained     Σ price·(KL − C), the price being           augmented Lagrangian of KL ≤ C (Rockafellar
                    max(least, λ + ρ·(KL − C))                  1973); its use on KL: Rezende & Viola 2018
    ==============  ==========================================  ==========================================

    KL is the batch mean of the KL summed over the dimensions of a code, in nats. The dual variable λ of a
    code moves by ``dual_rate · (KL − C)`` a step: up while KL exceeds C, down while it falls short, within
    ``[least_price, greatest_price]``. With a least price of 0 the constraint is a one-sided cap; below 0 a KL
    that falls short is pulled up to C; above 0 it is a β-VAE with that β until the cap is met.

    Parameters
    ----------
    settings : CapacitySettings
        Mode, maxima, prices.

    Attributes
    ----------
    multipliers : Tensor
        λ of z and of w, float ``[2]``; constant 0 in the other modes. Part of the checkpoint.
    """

    multipliers: Tensor
    weights: Tensor
    maxima: Tensor

    def __init__(self, settings: CapacitySettings) -> None:
        super().__init__()
        self.settings = settings
        self.register_buffer("multipliers", torch.zeros(2))
        self.register_buffer("weights", torch.tensor([settings.beta, settings.gamma]), persistent=False)
        self.register_buffer("maxima", torch.tensor([settings.z, settings.w]), persistent=False)

    def targets(self, progress: float) -> Tensor:
        """Return C_z and C_w, nats ``[2]``, after the given part (0 to 1) of the training."""
        growth = self.settings.growth
        return self.maxima * (min(1.0, progress / growth) if growth else 1.0)

    def penalty(self, kl: Tensor, progress: float) -> Tensor:
        """Return the penalty of KL_z and KL_w, ``[2]`` in nats, as a scalar to add to the loss."""
        if self.settings.mode == "beta":
            return (self.weights * kl).sum()
        violation = kl - self.targets(progress)
        if self.settings.mode == "absolute":
            return (self.weights * violation.abs()).sum()
        price = self.multipliers + self.settings.damping * violation.detach()
        return (price.clamp(min=self.settings.least_price) * violation).sum()

    @torch.no_grad()
    def update(self, kl: Tensor, progress: float) -> None:
        """Move the dual variables after a step that measured KL_z and KL_w, ``[2]`` in nats."""
        if self.settings.mode == "constrained":
            self.multipliers += self.settings.dual_rate * (kl - self.targets(progress))
            self.multipliers.clamp_(self.settings.least_price, self.settings.greatest_price)
