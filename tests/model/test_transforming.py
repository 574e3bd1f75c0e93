"""A VAE whose z transforms what the decoder draws, and whose w is read from what is undone."""

import copy

import numpy as np
import pytest
import torch

from differentia.images.transformations import Transformation, transformed, undone
from differentia.model.transforming import STRENGTH, TransformingVAE, acting
from differentia.model.vae import VAE, VAEConfig

SHAPE = (16, 16, 1)


def built(generic: list[Transformation], z_dim: int, **config: object) -> TransformingVAE:
    torch.manual_seed(0)
    settings = VAEConfig(network="conv", z_dim=z_dim, hidden=[16], channels=[4, 6], **config)
    drawn = z_dim - len(acting(generic))
    vae = VAE(settings, SHAPE, 4, w_dim=2, decoder_sees_y=True, w_trunk=True, decoded_z=drawn)
    return TransformingVAE(vae, generic).eval()


def images() -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (5, *SHAPE), generator=generator, dtype=torch.uint8)


@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian"])
def test_the_first_dimensions_of_z_do_the_declared_transformations(likelihood: str) -> None:
    """Whatever the class and w, and by the same amount; the other dimensions draw."""
    model = built(["shift"], 4, likelihood=likelihood)
    generator = torch.Generator().manual_seed(0)
    z, w = torch.randn(4, 4, generator=generator), torch.randn(4, 2, generator=generator)
    still, y = z * torch.tensor([0.0, 0.0, 1.0, 1.0]), torch.arange(4)
    drawn, shown = (model.decode({"z": code, "w": w}, y).mean for code in (still, z))
    expected = transformed(drawn, ["shift"], STRENGTH * z[:, :2])
    assert torch.allclose(shown, expected, atol=1e-3)
    assert (shown - drawn).abs().max() > 1e-3
    others = model.decode({"z": still * 2, "w": w}, y).mean
    assert (others - drawn).abs().max() > 1e-3


def test_w_is_read_from_the_canonical_picture() -> None:
    """What z says was done to the picture is undone for w, and w's gradient does not reach z."""
    model = built(["blur", "shift"], 3)
    assert model.acting == [1, 2]  # the first dimension follows blur, which the decoder has to draw
    x, y = model.normalise(images()), torch.arange(5) % 4
    posterior = model.encode(x, y)
    z, w = posterior["z"], posterior["w"]
    canonical = undone(x, ["shift"], STRENGTH * z.mean[:, 1:])
    assert torch.equal(model.canonical(x, z.mean), canonical)
    assert not torch.equal(canonical, x)
    vae = model.inner
    assert vae.w_trunk is not None
    assert vae.w_head is not None
    assert torch.equal(w.mean, vae.w_head(vae.w_trunk(canonical), y).mean)
    w.mean.sum().backward()
    assert all(weight.grad is None for weight in vae.trunk.parameters())


def test_a_wrapper_answers_for_the_model_inside() -> None:
    model = built(["shift"], 4)
    vae = model.inner
    assert (model.z_dim, model.w_dim, model.own_w_dim) == (4, 2, 2)
    assert (model.sample_shape, model.input_shape, model.n_classes) == (SHAPE, (1, 16, 16), 4)
    assert model.network is vae.network
    assert model.z_head is vae.z_head
    y = np.array([0, 3])
    drawn = [m.draw_codes(y, np.random.default_rng(0)) for m in (model, vae)]
    assert all(np.array_equal(a, b) for a, b in zip(*drawn, strict=True))
    prior = model.prior(torch.tensor([0, 3]))
    assert list(prior) == ["z", "w"]
    with pytest.raises(AttributeError, match="no attribute 'wings'"):
        _ = model.wings
    x, labels = model.normalise(images()), torch.arange(5) % 4
    copied = copy.deepcopy(model)
    assert torch.equal(copied.encode(x, labels)["w"].mean, model.encode(x, labels)["w"].mean)
