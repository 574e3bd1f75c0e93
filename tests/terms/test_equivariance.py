"""Closed forms of what holds z to the declared transformations, and w from them."""

import pytest
import torch
from pydantic import ValidationError

from differentia.data.settings import DataSettings
from differentia.errors import DifferentiaError
from differentia.images.transformations import feasible, transformed
from differentia.methods.base import Method
from differentia.methods.naive import Naive
from differentia.methods.strict import Strict
from differentia.model.gaussian import Gaussian
from differentia.model.transforming import STRENGTH
from differentia.terms.equivariance import NOISE, equivariance, invariance
from differentia.training.presets import preset
from small import small_method, small_pass

PLAIN = {"reconstruction": {}, "capacity": {"mode": "beta", "beta": 1.0, "gamma": 1.0}}


def _gaussian(mean: torch.Tensor, variance: float) -> Gaussian:
    return Gaussian(mean, torch.full_like(mean, variance).log())


def test_a_code_that_moves_as_the_decoder_acts_costs_nothing() -> None:
    strengths = torch.rand(50, 2) * 2 - 1
    mean = torch.randn(50, 4)
    moved = mean + torch.nn.functional.pad(strengths / STRENGTH, (0, 2))
    cost = equivariance(_gaussian(mean, 0.1), _gaussian(moved, 0.1), strengths)
    assert cost == pytest.approx(0, abs=1e-9)


def test_a_code_that_does_not_follow_costs_as_much_as_it_should_have_moved() -> None:
    strengths = torch.tensor([[1.0], [-0.5]])
    still = _gaussian(torch.zeros(2, 1), 1.0)
    cost = equivariance(still, still, strengths)
    assert cost == pytest.approx(0.5 * (1 + 0.25) / 2 / STRENGTH**2 / NOISE**2)


def test_what_moves_another_dimension_costs_its_divergence() -> None:
    mean, moved = torch.zeros(50, 3), torch.zeros(50, 3)
    moved[:, 1] = 0.3
    cost = equivariance(_gaussian(mean, 1.0), _gaussian(moved, 1.0), torch.zeros(50, 1))
    assert cost == pytest.approx(0.5 * 0.3**2 / NOISE**2, rel=1e-5)


def test_invariance_is_the_divergence_of_two_gaussians() -> None:
    w, other = _gaussian(torch.zeros(5, 2), 0.5), _gaussian(torch.ones(5, 2), 0.5)
    assert invariance(w, other) == pytest.approx(2 * 0.5 / 0.5)
    assert invariance(w, w) == 0


def test_dimensions_that_tell_a_measurement_may_move_under_a_transformation() -> None:
    strengths = torch.rand(50, 1) * 2 - 1
    mean = torch.zeros(50, 4)
    moved = torch.cat([strengths / STRENGTH, torch.randn(50, 2), torch.zeros(50, 1)], dim=1)
    z, after = _gaussian(mean, 1.0), _gaussian(moved, 1.0)
    assert equivariance(z, after, strengths, 2) == pytest.approx(0, abs=1e-9)
    moved[:, 3] = 0.3
    assert equivariance(z, after, strengths, 2) == pytest.approx(0.5 * 0.3**2 / NOISE**2, rel=1e-5)


def _declared(names: list[str], **terms: dict[str, float]) -> Method:
    return small_method(Strict, {"generic": names, "w_dim": 2}, PLAIN | terms)


def test_half_of_the_batch_reads_w_from_the_copy_and_all_read_z_from_the_sample() -> None:
    names = ["shift", "blur"]
    method = _declared(names, equivariance={})
    p = small_pass(method)
    strengths = p.known["strengths"]
    assert strengths.shape == (12, 3)
    copy = transformed(p.x, names, strengths)
    own, seen = (method.model.encode(x, p.y) for x in (p.x, copy))
    assert torch.equal(p.posterior["z"].mean, own["z"].mean)
    assert torch.equal(p.posterior["moved z"].mean, seen["z"].mean)
    assert torch.equal(p.posterior["w"].mean, torch.cat([seen["w"].mean[:6], own["w"].mean[6:]]))
    assert torch.equal(p.posterior["other w"].mean, torch.cat([own["w"].mean[:6], seen["w"].mean[6:]]))
    found = method.terms["equivariance"].loss(p)
    assert found["equivariance"].value > 0
    assert found["invariance"].value > 0
    assert found["equivariance"].value == equivariance(own["z"], seen["z"], strengths)
    assert found["invariance"].value == invariance(p.posterior["other w"], p.posterior["w"])


def test_the_strengths_are_uniform_of_the_step_and_brighten_nothing_beyond_white() -> None:
    method = _declared(["shear", "brightness"])
    p = small_pass(method, seed=3)
    rng = torch.Generator().manual_seed(3)
    for dim in method.model.dims.values():
        torch.randn((12, dim), generator=rng)
    uniform = 2 * torch.rand((12, 2), generator=rng) - 1
    assert torch.equal(p.known["strengths"], feasible(p.x, ["shear", "brightness"], uniform))
    assert (p.known["strengths"][:, 1] < uniform[:, 1]).any()


def test_each_divergence_adds_as_much_as_its_weight_says() -> None:
    method = _declared(["shift"], equivariance={"equivariance_weight": 2.0, "invariance_weight": 3.0})
    parts = method.loss(small_pass(method))
    assert (parts["equivariance"].weight, parts["invariance"].weight) == (2.0, 3.0)
    without = method.terms["reconstruction"].loss(p := small_pass(method)) | method.terms["capacity"].loss(p)
    assert parts.keys() - without.keys() == {"equivariance", "invariance"}
    for name, part in without.items():
        torch.testing.assert_close(part.value, parts[name].value)


def test_nothing_declared_changes_nothing() -> None:
    """Neither the draws of a step, nor its loss."""
    method = _declared([], equivariance={}, supervised_latent={})
    p = small_pass(method)
    assert p.known == {}
    assert set(p.posterior) == {"z", "w"}
    assert method.terms["equivariance"].loss(p) == {}
    assert method.terms["supervised_latent"].loss(p) == {}
    rng = torch.Generator().manual_seed(1)
    for dim in method.model.dims.values():
        torch.randn((12, dim), generator=rng)
    assert torch.equal(p.rng.get_state(), rng.get_state())


def test_settings_that_contradict_each_other() -> None:
    with pytest.raises(ValidationError, match="generic names one thing twice"):
        Strict.Config(generic=["shift", "shift"])
    with pytest.raises(ValidationError, match="measured names one thing twice"):
        Strict.Config(measured=["area", "area"])
    with pytest.raises(ValidationError, match="no measurement 'charm'; choose of area, "):
        Strict.Config(measured=["charm"])
    with pytest.raises(ValidationError, match="z_dim of at least 3"):
        Strict.Config(generic=["shift"], measured=["area"], z_dim=2)
    with pytest.raises(ValidationError, match="need canonical to be true"):
        Strict.Config(generic=["shift"], canonical=False)
    data = DataSettings(source="mnist")
    for method, changes, message in (
        ("strict", {"z_dim": 1}, "z_dim of at least 2"),
        ("strict", {"w_dim": 0}, r"model\.w_dim"),
        ("report", {}, r"no setting 'model\.generic'"),
        ("naive", {}, r"no setting 'model\.generic'"),
    ):
        with pytest.raises(DifferentiaError, match=message):
            preset(method, data, (28, 28, 1), {"model": {"generic": ["shift"]} | changes})
    assert "generic" not in Naive.Config.model_fields
