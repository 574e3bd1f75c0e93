"""A student keeps the codes of its teacher and what they do, and decodes more."""

from pathlib import Path

import numpy as np
import pytest
import torch

from differentia.data.arrays import assemble
from differentia.data.dataset import LabelledData
from differentia.data.settings import DataSettings
from differentia.errors import DifferentiaError
from differentia.inference import encode_all, sample_all
from differentia.methods.naive import Naive
from differentia.methods.strict import Strict
from differentia.metrics.refinement import compare_with_teacher
from differentia.model.base import Model
from differentia.model.transforming import TransformingVAE
from differentia.model.vae import VAE
from differentia.randomness import WEIGHTS, seeded
from differentia.refine.residual import ResidualModel
from differentia.refining import check_refinable, refined
from differentia.training.devices import OneDevice
from differentia.training.loop import Trainer
from differentia.training.presets import preset
from differentia.training.run import Run
from differentia.training.settings import Settings, combined

PLAIN = {
    "model": {
        "hidden": [128, 64],
        "z_dim": 4,
        "w_dim": 4,
        "quantisation_step": 0,
        "shared_variance": False,
        "canonical": False,
        "generic": [],
    }
}


def _settings(**changes: object) -> Settings:
    return preset("strict", DataSettings(source="digits"), (8, 8, 1), combined([PLAIN, changes]))


def _untrained(settings: Settings, data: LabelledData) -> Model:
    with seeded(settings.training.seed, WEIGHTS):
        model = Strict.build(settings.model, data.shape, data.n_classes)
    model.fit_normalisation(data.train.x)
    return model.eval()


def test_a_student_halves_the_error_and_keeps_codes_and_their_effects(
    digits: LabelledData, digits_model: VAE
) -> None:
    _, student = refined(_settings(), digits_model, digits, 24)
    found = compare_with_teacher(student, digits_model, digits, seed=0)
    assert found.codes_kept
    assert found.student_error < 0.5 * found.teacher_error
    assert max(found.z_changed, found.w_changed) < 0.1
    weights = {f"inner.{name}": weight for name, weight in digits_model.named_parameters()}
    learnt = dict(student.named_parameters())
    assert learnt.keys() - weights.keys() == {"corrected_log_scale"}
    assert weights.keys() <= learnt.keys()
    assert all(torch.equal(learnt[name], weight) for name, weight in weights.items())


def test_what_the_noise_of_the_codes_takes_is_told_too(digits: LabelledData, digits_model: VAE) -> None:
    """u is drawn after z and w, so a u of all pixels leaves no more than its own noise, a hundredth."""
    _, student = refined(_settings(), digits_model, digits, 64)
    found = compare_with_teacher(student, digits_model, digits, seed=0)
    assert 0 < found.student_error < 0.011 * found.teacher_error


def test_the_likelihood_is_as_wide_as_the_error(digits: LabelledData, digits_model: VAE) -> None:
    settings, student = refined(_settings(), digits_model, digits, 24)
    assert (student.w_dim, student.own_w_dim, settings.model.dim) == (28, 4, 24)
    found = compare_with_teacher(student, digits_model, digits, seed=0)
    variance = float(student.corrected_log_scale.detach().exp().square())
    assert 64 * variance == pytest.approx(found.student_error, rel=0.3)  # that of training data


def test_new_samples_have_a_whole_w(digits: LabelledData, digits_model: VAE) -> None:
    _, student = refined(_settings(), digits_model, digits, 24)
    assert isinstance(student, ResidualModel)
    drawn = [m.draw_codes(digits.test.y, np.random.default_rng(0)) for m in (digits_model, student)]
    assert drawn[1][1].shape == (len(digits.test.y), 28)
    for of_teacher, of_student in zip(*drawn, strict=True):
        assert np.array_equal(of_teacher, of_student[:, : of_teacher.shape[1]])
    u = drawn[1][1][:, 4:]
    assert u.std() == pytest.approx(1, abs=0.15)
    x, y = digits.train.x, digits.train.y
    told = sample_all(student, encode_all(student, x, y), x, y, seed=0)[1][:, 4:]
    means = np.stack([told[y == label].mean(axis=0) for label in range(10)])
    away = np.linalg.norm(student.u_mixture.location[:, :1].numpy() - means, axis=2)
    assert away.argmin(axis=1).tolist() == list(range(10))  # each class has a Gaussian of its own


@pytest.mark.parametrize(("gain", "moves"), [(1.0, True), (100.0, False)])
def test_what_moving_would_blur_is_added_to_the_moved_picture(
    gain: float, moves: bool, digits: LabelledData
) -> None:
    """A z that moves 8×8 pictures far blurs what is finer, or has it leave the frame."""
    declared = {"generic": ["shift", "rotate"], "canonical": True, "shared_variance": True}
    settings = _settings(model=declared)
    teacher = _untrained(settings, digits)
    with torch.no_grad():
        teacher.z_head.mean.weight *= gain
    chosen, student = refined(settings, teacher, digits, 64)
    assert chosen.model.moves == moves
    found = compare_with_teacher(student, teacher, digits, seed=0)
    assert found.codes_kept
    assert moves or found.student_error < 0.05 * found.teacher_error


@pytest.mark.parametrize(
    "model",
    [
        {
            "generic": ["shift", "brightness"],
            "canonical": True,
            "shared_variance": True,
            "quantisation_step": 2.0,
        },
        {"network": "conv", "channels": [4, 6], "hidden": [16]},
        {"likelihood": "gaussian", "scale": 0.1},
    ],
    ids=["acting", "conv", "gaussian"],
)
def test_any_model_of_images_is_refined(model: dict[str, object], digits: LabelledData) -> None:
    """Even one that was never trained: what it leaves is nearly the whole picture."""
    settings = _settings(model=model)
    teacher = _untrained(settings, digits)
    assert isinstance(teacher, TransformingVAE) == ("generic" in model)
    assert teacher.z_head.quantisation_step == settings.model.quantisation_step
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
    teacher = _untrained(settings, data)
    chosen, student = refined(settings, teacher, data, 256)
    assert chosen.model.dim == 6
    assert torch.equal(student.feature_scale, teacher.feature_scale)
    assert not torch.equal(student.feature_scale, torch.ones(6))
    found = compare_with_teacher(student, teacher, data, seed=0)
    assert found.student_error < 0.1 * found.teacher_error


def test_it_is_the_same_each_time(digits: LabelledData, digits_model: VAE) -> None:
    first, second = (refined(_settings(), digits_model, digits, 24)[1] for _ in range(2))
    x, y = digits.test.x, digits.test.y
    assert np.array_equal(encode_all(first, x, y).w_mean, encode_all(second, x, y).w_mean)


def test_a_saved_student_is_the_student(digits: LabelledData, tmp_path: Path) -> None:
    declared = {"generic": ["shift"], "canonical": True}
    settings = _settings(model=declared)
    chosen, student = refined(settings, _untrained(settings, digits), digits, 24)
    run = Run.create(tmp_path / "student", chosen, digits)
    run.save_model(student.state_dict(), [])
    loaded = Run.open(tmp_path / "student").load_model()
    x, y = digits.test.x, digits.test.y
    codes = [sample_all(m, encode_all(m, x, y), x, y, seed=0) for m in (student, loaded)]
    assert codes[0][1].shape == (len(y), 4 + 24)
    for of_student, of_loaded in zip(*codes, strict=True):
        assert np.array_equal(of_student, of_loaded)


def test_what_is_refined_is_not_trained(digits: LabelledData, digits_model: VAE) -> None:
    settings, _ = refined(_settings(), digits_model, digits, 16)
    with pytest.raises(DifferentiaError, match="differentia refine RUN"):
        Trainer(settings, digits, OneDevice())


def test_what_cannot_be_refined_says_why(digits: LabelledData, tmp_path: Path) -> None:
    one = {"training": {"epochs": 1}}
    unfinished = Run.create(tmp_path / "unfinished", _settings(**one), digits)
    with pytest.raises(DifferentiaError, match=r"not finished \(0 of 1 epochs\)"):
        check_refinable(unfinished)
    small = combined([one, {"model": {"z_dim": 4, "hidden": [8]}}])
    settings = preset("naive", DataSettings(source="digits"), (8, 8, 1), small)
    naive = Run.create(tmp_path / "naive", settings, digits)
    naive.save_model(Naive.build(settings.model, digits.shape, 10).state_dict(), [{"epoch": 1}])
    with pytest.raises(DifferentiaError, match="has no w"):
        check_refinable(naive)
    done = Run.create(tmp_path / "twice", _settings(**one), digits)
    done.save_model({}, [{"epoch": 1}])
    done.settings = done.settings.model_copy(update={"method": "refined"})
    with pytest.raises(DifferentiaError, match="is refined already"):
        check_refinable(done)
    done.settings = done.settings.model_copy(update={"method": "mine.py:Mine"})
    with pytest.raises(DifferentiaError, match="methods that come with differentia"):
        check_refinable(done)
