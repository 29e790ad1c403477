"""What users' type checkers must accept: each public name of `k8sresolve`, as a user would use it.

Nothing here is run: mypy and pyright read it, both in strict mode.
"""

# pyright: strict

import asyncio
import random
import socket
import time
from collections.abc import Callable, Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Literal, TypeAlias, assert_type

import psycopg
import trio

import k8sresolve
from k8sresolve import (
    Addresses,
    Answer,
    AsyncResolver,
    AsyncWatch,
    Attempt,
    BadResponse,
    CacheConfig,
    Candidate,
    Certificate,
    Change,
    Cname,
    ConfigError,
    ConnectAttempt,
    ConnectFailed,
    ConnectTimeout,
    Dialect,
    Endpoint,
    EndpointName,
    Error,
    Explanation,
    Family,
    Finding,
    InternalError,
    InvalidHints,
    InvalidName,
    LookupTimeout,
    ManifestError,
    Nameserver,
    NetworkError,
    NoData,
    NoEndpoints,
    NoSuchName,
    NotFound,
    NotHeadless,
    Observer,
    Outcome,
    PodName,
    Policy,
    Port,
    PortName,
    PortsDiffer,
    ProbedEndpoint,
    ProbeStage,
    Purpose,
    Reachability,
    Refused,
    ResolveError,
    Resolver,
    ResolverClosed,
    ResolverConfig,
    Scheme,
    ServerFailure,
    Service,
    ServiceName,
    Stats,
    Target,
    TemporaryFailure,
    Transport,
    WaitTimeout,
    Watch,
    WatchStatus,
    ZonalName,
    addresses,
    endpoints,
    explain,
    lint_config,
    lint_resolv_conf,
    load_config,
    lookup,
    observe_all,
    parse_resolv_conf,
    pod,
    port,
    ports,
    reverse,
    service,
)
from k8sresolve.balance import Balancer, Picked, Source
from k8sresolve.doctor import EXTERNAL, Check, Diagnosis, Mark, Place, ResponseTimes, State, examine
from k8sresolve.seeds import LibpqHosts, hostports, libpq

WEB = ServiceName("web", "shop", "cluster.local")
# As `asyncio` has it.
AddressInfo: TypeAlias = tuple[
    socket.AddressFamily, socket.SocketKind, int, str, tuple[str, int] | tuple[str, int, int, int]
]


def configuring(policy: Policy, family: Family, dialect: Dialect) -> None:
    assert_type(Nameserver("10.96.0.10"), Nameserver)
    nameserver = Nameserver.parse("[fd00::a]:1053")
    assert_type(nameserver, Nameserver)
    assert_type(nameserver.address, str)
    assert_type(nameserver.port, int)
    assert_type(nameserver.scope, int)
    assert_type(nameserver.is_ipv6, bool)

    config = ResolverConfig.for_cluster(nameserver, namespace="shop", cluster_domain="cluster.local")
    assert_type(config, ResolverConfig)
    assert_type(ResolverConfig.for_cluster("10.96.0.10:5353"), ResolverConfig)
    assert_type(ResolverConfig(), ResolverConfig)
    ResolverConfig(nameservers=["10.96.0.10", nameserver], hosts=[("db", ["10.0.0.1"])])
    ResolverConfig(nameservers=(nameserver,), search=("svc.cluster.local",), ndots=5, timeout=1, attempts=2)
    ResolverConfig(flags=frozenset({"rotate"}), namespace="shop", cluster_domain="cluster.local", source="mine")
    ResolverConfig(hosts=(("db", ("10.0.0.1",)),), diagnostics=(Finding(severity="remark", problem="odd"),))
    assert_type(config.nameservers, tuple[Nameserver, ...])
    assert_type(config.search, tuple[str, ...])
    assert_type(config.ndots, int)
    assert_type(config.absolute, tuple[str, ...])
    assert_type(config.timeout, int | None)
    assert_type(config.attempts, int | None)
    assert_type(config.flags, frozenset[str])
    assert_type(config.namespace, str | None)
    assert_type(config.cluster_domain, str | None)
    assert_type(config.hosts, tuple[tuple[str, tuple[str, ...]], ...])
    assert_type(config.source, str)
    assert_type(config.diagnostics, tuple[Finding, ...])

    (finding,) = config.diagnostics
    assert_type(finding.problem, str)
    assert_type(finding.line, int | None)
    assert_type(finding.text, str)
    assert_type(finding.source, str)
    assert_type(finding.severity, Literal["error", "warning", "remark"])
    assert_type(finding.advice, str)
    assert_type(finding.object, str)
    assert_type(finding.field, str)
    assert_type(finding.reference, str)

    assert_type(lint_config(), tuple[Finding, ...])
    assert_type(lint_config("/etc/resolv.conf"), tuple[Finding, ...])
    assert_type(lint_resolv_conf(b"nameserver 10.96.0.10\n"), tuple[Finding, ...])
    assert_type(load_config(), ResolverConfig)
    assert_type(load_config(dialect=dialect), ResolverConfig)
    assert_type(parse_resolv_conf(b"nameserver 10.96.0.10\n"), ResolverConfig)

    cache = CacheConfig(entries=0, max_ttl=60, negative_ttl=0.5, cluster_negative_ttl=1, serve_stale=60, prefetch=0.8)
    assert_type(cache.entries, int)
    assert_type(cache.octets, int)
    assert_type(cache.max_ttl, float)
    assert_type(cache.negative_ttl, float)
    assert_type(cache.cluster_negative_ttl, float)
    assert_type(cache.serve_stale, float)
    assert_type(cache.prefetch, float | None)

    Resolver(config, namespace="shop", cluster_domain="cluster.local", policy=policy, family=family)
    assert_type(Resolver().config, ResolverConfig)
    assert_type(AsyncResolver().config, ResolverConfig)
    assert_type(Resolver().timeout, float)
    assert_type(AsyncResolver().timeout, float)
    Resolver(timeout=2, in_flight=8, cache=cache, policy="glibc", family="both")
    AsyncResolver(config, namespace="shop", cluster_domain="cluster.local", policy=policy, family=family)
    AsyncResolver(timeout=2.5, in_flight=8, cache=cache, policy="musl-1.2.3", family="ipv6")


def naming() -> None:
    assert_type(ServiceName.parse("web.shop", namespace="shop", cluster_domain="cluster.local"), ServiceName)
    assert_type(WEB.service, str)
    assert_type(WEB.namespace, str)
    assert_type(WEB.cluster_domain, str)
    assert_type(WEB.host, str)
    assert_type(WEB.fqdn, str)

    endpoint = EndpointName.parse("web-0.web.shop.svc.cluster.local")
    assert_type(endpoint, EndpointName)
    assert_type(endpoint.endpoint, str)
    assert_type(endpoint.service, ServiceName)
    assert_type(endpoint.address, IPv4Address | IPv6Address | None)
    assert_type(endpoint.fqdn, str)

    http = PortName("http")
    assert_type(PortName.parse("http/tcp"), PortName)
    assert_type(http.at(WEB), PortName)
    assert_type(http.host, str)

    assert_type(PodName.parse("10-244-1-7.shop.pod.cluster.local"), PodName)
    assert_type(PodName.parse("10-244-1-7.shop.pod.cluster.local").fqdn, str)
    assert_type({WEB: 1, endpoint: 2, http: 3}[WEB], int)

    zonal = ZonalName("eu-1a", "prefer", WEB)
    assert_type(ZonalName.parse(zonal.fqdn), ZonalName)
    assert_type(zonal.zone, str)
    assert_type(zonal.directive, Literal["prefer", "pin"])
    assert_type(zonal.service, ServiceName)
    assert_type(zonal.host, str)


def looking_up(resolver: Resolver) -> None:
    assert_type(resolver.service("web", ports=["http", PortName("dns", "udp")], timeout=1, fresh=True), Service)
    assert_type(resolver.service(WEB), Service)
    assert_type(resolver.port("web", "http"), Port)
    assert_type(resolver.port(WEB, 80), Port)
    assert_type(resolver.port("web"), Port)
    assert_type(resolver.port(WEB, "dns", "udp", timeout=0.5), Port)
    assert_type(resolver.ports("web"), tuple[Port, ...])
    assert_type(resolver.endpoints("web"), tuple[Endpoint, ...])
    assert_type(resolver.endpoints(WEB, "http", "tcp", fresh=True), tuple[Endpoint, ...])
    assert_type(resolver.addresses("api.example"), Addresses)
    assert_type(resolver.addresses(ZonalName("eu-1a", "pin", WEB)), Addresses)
    assert_type(resolver.reverse("10.96.0.1"), tuple[ServiceName | EndpointName | str, ...])
    assert_type(resolver.reverse(ip_address("fd00::1")), tuple[ServiceName | EndpointName | str, ...])
    assert_type(resolver.pod("10.244.1.7", "shop"), PodName)
    assert_type(resolver.lookup("api.example", "TXT"), Answer)
    assert_type(resolver.explain("web", policy="go"), Explanation)
    assert_type(resolver.getaddrinfo("web", "http", type=socket.SOCK_STREAM, timeout=1), list[AddressInfo])
    resolver.getaddrinfo(b"web", b"80", socket.AF_INET, flags=socket.AI_CANONNAME | socket.AI_ADDRCONFIG)
    resolver.getaddrinfo(None, None)
    assert_type(resolver.getnameinfo(("10.96.20.1", 80)), tuple[str, str])
    resolver.getnameinfo(("fd00::1", 80, 0, 0), socket.NI_NAMEREQD, fresh=True)
    assert_type(resolver.create_connection("web", "http"), socket.socket)
    with resolver.create_connection(WEB, 80, timeout=1) as connected:
        connected.sendall(b"hello")
    reading_a_probe(resolver.probe("web", "https", "https", path="/healthz", timeout=1))
    assert_type(resolver.candidates("web"), tuple[Candidate, ...])
    assert_type(resolver.stats(), Stats)
    resolver.forget("web")
    resolver.forget()
    resolver.close()
    with Resolver() as entered:
        assert_type(entered, Resolver)


def reading_a_probe(probed: Reachability) -> None:
    assert_type(probed.name, str)
    assert_type(probed.port, str | int)
    assert_type(probed.scheme, Scheme)
    assert_type(probed.milliseconds, float)
    assert_type(probed.endpoints, tuple[ProbedEndpoint, ...])
    assert_type(probed.headless, bool | None)
    assert_type(probed.advice, tuple[str, ...])
    assert_type(probed.ok, bool)
    assert_type(probed.verdict, str)

    endpoint = probed.endpoints[0]
    assert_type(endpoint.address, IPv4Address | IPv6Address)
    assert_type(endpoint.port, int)
    assert_type(endpoint.target, str)
    assert_type(endpoint.stages, tuple[ProbeStage, ...])
    assert_type(endpoint.certificate, Certificate | None)
    assert_type(endpoint.status, int | None)
    assert_type(endpoint.ok, bool)
    assert_type(endpoint.failure, ProbeStage | None)
    assert_type(endpoint.place, str)

    stage = endpoint.stages[0]
    assert_type(stage.name, Literal["tcp", "tls", "http"])
    assert_type(stage.ok, bool)
    assert_type(stage.outcome, str)
    assert_type(stage.errno, int | None)
    assert_type(stage.milliseconds, float)

    if endpoint.certificate is not None:
        assert_type(endpoint.certificate.subject, str)
        assert_type(endpoint.certificate.issuer, str)
        assert_type(endpoint.certificate.names, tuple[str, ...])
        assert_type(endpoint.certificate.starts_at, float)
        assert_type(endpoint.certificate.expires_at, float)
        assert_type(endpoint.certificate.host, str)
        assert_type(endpoint.certificate.problem, str)
        assert_type(endpoint.certificate.verified, bool)


async def looking_up_in_a_loop(resolver: AsyncResolver) -> None:
    assert_type(await resolver.service("web", ports=["http", PortName("dns", "udp")], timeout=1, fresh=True), Service)
    assert_type(await resolver.service(WEB), Service)
    assert_type(await resolver.port("web", "http"), Port)
    assert_type(await resolver.port(WEB, 80), Port)
    assert_type(await resolver.port(WEB, "dns", "udp", timeout=0.5), Port)
    assert_type(await resolver.ports("web"), tuple[Port, ...])
    assert_type(await resolver.endpoints("web"), tuple[Endpoint, ...])
    assert_type(await resolver.endpoints(WEB, "http", "tcp", fresh=True), tuple[Endpoint, ...])
    assert_type(await resolver.addresses("api.example"), Addresses)
    assert_type(await resolver.reverse("10.96.0.1"), tuple[ServiceName | EndpointName | str, ...])
    assert_type(await resolver.pod("10.244.1.7", "shop"), PodName)
    assert_type(await resolver.lookup("api.example", "TXT"), Answer)
    assert_type(await resolver.explain("web", policy="go"), Explanation)
    assert_type(await resolver.getaddrinfo("web", "http", type=socket.SOCK_STREAM, timeout=1), list[AddressInfo])
    await resolver.getaddrinfo(b"web", b"80", socket.AF_INET, flags=socket.AI_CANONNAME | socket.AI_ADDRCONFIG)
    await resolver.getaddrinfo(None, None)
    assert_type(await resolver.getnameinfo(("10.96.20.1", 80)), tuple[str, str])
    await resolver.getnameinfo(("fd00::1", 80, 0, 0), socket.NI_NAMEREQD, fresh=True)
    assert_type(await resolver.probe(WEB, 80), Reachability)
    sock: socket.socket = await resolver.create_connection("web", "http")
    await asyncio.open_connection(sock=sock)
    stream: trio.SocketStream = await resolver.create_connection(WEB, 80, timeout=1)
    await stream.send_all(b"hello")
    assert_type(resolver.candidates("web"), tuple[Candidate, ...])
    assert_type(resolver.stats(), Stats)
    resolver.forget("web")
    await resolver.close()
    async with AsyncResolver() as entered:
        assert_type(entered, AsyncResolver)


def looking_up_by_the_default_resolver() -> None:
    assert_type(service("web", ports=["http"]), Service)
    assert_type(port("web", "http"), Port)
    assert_type(port("web", 80), Port)
    assert_type(ports("web"), tuple[Port, ...])
    assert_type(endpoints("web", "http"), tuple[Endpoint, ...])
    assert_type(addresses("api.example"), Addresses)
    assert_type(reverse("10.96.0.1"), tuple[ServiceName | EndpointName | str, ...])
    assert_type(pod("10.244.1.7"), PodName)
    assert_type(lookup("api.example", "MX", timeout=1, fresh=True), Answer)
    assert_type(explain("web"), Explanation)
    assert_type(k8sresolve.service("web"), Service)


def reading_records(found: Service, host: Addresses, answer: Answer, told: Explanation, counted: Stats) -> None:
    assert_type(found.name, ServiceName)
    assert_type(found.port("http"), Port)
    assert_type(found.port(PortName("dns", "udp")), Port)
    assert_type(found.addresses, tuple[IPv4Address | IPv6Address, ...])
    assert_type(found.ports, tuple[Port, ...])
    assert_type(found.candidate, str)
    assert_type(found.ttl, int)
    assert_type(found.expires_at, float)
    assert_type(found.incomplete, bool)
    assert_type(found.stale, bool)
    assert_type(found.age, float)
    assert_type(found.ranks, tuple[int, ...])
    assert_type(found.spread(random.Random(1)), Iterator[IPv4Address | IPv6Address])
    if found.cname is not None:
        assert_type(found.cname, Cname)
        assert_type(found.cname.targets, tuple[str, ...])
        assert_type(found.cname.leaves_cluster, bool)

    (http,) = found.ports
    assert_type(http.name, str | None)
    assert_type(http.protocol, str | None)
    assert_type(http.service, ServiceName)
    assert_type(http.number, int)
    assert_type(http.headless, bool)
    assert_type(http.targets, tuple[Target, ...])
    assert_type(http.select(), Iterator[tuple[IPv4Address | IPv6Address, int]])
    for address, number in http.select(random.Random(1)):
        socket.create_connection((str(address), number))

    (target,) = http.targets
    assert_type(target.name, str)
    assert_type(target.port, int)
    assert_type(target.priority, int)
    assert_type(target.weight, int)
    assert_type(target.addresses, tuple[IPv4Address | IPv6Address, ...])

    assert_type(host.host, str)
    assert_type(host.addresses, tuple[IPv4Address | IPv6Address, ...])
    assert_type(next(host.spread()), IPv4Address | IPv6Address)

    assert_type(answer.name, str)
    assert_type(answer.rdtype, str)
    assert_type(answer.records, tuple[str, ...])
    assert_type(answer.truncated, bool)

    assert_type(told.name, str)
    assert_type(told.policy, Policy)
    assert_type(told.outcome, Outcome)
    assert_type(told.addresses, tuple[IPv4Address | IPv6Address, ...])
    assert_type(told.questions, int)
    assert_type(told.remark, str)
    assert_type(told.full_name, str)
    assert_type(told.full_name_questions, int | None)
    assert_type(told.candidates, tuple[Candidate, ...])
    (candidate,) = told.candidates
    assert_type(candidate.name, str)
    assert_type(candidate.rule, str)
    assert_type(candidate.asked, bool)
    assert_type(candidate.questions, tuple[str, ...])
    assert_type(candidate.outcome, Outcome | Literal["", "not asked"])
    assert_type(candidate.nameserver, str)
    assert_type(candidate.milliseconds, float | None)

    assert_type(counted.questions, int)
    assert_type(counted.sends, int)
    assert_type(counted.resends, int)
    assert_type(counted.cache_hits, int)
    assert_type(counted.in_flight, int)


def reading_endpoints(found: Endpoint) -> None:
    assert_type(found.address, IPv4Address | IPv6Address)
    assert_type(found.port, int | None)
    assert_type(found.name, EndpointName | None)
    assert_type(found.hostname, str | None)
    assert_type(found.stale, bool)
    assert_type(found.age, float)


def choosing(source: Source, found: tuple[Endpoint, ...]) -> None:
    Balancer(source, "p2c", rng=random.Random(1), clock=time.monotonic)
    assert_type(source.current, tuple[Endpoint, ...])
    balancer = Balancer(found, "round_robin")
    with balancer.pick() as picked:
        assert_type(picked, Picked)
        assert_type(picked.endpoint, Endpoint)
        assert_type(picked.ok(), None)
        assert_type(picked.fail(), None)
    assert_type(balancer.pick(avoid={picked.endpoint}), Picked)


def examining(config: ResolverConfig) -> None:
    told = examine(config, external=EXTERNAL, progress=lambda done, planned: print(done + planned))
    assert_type(told, Diagnosis)
    assert_type(examine(resolv_conf="resolv.conf", namespace="shop", cluster_domain="cluster.local"), Diagnosis)
    state: State = told.state
    place: Place = told.place
    print(state, place, told.verdict, told.questions + told.seconds)
    assert_type(told.namespace, str | None)
    assert_type(told.cluster_domain, str | None)
    assert_type((told.namespace_from, told.cluster_domain_from), tuple[str, str])
    assert_type(told.findings, tuple[Finding, ...])
    assert_type(told.times, ResponseTimes)
    assert_type(told.times.median, float | None)
    for check in told.checks:
        assert_type(check, Check)
        mark: Mark = check.mark
        print(mark, check.id, check.seen, check.nameserver)


def seeding(found: tuple[Endpoint, ...]) -> None:
    assert_type(hostports(found), list[str])
    assert_type(hostports(iter(found), names=True), list[str])
    hosts = libpq(list(found))
    assert_type(hosts, LibpqHosts)
    assert_type(hosts["hostaddr"], str)
    psycopg.connect(**hosts, dbname="orders", load_balance_hosts="random", autocommit=True)


def matching(name: ServiceName | EndpointName | str) -> str:
    match name:
        case ServiceName(service, namespace, _):
            return f"{service} in {namespace}"
        case EndpointName():
            return name.host
        case _:
            return name


def handling(resolver: Resolver) -> None:
    try:
        resolver.service("web")
    except (NoSuchName, NoData) as error:
        as_not_found: NotFound = error
        assert_type(as_not_found.attempts, tuple[Attempt, ...])
    except (LookupTimeout, ServerFailure, Refused, NetworkError, NoEndpoints) as error:
        as_temporary: TemporaryFailure = error
        assert_type(as_temporary.name, str)
    except InvalidHints as error:
        assert_type(error.code, int)
    except (InvalidName, BadResponse, InternalError, NotHeadless, PortsDiffer) as error:
        as_resolve: ResolveError = error
        as_gaierror: socket.gaierror = error
        assert_type(as_resolve.problem, str)
        assert_type(as_resolve.advice, str)
        assert_type(as_gaierror.errno, int | None)
    except ConnectTimeout as error:
        as_timeout: TimeoutError = error
        raise as_timeout from None
    except ConnectFailed as error:
        as_connection_error: ConnectionError = error
        assert_type(error.name, str)
        assert_type(error.problem, str)
        assert_type(error.advice, str)
        assert_type(error.code, int | None)
        assert_type(error.attempts, tuple[ConnectAttempt, ...])
        raise as_connection_error from None
    except (ConfigError, ManifestError) as error:
        as_value_error: ValueError = error
        raise as_value_error from None
    except ResolverClosed as error:
        as_error: Error = error
        assert_type(str(as_error), str)


def reading_errors(error: ResolveError, config: ConfigError, manifest: ManifestError) -> None:
    (attempt,) = error.attempts
    assert_type(attempt, Attempt)
    assert_type(attempt.candidate, str)
    assert_type(attempt.rdtype, str)
    assert_type(attempt.nameserver, str)
    assert_type(attempt.transport, Transport)
    assert_type(attempt.outcome, str)
    assert_type(attempt.milliseconds, float)
    assert_type(attempt.age, float | None)
    assert_type(config.problem, str)
    assert_type(config.advice, str)
    assert_type(manifest.problem, str)
    assert_type(manifest.file, str)
    assert_type(manifest.document, int | None)
    assert_type(manifest.line, int | None)
    assert_type(manifest.column, int | None)
    assert_type(manifest.field, str)


def reading_attempts_to_connect(attempt: ConnectAttempt) -> None:
    assert_type(attempt.address, str)
    assert_type(attempt.port, int)
    assert_type(attempt.errno, int | None)
    assert_type(attempt.outcome, str)
    assert_type(attempt.milliseconds, float)


def following(resolver: Resolver) -> None:
    with resolver.watch(ServiceName("db", "data"), "sql", "tcp", interval=(1.0, 5.0), empty_hold=0, zone="a") as watch:
        assert_type(watch, Watch)
        assert_type(watch.name, str)
        assert_type(watch.current, tuple[Endpoint, ...])
        assert_type(watch.ready(2, timeout=None), tuple[Endpoint, ...])
        for change in watch:
            reading_changes(change)
            watch.suspect(change.removed[0])
            watch.resolve_now()
    watch.close()
    assert_type(resolver.wait_for("db", "sql", at_least=2, timeout=5, connect=True), tuple[Endpoint, ...])


def reading_changes(change: Change) -> None:
    assert_type(change.current, tuple[Endpoint, ...])
    assert_type(change.previous, tuple[Endpoint, ...])
    assert_type(change.added, tuple[Endpoint, ...])
    assert_type(change.removed, tuple[Endpoint, ...])
    assert_type(change.stale, bool)
    assert_type(change.cause, Error | None)


async def following_in_a_task(resolver: AsyncResolver) -> None:
    async with resolver.watch("db.data") as watch:
        assert_type(watch, AsyncWatch)
        assert_type(watch.name, str)
        assert_type(watch.current, tuple[Endpoint, ...])
        assert_type(await watch.ready(at_least=2, timeout=5), tuple[Endpoint, ...])
        async for change in watch:
            assert_type(change, Change)
        watch.suspect(watch.current[0])
        watch.resolve_now()
    await watch.close()
    try:
        assert_type(await resolver.wait_for("db"), tuple[Endpoint, ...])
    except WaitTimeout as late:
        assert_type(late.problem, str)


class Printing(Observer):
    """What a user writes to be told: the methods that matter, with the parameters as they are."""

    def asked(self, name: str, rdtype: str) -> None:
        print(name, rdtype)

    def sent(
        self, name: str, rdtype: str, *, nameserver: str, transport: Transport, purpose: Purpose, waited: float
    ) -> None:
        print(name, rdtype, nameserver, transport, purpose, waited)

    def answered(self, attempt: Attempt) -> None:
        print(attempt)

    def landed(self, name: str, rdtype: str, outcome: Outcome, milliseconds: float) -> None:
        print(name, rdtype, outcome, milliseconds)

    def decided(self, name: str, candidate: Candidate) -> None:
        print(name, candidate.rule)

    def remembered(self, name: str, rdtype: str, age: float) -> None:
        print(name, rdtype, age)

    def served_stale(self, name: str, rdtype: str, age: float) -> None:
        print(name, rdtype, age)

    def looked_up(self, name: str, *, in_cluster: bool, milliseconds: float, error: BaseException | None) -> None:
        print(name, in_cluster, milliseconds, error)

    def reloaded(self, config: ResolverConfig) -> None:
        print(config.nameservers)


def observing() -> None:
    end: Callable[[], None] = Resolver(observers=[Printing()]).observe(Printing())
    end()
    observe_all(Printing())()
    AsyncResolver().observe(Printing())()
    for status in (*Resolver().watches(), *AsyncResolver().watches()):
        assert_type(status, WatchStatus)
        assert_type((status.service, status.port), tuple[ServiceName, str | None])
        assert_type((status.current, status.cause, status.stale), tuple[tuple[Endpoint, ...], Error | None, bool])
        assert_type((status.age, status.unchanged), tuple[float | None, float | None])
    AsyncResolver(observers=(Printing(), Observer()))
