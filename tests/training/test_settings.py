from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from differentia.data.settings import DataSettings
from differentia.errors import DifferentiaError
from differentia.methods.base import find
from differentia.training.presets import preset
from differentia.training.settings import (
    TrainingSettings,
    change,
    combined,
    settings_of,
    validated,
    validated_data,
)


def test_settings_survive_their_file() -> None:
    for name in ("strict", "report", "released", "naive"):
        changes = {"training": {"epochs": 3}, "terms": {"capacity": {"z": 2.5}}}
        settings = preset(name, DataSettings(source="kinds"), (32, 32, 1), changes)
        assert validated(settings.model_dump()) == settings
        assert type(settings).model_validate_json(settings.model_dump_json()) == settings
        assert settings.model_dump()["terms"]["capacity"]["z"] == 2.5


def test_a_term_that_is_left_out_is_null_in_the_file_too() -> None:
    changes = change("terms.adversary=null")
    settings = preset("strict", DataSettings(source="mnist"), (28, 28, 1), changes)
    assert settings.terms.adversary is None
    chosen = dict(settings.terms)
    assert list(chosen) == list(find("strict").Terms)
    assert chosen["adversary"] is None
    assert chosen["capacity"].z == 9.0
    assert settings.model_dump()["terms"]["adversary"] is None
    assert validated(settings.model_dump()) == settings


def test_a_term_that_a_preset_leaves_out_comes_back_with_one_of_its_settings() -> None:
    assert preset("strict", DataSettings(source="mnist"), (28, 28, 1), {}).terms.swap is None
    changes = change("terms.swap.weight=7")
    swap = preset("strict", DataSettings(source="mnist"), (28, 28, 1), changes).terms.swap
    assert (swap.weight, swap.learning_rate) == (7.0, 0.002)


def test_each_method_has_the_settings_of_its_terms_and_no_others() -> None:
    for name, terms in (
        ("strict", {"reconstruction", "capacity", "adversary", "swap", "equivariance", "supervised_latent"}),
        ("report", {"reconstruction", "capacity", "class_loss"}),
        ("naive", {"reconstruction", "capacity"}),
    ):
        assert set(settings_of(find(name)).model_fields["terms"].annotation.model_fields) == terms
    with pytest.raises(DifferentiaError, match=r"no setting 'terms\.adversary'"):
        preset("report", DataSettings(source="mnist"), (28, 28, 1), change("terms.adversary.steps=2"))
    with pytest.raises(DifferentiaError, match=r"no setting 'model\.w_dim'"):
        preset("naive", DataSettings(source="mnist"), (28, 28, 1), change("model.w_dim=3"))


def test_settings_do_not_change() -> None:
    settings = preset("report", DataSettings(source="mnist"), (28, 28, 1), {})
    for part, field in ((settings, "method"), (settings.training, "epochs"), (settings.terms.capacity, "z")):
        with pytest.raises(ValueError, match="frozen"):
            setattr(part, field, 1)


def test_changes_are_nested_and_read_as_yaml() -> None:
    parts = [
        change("terms.capacity.z=12"),
        change("model.hidden=[64, 32]"),
        change("terms.capacity.w=3"),
    ]
    assert combined(parts) == {"terms": {"capacity": {"z": 12, "w": 3}}, "model": {"hidden": [64, 32]}}
    assert change("terms.swap=null") == {"terms": {"swap": None}}
    assert combined([change("terms.swap.weight=3"), change("terms.swap=null")]) == {"terms": {"swap": None}}


@pytest.mark.parametrize(
    ("assignment", "words"),
    [
        ("terms.capcity.z=3", r"'terms\.capcity'"),
        ("terms.capacity.zz=3", r"'terms\.capacity\.zz'"),
        ("terms.capacity.z=-3", r"'terms\.capacity\.z'"),
        ("terms.capacity.mode=hard", r"'terms\.capacity\.mode'"),
        ("terms.capacity=3", r"'terms\.capacity'"),
        ("terms=null", "'terms'"),
        ("objective.capacity.z=3", "'objective'"),
        ("training.epochs=0", r"'training\.epochs'"),
        ("training.epochs=many", r"'training\.epochs'"),
        ("training.seed=-1", r"'training\.seed'"),
        ("training.learning_rate=nan", r"'training\.learning_rate'"),
        ("model.z_dim=0", r"'model\.z_dim'"),
        ("model.hidden=[]", r"'model\.hidden'"),
        ("model.hidden=[-4]", r"'model\.hidden\.0'"),
        ("model.network=transformer", r"'model\.network'"),
        ("model.scale=0", r"'model\.scale'"),
        ("model.w_dim=0", r"'model\.w_dim'"),
        ("terms.adversary.noise_levels=[-1]", r"'terms\.adversary\.noise_levels\.0'"),
        ("colour=red", "'colour'"),
        ("training=fast", "'training'"),
    ],
)
def test_impossible_settings_are_one_sentence_that_names_the_field(assignment: str, words: str) -> None:
    with pytest.raises(DifferentiaError, match=words) as problem:
        preset("strict", DataSettings(source="mnist"), (28, 28, 1), change(assignment))
    assert "\n" not in str(problem.value)


@pytest.mark.parametrize("text", ["", "=3", "training.epochs", "training.epochs=[1"])
def test_an_assignment_needs_name_and_value(text: str) -> None:
    with pytest.raises(DifferentiaError):
        change(text)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_whatever_a_config_holds_it_is_settings_or_one_clear_sentence(values: object) -> None:
    """Nothing at all is what nobody said; everything else is refused, null too, which no training is."""
    given = {"data": {"source": "mnist"}, "training": values, "terms": {"capacity": values}}
    if values == {}:
        assert validated(given).training == TrainingSettings()
        return
    with pytest.raises(DifferentiaError, match="setting"):
        validated(given)


@pytest.mark.parametrize("values", [None, 3, "text", [], ["a"], {}], ids=str)
def test_what_is_no_settings_at_all_is_one_clear_sentence(values: object) -> None:
    with pytest.raises(DifferentiaError, match="setting"):
        validated(values)


def test_a_method_that_there_is_not_lists_those_that_there_are(tmp_path: Path) -> None:
    values = {"data": {"source": "mnist"}}
    with pytest.raises(DifferentiaError, match=r"no method 'lax'\. Choose one of autoencoder, .*strict"):
        validated(values | {"method": "lax"})
    with pytest.raises(DifferentiaError, match=r"no file .*mine\.py"):
        find(f"{tmp_path / 'mine.py'}:Mine")
    file = tmp_path / "mine.py"
    for text, words in (("1 / 0", "cannot be run .ZeroDivisionError"), ("Mine = 3", "has no method 'Mine'")):
        file.write_text(text)
        with pytest.raises(DifferentiaError, match=words):
            find(f"{file}:Mine")


def test_data_settings_name_their_field_too() -> None:
    with pytest.raises(DifferentiaError, match=r"data\.size"):
        validated_data({"source": "mnist", "size": 3})
