"""Who learns what in which step."""

import math

import pytest
import torch

from differentia.methods.base import Method
from differentia.methods.released import Released
from differentia.methods.report import Report
from differentia.methods.strict import Strict
from differentia.terms.adversary import Adversary
from differentia.terms.base import Part, Pass, total
from small import gradients, small_method, small_pass

BASE = {"reconstruction": {}, "capacity": {"mode": "beta", "beta": 1.0, "gamma": 1.0}}
CODES = {"z_dim": 3, "w_dim": 3}
PLAIN = {"canonical": False, "shared_variance": False, "quantisation_step": 0.0} | CODES
GAMES = {
    "report": (Report, CODES, {"class_loss": {"hidden": [8]}}),
    "report, z read": (Report, CODES, {"class_loss": {"hidden": [8], "reads": "z", "w_weight": 1.0}}),
    "report, both read": (Report, CODES, {"class_loss": {"hidden": [8], "reads": "both"}}),
    "released": (Released, CODES, {"class_loss": {"hidden": [8]}}),
    "strict": (Strict, PLAIN, {"adversary": {"noise_levels": [0.3, 1.0], "steps": 2}}),
    "strict, prior": (Strict, PLAIN, {"adversary": {"goal": "prior"}}),
    "swaps": (Strict, PLAIN, {"swap": {"weight": 4.0}}),
}


def _game(name: str, **changes: object) -> Method:
    method, model, terms = GAMES[name]
    return small_method(method, model, BASE | {term: config | changes for term, config in terms.items()})


def _rival(method: Method) -> torch.nn.Module:
    (rival,) = (term.rival for term in method.terms.values() if term.rival is not None)
    return rival


def _step_1(method: Method) -> tuple[Pass, dict[str, Part]]:
    """Leave the gradients of step 1 in the parameters of the model."""
    p = small_pass(method)
    parts = method.loss(p)
    total(parts).backward(inputs=list(method.model.parameters()))
    return p, parts


@pytest.mark.parametrize("name", GAMES)
def test_step_2_reaches_every_parameter_of_the_rival_and_none_of_the_model(name: str) -> None:
    method = _game(name)
    p = small_pass(method).detached()
    for seen in (p, p.redrawn()):
        method.zero_grad()
        (term,) = (term for term in method.terms.values() if term.rival is not None)
        total(term.rival_loss(seen)).backward()
        assert sum(gradients(method.model)) == 0
        assert min(gradients(_rival(method))) > 0


@pytest.mark.parametrize("name", GAMES)
def test_step_1_reaches_every_parameter_of_the_model(name: str) -> None:
    method = _game(name)
    _step_1(method)
    assert min(gradients(method.model)) > 0


def _class_gradient(code: str, name: str, **changes: object) -> list[torch.Tensor]:
    """Difference that the class loss makes to the gradients of a code's head."""
    method, model, _ = GAMES[name]
    games = _game(name, **changes), small_method(method, model, BASE)
    for game in games:
        _step_1(game)
    heads = [getattr(game.model, f"{code}_head") for game in games]
    return [a.grad - b.grad for a, b in zip(*(h.parameters() for h in heads), strict=True)]


def test_z_weight_moves_only_z_and_w_weight_only_w() -> None:
    for name in ("strict", "report"):
        assert max(g.abs().max() for g in _class_gradient("z", name, z_weight=5, w_weight=0)) > 1e-4
        assert max(g.abs().max() for g in _class_gradient("w", name, z_weight=5, w_weight=0)) == 0
        assert max(g.abs().max() for g in _class_gradient("w", name, z_weight=0, w_weight=5)) > 1e-4
        assert max(g.abs().max() for g in _class_gradient("z", name, z_weight=0, w_weight=5)) == 0


def test_detached_w_of_the_report_gives_its_encoder_no_class_gradient() -> None:
    assert max(g.abs().max() for g in _class_gradient("w", "report")) == 0


def test_the_report_s_ascent_is_minus_the_loss_that_step_2_minimises() -> None:
    method = _game("report, z read", z_weight=2.0, w_weight=0.0)
    p, parts = _step_1(method)
    second = method.terms["class_loss"].rival_loss(p.detached())
    assert list(second) == ["critic_loss_z"]
    assert parts["misleading_z"].value.item() == pytest.approx(-second["critic_loss_z"].value.item())
    assert (parts["misleading_z"].weight, second["critic_loss_z"].weight) == (2.0, 1.0)


@pytest.mark.parametrize(("reads", "codes"), [("z", ["z"]), ("w", ["w"]), ("both", ["z", "w"])])
def test_step_2_of_the_report_reads_the_codes_that_it_is_told_to(reads: str, codes: list[str]) -> None:
    method = _game("report", reads=reads)
    second = method.terms["class_loss"].rival_loss(small_pass(method).detached())
    assert list(second) == [f"critic_loss_{code}" for code in codes]


def test_the_bounded_goal_is_the_ascent_up_to_a_nat_above_chance() -> None:
    method = _game("strict")
    adversary, y = method.terms["adversary"], small_pass(method).y
    assert isinstance(adversary, Adversary)
    for confidence in (5.0, 0.0, -1.0, -5.0, -50.0):
        logits = (confidence * torch.nn.functional.one_hot(y, 4)).requires_grad_()
        loss = torch.nn.functional.cross_entropy(logits, y)
        pushed = adversary.misleading(logits, y)
        assert pushed.item() == pytest.approx(-min(loss.item(), math.log(4) + 1), rel=1e-5)
        pushed.backward()
        assert logits.grad is not None
        assert (logits.grad.abs().max() > 0) == (loss < math.log(4) + 1)


def test_the_released_classifier_maximises_its_loss() -> None:
    method = _game("released")
    p = small_pass(method).detached()
    parts = method.terms["class_loss"].rival_loss(p)
    expected = [
        torch.nn.functional.cross_entropy(_rival(method)(p.code[code]), p.y).item() for code in ("z", "w")
    ]
    assert [part.value.item() for part in parts.values()] == pytest.approx(expected)
    assert min(expected) > 0
    assert total(parts).item() == pytest.approx(-sum(expected))


def test_step_1_is_the_sum_of_its_terms() -> None:
    method = _game("strict", z_weight=7, w_weight=3, warmup=0.5)
    for progress, warmth in ((0.0, 0.0), (0.25, 0.5), (1.0, 1.0)):
        p = small_pass(method, progress)
        parts = method.loss(p)
        value = {name: part.value for name, part in parts.items()}
        plain = value["negative_log_likelihood"] + value["kl_z"] + value["kl_w"]
        expected = plain + 7 * warmth * value["misleading_z"] + 3 * value["class_loss_w"]
        assert total(parts).item() == pytest.approx(expected.item(), rel=1e-5)


LEVELS = [0.0, 0.5, 1.0, 2.0]


def test_the_classifier_reads_z_at_every_noise_level() -> None:
    method = _game("strict", noise_levels=LEVELS)
    p = small_pass(method)
    z, adversary = p.posterior["z"], method.terms["adversary"]
    assert isinstance(adversary, Adversary)
    mean, half, sample, double = adversary.noisy(p)
    assert torch.equal(mean, z.mean)
    assert torch.equal(sample, p.code["z"])
    many = [adversary.noisy(p) for _ in range(3000)]
    spread = torch.exp(0.5 * z.log_variance)
    for place, level in ((1, 0.5), (3, 2.0)):
        drawn = torch.stack([codes[place] for codes in many])
        torch.testing.assert_close(drawn.std(0) / spread, torch.full((12, 3), level), atol=0, rtol=0.1)
        torch.testing.assert_close(drawn.mean(0), z.mean, atol=0.2, rtol=0)
    assert not torch.equal(half, double)


def test_step_2_is_the_mean_over_the_noise_levels_and_so_is_step_1() -> None:
    method = _game("strict", noise_levels=LEVELS, w_weight=0)
    adversary = method.terms["adversary"]
    assert isinstance(adversary, Adversary)
    p = small_pass(method).detached()
    state = p.rng.get_state()
    found = adversary.rival_loss(p)["critic_loss_z"].value
    p.rng.set_state(state)
    misled = adversary.loss(p)["misleading_z"].value
    p.rng.set_state(state)
    each = [_rival(method)["z"](code) for code in adversary.noisy(p)]
    losses = [torch.nn.functional.cross_entropy(logits, p.y) for logits in each]
    assert found.item() == pytest.approx(torch.stack(losses).mean().item(), rel=1e-5)
    goals = [adversary.misleading(logits, p.y) for logits in each]
    assert misled.item() == pytest.approx(torch.stack(goals).mean().item(), rel=1e-5)


@pytest.mark.parametrize("level", LEVELS)
def test_the_classifier_learns_what_its_noise_level_lets_it_hear(level: float) -> None:
    """With σ = e⁴ a noise buries the class that the means tell; only the level 0 can be learnt."""
    method = _game("strict", noise_levels=[level], w_weight=0)
    adversary, p = method.terms["adversary"], small_pass(method).detached()
    # Three of the four classes have a dimension of their own, and the fourth none.
    mean = 2.0 * torch.nn.functional.one_hot(p.y, 4)[:, :3] - 1
    z = p.posterior["z"]._replace(mean=mean, log_variance=torch.full_like(mean, 8.0))
    p.posterior["z"] = z
    optimiser = torch.optim.Adam(_rival(method).parameters(), 1e-2)
    for _ in range(100):
        loss = total(adversary.rival_loss(p.redrawn()))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    if level == 0:
        assert loss.item() < 0.05
    else:
        last = [total(adversary.rival_loss(p.redrawn())).item() for _ in range(20)]
        assert sum(last) / 20 > 1.0


def test_swaps_are_of_another_z_and_judged_by_the_class_of_w() -> None:
    method = _game("swaps")
    swap, p = method.terms["swap"], small_pass(method)
    seen = []

    def read(samples: torch.Tensor) -> torch.Tensor:
        seen.append(samples)
        return 1e3 * torch.nn.functional.one_hot(p.y, 4).float()  # says the class of w's sample

    swap.rival.forward = read
    p.rng.manual_seed(0)
    parts = method.loss(p)
    assert parts["class_loss_swap"].value == 0
    plain = parts["negative_log_likelihood"].value + p.kl["z"] + p.kl["w"]
    assert total(parts).item() == pytest.approx(plain.item())
    order = torch.randperm(12, generator=torch.Generator().manual_seed(0))
    (swapped,) = seen
    assert torch.equal(swapped, method.model.decode({"z": p.code["z"][order], "w": p.code["w"]}, p.y).mean)


def test_swaps_teach_the_model_in_step_1_and_real_samples_the_image_classifier_in_step_2() -> None:
    method, bare = _game("swaps"), small_method(Strict, PLAIN, BASE)
    _, parts = _step_1(method)
    _step_1(bare)
    assert parts["class_loss_swap"].value > 0
    assert parts["class_loss_swap"].weight == 4.0
    assert sum(gradients(_rival(method))) == 0
    changed = [
        (a.grad - b.grad).abs().max()
        for a, b in zip(method.model.parameters(), bare.model.parameters(), strict=True)
    ]
    assert max(changed) > 1e-4

    method.zero_grad()
    p = small_pass(method)
    second = method.terms["swap"].rival_loss(p.detached())
    expected = torch.nn.functional.cross_entropy(_rival(method)(p.x), p.y)
    assert total(second).item() == pytest.approx(expected.item())
    total(second).backward()
    assert sum(gradients(method.model)) == 0
    assert min(gradients(_rival(method))) > 0


def test_without_the_term_there_is_no_image_classifier() -> None:
    assert "swap" not in _game("strict").terms
    assert "swap" not in small_method(Strict, PLAIN, BASE).terms
    with pytest.raises(ValueError, match="weight"):
        Strict.Terms["swap"].Config(weight=0)
