"""Child processes that work for a test: its exit status is what comes of it."""

import gc
import os
import signal
import sys
import traceback
import warnings
from collections.abc import Callable

from tests.drivers import held


def in_child(work: Callable[[], int]) -> int:
    """Fork and let the child work; its exit status is what comes of that. Returns its process id."""
    with warnings.catch_warnings():
        # CPython 3.12 warns of any fork with threads about, which is what is tested.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child:
        return child
    try:
        signal.alarm(20)
        os._exit(work() & 0xFF)
    except BaseException:  # noqa: BLE001 - a child never returns into the test
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(99)


def status_of(child: int) -> int:
    """Wait for its end."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def fds_in_child() -> int:
    """Count the file descriptors that a child begins with: what others of this process left open closes there."""
    gc.collect()
    return status_of(in_child(held.fds))
