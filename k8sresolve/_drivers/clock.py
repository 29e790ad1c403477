"""The clock of deadlines, round trips and remembered answers: one for all drivers, which tests that move time leave."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from functools import partial
from types import BuiltinFunctionType


def _clock() -> Callable[[], float]:
    """Find a clock that goes on whatever a test does to time, and costs little: it is read six times a lookup.

    freezegun puts a stopped clock in the place of `time.monotonic`, wherever a module holds that; nothing would ever
    time out. It does not look into a partial, and knows nothing of clock_gettime(2), at twice the cost; time-machine
    moves that one's CLOCK_REALTIME alone.
    """
    is_stopped = not isinstance(time.monotonic, BuiltinFunctionType)
    if is_stopped and sys.platform != "win32" and hasattr(time, "clock_gettime"):
        return partial(time.clock_gettime, time.CLOCK_MONOTONIC)
    return partial(time.monotonic)


monotonic = _clock()
