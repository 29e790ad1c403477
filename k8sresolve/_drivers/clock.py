"""The clock of deadlines, round trips and remembered answers: one for all drivers, which tests that move time leave."""

import time
from collections.abc import Callable
from functools import partial

# freezegun puts a stopped clock in the place of `time.monotonic`, wherever a module holds that; nothing would ever time
# out. It knows nothing of clock_gettime(2), and time-machine moves that one's CLOCK_REALTIME alone.
monotonic: Callable[[], float] = (
    partial(time.clock_gettime, time.CLOCK_MONOTONIC) if hasattr(time, "clock_gettime") else time.monotonic
)
