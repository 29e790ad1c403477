"""What the core may take from elsewhere: nothing that sees a socket, a file, a clock or chance.

import-linter holds the arrows between the rooms, and forbids what does I/O by name. This is the other half: what is
not on these lists is not for the core, and what a module calls its own no other module takes.
"""

import ast
import sys
from pathlib import Path

import pytest

import k8sresolve

ROOT = Path(k8sresolve.__file__).parent
MODULES = sorted(ROOT.glob("_core/**/*.py"))
EVERY_MODULE = sorted(ROOT.glob("**/*.py"))
PURE = {
    "__future__",
    "collections",
    "enum",
    "errno",
    "functools",
    "heapq",
    "ipaddress",
    "itertools",
    "math",
    "re",
    "struct",
    "types",
    "typing",
    "weakref",
}
DNSPYTHON = {
    "wire/fallback.py": {
        "dns.flags",
        "dns.name",
        "dns.opcode",
        "dns.rcode",
        "dns.rdata",
        "dns.rdataclass",
        "dns.rdatatype",
        "dns.wire",
    },
    "lookups/rrsets.py": {"dns.rdatatype"},
}
NOT_CALLED = {"open", "print", "input", "breakpoint", "eval", "exec", "compile", "__import__"}


def relative(module):
    return module.relative_to(ROOT / "_core").as_posix()


def imported(module):
    """Each module that is imported anywhere in the file, functions included."""
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "imports are absolute"
            yield node.module


@pytest.mark.parametrize("module", MODULES, ids=relative)
def test_the_core_imports_only_what_is_pure(module):
    names = set(imported(module))
    standard = {name for name in names if name.partition(".")[0] in sys.stdlib_module_names}
    assert {name.partition(".")[0] for name in standard} <= PURE
    ours = {name for name in names if name.partition(".")[0] == "k8sresolve"}
    assert names - standard - ours - {"attrs"} <= DNSPYTHON.get(relative(module), set())


@pytest.mark.parametrize("module", MODULES, ids=relative)
def test_the_core_calls_no_builtin_that_does_io(module):
    names = {node.id for node in ast.walk(ast.parse(module.read_text())) if isinstance(node, ast.Name)}
    assert not names & NOT_CALLED


def test_no_module_has_leave_to_import_what_it_does_not():
    assert {name: set(imported(ROOT / "_core" / name)) & names for name, names in DNSPYTHON.items()} == DNSPYTHON


# What begins with an underscore is a module's own, its folder's rooms apart (`from k8sresolve._core import ordering`).


def is_private(name):
    return name.startswith("_") and not (name.startswith("__") and name.endswith("__"))


def private_names_taken(source):
    """Each private name that the source takes of another of our modules, by import or as an attribute of one."""
    tree = ast.parse(source)
    modules = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module.partition(".")[0] == "k8sresolve":
            yield from (alias.name for alias in node.names if is_private(alias.name))
            modules |= {alias.asname or alias.name for alias in node.names if is_module(node.module, alias.name)}
        elif isinstance(node, ast.Import):
            modules |= {alias.asname for alias in node.names if alias.name.startswith("k8sresolve.") and alias.asname}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules:
            yield from [node.attr] if is_private(node.attr) else []


def is_module(package, name):
    folder = ROOT.parent / package.replace(".", "/")
    return (folder / f"{name}.py").exists() or (folder / name).is_dir()


@pytest.mark.parametrize("module", EVERY_MODULE, ids=lambda module: module.relative_to(ROOT).as_posix())
def test_no_module_takes_what_is_private_to_another(module):
    assert list(private_names_taken(module.read_text())) == []


@pytest.mark.parametrize(
    ("source", "taken"),
    [
        ("from k8sresolve import _system", ["_system"]),
        ("from k8sresolve.config import _whole as whole", ["_whole"]),
        ("from k8sresolve import config\nconfig._whole(1)", ["_whole"]),
        ("import k8sresolve.config as settings\nsettings._whole(1)", ["_whole"]),
        ("def late():\n    from k8sresolve.config import _whole", ["_whole"]),
        ("from k8sresolve._core import ordering\nordering.ranks()", []),
        ("from k8sresolve import __version__, config\nconfig.__name__", []),
        ("import sys\nsys._getframe(1)", []),
    ],
)
def test_taking_a_private_name_is_noticed(source, taken):
    assert list(private_names_taken(source)) == taken
