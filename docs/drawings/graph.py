"""LayerNorm's computation graph, forwards and backwards: the nine steps of docs/math.md."""

from typing import TypeAlias

import svg

Nodes: TypeAlias = dict[str, tuple[str, int, str, str]]
Edges: TypeAlias = list[tuple[str, str]]

WIDTH, HEIGHT, ROW = 134, 46, 64
COLUMNS = {"parameters": 0, "x": 148, "statistics": 296}  # left edges
SIDE = 456  # from one graph to the other

# name: column, row, what is computed forwards, what its gradient is.
NODES: Nodes = {
    "x": ("x", 0, "", "dcentred + dmean / n"),
    "mean": ("statistics", 1, "mean(x)", "-sum(dcentred)"),
    "centred": ("x", 2, "x - mean", "dxhat * rstd +\n2 * centred * dsquare"),
    "square": ("statistics", 3, "centred²", "dvar / n"),
    "var": ("statistics", 4, "mean(square)", "dstd / (2 std)"),
    "std": ("statistics", 5, "√(var + eps)", "-drstd / std²"),
    "rstd": ("statistics", 6, "1 / std", "sum(dxhat * centred)"),
    "xhat": ("x", 7, "centred * rstd", "dscaled * weight"),
    "weight": ("parameters", 8, "", "sum(dscaled * xhat)"),
    "scaled": ("x", 8, "xhat * weight", "dy"),
    "bias": ("parameters", 9, "", "sum(dy)"),
    "y": ("x", 9, "scaled + bias", "given"),
}
EDGES: Edges = [
    ("x", "mean"),
    ("x", "centred"),
    ("mean", "centred"),
    ("centred", "square"),
    ("square", "var"),
    ("var", "std"),
    ("std", "rstd"),
    ("rstd", "xhat"),
    ("centred", "xhat"),
    ("xhat", "scaled"),
    ("weight", "scaled"),
    ("scaled", "y"),
    ("bias", "y"),
]


def graph() -> str:
    """Return the drawing."""
    return drawn("LayerNorm", NODES, EDGES)


def drawn(norm: str, nodes: Nodes, edges: Edges) -> str:
    """Draw a graph forwards, and beside it backwards, where every box has the gradient that it receives."""
    inputs = {start for start, _ in edges} - {end for _, end in edges}
    rows = 1 + max(row for _, row, *_ in nodes.values())
    shapes = []
    for backwards, left in ((False, 16), (True, 16 + SIDE)):
        shapes.append(svg.text(left, 26, "backwards" if backwards else "forwards", "big"))
        shapes += [svg.arrow(*_way(*(_corner(nodes[name], left) for name in edge), backwards)) for edge in edges]
        for name, node in nodes.items():
            _, row, forwards, gradient = node
            x, y = _corner(node, left)
            title = f"d{name}" if backwards else name
            step = "" if name in inputs or backwards else f"{row} "
            below = (gradient if backwards else forwards).splitlines()
            shapes.append(svg.box(x, y, WIDTH, HEIGHT))
            top = y + (28, 20, 15)[len(below)]
            shapes.append(svg.text(x + WIDTH / 2, top, step + title, "name", "middle"))
            shapes += [
                svg.text(x + WIDTH / 2, top + 15 + 12 * i, line, "small", "middle") for i, line in enumerate(below)
            ]
    return svg.drawing(2 * SIDE + 6, rows * ROW + 40, f"{norm}'s computation graph, forwards and backwards", shapes)


def _corner(node: tuple[str, int, str, str], left: float) -> tuple[float, float]:
    column, row, *_ = node
    return left + COLUMNS[column], 40 + row * ROW


def _way(start: tuple[float, float], end: tuple[float, float], backwards: bool) -> list[tuple[float, float]]:
    """From box to box: down a column, across a row, or both; what comes into a row passes above what leaves it."""
    (x, y), (to_x, to_y) = start, end
    if x == to_x:
        way = [(x + WIDTH / 2, y + HEIGHT), (to_x + WIDTH / 2, to_y)]
    elif y == to_y:
        way = [(x + WIDTH, y + HEIGHT / 2), (to_x, to_y + HEIGHT / 2)]
    elif x < to_x:
        turn = to_x + WIDTH / 2, y + HEIGHT * 0.65
        way = [(x + WIDTH, turn[1]), turn, (turn[0], to_y)]
    else:
        turn = x + WIDTH / 2, to_y + HEIGHT * 0.35
        way = [(turn[0], y + HEIGHT), turn, (to_x + WIDTH, turn[1])]
    return way[::-1] if backwards else way
