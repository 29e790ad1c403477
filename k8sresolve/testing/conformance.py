"""Stories that any client must live through which finds a Service by its name: what happens, and what it must do.

For clients that know nothing of k8sresolve: they are given a way to connect, and are judged by whom they reach::

    @pytest.mark.parametrize("story", conformance.STORIES, ids=str)
    def test_my_driver(story):
        story.run(connect)

>>> from k8sresolve.testing import conformance
>>> [str(story) for story in conformance.STORIES][:3]
['roll-out', 'scale to 0 and back', 'SERVFAIL for 10 s']
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import attrs

from k8sresolve._escaping import told
from k8sresolve.errors import ConfigError
from k8sresolve.names import EndpointName, dashed
from k8sresolve.testing.builders import service
from k8sresolve.testing.cluster import Cluster

if TYPE_CHECKING:
    from k8sresolve.testing.network.faults import Fault

__all__ = ["STORIES", "Story", "Verdict"]

HOST, PORT = "db.shop.svc.cluster.local", 5432
"""What stories ask a client to connect to: a headless Service, and its port."""

Connect: TypeAlias = Callable[..., str | tuple[Any, ...]]
"""Connects to a host and port, and returns what it reached, as `socket.getpeername()` does, or raises."""

CONNECTS = "connects"
FINDS = "finds a new pod within 60 s"
LEAVES = "stops using a pod that is gone within 60 s"
KEEPS = "keeps what it had while DNS fails"
RECOVERS = "connects again within 60 s after DNS failed"
FAILS = "raises while there is no pod"
WAITS = "retries a name that was not found at its start"
LOST = "connects though packets are lost"
CUT = "connects though answers are truncated"
SIX = "connects where there is IPv6 alone"

_WITHIN = 60.0  # seconds: two TTLs, as kubeadm's Corefile has them
_EVERY = 5.0  # seconds between two attempts


class Verdict(NamedTuple):
    """Whether a criterion was met.

    >>> from k8sresolve.testing.conformance import Verdict
    >>> print(Verdict("connects", True, "at 0 s connected to 10.244.1.7"))
    connects: met: at 0 s connected to 10.244.1.7
    """

    criterion: str
    """One of the story's `criteria`."""

    met: bool
    """Whether it was met."""

    what: str
    """What was seen."""

    def __str__(self) -> str:
        return f"{self.criterion}: {'met' if self.met else 'not met'}: {self.what}"


class _Attempt(NamedTuple):
    """What came of an attempt to connect: the address of a pod, or an error."""

    at: float
    address: str
    error: str
    is_there: bool

    def __str__(self) -> str:
        end = self.error or (f"connected to {self.address}" + ("" if self.is_there else ", which is gone"))
        return f"at {self.at:.0f} s {end}"


class _World:
    """A cluster with a headless Service, whose pods listen on loopback, and a client."""

    def __init__(self, cluster: Cluster, connect: Connect, advance: Callable[[float], object] | None) -> None:
        self.cluster = cluster
        self._connect = connect
        self._advance = advance
        self._listening: dict[str, socket.socket] = {}  # by the addresses of pods
        self._local: dict[int, str] = {}  # the addresses of pods, by the ports at which they listen
        self.meet()

    def meet(self) -> None:
        """Let the pods that there are listen, and those that are gone do so no more."""
        there = self.pods()
        for address in there - self._listening.keys():
            listener = self._listening[address] = socket.create_server(("127.0.0.1", 0))
            self._local[listener.getsockname()[1]] = address
            place = EndpointName.parse(f"{dashed(ip_address(address))}.{HOST}")
            self.cluster.route(place, PORT, to=listener.getsockname())
        for address in self._listening.keys() - there:
            self._listening.pop(address).close()

    def pods(self) -> set[str]:
        """The addresses of the pods that are ready."""
        return {one.address for part in self.cluster.store.slices("shop", "db") for one in part.addresses}

    def close(self) -> None:
        """Let no pod listen."""
        for listener in self._listening.values():
            listener.close()

    def pass_(self, seconds: float) -> None:
        """Let time go by, for the client too, where it can be told."""
        self.cluster.clock.advance(seconds)
        if self._advance is not None:
            self._advance(seconds)

    def scale(self, pods: int) -> None:
        """Let there be so many pods."""
        self.cluster.scale("shop/db", pods)
        self.meet()

    def roll_out(self) -> None:
        """Replace all pods, one after another, ten seconds between."""
        for _ in self.cluster.roll_out("shop/db"):
            self.meet()
            self.pass_(10.0)
            self.attempt()

    def attempt(self) -> _Attempt:
        """Let the client connect now."""
        at = self.cluster.clock.monotonic()
        try:
            reached = self._connect(HOST, PORT)
        except Exception as error:  # noqa: BLE001 - drivers have errors of their own
            return _Attempt(at, "", f"{type(error).__name__}: {error}", is_there=False)
        address = self._address_of(reached)
        return _Attempt(at, address, "", address in self.pods())

    def _address_of(self, reached: str | tuple[Any, ...]) -> str:
        """Tell the address of the pod that a client says it reached."""
        match reached:
            case (str(host), int(port), *_):
                return self._local.get(port, host)
            case str():
                return reached
            case _:
                raise ConfigError(
                    f"connect returned {told(reached)}, no address",
                    advice="return sock.getpeername(), or the pod's address",
                )

    def attempts(self, seconds: float, every: float = _EVERY) -> Iterator[_Attempt]:
        """Let it connect again and again, for so many seconds."""
        end = self.cluster.clock.monotonic() + seconds
        while self.cluster.clock.monotonic() < end:
            yield self.attempt()
            self.pass_(every)


Play: TypeAlias = Callable[[_World], Iterable[Verdict]]


@attrs.frozen
class Story:
    """Something that happens to a Service and its DNS, and what is demanded of a client meanwhile.

    Made by `k8sresolve.testing.conformance`, whose `STORIES` has all of them.

    >>> import socket
    >>> from k8sresolve.testing import conformance
    >>> def connect(host, port):
    ...     with socket.create_connection((host, port)) as sock:
    ...         return sock.getpeername()
    ...
    >>> conformance.TRUNCATION.run(connect)
    """

    name: str
    """What happens, in a word."""

    criteria: tuple[str, ...]
    """What is demanded, each in a sentence."""
    _play: Play = attrs.field(repr=False)
    _options: dict[str, Any] = attrs.field(factory=dict[str, Any], repr=False, hash=False)

    def __str__(self) -> str:
        return self.name

    def run(self, connect: Connect, *, advance: Callable[[float], object] | None = None, served: bool = False) -> None:
        """Play it, and demand that each criterion is met.

        Args:
            connect: `connect(host, port)` connects, and returns what it reached: `getpeername()` of its socket, or the
                pod's address. It is called within `Cluster.patch()`, every few seconds of virtual time.
            advance: Is told how many seconds go by, for a client that remembers by a clock of its own; None where it
                has none.
            served: With it nothing is patched, and `connect(host, port, server)` is given the cluster's nameserver on
                loopback as well, as `Cluster.serve()` makes it; then it need not connect, but tell which address it
                would.

        Raises:
            AssertionError: A criterion was not met: it tells each by its name, and what was seen.
            ConfigError: `connect` returns no address.
        """
        failed = [verdict for verdict in self.judge(connect, advance=advance, served=served) if not verdict.met]
        if failed:
            raise AssertionError("\n".join(f"{self.name}: {verdict}" for verdict in failed))

    def judge(
        self, connect: Connect, *, advance: Callable[[float], object] | None = None, served: bool = False
    ) -> tuple[Verdict, ...]:
        """Play it, and tell of each criterion whether it was met.

        Args:
            connect, advance, served: As in `run`.

        Raises:
            ConfigError: `connect` returns no address.

        >>> import socket
        >>> from k8sresolve.testing import conformance
        >>> def connect(host, port):
        ...     with socket.create_connection((host, port)) as sock:
        ...         return sock.getpeername()
        ...
        >>> [verdict.criterion for verdict in conformance.SERVFAIL.judge(connect) if not verdict.met]
        ['keeps what it had while DNS fails']
        """
        cluster = _cluster(self._options)
        with _reaching(cluster, connect, served=served) as reach:
            world = _World(cluster, reach, advance)
            try:
                return tuple(self._play(world))
            finally:
                world.close()


def _cluster(options: dict[str, Any]) -> Cluster:
    """A headless Service, and a Deployment of its pods, of which each new one has another address."""
    made, *workload = service("db.shop", sql=PORT, pods=2)
    return Cluster.new({**made, "spec": {**made["spec"], "clusterIP": "None"}}, *workload, **options)


@contextmanager
def _reaching(cluster: Cluster, connect: Connect, *, served: bool) -> Generator[Connect, None, None]:
    with ExitStack() as stack:
        if served:
            yield partial(_with_last, connect, stack.enter_context(cluster.serve()))
        else:
            stack.enter_context(cluster.patch(namespace="shop"))
            yield connect


def _with_last(connect: Connect, server: object, host: str, port: int) -> str | tuple[Any, ...]:
    return connect(host, port, server)


def _met(criterion: str, attempt: _Attempt) -> Verdict:
    return Verdict(criterion, attempt.is_there, str(attempt))


def _first_that_is_there(criterion: str, attempts: Iterable[_Attempt]) -> Verdict:
    """Met where an attempt comes to a pod that is there."""
    attempt = None
    for attempt in attempts:
        if attempt.is_there:
            break
    assert attempt is not None  # noqa: S101 - there is one at least
    return _met(criterion, attempt)


def _all_are_there(criterion: str, attempts: Iterable[_Attempt]) -> Verdict:
    """Met where each attempt does."""
    attempt = None
    for attempt in attempts:
        if not attempt.is_there:
            break
    assert attempt is not None  # noqa: S101 - there is one at least
    return _met(criterion, attempt)


# -- the stories -------------------------------------------------------------------------------------------------------


def _roll_out(world: _World) -> Iterator[Verdict]:
    yield _met(CONNECTS, world.attempt())
    world.roll_out()
    yield _first_that_is_there(FINDS, world.attempts(_WITHIN))
    world.pass_(_WITHIN)
    yield _all_are_there(LEAVES, world.attempts(_WITHIN))


def _scale_to_0_and_back(world: _World) -> Iterator[Verdict]:
    yield _met(CONNECTS, world.attempt())
    world.scale(0)
    world.pass_(_WITHIN)
    attempt = world.attempt()
    yield Verdict(FAILS, bool(attempt.error), str(attempt))
    world.scale(2)
    yield _first_that_is_there(FINDS, world.attempts(_WITHIN))


def _servfail(world: _World) -> Iterator[Verdict]:
    yield _met(CONNECTS, world.attempt())
    with world.cluster.network.rcode("SERVFAIL"):
        yield _all_are_there(KEEPS, world.attempts(10.0))
    yield _first_that_is_there(RECOVERS, world.attempts(_WITHIN))


def _nxdomain_first(world: _World) -> Iterator[Verdict]:
    world.scale(0)
    for _ in world.attempts(10.0):
        pass
    world.scale(2)
    yield _first_that_is_there(WAITS, world.attempts(_WITHIN))


def _through(criterion: str, fault: Callable[[Cluster], Fault] | None, world: _World) -> Iterator[Verdict]:
    with _standing(world.cluster, fault):
        yield _all_are_there(criterion, world.attempts(20.0))


def _standing(cluster: Cluster, fault: Callable[[Cluster], Fault] | None) -> AbstractContextManager[Any]:
    return ExitStack() if fault is None else fault(cluster)


ROLL_OUT = Story("roll-out", (CONNECTS, FINDS, LEAVES), _roll_out)
SCALE_TO_0_AND_BACK = Story("scale to 0 and back", (CONNECTS, FAILS, FINDS), _scale_to_0_and_back)
SERVFAIL = Story("SERVFAIL for 10 s", (CONNECTS, KEEPS, RECOVERS), _servfail)
NXDOMAIN_FIRST = Story("NXDOMAIN first", (WAITS,), _nxdomain_first)
LOST_PACKETS = Story(
    "lost packets", (LOST,), partial(_through, LOST, lambda cluster: cluster.network.drop(every=2, transport="udp"))
)
TRUNCATION = Story("truncation", (CUT,), partial(_through, CUT, lambda cluster: cluster.network.truncate()))
IPV6_ONLY = Story(
    "IPv6 only",
    (SIX,),
    partial(_through, SIX, None),
    {"service_cidrs": ["fd00:10:96::/112"], "pod_cidrs": ["fd00:10:244::/56"]},
)

STORIES = (ROLL_OUT, SCALE_TO_0_AND_BACK, SERVFAIL, NXDOMAIN_FIRST, LOST_PACKETS, TRUNCATION, IPV6_ONLY)
"""All of them, for `pytest.mark.parametrize("story", STORIES, ids=str)`.

The module has each by its name, too: ``ROLL_OUT``, ``SCALE_TO_0_AND_BACK``, ``SERVFAIL``, ``NXDOMAIN_FIRST``,
``LOST_PACKETS``, ``TRUNCATION`` and ``IPV6_ONLY``.

>>> from k8sresolve.testing.conformance import STORIES
>>> [story.name for story in STORIES]
['roll-out', 'scale to 0 and back', 'SERVFAIL for 10 s', 'NXDOMAIN first', 'lost packets', 'truncation', 'IPv6 only']
"""
