"""The resolver for tasks, of asyncio and of trio."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from sys import modules
from typing import TYPE_CHECKING, Any, Self, TypeVar

from k8sresolve._core.engine.ledger import Ledger
from k8sresolve._core.engine.rules import Rules
from k8sresolve._core.events import Events
from k8sresolve._core.lookups import endpoints, hosts, reverse, rrsets, services
from k8sresolve._core.questions import Asked, Terms
from k8sresolve._drivers import loops
from k8sresolve._drivers.clock import monotonic
from k8sresolve._drivers.loops import Loops, attempts_here, is_trio, let_do, loop_driver, probes_here, running
from k8sresolve._drivers.running import AsyncDriver, Call, begin, go_on_async, run_async, take_steps_async
from k8sresolve._facade import Facade, Line, Telling, is_plain
from k8sresolve.config import Policy
from k8sresolve.errors import ConfigError, Error, ResolverClosed
from k8sresolve.names import EndpointName, IPAddress, PodName, PortName, ServiceName, ZonalName
from k8sresolve.records import Addresses, Answer, Endpoint, Port, Service, targets_of

if TYPE_CHECKING:
    from weakref import WeakKeyDictionary

    from k8sresolve._core.probing import Talk
    from k8sresolve._core.watching.waiting import Step
    from k8sresolve._drivers.following import LoopFollower
    from k8sresolve._getaddrinfo.hints import Info
    from k8sresolve.changes import WatchStatus
    from k8sresolve.explanations import Explanation
    from k8sresolve.reachability import Reachability, Scheme
    from k8sresolve.watches import AsyncWatch

T = TypeVar("T")


class AsyncResolver(Facade[AsyncDriver]):
    """Looks up Services, ports and hosts for tasks of asyncio or trio, whichever is running.

    It may be made outside a loop and serves any number of them, one after another or at once, in threads of their own:
    they share what is remembered, and each has sockets and `in_flight` questions of its own. Observers are told in the
    thread that asks. Each call takes what the one of `Resolver` takes; `ConfigError` is raised where neither asyncio
    nor trio runs.

    Args:
        config: What to ask, and how. None: `load_config()`, this machine's /etc/resolv.conf, read again as it changes.
        namespace: The pod's namespace. None: what the configuration tells.
        cluster_domain: The cluster domain. None: what the configuration tells.
        policy: How `addresses`, `lookup` and `explain` search, and how this machine's file is read.
        family: Which addresses are asked for.
        timeout: Seconds for a whole lookup. None: 5, or, without a `config`, what K8SRESOLVE_TIMEOUT states.
        retry_unreachable: Seconds of those for which to ask again while no nameserver can be reached; 0 for none.
        in_flight: How many questions may be on the wire at once, those that nobody has answered in time aside.
        cache: What is remembered.
        observers: Who is told what happens.

    Raises:
        ConfigError: An argument is none, or the configuration has no nameserver.

    >>> import asyncio
    >>> from k8sresolve.testing import Cluster
    >>> async def number():
    ...     cluster = Cluster.from_manifests("docs/examples/shop.yaml")
    ...     # In a pod: AsyncResolver()
    ...     async with cluster.async_resolver(namespace="shop") as resolver:
    ...         return (await resolver.port("payments", "http")).number
    ...
    >>> asyncio.run(number())
    80
    """

    _followers: WeakKeyDictionary[Any, LoopFollower] | None = None

    def _connect(self, rules: Rules, ledger: Ledger, events: Events) -> AsyncDriver:
        return Loops(rules, ledger, monotonic, partial(loop_driver, rules, ledger, events))

    async def _run(self, call: Call[T], timeout: float | None, fresh: bool) -> T:
        """Run a call whose result is not remembered."""
        lifetime, line = self._lifetime(timeout), self._current()
        if not self._events.lookups:
            return await run_async(line.driver, call, line.setting, lifetime, [], fresh)
        asked: Asked = []
        with Telling(self._events, line, asked):
            return await run_async(line.driver, call, line.setting, lifetime, asked, fresh)

    async def _look(self, call: Call[T], timeout: float | None, fresh: bool, known: T | None = None) -> T:
        """Run a call that was not recalled, or is `known` where that may not be told at once.

        In trio each call is a checkpoint; where no loop runs, each that may ask is refused.
        """
        if known is not None:
            loop = running()
            if loop is not None:
                if is_trio(loop):
                    await modules["trio"].lowlevel.checkpoint()
                return known
            self._take_back(call)
        lifetime, line = self._lifetime(timeout), self._line
        began = line.now()
        asked: Asked = []
        if self._events.lookups:
            with Telling(self._events, line, asked):
                result = await run_async(line.driver, call, line.setting, lifetime, asked, fresh)
        else:
            result = await run_async(line.driver, call, line.setting, lifetime, asked, fresh)
        if is_plain(call):
            line.cache.keep(call, result, asked, began)
        return result

    async def _look_on(
        self, call: Call[Addresses], line: Line[AsyncDriver], began: float, terms: Terms, asked: Asked
    ) -> Addresses:
        """Go on with a host that the first question did not find."""
        host: Any = call[1]
        lookup = hosts.from_first(line.setting, host, began, asked[0][1])
        found = await go_on_async(line.driver, lookup, terms, asked)
        line.cache.keep(call, found, asked, began)
        return found

    async def service(
        self,
        name: str | ServiceName,
        *,
        ports: Iterable[str | PortName] = (),
        timeout: float | None = None,
        fresh: bool = False,
    ) -> Service:
        """Look up a Service: its addresses, and the ports named, in one round of A, AAAA and SRV questions.

        As `Resolver.service`, awaited.
        """
        kind = ports.__class__
        named: Any = ports if kind is tuple else tuple(ports) if kind is list else services.port_list(ports)
        call: Call[Service] = (services.service, name) + named  # noqa: RUF005 - each time, and twice as fast
        known = self._recall(call, timeout, fresh)
        if known is None or "trio" in modules or loops.asyncios() is None:
            return await self._look(call, timeout, fresh, known)
        return known

    async def port(
        self,
        name: str | ServiceName,
        port: str | int | None = None,
        protocol: str = "tcp",
        *,
        timeout: float | None = None,
        fresh: bool = False,
    ) -> Port:
        """Look up one port of a Service by its name: SRV `_port._protocol` at the Service's name.

        As `Resolver.port`, awaited.
        """
        label = port if port.__class__ is str else services.port_text(port)
        call: Call[Port] = (services.port, name, label, protocol)
        known = self._recall(call, timeout, fresh)
        if known is None or "trio" in modules or loops.asyncios() is None:
            return await self._look(call, timeout, fresh, known)
        return known

    async def ports(
        self, name: str | ServiceName, *, timeout: float | None = None, fresh: bool = False
    ) -> tuple[Port, ...]:
        """List a Service's ports by number, without names and protocols: SRV at the Service's own name.

        As `Resolver.ports`, awaited.
        """
        call: Call[tuple[Port, ...]] = (services.ports, name)
        known = self._recall(call, timeout, fresh)
        if known is None or "trio" in modules or loops.asyncios() is None:
            return await self._look(call, timeout, fresh, known)
        return known

    async def endpoints(
        self,
        name: str | ServiceName,
        port: str | None = None,
        protocol: str = "tcp",
        *,
        timeout: float | None = None,
        fresh: bool = False,
    ) -> tuple[Endpoint, ...]:
        """List the pods that a headless Service publishes, one `Endpoint` for each address.

        As `Resolver.endpoints`, awaited.
        """
        call: Call[tuple[Endpoint, ...]] = (endpoints.endpoints, name, port, protocol)
        known = self._recall(call, timeout, fresh)
        if known is None or "trio" in modules or loops.asyncios() is None:
            return await self._look(call, timeout, fresh, known)
        return known

    async def addresses(self, host: str | ZonalName, *, timeout: float | None = None, fresh: bool = False) -> Addresses:
        """Look up any host as the pod's libc would: IP literals, `localhost`, /etc/hosts, then the search list.

        As `Resolver.addresses`, awaited.
        """
        call: Call[Addresses] = (hosts.addresses, host)
        known = self._recall(call, timeout, fresh)
        if known is not None:
            at_once = "trio" not in modules and loops.asyncios() is not None
            return known if at_once else await self._look(call, timeout, fresh, known)
        line = self._line
        # Most names take one question, and for these no lookup is made.
        first = hosts.first_alone(line.setting, host)
        if first is None:
            return await self._look(call, timeout, fresh)
        began = line.now()
        lifetime = self._options.timeout if timeout is None else self._lifetime(timeout)
        terms = begin(line.driver, began + lifetime, fresh)
        results = await line.driver.ask(first, terms)
        answer: Any = results[0]
        found = hosts.at_first(line.setting, host, first, answer)
        if found is None:
            return await self._look_on(call, line, began, terms, [((first,), results)])
        if answer.at <= began:  # it was remembered
            line.cache.keep(call, found, [((first,), results)], began)
        return found

    async def reverse(
        self, address: str | IPAddress, *, timeout: float | None = None, fresh: bool = False
    ) -> tuple[ServiceName | EndpointName | str, ...]:
        """Tell whose address this is: a Service's, an endpoint's, or another host's (text, with the dot).

        As `Resolver.reverse`, awaited.
        """
        call: Call[tuple[ServiceName | EndpointName | str, ...]] = (reverse.reverse, address)
        known = self._recall(call, timeout, fresh)
        if known is None or "trio" in modules or loops.asyncios() is None:
            return await self._look(call, timeout, fresh, known)
        return known

    async def pod(
        self,
        address: str | IPAddress,
        namespace: str | None = None,
        *,
        timeout: float | None = None,
        fresh: bool = False,
    ) -> PodName:
        """Tell the pod name of an address, if DNS has it. In most clusters it echoes any: no proof that the pod exists.

        As `Resolver.pod`, awaited.
        """
        call: Call[PodName] = (reverse.pod, address, namespace)
        known = self._recall(call, timeout, fresh)
        if known is None or "trio" in modules or loops.asyncios() is None:
            return await self._look(call, timeout, fresh, known)
        return known

    async def lookup(self, name: str, rdtype: str, *, timeout: float | None = None, fresh: bool = False) -> Answer:
        """Look up an RRset of any type, with the search list.

        As `Resolver.lookup`, awaited.
        """
        call: Call[Answer] = (rrsets.records, name, rdtype)
        known = self._recall(call, timeout, fresh)
        if known is None or "trio" in modules or loops.asyncios() is None:
            return await self._look(call, timeout, fresh, known)
        return known

    async def explain(
        self, name: str, *, policy: Policy | None = None, timeout: float | None = None, fresh: bool = False
    ) -> Explanation:
        """Look a host up, and tell of every candidate why it was asked or left out, what came back, and what it cost.

        As `Resolver.explain`, awaited.
        """
        from k8sresolve._core.lookups import explaining

        return await self._run((explaining.explain, name, policy), timeout, fresh)

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
        fresh: bool = False,
    ) -> list[Info]:
        """Do as `socket.getaddrinfo`, with this resolver's search, cache and deadline in place of the C library's.

        As `Resolver.getaddrinfo`, awaited.
        """
        from k8sresolve._getaddrinfo import lookups as libc
        from k8sresolve._getaddrinfo.hints import Hints
        from k8sresolve._system import libc_name

        hints = Hints(family, type, proto, flags)
        return list(await self._run((libc.getaddrinfo, libc_name(), host, port, hints), timeout, fresh))

    async def create_connection(self, name: str | ServiceName, port: str | int, *, timeout: float | None = None) -> Any:
        """Connect to a Service, a headless one's pods, or any host, by TCP; the socket is the caller's.

        As `Resolver.create_connection`, awaited. In asyncio it is a `socket.socket` that does not block, for
        `asyncio.open_connection(sock=...)`, and in trio a `trio.SocketStream`.
        """
        from k8sresolve._core.connecting import lookup_of

        until = self._line.now() + self._lifetime(timeout)
        call = lookup_of(name, port)
        known = self._recall(call, timeout, fresh=False)
        found: Any = await self._look(call, timeout, fresh=False, known=known)
        return await self._attempts(attempts_here(), name, port, targets_of(found, port), until).connect()

    async def probe(
        self,
        name: str | ServiceName,
        port: str | int,
        scheme: Scheme = "tcp",
        *,
        path: str = "/",
        timeout: float | None = None,
    ) -> Reachability:
        """Try whether a name and port can be reached: DNS, then a connection to every address of it, on its own.

        As `Resolver.probe`, awaited.
        """
        from k8sresolve._core import probing

        seconds = self._lifetime(timeout)
        steps = probing.begin(self._current().setting, name, port, scheme, path, seconds)
        return await take_steps_async(steps, self._take)

    async def getnameinfo(
        self,
        sockaddr: tuple[str, int] | tuple[str, int, int] | tuple[str, int, int, int],
        flags: int = 0,
        *,
        timeout: float | None = None,
        fresh: bool = False,
    ) -> tuple[str, str]:
        """Do as `socket.getnameinfo`: tell the name of an address, and of a port.

        As `Resolver.getnameinfo`, awaited.
        """
        from k8sresolve._getaddrinfo import lookups as libc
        from k8sresolve._system import libc_name

        return await self._run((libc.getnameinfo, libc_name(), sockaddr, flags), timeout, fresh)

    def watch(
        self,
        name: str | ServiceName,
        port: str | None = None,
        protocol: str = "tcp",
        *,
        interval: tuple[float, float] = (5.0, 30.0),
        empty_hold: float = 30.0,
        zone: str | None = None,
    ) -> AsyncWatch:
        """Follow a Service: a context manager (`async with`) that tells its endpoints now, and each change of them.

        As `Resolver.watch`, but that a task of the running loop asks, and ends with the context.

        >>> import asyncio
        >>> from k8sresolve.testing import Cluster, headless
        >>> async def count():
        ...     cluster = Cluster.new(headless("db.data", sql=5432, pods=2))
        ...     async with cluster.async_resolver() as resolver:
        ...         async with resolver.watch("db.data", "sql") as watch:
        ...             return len(await watch.ready(at_least=2))
        ...
        >>> asyncio.run(count())
        2
        """
        from k8sresolve.watches import AsyncWatch, following

        setting = self._current().setting
        return AsyncWatch(self._follow, lambda: following(setting, name, port, protocol, interval, empty_hold, zone))

    def watches(self) -> tuple[WatchStatus, ...]:
        """Tell of each watch that is open, in any loop, what is there, and how old that is.

        It asks nothing, and may be called in any thread.
        """
        if self._followers is None:
            return ()
        from k8sresolve.watches import status_of

        now = self._line.now()
        return tuple([status_of(following, now) for _, one in self._followed() for following in one.followed()])

    def _followed(self) -> list[tuple[Any, LoopFollower]]:
        """The loops that are there, and what hosts the pollers of each; other threads may add some meanwhile."""
        known = self._followers
        if known is None:
            return []
        loops = [loop for alive in known.keyrefs() if (loop := alive()) is not None]
        return [(loop, follower) for loop in loops if (follower := known.get(loop)) is not None]

    def _follow(self) -> LoopFollower:
        """What hosts the pollers of the loop that runs here."""
        self._lifetime(None)
        loop = running()
        if loop is None:
            raise ConfigError("neither asyncio nor trio runs here", advice="await it in asyncio.run() or trio.run()")
        with self._lock:
            if self._followers is None:
                from weakref import WeakKeyDictionary

                self._followers = WeakKeyDictionary()
            follower = self._followers.get(loop)
            if follower is None or follower.closed:
                follower = self._followers[loop] = self._new_follower(loop)
        if self._closed:  # by another thread, which did not see this
            follower.close()
        return follower

    def _new_follower(self, loop: Any) -> LoopFollower:
        from k8sresolve._drivers.following import TaskFollower, tasks_of

        return TaskFollower(self._poll, tasks_of(loop))

    async def wait_for(
        self,
        name: str | ServiceName,
        port: str | None = None,
        protocol: str = "tcp",
        *,
        at_least: int = 1,
        timeout: float = 60.0,
        connect: bool | None = None,
    ) -> tuple[Endpoint, ...]:
        """Wait until a Service has so many endpoints, and return all that there are.

        As `Resolver.wait_for`, awaited.
        """
        from k8sresolve._core.watching import waiting

        setting = self._current().setting
        steps = waiting.begin(setting, name, port, protocol, at_least, timeout, connect)
        return await take_steps_async(steps, self._take)

    async def _take(self, step: Step | Talk) -> object:
        """Take a step of waiting or probing; what is lacking is a value here."""
        from k8sresolve._core.watching.waiting import Connect, Look, Pause

        try:
            if isinstance(step, Look):
                return await self._run(step.call, min(step.seconds, self._options.timeout), True)
            if isinstance(step, Connect):
                await self._touch(step.endpoint, step.seconds)
            elif isinstance(step, Pause):
                await self._pause(step.seconds)
            else:
                return await self._probes(probes_here(), step).run()
        except ResolverClosed:
            raise
        except Error as error:
            return error
        return None

    async def _touch(self, endpoint: Endpoint, seconds: float) -> None:
        """Connect to it, and close that again."""
        assert endpoint.port is not None  # noqa: S101 - there is one to be connected to
        connected = await self.create_connection(str(endpoint.address), endpoint.port, timeout=seconds)
        if hasattr(connected, "aclose"):  # trio's
            await connected.aclose()
        else:
            connected.close()

    async def _pause(self, seconds: float) -> None:
        """Let so many seconds pass, unless this is closed meanwhile."""
        from k8sresolve._drivers.following import tasks_of

        loop = running()
        tasks = tasks_of(loop)
        end = tasks.event()
        with self._pausing(lambda: let_do(loop, end.set)):
            await tasks.wait(end, seconds)

    async def _poll(self, call: Call[T], asked: Asked) -> T:
        """Ask anew, and note what is asked."""
        line, lifetime = self._to_ask()
        return await run_async(line.driver, call, line.setting, lifetime, asked, True)

    async def close(self) -> None:
        """Close the sockets; lookups that are pending end with `ResolverClosed`. Closing twice is fine.

        Other loops than this one end theirs as they come to it, for which this does not wait.
        """
        self._close()
        here = running()
        for loop, follower in self._followed():
            if loop is here:
                await follower.end()
            elif not let_do(loop, follower.close):
                follower.closed = True  # with its loop

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
