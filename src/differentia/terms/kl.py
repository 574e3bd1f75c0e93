"""The KL term of a VAE and of a β-VAE."""

from pydantic import Field

from differentia import config
from differentia.terms.base import Curve, Part, Pass, Term


class KL(Term):
    """β · Σ KL(q(code | x) ‖ p(code)) over the codes (Kingma & Welling 2014; Higgins et al. 2017)."""

    class Config(config.Config):
        """Price of the KL."""

        weight: float = Field(1.0, ge=0, description="β, price of a nat of KL.")

    curves = (Curve("KL of the codes", "nats", {"kl_z": "KL z", "kl_w": "KL w"}),)

    def loss(self, p: Pass) -> dict[str, Part]:
        """Return the KL of each code, times β."""
        return {f"kl_{name}": Part(kl, self.config.weight) for name, kl in p.kl.items()}
