"""What docstrings and the texts below fields say, and what the reference pages have a place for."""

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, NamedTuple

import k8sresolve

ROOT = Path(k8sresolve.__file__).parent.parent
_ENTRY = re.compile(r"\*{0,2}(\w+(?:, \*{0,2}\w+)*): \S")
_REFERENCE = re.compile(r"\b[Aa]s `([\w.]+)`")
_DIRECTIVE = re.compile(r"^\.\. (?:auto\w+|py:\w+):: (k8sresolve[\w.]*)\n((?:   :.*\n)*)", re.MULTILINE)
_OPTION = re.compile(r":([\w-]+):(.*)")


class Public(NamedTuple):
    """A public name of a module."""

    module: str
    name: str

    @property
    def value(self) -> Any:
        return getattr(import_module(self.module), self.name)

    @property
    def path(self) -> str:
        """The name by which programs import it: from the package itself, if it is there."""
        in_package = self.name in k8sresolve.__all__ and getattr(k8sresolve, self.name) is self.value
        return f"k8sresolve.{self.name}" if in_package else f"{self.module}.{self.name}"

    @property
    def doc(self) -> str:
        """Its docstring, or what stands below it where it can have none."""
        if isinstance(self.value, type | FunctionType | ModuleType):
            return inspect.getdoc(self.value) or ""
        return below(self.module, self.name)


class Call(NamedTuple):
    """A function or method that programs call."""

    module: str
    path: str
    value: Any

    @property
    def doc(self) -> str:
        return inspect.getdoc(self.value) or ""

    @property
    def parameters(self) -> list[str]:
        named = inspect.signature(self.value).parameters
        return [name for at, name in enumerate(named) if not (at == 0 and name in {"self", "cls"})]


def publics(*modules: str) -> list[Public]:
    """Each name that the modules offer."""
    return [Public(module, name) for module in modules for name in import_module(module).__all__]


def calls(*modules: str) -> list[Call]:
    """Each function that the modules offer, and each method that a page shows of the classes."""
    found: dict[str, Call] = {}
    for public in publics(*modules):
        if isinstance(public.value, type):
            for name, method in methods(public.value):
                if is_shown(public.path, name):
                    found.setdefault(f"{public.path}.{name}", Call(public.module, f"{public.name}.{name}", method))
        elif isinstance(public.value, FunctionType):
            found.setdefault(public.path, Call(public.module, public.name, public.value))
    return list(found.values())


def methods(kind: type) -> Iterator[tuple[str, Any]]:
    """The methods that a class has from this library."""
    for name in sorted({name for one in own_classes(kind) for name in vars(one)}):
        value = inspect.getattr_static(kind, name)
        if isinstance(value, FunctionType | staticmethod):
            yield name, getattr(kind, name)
        elif isinstance(value, classmethod):
            yield name, value.__func__


def own_classes(kind: type) -> list[type]:
    """The class, and those of this library that it has something from."""
    return [one for one in kind.__mro__ if one.__module__.partition(".")[0] == "k8sresolve"]


def fields(public: Public) -> dict[str, str]:
    """The fields of a class that a page shows, each with the text below it."""
    found: dict[str, str] = {}
    for one in own_classes(public.value):
        for name, text in _class_texts(one).items():
            if is_shown(public.path, name):
                found[name] = found.get(name) or text
    return found


@cache
def _class_texts(kind: type) -> dict[str, str]:
    [node] = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
    assert isinstance(node, ast.ClassDef)
    return _texts(node.body)


def _texts(body: list[ast.stmt]) -> dict[str, str]:
    """What is annotated in a body, variables of a class aside, with the text below it."""
    found = {}
    for node, below_it in zip(body, [*body[1:], None], strict=True):
        if isinstance(node, ast.AnnAssign) and "ClassVar" not in ast.unparse(node.annotation):
            found[ast.unparse(node.target)] = _text(below_it)
        elif isinstance(node, ast.Assign):
            found.update({ast.unparse(target): text for target in node.targets if (text := _text(below_it))})
    return found


def _text(node: ast.stmt | None) -> str:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
        return inspect.cleandoc(node.value.value)
    return ""


@cache
def _tree(module: str) -> ast.Module:
    return ast.parse(inspect.getsource(import_module(module)))


def below(module: str, name: str) -> str:
    """The text below an assignment, wherever the module has the name from."""
    for node in ast.walk(_tree(module)):
        if isinstance(node, ast.ImportFrom) and any((one.asname or one.name) == name for one in node.names):
            return below(node.module or "", name)
    return _texts(_tree(module).body).get(name, "")


def entries(doc: str, section: str) -> set[str]:
    """What a section of a docstring has entries for."""
    found: set[str] = set()
    inside = False
    for line in doc.splitlines():
        if line and not line.startswith(" "):
            inside = line == f"{section}:"
        elif inside and line[:4].isspace() and not line[4:5].isspace() and (entry := _ENTRY.match(line[4:])):
            found.update(name.lstrip("*") for name in entry[1].split(", "))
    return found


def typed(doc: str) -> list[str]:
    """The lines of its examples that are typed, without their prompts."""
    found, is_typed = [], False
    for line in map(str.strip, doc.splitlines()):
        is_typed = line.startswith(">>> ") or (is_typed and line.startswith("..."))
        found += [line[4:]] if is_typed else []
    return found


def listed(call: Call) -> set[str]:
    """The parameters that a call's docstring lists, or that of the call with the same ones that it refers to."""
    found = entries(call.doc, "Args")
    for path in _REFERENCE.findall(call.doc) if not found else ():
        at = _resolved(call.module, path)
        if at is not None and list(inspect.signature(at).parameters)[-len(call.parameters) :] == call.parameters:
            found |= entries(inspect.getdoc(at) or "", "Args")
    return found


def _resolved(module: str, path: str) -> Any:
    value: Any = import_module(module)
    for part in path.split("."):
        value = getattr(value, part, None) or getattr(k8sresolve, part, None)
    return value


@cache
def on_pages() -> dict[str, dict[str, list[str]]]:
    """The full names that the reference pages have a place for, each with the options and their words there."""
    pages = (ROOT / "docs/reference").glob("*.md")
    return {
        name: {option: words.replace(",", " ").split() for option, words in _OPTION.findall(options)}
        for page in pages
        for name, options in _DIRECTIVE.findall(page.read_text())
    }


def is_shown(path: str, attribute: str) -> bool:
    """Whether a page shows this attribute of a class."""
    options = on_pages().get(path, {})
    shown, hidden = options.get("members"), options.get("exclude-members", [])
    if shown is None or attribute in hidden or attribute.startswith("_"):
        return False
    return not shown or attribute in shown
