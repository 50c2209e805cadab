"""Sphinx configuration: Markdown sources, one theme, and warnings that fail the build."""

import sys
from pathlib import Path

project = "Packtrail"
author = "The Packtrail contributors"
copyright = "The Packtrail contributors"  # noqa: A001  Sphinx asks for this name.

extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
root_doc = "index"
exclude_patterns = ["_build"]

# Headings get anchors, so that one page can point at a section of another.
myst_heading_anchors = 4
myst_enable_extensions = ["colon_fence", "deflist"]

html_theme = "furo"
html_title = "Packtrail"
# No web font, no script and no image comes from another host.
html_copy_source = False
html_show_sourcelink = False

# The pages of the law are made from the code and the scenarios before anything is read.
ROOT = Path(__file__).resolve().parent
sys.path[:0] = [str(ROOT), str(ROOT.parent)]


def setup(app: object) -> None:
    """Write the pages of the law when a build begins."""
    from law_pages import write_pages  # noqa: PLC0415  The path to it is set above.

    app.connect("builder-inited", lambda _app: write_pages(ROOT / "law"))
