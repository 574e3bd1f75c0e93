"""Who learns what in which step."""

import math

import pytest
import torch
from pydantic import ValidationError

from differentia.models.settings import ModelSettings
from differentia.models.two_code import TwoCodeModel
from differentia.objectives.settings import CapacitySettings, ClassLossSettings, ObjectiveSettings
from differentia.objectives.two_step import ModelOutput, TwoStepObjective

GAMES = {
    "report": {
        "form": "binary",
        "shared": True,
        "critic_reads": "w",
        "z_weight": 1,
        "z_target": "ascent",
        "w_weight": 0,
    },
    "released": {
        "form": "softmax",
        "shared": True,
        "critic_goal": "wrong",
        "z_weight": 1,
        "z_target": "ascent",
        "w_weight": 1,
    },
    "strict": {"form": "softmax", "noise_levels": [0.3, 1.0], "critic_steps": 2},
}


def _setting(game: ClassLossSettings | None, **model: object) -> tuple:
    torch.manual_seed(0)
    network = TwoCodeModel(ModelSettings(z_dim=3, w_dim=3, hidden=[16], **model), (8, 8, 1), 4)
    objective = TwoStepObjective(
        ObjectiveSettings(capacity=CapacitySettings(mode="beta", beta=1, gamma=1), class_loss=game),
        network,
        torch.full((4,), 0.25),
    )
    torch.manual_seed(1)  # the same batch with and without a critic
    x, y = torch.rand(12, 1, 8, 8), torch.arange(12) % 4
    output = ModelOutput(*network(x, y, torch.randn(12, 3), torch.randn(12, 3)))
    return network, objective, x, y, output


def _gradients(module: torch.nn.Module) -> list[float]:
    return [0.0 if p.grad is None else p.grad.abs().sum().item() for p in module.parameters()]


@pytest.mark.parametrize("name", GAMES)
def test_step_2_reaches_no_parameter_of_the_model(name: str) -> None:
    network, objective, _, y, output = _setting(ClassLossSettings(**GAMES[name]))
    loss, _ = objective.critic_loss(objective.critic, output, y, torch.Generator(), fresh=True)
    loss.backward()
    assert sum(_gradients(network)) == 0
    assert sum(_gradients(objective.critic)) > 0


def _step_1(game: ClassLossSettings | None, **model: object) -> tuple:
    network, objective, x, y, output = _setting(game, **model)
    if objective.critic is not None:
        objective.critic.requires_grad_(False)
    loss, terms = objective.model_loss(network, output, x, y, None, None, torch.Generator(), 1.0)
    loss.backward()
    return network, objective, terms, loss


@pytest.mark.parametrize("name", GAMES)
def test_step_1_reaches_no_parameter_of_the_critic(name: str) -> None:
    network, objective, _, _ = _step_1(ClassLossSettings(**GAMES[name]))
    assert sum(_gradients(objective.critic)) == 0
    assert min(_gradients(network)) >= 0
    assert sum(_gradients(network)) > 0


def _class_gradient(code: str, **changes: object) -> list[torch.Tensor]:
    """Difference that the class loss makes to the gradients of a code's head."""
    with_loss, _, _, _ = _step_1(ClassLossSettings(**{**GAMES["strict"], **changes}))
    without, _, _, _ = _step_1(None)
    heads = [getattr(network, f"{code}_head") for network in (with_loss, without)]
    return [a.grad - b.grad for a, b in zip(*(h.parameters() for h in heads), strict=True)]


def test_z_weight_moves_only_z_and_w_weight_only_w() -> None:
    assert max(g.abs().max() for g in _class_gradient("z", z_weight=5, w_weight=0)) > 1e-4
    assert max(g.abs().max() for g in _class_gradient("w", z_weight=5, w_weight=0)) == 0
    assert max(g.abs().max() for g in _class_gradient("w", z_weight=0, w_weight=5)) > 1e-4
    assert max(g.abs().max() for g in _class_gradient("z", z_weight=0, w_weight=5)) == 0


def test_detached_w_of_the_report_gives_its_encoder_no_class_gradient() -> None:
    assert max(g.abs().max() for g in _class_gradient("w", **GAMES["report"])) == 0


def test_ascent_is_minus_the_loss_that_step_2_minimises() -> None:
    game = ClassLossSettings(form="softmax", z_target="ascent", z_weight=2.0, w_weight=0)
    network, objective, x, y, output = _setting(game)
    _, terms = objective.model_loss(network, output, x, y, None, None, torch.Generator(), 1.0)
    _, critic_terms = objective.critic_loss(objective.critic, output, y, torch.Generator(), fresh=False)
    assert terms["misleading_z"].item() == pytest.approx(-critic_terms["critic_loss_z"].item())


def test_the_bounded_goal_is_the_ascent_up_to_a_nat_above_chance() -> None:
    game = ClassLossSettings(z_target="bounded")
    _, objective, _, y, _ = _setting(game)
    for confidence in (5.0, 0.0, -1.0, -5.0, -50.0):
        logits = (confidence * torch.nn.functional.one_hot(y, 4)).requires_grad_()
        loss = torch.nn.functional.cross_entropy(logits, y)
        pushed = objective._misleading(game, logits, y)
        assert pushed.item() == pytest.approx(-min(loss.item(), math.log(4) + 1), rel=1e-5)
        pushed.backward()
        assert logits.grad is not None
        assert (logits.grad.abs().max() > 0) == (loss < math.log(4) + 1)


def test_the_wrong_critic_maximises_its_loss() -> None:
    _, objective, _, y, output = _setting(ClassLossSettings(**GAMES["released"]))
    loss, terms = objective.critic_loss(objective.critic, output, y, torch.Generator(), fresh=False)
    assert loss.item() == pytest.approx(-(terms["critic_loss_z"] + terms["critic_loss_w"]).item())


def test_step_1_is_the_sum_of_its_terms() -> None:
    game = ClassLossSettings(z_weight=7, w_weight=3, warmup=0.5)
    network, objective, x, y, output = _setting(game)
    for progress, warmth in ((0.0, 0.0), (0.25, 0.5), (1.0, 1.0)):
        loss, t = objective.model_loss(network, output, x, y, None, None, torch.Generator(), progress)
        plain = t["negative_log_likelihood"] + t["kl_z"] + t["kl_w"]
        expected = plain + 7 * warmth * t["misleading_z"] + 3 * t["class_loss_w"]
        assert loss.item() == pytest.approx(expected.item(), rel=1e-5)


def test_the_critic_hears_every_noise_level() -> None:
    """With σ = e⁴ the samples say nothing of y and the means (level 0) all; only level 0 is learnable."""
    game = ClassLossSettings(noise_levels=[0.0], critic_reads="z", w_weight=0)
    _, objective, _, y, output = _setting(game)
    mean = 2.0 * torch.nn.functional.one_hot(y, 4)[:, :3] - 1
    z = output.codes.z._replace(mean=mean, log_variance=torch.full_like(mean, 8.0))
    samples = z.sample(torch.randn_like(mean)), output.samples[1]
    output = output._replace(codes=output.codes._replace(z=z), samples=samples)
    optimiser = torch.optim.Adam(objective.critic.parameters(), 1e-2)
    for _ in range(100):
        loss, _ = objective.critic_loss(objective.critic, output, y, torch.Generator(), fresh=False)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert loss.item() < 0.05


SWAPS = ClassLossSettings(z_weight=0, w_weight=0, swap_weight=4)


def test_swaps_are_of_another_z_and_judged_by_the_class_of_w() -> None:
    network, objective, x, y, output = _setting(SWAPS)
    seen = []

    def read(samples: torch.Tensor) -> torch.Tensor:
        seen.append(samples)
        return 1e3 * torch.nn.functional.one_hot(y, 4).float()  # says the class of w's sample

    objective.reader.forward = read
    loss, terms = objective.model_loss(
        network, output, x, y, None, None, torch.Generator().manual_seed(0), 1.0
    )
    assert terms["class_loss_swap"] == 0
    assert loss.item() == pytest.approx(
        (terms["negative_log_likelihood"] + terms["kl_z"] + terms["kl_w"]).item()
    )
    order = torch.randperm(12, generator=torch.Generator().manual_seed(0))
    (z, w), (swapped,) = output.samples, seen
    assert torch.equal(swapped, network.decode(z[order], w, y))


def test_swaps_teach_the_model_in_step_1_and_real_samples_the_reader_in_step_2() -> None:
    network, objective, x, y, output = _setting(SWAPS)
    objective.reader.requires_grad_(False)
    _, terms = objective.model_loss(network, output, x, y, None, None, torch.Generator(), 1.0)
    bare, _, _, _ = _step_1(ClassLossSettings(z_weight=0, w_weight=0))
    loss, _ = objective.model_loss(network, output, x, y, None, None, torch.Generator(), 1.0)
    loss.backward()
    assert terms["class_loss_swap"] > 0
    assert sum(_gradients(objective.reader)) == 0
    changed = [
        (a.grad - b.grad).abs().max() for a, b in zip(network.parameters(), bare.parameters(), strict=True)
    ]
    assert max(changed) > 1e-4

    network.zero_grad()
    objective.reader.requires_grad_(True)
    loss, _ = objective.reader_loss(objective.reader, x, y)
    loss.backward()
    assert sum(_gradients(network)) == 0
    assert min(_gradients(objective.reader)) > 0


def test_without_a_weight_there_is_no_reader() -> None:
    assert _setting(ClassLossSettings())[1].reader is None
    assert _setting(None)[1].reader is None


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"critic_reads": "w"}, "z_weight"),
        ({"critic_reads": "z"}, "w_weight"),
        ({"noise_levels": [-1.0]}, "noise_levels"),
        ({"noise_levels": []}, "noise_levels"),
        ({"critic_steps": 0}, "critic_steps"),
        ({"form": "hinge"}, "form"),
        ({"zweight": 1}, "zweight"),
    ],
)
def test_impossible_games_name_the_field(wrong: dict, word: str) -> None:
    with pytest.raises(ValidationError, match=word):
        ClassLossSettings(**wrong)
