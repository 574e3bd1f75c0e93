"""Methods by name and by file, and what they make of their terms."""

from pathlib import Path

import pytest
import torch

from differentia.data.dataset import LabelledData
from differentia.errors import DifferentiaError
from differentia.methods.base import Method, built_in, find, resolve
from differentia.methods.report import Report
from differentia.model.vae import VAE, VAEConfig
from differentia.terms.base import total
from differentia.terms.capacity import Capacity
from differentia.terms.kl import KL
from differentia.terms.reconstruction import Reconstruction
from differentia.training.settings import validated
from small import small_data, small_method, small_pass

OWN = """
from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from differentia.methods.base import Method
from differentia.model.vae import VAE, VAEConfig
from differentia.terms.base import Part, Pass, Term
from differentia.terms.reconstruction import Reconstruction


@dataclass
class Sizes:
    least: int = 1


class Sparse(Term):
    def loss(self, p: Pass) -> dict[str, Part]:
        return {"sparsity": Part(p.posterior["z"].mean.abs().sum(1).mean(), 3.0)}


class Mine(Method):
    class Config(VAEConfig):
        kind: Literal["plain", "odd"] = Field("plain", description="Kind.")

    Terms = {"reconstruction": Reconstruction, "sparse": Sparse}

    @classmethod
    def build(cls, config, shape, n_classes):
        return VAE(config, shape, n_classes)
"""


class Doubled(Method):
    """Two terms that name a part alike."""

    Terms = {"reconstruction": Reconstruction, "kl": KL, "capacity": Capacity}  # noqa: RUF012

    @classmethod
    def build(cls, config: VAEConfig, shape: tuple[int, ...], n_classes: int) -> VAE:
        return VAE(config, shape, n_classes)


def test_every_built_in_method_is_found_by_its_name() -> None:
    assert {"naive", "refined", "released", "report", "strict"} <= set(built_in())
    for name, module in built_in().items():
        method = find(name)
        assert issubclass(method, Method)
        assert method.__module__ == module


def test_a_method_of_one_s_own_has_settings_a_model_and_terms(tmp_path: Path) -> None:
    """However its annotations are written."""
    (tmp_path / "mine.py").write_text(OWN)
    mine = find(f"{tmp_path / 'mine.py'}:Mine")
    values = {"method": "mine.py:Mine", "data": {"source": "noise"}, "model": {"kind": "odd", "hidden": [8]}}
    settings = validated(values, mine)
    method = mine(settings.model, dict(settings.terms), small_data(), 0)
    p = small_pass(method)
    parts = method.loss(p)
    assert parts["sparsity"].weight == 3.0
    assert parts["sparsity"].value == p.posterior["z"].mean.abs().sum(1).mean()
    with pytest.raises(DifferentiaError, match=r"model\.kind"):
        validated(values | {"model": {"kind": "even"}}, mine)


def test_the_loss_is_every_part_of_every_term() -> None:
    method = small_method(Report, {"w_dim": 3}, {"reconstruction": {}, "capacity": {}, "class_loss": {}})
    p = small_pass(method)
    expected = [total(term.loss(p)) for term in method.terms.values()]
    assert total(method.loss(p)).item() == pytest.approx(torch.stack(expected).sum().item(), rel=1e-5)


def test_two_terms_that_name_a_part_alike_are_refused_rather_than_one_left_out() -> None:
    method = small_method(Doubled, {}, {"reconstruction": {}, "kl": {}, "capacity": {}})
    with pytest.raises(DifferentiaError, match="'capacity' has a part 'kl_z', and so has another term"):
        method.loss(small_pass(method))
    alone = small_method(Doubled, {}, {"reconstruction": {}, "kl": {}})
    assert alone.loss(small_pass(alone))["kl_z"].weight == 1.0


def test_the_seed_decides_the_weights_of_model_and_terms_and_the_global_generator_nothing() -> None:
    config = Report.Config(z_dim=3, w_dim=3, hidden=[16])
    terms = {"class_loss": Report.Terms["class_loss"].Config(hidden=[8])}
    made = []
    for seed in (0, 0, 1):
        torch.rand(3)
        state = torch.get_rng_state()
        made.append(Report(config, terms, small_data(), seed))
        assert torch.equal(torch.get_rng_state(), state)
    same, other = (
        [torch.equal(a, b) for a, b in zip(made[0].parameters(), m.parameters(), strict=True)]
        for m in made[1:]
    )
    assert all(same)
    assert not any(other)


def test_a_method_knows_the_class_frequencies_and_the_scale_of_the_data() -> None:
    data = small_data()
    uneven = LabelledData("v", type(data.train)(data.train.x[:5], data.train.y[:5]), data.test, tuple("abcd"))
    strict = find("strict")
    config = strict.Config(z_dim=3, w_dim=2, hidden=[8], canonical=False)
    method = strict(config, {"adversary": strict.Terms["adversary"].Config()}, uneven, 0)
    assert method.terms["adversary"].class_frequencies.tolist() == pytest.approx([0.4, 0.2, 0.2, 0.2])


def test_the_file_of_a_method_is_run_once_for_all_who_ask(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(OWN)
    name = f"{tmp_path / 'mine.py'}:Mine"
    assert find(name) is find(name)


def test_another_method_than_the_recorded_one_is_refused() -> None:
    assert resolve("strict", None) is resolve("strict", "strict")
    for recorded, given in (
        ("strict", "vae"),
        ("mine.py:Mine", "mine.py:Other"),
        ("strict", "a/mine.py:Mine"),
    ):
        with pytest.raises(DifferentiaError, match=f"by the method {recorded}, and not by {given}"):
            resolve(recorded, given)
