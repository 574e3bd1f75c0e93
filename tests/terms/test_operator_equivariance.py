"""Closed form of what holds z to its own operator."""

import pytest
import torch

from differentia.methods.discover import Discover
from differentia.model.gaussian import Gaussian
from small import small_method, small_pass

TERMS = {"reconstruction": {}, "noise": {}, "equivariance": {"weight": 2.0}}


def test_what_a_move_fails_to_move_is_squared_and_summed() -> None:
    method = small_method(Discover, {"z_dim": 3, "w_dim": 2}, TERMS)
    p, term = small_pass(method), method.terms["equivariance"]
    before, moves = p.posterior["z"].mean, p.known["moves"]
    for missed, expected in ((0.0, 0.0), (0.5, 3 * 0.25)):
        p.posterior["moved z"] = Gaussian(before + moves + missed, torch.zeros_like(before))
        part = term.loss(p)["equivariance"]
        assert part.value.item() == pytest.approx(expected, abs=1e-9)
        assert part.weight == 2.0


def test_moves_are_those_of_the_operator() -> None:
    """The copy that z is read from again is the sample that T moved by them."""
    method = small_method(Discover, {"z_dim": 3, "w_dim": 2}, TERMS)
    p, model = small_pass(method), method.model
    moved = model.operator(p.x, model.operator.strengths(p.known["moves"]))
    torch.testing.assert_close(p.posterior["moved z"].mean, model.encode_z(moved).mean)
    assert p.known["moves"].std().item() == pytest.approx(0.5, rel=0.3)


def test_noise_follows_the_error_of_step_1() -> None:
    method = small_method(Discover, {"z_dim": 3, "w_dim": 2}, TERMS)
    p, noise = small_pass(method), method.model.noise
    for _ in range(500):
        method.terms["noise"].update(p)
    assert noise.error.item() == pytest.approx((p.likelihood.mean - p.x).square().mean().item(), rel=1e-3)
