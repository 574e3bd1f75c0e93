"""Small charts as inline SVG that take their colours from the page, and so follow its light and dark form."""

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup, escape

from differentia.plots.curves import Panel, panels, series
from differentia.terms.base import Curve

_WIDTH, _HEIGHT = 300.0, 120.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 44.0, 6.0, 8.0, 20.0
_CLASSES = {"#2f6fdf": "z", "#d9822b": "w"}


def interval_bar(
    value: float, low: float, high: float, chance: float | None, top: float, code: str, title: str
) -> Markup:
    """Draw a value with its interval on a scale from 0 to `top`, and a line at chance.

    Parameters
    ----------
    value, low, high : float
        The value and the ends of its interval; what lies outside the scale is drawn at its end.
    chance : float or None
        Where the line stands.
    top : float
        End of the scale.
    code : {'z', 'w', 'control'}
        Colour.
    title : str
        What the chart says, for readers of the screen and on hover.
    """

    def at(number: float) -> str:
        return f"{100 * min(max(number / top, 0.0), 1.0):.2f}%"

    line = (
        "" if chance is None else f'<line class="chance" x1="{at(chance)}" x2="{at(chance)}" y1="0" y2="20"/>'
    )
    return Markup(
        f'<svg class="bar {code}" width="100%" height="20" role="img"><title>{escape(title)}</title>'
        f'<rect class="track" y="6" width="100%" height="8" rx="4"/>'
        f'<rect class="fill" y="6" width="{at(value)}" height="8" rx="4"/>'
        f'{line}<line class="interval" x1="{at(low)}" x2="{at(high)}" y1="10" y2="10"/>'
        f'<line class="interval" x1="{at(low)}" x2="{at(low)}" y1="6" y2="14"/>'
        f'<line class="interval" x1="{at(high)}" x2="{at(high)}" y1="6" y2="14"/></svg>'
    )


def gap_bar(low: float, high: float, chance: float, code: str, title: str) -> Markup:
    """Draw what is certain, from 0 to `low`, and what is open, from there to `high`, on a scale from 0 to 1.

    A line stands at `chance`. `code` and `title` are as for `interval_bar`.
    """
    known, open_ = f"{100 * low:.2f}%", f"{100 * max(high - low, 0.0):.2f}%"
    line = f"{100 * chance:.2f}%"
    return Markup(
        f'<svg class="bar {code}" width="100%" height="20" role="img"><title>{escape(title)}</title>'
        f'<rect class="track" y="6" width="100%" height="8" rx="4"/>'
        f'<rect class="open" x="{known}" y="6" width="{open_}" height="8"/>'
        f'<rect class="fill" y="6" width="{known}" height="8" rx="4"/>'
        f'<line class="chance" x1="{line}" x2="{line}" y1="0" y2="20"/></svg>'
    )


def training_curves(metrics: Sequence[Mapping[str, Any]], known: Sequence[Curve]) -> list[dict[str, Any]]:
    """Draw what a training recorded, a chart a quantity.

    Returns
    -------
    list of dict
        ``title``, ``unit``, ``svg`` and ``legend``, the last a list of (label, class, last value).
    """
    epochs = [float(record.get("epoch", number)) for number, record in enumerate(metrics, start=1)]
    columns = series(metrics)
    drawn = []
    for panel in panels(columns, known) if epochs else ():
        if [line.key for line in panel.lines] == ["seconds"]:
            continue
        legend = []
        for line in panel.lines:
            style = _CLASSES.get(line.colour, "ink") + (" dashed" if line.dashed else "")
            last = next((v for v in reversed(columns[line.key]) if v == v), None)
            legend.append((line.label, style, last))
        svg = _panel(panel, epochs, columns)
        drawn.append({"title": panel.title, "unit": panel.unit, "svg": svg, "legend": legend})
    return drawn


def _panel(panel: Panel, epochs: Sequence[float], columns: Mapping[str, list[float]]) -> Markup:
    values = [value for line in panel.lines for value in columns[line.key] if value == value]
    low, high = min(values), max(values)
    if high - low < 1e-9:
        low, high = low - 0.5, high + 0.5
    first, last = epochs[0], epochs[-1]

    def x(epoch: float) -> float:
        share = (epoch - first) / (last - first) if last > first else 0.5
        return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)

    def y(value: float) -> float:
        return _TOP + (high - value) / (high - low) * (_HEIGHT - _TOP - _BOTTOM)

    parts = [
        f'<line class="axis" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y(v):.1f}" y2="{y(v):.1f}"/>'
        f'<text x="{_LEFT - 6}" y="{y(v) + 4:.1f}" text-anchor="end">{_tick(v, high - low)}</text>'
        for v in (low, high)
    ]
    parts += [
        f'<text x="{x(e):.1f}" y="{_HEIGHT - 4}" text-anchor="{anchor}">{e:g}</text>'
        for e, anchor in ([(first, "start"), (last, "end")] if last > first else [(first, "middle")])
    ]
    for line in panel.lines:
        style = _CLASSES.get(line.colour, "ink") + (" dashed" if line.dashed else "")
        points = " ".join(
            f"{x(e):.1f},{y(v):.1f}" for e, v in zip(epochs, columns[line.key], strict=True) if v == v
        )
        parts.append(f'<polyline class="{style}" points="{points}"/>')
        if len(epochs) == 1:
            cx, cy = points.split(" ")[0].split(",")
            parts.append(f'<circle class="{style}" cx="{cx}" cy="{cy}" r="3"/>')
    title = f"{panel.title}, {panel.unit}, by epoch, from {low:.4g} to {high:.4g}"
    return Markup(
        f'<svg class="curve" viewBox="0 0 {_WIDTH:g} {_HEIGHT:g}" role="img"><title>{escape(title)}</title>'
        + "".join(parts)
        + "</svg>"
    )


def _tick(value: float, span: float) -> str:
    decimals = 0 if span >= 20 else 1 if span >= 2 else 2
    return f"{value:,.{decimals}f}".replace("-", "−")
