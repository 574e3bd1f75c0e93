"""The report page: one self-contained HTML file, drawn from the content of ``audit.json`` and pictures."""

from collections.abc import Mapping, Sequence
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from differentia.measurements.morphometry import MEASUREMENTS
from differentia.metrics.codes import dimension_name
from differentia.plots.gallery import STEPS, Gallery, Strips
from differentia.plots.svg_charts import gap_bar, interval_bar, training_curves
from differentia.report import text as texts
from differentia.terms.base import Curve
from differentia.training.settings import Settings

MOST_MEASUREMENTS = 14
"""Rows of a heat map; only vectors have more measurements, and then the strongest are shown."""

STRONG = 3.0
"""A standardised effect of this size has the full colour of the heat map."""

_DECIMALS = {"percent": 1, "hundredths": 0, "1": 1, "2": 2, "3": 3, "signed": 2}


def plain(value: float | None, form: str) -> str:
    """Write a number as the page does.

    Parameters
    ----------
    value : float or None
        The number; None is written as a dash.
    form : str
        ``percent`` or ``hundredths`` (of a share, the second without its unit), ``times``, ``integer``,
        ``signed`` (two decimals, with a plus), or the number of decimals.
    """
    if value is None:
        return "–"
    if form == "integer":
        return f"{value:,.0f}"
    if form == "times":
        return f"{value:.2f}×"
    scaled = 100 * value if form in ("percent", "hundredths") else value
    text = f"{scaled:{'+' if form == 'signed' else ''}.{_DECIMALS[form]}f}"
    if not text.strip("+-0."):
        text = text.lstrip("+-")
    return text.replace("-", "−") + ("\N{NO-BREAK SPACE}%" if form == "percent" else "")


def look_up(document: Mapping[str, Any], path: str) -> Any:
    """Return the value at a dotted path, such as ``"audit.worst.0.accuracy"``.

    Raises
    ------
    KeyError, IndexError
        If there is none.
    """
    found: Any = document
    for key in path.split("."):
        found = found[int(key)] if isinstance(found, list) else found[key]
    return found


def render(
    document: dict[str, Any],
    gallery: Gallery,
    settings: Settings,
    metrics: Sequence[Mapping[str, Any]],
    known: Sequence[Curve],
) -> str:
    """Draw the page.

    Parameters
    ----------
    document : dict
        Content of ``audit.json``; every figure on the page is looked up in it.
    gallery : Gallery
        The pictures.
    settings : Settings
        Settings of the run, which describe themselves.
    metrics : sequence of mapping
        What the training recorded, one mapping an epoch.
    known : sequence of Curve
        Titles and units of what it recorded.

    Returns
    -------
    str
        HTML without any reference to another file.
    """
    strips: dict[tuple[str, int], Strips] = {(strip.code, strip.dim): strip for strip in gallery.strips}
    page = _environment(document).get_template("page.html.j2")
    return page.render(
        doc=document,
        audit=document["audit"],
        run=document["run"],
        truth=document["ground_truth"],
        generation=document["generation"],
        class_names=document["run"]["data"]["class_names"],
        is_image=len(document["run"]["data"]["shape"]) == 3,
        has_w=document["run"]["w_dim"] > 0,
        noisy=document["audit"]["collapse"]["kl_z"] is not None,
        gallery=gallery,
        steps=STEPS,
        tall=" tall" if max(map(len, document["run"]["data"]["class_names"])) > 3 else "",
        curves=training_curves(metrics, known),
        settings=texts.described(document["settings"], settings),
        **_cards(document, strips, gallery.classes),
    )


def _environment(document: dict[str, Any]) -> Environment:
    """Return the templates, with functions that draw a figure of the document by its path."""

    def figure(path: str, form: str = "2") -> Markup:
        value = look_up(document, path)
        if value is None:
            return Markup('<span class="none" title="not defined here" data-figure="{}">–</span>').format(
                path
            )
        tag = '<data value="{}" data-figure="{}" data-form="{}">{}</data>'
        return Markup(tag).format(repr(value), path, form, plain(value, form))

    def bar(path: str, code: str, title: str) -> Markup:
        row = look_up(document, path)
        chance = document["audit"]["chance"]
        said = f"{title}: {plain(row['accuracy'], 'percent')}, chance {plain(chance, 'percent')}"
        return interval_bar(row["accuracy"], row["low"], row["high"], chance, 1.0, code, said)

    def share(path: str, code: str, title: str) -> Markup:
        row = look_up(document, path)
        said = f"{title}: {plain(row['value'], 'percent')}"
        return interval_bar(row["value"], row["low"], row["high"], None, 1.0, code, said)

    def gap(low: str, high: str, code: str, title: str) -> Markup:
        read, bound = look_up(document, low), look_up(document, high)
        said = f"{title}: read by a probe {plain(read, 'percent')}, by nobody above {plain(bound, 'percent')}"
        return gap_bar(read, bound, document["audit"]["chance"], code, said)

    environment = Environment(
        loader=PackageLoader("differentia.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {
        "figure": figure,
        "bar": bar,
        "share": share,
        "gap": gap,
        "plain": plain,
        "texts": texts,
        "measures": _measure_lines(document),
    }
    return environment


def _measure_lines(document: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Label and one-line definition of every measurement."""
    names, labels = document["factors"]["measurements"], document["factors"]["labels"]
    known = [(label, MEASUREMENTS.get(name)) for name, label in zip(names, labels, strict=True)]
    return [(label, what.text if what else "A feature of the data.") for label, what in known]


def _cards(
    document: Mapping[str, Any], strips: Mapping[tuple[str, int], Strips], classes: Sequence[int]
) -> dict[str, Any]:
    """Sort the dimensions of z into cards, and those of w, class by class, into rows."""
    factors, total = document["factors"], len(document["factors"]["class_names"])
    groups: dict[str, list[dict[str, Any]]] = {"generic": [], "other": [], "silent": []}
    hidden = {"z": 0, "w": 0}
    for dim, factor in enumerate(factors["z"]):
        if all(factor["silent"]):
            groups["silent"].append(_card(factors, "z", dim, None))
        elif ("z", dim) not in strips:
            hidden["z"] += 1
        else:
            kind = "generic" if len(factor["classes"]) == total else "other"
            groups[kind].append(_card(factors, "z", dim, strips["z", dim]))
    panels = []
    for place, label in enumerate(classes):
        rows, silent = [], []
        for dim, factor in enumerate(factors["w"]):
            if factor["silent"][label]:
                silent.append(dimension_name("w", dim))
            elif ("w", dim) in strips:
                rows.append(_card(factors, "w", dim, strips["w", dim]))
        columns = _strongest([factor["effect"][label] for factor in factors["w"]])
        panels.append(
            {"label": label, "place": place, "rows": rows, "silent": silent, "measurements": columns}
        )
    shown = {dim for code, dim in strips if code == "w"}
    hidden["w"] = sum(
        dim not in shown and not all(factor["silent"]) for dim, factor in enumerate(factors["w"])
    )
    return {"groups": groups, "panels": panels if factors["w"] else [], "hidden": hidden, "tint": tint}


def _card(factors: Mapping[str, Any], code: str, dim: int, strips: Strips | None) -> dict[str, Any]:
    factor = factors[code][dim]
    name, _, says = factor["sentence"].partition(" · ")
    return {
        "path": f"factors.{code}.{dim}",
        "code": code,
        "dim": dim,
        "name": name,
        "says": says,
        "factor": factor,
        "strips": strips,
        "measurements": _strongest(factor["effect"]),
    }


def _strongest(effect: Sequence[Sequence[float | None]]) -> list[int]:
    """Columns of the measurements with the largest effect in any row, in their own order."""
    largest = [
        max((abs(v) for v in column if v is not None), default=0.0) for column in zip(*effect, strict=True)
    ]
    order = sorted(range(len(largest)), key=lambda k: -largest[k])
    return sorted(order[:MOST_MEASUREMENTS])


def tint(effect: float | None) -> Markup:
    """Return the style of a heat map's cell: its colour's strength in percent, and the sign as a class."""
    if effect is None:
        return Markup('class="undefined"')
    strength = round(50 * min(abs(effect) / STRONG, 1.0))
    return Markup('class="{}" style="--t:{}%"').format("up" if effect >= 0 else "down", strength)
