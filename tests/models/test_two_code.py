"""The two-code model: shapes, who sees what, normalisation, and what it refuses."""

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from torch import Tensor

from differentia.models.settings import ModelSettings
from differentia.models.transformations import transformed, undone
from differentia.models.two_code import STRENGTH, Codes, TwoCodeModel

MLP = ModelSettings(z_dim=3, w_dim=2, hidden=[16, 8])
CONV = ModelSettings(network="conv", z_dim=3, w_dim=2, hidden=[16], channels=[4, 6])


def stored(shape: tuple[int, ...], n: int = 5) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    if len(shape) == 3:
        return torch.randint(0, 256, (n, *shape), generator=generator, dtype=torch.uint8)
    return torch.randn((n, *shape), generator=generator)


def built(settings: ModelSettings, shape: tuple[int, ...], n_classes: int = 4) -> TwoCodeModel:
    torch.manual_seed(0)
    return TwoCodeModel(settings, shape, n_classes).eval()


@pytest.mark.parametrize("settings", [MLP, CONV], ids=["mlp", "conv"])
@pytest.mark.parametrize("shape", [(28, 28, 1), (64, 64, 3), (8, 8, 1), (29, 35, 3), (4, 7, 1)], ids=str)
def test_a_decoded_image_has_the_size_of_the_encoded_one(
    settings: ModelSettings, shape: tuple[int, ...]
) -> None:
    model, y = built(settings, shape), torch.arange(5) % 4
    x = model.normalise(stored(shape))
    noises = torch.randn(5, 3), torch.randn(5, 2)
    codes, (z, w), parameters, _ = model(x, y, *noises)
    assert x.shape == parameters.shape == (5, shape[2], shape[0], shape[1])
    assert codes.z.mean.shape == codes.z.log_variance.shape == z.shape == (5, 3)
    assert codes.w.mean.shape == codes.w.log_variance.shape == w.shape == (5, 2)


def test_vectors_are_decoded_to_vectors() -> None:
    settings = MLP.model_copy(update={"likelihood": "gaussian"})
    model, y = built(settings, (11,)), torch.arange(5) % 4
    codes = model.encode(model.normalise(stored((11,))), y)
    assert model.decode(codes.z.mean, codes.w.mean, y).shape == (5, 11)


@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian"])
def test_decoded_images_lie_between_0_and_1(likelihood: str) -> None:
    model = built(MLP.model_copy(update={"likelihood": likelihood}), (8, 8, 1))
    far = 100 * torch.randn(50, 5, generator=torch.Generator().manual_seed(0))
    images = model.decode(far[:, :3], far[:, 3:], torch.zeros(50, dtype=torch.int64))
    assert images.min() >= 0
    assert images.max() <= 1
    assert images.std() > 0.1


@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian"])
def test_the_first_dimensions_of_z_do_the_declared_transformations(likelihood: str) -> None:
    """Whatever the class and w, and by the same amount; the other dimensions draw."""
    settings = ModelSettings(
        network="conv",
        z_dim=4,
        w_dim=2,
        hidden=[16],
        channels=[4, 6],
        generic=["shift"],
        likelihood=likelihood,
    )
    model = built(settings, (16, 16, 1))
    generator = torch.Generator().manual_seed(0)
    z, w = torch.randn(4, 4, generator=generator), torch.randn(4, 2, generator=generator)
    still, y = z * torch.tensor([0.0, 0.0, 1.0, 1.0]), torch.arange(4)
    drawn, shown = model.decode(still, w, y), model.decode(z, w, y)
    expected = transformed(drawn, ["shift"], STRENGTH * z[:, :2])
    assert torch.allclose(shown, expected, atol=1e-3)
    assert (shown - drawn).abs().max() > 1e-3


def test_w_is_read_from_the_picture_at_rest() -> None:
    """What z says was done to the picture is undone for w, and w's gradient does not reach z."""
    model = built(CONV.model_copy(update={"generic": ["blur", "shift"]}), (16, 16, 1))
    assert model.acting == [1, 2]  # the first dimension follows blur, which the decoder has to draw
    x, y = model.normalise(stored((16, 16, 1))), torch.arange(5) % 4
    codes = model.encode(x, y)
    at_rest = undone(x, ["shift"], STRENGTH * codes.z.mean[:, 1:])
    assert torch.equal(model.at_rest(x, codes.z.mean), at_rest)
    assert model.w_trunk is not None
    assert model.w_head is not None
    assert torch.equal(codes.w.mean, model.w_head(model.w_trunk(at_rest), y).mean)
    codes.w.mean.sum().backward()
    assert all(weight.grad is None for weight in model.trunk.parameters())


@pytest.mark.parametrize("z_sees_y", [False, True])
@pytest.mark.parametrize("decoder_sees_y", [False, True])
def test_who_sees_the_class_is_what_the_settings_say(z_sees_y: bool, decoder_sees_y: bool) -> None:
    model = built(MLP.model_copy(update={"z_sees_y": z_sees_y, "decoder_sees_y": decoder_sees_y}), (8, 8, 1))
    x, one, other = model.normalise(stored((8, 8, 1))), torch.zeros(5).long(), torch.ones(5).long()
    first, second = model.encode(x, one), model.encode(x, other)
    assert torch.equal(first.z.mean, second.z.mean) is not z_sees_y
    assert not torch.equal(first.w.mean, second.w.mean)
    decoded = [model.decode(first.z.mean, first.w.mean, y) for y in (one, other)]
    assert torch.equal(*decoded) is not decoder_sees_y


def test_the_naive_model_has_no_w_and_a_z_that_sees_the_class() -> None:
    model = built(ModelSettings(z_dim=3, w_dim=0, z_sees_y=True, hidden=[16, 8]), (8, 8, 1))
    x, y = model.normalise(stored((8, 8, 1))), torch.arange(5) % 4
    codes, (_, w), parameters, _ = model(x, y, torch.randn(5, 3), torch.randn(5, 0))
    assert model.w_head is None
    assert w.shape == codes.w.mean.shape == (5, 0)
    assert codes.w.kl().sum() == 0
    assert parameters.shape == x.shape
    assert not torch.equal(codes.z.mean, model.encode(x, (y + 1) % 4).z.mean)


def test_a_shared_variance_is_the_same_for_every_input() -> None:
    model = built(MLP.model_copy(update={"shared_variance": True}), (8, 8, 1))
    codes = model.encode(model.normalise(stored((8, 8, 1))), torch.arange(5) % 4)
    assert (codes.z.log_variance == codes.z.log_variance[0]).all()
    assert not (codes.w.log_variance == codes.w.log_variance[0]).all()


def test_a_resolution_leaves_nothing_of_the_mean_between_its_steps() -> None:
    plain = MLP.model_copy(update={"shared_variance": True})
    model, exact = built(plain.model_copy(update={"resolution": 0.01}), (8, 8, 1)), built(plain, (8, 8, 1))
    x, y = model.normalise(stored((8, 8, 1), n=400)), torch.zeros(400).long()
    means: list[Tensor] = [m.encode(x, y).z.mean for m in (model, exact)]
    rounded, before = means
    assert (rounded - before).abs().max() <= 0.005 + 1e-6
    # The same multiple is the same number to the last bit, whatever was rounded.
    for dim in range(3):
        multiples = torch.round(rounded[:, dim] / 0.01).unique()
        assert len(rounded[:, dim].unique()) == len(multiples) < len(before[:, dim].unique())


def test_a_resolution_lets_the_gradient_pass_as_if_it_did_not_round() -> None:
    plain = MLP.model_copy(update={"shared_variance": True})
    gradients = []
    for resolution in (0.0, 0.01):
        model = built(plain.model_copy(update={"resolution": resolution}), (8, 8, 1))
        x = model.normalise(stored((8, 8, 1))).requires_grad_()
        model.encode(x, torch.zeros(5).long()).z.mean.sum().backward()
        gradients.append(x.grad)
    assert gradients[0] is not None
    torch.testing.assert_close(*gradients)


def test_images_are_scaled_to_0_and_1_and_transposed() -> None:
    raw = torch.tensor([[[[0, 255, 51]]]], dtype=torch.uint8)
    x = built(CONV.model_copy(update={"channels": [2]}), (2, 2, 3)).normalise(raw)
    assert x.dtype == torch.float32
    torch.testing.assert_close(x, torch.tensor([[[[0.0]], [[1.0]], [[0.2]]]]))


def test_vectors_are_standardised_by_the_training_data_and_constants_survive() -> None:
    model = built(MLP.model_copy(update={"likelihood": "gaussian"}), (3,))
    rng = np.random.default_rng(0)
    x = np.column_stack([rng.normal(5, 2, 1000), rng.normal(-1, 0.1, 1000), np.full(1000, 7.0)])
    model.fit_normalisation(x.astype(np.float32))
    z = model.normalise(torch.from_numpy(x.astype(np.float32)))
    torch.testing.assert_close(z.mean(0), torch.zeros(3), atol=1e-4, rtol=0)
    torch.testing.assert_close(z.std(0, correction=0), torch.tensor([1.0, 1.0, 0.0]), atol=1e-4, rtol=0)


def test_a_saved_normalisation_is_loaded_with_the_weights() -> None:
    settings = MLP.model_copy(update={"likelihood": "gaussian"})
    trained, loaded = built(settings, (3,)), built(settings, (3,))
    trained.fit_normalisation(np.random.default_rng(0).normal(3, 2, (100, 3)))
    loaded.load_state_dict(trained.state_dict())
    assert torch.equal(loaded.normalise(torch.ones(1, 3)), trained.normalise(torch.ones(1, 3)))


def test_the_scale_of_a_gaussian_likelihood_is_learnt_unless_given() -> None:
    gaussian = MLP.model_copy(update={"likelihood": "gaussian"})
    given = built(gaussian.model_copy(update={"scale": 0.5}), (3,))
    assert built(gaussian, (3,)).log_likelihood_scale().requires_grad
    torch.testing.assert_close(given.log_likelihood_scale().exp(), torch.tensor(0.5))
    assert "log_scale" not in dict(given.named_parameters())


@pytest.mark.parametrize(
    ("settings", "shape", "message"),
    [
        (CONV, (7,), "network conv needs images"),
        (CONV.model_copy(update={"channels": [4, 4, 4, 4]}), (28, 12, 1), "below 16 pixels"),
        (MLP, (7,), "likelihood bernoulli needs images"),
    ],
)
def test_an_architecture_that_does_not_fit_the_sample_says_why(
    settings: ModelSettings, shape: tuple[int, ...], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        TwoCodeModel(settings, shape, 4)


@pytest.mark.parametrize(
    "wrong",
    [
        {"z_dim": 0},
        {"w_dim": -1},
        {"hidden": []},
        {"hidden": [16, 0]},
        {"channels": [-4]},
        {"network": "transformer"},
        {"scale": 0.0},
        {"zdim": 3},
    ],
    ids=str,
)
def test_impossible_settings_name_their_field(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError) as raised:
        ModelSettings.model_validate(wrong)
    assert next(iter(wrong)) in str(raised.value)


def test_encoding_returns_named_posteriors() -> None:
    model = built(MLP, (8, 8, 1))
    codes = model.encode(model.normalise(stored((8, 8, 1))), torch.zeros(5).long())
    assert isinstance(codes, Codes)
    assert codes.z is codes[0]
