import pytest
import torch

from differentia.objectives.capacity import Capacity
from differentia.objectives.settings import CapacitySettings


def test_beta_is_a_plain_price() -> None:
    capacity = Capacity(CapacitySettings(mode="beta", beta=2.0, gamma=3.0))
    assert capacity.penalty(torch.tensor([1.5, 4.0]), 0.0).item() == pytest.approx(2 * 1.5 + 3 * 4.0)


@pytest.mark.parametrize(("kl_z", "sign"), [(16.0, 1.0), (14.0, -1.0)])
def test_absolute_is_equation_4_and_its_gradient_flips_at_the_target(kl_z: float, sign: float) -> None:
    capacity = Capacity(CapacitySettings(mode="absolute", z=15, w=25, beta=100, gamma=50, growth=0.5))
    kl = torch.tensor([kl_z, 30.0], requires_grad=True)
    penalty = capacity.penalty(kl, 1.0)
    penalty.backward()
    assert penalty.item() == pytest.approx(100 * 1.0 + 50 * 5.0)
    assert kl.grad is not None
    assert kl.grad.tolist() == [100 * sign, 50.0]


def test_targets_grow_linearly_and_stay() -> None:
    capacity = Capacity(CapacitySettings(z=15, w=25, growth=0.5))
    grown = [capacity.targets(p).tolist() for p in (0.0, 0.25, 0.5, 1.0)]
    assert grown == [[0.0, 0.0], [7.5, 12.5], [15.0, 25.0], [15.0, 25.0]]
    assert Capacity(CapacitySettings(z=15, w=25, growth=0)).targets(0.0).tolist() == [15.0, 25.0]


def test_constrained_has_the_gradient_of_the_augmented_lagrangian_of_a_cap() -> None:
    """(max(0, λ + ρ·v)² − λ²) / 2ρ for the violation v = KL − C."""
    capacity = Capacity(CapacitySettings(z=6, w=14, growth=0, damping=0.2))
    for multipliers, values in (([0.5, 2.0], [8.0, 13.0]), ([0.1, 0.0], [3.0, 14.5])):
        capacity.multipliers.copy_(torch.tensor(multipliers))
        kl, lagrangian_kl = (torch.tensor(values, requires_grad=True) for _ in range(2))
        capacity.penalty(kl, 1.0).backward()
        violation = lagrangian_kl - torch.tensor([6.0, 14.0])
        price = torch.relu(torch.tensor(multipliers) + 0.2 * violation)
        (price.square() / 0.4).sum().backward()
        torch.testing.assert_close(kl.grad, lagrangian_kl.grad)


def test_a_one_sided_cap_never_pulls_and_a_negative_least_price_does() -> None:
    for least, expected in ((0.0, [0.0, 0.0]), (-1.0, [-0.5, -1.0])):
        capacity = Capacity(CapacitySettings(z=6, w=14, growth=0, damping=0.1, least_price=least))
        kl = torch.tensor([1.0, 0.0], requires_grad=True)
        capacity.penalty(kl, 1.0).backward()
        assert kl.grad is not None
        assert kl.grad.tolist() == pytest.approx(expected)


def test_multipliers_rise_above_the_target_fall_below_it_and_keep_their_bounds() -> None:
    settings = CapacitySettings(z=6, w=14, growth=0, dual_rate=0.1, least_price=-1, greatest_price=3)
    capacity = Capacity(settings)
    capacity.update(torch.tensor([8.0, 13.0]), 1.0)
    assert capacity.multipliers.tolist() == pytest.approx([0.2, -0.1])
    for _ in range(100):
        capacity.update(torch.tensor([8.0, 13.0]), 1.0)
    assert capacity.multipliers.tolist() == [3.0, -1.0]


def test_the_dual_variable_holds_a_quadratic_problem_at_its_constraint() -> None:
    """Minimise (k − 10)² subject to k = 6: the multiplier must come to 8, the slope there."""
    capacity = Capacity(CapacitySettings(z=6, w=0, growth=0, dual_rate=0.05, greatest_price=50))
    k = torch.tensor(0.0, requires_grad=True)
    optimiser = torch.optim.SGD([k], 0.05)
    for _ in range(3000):
        kl = torch.stack([k, torch.zeros(())])
        loss = (k - 10).square() + capacity.penalty(kl, 1.0)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        capacity.update(kl.detach(), 1.0)
    assert k.item() == pytest.approx(6, abs=1e-3)
    assert capacity.multipliers[0].item() == pytest.approx(8, abs=1e-2)


def test_multipliers_are_in_the_state_and_constants_are_not() -> None:
    assert list(Capacity(CapacitySettings()).state_dict()) == ["multipliers"]
