"""Draw what the pages show: `python docs/drawings/draw.py` writes the SVG files anew."""

from pathlib import Path

from axes import axes
from graph import graph
from rms_graph import rms_graph

DRAWINGS = {"axes.svg": axes, "graph.svg": graph, "rms_graph.svg": rms_graph}

if __name__ == "__main__":
    for name, draw in DRAWINGS.items():
        Path(__file__).with_name(name).write_text(draw(), encoding="utf-8")
