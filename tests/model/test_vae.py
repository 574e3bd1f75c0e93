"""The two-code VAE: shapes, who sees what, normalisation, and what it refuses."""

import numpy as np
import pytest
import torch
from pydantic import BaseModel, ValidationError
from torch import Tensor

from differentia.methods.report import Report
from differentia.model.gaussian import Gaussian
from differentia.model.vae import VAE, VAEConfig

MLP = VAEConfig(z_dim=3, hidden=[16, 8])
CONV = VAEConfig(network="conv", z_dim=3, hidden=[16], channels=[4, 6])
GAUSSIAN = VAEConfig(z_dim=3, hidden=[16, 8], likelihood="gaussian")


def stored(shape: tuple[int, ...], n: int = 5) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    if len(shape) == 3:
        return torch.randint(0, 256, (n, *shape), generator=generator, dtype=torch.uint8)
    return torch.randn((n, *shape), generator=generator)


def built(config: VAEConfig, shape: tuple[int, ...], **how: object) -> VAE:
    """Build a model with |w| = 2 whose decoder sees the class, unless `how` says otherwise."""
    torch.manual_seed(0)
    return VAE(config, shape, 4, **{"w_dim": 2, "decoder_sees_y": True} | how).eval()


@pytest.mark.parametrize("config", [MLP, CONV], ids=["mlp", "conv"])
@pytest.mark.parametrize("shape", [(28, 28, 1), (64, 64, 3), (8, 8, 1), (29, 35, 3), (4, 7, 1)], ids=str)
def test_a_decoded_image_has_the_size_of_the_encoded_one(config: VAEConfig, shape: tuple[int, ...]) -> None:
    model, y = built(config, shape), torch.arange(5) % 4
    x = model.normalise(stored(shape))
    posterior = model.encode(x, y)
    code = {name: posterior[name].sample(torch.randn(5, dim)) for name, dim in model.dims.items()}
    likelihood = model.decode(code, y)
    assert x.shape == likelihood.mean.shape == (5, shape[2], shape[0], shape[1])
    assert likelihood.log_prob(x).shape == (5,)
    z, w = posterior["z"], posterior["w"]
    assert z.mean.shape == z.log_variance.shape == code["z"].shape == (5, 3)
    assert w.mean.shape == w.log_variance.shape == code["w"].shape == (5, 2)


def test_vectors_are_decoded_to_vectors() -> None:
    model, y = built(GAUSSIAN, (11,)), torch.arange(5) % 4
    posterior = model.encode(model.normalise(stored((11,))), y)
    assert model.decode({name: q.mean for name, q in posterior.items()}, y).mean.shape == (5, 11)


@pytest.mark.parametrize("config", [MLP, GAUSSIAN], ids=["bernoulli", "gaussian"])
def test_decoded_images_lie_between_0_and_1(config: VAEConfig) -> None:
    model = built(config, (8, 8, 1))
    far = 100 * torch.randn(50, 5, generator=torch.Generator().manual_seed(0))
    images = model.decode({"z": far[:, :3], "w": far[:, 3:]}, torch.zeros(50, dtype=torch.int64)).mean
    assert images.min() >= 0
    assert images.max() <= 1
    assert images.std() > 0.1


@pytest.mark.parametrize("z_sees_y", [False, True])
@pytest.mark.parametrize("decoder_sees_y", [False, True])
def test_who_sees_the_class_is_what_was_asked_for(z_sees_y: bool, decoder_sees_y: bool) -> None:
    model = built(MLP, (8, 8, 1), z_sees_y=z_sees_y, decoder_sees_y=decoder_sees_y)
    x, one, other = model.normalise(stored((8, 8, 1))), torch.zeros(5).long(), torch.ones(5).long()
    first, second = model.encode(x, one), model.encode(x, other)
    assert torch.equal(first["z"].mean, second["z"].mean) is not z_sees_y
    assert not torch.equal(first["w"].mean, second["w"].mean)
    code = {name: q.mean for name, q in first.items()}
    decoded = [model.decode(code, y).mean for y in (one, other)]
    assert torch.equal(*decoded) is not decoder_sees_y
    assert model.z_sees_y is z_sees_y


def test_the_naive_model_has_no_w_and_a_z_that_sees_the_class() -> None:
    model = built(MLP, (8, 8, 1), w_dim=0, z_sees_y=True)
    x, y = model.normalise(stored((8, 8, 1))), torch.arange(5) % 4
    posterior = model.encode(x, y)
    assert model.w_head is None
    assert model.w_dim == 0
    assert list(posterior) == list(model.prior(y)) == ["z"]
    decoded = model.decode({"z": posterior["z"].sample(torch.randn(5, 3))}, y).mean
    assert decoded.shape == x.shape
    assert not torch.equal(posterior["z"].mean, model.encode(x, (y + 1) % 4)["z"].mean)


def test_a_shared_variance_is_the_same_for_every_input() -> None:
    model = built(MLP, (8, 8, 1), z_variance="shared")
    posterior = model.encode(model.normalise(stored((8, 8, 1))), torch.arange(5) % 4)
    z, w = posterior["z"], posterior["w"]
    assert (z.log_variance == z.log_variance[0]).all()
    assert not (w.log_variance == w.log_variance[0]).all()


def test_a_code_without_noise_is_its_mean() -> None:
    model = built(MLP, (8, 8, 1), z_variance="none")
    z = model.encode(model.normalise(stored((8, 8, 1))), torch.arange(5) % 4)["z"]
    assert model.deterministic
    assert not built(MLP, (8, 8, 1)).deterministic
    assert torch.equal(z.sample(torch.randn(5, 3)), z.mean)


def test_quantisation_leaves_nothing_of_the_mean_between_its_steps() -> None:
    model = built(MLP, (8, 8, 1), z_variance="shared", quantisation_step=0.01)
    exact = built(MLP, (8, 8, 1), z_variance="shared")
    x, y = model.normalise(stored((8, 8, 1), n=400)), torch.zeros(400).long()
    means: list[Tensor] = [m.encode(x, y)["z"].mean for m in (model, exact)]
    rounded, before = means
    assert (rounded - before).abs().max() <= 0.005 + 1e-6
    # The same multiple is the same number to the last bit, whatever was rounded.
    for dim in range(3):
        multiples = torch.round(rounded[:, dim] / 0.01).unique()
        assert len(rounded[:, dim].unique()) == len(multiples) < len(before[:, dim].unique())
    assert torch.equal(model.encode(x, y, quantise=False)["z"].mean, before)


def test_quantisation_lets_the_gradient_pass_as_if_it_did_not_round() -> None:
    gradients = []
    for step in (0.0, 0.01):
        model = built(MLP, (8, 8, 1), z_variance="shared", quantisation_step=step)
        x = model.normalise(stored((8, 8, 1))).requires_grad_()
        model.encode(x, torch.zeros(5).long())["z"].mean.sum().backward()
        gradients.append(x.grad)
    assert gradients[0] is not None
    torch.testing.assert_close(*gradients)


def test_a_trunk_of_its_own_makes_w_audible_and_reads_for_w_alone() -> None:
    shared, own = built(MLP, (8, 8, 1)), built(MLP, (8, 8, 1), w_trunk=True)
    x, y = own.normalise(stored((8, 8, 1))), torch.arange(5) % 4
    w = {model: model.encode(x, y)["w"] for model in (shared, own)}
    ratio = {model: q.mean.std() / q.log_variance.exp().sqrt().mean() for model, q in w.items()}
    assert ratio[own] > 3 * ratio[shared]
    w[own].mean.sum().backward()
    assert all(weight.grad is None for weight in own.trunk.parameters())
    w[shared].mean.sum().backward()
    assert all(weight.grad is not None for weight in shared.trunk.parameters())


def test_images_are_scaled_to_0_and_1_and_transposed() -> None:
    raw = torch.tensor([[[[0, 255, 51]]]], dtype=torch.uint8)
    x = built(CONV.model_copy(update={"channels": [2]}), (2, 2, 3)).normalise(raw)
    assert x.dtype == torch.float32
    torch.testing.assert_close(x, torch.tensor([[[[0.0]], [[1.0]], [[0.2]]]]))


def test_vectors_are_standardised_by_the_training_data_and_constants_survive() -> None:
    model = built(GAUSSIAN, (3,))
    rng = np.random.default_rng(0)
    x = np.column_stack([rng.normal(5, 2, 1000), rng.normal(-1, 0.1, 1000), np.full(1000, 7.0)])
    model.fit_normalisation(x.astype(np.float32))
    z = model.normalise(torch.from_numpy(x.astype(np.float32)))
    torch.testing.assert_close(z.mean(0), torch.zeros(3), atol=1e-4, rtol=0)
    torch.testing.assert_close(z.std(0, correction=0), torch.tensor([1.0, 1.0, 0.0]), atol=1e-4, rtol=0)


def test_a_saved_normalisation_is_loaded_with_the_weights() -> None:
    trained, loaded = built(GAUSSIAN, (3,)), built(GAUSSIAN, (3,))
    trained.fit_normalisation(np.random.default_rng(0).normal(3, 2, (100, 3)))
    assert not torch.equal(loaded.normalise(torch.ones(1, 3)), trained.normalise(torch.ones(1, 3)))
    loaded.load_state_dict(trained.state_dict())
    assert torch.equal(loaded.normalise(torch.ones(1, 3)), trained.normalise(torch.ones(1, 3)))


def test_the_scale_of_a_gaussian_likelihood_is_learnt_unless_given() -> None:
    learnt, given = built(GAUSSIAN, (3,)), built(GAUSSIAN.model_copy(update={"scale": 0.5}), (3,))
    assert learnt.likelihood(torch.zeros(1, 3)).log_scale.requires_grad
    torch.testing.assert_close(given.likelihood(torch.zeros(1, 3)).log_scale.exp(), torch.tensor(0.5))
    assert "log_scale" in dict(learnt.named_parameters())
    assert "log_scale" not in dict(given.named_parameters())


@pytest.mark.parametrize(
    ("config", "shape", "message"),
    [
        (CONV.model_copy(update={"likelihood": "gaussian"}), (7,), "network conv needs images"),
        (CONV.model_copy(update={"channels": [4, 4, 4, 4]}), (28, 12, 1), "below 16 pixels"),
        (MLP, (7,), "likelihood bernoulli needs images"),
    ],
)
def test_an_architecture_that_does_not_fit_the_sample_says_why(
    config: VAEConfig, shape: tuple[int, ...], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        built(config, shape)


@pytest.mark.parametrize(
    ("config", "wrong"),
    [
        (VAEConfig, {"z_dim": 0}),
        (VAEConfig, {"hidden": []}),
        (VAEConfig, {"hidden": [16, 0]}),
        (VAEConfig, {"channels": [-4]}),
        (VAEConfig, {"network": "transformer"}),
        (VAEConfig, {"scale": 0.0}),
        (VAEConfig, {"zdim": 3}),
        (Report.Config, {"w_dim": -1}),
        (Report.Config, {"w_dim": 0}),
    ],
    ids=str,
)
def test_impossible_settings_name_their_field(config: type[BaseModel], wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError) as raised:
        config.model_validate(wrong)
    assert next(iter(wrong)) in str(raised.value)


def test_encoding_returns_gaussians_by_the_names_of_their_codes() -> None:
    model = built(MLP, (8, 8, 1))
    posterior = model.encode(model.normalise(stored((8, 8, 1))), torch.zeros(5).long())
    assert list(posterior) == list(model.dims) == ["z", "w"]
    assert all(isinstance(q, Gaussian) for q in posterior.values())


def test_new_codes_are_drawn_from_what_was_fitted_split_into_z_and_w() -> None:
    model, rng = built(MLP, (8, 8, 1)), np.random.default_rng(0)
    y = np.repeat([0, 1, 2, 3], 50)
    z, w = (rng.normal(size=(200, dim)).astype(np.float32) + 10 * y[:, None] for dim in (3, 2))
    silent = {name: (mean, np.full_like(mean, -20)) for name, mean in (("z", z), ("w", -w))}
    model.fit_code_density({name: tuple(a.astype(np.float32) for a in q) for name, q in silent.items()}, y)
    drawn_z, drawn_w = model.draw_codes(np.full(2000, 2), np.random.default_rng(1))
    assert (drawn_z.shape, drawn_w.shape) == ((2000, 3), (2000, 2))
    np.testing.assert_allclose(drawn_z.mean(0), z[y == 2].mean(0), atol=0.15)
    np.testing.assert_allclose(drawn_w.mean(0), -w[y == 2].mean(0), atol=0.15)
