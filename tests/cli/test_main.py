"""What the command line says about itself."""

from importlib.metadata import version
from pathlib import Path

import yaml


def test_the_version_is_the_installed_one(differentia):
    code, out, _ = differentia("--version")
    assert (code, out) == (0, f"differentia {version('differentia')}\n")


def test_the_help_describes_the_program_and_names_every_command(differentia):
    code, out, _ = differentia("--help")
    assert code == 0
    assert "Learn from labelled data" in out
    assert all(name in out for name in ("train", "refine", "report", "compare", "reproduce", "data"))


def test_the_citation_names_the_installed_version():
    citation = yaml.safe_load((Path(__file__).parents[2] / "CITATION.cff").read_text("utf-8"))
    assert citation["version"] == version("differentia")
