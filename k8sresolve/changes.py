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

    >>> from k8sresolve.testing import Cluster, headless
    >>> cluster = Cluster.new(headless("db.data", sql=5432, pods=2))
    >>> with cluster.resolver() as resolver, resolver.watch("db.data", "sql") as watch:
    ...     change = next(watch)
    ...
    >>> len(change.added), len(change.removed), change.stale
    (2, 0, False)
    """

    current: tuple[Endpoint, ...]
    """The endpoints that are there, in canonical order."""
    previous: tuple[Endpoint, ...]
    """Those of the change before; none in the first one."""
    added: tuple[Endpoint, ...]
    """Those that came."""
    removed: tuple[Endpoint, ...]
    """Those that went."""
    stale: bool
    """Whether the last answer failed, or said that there is nothing and is not believed yet."""
    cause: Error | None
    """That failure, None where there is none."""


@attrs.frozen(eq=False, repr=False, weakref_slot=False)
class WatchStatus(Value):
    """What an open watch knows, as `Resolver.watches` tells it.

    >>> from k8sresolve.testing import Cluster, headless
    >>> cluster = Cluster.new(headless("db.data", sql=5432, pods=2))
    >>> with cluster.resolver() as resolver:
    ...     with resolver.watch("db.data", "sql") as watch:
    ...         ready = watch.ready()
    ...         [status] = resolver.watches()
    ...
    >>> print(status)
    db.data.svc.cluster.local sql: 2 endpoints, answered 0 s ago, unchanged for 0 s
    """

    service: ServiceName
    """The Service that it follows."""
    port: str | None
    """The name of the port that it follows, None where it follows addresses."""
    current: tuple[Endpoint, ...]
    """The endpoints that are there, in canonical order."""
    cause: Error | None
    """Why the last answer failed or is not believed yet, None where neither is so."""
    age: float | None
    """Seconds since the last answer came, None before the first one."""
    unchanged: float | None
    """Seconds since the endpoints were others, None before the first answer."""

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
