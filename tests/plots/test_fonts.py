"""Names in any script are drawn without a warning: with a font that has the signs, or spelt out."""

from dataclasses import replace

import pytest

from differentia.plots import fonts
from differentia.plots.figures import reconstructions
from differentia.plots.fonts import drawable, families, spelling_note
from plots.drawing import labelled, model_for, render


def test_signs_that_a_font_has_stay_and_others_are_spelt_out(monkeypatch: pytest.MonkeyPatch) -> None:
    assert drawable("Füchse, κ, кот, قطة $x$") == "Füchse, κ, кот, قطة $x$"
    assert families("ab") == ["DejaVu Sans"]
    monkeypatch.setattr(fonts, "_font_with", lambda sign: "DejaVu Sans" if sign.isascii() else None)
    assert drawable("a 猫 🐱\ufe0f") == "a U+732B cat face"
    assert spelling_note(["dog", "猫"]) == "no font here has all signs, so pictures write 猫 as U+732B"
    assert spelling_note(["dog"]) == ""


def test_a_font_that_has_the_signs_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        fonts, "_font_with", lambda sign: None if sign == "x" else "Han" if sign == "猫" else "DejaVu Sans"
    )
    assert families(drawable("a猫")) == ["DejaVu Sans", "Han"]


def test_pictures_of_classes_with_names_in_other_scripts_are_drawn() -> None:
    data = replace(labelled((8, 8, 1), 3), class_names=("猫", "🐱 cat", "[/b] $x$ \\"))
    render(reconstructions(model_for(data), data, 0))
