"""How much work a call is, for tests of input that must not cost too much, by far."""

import sys
import time
from collections.abc import Callable
from typing import Any


def cpu_seconds(call: Callable[[], Any]) -> float:
    """CPU seconds of this process for a call alone: what measures coverage is put aside, which multiplies them."""
    tracer = sys.gettrace()
    sys.settrace(None)
    try:
        began = time.process_time()
        call()
        return time.process_time() - began
    finally:
        sys.settrace(tracer)
