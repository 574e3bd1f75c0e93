"""The loop's promises: repeatable, resumable at any step, honest about what it sums."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
import torch

from differentia.data.dataset import LabelledData, Split
from differentia.data.settings import DataSettings
from differentia.errors import DifferentiaError
from differentia.images.transformations import transformed
from differentia.inference import encode_all
from differentia.measurements.morphometry import measure
from differentia.measurements.within_class import within_class_scores
from differentia.terms.base import Part
from differentia.training.checkpoint import Checkpoint
from differentia.training.devices import OneDevice
from differentia.training.loop import Trainer
from differentia.training.presets import preset
from differentia.training.settings import Settings, combined

SMALL = {
    "model": {"network": "mlp", "hidden": [32], "z_dim": 6},
    "training": {"epochs": 2, "batch_size": 256, "accelerator": "cpu"},
}


def _settings(name: str = "strict", **changes: object) -> Settings:
    chosen = combined([SMALL, {} if name == "naive" else {"model": {"w_dim": 6}}, changes])
    return preset(name, DataSettings(source="digits"), (8, 8, 1), chosen)


def _trainer(settings: Settings, data: LabelledData) -> Trainer:
    return Trainer(settings, data, OneDevice())


def _same(a: Checkpoint, b: Checkpoint) -> bool:
    untimed = [
        {**c.state, "seconds": 0, "records": [r | {"seconds": 0} for r in c.state["records"]]} for c in (a, b)
    ]
    tensors = a.tensors.keys() == b.tensors.keys() and all(
        torch.equal(t, b.tensors[n]) for n, t in a.tensors.items()
    )
    return tensors and untimed[0] == untimed[1]


SWAPS = {"terms": {"swap": {"weight": 5}}}


@pytest.mark.parametrize(
    ("name", "changes"),
    [("strict", {}), ("strict", SWAPS), ("report", {}), ("released", {}), ("naive", {})],
    ids=["strict", "swaps", "report", "released", "naive"],
)
@pytest.mark.parametrize("steps", [1, 5, 6])
def test_resumed_at_any_step_equals_never_interrupted(
    name: str, changes: dict[str, object], steps: int, digits: LabelledData, tmp_path: Path
) -> None:
    settings = _settings(name, **changes)
    whole = _trainer(settings, digits)
    assert whole.run()

    first = _trainer(settings, digits)
    assert not first.run(stop=lambda: first.step == steps)
    first.checkpoint().save(tmp_path / "c.safetensors")
    second = _trainer(settings, digits)
    second.restore(Checkpoint.load(tmp_path / "c.safetensors"))
    assert second.step == steps
    assert second.run()
    assert _same(second.checkpoint(), whole.checkpoint())


def test_the_seed_decides_everything_and_the_global_generator_nothing(digits: LabelledData) -> None:
    trainers = [_trainer(_settings(training={"seed": seed, "epochs": 1}), digits) for seed in (3, 3, 4)]
    for trainer in trainers:
        torch.manual_seed(trainer.settings.training.seed + len(trainer.monitor.records))
        torch.rand(7)
        trainer.run()
    assert _same(trainers[0].checkpoint(), trainers[1].checkpoint())
    assert not _same(trainers[0].checkpoint(), trainers[2].checkpoint())


def test_step_2_leaves_the_model_and_step_1_the_classifiers_bit_identical(
    digits: LabelledData, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer = _trainer(_settings(**SWAPS), digits)
    rivals = {name: trainer.method.terms[name].rival for name in ("adversary", "swap")}
    assert list(trainer.rivals) == list(rivals)
    moved: list[tuple[bool, ...]] = []

    def watched(minimise: Callable[..., None]) -> Callable[..., None]:
        def update(parts: Mapping[str, Part], progress: float) -> None:
            modules = trainer.method.model, *rivals.values()
            before = [[p.detach().clone() for p in m.parameters()] for m in modules]
            minimise(parts, progress)
            moved.append(
                tuple(
                    any(not torch.equal(p, q) for p, q in zip(m.parameters(), b, strict=True))
                    for m, b in zip(modules, before, strict=True)
                )
            )

        return update

    for descent in (trainer.model_descent, *trainer.rivals.values()):
        monkeypatch.setattr(descent, "minimise", watched(descent.minimise))
    trainer.run(stop=lambda: trainer.step == 3)
    updates = trainer.settings.terms.adversary.steps
    assert updates > 1
    codes, samples = (False, True, False), (False, False, True)
    assert moved == [(True, False, False), *[codes] * updates, samples] * 3


@pytest.mark.parametrize("schedule", ["constant", "cosine"])
def test_the_adversary_has_a_schedule_of_its_own_and_the_image_classifier_a_constant_rate(
    schedule: str, digits: LabelledData
) -> None:
    changes = {
        "training": {"schedule": "cosine"},
        "terms": {
            "adversary": {"schedule": schedule, "learning_rate": 0.002},
            "swap": {"weight": 5, "learning_rate": 0.003},
        },
    }
    trainer = _trainer(_settings(**changes), digits)
    trainer.run()
    last = 1 - 1 / trainer.total_steps
    rates = {name: r.rate(last) for name, r in trainer.rivals.items()}
    of_model = trainer.model_descent.rate(last) / trainer.settings.training.learning_rate
    assert of_model < 0.1
    assert rates == pytest.approx(
        {"adversary": 0.002 * (1 if schedule == "constant" else of_model), "swap": 0.003}
    )


def test_every_sample_is_seen_and_each_once_an_epoch(digits: LabelledData) -> None:
    data = LabelledData("d", Split(digits.train.x[:64], digits.train.y[:64]), digits.test, digits.class_names)
    trainer = _trainer(_settings(training={"batch_size": 16, "epochs": 2}), data)
    orders = []
    seen: list[torch.Tensor] = []
    while trainer.step < trainer.total_steps:
        seen.append(trainer.batches.at(trainer.step).x)
        trainer.train_batch()
        if trainer.step % trainer.batches.per_epoch == 0:
            orders.append(torch.cat(seen))
            seen = []
    for order in orders:
        assert sorted(map(bytes, order.numpy())) == sorted(map(bytes, data.train.x))
    assert not torch.equal(*orders)


def test_a_batch_holds_the_within_class_scores_of_its_own_samples(digits: LabelledData) -> None:
    declared = {"generic": [], "measured": ["contrast", "brightness"]}
    trainer = _trainer(_settings(model=declared), digits)
    found = measure(digits.train.x)
    found = found.values[:, [found.names.index(name) for name in ("contrast", "brightness")]]
    scores = within_class_scores(found, digits.train.y)
    expected = {bytes(x): s for x, s in zip(digits.train.x, scores, strict=True)}
    batch = trainer.batches.at(3)
    for x, of_sample in zip(batch.x.numpy(), batch.known["within_class"].numpy(), strict=True):
        assert np.array_equal(expected[bytes(x)], of_sample)
    assert _trainer(_settings(), digits).batches.at(3).known == {}


def test_a_measurement_that_the_data_do_not_have_is_refused(digits: LabelledData) -> None:
    colour = "only colour images have one"
    with pytest.raises(DifferentiaError, match=colour):
        _trainer(_settings(model={"generic": [], "measured": ["saturation"]}), digits)


@pytest.mark.slow
def test_z_tells_a_declared_measurement_and_w_does_not(digits: LabelledData) -> None:
    """In the first dimension after the transformations', which no adversary need be told of."""
    told = {}
    for measured in ([], ["brightness"]):
        settings = _settings(
            model={"measured": measured, "generic": ["shear"]}, training={"epochs": 30, "batch_size": 64}
        )
        trainer = _trainer(settings, digits)
        trainer.run()
        codes = encode_all(trainer.method.model, digits.test.x, digits.test.y)
        brightness = within_class_scores(digits.test.x.mean(axis=(1, 2)).astype(float), digits.test.y)[:, 0]
        told[bool(measured)] = [
            np.abs(np.corrcoef(brightness, code, rowvar=False)[0, 1:]).max()
            for code in (codes.z_mean[:, 1:2], codes.w_mean)
        ]
    assert told[True][0] > 0.8 > told[False][0]
    assert told[True][1] < told[False][1]


def test_records_hold_the_mean_of_every_term(digits: LabelledData) -> None:
    trainer = _trainer(_settings(training={"batch_size": 32}), digits)
    assert trainer.run()
    assert [r["epoch"] for r in trainer.monitor.records] == [1, 2]
    for record in trainer.monitor.records:
        assert {
            "squared_error",
            "kl_z",
            "kl_w",
            "critic_loss_z",
            "multiplier_z",
            "capacity_w",
        } <= record.keys()
        assert all(np.isfinite(list(record.values())))
    assert trainer.monitor.records[1]["squared_error"] < trainer.monitor.records[0]["squared_error"]


def test_a_loss_that_is_not_finite_names_step_and_terms_and_keeps_the_last_good_checkpoint(
    digits: LabelledData,
) -> None:
    settings = _settings(training={"epochs": 3, "checkpoint_seconds": 0})
    trainer = _trainer(settings, digits)
    saved: list[Checkpoint] = []

    def poison(trainer: Trainer) -> None:
        if trainer.step == 7:
            with torch.no_grad():
                next(trainer.method.model.decoder.parameters()).fill_(float("nan"))

    with pytest.raises(DifferentiaError, match=r"step 8, epoch 2 \(negative_log_likelihood nan"):
        trainer.run(poison, saved.append)
    assert saved[-1].state["step"] == 7
    assert len(saved) == 7


def test_weights_that_the_last_step_breaks_are_not_saved(digits: LabelledData) -> None:
    trainer, saved = _trainer(_settings(), digits), []

    def break_it(trainer: Trainer) -> None:
        if trainer.step == trainer.total_steps - 1:
            trainer.model_descent.moments.fill_(float("nan"))

    with pytest.raises(DifferentiaError, match="no longer finite after the last step"):
        trainer.run(watch=break_it, save=saved.append)
    assert not saved


def test_a_batch_larger_than_the_data_is_the_data(digits: LabelledData) -> None:
    trainer = _trainer(_settings(training={"batch_size": 10_000}), digits)
    assert (trainer.batches.size, trainer.batches.per_epoch) == (len(digits.train), 1)


def test_read_only_memory_maps_are_trained_on_as_they_are(digits: LabelledData, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", digits.train.x)
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    data = LabelledData("d", Split(mapped, digits.train.y), digits.test, digits.class_names)
    a, b = (_trainer(_settings(training={"epochs": 1}), d) for d in (data, digits))
    a.run()
    b.run()
    assert _same(a.checkpoint(), b.checkpoint())


def test_a_model_that_does_not_fit_the_samples_says_why(digits: LabelledData) -> None:
    settings = _settings(model={"network": "conv", "channels": [8, 8, 8, 8]})
    with pytest.raises(DifferentiaError, match="8×8 is below 16 pixels"):
        _trainer(settings, digits)


def test_a_checkpoint_of_another_model_is_refused(digits: LabelledData) -> None:
    small = _trainer(_settings(), digits)
    large = _trainer(_settings(model={"hidden": [64]}), digits)
    with pytest.raises(DifferentiaError, match="does not fit the settings"):
        large.restore(small.checkpoint())


def test_a_checkpoint_in_the_midst_of_a_later_epoch_is_refused(digits: LabelledData) -> None:
    """Its training would never come to the last step."""
    later, shorter = (_trainer(_settings(training={"epochs": epochs}), digits) for epochs in (2, 1))
    later.run(stop=lambda: later.step > shorter.total_steps)
    with pytest.raises(DifferentiaError, match="2 epochs are trained already, or begun"):
        shorter.restore(later.checkpoint())


def test_a_damaged_checkpoint_is_named(tmp_path: Path, digits: LabelledData) -> None:
    path = tmp_path / "c.safetensors"
    _trainer(_settings(), digits).checkpoint().save(path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DifferentiaError, match="damaged"):
        Checkpoint.load(path)
    with pytest.raises(DifferentiaError, match=r"no d\.safetensors"):
        Checkpoint.load(tmp_path / "d.safetensors")


def test_vectors_and_the_naive_model_train(digits: LabelledData) -> None:
    flat = [Split(s.x.reshape(len(s), -1).astype(np.float32), s.y) for s in (digits.train, digits.test)]
    vectors = LabelledData("v", flat[0], flat[1], digits.class_names)
    settings = preset("strict", DataSettings(source="v.npz"), (64,), SMALL)
    trainer = _trainer(settings, vectors)
    assert trainer.run()
    assert trainer.method.model.feature_scale.std() > 0
    trainer = _trainer(_settings("naive"), digits)
    assert trainer.run()
    assert "kl_z" in trainer.monitor.records[-1]
    assert "kl_w" not in trainer.monitor.records[-1]
    assert not trainer.rivals


def test_vectors_have_nothing_to_transform_or_measure(digits: LabelledData) -> None:
    flat = [Split(s.x.reshape(len(s), -1).astype(np.float32), s.y) for s in (digits.train, digits.test)]
    vectors = LabelledData("v", flat[0], flat[1], digits.class_names)
    for declared in ({"canonical": True}, {"measured": ["area"]}, {"generic": ["shift"], "canonical": True}):
        settings = preset(
            "strict", DataSettings(source="v.npz"), (64,), combined([SMALL, {"model": declared}])
        )
        with pytest.raises(DifferentiaError, match="does not fit v: it holds vectors"):
            _trainer(settings, vectors)


def test_a_term_that_is_left_out_leaves_nothing(digits: LabelledData) -> None:
    """Neither weights nor records, and the other terms as they are."""
    terms = {"adversary": None, "equivariance": None}
    trainer = _trainer(_settings(terms=terms, training={"epochs": 1}), digits)
    assert trainer.run()
    assert set(trainer.method.terms) == {"reconstruction", "capacity", "supervised_latent"}
    assert not trainer.rivals
    (record,) = trainer.monitor.records
    assert not record.keys() & {"misleading_z", "critic_loss_z", "equivariance"}
    assert {"squared_error", "multiplier_z"} <= record.keys()


def test_weights_do_not_depend_on_which_terms_there_are(digits: LabelledData) -> None:
    """So that an ablation begins where the whole method does."""
    whole, less = (_trainer(_settings(terms=terms), digits) for terms in ({}, {"adversary": None}))
    for a, b in zip(whole.method.model.parameters(), less.method.model.parameters(), strict=True):
        assert torch.equal(a, b)


def test_in_half_precision_pictures_are_transformed_in_float32(digits: LabelledData) -> None:
    """Places in a picture would be off by whole pixels, and z be taught wrong strengths."""
    data = LabelledData("d", Split(digits.train.x[:64], digits.train.y[:64]), digits.test, digits.class_names)
    found = []
    for precision in ("32-true", "bf16-mixed"):
        settings = _settings(training={"precision": precision, "batch_size": 64})
        fabric = OneDevice(half=precision == "bf16-mixed")
        trainer = Trainer(settings, data, fabric)
        rng = torch.Generator().manual_seed(0)
        with fabric.autocast():
            found.append(trainer.method.infer(trainer.batches.at(0), rng, 0.0))
        trainer.train_batch()
        trainer.monitor.check_finite(1)
    assert torch.equal(found[0].known["strengths"], found[1].known["strengths"])
    assert all(q.mean.dtype == torch.float32 for q in found[1].posterior.values())
    x, strengths, names = found[0].x, found[0].known["strengths"], ["shift", "scale", "shear"]
    moved = transformed(x, names, strengths[:, :4])
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(transformed(x, names, strengths[:, :4]), moved)
