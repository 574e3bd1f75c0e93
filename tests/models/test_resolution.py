"""Means of finite resolution leave nothing below the noise to read."""

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
        head.shared_log_variance.copy_(torch.tensor([-4.0, -2.0, 0.0]))
    posterior = head(torch.randn(50, 8), None)
    cells = posterior.mean / (2 * torch.exp(0.5 * posterior.log_variance))
    torch.testing.assert_close(cells, cells.round(), atol=1e-4, rtol=0)
    assert cells[:, 0].unique().numel() > 1
