"""The blocking resolver."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self, TypeVar

from k8sresolve._core.engine.ledger import Ledger
from k8sresolve._core.engine.rules import Rules
from k8sresolve._core.events import Events
from k8sresolve._core.lookups import endpoints, hosts, reverse, rrsets, services
from k8sresolve._core.questions import Asked, Terms
from k8sresolve._drivers.running import Call, SyncDriver, begin, go_on, run, take_steps
from k8sresolve._facade import Facade, Line, Telling, is_plain
from k8sresolve.config import Policy
from k8sresolve.errors import Error, ResolverClosed
from k8sresolve.names import EndpointName, IPAddress, PodName, PortName, ServiceName, ZonalName
from k8sresolve.records import Addresses, Answer, Endpoint, Port, Service, targets_of

if TYPE_CHECKING:
    import socket

    from k8sresolve._core.probing import Talk
    from k8sresolve._core.questions import Question
    from k8sresolve._core.watching.waiting import Step
    from k8sresolve._getaddrinfo.hints import Info
    from k8sresolve.changes import WatchStatus
    from k8sresolve.explanations import Explanation
    from k8sresolve.reachability import ProbedEndpoint, Reachability, Scheme
    from k8sresolve.watches import Follower, Watch

T = TypeVar("T")


class Resolver(Facade[SyncDriver]):
    """Looks up Services, ports and hosts for programs that wait; any number of threads may share one.

    Each asking call takes `timeout=` for itself, and `fresh=True` to pass over the cache. It is a context manager
    that closes it; each call raises `ResolverClosed` then.

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

    >>> from k8sresolve.testing import Cluster
    >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml")
    >>> with cluster.resolver(namespace="shop") as resolver:  # in a pod: Resolver()
    ...     resolver.port("payments", "http").number
    80
    """

    _follower: Follower | None = None
    _elsewhere: deque[Question] | tuple[()] = ()  # what the driver has that nobody waits for

    def _connect(self, rules: Rules, ledger: Ledger, events: Events) -> SyncDriver:
        from k8sresolve._drivers.blocking import BlockingDriver

        driver = BlockingDriver(rules, ledger, events)
        if rules.cache.serve_stale or rules.cache.prefetch is not None:
            self._elsewhere = deque()
            driver.ask_elsewhere = self._elsewhere.append
        return driver

    def _run(self, call: Call[T], timeout: float | None, fresh: bool) -> T:
        """Run a call whose result is not remembered."""
        lifetime, line = self._lifetime(timeout), self._current()
        if not self._events.lookups:
            return run(line.driver, call, line.setting, lifetime, [], fresh)
        asked: Asked = []
        with Telling(self._events, line, asked):
            return run(line.driver, call, line.setting, lifetime, asked, fresh)

    def _look(self, call: Call[T], timeout: float | None, fresh: bool) -> T:
        """Run a call that was not recalled."""
        lifetime, line = self._lifetime(timeout), self._line
        began = line.now()
        asked: Asked = []
        if self._events.lookups:
            with Telling(self._events, line, asked):
                result = run(line.driver, call, line.setting, lifetime, asked, fresh)
        else:
            result = run(line.driver, call, line.setting, lifetime, asked, fresh)
        if is_plain(call):
            line.cache.keep(call, result, asked, began)
        if self._elsewhere:
            self._ask_elsewhere()
        return result

    def _look_on(
        self, call: Call[Addresses], line: Line[SyncDriver], began: float, terms: Terms, asked: Asked
    ) -> Addresses:
        """Go on with a host that the first question did not find."""
        host: Any = call[1]
        lookup = hosts.from_first(line.setting, host, began, asked[0][1])
        found = go_on(line.driver, lookup, terms, asked)
        line.cache.keep(call, found, asked, began)
        return found

    def _ask_elsewhere(self) -> None:
        """Let the thread of watches ask what nobody waits for."""
        questions: list[Question] = []
        with suppress(IndexError):  # another thread may take them, too
            while self._elsewhere:
                questions.append(self._elsewhere.popleft())
        if questions:
            self._follow().ask(questions)

    def service(
        self,
        name: str | ServiceName,
        *,
        ports: Iterable[str | PortName] = (),
        timeout: float | None = None,
        fresh: bool = False,
    ) -> Service:
        """Look up a Service: its addresses, and the ports named, in one round of A, AAAA and SRV questions.

        A headless Service has its ready pods' addresses, an ExternalName those of its target.

        Args:
            name: `svc`, `svc.ns`, `ns/svc`, `svc.ns.svc`, the full name, or a `ServiceName`.
            ports: Names of ports to look up as well, `name/protocol` for another than TCP.
            timeout: Seconds for the whole lookup. None for the resolver's own.
            fresh: Whether to pass over what is remembered.

        Raises:
            NoSuchName: There is no such Service, or no such port.
            NoData: It has no address of the families asked for, or no record for a port.
            TemporaryFailure: No answer for now.
            BadResponse: A reply cannot be right.
            InvalidName: A name is none.
            ConfigError: The pod's namespace or cluster domain is not known, and the name lacks it.

        Source: Kubernetes DNS specification, sections 2.3 to 2.5.

        >>> from k8sresolve.testing import Cluster
        >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml")
        >>> resolver = cluster.resolver(namespace="shop")
        >>> print(resolver.service("payments", ports=["http"]))
        payments.shop.svc.cluster.local: 10.96.20.1; http/tcp 80
        """
        kind = ports.__class__
        named: Any = ports if kind is tuple else tuple(ports) if kind is list else services.port_list(ports)
        call: Call[Service] = (services.service, name) + named  # noqa: RUF005 - each time, and twice as fast
        known = self._recall(call, timeout, fresh)
        return self._look(call, timeout, fresh) if known is None else known

    def port(
        self,
        name: str | ServiceName,
        port: str | int | None = None,
        protocol: str = "tcp",
        *,
        timeout: float | None = None,
        fresh: bool = False,
    ) -> Port:
        """Look up one port of a Service by its name: SRV `_port._protocol` at the Service's name.

        `.number` is the Service port, or for a headless Service the pods' own.

        Args:
            name: `svc`, `svc.ns`, `ns/svc`, `svc.ns.svc`, the full name, or a `ServiceName`.
            port: The port's name, or its number, which is looked for among `ports()`. None: the only one that there is.
            protocol: `tcp`, `udp` or `sctp`. It takes no part without a name, as DNS tells no protocols there.
            timeout: Seconds for the whole lookup. None for the resolver's own.
            fresh: Whether to pass over what is remembered.

        Raises:
            NoSuchName: There is no such Service, or no port of this name.
            NoData: No port has this number, and the error lists those that there are; or there is no SRV record.
            PortsDiffer: None was given, and there are several.
            TemporaryFailure: No answer for now.
            BadResponse: A reply cannot be right.
            InvalidName: A name is none.
            ConfigError: The pod's namespace or cluster domain is not known, and the name lacks it.

        Source: RFC 2782; Kubernetes DNS specification, sections 2.3.2 and 2.4.2.

        >>> from k8sresolve.testing import Cluster
        >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml")
        >>> resolver = cluster.resolver(namespace="shop")
        >>> resolver.port("payments", "http").number
        80
        """
        label = port if port.__class__ is str else services.port_text(port)
        call: Call[Port] = (services.port, name, label, protocol)
        known = self._recall(call, timeout, fresh)
        return self._look(call, timeout, fresh) if known is None else known

    def ports(self, name: str | ServiceName, *, timeout: float | None = None, fresh: bool = False) -> tuple[Port, ...]:
        """List a Service's ports by number, without names and protocols: SRV at the Service's own name.

        That is an extension of CoreDNS.

        Args:
            name: `svc`, `svc.ns`, `ns/svc`, `svc.ns.svc`, the full name, or a `ServiceName`.
            timeout: Seconds for the whole lookup. None for the resolver's own.
            fresh: Whether to pass over what is remembered.

        Raises:
            NoSuchName: There is no such Service.
            NoData: It has no port, or the nameserver is no CoreDNS.
            TemporaryFailure: No answer for now.
            BadResponse: A reply cannot be right.
            InvalidName: The name is none.
            ConfigError: The pod's namespace or cluster domain is not known, and the name lacks it.

        >>> from k8sresolve.testing import Cluster
        >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml")
        >>> resolver = cluster.resolver(namespace="shop")
        >>> [port.number for port in resolver.ports("payments")]
        [80, 9090]
        """
        call: Call[tuple[Port, ...]] = (services.ports, name)
        known = self._recall(call, timeout, fresh)
        return self._look(call, timeout, fresh) if known is None else known

    def endpoints(
        self,
        name: str | ServiceName,
        port: str | None = None,
        protocol: str = "tcp",
        *,
        timeout: float | None = None,
        fresh: bool = False,
    ) -> tuple[Endpoint, ...]:
        """List the pods that a headless Service publishes, one `Endpoint` for each address.

        Under family `auto` both families are listed.

        Args:
            name: `svc`, `svc.ns`, `ns/svc`, `svc.ns.svc`, the full name, or a `ServiceName`.
            port: The name of a port of which each endpoint has its number. None for none.
            protocol: `tcp`, `udp` or `sctp`.
            timeout: Seconds for the whole lookup. None for the resolver's own.
            fresh: Whether to pass over what is remembered.

        Raises:
            NotHeadless: The Service has a ClusterIP.
            NoSuchName: There is no such Service, or none of its pods is ready, or none has the port.
            NoData: The pods have no address of the families asked for, or there is no SRV record.
            BadResponse: More than 1,024 pods would have to be asked for one by one, or a reply cannot be right.
            TemporaryFailure: No answer for now.
            InvalidName: A name is none.
            ConfigError: The pod's namespace or cluster domain is not known, and the name lacks it.

        Source: Kubernetes DNS specification, section 2.4.

        >>> from k8sresolve.testing import Cluster
        >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml")
        >>> resolver = cluster.resolver()
        >>> print(*resolver.endpoints("cassandra.data", "cql")[:2])
        10.244.1.21:9042 (cassandra-0) 10.244.2.21:9042 (cassandra-1)
        """
        call: Call[tuple[Endpoint, ...]] = (endpoints.endpoints, name, port, protocol)
        known = self._recall(call, timeout, fresh)
        return self._look(call, timeout, fresh) if known is None else known

    def addresses(self, host: str | ZonalName, *, timeout: float | None = None, fresh: bool = False) -> Addresses:
        """Look up any host as the pod's libc would: IP literals, `localhost`, /etc/hosts, then the search list.

        Args:
            host: The host's name; a `ZonalName` is asked for as it stands.
            timeout: Seconds for the whole lookup. None for the resolver's own.
            fresh: Whether to pass over what is remembered.

        Raises:
            NoSuchName: No candidate exists.
            NoData: One exists, and has no address of the families asked for.
            TemporaryFailure: No answer for now.
            BadResponse: A reply cannot be right.
            InvalidName: The name is none.

        Source: resolv.conf(5), hosts(5), RFC 6761.

        >>> from k8sresolve.testing import Cluster
        >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml")
        >>> resolver = cluster.resolver(namespace="shop")
        >>> print(resolver.addresses("web.shop"))
        web.shop: 10.96.20.2, fd00:10:96::20:2
        """
        call: Call[Addresses] = (hosts.addresses, host)
        known = self._recall(call, timeout, fresh)
        if known is not None:
            return known
        line = self._line
        # Most names take one question, and for these no lookup is made.
        first = hosts.first_alone(line.setting, host)
        if first is None:
            return self._look(call, timeout, fresh)
        began = line.now()
        lifetime = self._options.timeout if timeout is None else self._lifetime(timeout)
        terms = begin(line.driver, began + lifetime, fresh)
        results = line.driver.ask(first, terms)
        answer: Any = results[0]
        found = hosts.at_first(line.setting, host, first, answer)
        if found is None:
            found = self._look_on(call, line, began, terms, [((first,), results)])
        elif answer.at <= began:  # it was remembered
            line.cache.keep(call, found, [((first,), results)], began)
        if self._elsewhere:
            self._ask_elsewhere()
        return found

    def reverse(
        self, address: str | IPAddress, *, timeout: float | None = None, fresh: bool = False
    ) -> tuple[ServiceName | EndpointName | str, ...]:
        """Tell whose address this is: a Service's, an endpoint's, or another host's (text, with the dot).

        Args:
            address: The address, as text or value.
            timeout: Seconds for the whole lookup. None for the resolver's own.
            fresh: Whether to pass over what is remembered.

        Raises:
            NotFound: There is no PTR record.
            TemporaryFailure: No answer for now.
            BadResponse: A reply cannot be right.
            InvalidName: The address is none.

        Source: RFC 1035, section 3.5; Kubernetes DNS specification, sections 2.3.3 and 2.4.3.

        >>> from k8sresolve.testing import Cluster
        >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml")
        >>> resolver = cluster.resolver()
        >>> print(*resolver.reverse("10.96.20.1"))
        payments.shop.svc.cluster.local
        """
        call: Call[tuple[ServiceName | EndpointName | str, ...]] = (reverse.reverse, address)
        known = self._recall(call, timeout, fresh)
        return self._look(call, timeout, fresh) if known is None else known

    def pod(
        self,
        address: str | IPAddress,
        namespace: str | None = None,
        *,
        timeout: float | None = None,
        fresh: bool = False,
    ) -> PodName:
        """Tell the pod name of an address, if DNS has it. In most clusters it echoes any: no proof that the pod exists.

        Args:
            address: The pod's address, as text or value.
            namespace: The pod's namespace. None for this pod's own.
            timeout: Seconds for the whole lookup. None for the resolver's own.
            fresh: Whether to pass over what is remembered.

        Raises:
            NoSuchName: CoreDNS has `pods disabled`, or `pods verified` and no such pod; or there is no such namespace.
            NoData: The name has no address of this family, as under kube-dns that of an IPv6 address.
            TemporaryFailure: No answer for now.
            BadResponse: A reply cannot be right.
            InvalidName: The address or the namespace is none.
            ConfigError: The pod's namespace or cluster domain is not known.

        Source: Kubernetes documentation, "DNS for Services and Pods"; CoreDNS, plugin `kubernetes`, option `pods`.

        >>> from k8sresolve.testing import Cluster
        >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml")
        >>> resolver = cluster.resolver()
        >>> print(resolver.pod("10.244.1.11", "shop"))
        10-244-1-11.shop.pod.cluster.local
        """
        call: Call[PodName] = (reverse.pod, address, namespace)
        known = self._recall(call, timeout, fresh)
        return self._look(call, timeout, fresh) if known is None else known

    def lookup(self, name: str, rdtype: str, *, timeout: float | None = None, fresh: bool = False) -> Answer:
        """Look up an RRset of any type, with the search list.

        Args:
            name: The name; with a dot at its end it is asked for as it stands.
            rdtype: The type, such as `TXT`, or `TYPE65280` (RFC 3597).
            timeout: Seconds for the whole lookup. None for the resolver's own.
            fresh: Whether to pass over what is remembered.

        Raises:
            NoSuchName: No candidate exists.
            NoData: One exists, and has no record of the type.
            TemporaryFailure: No answer for now.
            BadResponse: A reply cannot be right.
            InvalidName: The name is none, or the type is unknown.

        Source: resolv.conf(5).

        >>> from k8sresolve.testing import Cluster
        >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml")
        >>> resolver = cluster.resolver()
        >>> print(*resolver.lookup("dns-version.cluster.local.", "TXT").records)
        "1.1.0"
        """
        call: Call[Answer] = (rrsets.records, name, rdtype)
        known = self._recall(call, timeout, fresh)
        return self._look(call, timeout, fresh) if known is None else known

    def explain(
        self, name: str, *, policy: Policy | None = None, timeout: float | None = None, fresh: bool = False
    ) -> Explanation:
        """Look a host up, and tell of every candidate why it was asked or left out, what came back, and what it cost.

        What fails is told, and not raised.

        Args:
            name: The host's name.
            policy: The search policy to tell of. None for the resolver's own.
            timeout: Seconds for the whole lookup. None for the resolver's own.
            fresh: Whether to pass over what is remembered.

        Raises:
            InvalidName: The name is none.
            ConfigError: The policy is none.

        Source: resolv.conf(5), `search` and `ndots`.

        >>> from k8sresolve.testing import Cluster
        >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml")
        >>> resolver = cluster.resolver(namespace="shop")
        >>> print(resolver.explain("payments", policy="musl"))
        payments: found 10.96.20.1; 2 questions asked, policy musl
        """
        from k8sresolve._core.lookups import explaining

        return self._run((explaining.explain, name, policy), timeout, fresh)

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
        fresh: bool = False,
    ) -> list[Info]:
        """Do as `socket.getaddrinfo`, with this resolver's search, cache and deadline in place of the C library's.

        Flags, services, the order of what is returned (RFC 6724) and error codes are those of the C library that this
        process runs on, glibc or musl. Names are found as `addresses()` finds them. Addresses that rank alike stand in
        the order received, for as long as the answer is remembered: to spread load, take `addresses().spread()`.

        Args:
            host: The host. None for this machine.
            port: A service's name, or a number. None for 0.
            family: AF_INET or AF_INET6. 0: the resolver's own family decides.
            type: SOCK_STREAM, SOCK_DGRAM or another. 0 for all.
            proto: IPPROTO_TCP, IPPROTO_UDP or another. 0 for all.
            flags: AI_PASSIVE and others.
            timeout: Seconds for the whole lookup. None for the resolver's own.
            fresh: Whether to pass over what is remembered.

        Returns:
            Tuples (family, type, proto, canonname, sockaddr).

        Raises:
            NoSuchName: No candidate exists.
            NoData: One exists, and has no address of the families asked for.
            TemporaryFailure: No answer for now.
            BadResponse: A reply cannot be right.
            InvalidName: The host is none, or host or port is not numeric where that is demanded.
            InvalidHints: The C library refuses the call. What Python itself refuses, with `TypeError` or
                `OverflowError`, is one of these two here.

        Source: getaddrinfo(3); RFC 3493, section 6.1; RFC 6724.

        >>> import socket
        >>> from k8sresolve.testing import Cluster
        >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml")
        >>> with cluster.resolver(namespace="shop") as resolver:
        ...     for *_, address in resolver.getaddrinfo("payments", "http", type=socket.SOCK_STREAM):
        ...         print(address)
        ('10.96.20.1', 80)
        """
        from k8sresolve._getaddrinfo import lookups as libc
        from k8sresolve._getaddrinfo.hints import Hints
        from k8sresolve._system import libc_name

        hints = Hints(family, type, proto, flags)
        return list(self._run((libc.getaddrinfo, libc_name(), host, port, hints), timeout, fresh))

    def create_connection(
        self, name: str | ServiceName, port: str | int, *, timeout: float | None = None
    ) -> socket.socket:
        """Connect to a Service, a headless one's pods, or any host, by TCP; the socket is the caller's.

        The socket of a `Resolver` blocks. Families take turns, and an attempt that is not answered within 250 ms goes
        on beside the next one; the first that succeeds wins, and the others are closed.

        Args:
            name: A Service or a host.
            port: A port's name: its targets are tried in the order of `Port.select`. A number: the addresses of
                `addresses()`.
            timeout: Seconds for lookup and connecting together. None for the resolver's own.

        Raises:
            ConnectFailed: No address could be connected to.
            ConnectTimeout: None answered.
            NotFound: There is no such name, port or address.
            TemporaryFailure: No answer of DNS for now.
            BadResponse: A reply cannot be right.
            InvalidName: A name is none.
            ResolverClosed: The resolver was closed meanwhile.

        Source: RFC 2782; RFC 8305.

        >>> import socket
        >>> from k8sresolve.testing import Cluster
        >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml")
        >>> server = socket.create_server(("127.0.0.1", 0))
        >>> cluster.route("payments.shop", "http", to=server.getsockname())
        >>> resolver = cluster.resolver(namespace="shop")
        >>> with resolver.create_connection("payments", "http") as sock:
        ...     sock.getpeername() == server.getsockname()
        ...
        True
        >>> server.close()
        """
        from k8sresolve._core.connecting import lookup_of
        from k8sresolve._drivers.connecting.blocking import BlockingAttempts

        until = self._line.now() + self._lifetime(timeout)
        call = lookup_of(name, port)
        found = self._recall(call, timeout, fresh=False) or self._look(call, timeout, fresh=False)
        return self._attempts(BlockingAttempts, name, port, targets_of(found, port), until).connect()

    def probe(
        self,
        name: str | ServiceName,
        port: str | int,
        scheme: Scheme = "tcp",
        *,
        path: str = "/",
        timeout: float | None = None,
    ) -> Reachability:
        """Try whether a name and port can be reached: DNS, then a connection to every address of it, on its own.

        The lookup is that of `create_connection`, past what is remembered. 32 addresses are tried at once, and one that
        is silent takes no time of the others'. What fails at an address is told, and not raised.

        Args:
            name: A Service or a host.
            port: A port's name: its targets are tried. A number: the addresses of a Service or of any host.
            scheme: What to try: a TCP connection, and over that a handshake of TLS, a request of HTTP, or both. A
                certificate is verified by this machine's trust for the name as given, and told if it is not trusted,
                too.
            path: What HTTP asks for.
            timeout: Seconds for all that. None for the resolver's own.

        Raises:
            NotFound: There is no such name, port or address.
            TemporaryFailure: No answer of DNS for now.
            BadResponse: A reply cannot be right.
            InvalidName: A name is none.
            ConfigError: The scheme or the path is none.
            ResolverClosed: The resolver was closed meanwhile.

        Source: RFC 8446, RFC 9110, RFC 9525.

        >>> import socket
        >>> from k8sresolve.testing import Cluster
        >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml")
        >>> server = socket.create_server(("127.0.0.1", 0))
        >>> cluster.route("payments.shop", "http", to=server.getsockname())
        >>> print(cluster.resolver(namespace="shop").probe("payments", "http"))
        payments, port http: the only endpoint answers
        >>> server.close()
        """
        from k8sresolve._core import probing

        seconds = self._lifetime(timeout)
        steps = probing.begin(self._current().setting, name, port, scheme, path, seconds)
        return take_steps(steps, self._take)

    def getnameinfo(
        self,
        sockaddr: tuple[str, int] | tuple[str, int, int] | tuple[str, int, int, int],
        flags: int = 0,
        *,
        timeout: float | None = None,
        fresh: bool = False,
    ) -> tuple[str, str]:
        """Do as `socket.getnameinfo`: tell the name of an address, and of a port.

        An address has the name that the hosts file or PTR tells; one without a name stands for itself.

        Args:
            sockaddr: The address and port, as sockets have them.
            flags: NI_NAMEREQD, to demand a name, and others.
            timeout: Seconds for the whole lookup. None for the resolver's own.
            fresh: Whether to pass over what is remembered.

        Returns:
            The host's name, and the port's.

        Raises:
            NoSuchName: A name was demanded, and there is none.
            TemporaryFailure: No answer for now.
            BadResponse: A reply cannot be right.
            InvalidName: The address is no numeric host.
            InvalidHints: A flag is unknown.

        Source: getnameinfo(3); RFC 3493, section 6.2.

        >>> from k8sresolve.testing import Cluster
        >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml")
        >>> resolver = cluster.resolver(namespace="shop")
        >>> resolver.getnameinfo(("10.96.20.1", 80))
        ('payments.shop.svc.cluster.local', 'http')
        """
        from k8sresolve._getaddrinfo import lookups as libc
        from k8sresolve._system import libc_name

        return self._run((libc.getnameinfo, libc_name(), sockaddr, flags), timeout, fresh)

    def watch(
        self,
        name: str | ServiceName,
        port: str | None = None,
        protocol: str = "tcp",
        *,
        interval: tuple[float, float] = (5.0, 30.0),
        empty_hold: float = 30.0,
        zone: str | None = None,
    ) -> Watch:
        """Follow a Service: a context manager that tells its endpoints now, and each change of them.

        A headless Service has its ready pods, one with a ClusterIP that address as one endpoint, an ExternalName its
        target's addresses. It is asked again as each answer expires, and a little later: one question for each address
        family, or one SRV, however many watches follow it in this resolver. What is new is there at once; what is gone
        is gone when two answers lack it. While DNS fails, all that was stays, `stale`.

        A thread of the resolver's own, `k8sresolve-watch`, asks while any watch is open.

        Args:
            name: `svc`, `svc.ns`, `ns/svc`, `svc.ns.svc`, the full name, or a `ServiceName`.
            port: The name of a port of which each endpoint has its number. None for none.
            protocol: `tcp`, `udp` or `sctp`.
            interval: The least and the most seconds between questions.
            empty_hold: Seconds, and one more answer, after which it is believed that nothing is left.
            zone: The zone whose pods to prefer, where CoreDNS tells zones apart (its option `zonal`). None for any.

        Raises:
            InvalidName: A name is none.
            ConfigError: The seconds are none, or the pod's namespace or cluster domain is not known, and the name lacks
                it.

        Source: Kubernetes DNS specification, sections 2.3 and 2.4.

        >>> from k8sresolve.testing import Cluster, headless
        >>> cluster = Cluster.new(headless("db.data", sql=5432, pods=2))
        >>> with cluster.resolver().watch("db.data", "sql") as watch:
        ...     print(len(watch.ready(at_least=2)))
        2
        """
        from k8sresolve.watches import Watch, following

        setting = self._current().setting
        return Watch(self._follow, lambda: following(setting, name, port, protocol, interval, empty_hold, zone))

    def watches(self) -> tuple[WatchStatus, ...]:
        """Tell of each watch that is open what is there, and how old that is; asks nothing, in whatever thread.

        >>> from k8sresolve.testing import Cluster, headless
        >>> cluster = Cluster.new(headless("db.data", sql=5432, pods=2))
        >>> with cluster.resolver() as resolver:
        ...     with resolver.watch("db.data", "sql") as watch:
        ...         ready = watch.ready()
        ...         print(*resolver.watches())
        db.data.svc.cluster.local sql: 2 endpoints, answered 0 s ago, unchanged for 0 s
        """
        follower = self._follower
        if follower is None or follower.closed:
            return ()
        from k8sresolve.watches import status_of

        now = self._line.now()
        return tuple([status_of(following, now) for following in follower.followed()])

    def _follow(self) -> Follower:
        """What hosts the pollers: another one in a process that was forked, or after a fault."""
        self._lifetime(None)
        with self._lock:
            follower = self._follower
            if follower is None or follower.closed:
                follower = self._follower = self._new_follower()
        if self._closed:  # by another thread, which did not see this
            follower.close()
        return follower

    def _new_follower(self) -> Follower:
        from k8sresolve._drivers.watch_thread import ThreadFollower

        return ThreadFollower(self._to_ask, self._events)

    def wait_for(
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

        It asks at once, after 1 s, and then at pauses that double to 5 s, always past what is remembered. Of a Service
        with a ClusterIP, DNS has the address whether or not a pod is there: a TCP connection to `port` must succeed.
        Without a port it is enough that the Service exists.

        Args:
            name: `svc`, `svc.ns`, `ns/svc`, `svc.ns.svc`, the full name, or a `ServiceName`.
            port: The name of a port of which each endpoint has its number. None for none.
            protocol: `tcp`, `udp` or `sctp`.
            at_least: How many endpoints; over 1 only of a headless Service.
            timeout: Seconds to wait.
            connect: Whether each endpoint that counts must take a TCP connection. None: of a Service with a ClusterIP
                alone.

        Raises:
            WaitTimeout: They did not come; the error says what came in their place, and how often.
            NotHeadless: More than one was asked for of a Service with a ClusterIP.
            NoData: A port of an ExternalName was asked for.
            InvalidName: A name is none.
            ConfigError: An argument is none, or the pod's namespace or cluster domain is not known, and the name lacks
                it.

        Source: Kubernetes DNS specification, sections 2.3 and 2.4.

        >>> from k8sresolve.testing import Cluster, headless
        >>> cluster = Cluster.new(headless("db.data", sql=5432, pods=3))
        >>> resolver = cluster.resolver()
        >>> len(resolver.wait_for("db.data", "sql", at_least=3))
        3
        """
        from k8sresolve._core.watching import waiting

        setting = self._current().setting
        steps = waiting.begin(setting, name, port, protocol, at_least, timeout, connect)
        return take_steps(steps, self._take)

    def _take(self, step: Step | Talk) -> object:
        """Take a step of waiting or probing; what is lacking is a value here."""
        from k8sresolve._core.watching.waiting import Connect, Look, Pause

        try:
            if isinstance(step, Look):
                return self._run(step.call, min(step.seconds, self._options.timeout), True)
            if isinstance(step, Connect):
                self._touch(step.endpoint, step.seconds)
            elif isinstance(step, Pause):
                self._pause(step.seconds)
            else:
                return self._talk(step)
        except ResolverClosed:
            raise
        except Error as error:
            return error
        return None

    def _talk(self, talk: Talk) -> tuple[ProbedEndpoint, ...]:
        """Try what a probe is about."""
        from k8sresolve._drivers.probing.blocking import BlockingProbes

        return self._probes(BlockingProbes, talk).run()

    def _touch(self, endpoint: Endpoint, seconds: float) -> None:
        """Connect to it, and close that again."""
        assert endpoint.port is not None  # noqa: S101 - there is one to be connected to
        self.create_connection(str(endpoint.address), endpoint.port, timeout=seconds).close()

    def _pause(self, seconds: float) -> None:
        """Let so many seconds pass, unless this is closed meanwhile."""
        end = threading.Event()
        with self._pausing(end.set):
            end.wait(seconds)

    def close(self) -> None:
        """End the lookups that are pending in other threads, with `ResolverClosed`. Closing twice is fine."""
        self._close()
        if self._follower is not None:
            self._follower.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
