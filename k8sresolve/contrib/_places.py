"""Where a client's servers are: asked anew for each connection that it makes.

A lookup costs a fraction of what a connection costs, says what is there now and needs no thread, no loop and nothing
to close; a watch would ask for days between the few connections that a pool makes. While DNS is away, what was found
last stands.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from k8sresolve import Addresses, AsyncResolver, NoEndpoints, Port, Resolver, ServiceName, Target, TemporaryFailure

PATIENCE = 1.8  # seconds for an answer where an older one can stand in: RFC 8767, section 5

Found: TypeAlias = Port | Addresses


class Place(NamedTuple):
    """One server: its address, its port, and the name that its certificate has.

    That is a pod's own name where it has one, and else the name that was given.
    """

    name: str
    address: str
    port: int
    is_pods_name: bool = False


class Places:
    """The servers behind a name and a port, for any number of threads and tasks.

    `port` is a port's name, or a number that the Service has; `protocol` is None where the number is taken as it is,
    for any host.
    """

    def __init__(self, name: str | ServiceName, port: str | int, protocol: str | None = "tcp") -> None:
        self.name = name.host if isinstance(name, ServiceName) else str(name)
        self._asked, self._port, self._protocol = name, port, protocol
        self._last: Found | None = None

    def find(self, resolver: Resolver, timeout: float | None = None) -> list[Place]:
        """Look up where they are, in an order to try them in. Raises as `port()` and `addresses()` do."""
        seconds = self._patience(resolver.timeout if timeout is None else timeout)
        try:
            if self._protocol is None:
                self._keep(resolver.addresses(self.name, timeout=seconds, fresh=True))
            else:
                self._keep(resolver.port(self._asked, self._port, self._protocol, timeout=seconds, fresh=True))
        except TemporaryFailure:
            if self._last is None:
                raise
        return self._list()

    async def find_async(self, resolver: AsyncResolver, timeout: float | None = None) -> list[Place]:
        """See `find`."""
        seconds = self._patience(resolver.timeout if timeout is None else timeout)
        try:
            if self._protocol is None:
                self._keep(await resolver.addresses(self.name, timeout=seconds, fresh=True))
            else:
                self._keep(await resolver.port(self._asked, self._port, self._protocol, timeout=seconds, fresh=True))
        except TemporaryFailure:
            if self._last is None:
                raise
        return self._list()

    def _patience(self, timeout: float) -> float:
        return timeout if self._last is None else min(timeout, PATIENCE)

    def _keep(self, found: Found) -> None:
        # Some clients take an empty list for a server on this machine.
        if isinstance(found, Port) and not any(target.addresses for target in found.targets):
            raise NoEndpoints(self.name, f"no target of port {self._port!r} came with an address", advice="try again")
        self._last = found

    def _list(self) -> list[Place]:
        found = self._last
        assert found is not None  # noqa: S101 - it was kept
        given = self.name.removesuffix(".")  # as certificates have it
        if isinstance(found, Addresses):
            return [Place(given, str(address), int(self._port)) for address in found.spread()]
        if "/" in given:
            given = found.service.host
        names = {
            (address, target.port): _pods_name(target, str(address)) if found.headless else None
            for target in found.targets
            for address in target.addresses
        }
        return [
            Place(names[address, number] or given, str(address), number, names[address, number] is not None)
            for address, number in found.select()
        ]


def _pods_name(target: Target, address: str) -> str | None:
    """The pod's own name, if it has one: no certificate has one that was made of an address."""
    dashed = address.replace(".", "-").replace(":", "-")
    return None if target.name.partition(".")[0] == dashed else target.name.removesuffix(".")
