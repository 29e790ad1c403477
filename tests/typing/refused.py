"""What users' type checkers must refuse.

Nothing here is run. Each comment names the error that mypy must report on its line; pyright must report one, too. One
that is not needed is an error of its own in both.
"""

# pyright: strict, reportUnnecessaryTypeIgnoreComment=true

import k8sresolve
from k8sresolve import (
    Addresses,
    AsyncResolver,
    CacheConfig,
    Endpoint,
    Explanation,
    Finding,
    Nameserver,
    Policy,
    Port,
    Resolver,
    ResolverConfig,
    Service,
    ServiceName,
    Stats,
    ZonalName,
)
from k8sresolve.balance import Balancer
from k8sresolve.doctor import examine
from k8sresolve.seeds import hostports, libpq
from k8sresolve.testing import Cluster, Kubelet, Pod


def words_that_are_none(config: ResolverConfig) -> None:
    Resolver(policy="bind")  # type: ignore[arg-type]
    Resolver(family="ipv5")  # type: ignore[arg-type]
    AsyncResolver(policy="Kubernetes")  # type: ignore[arg-type]
    Resolver(config, "shop")  # type: ignore[call-arg]
    Resolver(retries=3)  # type: ignore[call-arg]
    Resolver("/etc/resolv.conf")  # type: ignore[arg-type]
    Resolver(timeout="5")  # type: ignore[arg-type]
    Resolver(cache=False)  # type: ignore[arg-type]
    Resolver(observers=[print])  # type: ignore[list-item]
    policy: Policy = "musl-1.1"  # type: ignore[assignment]
    print(policy)


def configurations_that_are_none() -> None:
    ResolverConfig(nameservers=[10])  # type: ignore[list-item]
    ResolverConfig(search=5)  # type: ignore[arg-type]
    ResolverConfig(ndots="5")  # type: ignore[arg-type]
    ResolverConfig(nameserver="10.96.0.10")  # type: ignore[call-arg]
    ResolverConfig.for_cluster("10.96.0.10", "shop")  # type: ignore[call-arg]
    Nameserver("10.96.0.10", "53")  # type: ignore[arg-type]
    Finding(severity="note", problem="odd")  # type: ignore[arg-type]
    CacheConfig(entries="many")  # type: ignore[arg-type]
    CacheConfig(prefetch="80%")  # type: ignore[arg-type]


def fields_that_are_frozen(
    config: ResolverConfig,
    service: Service,
    port: Port,
    host: Addresses,
    endpoint: Endpoint,
    stats: Stats,
    resolver: Resolver,
) -> None:
    config.ndots = 2  # type: ignore[misc]
    service.addresses = ()  # type: ignore[misc]
    service.name.namespace = "data"  # type: ignore[misc]
    port.number = 80  # type: ignore[misc]
    host.host = "other"  # type: ignore[misc]
    endpoint.port = 80  # type: ignore[misc]
    endpoint.stale = True  # type: ignore[misc]
    stats.sends = 0  # type: ignore[misc]
    resolver.config = config  # type: ignore[misc]


def values_that_may_be_missing(endpoint: Endpoint, service: Service) -> None:
    print(endpoint.port + 1)  # type: ignore[operator]
    print(endpoint.name.host)  # type: ignore[union-attr]
    print(service.cname.targets)  # type: ignore[union-attr]


def arguments_of_lookups(resolver: Resolver) -> None:
    resolver.service(b"payments")  # type: ignore[arg-type]
    resolver.service("payments", ["http"])  # type: ignore[call-arg]
    resolver.service("payments", ports=[80])  # type: ignore[list-item]
    resolver.port("payments", 80.0)  # type: ignore[arg-type]
    resolver.endpoints("payments", 80)  # type: ignore[arg-type]
    ZonalName("east", "prefers", ServiceName("payments", "shop"))  # type: ignore[arg-type]
    resolver.endpoints(None)  # type: ignore[arg-type]
    resolver.addresses(ServiceName("payments", "shop", "cluster.local"))  # type: ignore[arg-type]
    resolver.addresses("payments", timeout="1")  # type: ignore[arg-type]
    resolver.lookup("payments", 1)  # type: ignore[arg-type]
    resolver.reverse(167772161)  # type: ignore[arg-type]
    resolver.explain("payments", policy="bind")  # type: ignore[arg-type]
    k8sresolve.port("payments", None, "tcp", 80)  # type: ignore[call-arg]


async def waiting(resolver: Resolver, in_loop: AsyncResolver) -> None:
    await resolver.service("payments")  # type: ignore[misc]
    in_loop.service("payments").addresses  # type: ignore[attr-defined]
    in_loop.close()  # type: ignore[unused-coroutine]
    await in_loop.stats()  # type: ignore[misc]
    with in_loop:  # type: ignore[attr-defined]
        pass
    async with resolver:  # type: ignore[attr-defined]
        pass


def results(resolver: Resolver) -> None:
    port: Port = resolver.ports("payments")  # type: ignore[assignment]
    service: Service = resolver.addresses("payments")  # type: ignore[assignment]
    explained: Explanation = resolver.candidates("payments")  # type: ignore[assignment]
    print(port, service, explained)
    resolver.service("payments").number  # type: ignore[attr-defined]


def examining(config: ResolverConfig) -> None:
    examine("10.96.0.10")  # type: ignore[arg-type]
    examine(config, external=7)  # type: ignore[arg-type]
    examine(config).state = "sound"  # type: ignore[misc]


def choosing_and_seeding(resolver: Resolver, endpoint: Endpoint) -> None:
    Balancer(resolver)  # type: ignore[arg-type]
    Balancer("payments")  # type: ignore[arg-type]
    Balancer((endpoint,), "random")  # type: ignore[arg-type]
    balancer = Balancer((endpoint,), rng=None, clock=0.0)  # type: ignore[arg-type]
    with balancer.pick() as picked:
        picked.endpoint = endpoint  # type: ignore[misc]
    balancer.pick(avoid=endpoint)  # type: ignore[arg-type]
    hostports(endpoint)  # type: ignore[arg-type]
    libpq(["10.0.0.1:5432"])  # type: ignore[list-item]


def the_kit(cluster: Cluster, pod: Pod) -> None:
    Cluster.from_manifests(["deploy/"])  # type: ignore[arg-type]
    Cluster.from_objects("deploy/")  # type: ignore[arg-type]
    cluster.async_resolver("shop")  # type: ignore[call-arg, arg-type]
    cluster.resolver(policy="bind")  # type: ignore[arg-type]
    cluster.patch(outside="allow")  # type: ignore[arg-type]
    cluster.patch(libc="musl-1.1")  # type: ignore[arg-type]
    cluster.route("payments", "http", to="127.0.0.1:8080")  # type: ignore[arg-type]
    cluster.scale("shop/db", "3")  # type: ignore[arg-type]
    cluster.network.drop(nxt=2)  # type: ignore[call-arg]
    cluster.network.drop(next="2")  # type: ignore[arg-type]
    cluster.network.drop(transport="quic")  # type: ignore[arg-type]
    cluster.network.delay()  # type: ignore[call-arg]
    cluster.queries.asked(name=1)  # type: ignore[arg-type]
    for query in cluster.queries:
        print(query.outcome == "nodata")  # type: ignore[comparison-overlap]
    pod.ip = "10.244.1.1"  # type: ignore[misc]
    Kubelet(cluster_dns="10.96.0.10")  # type: ignore[arg-type]
