"""Sphinx configuration: Markdown sources, one theme, and warnings that fail the build."""

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
