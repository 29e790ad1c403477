"""The documentation's build: Sphinx, MyST and furo."""

import ast
from collections.abc import Sequence
from importlib.metadata import version as installed_version

from docutils.nodes import Element, Node, document
from sphinx.addnodes import desc, desc_parameter, desc_sig_name, pending_xref
from sphinx.application import Sphinx
from sphinx.pycode import ModuleAnalyzer
from sphinx.util.nodes import make_refnode

import k8sresolve

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

# Of a session what is typed is copied, without its prompts and what it prints.
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


def mean_the_package(_app: Sphinx, page: document) -> None:
    """A type that is written by its name alone is the package's, whatever adapters call theirs."""
    for asked in page.findall(pending_xref):
        if asked.get("refspecific") and asked["reftarget"] in k8sresolve.__all__:
            asked["reftarget"] = f"k8sresolve.{asked['reftarget']}"


def link_anywhere(app: Sphinx, _env: object, asked: pending_xref, shown: Element) -> Node | None:
    """Let a name be found from any module: the only one that ends so, and the one that ends so soonest of several."""
    if asked.get("reftype") != "obj":
        return None
    name: str = asked["reftarget"]
    known = app.env.domains.python_domain.objects
    # `aiohttp.TCPConnector` is aiohttp's own, beside which the adapter stands.
    is_client_s = "." in name and f"k8sresolve.contrib.{name.partition('.')[0]}" in known
    found = sorted(
        (full for full in known if full.endswith(f".{name}") and not is_client_s), key=lambda full: full.count(".")
    )
    if not found or (len(found) > 1 and found[0].count(".") == found[1].count(".")):
        return None
    entry = known[found[0]]
    return make_refnode(app.builder, asked["refdoc"], entry.docname, entry.node_id, shown, found[0])


def hide_making(
    _app: Sphinx, what: str, _name: str, value: object, _options: object, signature: str, _returns: str
) -> tuple[str, None] | None:
    """Show no signature of a class that programs do not call, as its docstring says."""
    return ("", None) if what == "class" and "Made by `" in (value.__doc__ or "") and signature else None


_FIELDS = ("attribute", "property", "data")
_texts: dict[str, list[str]] = {}


def keep_text(_app: Sphinx, what: str, name: str, _value: object, _options: object, lines: list[str]) -> None:
    """Keep the text of a field from napoleon, which takes what stands before a colon for a type."""
    if what in _FIELDS:
        _texts[name] = [*lines]


def put_back(_app: Sphinx, what: str, name: str, _value: object, _options: object, lines: list[str]) -> None:
    """Put it back after napoleon."""
    if what in _FIELDS:
        lines[:] = _texts.pop(name)


def say_what_is_below(_app: Sphinx, what: str, name: str, _value: object, _options: object, lines: list[str]) -> None:
    """Let a constant say what stands below it, wherever its module has it from."""
    if what == "data" and (text := _below(*name.rsplit(".", 1))):
        lines[:] = text


def _below(module: str, name: str) -> Sequence[str]:
    analyzer = ModuleAnalyzer.for_module(module)
    text = analyzer.find_attr_docs().get(("", name))
    for node in ast.walk(ast.parse(analyzer.code)) if text is None else ():
        if isinstance(node, ast.ImportFrom) and node.module and any(one.name == name for one in node.names):
            return _below(node.module, name)
    return text or ()


def setup(app: Sphinx) -> None:
    """Sphinx calls this."""
    app.connect("autodoc-process-signature", hide_making)
    app.connect("autodoc-process-docstring", keep_text, priority=400)
    app.connect("autodoc-process-docstring", put_back, priority=600)
    app.connect("autodoc-process-docstring", say_what_is_below, priority=700)
    app.connect("doctree-read", forget_parameters)
    app.connect("doctree-read", mean_the_package)
    app.connect("missing-reference", link_anywhere)
