"""Waiting until a Service is there: what to do next, and what to say when it did not come. Pure: it yields steps."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Generator
from typing import Any, NamedTuple, TypeAlias

from k8sresolve._core.lookups.polls import Seen, stand
from k8sresolve._core.lookups.setting import Setting
from k8sresolve._escaping import told
from k8sresolve.config import check_seconds, check_whole
from k8sresolve.errors import (
    ConfigError,
    ConnectFailed,
    Error,
    NotHeadless,
    ResolveError,
    TemporaryFailure,
    WaitTimeout,
)
from k8sresolve.names import PortName, ServiceName
from k8sresolve.records import Endpoint

FIRST_PAUSE, MOST_PAUSE = 1.0, 5.0  # seconds between looks: doubling from the one to the other
MOST = 100_000  # endpoints; an EndpointSlice has a thousand
LAST_LOOK = 1.0  # seconds before the end
CONNECT = 5.0  # seconds for one attempt to connect, at most
_TRIED_MOST = 3  # endpoints that refuse are named, at most


class Look(NamedTuple):
    """Make this call past what is remembered, in so many seconds: what it comes to, or its error, is sent back."""

    call: tuple[Any, ...]
    seconds: float


class Connect(NamedTuple):
    """Connect to the endpoint, in so many seconds, and close that again: None, or the error, is sent back."""

    endpoint: Endpoint
    seconds: float


class Pause(NamedTuple):
    """Let so many seconds pass."""

    seconds: float


Step: TypeAlias = Look | Connect | Pause
Steps: TypeAlias = Generator[Step, Any, tuple[Endpoint, ...]]


def begin(  # noqa: PLR0917 - what is waited for
    setting: Setting,
    name: str | ServiceName,
    port: str | None,
    protocol: str,
    at_least: int,
    timeout: float,
    connect: bool | None,
) -> Steps:
    """Begin to wait. Raises `InvalidName` or `ConfigError` for what cannot be waited for."""
    place = setting.service_name(name)
    check_whole("at_least", at_least, 1, MOST)
    check_seconds("timeout", timeout, 0)
    if connect not in (None, True, False):
        raise ConfigError(f"connect={told(connect)} is neither True, False nor None")
    if port is not None and PortName(port, protocol).protocol != "tcp" and connect:
        raise ConfigError(f"nothing connects by {protocol}", advice="leave connect= out")
    if connect and port is None:
        raise ConfigError("connect=True needs a port", advice=f"give its name: wait_for({str(name)!r}, 'http')")
    return wait(name, place, port, protocol, at_least, timeout, connect, setting.now)


class _Waiting:
    """What was said so far, and how often."""

    def __init__(self, name: str | ServiceName, place: ServiceName, at_least: int, began: float) -> None:
        self._name = str(name)
        self._place = place
        self._at_least = at_least
        self._began = began
        self._said: Counter[str] = Counter()
        self._last: Error | None = None
        self._there = 0

    def note(self, seen: Seen) -> None:
        """Take what was seen."""
        self._there, self._last = len(seen.endpoints), seen.cause
        if seen.cause is not None:
            self.fail(seen.cause)
        else:
            self._said[f"{self._there} endpoint{'s' * (self._there != 1)}"] += 1

    def fail(self, error: Error) -> None:
        """Take why there is nothing."""
        self._last = error
        self._said[_problem(error)] += 1

    def refused(self, reached: int, errors: list[Error]) -> None:
        """Take that so many can be reached, and why others cannot."""
        self._there = reached
        self._last = errors[-1] if errors else self._last
        for error in errors[:_TRIED_MOST]:
            tried = error.attempts if isinstance(error, ConnectFailed) else ()
            self._said[str(tried[0]) if tried else _problem(error)] += 1

    def late(self, now: float) -> WaitTimeout:
        """Say what came in place of what was waited for."""
        said = "; ".join(f"{text} ({count} times)" if count > 1 else text for text, count in self._said.most_common())
        endpoints = "endpoint" if self._at_least == 1 else "endpoints"
        last = self._last
        return WaitTimeout(
            self._name,
            f"{self._there} of {self._at_least} {endpoints} after {now - self._began:.0f} s: {said or 'nothing'}",
            attempts=last.attempts if isinstance(last, ResolveError) else (),
            advice=getattr(last, "advice", "") or see_pods(self._place),
        )


def see_pods(place: ServiceName) -> str:
    """Advise to see which pods a Service has."""
    slices = f"kubectl -n {place.namespace} get endpointslices -l kubernetes.io/service-name={place.service}"
    return f"see which pods are ready: {slices}"


def _problem(error: Error) -> str:
    """What is wrong, without how long that one look took."""
    return re.sub(r", after [0-9.]+ s$", "", getattr(error, "problem", "") or str(error))


def wait(  # noqa: PLR0917 - what is waited for
    name: str | ServiceName,
    place: ServiceName,
    port: str | None,
    protocol: str,
    at_least: int,
    timeout: float,
    connect: bool | None,
    now: Callable[[], float],
) -> Steps:
    """Look, at once and then after growing pauses, until there are enough endpoints. Raises `WaitTimeout`."""
    end = now() + timeout
    waiting = _Waiting(name, place, at_least, now())
    pause = FIRST_PAUSE
    while True:
        found = yield from _look(waiting, name, port, protocol, at_least, connect, lambda: end - now())
        if found is not None:
            return found
        left = end - now()
        if left <= LAST_LOOK:
            yield Pause(max(0.0, left))
            raise waiting.late(now())
        yield Pause(min(pause, left - LAST_LOOK))
        pause = min(2 * pause, MOST_PAUSE)


def _look(  # noqa: PLR0917 - what is waited for
    waiting: _Waiting,
    name: str | ServiceName,
    port: str | None,
    protocol: str,
    at_least: int,
    connect: bool | None,
    left: Callable[[], float],
) -> Generator[Step, Any, tuple[Endpoint, ...] | None]:
    seen = yield Look((stand, name, port, protocol), left())
    if isinstance(seen, TemporaryFailure):
        waiting.fail(seen)
        return None
    if isinstance(seen, Error):
        raise seen
    if seen.clustered and at_least > 1:
        raise NotHeadless(
            str(name),
            f"it has a ClusterIP, so DNS cannot tell whether {at_least} pods are ready",
            advice="wait for one endpoint with a port, or make the Service headless (clusterIP: None)",
        )
    if len(seen.endpoints) < at_least:
        waiting.note(seen)
        return None
    if connect or (connect is None and seen.clustered and port is not None and protocol.lower() == "tcp"):
        return (yield from _reached(waiting, seen.endpoints, at_least, left))
    return seen.endpoints  # type: ignore[no-any-return]


def _reached(
    waiting: _Waiting, endpoints: tuple[Endpoint, ...], at_least: int, left: Callable[[], float]
) -> Generator[Step, Any, tuple[Endpoint, ...] | None]:
    """Those that take a connection, if there are enough of them; for the rest of the time, and no longer."""
    reached: list[Endpoint] = []
    errors: list[Error] = []
    for endpoint in endpoints:
        seconds = min(left(), CONNECT)
        if seconds <= 0:
            break
        error = yield Connect(endpoint, seconds)
        if error is None:
            reached.append(endpoint)
        else:
            errors.append(error)
    if len(reached) >= at_least:
        return tuple(reached)
    waiting.refused(len(reached), errors)
    return None
