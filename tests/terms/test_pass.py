"""A batch after the model ran on it, and the sum of what terms make of it."""

import pytest
import torch

from differentia.methods.naive import Naive
from differentia.methods.report import Report
from differentia.methods.strict import Strict
from differentia.model.gaussian import Gaussian
from differentia.terms.base import Part, total
from small import small_data, small_method, small_pass

TWO_CODES = {"w_dim": 3}


def test_the_kl_is_that_of_the_posteriors_and_reckoned_once(monkeypatch: pytest.MonkeyPatch) -> None:
    p = small_pass(small_method(Report, TWO_CODES, {}))
    for name, kl in p.kl.items():
        q = p.posterior[name]
        standard = Gaussian(torch.zeros(3), torch.zeros(3))
        torch.testing.assert_close(kl, q.kl(standard).sum(1).mean())
        assert kl.shape == ()
    first = p.kl
    assert list(first) == ["z", "w"]

    def never(*_: object) -> torch.Tensor:
        raise AssertionError("the KL was reckoned a second time")

    monkeypatch.setattr(Gaussian, "kl", never)
    assert p.kl is first
    with pytest.raises(AssertionError):
        _ = p.redrawn().kl


def test_a_pass_of_one_code_has_one_kl() -> None:
    assert list(small_pass(small_method(Naive, {}, {})).kl) == ["z"]


def test_the_posteriors_of_further_inputs_have_no_kl() -> None:
    p = small_pass(small_method(Strict, {"generic": ["shift"], "w_dim": 2}, {}))
    assert set(p.posterior) == {"z", "w", "moved z", "other w"}
    assert list(p.kl) == list(p.code) == ["z", "w"]


def test_codes_are_samples_of_the_posteriors_and_the_likelihood_is_of_these_codes() -> None:
    method = small_method(Report, TWO_CODES, {})
    p = small_pass(method, seed=4)
    rng = torch.Generator().manual_seed(4)
    for name in ("z", "w"):
        q = p.posterior[name]
        assert torch.equal(p.code[name], q.sample(torch.randn((12, 3), generator=rng)))
    assert torch.equal(p.likelihood.mean, method.model.decode(p.code, p.y).mean)
    x = torch.from_numpy(small_data().train.x)
    assert torch.equal(p.x, method.model.normalise(x))


def test_redrawing_changes_the_codes_and_keeps_the_posteriors() -> None:
    p = small_pass(small_method(Report, TWO_CODES, {}))
    again = p.redrawn()
    assert again.posterior is p.posterior
    assert again.likelihood is p.likelihood
    for name, code in p.code.items():
        assert again.code[name].shape == code.shape
        assert (again.code[name] != code).all()
    third = again.redrawn()
    assert not torch.equal(third.code["z"], again.code["z"])
    q = p.posterior["z"]
    many = torch.stack([p.redrawn().code["z"] for _ in range(2000)])
    z = (many - q.mean) / torch.exp(0.5 * q.log_variance)
    torch.testing.assert_close(z.mean(0), torch.zeros(12, 3), atol=0.12, rtol=0)
    torch.testing.assert_close(z.std(0), torch.ones(12, 3), atol=0.1, rtol=0)


def test_detached_codes_and_posteriors_are_the_same_numbers_without_a_graph() -> None:
    p = small_pass(small_method(Strict, {"generic": ["shift"], "w_dim": 2}, {}))
    cut = p.detached()
    assert p.code["z"].requires_grad
    for name, q in p.posterior.items():
        assert torch.equal(cut.posterior[name].mean, q.mean)
        assert not cut.posterior[name].mean.requires_grad
        assert not cut.posterior[name].log_variance.requires_grad
    for name, code in p.code.items():
        assert torch.equal(cut.code[name], code)
        assert not cut.code[name].requires_grad
        assert not cut.redrawn().code[name].requires_grad


def test_means_of_z_are_rounded_in_the_second_half_of_the_training() -> None:
    method = small_method(Strict, {"canonical": False, "w_dim": 2, "quantisation_step": 0.01}, {})
    early, late = (small_pass(method, progress) for progress in (0.49, 0.5))
    cells = late.posterior["z"].mean / 0.01
    torch.testing.assert_close(cells, cells.round(), atol=1e-3, rtol=0)
    unrounded = early.posterior["z"].mean / 0.01
    assert (unrounded - unrounded.round()).abs().max() > 0.1


def test_the_total_weighs_its_parts_and_what_is_only_shown_adds_nothing() -> None:
    value = torch.tensor(2.0)
    parts = {"a": Part(value, 3.0), "b": Part(value), "shown": Part(torch.tensor(float("nan")), 0.0)}
    assert total(parts).item() == 8.0
