"""A Sphinx extension: reference pages show names, signatures and texts as programs and their authors write them."""

import ast
import builtins
import inspect
import re
from collections.abc import Iterable, Mapping
from importlib import import_module
from types import FunctionType
from typing import Any, get_origin

from docutils.nodes import Element, Node, Text, document, literal, literal_block, reference
from sphinx.addnodes import desc, desc_parameter, desc_sig_name, pending_xref
from sphinx.application import Sphinx
from sphinx.pycode import ModuleAnalyzer
from sphinx.util.inspect import TypeAliasForwardRef
from sphinx.util.nodes import make_refnode

import k8sresolve

# Signatures.


def write_defaults(_app: Sphinx, described: Any, _is_bound: object) -> None:
    """Show defaults as programs write them, of which some are computed or made by attrs."""
    function = getattr(described, "__func__", described)
    if isinstance(function, FunctionType):
        signature = inspect.signature(function)
        parameters = [one.replace(default=written(one.default)) for one in signature.parameters.values()]
        function.__signature__ = signature.replace(parameters=parameters)


class Written(str):
    """Source text."""

    __slots__ = ()

    __repr__ = str.__str__


def written(default: Any) -> Any:
    """A default, or its source text where `repr` tells more than that, or `...`."""
    if isinstance(default, Mapping):
        return Written("..." if default else "{}")
    try:
        ast.literal_eval(repr(default))
    except (SyntaxError, ValueError):
        if default is inspect.Parameter.empty or isinstance(default, Written):
            return default
        return Written(f"{type(default).__name__}()" if _is_as_made(default) else "...")
    return default


def _is_as_made(value: Any) -> bool:
    try:
        return bool(value == type(value)())
    except TypeError:
        return False


def hide_making(
    _app: Sphinx, what: str, _name: str, described: Any, _options: object, signature: str | None, returned: str | None
) -> tuple[str, str | None] | None:
    """Show nothing of what a value is made of that programs do not make."""
    is_made = "Made by `" in (inspect.getdoc(described) or "") or getattr(described, "_is_protocol", False)
    return ("", returned) if signature and what == "class" and is_made else None


def show_public_bases(_app: Sphinx, _name: str, _described: Any, _options: object, bases: list[type]) -> None:
    """In place of a base of the library's own come the ones behind it."""
    bases[:] = [
        one
        for base in bases
        for one in ((get_origin(base) or base).__bases__ if base.__name__.startswith("_") else (base,))
    ]


# Texts.


def complete(_app: Sphinx, what: str, name: str, described: Any, _options: object, lines: list[str]) -> None:
    """Let a constant say what stands below it, and a call what that takes and raises to which it refers."""
    if what == "data":
        lines[:] = _below(*name.rsplit(".", 1)) or lines
    if what in ("attribute", "data", "property"):
        lines[:0] = ["..", ""]  # an empty comment: of a first line napoleon takes for a type what precedes a colon
    else:
        at = next((at for at, line in enumerate(lines) if line.startswith(">>>")), len(lines))
        lines[at:at] = _referred_to("\n".join(lines), described)


def _below(module: str, name: str) -> list[str]:
    """The text below an assignment, wherever the module has the name from."""
    analyzer = ModuleAnalyzer.for_module(module)
    text = analyzer.find_attr_docs().get(("", name))
    for node in ast.walk(ast.parse(analyzer.code)) if text is None else ():
        if isinstance(node, ast.ImportFrom) and node.module and any(one.name == name for one in node.names):
            return _below(node.module, name)
    return text or []


def _referred_to(text: str, described: Any) -> Iterable[str]:
    """The sections of that of which a text says "As `Resolver.port`"."""
    for path in re.findall(r"^As `([\w.]+)`", text, re.MULTILINE) if "\nArgs:\n" not in text else ():
        other = inspect.getdoc(_find(path, described.__module__))
        for section in re.findall(r"^(?:Args|Returns|Raises):\n(?:(?: .*)?\n)+", f"{other}\n", re.MULTILINE):
            yield from ["", *section.splitlines()]


def _find(path: str, module: str) -> Any:
    """What a docstring of the module means by a name such as `Resolver.port`."""
    for home in (import_module(module), k8sresolve):
        value: Any = home
        for part in path.split("."):
            value = getattr(value, part, None)
        if value is not None:
            return value
    return None


# Code.

SHORT, LONG = 16, 40  # letters
NARROW = 52  # letters of code in a line of a telephone
_COLUMNS = re.compile(r"\S {2,}[^\s#]")


def shape_code(_app: Sphinx, page: document) -> None:
    """Let pages.css tell what is too short to be broken or too long to be kept, and columns that no telephone can show.

    Code begins and ends without empty lines, whichever part of a file it is.
    """
    for code in page.findall(literal):
        longest = max(map(len, code.astext().split()), default=0)  # a word
        code["classes"] += ["short"] * (longest <= SHORT) + ["long"] * (longest > LONG)
    for block in page.findall(literal_block):
        text = block.astext().strip("\n")
        block.rawsource, block.children = text, [Text(text)]
        is_output = block.get("language") in ("console", "text")
        if is_output and any(len(line) > NARROW and _COLUMNS.search(line) for line in text.splitlines()):
            block["classes"].append("aligned")


# Links.


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


def setup(app: Sphinx) -> dict[str, bool]:
    """Sphinx calls this."""
    TypeAliasForwardRef.__repr__ = lambda self: self.name  # in a union, too
    app.connect("autodoc-before-process-signature", write_defaults)
    app.connect("autodoc-process-signature", hide_making)
    app.connect("autodoc-process-bases", show_public_bases)
    app.connect("autodoc-process-docstring", complete, priority=400)  # before napoleon
    app.connect("doctree-read", shape_code)
    app.connect("doctree-read", forget_parameters)
    app.connect("doctree-read", mean_the_package)
    app.connect("missing-reference", link_anywhere)
    app.connect("doctree-resolved", show_public_titles)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
