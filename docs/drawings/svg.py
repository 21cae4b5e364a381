"""The few shapes that the drawings are made of; a card under them keeps both colour schemes legible."""

from html import escape

STYLE = """\
svg { color-scheme: light dark }
.card { fill: #fff } .box { fill: #f3f4f6; stroke: #9ca3af } .kept { fill: #e5e7eb; stroke: #9ca3af }
.group { fill: #f59e0b; stroke: #92400e }
.line { stroke: #4b5563; fill: none; marker-end: url(#head) } #tip { fill: #4b5563 }
text { font: 12px system-ui, sans-serif; fill: #111827 } .small { font-size: 11px; fill: #4b5563 }
.name { font-weight: 600 } .big { font-size: 14px; font-weight: 600 }
@media (prefers-color-scheme: dark) {
.card { fill: #16181d } .box { fill: #262a33; stroke: #6b7280 } .kept { fill: #2f343f; stroke: #6b7280 }
.group { fill: #d97706; stroke: #fcd34d } .line { stroke: #9ca3af } #tip { fill: #9ca3af }
text { fill: #e5e7eb } .small { fill: #9ca3af }
}"""


def drawing(width: int, height: int, title: str, shapes: list[str]) -> str:
    """Return the whole file."""
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}">',
            f"<title>{escape(title)}</title>",
            f"<style>\n{STYLE}\n</style>",
            '<marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">',
            '<path id="tip" d="M0 0L8 4L0 8z"/></marker>',
            f'<rect class="card" width="{width}" height="{height}" rx="8"/>',
            *shapes,
            "</svg>\n",
        ]
    )


def text(x: float, y: float, words: str, kind: str = "", anchor: str = "start") -> str:
    """Write a line, whose baseline is y."""
    return f'<text x="{x:g}" y="{y:g}" class="{kind}" text-anchor="{anchor}">{escape(words)}</text>'


def box(x: float, y: float, width: float, height: float, kind: str = "box", rounded: float = 4) -> str:
    """Draw a rectangle from its upper left corner."""
    return f'<rect class="{kind}" x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="{rounded:g}"/>'


def polygon(points: list[tuple[float, float]], kind: str) -> str:
    """Draw a filled polygon."""
    return f'<polygon class="{kind}" points="{" ".join(f"{x:g},{y:g}" for x, y in points)}"/>'


def arrow(*points: tuple[float, float]) -> str:
    """Draw a line through the points, with a head at its end."""
    return f'<path class="line" d="M{"L".join(f"{x:g} {y:g}" for x, y in points)}"/>'
