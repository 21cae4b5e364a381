"""Which values share statistics, in a block of N samples, C channels and H·W positions, and in its memory."""

from dataclasses import dataclass
from itertools import groupby, product

import svg

SIZES = {"N": 2, "C": 4, "P": 3}  # P: positions
ORDERS = {"NCHW": "NCP", "NHWC": "NPC"}
CELL, DEPTH, STRIP, ROW = 22, 13, 12, 138


@dataclass(frozen=True)
class Norm:
    """`kept` axes, over whose values statistics are taken one by one; `folded` channels share them."""

    name: str
    call: str
    kept: str
    parameters: str
    folded: int = 1

    def shares(self, cell: dict[str, int]) -> bool:
        """Say whether a value has its statistics in common with the first one."""
        return all(cell[axis] < (self.folded if axis == "C" else 1) for axis in self.kept)

    def pattern(self, order: str) -> str:
        """Merge neighbouring axes of one kind: K is kept, R is reduced."""
        kinds = ["K" if axis in self.kept else "R" for axis in order]
        return " ".join(kind for kind, _ in groupby(kinds)) + (", folded" if self.folded > 1 else "")


NORMS = [
    Norm("LayerNorm, RMSNorm", "normalized_shape=(C, H, W)", "N", "what is reduced"),
    Norm("LayerNorm, RMSNorm over channels", "axis=1", "NP", "what is reduced"),
    Norm("InstanceNorm", "", "NC", "channels"),
    Norm("GroupNorm", "num_groups=2", "NC", "channels", folded=2),
    Norm("BatchNorm", "", "C", "channels"),
]


def axes() -> str:
    """Return the drawing."""
    height = 40 + ROW * len(NORMS) + 12
    shapes = [
        svg.text(20, 26, "values that share statistics with the first one", "big"),
        svg.text(430, 26, "the same values in memory", "big"),
    ]
    for i, norm in enumerate(NORMS):
        y = 40 + ROW * i
        shapes.append(svg.text(20, y + 18, norm.name, "name"))
        lines = [line for line in (norm.call, f"parameters along {norm.parameters}") if line]
        shapes += [svg.text(20, y + 36 + 18 * j, line, "small") for j, line in enumerate(lines)]
        shapes += _block(norm, 284, y + 34)
        for j, (name, order) in enumerate(ORDERS.items()):
            shapes += _memory(norm, name, order, 430, y + 34 + 42 * j)
    return svg.drawing(780, height, "The axes that each norm reduces", shapes)


def _block(norm: Norm, x: float, y: float) -> list[str]:
    """Channels go down, positions to the right, samples to the back; what lies behind is drawn first."""
    kinds = {cell: _kind(norm, dict(zip("NCP", cell, strict=True))) for cell in _cells("NCP")}
    shapes = [svg.text(x - 8, y + CELL * SIZES["C"] / 2, "C", "small", "end")]
    shapes.append(svg.text(x + CELL * SIZES["P"] / 2, y + CELL * SIZES["C"] + 14, "H·W", "small", "middle"))
    shapes.append(svg.text(x + CELL * SIZES["P"] + DEPTH * SIZES["N"] + 4, y - DEPTH * SIZES["N"] + 8, "N", "small"))
    for n, c, p in sorted(kinds, reverse=True):
        left, top = x + p * CELL + n * DEPTH, y + c * CELL - n * DEPTH
        right, below, kind = left + CELL, top + CELL, kinds[n, c, p]
        if c == 0:
            shapes.append(
                svg.polygon(
                    [(left, top), (left + DEPTH, top - DEPTH), (right + DEPTH, top - DEPTH), (right, top)], kind
                )
            )
        if p == SIZES["P"] - 1:
            shapes.append(
                svg.polygon(
                    [(right, top), (right + DEPTH, top - DEPTH), (right + DEPTH, below - DEPTH), (right, below)], kind
                )
            )
        if n == 0:
            shapes.append(svg.box(left, top, CELL, CELL, kind, 0))
    return shapes


def _memory(norm: Norm, name: str, order: str, x: float, y: float) -> list[str]:
    pattern = norm.pattern(order)
    shape = "Rows" if pattern.split(",")[0].endswith("R") else "Columns"
    shapes = [svg.text(x, y + 11, name, "small")]
    for i, cell in enumerate(_cells(order)):
        kind = _kind(norm, dict(zip(order, cell, strict=True)))
        shapes.append(svg.box(x + 42 + i * STRIP, y, STRIP, 16, kind, 0))
    return [*shapes, svg.text(x + 42, y + 30, f"{pattern}: {shape}", "small")]


def _cells(order: str) -> list[tuple[int, ...]]:
    return list(product(*(range(SIZES[axis]) for axis in order)))


def _kind(norm: Norm, cell: dict[str, int]) -> str:
    return "group" if norm.shares(cell) else "kept"
