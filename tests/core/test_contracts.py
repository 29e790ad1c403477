"""What the core may take from elsewhere: nothing that sees a socket, a file, a clock or chance.

import-linter holds the arrows between the rooms, and forbids what does I/O by name. This is the other half: what is
not on these lists is not for the core.
"""

import ast
import sys
from pathlib import Path

import pytest

import k8sresolve

ROOT = Path(k8sresolve.__file__).parent
MODULES = sorted(ROOT.glob("_core/**/*.py"))
PURE = {
    "collections",
    "enum",
    "functools",
    "heapq",
    "ipaddress",
    "itertools",
    "math",
    "re",
    "struct",
    "types",
    "typing",
}
DNSPYTHON = {
    "wire/fallback.py": {"dns.flags", "dns.message", "dns.name", "dns.rcode", "dns.rdataclass", "dns.rrset"},
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
