"""The page as a file: well-formed, self-contained, ordered, and a drawing of ``audit.json``."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from differentia.report.page import plain
from differentia.report.pictures import LEAST_SIDE, _halved, _halvings, _sheet

pytestmark = pytest.mark.slow

VOID = {"meta", "link", "img", "input", "br"}
SHAPES = {"rect", "line", "polyline", "circle"}


class Outline(HTMLParser):
    """Elements that are open, headings, images, ids and references of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.headings: list[int] = []
        self.images: list[dict[str, str | None]] = []
        self.ids: list[str] = []
        self.labels: list[str] = []
        self.references: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag not in VOID:
            self.open.append(tag)
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag == "img":
            self.images.append(found)
        self.ids += [found["id"] or ""] if "id" in found else []
        for key in ("aria-labelledby", "aria-controls"):
            self.labels += [found[key] or ""] if key in found else []
        self.references += [found[key] or "" for key in ("src", "href") if key in found]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in SHAPES | VOID, f"<{tag}/> is no empty element of HTML"

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture
def html(reported: Path) -> str:
    return (reported / "report.html").read_text("utf-8")


@pytest.fixture
def outline(html: str) -> Outline:
    parser = Outline()
    parser.feed(html)
    return parser


def test_every_element_is_closed_in_order_and_ids_are_unique(outline: Outline) -> None:
    assert outline.open == []
    assert len(outline.ids) == len(set(outline.ids)) > 10
    assert set(outline.labels) <= set(outline.ids)


def test_one_first_heading_and_no_level_is_skipped(outline: Outline) -> None:
    assert outline.headings[0] == 1
    assert outline.headings.count(1) == 1
    steps = np.diff(outline.headings)
    assert steps.max() == 1


def test_pictures_have_words(outline: Outline) -> None:
    assert len(outline.images) > 20
    assert all(image.get("alt") for image in outline.images)


def test_it_refers_to_nothing_outside(html: str, outline: Outline) -> None:
    for reference in [*outline.references, *re.findall(r"url\(([^)]*)\)", html)]:
        assert reference.startswith(("data:", "#"))
    targets = {reference[1:] for reference in outline.references if reference.startswith("#")}
    assert targets <= set(outline.ids)
    assert "@import" not in html


def test_it_is_small(reported: Path) -> None:
    assert 100_000 < (reported / "report.html").stat().st_size < 6_000_000


def test_the_audit_is_whole_and_plain(reported: Path) -> None:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    document = json.loads((reported / "audit.json").read_text("utf-8"), parse_constant=refuse)
    assert document["schema"] == 1
    assert document["quick"] is True
    assert document["ground_truth"] is None
    assert len(document["audit"]["rows"]) == 24
    assert (len(document["factors"]["z"]), len(document["factors"]["w"])) == (6, 3)
    assert set(document["generation"]["drawn"]) == {"precision", "recall", "density", "coverage"}
    assert document["settings"]["model"]["z_dim"] == 6


def test_every_dimension_is_on_the_page(reported: Path, html: str) -> None:
    factors = json.loads((reported / "audit.json").read_text("utf-8"))["factors"]
    for factor in factors["z"]:
        name, says = factor["sentence"].split(" · ")
        assert (f">{name}</span>" if says == "silent" else says) in html
    for name in ("w₀", "w₁", "w₂"):
        assert name in html


def test_the_names_of_a_stranger_are_text() -> None:
    from jinja2 import Environment, PackageLoader

    environment = Environment(loader=PackageLoader("differentia.report"), autoescape=True)
    assert environment.from_string("{{ name }}").render(name="<script>") == "&lt;script&gt;"


@pytest.mark.parametrize(
    ("value", "form", "text"),
    [
        (0.12345, "percent", "12.3\N{NO-BREAK SPACE}%"),
        (0.996, "hundredths", "100"),
        (-0.004, "2", "0.00"),
        (-1.25, "1", "−1.2"),
        (0.5, "signed", "+0.50"),
        (-0.001, "signed", "0.00"),
        (12345, "integer", "12,345"),
        (1.5, "times", "1.50×"),
        (None, "percent", "–"),
    ],
)
def test_numbers_are_written_for_people(value: float | None, form: str, text: str) -> None:
    assert plain(value, form) == text


def test_pictures_are_halved_until_they_fit() -> None:
    assert _halvings(100, 64, 64, 100 * 64 * 64) == 0
    assert _halvings(101, 64, 64, 100 * 64 * 64) == 1
    assert _halvings(10**6, 64, 64, 1) == 2
    assert LEAST_SIDE == 64 >> 2
    checker = np.zeros((1, 4, 4, 3), dtype=np.uint8)
    checker[:, ::2] = 200
    assert (_halved(checker, 1) == 100).all()
    assert _halved(checker, 1).shape == (1, 2, 2, 3)


def test_frames_on_a_sheet_are_kept_apart_by_transparent_gaps() -> None:
    cells = np.arange(2 * 3, dtype=np.uint8).reshape(2, 3, 1, 1, 1) * np.ones((28, 28, 3), dtype=np.uint8)
    sheet = _sheet(cells)
    assert sheet.shape == (2 * 29, 3 * 29, 4)
    for row in range(2):
        for column in range(3):
            block = sheet[row * 29 : row * 29 + 28, column * 29 : column * 29 + 28]
            assert (block == [3 * row + column] * 3 + [255]).all()
    assert (sheet[28::29, :, 3] == 0).all()
    assert (sheet[:, 28::29, 3] == 0).all()
