"""How much work a call is, for tests of input that must not cost too much, by far."""

import gc
import sys
import time
from collections.abc import Callable
from typing import Any


def cpu_seconds(call: Callable[[], Any]) -> float:
    """CPU seconds of this process for a call alone.

    What measures coverage is put aside, which multiplies them, and the collector, which comes when it likes and looks
    at all that other tests have loaded.
    """
    tracer, collects = sys.gettrace(), gc.isenabled()
    sys.settrace(None)
    gc.disable()
    try:
        began = time.process_time()
        call()
        return time.process_time() - began
    finally:
        if collects:
            gc.enable()
        sys.settrace(tracer)


def calls_of(function: Callable[[], Any]) -> int:
    """Count the Python calls that a call makes: a comparison of two answers is one."""
    count = 0

    def note(_frame: Any, event: str, _argument: Any) -> None:
        nonlocal count
        count += event == "call"

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        function()
    finally:
        sys.setprofile(before)
    return count
