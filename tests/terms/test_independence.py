"""An adversary that is as strong as it has to be: its two steps, and the multiplier."""

import math
from collections.abc import Sequence

import pytest
import torch

from differentia.methods.base import Method
from differentia.methods.discover import Discover
from differentia.model.gaussian import Gaussian
from differentia.terms.base import Pass, total
from differentia.terms.independence import (
    FALL,
    FIRST_LEAK,
    HEADROOM,
    HSIC_FIRST,
    HSIC_WEIGHT,
    RISE,
    Independence,
    bandwidth,
    hsic_weight,
)
from differentia.terms.opening import OPEN, OPENS
from small import gradients, small_data, small_method, small_pass

CLASSES = math.log(4)


def built(**config: object) -> Method:
    return small_method(Discover, {"z_dim": 3, "w_dim": 2}, {"independence": {"hidden": [8]} | config})


def measured(
    method: Method, withheld: Sequence[int] = (0, 5), progress: float = 1.0
) -> tuple[Independence, Pass]:
    mask = torch.zeros(12, dtype=torch.bool)
    mask[list(withheld)] = True
    term = method.terms["independence"]
    assert isinstance(term, Independence)
    return term, small_pass(method, progress, withheld=mask)


def of_means(term: Independence, p: Pass, mean: torch.Tensor, variance: float = 0.01) -> torch.Tensor:
    """The classifier's answers about a z of these means."""
    q = Gaussian(mean, torch.full_like(mean, variance).log())
    p.rng.manual_seed(0)
    p.posterior["z"] = q
    return term.answers(p, *term.read(p))


def test_step_1_reaches_the_encoder_of_z_alone_and_step_2_the_classifier_alone() -> None:
    method = built()
    term, p = measured(method)
    total(term.loss(p)).backward()
    reached = {name.split(".")[0] for name, w in method.model.named_parameters() if w.grad is not None}
    assert reached == {"z_trunk", "z_head"}
    method.zero_grad()
    total(term.rival_loss(p.detached())).backward()
    assert sum(gradients(method.model)) == 0
    assert min(gradients(term.rival)) > 0


def test_noise_is_no_way_to_mislead() -> None:
    """Neither by the variance, which gets no gradient, nor by a z that is small."""
    method = built()
    term, p = measured(method)
    total(term.loss(p)).backward()
    assert method.model.z_head.shared_log_variance.grad is None
    mean = torch.randn((12, 3), generator=torch.Generator().manual_seed(0))
    losses = [of_means(term, p, times * mean, times**2 * 0.01) for times in (1.0, 0.01)]
    torch.testing.assert_close(*losses, rtol=1e-4, atol=1e-4)


def test_a_dimension_that_is_all_noise_is_read_as_such() -> None:
    """What a mean tells far below the noise is not blown up: nobody could train a z that quiet."""
    term, p = measured(built())
    mean = torch.randn((12, 3), generator=torch.Generator().manual_seed(0))
    silent, still = (of_means(term, p, times * mean, 1.0) for times in (1e-4, 0.0))
    torch.testing.assert_close(silent, still, rtol=1e-2, atol=1e-2)


def test_a_mistake_beyond_a_nat_above_chance_wins_nothing() -> None:
    method = built()
    term, p = measured(method)
    with torch.no_grad():
        term.rival[-1].weight.zero_()
        term.rival[-1].bias.copy_(torch.tensor([50.0, 0.0, 0.0, 0.0]))
    part = term.loss(p)["misleading_z"]
    assert part.value.item() == pytest.approx(-(CLASSES + HEADROOM), rel=1e-6)


def test_the_classifier_does_not_learn_from_what_is_withheld() -> None:
    method = built()
    term, p = measured(method, withheld=range(12))
    assert term.rival_loss(p.detached())["critic_loss_z"].value.item() == 0.0
    assert term.loss(p)["misleading_z"].value.item() != 0.0


@pytest.mark.parametrize(("excess", "grows"), [(0.5, True), (0.004, True), (0.0, False), (-0.5, False)])
def test_the_multiplier_grows_while_the_classifier_knows_more_than_the_leak(
    excess: float, grows: bool
) -> None:
    term, p = measured(built(leak=0.003))
    before = term.multiplier.clone()
    term.excess.fill_(excess)
    term.batch_excess = torch.full((4,), excess)
    term.update(p)
    assert (term.multiplier > before).item() is grows


def test_the_leak_that_is_allowed_falls_while_w_opens() -> None:
    term, _ = measured(built(leak=0.002))
    found = [term.allowed(progress) for progress in (OPENS, (OPENS + OPEN) / 2, OPEN, 1.0)]
    assert found == pytest.approx([FIRST_LEAK, math.sqrt(0.002 * FIRST_LEAK), 0.002, 0.002])
    assert measured(built(leak=0.2))[0].allowed(OPENS) == 0.2


def test_the_criterion_weighs_more_as_w_opens() -> None:
    weights = [hsic_weight(progress) for progress in (0.0, OPENS, (OPENS + OPEN) / 2, OPEN, 1.0)]
    middle = (HSIC_FIRST + HSIC_WEIGHT) / 2
    assert weights == pytest.approx([HSIC_FIRST, HSIC_FIRST, middle, HSIC_WEIGHT, HSIC_WEIGHT])


def test_the_multiplier_falls_more_slowly_than_it_grows() -> None:
    changes = []
    for excess in (1.0, -1.0):
        term, p = measured(built())
        before = term.multiplier.log()
        term.excess.fill_(excess)
        term.batch_excess = torch.full((4,), excess)
        term.update(p)
        changes.append((term.multiplier.log() - before).item())
    assert changes == pytest.approx([RISE, -FALL], rel=1e-3)


def test_the_multiplier_stays_while_w_is_closed() -> None:
    for progress, grows in ((0.0, False), (1.0, True)):
        term, p = measured(built(leak=0.003), progress=progress)
        before = term.multiplier.clone()
        term.batch_excess = torch.full((4,), 0.5)
        term.update(p)
        assert (term.multiplier > before).item() is grows


def test_the_multiplier_stays_within_bounds_by_the_number_of_values() -> None:
    """Of 64 pixels."""
    term, p = measured(built())
    assert term.multiplier.item() == pytest.approx(1.28)
    for excess, limit in ((1.0, 64.0), (-1.0, 0.32)):
        term.batch_excess = torch.full((4,), excess)
        for _ in range(20_000):
            term.update(p)
        assert term.multiplier.item() == pytest.approx(limit)


def test_a_classifier_that_is_too_sure_is_still_seen_to_know() -> None:
    """Right in half of the samples, where a quarter would be chance, and sure of itself in all of them."""
    term, _ = measured(built())
    y = torch.arange(400) % 4
    said = torch.where(torch.arange(400) < 200, y, (y + 1 + torch.arange(400) // 4 % 3) % 4)
    logits = 4.0 * torch.nn.functional.one_hot(said, 4).float()
    excess = term.excess_of(logits, y, torch.ones(400, dtype=torch.bool))
    assert excess[0] < -0.5
    # The best answer gives each sample's class a half, or else a sixth: I(said; y).
    assert 0.1 < excess.max() <= math.log(4) + 0.5 * math.log(0.5) + 0.5 * math.log(1 / 6) + 1e-3


def test_the_bandwidth_is_that_of_silverman() -> None:
    assert bandwidth(100_000) == pytest.approx(0.106)
    assert bandwidth(100) > bandwidth(101)


def test_a_fifth_of_the_samples_is_withheld_and_the_same_ones_after_a_restart() -> None:
    data = small_data(1000)
    method = Discover(Discover.Config(hidden=[8]), {"independence": Independence.Config()}, data, seed=0)
    first, second = (method.known(data)["withheld"] for _ in range(2))
    assert first.sum() == pytest.approx(200, abs=40)
    assert torch.equal(first, second)
