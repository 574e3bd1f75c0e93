"""The documentation builds without a warning, its links lead somewhere and its Python runs."""

import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
EXAMPLES = [
    (page, number, code)
    for page in PAGES
    for number, code in enumerate(re.findall(r"^```python\n(.*?)^```", page.read_text("utf-8"), re.M | re.S))
]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_to_files_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)", page.read_text("utf-8")):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize(
    ("page", "number", "code"), EXAMPLES, ids=[f"{page.stem}-{number}" for page, number, _ in EXAMPLES]
)
def test_python_in_the_pages_is_python(page: Path, number: int, code: str) -> None:
    compile(code, f"{page.name}, example {number}", "exec")


@pytest.mark.slow
@pytest.mark.parametrize("page", ["README.md", "docs/how-to/python.md"])
def test_the_examples_run_from_top_to_bottom(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that start from data of their own; a training is cut to one epoch."""
    monkeypatch.chdir(tmp_path)
    codes = [code for path, _, code in EXAMPLES if path == ROOT / page and "runs/" not in code]
    assert codes
    names: dict[str, object] = {}
    for code in codes:
        exec(re.sub(r"epochs=\d+", "epochs=1", code), names)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The documentation as it is built, HTML by path."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    return {
        page.relative_to(folder).as_posix(): page.read_text("utf-8")
        for page in sorted(folder.rglob("*.html"))
    }


@pytest.mark.slow
def test_the_documentation_builds_strictly_and_loads_nothing_from_the_net(site: dict[str, str]) -> None:
    assert len(site) > 10
    for page in site.values():
        loaded = re.findall(r'<(?:script|img|iframe)[^>]*\ssrc="?([^"\s>]+)', page)
        loaded += re.findall(r'<link[^>]*rel="?(?:stylesheet|preload|icon)[^>]*href="?([^"\s>]+)', page)
        assert not [address for address in loaded if address.startswith(("http:", "https:", "//"))]


@pytest.mark.slow
def test_formulas_are_mathml_and_no_dollar_sign_is_left(site: dict[str, str]) -> None:
    for path in ("method/index.html", "how-to/refine/index.html", "reproduction/index.html"):
        formulas = re.findall(r"<math.*?</math>", site[path], re.S)
        assert any('display="block"' in formula for formula in formulas), f"{path} has no equation"
        for formula in formulas:
            ElementTree.fromstring(formula)
            assert "\\" not in formula, f"{path} has a command that became no MathML: {formula}"
    for path, page in site.items():
        text = re.sub(r"<(pre|code|script|style)\b.*?</\1>", "", page, flags=re.S)
        assert "$" not in text, f"{path} has a formula that was not typeset"


def test_the_method_stays_short() -> None:
    assert len((ROOT / "docs/method.md").read_text("utf-8").split()) <= 2000


def test_every_notebook_entry_is_complete_and_in_the_index() -> None:
    index = (ROOT / "docs/notebook/index.md").read_text("utf-8")
    entries = sorted((ROOT / "docs/notebook").glob("20*.md"))
    assert entries
    for entry in entries:
        text = entry.read_text("utf-8")
        assert f"]({entry.name})" in index
        assert text.startswith(f"# {entry.name[:10]}: ")
        for part in ("Question", "Command", "Result", "Decision"):
            assert f"**{part}.**" in text, f"{entry.name} has no {part.lower()}"


@pytest.mark.slow
def test_every_setting_is_in_the_reference(tmp_path: Path) -> None:
    sys.path.insert(0, str(ROOT / "docs"))
    try:
        import hooks
    finally:
        sys.path.remove(str(ROOT / "docs"))
    from differentia.data.settings import DataSettings
    from differentia.methods.base import built_in, find
    from differentia.training.settings import TrainingSettings

    text = hooks.on_page_markdown((ROOT / "docs/reference/settings.md").read_text("utf-8"))
    assert "<!-- settings" not in text
    configs = [DataSettings, TrainingSettings]
    for method in map(find, built_in()):
        configs += [method.Config, *(term.Config for term in method.Terms.values())]
    for config in configs:
        for name in config.model_fields:
            assert f"| `{name}` |" in text, f"{config.__qualname__}.{name}"
