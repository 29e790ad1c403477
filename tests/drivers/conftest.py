"""What the drivers' tests share: scripted nameservers on loopback, and a watch over what is left behind."""

import gc
import threading
import time
from collections.abc import Iterator

import pytest

from k8sresolve._core.engine import health, inquiry
from tests.drivers import held
from tests.drivers.nameservers import Loopback


@pytest.fixture(scope="session")
def loopback() -> Iterator[Loopback]:
    """The thread in which scripted nameservers play, one for the whole run."""
    stage = Loopback()
    gc.collect()
    gc.freeze()  # what is there now need not be looked through after each test
    yield stage
    gc.unfreeze()
    stage.stop()


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no timer of a question's end within a test, so that what waits for one fails, and a busy machine does not."""
    monkeypatch.setattr(health, "FIRST_WAIT", 600.0)
    monkeypatch.setattr(inquiry, "MOST_WAIT", 600.0)
    monkeypatch.setattr(inquiry, "STREAM_WAIT", 600.0)


def _held() -> tuple[int, set[threading.Thread]]:
    return held.fds(), set(threading.enumerate())


@pytest.fixture(autouse=True)
def nothing_left(loopback: Loopback) -> Iterator[None]:
    """L3: each test leaves no socket and no thread behind."""
    before = _held()
    yield
    gc.collect()
    until = time.monotonic() + 2
    while _held() != before and time.monotonic() < until:
        time.sleep(0.005)  # the nameservers close their streams in callbacks
    assert _held() == before
