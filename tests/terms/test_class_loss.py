import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from differentia.methods.released import Released
from differentia.methods.report import Report
from differentia.methods.strict import Strict
from differentia.model.base import Model
from differentia.terms.adversary import HEADROOM, Adversary
from differentia.terms.base import Facts
from differentia.terms.class_loss import ClassLoss, binary_loss
from small import small_data, small_method

CODES = {"z_dim": 3, "w_dim": 3}
PLAIN = {"canonical": False, "w_dim": 2}


def _model() -> Model:
    return small_method(Strict, PLAIN, {}).model


def _adversary(goal: str, frequencies: torch.Tensor) -> Adversary:
    return Adversary(Adversary.Config(goal=goal), _model(), Facts(12, frequencies))


def test_the_class_loss_is_equation_5_with_the_sign_of_a_loss() -> None:
    logits = torch.tensor([[2.0, -1.0, 0.5]])
    p = torch.sigmoid(logits[0])
    expected = -(torch.log(p[2]) + torch.log(1 - p[0]) + torch.log(1 - p[1]))
    assert binary_loss(logits, torch.tensor([2])).item() == pytest.approx(expected.item())


def test_equal_answers_cost_the_adversary_the_entropy_of_the_uniform() -> None:
    bounded = _adversary("bounded", torch.full((10,), 0.1))
    assert bounded.misleading(torch.zeros(4, 10), torch.arange(4)).item() == pytest.approx(-math.log(10))


@given(st.lists(st.floats(0.05, 1.0), min_size=2, max_size=6))
def test_the_goal_prior_is_zero_at_the_class_frequencies_and_positive_elsewhere(
    weights: list[float],
) -> None:
    prior = torch.tensor(weights) / sum(weights)
    adversary, y = _adversary("prior", prior), torch.zeros(1).long()
    logits = prior.log()[None]
    assert adversary.misleading(logits, y).item() == pytest.approx(0, abs=1e-5)
    shift = torch.zeros_like(prior)
    shift[0] = 1.0
    assert adversary.misleading(logits + shift, y).item() > 1e-3


def test_the_bound_is_a_nat_above_the_loss_of_answering_the_class_frequencies() -> None:
    prior = torch.tensor([0.5, 0.25, 0.25])
    y = torch.tensor([0, 0, 1, 2])
    chance = torch.nn.functional.cross_entropy(prior.log().expand(4, 3), y)
    wrong = -100.0 * torch.nn.functional.one_hot(y, 3)
    bounded = _adversary("bounded", prior)
    torch.testing.assert_close(bounded.misleading(prior.log().expand(4, 3), y), -chance)
    torch.testing.assert_close(bounded.misleading(wrong, y), -(chance + HEADROOM))


def test_both_goals_know_absent_classes() -> None:
    prior = torch.tensor([0.5, 0.5, 0.0])
    for goal in ("prior", "bounded"):
        found = _adversary(goal, prior).misleading(torch.zeros(2, 3), torch.tensor([0, 1]))
        assert math.isfinite(found.item())


@pytest.mark.parametrize("method", [Report, Released])
def test_one_classifier_of_both_codes_is_one_network_and_needs_codes_of_one_size(method: type) -> None:
    small = small_method(method, CODES, {"class_loss": {"hidden": [8]}})
    rival = small.terms["class_loss"].rival
    assert len(list(rival.parameters())) == 4
    data = small_data()
    config = method.Config(z_dim=3, w_dim=2, hidden=[16])
    with pytest.raises(Exception, match=r"does not fit noise: one classifier .* needs z_dim = w_dim"):
        method(config, {"class_loss": method.Terms["class_loss"].Config()}, data, 0)


def test_the_adversary_has_a_classifier_for_each_code_that_it_reads() -> None:
    for w_weight, read in ((5.0, {"z": 3, "w": 2}), (0.0, {"z": 3})):
        adversary = small_method(Strict, PLAIN, {"adversary": {"w_weight": w_weight}}).terms["adversary"]
        widths = {name: net[0].in_features for name, net in adversary.rival.items()}
        assert widths == read


@pytest.mark.parametrize(
    ("config", "wrong", "word"),
    [
        (Adversary.Config, {"noise_levels": [-1.0]}, "noise_levels"),
        (Adversary.Config, {"noise_levels": [0.5, -0.1]}, "noise_levels"),
        (Adversary.Config, {"noise_levels": []}, "noise_levels"),
        (Adversary.Config, {"steps": 0}, "steps"),
        (Adversary.Config, {"goal": "ascent"}, "goal"),
        (Adversary.Config, {"zweight": 1}, "zweight"),
        (ClassLoss.Config, {"reads": "x"}, "reads"),
        (ClassLoss.Config, {"form": "hinge"}, "form"),
        (ClassLoss.Config, {"z_weight": -1}, "z_weight"),
    ],
    ids=str,
)
def test_impossible_games_name_the_field(config: type, wrong: dict, word: str) -> None:
    with pytest.raises(ValueError, match=word):
        config(**wrong)
