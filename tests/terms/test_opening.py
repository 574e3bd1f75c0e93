"""The shared mechanism first, then what is a class's own."""

import pytest
import torch

from differentia.methods.discover import Discover
from differentia.terms.base import total
from differentia.terms.opening import FIRST_PRICE, OPEN, OPENS, price
from small import small_method, small_pass

TERMS = {"reconstruction": {}, "opening": {}}


def test_a_nat_of_w_costs_nothing_then_much_then_one() -> None:
    middle = (OPENS + OPEN) / 2
    assert [price(p) for p in (0.0, OPENS - 1e-9, OPENS, OPEN, 1.0)] == [0.0, 0.0, FIRST_PRICE, 1.0, 1.0]
    assert price(middle) == pytest.approx((FIRST_PRICE + 1) / 2)


def test_while_w_is_closed_the_decoder_draws_one_sample_a_class_and_no_generator_is_given_up() -> None:
    method = small_method(Discover, {"z_dim": 3, "w_dim": 2}, TERMS)
    closed, opened = (small_pass(method, progress) for progress in (0.0, 1.0))
    assert torch.equal(closed.code["w"], method.model.prior(closed.y)["w"].mean)
    assert not torch.equal(opened.code["w"], closed.code["w"])
    for progress, learns in ((0.0, False), (1.0, True)):
        method.zero_grad()
        p = small_pass(method, progress)
        total(method.loss(p)).backward()
        assert (method.model.w_head.mean.weight.grad is not None) is learns
        assert (method.model.operator._reach.grad is not None) is learns
        assert method.model.z_head.mean.weight.grad is not None


def test_the_kl_of_z_costs_a_nat_a_nat_and_that_of_w_its_price() -> None:
    method = small_method(Discover, {"z_dim": 3, "w_dim": 2}, TERMS)
    p = small_pass(method, OPENS)
    parts = method.terms["opening"].loss(p)
    assert (parts["kl_z"].weight, parts["kl_w"].weight) == (1.0, FIRST_PRICE)
    assert parts["kl_w"].value.item() == pytest.approx(p.kl["w"].item())
    assert method.terms["opening"].state(1.0)["price_w"] == 1.0
