"""Closed forms of what holds z and w to what is declared generic."""

import math

import pytest
import torch
from pydantic import ValidationError

from differentia.data.settings import DataSettings
from differentia.errors import DifferentiaError
from differentia.models.posterior import Posterior
from differentia.models.settings import ModelSettings
from differentia.models.two_code import STRENGTH, TwoCodeModel
from differentia.objectives.generic import (
    NOISE,
    discrepancy,
    equivariance,
    invariance,
    misplacement,
    told,
)
from differentia.objectives.settings import ObjectiveSettings
from differentia.objectives.two_step import ModelOutput, TwoStepObjective
from differentia.training.settings import preset


def _posterior(mean: torch.Tensor, variance: float) -> Posterior:
    return Posterior(mean, torch.full_like(mean, variance).log())


def test_a_code_that_moves_as_the_decoder_acts_costs_nothing() -> None:
    strengths = torch.rand(50, 2) * 2 - 1
    mean = torch.randn(50, 4)
    moved = mean + torch.nn.functional.pad(strengths / STRENGTH, (0, 2))
    cost = equivariance(_posterior(mean, 0.1), _posterior(moved, 0.1), strengths)
    assert cost == pytest.approx(0, abs=1e-9)


def test_a_code_that_does_not_follow_costs_as_much_as_it_should_have_moved() -> None:
    strengths = torch.tensor([[1.0], [-0.5]])
    still = _posterior(torch.zeros(2, 1), 1.0)
    cost = equivariance(still, still, strengths)
    assert cost == pytest.approx(0.5 * (1 + 0.25) / 2 / STRENGTH**2 / NOISE**2)


def test_what_moves_another_dimension_costs_its_divergence() -> None:
    mean, moved = torch.zeros(50, 3), torch.zeros(50, 3)
    moved[:, 1] = 0.3
    cost = equivariance(_posterior(mean, 1.0), _posterior(moved, 1.0), torch.zeros(50, 1))
    assert cost == pytest.approx(0.5 * 0.3**2 / NOISE**2, rel=1e-5)


def test_invariance_is_the_divergence_of_two_gaussians() -> None:
    w, other = _posterior(torch.zeros(5, 2), 0.5), _posterior(torch.ones(5, 2), 0.5)
    assert invariance(w, other) == pytest.approx(2 * 0.5 / 0.5)
    assert invariance(w, w) == 0


def _parts(names: list[str]) -> tuple:
    torch.manual_seed(0)
    model = TwoCodeModel(ModelSettings(z_dim=3, w_dim=2, hidden=[16], generic=names), (8, 8, 1), 4)
    return model, TwoStepObjective(ObjectiveSettings(class_loss=None), model, torch.full((4,), 0.25))


def test_half_of_the_batch_reads_w_from_the_view_and_all_read_z_from_the_sample() -> None:
    model, objective = _parts(["shift", "blur"])
    x, y = torch.rand(12, 1, 8, 8), torch.arange(12) % 4
    view = objective.view(model, x, torch.Generator())
    assert view is not None
    assert view.strengths.shape == (12, 3)
    output = ModelOutput(*model(x, y, torch.zeros(12, 3), torch.zeros(12, 2), view.x))
    own, seen = model.encode(x, y), model.encode(view.x, y)
    assert output.crossed is not None
    assert torch.equal(output.codes.z.mean, own.z.mean)
    assert torch.equal(output.crossed.z.mean, seen.z.mean)
    assert torch.equal(output.codes.w.mean, torch.cat([seen.w.mean[:6], own.w.mean[6:]]))
    assert torch.equal(output.crossed.w.mean, torch.cat([own.w.mean[:6], seen.w.mean[6:]]))
    loss, terms = objective.model_loss(model, output, x, y, view, None, torch.Generator(), 1.0)
    assert min(terms["equivariance"], terms["invariance"]) > 0
    without = loss - terms["equivariance"] - terms["invariance"]
    plain, _ = objective.model_loss(model, output, x, y, None, None, torch.Generator(), 1.0)
    assert without.item() == pytest.approx(plain.item(), rel=1e-5)


def test_dimensions_that_tell_a_measurement_may_move_under_a_transformation() -> None:
    strengths = torch.rand(50, 1) * 2 - 1
    mean = torch.zeros(50, 4)
    moved = torch.cat([strengths / STRENGTH, torch.randn(50, 2), torch.zeros(50, 1)], dim=1)
    z, after = _posterior(mean, 1.0), _posterior(moved, 1.0)
    assert equivariance(z, after, strengths, 2) == pytest.approx(0, abs=1e-9)
    moved[:, 3] = 0.3
    assert equivariance(z, after, strengths, 2) == pytest.approx(0.5 * 0.3**2 / NOISE**2, rel=1e-5)


def test_misplacement_is_what_samples_miss_in_units_of_the_noise() -> None:
    z = torch.tensor([[9.0, 0.5, 1.0, 9.0], [9.0, 0.0, -1.0, 9.0]])
    standing = torch.tensor([[0.0, 1.0], [0.0, 0.0]])
    missed = (0.25 + 1) / 2 + 2 * 0.04
    assert misplacement(_posterior(z, 0.04), standing, 1) == pytest.approx(0.5 * missed / NOISE**2)
    samples = _posterior(z, 0.04).sample(torch.randn(20000, 2, 4))[:, :, 1:3]
    by_hand = 0.5 * (samples - standing).square().sum(2).mean() / NOISE**2
    assert by_hand == pytest.approx(0.5 * missed / NOISE**2, rel=0.02)


def test_what_w_tells_is_the_sum_of_squared_correlations_inside_the_classes() -> None:
    torch.manual_seed(0)
    y = torch.arange(4000) % 4
    standing, noise = torch.randn(4000, 1), torch.randn(4000, 2)
    w = torch.cat([3 * standing + 10 * y[:, None], standing + noise[:, :1], noise[:, 1:]], dim=1)
    assert told(w, standing, y) == pytest.approx(1 + 0.5, abs=0.04)
    assert told(w[:, 2:], standing, y) == pytest.approx(0, abs=0.01)
    assert told(10 * y[:, None].float(), standing, y) == pytest.approx(0, abs=1e-6)


def test_the_discrepancy_of_a_shifted_class_is_the_known_one() -> None:
    torch.manual_seed(0)
    y = torch.arange(4000) % 2
    shift = torch.tensor([1.2, -0.5])
    z = torch.randn(4000, 2) + y[:, None] * shift
    expected = 0.5 * (2 / 3) * (1 - math.exp(-shift.square().sum().item() / 6))
    assert discrepancy(z, y) == pytest.approx(expected, abs=0.005)
    assert discrepancy(z, 1 - y) == discrepancy(z, y)


def test_the_discrepancy_of_small_batches_is_unbiased() -> None:
    torch.manual_seed(0)
    y = torch.arange(24) % 5
    found = torch.stack([discrepancy(torch.randn(24, 2), y) for _ in range(2000)])
    assert found.mean() == pytest.approx(0.0, abs=4 * found.std().item() / 2000**0.5)
    assert found.min() < 0


def test_a_class_of_one_sample_has_no_discrepancy_and_far_samples_a_finite_gradient() -> None:
    z = torch.tensor([[3.0], [1e4], [-1e4]], requires_grad=True)
    cost = discrepancy(z, torch.tensor([0, 1, 1]))
    (gradient,) = torch.autograd.grad(cost, z)
    assert gradient[0] == 0
    assert torch.isfinite(gradient).all()
    assert cost.item() == pytest.approx(2 / 3 * 3**-0.5)
    assert discrepancy(z[:1], torch.tensor([0])) == 0


def test_a_silent_dimension_of_w_tells_nothing_and_its_gradient_is_finite() -> None:
    standing = torch.randn(40, 1)
    w = (1e-6 * standing).requires_grad_()
    cost = told(w, standing, torch.zeros(40, dtype=torch.int64))
    assert cost < 1e-6
    cost.backward()
    assert torch.isfinite(w.grad).all()


def test_declared_measurements_hold_z_to_the_standings_and_w_from_them() -> None:
    torch.manual_seed(0)
    settings = ModelSettings(z_dim=4, w_dim=2, hidden=[16], generic=["shear"], measured=["width", "area"])
    model = TwoCodeModel(settings, (8, 8, 1), 4)
    generic = {"standing_weight": 3.0, "discrepancy_weight": 5.0, "told_weight": 7.0}
    objective = TwoStepObjective(
        ObjectiveSettings.model_validate({"class_loss": None, "generic": generic}),
        model,
        torch.full((4,), 0.25),
    )
    x, y, standing = torch.rand(12, 1, 8, 8), torch.arange(12) % 4, torch.randn(12, 2)
    view = objective.view(model, x, torch.Generator())
    assert view is not None
    output = ModelOutput(*model(x, y, torch.zeros(12, 4), torch.zeros(12, 2), view.x))
    loss, terms = objective.model_loss(model, output, x, y, view, standing, torch.Generator(), 1.0)
    plain, without = objective.model_loss(model, output, x, y, view, None, torch.Generator(), 1.0)
    assert terms["misplacement"] == misplacement(output.codes.z, standing, 1)
    assert terms["discrepancy"] == discrepancy(output.samples[0][:, 1:3], y)
    assert terms["told"] == told(output.codes.w.mean, standing, y)
    assert "told" not in without
    added = 3 * terms["misplacement"] + 5 * terms["discrepancy"] + 7 * terms["told"]
    added += terms["equivariance"] - without["equivariance"]
    assert (loss - plain).item() == pytest.approx(added.item(), rel=1e-4)


def test_nothing_declared_changes_nothing() -> None:
    model, objective = _parts([])
    generator = torch.Generator()
    before = generator.get_state()
    assert objective.view(model, torch.rand(2, 1, 8, 8), generator) is None
    assert torch.equal(generator.get_state(), before)


def test_settings_that_contradict_each_other() -> None:
    with pytest.raises(ValidationError, match="twice"):
        ModelSettings(generic=["shift", "shift"])
    with pytest.raises(ValidationError, match="twice"):
        ModelSettings(measured=["area", "area"])
    with pytest.raises(ValidationError, match="no measurement 'charm'; choose of area, "):
        ModelSettings(measured=["charm"])
    with pytest.raises(ValidationError, match="z_dim of at least 3"):
        ModelSettings(generic=["shift"], measured=["area"], z_dim=2)
    data = DataSettings(source="mnist")
    for changes, message in (
        ({"model": {"z_dim": 1}}, "z_dim of at least 2"),
        ({"model": {"w_dim": 0}, "objective": {"class_loss": None}}, "needs w"),
    ):
        declared = changes | {"model": {"generic": ["shift"]} | changes["model"]}
        with pytest.raises(DifferentiaError, match=message):
            preset("report", data, (28, 28, 1), declared)
