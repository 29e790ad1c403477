"""The documentation's build: Sphinx, MyST and furo."""

import ast
import builtins
import inspect
import re
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version as installed_version
from typing import Any, get_origin

from docutils.nodes import Element, Node, document, reference
from sphinx.addnodes import desc, desc_parameter, desc_sig_name, pending_xref
from sphinx.application import Sphinx
from sphinx.pycode import ModuleAnalyzer
from sphinx.util.inspect import TypeAliasForwardRef
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
napoleon_numpy_docstring = False
napoleon_use_rtype = False
autodoc_class_signature = "mixed"
python_maximum_signature_line_length = 100
autodoc_preserve_defaults = True
nitpicky = False

# What is written as `Policy` in a signature is no list of words there.
ALIASES = ("Dialect", "Family", "IPAddress", "Outcome", "Policy", "Purpose", "Scheme", "Transport")
autodoc_type_aliases = {name: name for name in ALIASES}
TypeAliasForwardRef.__repr__ = lambda self: self.name  # in a union, too


def forget_parameters(_app: Sphinx, page: document) -> None:
    """Where a function has a parameter `ports`, its docstring means that by `ports`, and no method of that name.

    A name that Python has itself is Python's.
    """
    for asked in list(page.findall(pending_xref)):
        if hasattr(builtins, asked["reftarget"]):  # a type, and no field that is called so
            asked.replace_self(asked.children)
            continue
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
    """Let a name be found from any module: where it is public, else the only one that ends so, or ends so soonest."""
    if asked.get("refdomain") != "py":
        return None
    target = asked["reftarget"]
    known = app.env.domains.python_domain.objects
    parts = target.split(".")
    found = next((full for at in range(len(parts)) if (full := ".".join(["k8sresolve", *parts[at:]])) in known), "")
    # `aiohttp.TCPConnector` is aiohttp's own, beside which the adapter stands.
    is_client_s = len(parts) > 1 and f"k8sresolve.contrib.{parts[0]}" in known
    if not found and asked.get("reftype") == "obj" and not is_client_s:
        ending = sorted((full for full in known if full.endswith(f".{target}")), key=lambda full: full.count("."))
        if ending and (len(ending) == 1 or ending[0].count(".") < ending[1].count(".")):
            found = ending[0]
    if not found:
        return None
    entry = known[found]
    return make_refnode(app.builder, asked["refdoc"], entry.docname, entry.node_id, shown, found)


def show_public_titles(app: Sphinx, page: document, _docname: str) -> None:
    """A link is titled by the name that programs import, and not by the module where that is at home."""
    known = app.env.domains.python_domain.objects
    places = {(one.docname, one.node_id): full for full, one in known.items() if not one.aliased}
    for link in page.findall(reference):
        hidden = known.get(link.get("reftitle", ""))
        if hidden is not None and hidden.aliased:
            link["reftitle"] = places[hidden.docname, hidden.node_id]


def find(path: str, module: str) -> Any:
    """What a docstring of the module means by a name such as `Resolver.port`."""
    for home in (import_module(module), k8sresolve):
        value: Any = home
        for part in path.split("."):
            value = getattr(value, part, None)
        if value is not None:
            return value
    return None


def tell_what_is_referred_to(
    _app: Sphinx, _what: str, _name: str, described: Any, _options: object, lines: list[str]
) -> None:
    """Below "As `Resolver.port`" comes what that takes and raises."""
    text = "\n".join(lines)
    for path in re.findall(r"^As `([\w.]+)`", text, re.MULTILINE) if "\nArgs:\n" not in text else ():
        other = find(path, described.__module__)
        sections = re.findall(r"^(?:Args|Returns|Raises):\n(?:(?: .*)?\n)+", f"{inspect.getdoc(other)}\n", re.MULTILINE)
        at = next((at for at, line in enumerate(lines) if line.startswith(">>>")), len(lines))
        lines[at:at] = "\n".join(["", *sections]).splitlines()


PLAIN = {
    r"mappingproxy\(\{\}\)": "{}",
    r"frozenset\(\{\}\)": "frozenset()",
    r"CacheConfig\(entries=[^)]*\)": "CacheConfig()",
    r"\bNOTHING\b|<[^<>]*(?:<[^<>]*>)?[^<>]*>": "...",
}


def write_plainly(
    _app: Sphinx, what: str, _name: str, described: Any, _options: object, signature: str | None, returned: str | None
) -> tuple[str, str | None] | None:
    """What programs make none of is shown without what it is made of, and defaults as they are written."""
    if not signature:
        return None
    if what == "class" and (
        "Made by `" in (inspect.getdoc(described) or "") or getattr(described, "_is_protocol", False)
    ):
        return "", returned
    for computed, written in PLAIN.items():
        signature = re.sub(computed, written, signature)
    return signature, returned


def show_public_bases(_app: Sphinx, _name: str, _described: Any, _options: object, bases: list[type]) -> None:
    """In place of a base of the library's own come the ones behind it."""
    while private := next((base for base in bases if getattr(base, "__name__", "").startswith("_")), None):
        at = bases.index(private)
        bases[at : at + 1] = [base for base in (get_origin(private) or private).__bases__ if base not in bases]


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
    app.connect("autodoc-process-docstring", keep_text, priority=400)
    app.connect("autodoc-process-docstring", put_back, priority=600)
    app.connect("autodoc-process-docstring", say_what_is_below, priority=700)
    app.connect("doctree-read", forget_parameters)
    app.connect("doctree-read", mean_the_package)
    app.connect("missing-reference", link_anywhere)
    app.connect("doctree-resolved", show_public_titles)
    app.connect("autodoc-process-docstring", tell_what_is_referred_to, priority=400)  # before napoleon
    app.connect("autodoc-process-signature", write_plainly)
    app.connect("autodoc-process-bases", show_public_bases)
