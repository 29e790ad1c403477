"""F1: where the interpreter itself lets an exception out of nowhere pass `with` and `finally` by.

From CPython 3.12 on a jump back that the compiler adds, as where a turn ends early (a comprehension with `if`, a `for`
whose last statement is an `if`, a `while` with a condition), belongs to no `with` and no `try` around it. From 3.13 on
signals are looked for just there: what a handler raises passes `finally` by, and leaves a lock locked for good.
"""

import ast
import contextlib
import dis
import random
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from types import CodeType

import pytest

import k8sresolve
from k8sresolve._locks import GuardedLock, Lock
from tests.drivers.test_interruptions import Interruption, interrupt, on_alarm

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


# -- locks, in CPython 3.14 --------------------------------------------------------------------------------------------


class Interrupted(GuardedLock):
    """An exception comes before it is had, or as it has just been."""

    taken = False

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        if self.taken:
            super().acquire(blocking, timeout)
        raise Interruption


# What is had already is not waited for.
@pytest.mark.parametrize(("taken", "depth"), [(False, 0), (True, 0), (True, 1), (True, 2)])
def test_f1_a_lock_that_an_exception_kept_from_with_is_as_it_was(taken, depth):
    lock = Interrupted()
    lock.taken = taken
    for _ in range(depth):
        super(Interrupted, lock).acquire()
    with pytest.raises(Interruption), lock:
        pytest.fail("it was not had")
    for _ in range(depth):
        assert lock._is_owned()
        lock.release()
    assert not lock._is_owned()


def take_and_release(lock):
    while True:
        with lock:
            pass


def test_f1_alarms_at_random_moments_leave_a_lock_free():
    lock, chance = Lock(), random.Random(12)
    with on_alarm(interrupt):
        for _ in range(300):
            with contextlib.suppress(Interruption):
                signal.setitimer(signal.ITIMER_REAL, chance.uniform(0.00001, 0.0003))
                take_and_release(lock)
            assert not lock._is_owned()


def test_f1_other_locks_are_those_that_are_never_held_by_with():
    made = re.compile(r"threading\.R?Lock\(|from _?thread(ing)? import .*Lock")
    assert {str(path.relative_to(_ROOT)) for path in MODULES if made.search(path.read_text())} == {
        "_locks.py",
        "_drivers/forks.py",  # a turn, which is tried and given back
        "_drivers/watch_thread.py",  # bells, which another thread rings
        "contrib/socket.py",  # whether something is in force
    }
