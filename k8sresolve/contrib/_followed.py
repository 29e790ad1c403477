"""The Services that a balanced client follows: a watch and a balancer for each, from its first request to the end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, Literal, TypeAlias, TypeVar

import attrs

from k8sresolve import AsyncWatch, ConfigError, Endpoint, InvalidName, NotFound, ResolverClosed, Watch
from k8sresolve.balance import Balancer
from k8sresolve.contrib._balancing import CLOSED, Kept
from k8sresolve.contrib._locking import ProcessLock
from k8sresolve.contrib._mesh import warn_of_mesh
from k8sresolve.contrib._names import AsyncNames, Names

W = TypeVar("W", bound=Watch | AsyncWatch)
K = TypeVar("K")

BalancePolicy: TypeAlias = Literal["p2c", "round_robin"]
"""How endpoints are chosen; see `k8sresolve.balance.Balancer`."""

Left: TypeAlias = Callable[[], float | None]
"""Tells how many seconds are left; None is without end."""

_SHORTEST = 0.001  # seconds of a lookup, which takes no less than that for a timeout
_LONGEST = 60.0  # seconds of waiting for a first answer, where the client waits for connections without end

_NO_SERVICE = (NotFound, InvalidName, ConfigError)
"""What a lookup comes to for a name that may be the cluster's, and is no Service of it now."""


@attrs.frozen
class Followed(Generic[W, K]):
    """A Service that is followed, and what the client keeps of its endpoints."""

    watch: W
    balancer: Balancer
    kept: Kept[K]

    @property
    def current(self) -> tuple[Endpoint, ...]:
        """The endpoints that are there."""
        return self.watch.current


_Way: TypeAlias = tuple[object, str]
"""Who follows, and the host of URLs: within a patch of the test kit, this process's own resolver is another one."""


class _Services(Generic[W, K]):
    """The Services followed so far."""

    def __init__(self, policy: BalancePolicy, keep: Callable[[], K]) -> None:
        Balancer((), policy)  # whatever is wrong is said now
        self._policy: BalancePolicy = policy
        self._keep = keep
        self._followed: dict[_Way, Followed[W, K]] = {}
        self._adding = ProcessLock()

    def _known(self, way: _Way) -> Followed[W, K] | None:
        """What is followed already, unless a fork, or the end of a loop, has ended that."""
        followed = self._followed.get(way)
        if followed is not None:
            try:
                followed.watch.current  # noqa: B018 - it is raised here
            except ResolverClosed:
                return None
        return followed

    def _add(self, way: _Way, watch: W, to: dict[_Way, Followed[W, K]]) -> Followed[W, K]:
        """Take a watch that is open and ready, unless there is one by now.

        Raises `ResolverClosed` where the client has been closed since what was followed was `to`.
        """
        warn_of_mesh()
        with self._adding.here():
            if to is not self._followed:
                raise ResolverClosed(CLOSED)
            followed = self._known(way)
            if followed is None:
                followed = Followed(watch, Balancer(watch, self._policy), Kept(self._keep))
                self._followed[way] = followed
            return followed

    def all(self) -> list[Followed[W, K]]:
        """All that are followed; none any more."""
        with self._adding.here():
            followed, self._followed = self._followed, {}
        return [*followed.values()]


class Services(_Services[Watch, K]):
    """See `_Services`; for clients that block, in any number of threads."""

    def __init__(self, names: Names, policy: BalancePolicy, keep: Callable[[], K]) -> None:
        super().__init__(policy, keep)
        self._names = names

    def find(self, host: str, left: Left) -> Followed[Watch, K] | None:
        """The Service of a URL's host, which is followed from now on; None for what is no Service.

        Raises as `Resolver.service` and `Watch.ready` do, within the seconds that are `left`.
        """
        if self._names.disabled:
            return None
        resolver, to = self._names.resolver, self._followed
        followed = self._known(way := (resolver, host))
        if followed is not None or not self._names.takes(host):
            return followed
        try:
            resolver.service(host, timeout=_seconds(left))
        except _NO_SERVICE:
            return None
        watch = resolver.watch(host)
        try:
            watch.__enter__()
            watch.ready(timeout=_seconds(left) or _LONGEST)
            followed = self._add(way, watch, to)
        finally:
            if followed is None or followed.watch is not watch:
                watch.close()
        return followed


class AsyncServices(_Services[AsyncWatch, K]):
    """See `_Services`; for tasks of asyncio or trio, in one loop at a time."""

    def __init__(self, names: AsyncNames, policy: BalancePolicy, keep: Callable[[], K]) -> None:
        super().__init__(policy, keep)
        self._names = names

    async def find(self, host: str, left: Left) -> Followed[AsyncWatch, K] | None:
        """See `Services.find`."""
        if self._names.disabled:
            return None
        resolver, to = self._names.resolver, self._followed
        followed = self._known(way := (resolver, host))
        if followed is not None or not self._names.takes(host):
            return followed
        try:
            await resolver.service(host, timeout=_seconds(left))
        except _NO_SERVICE:
            return None
        watch = resolver.watch(host)
        try:
            await watch.__aenter__()
            await watch.ready(timeout=_seconds(left) or _LONGEST)
            followed = self._add(way, watch, to)
        finally:
            if followed is None or followed.watch is not watch:
                await watch.close()
        return followed


def _seconds(left: Left) -> float | None:
    seconds = left()
    return None if seconds is None else max(seconds, _SHORTEST)
