"""Requests over a Service's endpoints: whom to try next, what is sent again, what of an endpoint that left is dropped.

Pure: the clients connect, send and close, and say what came of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Generic, NamedTuple, TypeVar

from k8sresolve import Endpoint, NoEndpoints, ResolverClosed
from k8sresolve.balance import Balancer, Picked
from k8sresolve.contrib._connecting import Attempts, Destination
from k8sresolve.names import IPAddress

T = TypeVar("T")

CLOSED = "the client was closed in the meantime"

REPEATABLE = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
"""The methods that may be sent twice (RFC 9110, section 9.2.2); TRACE, which is one too, nobody balances."""


class Aim(NamedTuple):
    """An endpoint that a request is sent to, and how many seconds connecting to it may take."""

    picked: Picked
    to: Destination
    seconds: float | None


class Tries:
    """The tries of one request: other endpoints as long as nothing was sent, and once more after that, if it may be.

    `name` and `port` are the URL's, `timeout` bounds connecting, in seconds from now. `repeats` says whether the
    request may be sent twice; `broken` is where it was sent before, if it was.
    """

    def __init__(
        self, name: str, port: int, timeout: float | None, *, repeats: bool, broken: Endpoint | None = None
    ) -> None:
        self._port = port
        self._attempts = Attempts(name, port, timeout)
        self.left = self._attempts.left
        self._unreached: set[Endpoint] = set()
        self._broken: set[Endpoint] = set() if broken is None else {broken}
        self._repeats = repeats

    def aim(self, balancer: Balancer, among: int) -> Aim:
        """Pick whom to try now, of so many that are there; the request is in flight there until it is settled.

        Raises `NoEndpoints` where there is none, `ConnectFailed` where all have been tried, or no time is left.
        """
        if self._unreached and self.left() == 0.0:
            raise self._attempts.failure()
        try:
            picked = self._pick(balancer)
        except NoEndpoints:
            if self._unreached:
                raise self._attempts.failure() from None
            raise
        to = Destination(str(picked.endpoint.address), self._port)
        self._attempts.begin(to, among)
        return Aim(picked, to, self._attempts.share())

    def _pick(self, balancer: Balancer) -> Picked:
        if self._broken:
            with suppress(NoEndpoints):
                return balancer.pick(avoid=self._unreached | self._broken)
        # One that has ended a connection is better than none.
        return balancer.pick(avoid=self._unreached)

    def unreached(self, aim: Aim, error: BaseException) -> None:
        """No connection was made, for what the error's causes say: nothing was sent."""
        self._attempts.fail(aim.to, error)
        self._unreached.add(aim.picked.endpoint)
        settle(aim.picked, went_well=False)

    def broken(self, aim: Aim, error: BaseException) -> bool:
        """The connection ended without a reply; returns whether the request is to be sent again."""
        self._attempts.fail(aim.to, error)
        self._broken.add(aim.picked.endpoint)
        settle(aim.picked, went_well=False)
        repeats, self._repeats = self._repeats, False
        return repeats


class _Silence(Exception):
    """What leaves a block of `Picked` and says nothing of its endpoint."""


def settle(picked: Picked, *, went_well: bool | None) -> None:
    """A request is in flight no more; None says nothing of the endpoint, as where it was cancelled."""
    if went_well:
        picked.ok()
    elif went_well is not None:
        picked.fail()
    picked.__exit__(_Silence, _Silence(), None)


class Kept(Generic[T]):
    """What a client keeps of each endpoint, such as a pool of connections: as long as the endpoint is there."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._kept: dict[IPAddress, T] = {}
        self._current: tuple[Endpoint, ...] = ()
        self._is_over = False

    def of(self, endpoint: Endpoint) -> T:
        """What is kept of an endpoint, made where nothing is. Raises `ResolverClosed` after the end."""
        if self._is_over:
            raise ResolverClosed(CLOSED)
        kept = self._kept.get(endpoint.address)
        if kept is None:
            kept = self._kept[endpoint.address] = self._make()
        return kept

    def departed(self, current: tuple[Endpoint, ...]) -> Iterable[T]:
        """Keep no more what is of endpoints that have left, and return it: once."""
        if current is self._current:
            return ()
        self._current = current
        there = {endpoint.address for endpoint in current}
        return [self._kept.pop(address) for address in self._kept.keys() - there]

    def all(self) -> Iterable[T]:
        """Keep nothing more, and return what was kept."""
        self._is_over = True
        kept, self._kept = self._kept, {}
        return kept.values()
