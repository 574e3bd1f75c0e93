"""What the documentation takes from the code when it is built: the settings, and the command line's help."""

import json
import re
from importlib import import_module
from typing import Any, Literal, get_args, get_origin

import typer
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from typer.cli import get_docs_for_click

SETTINGS = re.compile(r"^<!-- settings (?P<module>[\w.]+)\.(?P<name>\w+) -->$", re.MULTILINE)
COMMANDS = "<!-- commands -->"


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Replace ``<!-- settings module.Class -->`` and ``<!-- commands -->`` by what the code says."""
    markdown = SETTINGS.sub(
        lambda found: _table(getattr(import_module(found["module"]), found["name"])), markdown
    )
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
