"""The objective of a refined run, in closed form."""

import math

import pytest
import torch

from differentia.models.settings import ModelSettings
from differentia.models.two_code import TwoCodeModel
from differentia.objectives.remainder import RemainderObjective
from differentia.objectives.settings import RemainderSettings
from differentia.objectives.two_step import ModelOutput


def test_a_squared_pixel_costs_what_the_scale_says_and_only_the_remainder_of_w_has_a_price() -> None:
    torch.manual_seed(0)
    model = TwoCodeModel(
        ModelSettings(z_dim=3, w_dim=6, remainder_dim=4, hidden=[16], scale=0.5), (8, 8, 1), 4
    )
    x, y = torch.rand(30, 1, 8, 8), torch.arange(30) % 4
    with torch.no_grad():
        output = ModelOutput(*model(x, y, torch.randn(30, 3), torch.randn(30, 6)))
    objective = RemainderObjective(RemainderSettings(price=0.25))
    loss, terms = objective.model_loss(model, output, x, y, None, torch.Generator(), 1.0)
    error = float((output.parameters - x).square().sum() / 30)
    constant = 64 * (math.log(0.5) + 0.5 * math.log(2 * math.pi))
    kl = output.codes.w.kl().sum(0) / 30
    assert terms["kl_remainder"] == pytest.approx(float(kl[2:].sum()))
    assert terms["kl_w"] == pytest.approx(float(kl.sum()))
    assert loss.item() == pytest.approx(2 * error + constant + 0.25 * float(kl[2:].sum()), rel=1e-5)
    early, _ = objective.model_loss(model, output, x, y, None, torch.Generator(), 0.25)
    assert early.item() == pytest.approx(2 * error + constant + 0.125 * float(kl[2:].sum()), rel=1e-5)
