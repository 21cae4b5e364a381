"""Sphinx builds these pages: `nox -s docs`, or `sphinx-build -nW --keep-going docs build/docs`."""

import importlib.util
import re
from typing import Any

import simdnorm

project = "simdnorm"
author = "the simdnorm developers"
copyright = author
release = version = simdnorm.__version__

extensions = ["myst_parser", "numpydoc", "sphinx.ext.autodoc"]
exclude_patterns = ["Thumbs.db"]
suppress_warnings = []
elsewhere = r"\.\./[^)]*"  # links to what is not among the pages
if importlib.util.find_spec("torch") is None:
    # What PyTorch is needed to import is left out of the pages, and of the table of contents that names it.
    exclude_patterns.append("api/torch.rst")
    suppress_warnings.append("toc.excluded")
    elsewhere += r"|api/torch\.rst"

html_theme = "furo"
html_title = f"simdnorm {release}"
html_copy_source = False
html_show_copyright = False
pygments_style, pygments_dark_style = "tango", "monokai"
highlight_language = "text"  # code says what it is, all else is a formula or a drawing

# The pages are read on code hosts too, so links to headings are written as those make them.
myst_heading_anchors = 4

# Types stand in the docstrings, with shapes.
autodoc_typehints = "none"
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False

# `x` in a docstring is a link where it names something of the page's module, and code where it does not.
default_role = "py:obj"
nitpick_ignore_regex = [("py:obj", r"\w+"), ("py:(obj|class)", r"torch\..+")]


def only_where_it_leads(app: Any, page: str, source: list[str]) -> None:
    """Leave of a link to what is not among the pages its text: on code hosts it leads there."""
    source[0] = re.sub(rf"\[([^\]]*)\]\((?:{elsewhere})\)", r"\1", source[0])


def setup(app: Any) -> None:
    """Sphinx calls this."""
    app.connect("source-read", only_where_it_leads)
