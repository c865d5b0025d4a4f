"""Horizontal bars as SVG: readable on light and on dark pages, with nothing but text and rectangles."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_WIDTH, _LABEL, _VALUE, _BAR, _GAP, _EDGE = 760, 110, 110, 18, 7, 20
_HEAD, _PANEL = 62, 30

_STYLE = """
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.title { font-size: 17px; font-weight: 600 } .panel { font-weight: 600 } .unit { fill: #59636e }
.paper { fill: #ffffff } .bar { fill: #8c959f } .first { fill: #8250df } .floor { fill: #d0d7de }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc } .unit { fill: #9198a1 } .paper { fill: #0d1117 }
  .bar { fill: #6e7681 } .first { fill: #a371f7 } .floor { fill: #3d444d }
}
"""


@dataclass(frozen=True)
class Bar:
    """One server's figure; `kind` is `first` (ours), `floor` or `bar`."""

    label: str
    value: float
    text: str
    kind: str = "bar"


@dataclass(frozen=True)
class Panel:
    """The bars of one workload, with a scale of their own."""

    title: str
    bars: Sequence[Bar]


def _height(panel: Panel) -> int:
    return _PANEL + len(panel.bars) * (_BAR + _GAP) + _GAP


def _bar(bar: Bar, y: float, scale: float) -> str:
    width = max(bar.value * scale, 1.0)
    middle = y + _BAR - 5
    return (
        f'<text x="{_EDGE + _LABEL - 8}" y="{middle:g}" text-anchor="end">{escape(bar.label)}</text>'
        f'<rect class="{bar.kind}" x="{_EDGE + _LABEL}" y="{y:g}" width="{width:.1f}" height="{_BAR}"/>'
        f'<text x="{_EDGE + _LABEL + width + 6:.1f}" y="{middle:g}">{escape(bar.text)}</text>'
    )


def _panel(panel: Panel, top: float) -> list[str]:
    largest = max((bar.value for bar in panel.bars), default=0) or 1
    scale = (_WIDTH - 2 * _EDGE - _LABEL - _VALUE) / largest
    lines = [f'<text class="panel" x="{_EDGE}" y="{top + 16:g}">{escape(panel.title)}</text>']
    for index, bar in enumerate(panel.bars):
        lines.append(_bar(bar, top + _PANEL + index * (_BAR + _GAP), scale))
    return lines


def svg(title: str, unit: str, panels: Sequence[Panel]) -> str:
    """A picture: a title, the unit and which way is good, then one panel under the other."""
    height = _HEAD + sum(map(_height, panels)) + _EDGE
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" '
        f'height="{height}" role="img" aria-label="{escape(title)}">',
        f"<title>{escape(title)}</title><style>{_STYLE}</style>",
        f'<rect class="paper" width="{_WIDTH}" height="{height}" rx="6"/>',
        f'<text class="title" x="{_EDGE}" y="30">{escape(title)}</text>',
        f'<text class="unit" x="{_EDGE}" y="50">{escape(unit)}</text>',
    ]
    top = float(_HEAD)
    for panel in panels:
        lines += _panel(panel, top)
        top += _height(panel)
    return "\n".join([*lines, "</svg>", ""])
