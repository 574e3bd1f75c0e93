"""The page as a file: well-formed, self-contained, ordered, and a drawing of ``audit.json``."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from differentia.plots.gallery import Gallery, Strips
from differentia.report.html import plain, render
from differentia.training.run import Run

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


def test_the_names_of_a_stranger_are_text(reported: Path) -> None:
    """Class names come from folders of anybody."""
    run = Run.open(reported)
    document = json.loads((reported / "audit.json").read_text("utf-8"))
    names = [f"<b>{name}</b>&" for name in document["run"]["data"]["class_names"]]
    document["run"]["data"]["class_names"] = document["factors"]["class_names"] = names
    classes, blank = tuple(range(len(names))), ("data:,",) * len(names)
    strips = tuple(Strips("w", dim, "data:,", ((0.0,) * 11,) * len(names)) for dim in range(3))
    gallery = Gallery(classes, (8, 8), (9, 9), True, strips, "data:,", "data:,", blank, blank)
    page = render(document, gallery, run.settings, run.metrics(), run.curves)
    assert "&lt;b&gt;3&lt;/b&gt;&amp;" in page
    assert not re.search(r"<b>\d</b>&", page)


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
