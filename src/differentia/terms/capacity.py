"""The price of the KL terms: β-VAE, the capacities of eq. 4, and the same capacities as constraints."""

from typing import Literal

import torch
from pydantic import Field
from torch import Tensor

from differentia import config
from differentia.model.base import Model
from differentia.terms.base import Curve, Facts, Part, Pass, Scalars, Term

DUAL_RATE = 0.01
"""Change of a multiplier a step and nat of violation."""

DAMPING = 0.1
"""ρ, what a nat of violation adds to the price at once."""

GREATEST = 50.0
"""Greatest multiplier."""


class Capacity(Term):
    r"""What the KL of each code costs.

    ==============  ==========================================  ==========================================
    mode            penalty                                     source
    ==============  ==========================================  ==========================================
    beta            β·KL_z + γ·KL_w                             Higgins et al. 2017; table 2 of the report
    absolute        β·\|KL_z − C_z\| + γ·\|KL_w − C_w\|           eq. 4 of the report; Burgess et al. 2018
    constrained     Σ price·(KL − C), the price being           augmented Lagrangian of KL ≤ C (Rockafellar
                    max(least, λ + ρ·(KL − C))                  1973); its use on KL: Rezende & Viola 2018
    ==============  ==========================================  ==========================================

    KL is the batch mean of the KL summed over the dimensions of a code, in nats. The dual variable λ of a
    code moves by ``DUAL_RATE · (KL − C)`` a step: up while KL exceeds C, down while it falls short, within
    ``[least_price, GREATEST]``. With a least price of 0 the constraint is a one-sided cap; below 0 a KL that
    falls short is pulled up to C; above 0 it is a β-VAE with that β until the cap is met.
    """

    class Config(config.Config):
        """Mode, targets and prices."""

        mode: Literal["beta", "absolute", "constrained"] = Field(
            "constrained",
            description="beta: β·KL, the β-VAE. absolute: β·|KL − C| as printed in eq. 4. constrained: KL "
            "held at C by a dual variable.",
        )
        z: float = Field(15.0, ge=0, description="C_z at the end of the growth, nats.")
        w: float = Field(25.0, ge=0, description="C_w at the end of the growth, nats.")
        growth: float = Field(
            0.5, ge=0, le=1, description="Part of the training over which C grows from 0; 0: starts at C."
        )
        beta: float = Field(100.0, ge=0, description="β, price of KL_z in the modes beta and absolute.")
        gamma: float = Field(100.0, ge=0, description="γ, price of KL_w in the modes beta and absolute.")
        least_price: float = Field(
            0.0,
            ge=-100,
            le=1,
            description="constrained: least price of a nat. 0 is a one-sided cap; above 0 a nat costs "
            "something below C too, which keeps every class's codes near the prior; below 0 KL is also "
            "pulled up to C.",
        )

    curves = (
        Curve(
            "KL of the codes",
            "nats",
            {"kl_z": "KL z", "kl_w": "KL w", "capacity_z": "target z", "capacity_w": "target w"},
        ),
        Curve("Price of the KL", "nats a sample", {"penalty": "penalty"}),
        Curve("Multipliers of the KL targets", "λ", {"multiplier_z": "z", "multiplier_w": "w"}),
    )

    multipliers: Tensor
    """λ of each code, float ``[codes]``; constant 0 in the other modes. Part of the checkpoint."""
    weights: Tensor
    maxima: Tensor

    def __init__(self, config: Config, model: Model, facts: Facts) -> None:
        super().__init__(config, model, facts)
        n = len(model.dims)
        self.register_buffer("multipliers", torch.zeros(n))
        self.register_buffer("weights", torch.tensor([config.beta, config.gamma][:n]), persistent=False)
        self.register_buffer("maxima", torch.tensor([config.z, config.w][:n]), persistent=False)

    def targets(self, progress: float) -> Tensor:
        """Return C of each code, nats ``[codes]``, after the given part (0 to 1) of the training."""
        growth = self.config.growth
        return self.maxima * (min(1.0, progress / growth) if growth else 1.0)

    def penalty(self, kl: Tensor, progress: float) -> Tensor:
        """Return the penalty of the KL of each code, ``[codes]`` in nats, as a scalar."""
        if self.config.mode == "beta":
            return (self.weights * kl).sum()
        violation = kl - self.targets(progress)
        if self.config.mode == "absolute":
            return (self.weights * violation.abs()).sum()
        price = self.multipliers + DAMPING * violation.detach()
        return (price.clamp(min=self.config.least_price) * violation).sum()

    def loss(self, p: Pass) -> dict[str, Part]:
        """Return the penalty, and the KL of each code with weight 0."""
        shown = {f"kl_{name}": Part(kl, 0.0) for name, kl in p.kl.items()}
        return shown | {"penalty": Part(self.penalty(torch.stack(list(p.kl.values())), p.progress))}

    @torch.no_grad()
    def update(self, p: Pass) -> Tensor:
        """Move the dual variables by what step 1 measured."""
        if self.config.mode == "constrained":
            kl = torch.stack(list(p.kl.values()))
            self.multipliers += DUAL_RATE * (kl - self.targets(p.progress))
            self.multipliers.clamp_(self.config.least_price, GREATEST)
        return self.multipliers

    def state(self, progress: float) -> Scalars:
        """Return targets and multipliers, in the modes that have them."""
        found: Scalars = {}
        if self.config.mode != "beta":
            found |= dict(zip(("capacity_z", "capacity_w"), self.targets(progress), strict=False))
        if self.config.mode == "constrained":
            found |= dict(zip(("multiplier_z", "multiplier_w"), self.multipliers, strict=False))
        return found
