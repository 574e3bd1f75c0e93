"""Arrows go one way: a package imports only those before it."""

import ast
from pathlib import Path

import differentia

ORDER = [
    *("errors", "files", "machine", "signals", "config", "randomness", "tables"),
    *("data", "images", "measurements"),
    *("model", "refine", "inference", "terms", "methods", "presets", "training", "refining"),
    *("metrics", "plots", "report", "reproduce", "estimator", "cli"),
]
ROOT = Path(differentia.__file__).parent


def imported(file: Path) -> set[str]:
    """Parts of the package that a file imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("differentia"):
            parts = node.module.split(".")
            found |= {parts[1]} if len(parts) > 1 else {name.name for name in node.names}
    return found


def test_a_package_imports_only_those_before_it() -> None:
    wrong = []
    for file in sorted(ROOT.rglob("*.py")):
        own = file.relative_to(ROOT).parts[0].removesuffix(".py")
        if own in ("__init__", "__main__"):
            continue
        for other in imported(file) & set(ORDER):
            if ORDER.index(other) > ORDER.index(own):
                wrong.append(f"{file.relative_to(ROOT)} imports {other}")
    assert wrong == []
