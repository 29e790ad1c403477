"""What watches tell: how the endpoints of a Service change."""

from __future__ import annotations

import attrs

from k8sresolve._value import Value
from k8sresolve.errors import Error
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
