"""The likelihood of the samples: the first term of eqs. 1 and 4."""

import torch
from torch import Tensor

from differentia.terms.base import Curve, Part, Pass, Term


class Reconstruction(Term):
    """−log p(x | codes, y), batch mean in nats; the squared error of the expected sample is shown beside."""

    curves = (
        Curve("Reconstruction", "nats a sample", {"negative_log_likelihood": "negative log-likelihood"}),
        Curve("Squared error", "sum over a sample", {"squared_error": "squared error"}),
    )

    def loss(self, p: Pass) -> dict[str, Part]:
        """Return the negative log-likelihood, and the squared error with weight 0."""
        with torch.no_grad():
            error = squared_error(p.likelihood.mean, p.x).mean()
        likelihood = -p.likelihood.log_prob(p.x)
        return {"negative_log_likelihood": Part(likelihood.mean()), "squared_error": Part(error, 0.0)}


def squared_error(decoded: Tensor, x: Tensor) -> Tensor:
    """Return Σ (x̂ − x)² of every sample, ``[b]``, over all pixels and channels in [0, 1] (or features)."""
    return (decoded - x).flatten(1).square().sum(1)
