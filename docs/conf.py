"""The documentation's build: Sphinx, MyST and furo."""

from importlib.metadata import version as installed_version

project = "k8sresolve"
author = "the k8sresolve developers"
copyright = "2026, the k8sresolve developers"  # noqa: A001 - Sphinx's name for it
release = version = installed_version("k8sresolve")

extensions = ["myst_parser", "sphinx.ext.autodoc"]
exclude_patterns = ["_build", "examples"]
html_theme = "furo"
html_title = f"k8sresolve {release}"

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

default_role = "literal"  # docstrings write names in single backticks
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_class_signature = "mixed"
python_maximum_signature_line_length = 100
nitpicky = False
