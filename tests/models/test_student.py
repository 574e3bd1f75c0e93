"""A student begins as its teacher."""

import pytest
import torch
from pydantic import ValidationError

from differentia.models.settings import ModelSettings
from differentia.models.student import start_from
from differentia.models.two_code import TwoCodeModel

MLP = ModelSettings(z_dim=3, w_dim=9, remainder_dim=5, hidden=[16, 8])
CONV = ModelSettings(network="conv", z_dim=3, w_dim=9, remainder_dim=5, hidden=[16], channels=[4, 6])
DECLARED = MLP.model_copy(update={"generic": ["thickness", "shear"]})


def _without_remainder(settings: ModelSettings) -> ModelSettings:
    return settings.model_copy(update={"w_dim": 4, "remainder_dim": 0})


@pytest.mark.parametrize("settings", [MLP, CONV, DECLARED], ids=["mlp", "conv", "declared"])
def test_before_training_a_student_encodes_and_decodes_as_its_teacher_whatever_the_remainder(
    settings: ModelSettings,
) -> None:
    torch.manual_seed(0)
    student, teacher = (TwoCodeModel(s, (8, 8, 1), 4) for s in (settings, _without_remainder(settings)))
    start_from(student, teacher)
    x, y = torch.rand(20, 1, 8, 8), torch.arange(20) % 4
    codes, taught = student.encode(x, y), teacher.encode(x, y)
    for mine, given in zip(codes.z, taught.z, strict=True):
        assert torch.equal(mine, given)
    for mine, given in zip(codes.w, taught.w, strict=True):
        assert mine.shape == (20, 9)
        assert torch.equal(mine[:, :4], given)
    remainder = 10 * torch.randn(20, 5)
    decoded = student.decode(taught.z.mean, torch.cat([taught.w.mean, remainder], dim=1), y)
    expected = teacher.decode(*(code.mean for code in taught), y)
    torch.testing.assert_close(decoded, expected, atol=2e-4 if student.acting else 0.0, rtol=0)


def test_an_exchange_changes_what_it_changes_in_the_teacher() -> None:
    """Lezama's condition, before pictures are cut to [0, 1]: the remainder adds the same to all of them."""
    torch.manual_seed(0)
    student, teacher = (TwoCodeModel(s, (8, 8, 1), 4) for s in (MLP, _without_remainder(MLP)))
    start_from(student, teacher)
    assert student.remainder_decoder is not None
    for weight in student.remainder_decoder.parameters():
        torch.nn.init.normal_(weight, std=0.3)
    codes, y = [(torch.randn(20, 3), torch.randn(20, 4)) for _ in range(2)], torch.arange(20) % 4
    remainder = torch.randn(20, 5)
    means = [
        (
            student.likelihood_parameters(z, torch.cat([w, remainder], dim=1), classes),
            teacher.decode(z, w, classes),
        )
        for (z, w), classes in zip(codes, (y, (y + 1) % 4), strict=True)
    ]
    (mine, given), (mine_moved, given_moved) = means
    torch.testing.assert_close(mine_moved - mine, given_moved - given, atol=1e-5, rtol=0)
    assert (mine - given).abs().max() > 0.1


def test_vectors_keep_their_units() -> None:
    settings = MLP.model_copy(update={"likelihood": "gaussian"})
    student, teacher = (TwoCodeModel(s, (6,), 4) for s in (settings, _without_remainder(settings)))
    teacher.fit_normalisation(5 * torch.randn(100, 6).numpy() + 3)
    start_from(student, teacher)
    assert torch.equal(student.feature_scale, teacher.feature_scale)


def test_a_remainder_leaves_something_of_w() -> None:
    with pytest.raises(ValidationError, match="at least one dimension of w"):
        ModelSettings(w_dim=4, remainder_dim=4)
