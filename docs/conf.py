"""The documentation's build: Sphinx, MyST and furo."""

from importlib.metadata import version as installed_version

from docutils.nodes import Element, Node, document
from sphinx.addnodes import desc, desc_parameter, desc_sig_name, pending_xref
from sphinx.application import Sphinx
from sphinx.util.nodes import make_refnode

project = "k8sresolve"
author = "the k8sresolve developers"
copyright = "2026, the k8sresolve developers"  # noqa: A001 - Sphinx's name for it
release = version = installed_version("k8sresolve")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_copybutton"]
exclude_patterns = ["_build", "examples"]
html_theme = "furo"
html_title = f"k8sresolve {release}"
html_static_path = ["_static"]
html_css_files = ["pages.css"]

# Of a session what is typed is copied, without its prompts and what it prints; what only shows that has no button.
copybutton_selector = "div:not(.highlight-text) > div.highlight > pre"
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
copybutton_here_doc_delimiter = "EOF"
copybutton_line_continuation_character = "\\"

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

default_role = "py:obj"  # docstrings write names in single backticks; what is a public name becomes a link
autodoc_member_order = "bysource"
autodoc_typehints = "both"
autodoc_typehints_description_target = "documented_params"
autodoc_typehints_format = "short"
napoleon_numpy_docstring = False
napoleon_use_rtype = False
autodoc_class_signature = "mixed"
python_maximum_signature_line_length = 100
nitpicky = False


def forget_parameters(_app: Sphinx, page: document) -> None:
    """Where a function has a parameter `ports`, its docstring means that by `ports`, and no method of that name."""
    for asked in list(page.findall(pending_xref)):
        described = asked.parent
        while described is not None and not isinstance(described, desc):
            described = described.parent
        if asked.get("reftype") != "obj" or described is None or described["objtype"] in ("class", "exception"):
            continue
        parameters = {
            one.astext() for given in described[0].findall(desc_parameter) for one in given.findall(desc_sig_name)
        }
        if asked["reftarget"] in parameters:
            asked.replace_self(asked.children)


def link_anywhere(app: Sphinx, _env: object, asked: pending_xref, shown: Element) -> Node | None:
    """Let a name be found from any module: the only one that ends so, and the one that ends so soonest of several."""
    if asked.get("reftype") != "obj":
        return None
    known = app.env.domains.python_domain.objects
    found = sorted(
        (full for full in known if full.endswith(f".{asked['reftarget']}")), key=lambda full: full.count(".")
    )
    if not found or (len(found) > 1 and found[0].count(".") == found[1].count(".")):
        return None
    entry = known[found[0]]
    return make_refnode(app.builder, asked["refdoc"], entry.docname, entry.node_id, shown, found[0])


def setup(app: Sphinx) -> None:
    """Sphinx calls this."""
    app.connect("doctree-read", forget_parameters)
    app.connect("missing-reference", link_anywhere)
