"""What a variant trains on a data set, and that equal runs have equal keys."""

from dataclasses import replace

import pytest

from differentia.reproduce.jobs import Job, settings_of
from differentia.reproduce.variants import VARIANTS, plain

SHAPE = (28, 28, 1)


def key(variant, seed=0, quick=False):
    return Job(settings_of(variant, "mnist", SHAPE, seed, quick), "0a1b").key


@pytest.mark.parametrize("dataset", ["mnist", "fashion-mnist", "celeba", "digits"])
@pytest.mark.parametrize("name", VARIANTS)
def test_every_variant_gives_possible_settings_of_its_own(name, dataset):
    shape = {"celeba": (64, 64, 3), "digits": (8, 8, 1)}.get(dataset, SHAPE)
    settings = settings_of(VARIANTS[name], dataset, shape, 3, quick=True)
    assert settings.training.seed == 3
    others = [settings_of(r, dataset, shape, 3, quick=True) for n, r in VARIANTS.items() if n != name]
    assert settings not in others


def test_the_variants_differ_where_they_say():
    def game(name):
        return settings_of(VARIANTS[name], "mnist", SHAPE, 0, False).terms.class_loss

    assert game("without") is None
    assert (game("report-w").reads, game("report-w").w_weight) == ("w", 0)
    assert (game("report-z").reads, game("report-z").w_weight) == ("z", 0)
    assert (game("report-w-encoder").reads, game("report-w-encoder").w_weight) == ("w", 1)
    assert (game("report-both").reads, game("report-both").w_weight) == ("both", 1)


def test_without_capacity_a_variant_keeps_its_class_loss():
    base, bare = VARIANTS["report-both"], plain("report-both")
    with_, without = (settings_of(r, "mnist", SHAPE, 0, False) for r in (base, bare))
    assert with_.terms.class_loss == without.terms.class_loss
    assert (without.terms.capacity.mode, without.terms.capacity.beta) == ("beta", 1)


def test_the_key_tells_settings_apart_and_not_what_a_variant_is_called():
    keys = {key(VARIANTS["report-w"], seed, quick) for seed in (0, 1) for quick in (False, True)}
    assert len(keys) == 4
    assert key(replace(VARIANTS["report-w"], name="mine", meaning="another name")) in keys


def test_a_job_is_its_method_its_data_and_what_differs_from_the_defaults():
    job = Job(settings_of(VARIANTS["without"], "mnist", SHAPE, 3, quick=True), "0a1b", full_audit=True)
    found = job.identity
    assert (found.data, found.fingerprint, found.method) == ("mnist", "0a1b", "report")
    assert found.versions == {"model": 1, "reconstruction": 1, "capacity": 1}  # the class loss is left out
    assert (found.seed, found.full_audit) == (3, True)
    assert found.changes["data.limit"] == 10_000
    assert found.changes["terms.class_loss"] is None
    assert "training.learning_rate" not in found.changes  # the quick budget's rate is the default
    assert not {"preset", "data.source", "training.seed"} & set(found.changes)


def test_the_vae_has_what_strict_has_and_no_more():
    vae, strict = (
        settings_of(VARIANTS[n], "fashion-mnist", SHAPE, 0, False, 60_000) for n in ("vae", "strict")
    )
    assert vae.method == "vae"
    assert vae.model.z_dim == strict.model.z_dim + strict.model.w_dim
    assert (vae.model.hidden, vae.model.likelihood) == (strict.model.hidden, strict.model.likelihood)
    assert vae.training == strict.training


def test_an_ablation_changes_the_one_thing_that_its_name_says():
    strict = settings_of(VARIANTS["strict"], "mnist", SHAPE, 0, False, 60_000)
    undeclared = settings_of(VARIANTS["strict-undeclared"], "mnist", SHAPE, 0, False, 60_000)
    model = strict.model.model_copy(update={"generic": [], "measured": []})
    assert undeclared == strict.model_copy(update={"model": model})
