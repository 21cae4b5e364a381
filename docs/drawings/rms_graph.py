"""RMSNorm's computation graph, forwards and backwards: the six steps of docs/math.md."""

from graph import Edges, Nodes, drawn

NODES: Nodes = {
    "x": ("x", 0, "", "dxhat * rstd +\n2 * x * dsquare"),
    "square": ("statistics", 1, "x²", "dmean_square / n"),
    "mean_square": ("statistics", 2, "mean(square)", "drms / (2 rms)"),
    "rms": ("statistics", 3, "√(mean_square + eps)", "-drstd / rms²"),
    "rstd": ("statistics", 4, "1 / rms", "sum(dxhat * x)"),
    "xhat": ("x", 5, "x * rstd", "dy * weight"),
    "weight": ("parameters", 6, "", "sum(dy * xhat)"),
    "y": ("x", 6, "xhat * weight", "given"),
}
EDGES: Edges = [
    ("x", "square"),
    ("x", "xhat"),
    ("square", "mean_square"),
    ("mean_square", "rms"),
    ("rms", "rstd"),
    ("rstd", "xhat"),
    ("xhat", "y"),
    ("weight", "y"),
]


def rms_graph() -> str:
    """Return the drawing."""
    return drawn("RMSNorm", NODES, EDGES)
