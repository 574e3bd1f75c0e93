"""What makes a declared transformation generic: z follows it in a dimension of its own, and w ignores it.

Independence of z and y does not decide which code holds a factor that all classes share. A declared
transformation does: w's encoder reads a transformed copy, so that w *cannot* tell the decoder what the
transformation changes, and z, which reads the sample itself, has to.
"""

import torch.nn.functional as F
from pydantic import Field
from torch import Tensor

from differentia import config
from differentia.model.gaussian import Gaussian
from differentia.model.transforming import STRENGTH
from differentia.terms.base import Curve, Part, Pass, Term

NOISE = 0.5
"""Standard deviation of z in whose nats equivariance is measured. By z's own, which shrinks as z gets more
exact, the directions that are followed best would be held the hardest and the others be left behind."""


class Equivariance(Term):
    """Equivariance of z and invariance of w under the transformations of ``p.known["strengths"]``.

    Needs the posteriors "moved z", of the transformed pictures, and "other w", of the picture of each pair
    that w was not read from. Nothing where nothing is declared.
    """

    class Config(config.Config):
        """How strongly z and w are held to what is declared."""

        equivariance_weight: float = Field(
            1.0, ge=0, description="Weight of what a transformation fails to move in z, or moves beside."
        )
        invariance_weight: float = Field(1.0, ge=0, description="Weight of what a transformation moves in w.")

    curves = (
        Curve(
            "Declared transformations",
            "nats a sample",
            {"equivariance": "equivariance, of z", "invariance": "invariance, of w"},
        ),
    )

    def loss(self, p: Pass) -> dict[str, Part]:
        """Return both divergences."""
        if "strengths" not in p.known:
            return {}
        measured = p.known["within_class"].shape[1] if "within_class" in p.known else 0
        q = p.posterior
        moved = equivariance(q["z"], q["moved z"], p.known["strengths"], measured)
        return {
            "equivariance": Part(moved, self.config.equivariance_weight),
            "invariance": Part(invariance(q["other w"], q["w"]), self.config.invariance_weight),
        }


def equivariance(z: Gaussian, moved: Gaussian, strengths: Tensor, exempt: int = 0) -> Tensor:
    """Return how far z, ``[b, d]``, is from moving along one dimension a direction, nats.

    The k-th direction moves the k-th dimension of z by ``strength / STRENGTH``, for every sample and class,
    and no other dimension: as far as the decoder goes where that dimension acts, and elsewhere too, since a
    slope that may be nothing becomes nothing when w is quicker to tell. What is left of the change is
    measured as the divergence of two Gaussians, ½ Σ (Δμ − t / STRENGTH)² / NOISE², mean over the batch.

    The copies whose z is `moved` were transformed by `strengths`, ``[b, k]`` in [−1, 1]. So many dimensions
    after the k-th as are `exempt` may move as they like: a stretched picture is a brighter one, too.
    """
    kept = [j for j in range(z.mean.shape[1]) if not 0 <= j - strengths.shape[1] < exempt]
    change = (moved.mean - z.mean)[:, kept]
    expected = F.pad(strengths / STRENGTH, (0, change.shape[1] - strengths.shape[1]))
    return 0.5 * (change - expected).square().sum(1).mean() / NOISE**2


def invariance(w: Gaussian, other: Gaussian) -> Tensor:
    """Return how far w is from ignoring the transformation, nats: ½ Σ (Δμ / σ)², mean over the batch.

    The posteriors ``[b, d]`` are of two pictures that differ by the transformation alone.
    """
    return 0.5 * ((w.mean - other.mean).square() * (-w.log_variance).exp()).sum(1).mean()
