"""What the documentation takes from the code when it is built, and how its formulas become MathML.

The settings and the command line's help come from the code. Formulas between dollar signs are LaTeX and
become MathML, which a browser draws without a script and without the net.
"""

import json
import re
from pydoc import locate
from typing import Annotated, Any, Literal, cast, get_args, get_origin

import typer
from latex2mathml.converter import convert
from markdown import Markdown
from markdown.extensions import Extension
from markdown.inlinepatterns import InlineProcessor
from mkdocs.config.defaults import MkDocsConfig
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from typer.cli import get_docs_for_click

SETTINGS = re.compile(r"^<!-- settings (?P<name>[\w.]+) -->$", re.MULTILINE)
COMMANDS = "<!-- commands -->"
FORMULA = r"(?P<sign>\${1,2})(?P<latex>[^$]+)(?P=sign)"


class Formulas(InlineProcessor):
    """``$ … $`` is a formula in a line, ``$$ … $$`` one of its own; code keeps its dollar signs."""

    def handleMatch(self, m: re.Match[str], data: str) -> tuple[str, int, int]:
        """Put the formula's MathML aside, where no other rule of Markdown changes it."""
        display = "block" if m["sign"] == "$$" else "inline"
        mathml = convert(m["latex"].strip(), display=display)
        return self.md.htmlStash.store(mathml), m.start(0), m.end(0)


class FormulaExtension(Extension):
    """Formulas are found after code (priority 190) and before backslashes are read as escapes (180)."""

    def extendMarkdown(self, md: Markdown) -> None:
        """Register the rule."""
        md.inlinePatterns.register(Formulas(FORMULA, md), "formulas", 185)


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Add the formulas to what Markdown reads."""
    config.markdown_extensions.append(FormulaExtension())
    return config


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Replace ``<!-- settings module.Class -->`` and ``<!-- commands -->`` by what the code says."""
    markdown = SETTINGS.sub(lambda found: _table(cast(type[BaseModel], locate(found["name"]))), markdown)
    return markdown.replace(COMMANDS, _commands()) if COMMANDS in markdown else markdown


def _table(settings: type[BaseModel]) -> str:
    rows = ["| setting | values | default | meaning |", "| --- | --- | --- | --- |"]
    for name, field in settings.model_fields.items():
        cells = (f"`{name}`", _values(field), _default(field), field.description or "")
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(rows)


def _values(field: FieldInfo) -> str:
    signs = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<", "min_length": "length ≥"}
    bounds = [
        f"{sign} {getattr(limit, key)}"
        for limit in field.metadata
        for key, sign in signs.items()
        if hasattr(limit, key)
    ]
    return ", ".join([_type(field.annotation), *bounds])


def _type(annotation: Any) -> str:
    """Say in words which values a type has."""
    words = {str: "text", int: "whole number", float: "number", bool: "true or false", type(None): "null"}
    if annotation in words:
        return words[annotation]
    if get_origin(annotation) is Annotated:
        return _type(get_args(annotation)[0])
    if get_origin(annotation) is Literal:
        return ", ".join(f"`{choice}`" for choice in get_args(annotation))
    if get_origin(annotation) is list:
        return f"list of {_type(get_args(annotation)[0])}s"
    return " or ".join(_type(part) for part in get_args(annotation))


def _default(field: FieldInfo) -> str:
    return "none" if field.is_required() else f"`{json.dumps(field.default)}`"


def _commands() -> str:
    from differentia.cli import app

    command = typer.main.get_command(app)
    text = get_docs_for_click(obj=command, ctx=typer.Context(command), name="differentia")
    return text.split("\n", 2)[2].replace("[bold]", "`").replace("[/bold]", "`")
