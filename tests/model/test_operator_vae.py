"""A decoder that never sees z, an operator that never sees y, and a w that is read at rest."""

import numpy as np
import pytest
import torch

from differentia.methods.discover import Discover
from differentia.metrics.remarks import remarks
from differentia.model.operator_vae import LEAST_NOISE, OperatorVAE

PICTURES, VECTORS = (16, 16, 1), (7,)


def built(shape: tuple[int, ...], **config: object) -> OperatorVAE:
    torch.manual_seed(0)
    return Discover.build(Discover.Config(hidden=[16], w_dim=3, **config), shape, 4).eval()


def samples(shape: tuple[int, ...], n: int = 6) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    if len(shape) == 1:
        return torch.randn((n, *shape), generator=generator)
    return torch.randint(0, 256, (n, *shape), generator=generator, dtype=torch.uint8)


@pytest.mark.parametrize("shape", [PICTURES, VECTORS])
def test_z_does_the_same_to_whatever_the_decoder_draws(shape: tuple[int, ...]) -> None:
    model, generator = built(shape), torch.Generator().manual_seed(0)
    y = torch.tensor([0, 1, 2, 3])
    z, w = (torch.randn((4, model.dims[name]), generator=generator) for name in ("z", "w"))
    rest = model.decode({"z": 0 * z, "w": w}, y)
    moved = model.decode({"z": z, "w": w}, y)
    drawn = rest.location if len(shape) == 1 else rest.mean
    expected = model.operator(drawn, model.operator.strengths(z))
    assert torch.allclose(moved.location, expected, atol=1e-4)
    assert not torch.allclose(moved.location, rest.location, atol=1e-2)


@pytest.mark.parametrize("shape", [PICTURES, VECTORS])
def test_w_is_read_from_the_sample_at_rest_and_its_gradient_does_not_reach_z(shape: tuple[int, ...]) -> None:
    model = built(shape)
    x, y = model.normalise(samples(shape)), torch.arange(6) % 4
    posterior = model.encode(x, y)
    rest = model.operator.undo(x, model.operator.strengths(posterior["z"].mean))
    assert torch.equal(model.at_rest(x, posterior["z"].mean), rest)
    read = model.w_head(model.w_trunk(rest), y)
    assert torch.allclose(posterior["w"].mean, read.mean + model.prior(y)["w"].mean)
    posterior["w"].mean.sum().backward()
    assert all(weight.grad is None for weight in model.z_trunk.parameters())
    assert all(weight.grad is None for weight in model.operator.parameters())


def test_the_class_costs_w_no_nats() -> None:
    """A w that says nothing but the class lies on its prior, whose means differ."""
    model = built(PICTURES)
    assert model.w_head.log_variance is not None
    for layer in (model.w_head.mean, model.w_head.log_variance):
        torch.nn.init.zeros_(layer.weight)
        torch.nn.init.zeros_(layer.bias)
    y = torch.arange(4)
    w, prior = model.encode(model.normalise(samples(PICTURES, 4)), y)["w"], model.prior(y)["w"]
    assert w.kl(prior).abs().max() < 1e-6
    assert torch.cdist(w.mean, w.mean)[~torch.eye(4, dtype=bool)].min() > 0.5


def test_noise_follows_the_error_down_to_the_least() -> None:
    model = built(VECTORS)
    for _ in range(1000):
        model.noise.follow(torch.tensor([[0.5, 0.0, 1.0, 1.0, 1.0, 1.0, 2.0]]).expand(8, 7))
    scale = model.noise.log_scale.exp()
    expected = np.sqrt(np.array([0.25, 0, 1, 1, 1, 1, 4]) + LEAST_NOISE**2)
    assert scale.numpy() == pytest.approx(expected, rel=1e-4)
    assert built(PICTURES).noise.log_scale.shape == (1,)


def test_each_picture_keeps_four_pixels_a_side_in_the_deepest_layer() -> None:
    for side, halvings in ((8, 1), (16, 2), (28, 2), (32, 3), (64, 4), (200, 4)):
        assert len(built((side, side, 3)).network.channels) == halvings


def test_how_far_z_spreads_is_noted_with_the_density() -> None:
    model = built(PICTURES)
    rng = np.random.default_rng(0)
    z, w = rng.normal(0, 2, (200, 9)).astype("f4"), rng.normal(0, 1, (200, 3)).astype("f4")
    codes = {"z": (z, np.full_like(z, -3)), "w": (w, np.full_like(w, -3))}
    model.fit_code_density(codes, np.arange(200) % 4)
    assert model.operator.spread.numpy() == pytest.approx(z.std(0), rel=1e-5)


def test_what_does_nothing_tells_nothing_and_costs_nothing_until_it_is_trained_again() -> None:
    model, x, y = built(PICTURES), samples(PICTURES), torch.arange(6) % 4
    before = model.encode(model.normalise(x), y)["z"]
    model.operator.note(torch.tensor([1.0, *[0.01] * 8]))
    q = model.encode(model.normalise(x), y)["z"]
    assert not q.mean[:, 1:].any()
    assert not q.log_variance[:, 1:].any()
    torch.testing.assert_close(q.mean[:, 0], before.mean[:, 0])
    assert not q.kl(model.prior(y)["z"])[:, 1:].any()
    moved = model.operator.strengths(torch.ones(1, 9))
    assert moved[0, 0] != 0
    assert not moved[0, 1:].any()
    model.train()
    assert model.operator.used.all()


def test_what_z_does_is_a_remark_of_the_audit_and_the_training() -> None:
    model = built(PICTURES)
    assert remarks(model)[0] == model.operator.sentence()
