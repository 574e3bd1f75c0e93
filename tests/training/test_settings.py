import pytest
from hypothesis import given
from hypothesis import strategies as st

from differentia.data.catalogue import NAMES
from differentia.data.settings import DataSettings
from differentia.errors import DifferentiaError
from differentia.training.settings import (
    PRESETS,
    Settings,
    change,
    combined,
    preset,
    validated,
    validated_data,
)

SHAPES = {"vectors": (12,), "small": (28, 28, 1), "colour": (64, 64, 3)}


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("source", [*NAMES, "my/photos"])
def test_every_preset_is_valid_for_every_data_set(name: str, source: str, shape: tuple[int, ...]) -> None:
    settings = preset(name, DataSettings(source=source), shape, {})
    assert settings.preset == name
    assert settings.data.source == source
    if len(shape) == 1 and source == "my/photos":
        assert settings.model.likelihood == "gaussian"
        assert settings.model.network == "mlp"


@pytest.mark.parametrize("name", PRESETS)
def test_small_data_get_more_passes(name: str) -> None:
    """Below 10,000 samples the passes of MNIST would be a few hundred steps."""
    many, few = (
        preset(name, DataSettings(source="photos"), (28, 28, 1), {}, n_train).training
        for n_train in (60_000, 2_000)
    )
    assert few.epochs >= 60
    assert few.batch_size <= 64
    assert many.epochs < few.epochs


def test_the_report_preset_holds_the_printed_numbers() -> None:
    settings = preset("report", DataSettings(source="mnist"), (28, 28, 1), {})
    capacity, game = settings.objective.capacity, settings.objective.class_loss
    assert (capacity.mode, capacity.z, capacity.w, capacity.beta, capacity.gamma) == (
        "absolute",
        15,
        25,
        100,
        100,
    )
    assert game is not None
    assert (game.form, game.critic_reads, game.z_target, game.w_weight) == ("binary", "w", "ascent", 0)
    assert (settings.model.z_dim, settings.model.w_dim) == (10, 10)


def test_settings_survive_their_file() -> None:
    settings = preset("strict", DataSettings(source="kinds"), (32, 32, 1), {"training": {"epochs": 3}})
    assert validated(settings.model_dump()) == settings
    assert Settings.model_validate_json(settings.model_dump_json()) == settings


def test_changes_are_nested_and_read_as_yaml() -> None:
    parts = [
        change("objective.capacity.z=12"),
        change("model.hidden=[64, 32]"),
        change("objective.capacity.w=3"),
    ]
    assert combined(parts) == {"objective": {"capacity": {"z": 12, "w": 3}}, "model": {"hidden": [64, 32]}}
    assert change("objective.class_loss=null") == {"objective": {"class_loss": None}}


@pytest.mark.parametrize(
    ("assignment", "words"),
    [
        ("objective.capcity.z=3", "objective.capcity"),
        ("objective.capacity.z=-3", "objective.capacity.z"),
        ("objective.capacity.mode=hard", "objective.capacity.mode"),
        ("training.epochs=0", "training.epochs"),
        ("training.epochs=many", "training.epochs"),
        ("training.seed=-1", "training.seed"),
        ("training.learning_rate=nan", "training.learning_rate"),
        ("model.z_dim=0", "model.z_dim"),
        ("model.hidden=[]", "model.hidden"),
        ("model.hidden=[-4]", "model"),
        ("model.network=transformer", "model.network"),
        ("model.scale=0", "model.scale"),
        ("objective.class_loss.critic_reads=z", "w_weight"),
        ("objective.class_loss.shared=true", None),
        ("model.w_dim=0", "w_dim"),
        ("colour=red", "colour"),
        ("training=fast", "training"),
    ],
)
def test_impossible_settings_are_one_sentence_that_names_the_field(
    assignment: str, words: str | None
) -> None:
    changes = change(assignment)
    if words is None:  # possible: the codes have one size
        preset("strict", DataSettings(source="mnist"), (28, 28, 1), changes)
        return
    with pytest.raises(DifferentiaError, match=words) as problem:
        preset("strict", DataSettings(source="mnist"), (28, 28, 1), changes)
    assert "\n" not in str(problem.value)


@pytest.mark.parametrize("text", ["", "=3", "training.epochs", "training.epochs=[1"])
def test_an_assignment_needs_name_and_value(text: str) -> None:
    with pytest.raises(DifferentiaError):
        change(text)


def test_an_unknown_preset_lists_the_known_ones() -> None:
    with pytest.raises(DifferentiaError, match="strict, report, released, naive"):
        preset("lax", DataSettings(source="mnist"), (28, 28, 1), {})


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_whatever_a_config_holds_it_is_settings_or_one_clear_sentence(values: object) -> None:
    try:
        validated({"data": {"source": "mnist"}, "training": values, "objective": {"capacity": values}})
    except DifferentiaError as problem:
        message = str(problem)
    else:
        message = "setting"
    assert "setting" in message


def test_data_settings_name_their_field_too() -> None:
    with pytest.raises(DifferentiaError, match=r"data\.size"):
        validated_data({"source": "mnist", "size": 3})
