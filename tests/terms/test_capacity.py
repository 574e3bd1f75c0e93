import pytest
import torch

from differentia.methods.naive import Naive
from differentia.methods.report import Report
from differentia.terms import capacity as module
from differentia.terms.capacity import DAMPING, DUAL_RATE, GREATEST, Capacity
from differentia.terms.kl import KL
from small import small_method, small_pass


def _capacity(**config: object) -> Capacity:
    """Build the term of a model with two codes."""
    term = small_method(Report, {"w_dim": 3}, {"capacity": config}).terms["capacity"]
    assert isinstance(term, Capacity)
    return term


def _measured(term: Capacity, kl: torch.Tensor, progress: float = 1.0) -> None:
    """Tell the term of a step in which the KL of each code was `kl`."""

    class Measured:
        def __init__(self) -> None:
            self.kl, self.progress = dict(zip(("z", "w"), kl, strict=True)), progress

    term.update(Measured())  # type: ignore[arg-type]


def test_beta_is_a_plain_price() -> None:
    capacity = _capacity(mode="beta", beta=2.0, gamma=3.0)
    assert capacity.penalty(torch.tensor([1.5, 4.0]), 0.0).item() == pytest.approx(2 * 1.5 + 3 * 4.0)


@pytest.mark.parametrize(("kl_z", "sign"), [(16.0, 1.0), (14.0, -1.0)])
def test_absolute_is_equation_4_and_its_gradient_flips_at_the_target(kl_z: float, sign: float) -> None:
    capacity = _capacity(mode="absolute", z=15, w=25, beta=100, gamma=50, growth=0.5)
    kl = torch.tensor([kl_z, 30.0], requires_grad=True)
    penalty = capacity.penalty(kl, 1.0)
    penalty.backward()
    assert penalty.item() == pytest.approx(100 * 1.0 + 50 * 5.0)
    assert kl.grad is not None
    assert kl.grad.tolist() == [100 * sign, 50.0]


def test_targets_grow_linearly_and_stay() -> None:
    capacity = _capacity(z=15, w=25, growth=0.5)
    grown = [capacity.targets(p).tolist() for p in (0.0, 0.25, 0.5, 1.0)]
    assert grown == [[0.0, 0.0], [7.5, 12.5], [15.0, 25.0], [15.0, 25.0]]
    assert _capacity(z=15, w=25, growth=0).targets(0.0).tolist() == [15.0, 25.0]


def test_constrained_has_the_gradient_of_the_augmented_lagrangian_of_a_cap(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """(max(0, λ + ρ·v)² − λ²) / 2ρ for the violation v = KL − C."""
    capacity = _capacity(z=6, w=14, growth=0)
    for damping in (DAMPING, 0.2):
        monkeypatch.setattr(module, "DAMPING", damping)
        for multipliers, values in (([0.5, 2.0], [8.0, 13.0]), ([0.1, 0.0], [3.0, 14.5])):
            capacity.multipliers.copy_(torch.tensor(multipliers))
            kl, lagrangian_kl = (torch.tensor(values, requires_grad=True) for _ in range(2))
            capacity.penalty(kl, 1.0).backward()
            violation = lagrangian_kl - torch.tensor([6.0, 14.0])
            price = torch.relu(torch.tensor(multipliers) + damping * violation)
            (price.square() / (2 * damping)).sum().backward()
            torch.testing.assert_close(kl.grad, lagrangian_kl.grad)


def test_a_one_sided_cap_never_pulls_and_a_negative_least_price_does() -> None:
    for least, expected in ((0.0, [0.0, 0.0]), (-1.0, [-5 * DAMPING, -1.0])):
        capacity = _capacity(z=6, w=14, growth=0, least_price=least)
        kl = torch.tensor([1.0, 0.0], requires_grad=True)
        capacity.penalty(kl, 1.0).backward()
        assert kl.grad is not None
        assert kl.grad.tolist() == pytest.approx(expected)


def test_multipliers_rise_above_the_target_fall_below_it_and_keep_their_bounds() -> None:
    capacity = _capacity(z=6, w=14, growth=0, least_price=-1)
    kl = torch.tensor([8.0, 13.0])
    _measured(capacity, kl)
    assert capacity.multipliers.tolist() == pytest.approx([2 * DUAL_RATE, -DUAL_RATE])
    for _ in range(round(GREATEST / DUAL_RATE)):
        _measured(capacity, kl)
    assert capacity.multipliers.tolist() == [GREATEST, -1.0]


def test_only_constraints_have_multipliers_that_move() -> None:
    for mode in ("beta", "absolute"):
        capacity = _capacity(mode=mode, z=6, w=14, growth=0)
        _measured(capacity, torch.tensor([8.0, 13.0]))
        assert capacity.multipliers.tolist() == [0, 0]


def test_the_dual_variable_holds_a_quadratic_problem_at_its_constraint() -> None:
    """Minimise (k − 10)² subject to k = 6: the multiplier must come to 8, the slope there."""
    capacity = _capacity(z=6, w=0, growth=0)
    k = torch.tensor(0.0, requires_grad=True)
    optimiser = torch.optim.SGD([k], 0.05)
    for _ in range(3000):
        kl = torch.stack([k, torch.zeros(())])
        loss = (k - 10).square() + capacity.penalty(kl, 1.0)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        _measured(capacity, kl.detach())
    assert k.item() == pytest.approx(6, abs=1e-3)
    assert capacity.multipliers[0].item() == pytest.approx(8, abs=1e-2)


def test_multipliers_are_in_the_state_and_constants_are_not() -> None:
    assert list(_capacity().state_dict()) == ["multipliers"]


def test_it_shows_the_kl_of_each_code_and_adds_nothing_but_the_penalty() -> None:
    method = small_method(Report, {"w_dim": 3}, {"capacity": {"mode": "beta", "beta": 2.0, "gamma": 3.0}})
    p = small_pass(method)
    parts = method.loss(p)
    assert {name: part.weight for name, part in parts.items()} == {"kl_z": 0, "kl_w": 0, "penalty": 1}
    torch.testing.assert_close(parts["penalty"].value, 2 * p.kl["z"] + 3 * p.kl["w"])


def test_a_model_of_one_code_has_one_target() -> None:
    method = small_method(Naive, {}, {"capacity": {"z": 6, "growth": 0.5}})
    assert method.terms["capacity"].multipliers.shape == (1,)
    assert set(method.state(0.25)) == {"capacity_z", "multiplier_z"}
    assert method.state(0.25)["capacity_z"].item() == pytest.approx(3)
    assert set(method.loss(small_pass(method))) == {"kl_z", "penalty"}


def test_the_plain_kl_term_prices_every_code_alike() -> None:
    method = small_method(Report, {"w_dim": 3}, {})
    term, p = KL(KL.Config(weight=4.0), method.model, None), small_pass(method)  # type: ignore[arg-type]
    assert {name: (part.value, part.weight) for name, part in term.loss(p).items()} == {
        "kl_z": (p.kl["z"], 4.0),
        "kl_w": (p.kl["w"], 4.0),
    }
