"""What watches tell: how the endpoints of a Service change, and how old is what they know."""

from __future__ import annotations

import attrs

from k8sresolve._value import Value
from k8sresolve.errors import Error
from k8sresolve.names import ServiceName
from k8sresolve.records import Endpoint


@attrs.frozen(eq=False, repr=False, weakref_slot=False)
class Change(Value):
    """What a watch has to tell since it last told something.

    `current` are the endpoints that are there, in canonical order, and `previous` those of the change before, none in
    the first one. `stale`: the last answer failed, or said that there is nothing and is not believed yet; `cause` is
    that failure.

    >>> from k8sresolve import Endpoint
    >>> from ipaddress import ip_address
    >>> one, two = [Endpoint(ip_address(f"10.244.1.{number}"), 5432, None, None) for number in (7, 8)]
    >>> change = Change(current=(one, two), previous=(one,), added=(two,), removed=(), stale=False, cause=None)
    >>> [str(endpoint.address) for endpoint in change.added]
    ['10.244.1.8']
    """

    current: tuple[Endpoint, ...]
    previous: tuple[Endpoint, ...]
    added: tuple[Endpoint, ...]
    removed: tuple[Endpoint, ...]
    stale: bool
    cause: Error | None


@attrs.frozen(eq=False, repr=False, weakref_slot=False)
class WatchStatus(Value):
    """What an open watch knows, as `Resolver.watches()` tells it.

    `service` and `port` are what it follows, `current` the endpoints that are there. `age` is the seconds since the
    last answer came, and `unchanged` those since the endpoints were others; both are None before the first answer.
    `cause` is why the last answer failed or is not believed yet, None where neither is so.
    """

    service: ServiceName
    port: str | None
    current: tuple[Endpoint, ...]
    cause: Error | None
    age: float | None
    unchanged: float | None

    @property
    def stale(self) -> bool:
        """Whether the last answer failed, or is not believed yet."""
        return self.cause is not None

    def __str__(self) -> str:
        name = f"{self.service} {self.port}" if self.port else str(self.service)
        if self.age is None:
            return f"{name}: not answered yet"
        endpoints = f"{len(self.current)} endpoint{'s' * (len(self.current) != 1)}"
        return f"{name}: {endpoints}, answered {self.age:.0f} s ago, unchanged for {self.unchanged:.0f} s"
