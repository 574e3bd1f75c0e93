"""The linear code of what is left, on data whose components are known."""

from pathlib import Path

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from safetensors.torch import load_file, save_file

from differentia.methods.refined import Refined
from differentia.methods.strict import Strict
from differentia.model.gaussian import Gaussian
from differentia.refine.residual import Residual, ResidualModel

STANDARD = Gaussian(torch.zeros(3), torch.zeros(3))
SPREADS = np.array([3.0, 1.0, 0.1])


def _left(n: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    """Samples of 2×3×1 around a centre, with three orthogonal directions of the given spreads."""
    rng = np.random.default_rng(0)
    directions = np.linalg.qr(rng.normal(size=(6, 3)))[0].T
    left = rng.normal(size=(n, 3)) * SPREADS @ directions + np.arange(6)
    return left.astype(np.float32), directions


def _fitted(noise: float) -> tuple[Residual, torch.Tensor]:
    left, _ = _left()
    residual = Residual(3, (1, 2, 3))
    residual.fit(left, noise, seed=0)
    return residual, torch.from_numpy(left).reshape(-1, 1, 2, 3)


def test_it_corrects_nothing_until_it_is_fitted() -> None:
    residual = Residual(3, (1, 2, 3))
    assert residual.correction(torch.randn(5, 3)).abs().max() == 0
    assert residual.posterior(torch.randn(5, 1, 2, 3)).kl(STANDARD).abs().max() == 0


def test_the_components_are_those_of_the_data() -> None:
    residual, _ = _fitted(1e-6)
    _, directions = _left()
    aligned = np.abs(residual.components.numpy() @ directions.T)
    np.testing.assert_allclose(aligned, np.eye(3), atol=0.03)
    np.testing.assert_allclose(residual.spread, SPREADS, rtol=0.05)


def test_without_noise_to_speak_of_what_is_left_is_all_added() -> None:
    residual, left = _fitted(1e-8)
    added = residual.correction(residual.posterior(left).mean)
    torch.testing.assert_close(added, left, atol=1e-3, rtol=0)


def test_each_dimension_is_as_wide_as_the_prior_and_its_noise_costs_what_was_said() -> None:
    noise = 0.05
    residual, left = _fitted(noise)
    posterior = residual.posterior(left)
    width = posterior.mean.var(0) + posterior.log_variance[0].exp()
    torch.testing.assert_close(width, torch.ones(3), atol=1e-3, rtol=0)
    error = (residual.correction(posterior.sample(torch.randn(4000, 3))) - left).flatten(1)
    along = (error @ residual.components.T).square().mean(0)
    assert along[:2].tolist() == pytest.approx([noise, noise], rel=0.1)


def test_a_component_below_the_noise_is_left_out() -> None:
    residual, left = _fitted(0.05)
    posterior = residual.posterior(left)
    assert residual.log_variance.tolist()[2] == 0
    assert posterior.mean[:, 2].abs().max() == 0
    assert posterior.kl(STANDARD)[:, 2].max() == 0


@pytest.mark.parametrize("moves", [True, False])
def test_a_model_with_a_residual_keeps_the_codes_and_has_u_as_the_last_of_w(moves: bool) -> None:
    torch.manual_seed(0)
    config = Strict.Config(z_dim=4, w_dim=2, hidden=[16], generic=["shift"])
    inner = Strict.build(config, (8, 8, 1), 4).eval()
    model = ResidualModel(inner, 5, moves).eval()
    assert (model.w_dim, model.own_w_dim, model.z_dim) == (7, 2, 4)
    x, y = torch.rand(6, 1, 8, 8), torch.arange(6) % 4
    own, seen = inner.encode(x, y), model.encode(x, y)
    assert all(torch.equal(own[name].mean, seen[name].mean) for name in ("z", "w"))
    code = {name: q.mean.detach() for name, q in own.items()}
    u = model.encode_given(x, y, code)
    assert u.mean.shape == (6, 5)
    expected = inner.decode(code, y).mean
    whole = code | {"w": torch.cat([code["w"], torch.randn(6, 5)], dim=1)}
    for given in (code, whole):  # an unfitted correction adds nothing
        torch.testing.assert_close(model.decode(given, y).mean, expected, atol=1e-3, rtol=0)


@pytest.mark.parametrize("moves", [True, False])
def test_its_weights_are_saved_once_and_loaded_by_a_new_one(moves: bool, tmp_path: Path) -> None:
    config = Strict.Config(z_dim=4, w_dim=2, hidden=[16], generic=["shift"])
    described = Refined.Config(teacher=config.model_dump(), dim=5, moves=moves)
    models = []
    for seed in (0, 1):
        torch.manual_seed(seed)
        models.append(Refined.build(described, (8, 8, 1), 4).eval())
    first, second = models
    first.fit_scale(0.5)
    save_file(first.state_dict(), tmp_path / "model.safetensors")
    second.load_state_dict(load_file(tmp_path / "model.safetensors"))
    code, y = {"z": torch.randn(3, 4), "w": torch.randn(3, 7)}, torch.arange(3)
    assert torch.equal(first.decode(code, y).mean, second.decode(code, y).mean)
    assert torch.equal(
        first.decode(code, y).log_prob(torch.zeros(3, 1, 8, 8)),
        second.decode(code, y).log_prob(torch.zeros(3, 1, 8, 8)),
    )


def test_a_residual_has_a_dimension_and_its_teacher_is_a_method_of_the_package(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="dim"):
        Refined.Config(dim=0)
    with pytest.raises(ValidationError, match="no method 'lax'; choose of autoencoder, "):
        Refined.Config(teacher_method="lax")
    file = tmp_path / "mine.py"
    file.write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    with pytest.raises(ValidationError, match="no method"):
        Refined.Config(teacher_method=f"{file}:Mine")
    assert not (tmp_path / "ran").exists()
