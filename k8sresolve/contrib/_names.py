"""How adapters find names: which they take, by which resolver, and what comes of a host and a port."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Generic, TypeVar

from k8sresolve._default import async_resolver, sync_resolver
from k8sresolve._escaping import told
from k8sresolve._getaddrinfo.hints import Hints, Info
from k8sresolve.async_resolver import AsyncResolver
from k8sresolve.contrib._ports import Steps, getaddrinfo
from k8sresolve.contrib._scope import Scope, check_scope, is_disabled, may_be_the_clusters
from k8sresolve.errors import ConfigError
from k8sresolve.resolver import Resolver

__all__ = ["AsyncNames", "Info", "Names", "Scope", "is_disabled"]

R = TypeVar("R", Resolver, AsyncResolver)


class _Names(Generic[R]):
    """A resolver, or the process's own, and which names go there.

    K8SRESOLVE_DISABLE is read once, here. Raises `ConfigError` for what is no resolver or no scope.
    """

    _kind: type[R]
    _article = "a"

    def __init__(self, resolver: R | None = None, scope: Scope = "cluster") -> None:
        if resolver is not None and not isinstance(resolver, self._kind):
            kind = self._kind.__name__
            raise ConfigError(f"resolver={told(resolver)} is no {kind}", advice=f"give {self._article} {kind}, or none")
        self._given: R | None = resolver
        self.scope = check_scope(scope)
        self.disabled: bool = is_disabled()

    @property
    def resolver(self) -> R:
        """The one that was given, or this process's own."""
        raise NotImplementedError

    def takes(self, host: bytes | str | None) -> bool:
        """Whether the resolver finds this name; if not, what the client used before does."""
        if self.disabled or not isinstance(host, bytes | str):  # whoever is asked says of other types what they are
            return False
        if self.scope == "all":
            return True
        domain = self.resolver.config.cluster_domain
        return domain is not None and may_be_the_clusters(
            host.decode("latin-1") if isinstance(host, bytes) else host, domain
        )

    @property
    def takes_addresses(self) -> bool:
        """Whether the resolver finds the names of addresses, none of which tells whether it is the cluster's."""
        if self.disabled:
            return False
        return self.scope == "all" or self.resolver.config.cluster_domain is not None

    def _steps(self, host: bytes | str | None, port: bytes | str | int | None, hints: Hints) -> Steps:
        return getaddrinfo(self.resolver.config, host, port, hints)


class Names(_Names[Resolver]):
    """See `_Names`; for clients that block."""

    _kind = Resolver

    @property
    def resolver(self) -> Resolver:
        """The one that was given, or this process's own."""
        return sync_resolver() if self._given is None else self._given

    def getaddrinfo(  # noqa: PLR0917 - as `socket` has it
        self,
        host: bytes | str | None,
        port: bytes | str | int | None,
        family: int = 0,
        type: int = 0,  # noqa: A002 - the names are those of `socket`
        proto: int = 0,
        flags: int = 0,
        *,
        timeout: float | None = None,
    ) -> list[Info]:
        """Do as `socket.getaddrinfo`, with ports as `_ports` finds them, within `timeout` seconds in all."""
        resolver, left = self.resolver, _countdown(timeout)
        steps = self._steps(host, port, Hints(family, type, proto, flags))
        try:
            step = next(steps)
            while True:
                try:
                    result = step(resolver, next(left))
                except Exception as error:  # noqa: BLE001 - it is for the steps to judge
                    step = steps.throw(error)
                else:
                    step = steps.send(result)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]


class AsyncNames(_Names[AsyncResolver]):
    """See `_Names`; for clients of asyncio and trio."""

    _kind = AsyncResolver
    _article = "an"

    @property
    def resolver(self) -> AsyncResolver:
        """The one that was given, or this process's own."""
        return async_resolver() if self._given is None else self._given

    async def getaddrinfo(  # noqa: PLR0917 - as `socket` has it
        self,
        host: bytes | str | None,
        port: bytes | str | int | None,
        family: int = 0,
        type: int = 0,  # noqa: A002 - the names are those of `socket`
        proto: int = 0,
        flags: int = 0,
        *,
        timeout: float | None = None,
    ) -> list[Info]:
        """See `Names.getaddrinfo`."""
        resolver, left = self.resolver, _countdown(timeout)
        steps = self._steps(host, port, Hints(family, type, proto, flags))
        try:
            step = next(steps)
            while True:
                try:
                    result = await step(resolver, next(left))
                except Exception as error:  # noqa: BLE001 - it is for the steps to judge
                    step = steps.throw(error)
                else:
                    step = steps.send(result)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]


def _countdown(timeout: float | None) -> Iterator[float | None]:
    """Tell each time what is left of the seconds given."""
    end = None if timeout is None else time.monotonic() + timeout
    while True:
        yield None if end is None else end - time.monotonic()
