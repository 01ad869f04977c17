"""Drawings as SVG: text, lines, and curves between two axes. Every length is in pixels."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

SMALL, GREY = 12, "#e4e4e4"
"""Height of the letters, and the colour of what lies behind the curves."""


def text(x: float, y: float, words: str, anchor: str = "start", **style: str | float) -> str:
    """`words` with their base line at `y`; `anchor` (start, middle, end) is the part of them that is at `x`."""
    at = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return f'<text x="{x:.1f}" y="{y:.1f}"{at}{_attributes(style)}>{escape(words)}</text>'


def line(x1: float, y1: float, x2: float, y2: float, colour: str = GREY, **style: str | float) -> str:
    """A straight line."""
    ends = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
    return f'<line {ends} stroke="{colour}"{_attributes(style)}/>'


def box(x: float, y: float, width: float, height: float, colour: str) -> str:
    """A filled rectangle, one pixel wide at least."""
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(1.0, width):.1f}" height="{height:.1f}" fill="{colour}"/>'


def moved(down: float, body: str) -> str:
    """`body`, that much further down."""
    return f'<g transform="translate(0 {down:.1f})">{body}</g>\n'


def picture(width: float, height: float, body: str, label: str = "") -> str:
    """The whole drawing; `label` is read to those who cannot see it."""
    said = f' role="img" aria-label="{escape(label)}"' if label else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" '
        f'height="{height:g}" font-family="system-ui,sans-serif" font-size="{SMALL}"{said}>\n'
        f'<rect width="100%" height="100%" fill="#fff"/>\n{body}</svg>'
    )


def ticks(most: float, least: float = 0.0) -> list[float]:
    """Round values from `least` to `most`, at most eleven of them."""
    span = most - least
    if span <= 0:
        return [least]
    rough = span / 6
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * nice for nice in (1, 2, 2.5, 5, 10) if power * nice >= rough)
    slack = span / step * 1e-9
    first, last = math.ceil(least / step - slack), math.floor(most / step + slack)
    return [step * n for n in range(first, last + 1)]


@dataclass(frozen=True, slots=True)
class Axes:
    """A rectangle on the drawing, and the values at its edges."""

    left: float
    top: float
    right: float
    bottom: float
    most_x: float
    most_y: float
    least_x: float = 0.0
    least_y: float = 0.0

    def x(self, value: float) -> float:
        """Where `value` stands across."""
        return self.left + (self.right - self.left) * _share(value, self.least_x, self.most_x)

    def y(self, value: float) -> float:
        """How far down `value` stands."""
        return self.bottom + (self.top - self.bottom) * _share(value, self.least_y, self.most_y)

    def grid(self, title: str, across: str, up: str) -> str:
        """Lines and numbers behind the curves, and what they are numbers of."""
        parts = [text(self.left, self.top - 14, title, font_size=15, font_weight=600)]
        for value in ticks(self.most_y, self.least_y):
            parts.append(line(self.left, self.y(value), self.right, self.y(value)))
            parts.append(text(self.left - 6, self.y(value) + 4, f"{value:,.10g}", "end"))
        parts += [
            text(self.x(value), self.bottom + 16, f"{value:,.10g}", "middle")
            for value in ticks(self.most_x, self.least_x)
        ]
        parts.append(text((self.left + self.right) / 2, self.bottom + 34, across, "middle"))
        parts.append(text(self.right, self.top - 14, up, "end"))
        return "".join(parts)

    def curve(self, points: Iterable[tuple[float, float]], colour: str) -> str:
        """`points` (values) joined by straight lines."""
        path = " ".join(f"{self.x(x):.1f},{self.y(y):.1f}" for x, y in points)
        return f'<polyline fill="none" stroke-width="2" stroke="{colour}" points="{path}"/>'


def _share(value: float, least: float, most: float) -> float:
    return (value - least) / ((most - least) or 1.0)


def _attributes(style: dict[str, str | float]) -> str:
    return "".join(f' {name.replace("_", "-")}="{value}"' for name, value in style.items())
