"""A student keeps the codes of its teacher and what they do, and decodes more."""

import numpy as np
import pytest
import torch
from lightning_fabric import Fabric

from differentia.data.arrays import assemble
from differentia.data.dataset import LabelledData
from differentia.data.settings import DataSettings
from differentia.errors import DifferentiaError
from differentia.evaluation.factors import name_factors
from differentia.evaluation.refinement import compare_with_teacher
from differentia.models.batched import draw_codes, encode_all, sample_all
from differentia.models.two_code import TwoCodeModel
from differentia.report.pictures import draw_gallery
from differentia.training.loop import Trainer
from differentia.training.preparation import build_model
from differentia.training.refining import refined
from differentia.training.settings import Settings, combined, preset

PLAIN = {"model": {"hidden": [128, 64], "z_dim": 4, "w_dim": 4, "resolution": 0, "shared_variance": False}}


def _settings(**changes: object) -> Settings:
    nothing = {"model": {"generic": []}}
    return preset("strict", DataSettings(source="digits"), (8, 8, 1), combined([PLAIN, nothing, changes]))


def test_a_student_halves_the_error_and_keeps_codes_and_their_effects(
    digits: LabelledData, digits_model: TwoCodeModel
) -> None:
    _, student = refined(_settings(), digits_model, digits, 24)
    found = compare_with_teacher(student, digits_model, digits, seed=0)
    assert found.codes_kept
    assert found.student_error < 0.5 * found.teacher_error
    assert max(found.z_changed, found.w_changed) < 0.1
    weights = digits_model.state_dict()
    assert all(
        torch.equal(student.state_dict()[name], weights[name])
        for name in dict(student.named_parameters())
        if name != "log_scale"
    )


def test_what_the_noise_of_the_codes_takes_is_told_too(
    digits: LabelledData, digits_model: TwoCodeModel
) -> None:
    """u is drawn after z and w, so a u of all pixels leaves no more than its own noise, a hundredth."""
    _, student = refined(_settings(), digits_model, digits, 64)
    found = compare_with_teacher(student, digits_model, digits, seed=0)
    assert 0 < found.student_error < 0.011 * found.teacher_error


def test_the_likelihood_is_as_wide_as_the_error(digits: LabelledData, digits_model: TwoCodeModel) -> None:
    settings, student = refined(_settings(), digits_model, digits, 24)
    assert (settings.model.w_dim, settings.model.remainder_dim) == (28, 24)
    found = compare_with_teacher(student, digits_model, digits, seed=0)
    variance = float(student.log_likelihood_scale().detach().exp().square())
    assert 64 * variance == pytest.approx(found.student_error, rel=0.3)  # that of training data


def test_new_samples_have_a_whole_w(digits: LabelledData, digits_model: TwoCodeModel) -> None:
    _, student = refined(_settings(), digits_model, digits, 24)
    drawn = [draw_codes(m, digits.test.y, np.random.default_rng(0)) for m in (digits_model, student)]
    assert drawn[1][1].shape == (len(digits.test.y), 28)
    for of_teacher, of_student in zip(*drawn, strict=True):
        assert np.array_equal(of_teacher, of_student[:, : of_teacher.shape[1]])
    u = drawn[1][1][:, 4:]
    assert u.std() == pytest.approx(1, abs=0.15)
    assert student.u_density is not None
    x, y = digits.train.x, digits.train.y
    told = sample_all(student, encode_all(student, x, y), x, y, seed=0)[1][:, 4:]
    means = np.stack([told[y == label].mean(axis=0) for label in range(10)])
    away = np.linalg.norm(student.u_density.location[:, :1].numpy() - means, axis=2)
    assert away.argmin(axis=1).tolist() == list(range(10))  # each class has a Gaussian of its own


def test_the_components_of_the_remainder_are_no_factors(
    digits: LabelledData, digits_model: TwoCodeModel
) -> None:
    """They are many, and naming them one by one takes minutes; the page shows the dimensions from before."""
    _, student = refined(_settings(), digits_model, digits, 24)
    factors = name_factors(student, digits, seed=0, quick=True)
    assert (len(factors.z), len(factors.w)) == (4, 4)
    shown = draw_gallery(student, digits, factors, seed=0)
    assert {strip.dim for strip in shown.strips if strip.code == "w"} <= {0, 1, 2, 3}


@pytest.mark.parametrize(("gain", "moves"), [(1.0, True), (100.0, False)])
def test_what_moving_would_blur_is_added_to_the_moved_picture(
    gain: float, moves: bool, digits: LabelledData
) -> None:
    """A z that moves 8×8 pictures far blurs what is finer, or has it leave the frame."""
    settings = _settings(model={"generic": ["shift", "rotate"], "shared_variance": True})
    teacher = build_model(settings, digits).eval()
    with torch.no_grad():
        teacher.z_head.mean.weight *= gain
    chosen, student = refined(settings, teacher, digits, 64)
    assert chosen.model.remainder_moves == moves
    found = compare_with_teacher(student, teacher, digits, seed=0)
    assert found.codes_kept
    assert moves or found.student_error < 0.05 * found.teacher_error


@pytest.mark.parametrize(
    "model",
    [
        {"generic": ["shift", "brightness"], "shared_variance": True, "resolution": 2.0},
        {"network": "conv", "channels": [4, 6], "hidden": [16]},
        {"likelihood": "gaussian", "scale": 0.1},
    ],
    ids=["acting", "conv", "gaussian"],
)
def test_any_model_of_images_is_refined(model: dict[str, object], digits: LabelledData) -> None:
    """Even one that was never trained: what it leaves is nearly the whole picture."""
    settings = _settings(model=model)
    teacher = build_model(settings, digits).eval()
    teacher.z_head.resolution = settings.model.resolution
    _, student = refined(settings, teacher, digits, 64)
    found = compare_with_teacher(student, teacher, digits, seed=0)
    assert found.codes_kept
    assert found.student_error < 0.4 * found.teacher_error  # digits that touch the frame lose what leaves it


def test_vectors_keep_their_units_and_no_dimension_is_added_for_nothing() -> None:
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], 100)
    x = (5 * rng.normal(size=(200, 6)) + 3 + y[:, None]).astype(np.float32)
    data = assemble(
        x, y, None, None, ("a", "b"), name="v", size=None, test_fraction=0.2, split_seed=0, limit=None
    )
    settings = preset("strict", DataSettings(source="v.npz"), (6,), PLAIN)
    teacher = build_model(settings, data).eval()
    chosen, student = refined(settings, teacher, data, 256)
    assert chosen.model.remainder_dim == 6
    assert torch.equal(student.feature_scale, teacher.feature_scale)
    found = compare_with_teacher(student, teacher, data, seed=0)
    assert found.student_error < 0.1 * found.teacher_error


def test_it_is_the_same_each_time(digits: LabelledData, digits_model: TwoCodeModel) -> None:
    first, second = (refined(_settings(), digits_model, digits, 24)[1] for _ in range(2))
    x, y = digits.test.x, digits.test.y
    assert np.array_equal(encode_all(first, x, y).w_mean, encode_all(second, x, y).w_mean)


def test_what_is_refined_is_not_trained(digits: LabelledData) -> None:
    settings = _settings(model={"w_dim": 20, "remainder_dim": 16})
    with pytest.raises(DifferentiaError, match="differentia refine RUN"):
        Trainer(settings, digits, Fabric(accelerator="cpu", devices=1))
