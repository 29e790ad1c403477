"""Resolvers for programs in the offline cluster: the real ones, on the virtual driver."""

import errno
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any, Literal, NamedTuple, TypeAlias

from k8sresolve._core.connecting import Destination
from k8sresolve._core.engine.ledger import Ledger
from k8sresolve._core.engine.rules import Rules
from k8sresolve._core.events import Events
from k8sresolve._core.lookups.polls import Seen
from k8sresolve._core.questions import Asked, Question, Results, Round, Terms
from k8sresolve._drivers.loops import Loops
from k8sresolve._drivers.running import Call, run
from k8sresolve._facade import Options
from k8sresolve.async_resolver import AsyncResolver
from k8sresolve.config import ResolverConfig
from k8sresolve.errors import ConnectFailed
from k8sresolve.names import IPAddress
from k8sresolve.records import Endpoint
from k8sresolve.resolver import Resolver
from k8sresolve.testing.network.clock import Clock
from k8sresolve.testing.network.following import VirtualFollower, VirtualLoopFollower, time_of
from k8sresolve.testing.network.network import SOME_POD
from k8sresolve.testing.network.virtual import AsyncVirtualDriver, Exchanging, VirtualDriver
from k8sresolve.testing.programs.routes import Routes

Connections: TypeAlias = Literal["routed", "real"]
"""Where connections go that no route leads: nowhere, or to the very address."""


class Place(NamedTuple):
    """Where a program runs: its configuration, what it reaches, the IP versions it has, and its addresses.

    `routes` are where its connections go; without any, nowhere. What they do not lead is `passed` on to the network of
    this machine where that is wanted: then it raises OSError for an address that is made up.
    """

    config: ResolverConfig
    network: Exchanging
    versions: frozenset[int]
    addresses: tuple[str, ...] = SOME_POD
    routes: Routes | None = None
    passed: Callable[[str], None] | None = None


class _Offline:
    """What the two have in common: the cluster's network and clock in place of the machine's."""

    def __init__(self, place: Place, clock: Clock, options: Options) -> None:
        self._network = place.network
        self._routes = place.routes
        self._passed = place.passed
        self._clock = clock
        addresses = map(ip_address, place.addresses)
        self._addresses = tuple(address for address in addresses if address.version in place.versions)
        self._open(place.config, options)  # type: ignore[attr-defined]  # the facade's, next in line

    def _probe(self) -> tuple[IPAddress, ...]:
        return self._addresses

    def _reach(self, to: Destination) -> Destination:
        """Follow a route; what is no address of the cluster's is this machine's own loopback, or cannot be reached."""
        address = str(to.address)
        if self._passed is not None and not (self._routes and self._routes.leads(address, to.port, "TCP")):
            self._passed(address)
            return to
        there = self._routes and self._routes.find(address, to.port, "TCP")
        if there is None and not to.address.is_loopback:
            raise OSError(errno.ENETUNREACH, "is outside the cluster, of which nothing leads there")
        return Destination(ip_address(there[0]), there[1]) if there else to

    def _is_routed(self, endpoint: Endpoint) -> bool:
        """Whether a connection to an endpoint goes to a socket of the test's; raises unless a ready pod is there."""
        address, port = str(endpoint.address), endpoint.port or 0
        if self._routes is None or self._passed is not None or self._routes.leads(address, port, "TCP"):
            return True
        if not self._routes.serves(address, port, "TCP"):
            problem = f"no ready pod stands behind {address}:{port}"
            raise ConnectFailed(address, problem, code=errno.ECONNREFUSED, advice="see why: kubectl describe pod")
        return False

    @property
    def _wall(self) -> Callable[[], float]:
        return self._clock.time


class OfflineResolver(_Offline, Resolver):
    """A `Resolver` in the offline cluster."""

    def _connect(self, rules: Rules, ledger: Ledger, events: Events) -> VirtualDriver:
        return VirtualDriver(rules, ledger, events, self._network, self._clock)

    def _new_follower(self) -> VirtualFollower:
        return VirtualFollower(self._clock, self._poll)

    def _touch(self, endpoint: Endpoint, seconds: float) -> None:
        if self._is_routed(endpoint):
            super()._touch(endpoint, seconds)

    def _pause(self, seconds: float) -> None:
        self._clock.advance(seconds)

    def _poll(self, call: Call[Seen], asked: Asked) -> Seen:
        line, lifetime = self._to_ask()
        return run(line.driver, call, line.setting, lifetime, asked, True)


class OfflineAsyncResolver(_Offline, AsyncResolver):
    """An `AsyncResolver` in the offline cluster."""

    def _connect(self, rules: Rules, ledger: Ledger, events: Events) -> Loops:
        network, clock = self._network, self._clock

        def make(loop: Any) -> AsyncVirtualDriver:
            return AsyncVirtualDriver(rules, ledger, events, network, clock, loop=loop)

        return _Looking(rules, ledger, clock, make)

    def _new_follower(self, loop: Any) -> VirtualLoopFollower:  # noqa: ARG002 - it is the one that runs
        return VirtualLoopFollower(self._clock, time_of(self._clock), self._poll)

    async def _touch(self, endpoint: Endpoint, seconds: float) -> None:
        if self._is_routed(endpoint):
            await super()._touch(endpoint, seconds)

    async def _pause(self, seconds: float) -> None:
        await time_of(self._clock).advance(seconds)


class _Looking(Loops):
    """Tells the clock while lookups let it go on."""

    def __init__(self, rules: Rules, ledger: Ledger, clock: Clock, make: Callable[[Any], AsyncVirtualDriver]) -> None:
        super().__init__(rules, ledger, clock.monotonic, make)
        self._clock = clock

    async def ask(self, asked: Question | Round, terms: Terms) -> Results:
        this = object()
        self._clock.looking.add(this)
        try:
            return await super().ask(asked, terms)
        finally:
            self._clock.looking.discard(this)
