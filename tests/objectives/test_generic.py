"""Closed forms of the two losses that hold z and w to declared transformations."""

import pytest
import torch
from pydantic import ValidationError

from differentia.data.settings import DataSettings
from differentia.errors import DifferentiaError
from differentia.models.posterior import Posterior
from differentia.models.settings import ModelSettings
from differentia.models.two_code import STRENGTH, TwoCodeModel
from differentia.objectives.generic import NOISE, equivariance, invariance
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
    loss, terms = objective.model_loss(model, output, x, y, view, torch.Generator(), 1.0)
    assert min(terms["equivariance"], terms["invariance"]) > 0
    without = loss - terms["equivariance"] - terms["invariance"]
    plain, _ = objective.model_loss(model, output, x, y, None, torch.Generator(), 1.0)
    assert without.item() == pytest.approx(plain.item(), rel=1e-5)


def test_nothing_declared_changes_nothing() -> None:
    model, objective = _parts([])
    generator = torch.Generator()
    before = generator.get_state()
    assert objective.view(model, torch.rand(2, 1, 8, 8), generator) is None
    assert torch.equal(generator.get_state(), before)


def test_settings_that_contradict_each_other() -> None:
    with pytest.raises(ValidationError, match="twice"):
        ModelSettings(generic=["shift", "shift"])
    data = DataSettings(source="mnist")
    for changes, message in (
        ({"model": {"z_dim": 1}}, "z_dim of at least 2"),
        ({"model": {"w_dim": 0}, "objective": {"class_loss": None}}, "need w"),
    ):
        declared = changes | {"model": {"generic": ["shift"]} | changes["model"]}
        with pytest.raises(DifferentiaError, match=message):
            preset("report", data, (28, 28, 1), declared)
