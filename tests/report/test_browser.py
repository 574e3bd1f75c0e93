"""The page in headless Chromium: it loads in silence, scrubs, fits a phone, and can be read."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from differentia.report.html import look_up

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on PATH; apt-get install chromium"),
]

DECIMALS = {"percent": 1, "hundredths": 0, "integer": 0, "times": 2, "1": 1, "2": 2, "3": 3}

# Contrast (WCAG 2.2, 1.4.3) of every piece of text with the colour behind it, the worst first.
CONTRAST = """() => {
  const context = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const rgba = (colour) => {
    context.clearRect(0, 0, 1, 1); context.fillStyle = colour; context.fillRect(0, 0, 1, 1);
    return [...context.getImageData(0, 0, 1, 1).data];
  };
  const behind = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const colour = rgba(getComputedStyle(e).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return [255, 255, 255, 255];
  };
  const light = ([r, g, b]) => {
    const linear = (v) => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
    const [x, y, z] = [r, g, b].map((v) => linear(v / 255));
    return .2126 * x + .7152 * y + .0722 * z;
  };
  const found = [];
  for (const element of document.querySelectorAll("body *:not(script)")) {
    const own = [...element.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || !element.getClientRects().length) continue;
    const style = getComputedStyle(element);
    const colour = element instanceof SVGElement ? style.fill : style.color;
    const [a, b] = [light(rgba(colour)), light(behind(element))].sort((p, q) => q - p);
    const text = element.textContent.trim().slice(0, 40);
    found.push([(a + .05) / (b + .05), element.className || element.tagName, text]);
  }
  return found.sort((p, q) => p[0] - q[0]);
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        yield launched
        launched.close()


@pytest.fixture
def page(browser: Any, reported: Path) -> Iterator[Any]:
    """Open the page; afterwards nothing may have been said on the console or fetched."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    said: list[str] = []
    asked: list[str] = []
    opened.on("console", lambda message: said.append(message.text))
    opened.on("pageerror", lambda error: said.append(str(error)))
    opened.on("request", lambda request: asked.append(request.url))
    opened.goto((reported / "report.html").as_uri())
    yield opened
    assert said == []
    assert {url.split(":")[0] for url in asked} <= {"file", "data"}
    assert sum(url.startswith("file:") for url in asked) == 1
    context.close()


def test_every_figure_is_that_of_the_audit(page: Any, reported: Path) -> None:
    document = json.loads((reported / "audit.json").read_text("utf-8"))
    figures = page.eval_on_selector_all(
        "data[data-figure]", "all => all.map(e => [e.dataset.figure, e.value, e.dataset.form, e.textContent])"
    )
    assert len(figures) > 300
    for path, value, form, text in figures:
        true = look_up(document, path)
        assert float(value) == true
        number = float(text.replace("−", "-").replace(",", "").rstrip("%×").strip())
        scaled = 100 * true if form in ("percent", "hundredths") else true
        assert abs(number - scaled) <= 0.5001 * 10 ** -DECIMALS[form]
    shown = {path for path, *_ in figures}
    for needed in (
        "audit.chance",
        "audit.worst.0.accuracy",
        "audit.swap.says_b.value",
        "audit.collapse.kl_z",
    ):
        assert needed in shown
    undefined = page.eval_on_selector_all("span[data-figure]", "all => all.map(e => e.dataset.figure)")
    assert all(look_up(document, path) is None for path in undefined)


def test_the_keyboard_scrubs(page: Any) -> None:
    card = page.locator(".card").first
    slider, frame = card.locator("input"), card.locator(".frame").first
    slider.scroll_into_view_if_needed()
    before = frame.screenshot(), card.locator("output").inner_text(), slider.get_attribute("aria-valuetext")
    slider.focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    after = frame.screenshot(), card.locator("output").inner_text(), slider.get_attribute("aria-valuetext")
    assert slider.input_value() == "10"
    assert all(one != other for one, other in zip(before, after, strict=True))
    assert after[1] == after[2]
    assert after[1].split(" = ")[1] == card.locator(".value span").last.inner_text()


def test_the_mouse_scrubs_along_the_strip(page: Any) -> None:
    card = page.locator(".card").first
    strip = card.locator(".strip")
    strip.scroll_into_view_if_needed()
    box = strip.bounding_box()
    for place in (0, 3, 10):
        page.mouse.move(box["x"] + box["width"] * (place + 0.5) / 11, box["y"] + box["height"] / 2)
        assert card.locator("input").input_value() == str(place)


def test_a_class_is_chosen_by_click_and_by_arrow(page: Any) -> None:
    card = page.locator(".card:has([role=radio])").first
    classes, strip = card.locator("[role=radio]"), card.locator(".strip")
    first = strip.screenshot()
    classes.nth(7).click()
    assert classes.nth(7).get_attribute("aria-checked") == "true"
    seventh = strip.screenshot()
    assert seventh != first
    page.keyboard.press("ArrowRight")
    assert card.locator("[role=radio][aria-checked=true]").count() == 1
    assert classes.nth(8).get_attribute("aria-checked") == "true"
    assert strip.screenshot() != seventh


def test_the_classes_of_w_are_tabs(page: Any) -> None:
    tabs, panels = page.locator("[role=tab]"), page.locator("[role=tabpanel]")
    assert tabs.count() == panels.count() == 10
    tabs.nth(4).click()
    visible = [panels.nth(place).is_visible() for place in range(10)]
    assert visible == [place == 4 for place in range(10)]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read(page: Any, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    worst = page.evaluate(CONTRAST)
    assert len(worst) > 300
    assert worst[0][0] >= 4.5, worst[:5]


def test_it_fits_a_phone(page: Any) -> None:
    page.set_viewport_size({"width": 375, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") == 375


def test_print_shows_all(page: Any) -> None:
    page.emulate_media(media="print")
    assert page.locator("[role=tabpanel]").evaluate_all("all => all.every(e => e.offsetHeight > 0)")
    assert page.pdf(format="A4").startswith(b"%PDF")
