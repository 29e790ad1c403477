"""F1: what the interpreter does with an exception out of nowhere at the end of a loop's turn.

From CPython 3.12 on a jump back that the compiler adds, as where a turn ends early (a comprehension with `if`, a `for`
whose last statement is an `if`, a `while` with a condition), belongs to no `with` and no `try` around it. From 3.13 on
signals are looked for just there: what a handler raises passes `finally` by, and leaves a lock locked for good.
"""

import ast
import dis
from collections.abc import Iterator
from pathlib import Path
from types import CodeType

import k8sresolve

_ROOT = Path(k8sresolve.__file__).parent
# As a command is interrupted, its process ends.
MODULES = sorted(path for path in _ROOT.rglob("*.py") if path.relative_to(_ROOT).parts[0] != "cli")


def is_guard(node: ast.AST) -> bool:
    """Whether it does something after its body that no exception may pass by."""
    if isinstance(node, ast.Try):
        kinds = {ast.unparse(each.type) if each.type else "BaseException" for each in node.handlers}
        return bool(node.finalbody) or "BaseException" in kinds
    if not isinstance(node, ast.With | ast.AsyncWith):
        return False
    return not all("suppress(" in ast.unparse(each.context_expr) for each in node.items)


def codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from codes(inner)


def jumps_past_guards(source: str) -> list[str]:
    """Where a function jumps back inside a guard's body, and an exception there would pass the guard by."""
    bodies = [
        (node.lineno, node.body[0].lineno, node.body[-1].end_lineno or 0)
        for node in ast.walk(ast.parse(source))
        if is_guard(node)
    ]
    found = []
    for code in codes(compile(source, "", "exec")):
        guarded = {offset for start, end, *_ in handlers(code) for offset in range(start, end, 2)}
        for at in dis.get_instructions(code):
            line = (at.positions.lineno if at.positions else None) or 0
            inside = any(code.co_firstlineno < guard and first <= line <= last for guard, first, last in bodies)
            if at.opname == "JUMP_BACKWARD" and inside and at.offset not in guarded:
                found.append(f"{code.co_qualname}, line {line}")
    return found


def handlers(code: CodeType) -> list[tuple[int, ...]]:
    return [(one.start, one.end) for one in dis._parse_exception_table(code)]  # type: ignore[attr-defined]


def test_a_jump_that_is_not_guarded_is_seen(monkeypatch):
    source = "def f(lock, many):\n    with lock:\n        for one in many:\n            one()\n"
    assert jumps_past_guards(source) == []
    monkeypatch.setattr(f"{__name__}.handlers", lambda _: [])
    assert jumps_past_guards(source) == ["f, line 4"]


def test_f1_no_loop_lets_an_exception_pass_its_guard_by():
    found = {str(path.relative_to(_ROOT)): jumps_past_guards(path.read_text()) for path in MODULES}
    assert {path: jumps for path, jumps in found.items() if jumps} == {}, "these loops want functions of their own"
