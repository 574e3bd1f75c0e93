"""How posteriors begin, and means of finite resolution that leave nothing below the noise to read."""

import copy
import math

import torch

from differentia.models.encoders import PosteriorHead, rounded


def test_rounding_goes_to_multiples_and_passes_the_gradient() -> None:
    mean = torch.tensor([[0.9, -1.2, 0.2]], requires_grad=True)
    out = rounded(mean, torch.tensor([[0.5, 1.0, 1.0]]))
    out.backward(torch.tensor([[1.0, 2.0, 3.0]]))
    assert out.tolist() == [[1.0, -1.0, 0.0]]
    assert mean.grad is not None
    assert mean.grad.tolist() == [[1.0, 2.0, 3.0]]


def test_a_head_of_finite_resolution_has_means_on_the_grid_of_its_standard_deviations() -> None:
    torch.manual_seed(0)
    head = PosteriorHead(8, 3, 0, shared_variance=True, resolution=2.0, act="relu")
    with torch.no_grad():
        assert head.shared_log_variance is not None
        head.shared_log_variance.copy_(torch.tensor([-0.4, -0.2, 0.0]))
    posterior = head(torch.randn(50, 8), None)
    cells = posterior.mean / (2 * torch.exp(0.5 * posterior.log_variance))
    torch.testing.assert_close(cells, cells.round(), atol=1e-4, rtol=0)
    assert cells[:, 0].unique().numel() > 1


def test_a_shared_variance_can_shrink_to_a_tenth_of_the_prior_in_300_steps_of_adam() -> None:
    """By a learning rate of 1e-3 a step it would lose a quarter."""
    head = PosteriorHead(8, 3, 0, shared_variance=True, resolution=0.0, act="relu")
    optimiser = torch.optim.Adam(head.parameters(), 1e-3)
    for _ in range(300):
        loss = head(torch.zeros(1, 8), None).log_variance.sum()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert head(torch.zeros(1, 8), None).log_variance.max() < math.log(0.1)


def test_a_code_that_begins_audible_stands_out_from_its_noise() -> None:
    torch.manual_seed(0)
    quiet = PosteriorHead(64, 4, 3, shared_variance=False, resolution=0.0, act="relu")
    loud = copy.deepcopy(quiet)
    loud.begin_audible()
    h, y = torch.randn(100, 64), torch.arange(100) % 3
    ratio = [head(h, y).mean.std() / head(h, y).log_variance.exp().sqrt().mean() for head in (quiet, loud)]
    assert ratio[1] > 15 * ratio[0]
