"""Equivariance of z to the operator itself: a sample that T moves by t has a z that lies t further."""

from pydantic import Field

from differentia import config
from differentia.terms.base import Curve, Part, Pass, Term

SIZE = 0.5
"""Standard deviation of the moves, in units of z."""


class OperatorEquivariance(Term):
    """Σ (μ(T_t x) − μ(x) − t)² over the dimensions of z, batch mean.

    Needs the posterior "moved z" of the moved samples, and ``p.known["moves"]``, their t, ``[b, d]``. The
    moves take the place of an augmentation that somebody would have to declare.
    """

    class Config(config.Config):
        """How strongly z is held to its own operator."""

        weight: float = Field(
            1.0, ge=0, description="Weight of what a move of the operator fails to move in z."
        )

    curves = (Curve("Moves of the operator", "units of z, squared", {"equivariance": "equivariance, of z"}),)

    def loss(self, p: Pass) -> dict[str, Part]:
        """Return how far z is from following."""
        before, after = p.posterior["z"].mean.detach(), p.posterior["moved z"].mean
        missed = after - before - p.known["moves"]
        return {"equivariance": Part(missed.square().sum(1).mean(), self.config.weight)}
