"""The documentation builds without a warning, its links lead somewhere and its Python runs."""

import re
import subprocess
import sys
from pathlib import Path

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


@pytest.mark.slow
def test_the_documentation_builds_strictly_and_loads_nothing_from_the_net(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path)]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    pages = sorted(tmp_path.rglob("*.html"))
    assert len(pages) > 10
    for page in pages:
        loaded = re.findall(r'<(?:script|img|iframe)[^>]*\ssrc="?([^"\s>]+)', page.read_text("utf-8"))
        loaded += re.findall(
            r'<link[^>]*rel="?(?:stylesheet|preload|icon)[^>]*href="?([^"\s>]+)', page.read_text("utf-8")
        )
        assert not [address for address in loaded if address.startswith(("http:", "https:", "//"))]


@pytest.mark.slow
def test_every_setting_is_in_the_reference(tmp_path: Path) -> None:
    sys.path.insert(0, str(ROOT / "docs"))
    try:
        import hooks
    finally:
        sys.path.remove(str(ROOT / "docs"))
    from differentia.training.settings import Settings

    text = hooks.on_page_markdown((ROOT / "docs/reference/settings.md").read_text("utf-8"))
    assert "<!-- settings" not in text
    for model in ("data", "model", "training"):
        fields = Settings.model_fields[model].annotation.model_fields
        for name in fields:
            assert f"| `{name}` |" in text
