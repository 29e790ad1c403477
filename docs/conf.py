"""The documentation's build: Sphinx, MyST and furo."""

import sys
from importlib.metadata import version as installed_version
from pathlib import Path

sys.path.append(str(Path(__file__).parent))

project = "k8sresolve"
author = "the k8sresolve developers"
copyright = "2026, the k8sresolve developers"  # noqa: A001 - Sphinx's name for it
release = version = installed_version("k8sresolve")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_copybutton", "reference_pages"]
exclude_patterns = ["_build", "examples"]
html_theme = "furo"
html_title = f"k8sresolve {release}"
html_static_path = ["_static"]
html_css_files = ["pages.css"]

# Of a session what is typed is copied, without its prompts and what it prints; what only shows that has no button.
copybutton_selector = "div:not(.highlight-text) > div.highlight > pre"
copybutton_prompt_text = r">>> |\.\.\.(?: |$)|\$ "
copybutton_prompt_is_regexp = True
copybutton_here_doc_delimiter = "EOF"
copybutton_line_continuation_character = "\\"

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

default_role = "py:obj"  # docstrings write names in single backticks; what is a public name becomes a link
autodoc_member_order = "bysource"
autodoc_typehints = "both"
autodoc_typehints_description_target = "documented"
autodoc_typehints_format = "short"
autodoc_class_signature = "mixed"
napoleon_numpy_docstring = False
napoleon_use_rtype = False
python_maximum_signature_line_length = 100

# What is written as `Policy` in a signature is no list of words there.
ALIASES = ("Dialect", "Family", "IPAddress", "Outcome", "Policy", "Purpose", "Scheme", "Transport")
autodoc_type_aliases = {name: name for name in ALIASES}
