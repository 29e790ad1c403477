"""Works that begin at once, each in a thread of its own, and take turns between any two steps where there is a GIL."""

import sys
import threading
import time
from collections.abc import Callable
from functools import partial

_LONGEST = 120  # seconds, of what hangs


def at_once(*works: Callable[[], object]) -> None:
    """Do them; raises what went wrong in any."""
    errors: list[BaseException] = []
    here: list[None] = []

    def do(work: Callable[[], object]) -> None:
        here.append(None)
        while len(here) < len(works):
            time.sleep(0)  # a barrier has them wake one after another, on a busy machine long after each other
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - raised below
            errors.append(error)

    threads = [threading.Thread(target=do, args=(work,), daemon=True) for work in works]
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(_LONGEST)
            assert not thread.is_alive(), "it hangs"
    finally:
        sys.setswitchinterval(before)
    if errors:
        raise BaseExceptionGroup("in threads", errors)


def times(count: int, work: Callable[[], object]) -> Callable[[], None]:
    """The work so many times."""

    def do() -> None:
        for _ in range(count):
            work()

    return do


def beside(work: Callable[[], object], *others: Callable[[], object]) -> None:
    """Do it, and the others again and again until it is done."""
    done = threading.Event()

    def do() -> None:
        try:
            work()
        finally:
            done.set()

    def keep_doing(other: Callable[[], object]) -> None:
        while not done.is_set():
            other()

    at_once(do, *[partial(keep_doing, other) for other in others])
