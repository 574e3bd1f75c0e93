"""The noise of the likelihood, which follows the error of the training."""

import torch
from torch import Tensor

from differentia.model.likelihoods import RunningNoise
from differentia.terms.base import Pass, Term


class Noise(Term):
    """Keeps the `noise` of the model at its optimum, the running mean of the squared error."""

    @torch.no_grad()
    def update(self, p: Pass) -> Tensor:
        """Take in the errors of step 1."""
        assert isinstance(p.model.noise, RunningNoise)
        p.model.noise.follow(p.likelihood.mean - p.x)
        return p.model.noise.error
