"""A student's training keeps the encoders, improves the decoder, and resumes like any other."""

from pathlib import Path

import pytest
import torch
from lightning_fabric import Fabric

from differentia.data.dataset import LabelledData
from differentia.data.settings import DataSettings
from differentia.errors import DifferentiaError
from differentia.evaluation.refinement import compare_with_teacher
from differentia.models.two_code import TwoCodeModel
from differentia.training.checkpoint import Checkpoint
from differentia.training.loop import Trainer
from differentia.training.settings import Settings, combined, preset

SETTINGS = {
    "model": {
        "hidden": [128, 64],
        "z_dim": 4,
        "w_dim": 20,
        "remainder_dim": 16,
        "rounding_start": 0,
        "scale": 0.126,
    },
    "objective": {"remainder": {}},
    "training": {"epochs": 2, "batch_size": 64, "learning_rate": 1e-3, "accelerator": "cpu"},
}


def _settings(**changes: object) -> Settings:
    # The teacher of these tests is not of a preset: it rounds and declares nothing.
    plain = {"model": {"resolution": 0, "shared_variance": False, "generic": []}}
    return preset("strict", DataSettings(source="digits"), (8, 8, 1), combined([SETTINGS, plain, changes]))


def _trainer(settings: Settings, data: LabelledData, teacher: TwoCodeModel | None) -> Trainer:
    return Trainer(settings, data, Fabric(accelerator="cpu", devices=1), teacher)


def test_a_student_nearly_halves_the_error_and_keeps_codes_and_their_effects(
    digits: LabelledData, digits_model: TwoCodeModel
) -> None:
    trainer = _trainer(_settings(training={"epochs": 40}), digits, digits_model)
    before = compare_with_teacher(trainer.model.eval(), digits_model, digits, seed=0)
    assert before.student_error == pytest.approx(before.teacher_error, rel=1e-4)
    assert max(before.z_changed, before.w_changed) < 1e-6
    assert trainer.run()
    after = compare_with_teacher(trainer.model, digits_model, digits, seed=0)
    assert after.codes_kept
    assert after.teacher_error == before.teacher_error
    assert after.student_error < 0.6 * after.teacher_error
    assert max(after.z_changed, after.w_changed) < 0.1


def test_all_that_the_teacher_has_is_kept_to_the_last_bit(
    digits: LabelledData, digits_model: TwoCodeModel
) -> None:
    trainer = _trainer(_settings(), digits, digits_model)
    assert trainer.run()
    kept = digits_model.state_dict()
    mine = trainer.model.state_dict()
    assert all(torch.equal(mine[name], kept[name]) for name, _ in digits_model.named_parameters())
    assert mine["remainder_decoder.input.linear.weight"].shape == (64, 16)


def test_new_samples_have_a_whole_w(digits: LabelledData, digits_model: TwoCodeModel) -> None:
    trainer = _trainer(_settings(), digits, digits_model)
    assert trainer.run()
    assert trainer.model.w_spread.shape == (10, 20, 20)
    assert trainer.model.w_location[:, 4:].abs().max() > 0


@pytest.mark.parametrize("steps", [0, 5])
def test_a_resumed_student_needs_no_teacher_and_ends_the_same(
    steps: int, digits: LabelledData, digits_model: TwoCodeModel, tmp_path: Path
) -> None:
    settings = _settings(training={"epochs": 1})
    whole = _trainer(settings, digits, digits_model)
    assert whole.run()
    first = _trainer(settings, digits, digits_model)
    if steps:
        assert not first.run(stop=lambda: first.step == steps)
    first.checkpoint().save(tmp_path / "c.safetensors")
    second = _trainer(settings, digits, None)
    second.restore(Checkpoint.load(tmp_path / "c.safetensors"))
    assert second.run()
    ours, theirs = second.checkpoint().tensors, whole.checkpoint().tensors
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(tensor, theirs[name]) for name, tensor in ours.items())


def test_without_a_teacher_nothing_is_trained(digits: LabelledData) -> None:
    with pytest.raises(DifferentiaError, match="differentia refine RUN"):
        _trainer(_settings(), digits, None).run()


@pytest.mark.parametrize("part", [{"model": {"remainder_dim": 0}}, {"objective": {"remainder": None}}])
def test_a_remainder_and_its_objective_go_together(part: dict[str, object]) -> None:
    with pytest.raises(DifferentiaError, match="go together; use differentia refine"):
        _settings(**part)
