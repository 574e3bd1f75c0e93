"""The published methods: short files with a preset and the class where it belongs; they learn and resume."""

import inspect
from pathlib import Path

import numpy as np
import pytest
import torch

from differentia.data.dataset import LabelledData
from differentia.data.settings import DataSettings
from differentia.inference import encode_all, generate
from differentia.methods.base import Method, find
from differentia.terms.base import Batch, total
from differentia.training.checkpoint import Checkpoint
from differentia.training.devices import OneDevice
from differentia.training.loop import Trainer
from differentia.training.presets import preset, preset_names
from differentia.training.settings import combined
from small import encoded

SEEN = {
    "autoencoder": "",
    "vae": "",
    "beta-vae": "",
    "burgess": "",
    "beta-tcvae": "",
    "factor-vae": "",
    "cvae": "encoder of z, decoder, prior of z",
    "csvae": "encoder of w, prior of w",
}
"""What of each method's model sees the class."""

UNSUPERVISED = [name for name, seen in SEEN.items() if not seen]
NAMES = pytest.mark.parametrize("name", SEEN)

SMALL = {"model": {"hidden": [32], "z_dim": 6}, "training": {"batch_size": 256, "epochs": 2}}
OF_METHOD = {
    "factor-vae": {"terms": {"total_correlation": {"hidden": [32]}}},
    "csvae": {"model": {"w_dim": 4}},
}


def _trainer(name: str, data: LabelledData, **changes: object) -> Trainer:
    described = combined([SMALL, OF_METHOD.get(name, {}), changes])
    settings = preset(name, DataSettings(source="digits"), data.shape, described, len(data.train))
    return Trainer(settings, data, OneDevice())


def _made(name: str, data: LabelledData) -> Method:
    settings = _trainer(name, data).settings
    return find(name)(settings.model, dict(settings.terms), data, seed=0)


@NAMES
def test_a_method_is_one_short_file_with_source_and_preset(name: str) -> None:
    method = find(name)
    file = Path(inspect.getfile(method))
    assert file.name == name.replace("-", "_") + ".py"
    assert len(file.read_text("utf-8").splitlines()) <= 60
    assert any(str(year) in (inspect.getmodule(method).__doc__ or "") for year in range(2000, 2030))
    assert name in preset_names()
    assert preset(name, DataSettings(source="digits"), (8, 8, 1), {}).method == name


@NAMES
def test_the_class_is_seen_where_the_method_says(name: str, digits: LabelledData) -> None:
    model = _made(name, digits).model
    x, y = model.normalise(torch.from_numpy(digits.train.x[:8])), torch.from_numpy(digits.train.y[:8])
    other = (y + 1) % 10
    found = []
    with torch.no_grad():
        q, q_other = model.encode(x, y), model.encode(x, other)
        found += [f"encoder of {code}" for code in q if not torch.equal(q[code].mean, q_other[code].mean)]
        code = {code: gaussian.mean for code, gaussian in q.items()}
        if not torch.equal(model.decode(code, y).mean, model.decode(code, other).mean):
            found.append("decoder")
        prior, prior_other = model.prior(y), model.prior(other)
        found += [
            f"prior of {code}" for code in q if not torch.equal(prior[code].mean, prior_other[code].mean)
        ]
    assert ", ".join(found) == SEEN[name]


@pytest.mark.parametrize("name", UNSUPERVISED)
def test_no_loss_of_an_unsupervised_method_depends_on_a_class(name: str, digits: LabelledData) -> None:
    method, x = _made(name, digits), torch.from_numpy(digits.train.x[:32])
    losses = []
    for y in (torch.zeros(32, dtype=torch.int64), torch.arange(32) % 10):
        p = method.infer(Batch(x, y, {}), torch.Generator().manual_seed(0), 0.5)
        parts = method.loss(p)
        for term in method.terms.values():
            parts |= term.rival_loss(p.detached())
        losses.append({key: float(part.value.detach()) for key, part in parts.items()})
    assert losses[0] == losses[1]


@pytest.mark.parametrize(("name", "beta"), [("vae", 1.0), ("beta-vae", 4.0)])
def test_the_loss_is_the_evidence_lower_bound_with_its_price(
    name: str, beta: float, digits: LabelledData
) -> None:
    method = _made(name, digits)
    batch = Batch(torch.from_numpy(digits.train.x[:32]), torch.from_numpy(digits.train.y[:32]), {})
    p = method.infer(batch, torch.Generator().manual_seed(0), 0.5)
    expected = -p.likelihood.log_prob(p.x).mean() + beta * p.kl["z"]
    assert torch.allclose(total(method.loss(p)), expected)


@pytest.mark.slow
@NAMES
def test_a_method_learns(name: str, digits: LabelledData) -> None:
    trainer = _trainer(name, digits, training={"epochs": 6, "batch_size": 64})
    assert trainer.run()
    records = trainer.monitor.records
    assert records[-1]["negative_log_likelihood"] < records[0]["negative_log_likelihood"] - 2
    if name != "burgess":  # its price is of a target that moves
        assert records[-1]["loss"] < records[0]["loss"]
    shown = {key for term in trainer.method.terms.values() for curve in term.curves for key in curve.lines}
    assert records[-1].keys() & shown


@pytest.mark.slow
@NAMES
@pytest.mark.parametrize("steps", [3, 7])
def test_resumed_at_an_odd_step_equals_never_interrupted(
    name: str, steps: int, digits: LabelledData, tmp_path: Path
) -> None:
    whole = _trainer(name, digits)
    assert whole.run()
    first = _trainer(name, digits)
    assert not first.run(stop=lambda: first.step == steps)
    first.checkpoint().save(tmp_path / "c.safetensors")
    second = _trainer(name, digits)
    second.restore(Checkpoint.load(tmp_path / "c.safetensors"))
    assert second.run()
    ours, theirs = second.checkpoint(), whole.checkpoint()
    assert ours.tensors.keys() == theirs.tensors.keys()
    for key, tensor in ours.tensors.items():
        assert torch.equal(tensor, theirs.tensors[key]), key
    for record, other in zip(ours.state["records"], theirs.state["records"], strict=True):
        assert record | {"seconds": 0} == other | {"seconds": 0}


@pytest.mark.slow
def test_the_capacity_of_burgess_is_reached(digits: LabelledData) -> None:
    changes = {"terms": {"capacity": {"z": 5.0}}, "training": {"epochs": 12, "batch_size": 64}}
    trainer = _trainer("burgess", digits, **changes)
    trainer.run()
    assert trainer.monitor.records[-1]["kl_z"] == pytest.approx(5.0, abs=0.3)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "code"), [("cvae", "z"), ("csvae", "w")])
def test_learnt_priors_end_nearer_to_the_codes_than_n_0_1(name: str, code: str, digits: LabelledData) -> None:
    trainer = _trainer(name, digits, training={"epochs": 6, "batch_size": 64})
    before = [w.detach().clone() for w in trainer.method.model.get_submodule("priors").parameters()]
    trainer.run()
    model = trainer.method.model
    after = list(model.get_submodule("priors").parameters())
    assert all(not torch.equal(a, b) for a, b in zip(after, before, strict=True))
    found = encode_all(model, digits.test.x, digits.test.y)
    standard = encoded(found.z_mean, found.z_log_variance, found.w_mean, found.w_log_variance)
    learnt, fixed = (e.z_kl if code == "z" else e.w_kl for e in (found, standard))
    assert learnt.sum(1).mean() < fixed.sum(1).mean()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["autoencoder", "cvae", "csvae"])
def test_new_samples_of_a_class_can_be_drawn(name: str, digits: LabelledData) -> None:
    trainer = _trainer(name, digits)
    trainer.run()
    drawn = generate(trainer.method.model, np.arange(10), np.random.default_rng(0))
    assert drawn.shape == (10, 8, 8, 1)
    assert np.isfinite(drawn).all()
