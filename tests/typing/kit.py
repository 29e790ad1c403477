"""What users' type checkers must accept: each public name of `k8sresolve.testing`, as a user would use it.

Nothing here is run: mypy and pyright read it, both in strict mode.
"""

# pyright: strict

import io
import sys
from pathlib import Path
from typing import Literal, assert_type

from k8sresolve import (
    AsyncResolver,
    CacheConfig,
    EndpointName,
    ManifestError,
    Nameserver,
    Resolver,
    ResolverConfig,
    ServiceName,
)
from k8sresolve.testing import (
    ANY_INTERNET,
    COREDNS_VERSIONS,
    DIFFERENCES,
    KUBERNETES_VERSIONS,
    MANIFEST_SUFFIXES,
    RCODES,
    Changed,
    Clock,
    Cluster,
    Difference,
    Fault,
    Finding,
    Inventory,
    Kubelet,
    KubeletEvent,
    KubernetesOptions,
    LoggedQuery,
    Network,
    OfflineNameserver,
    Patch,
    Pod,
    PodDNS,
    QueryCount,
    QueryLog,
    Question,
    ResolvConf,
    Rollout,
    RolloutStep,
    Scenario,
    Server,
    Upstream,
    Version,
    Which,
    compare_versions,
    conformance,
    external,
    headless,
    histories,
    pod_dns,
    scenarios,
    service,
)


def making() -> None:
    assert_type(Cluster.from_manifests("deploy/", Path("more.yaml")), Cluster)
    options = KubernetesOptions(zones=("k8s.corp",), pods="verified", ttl=5, namespaces=["shop"], zonal=True)
    Cluster.from_manifests("deploy/", recursive=True, apply_namespace="ship")
    Cluster.from_manifests(io.BytesIO(b"{}"), sys.stdin.buffer)
    errors: list[ManifestError] = []
    Cluster.from_manifests("deploy/", refused=errors.append)
    Cluster.from_objects([{"kind": "Namespace"}], apply_namespace="ship")
    Cluster.from_manifests("deploy/", options=options, seed=7, server_addresses=["10.244.0.2"])
    Cluster.from_manifests("deploy/", corefile=".:53 {\n}\n", service_cidrs=["10.96.0.0/12"], pod_cidrs=["fd00::/48"])
    Cluster.from_objects([{"kind": "Namespace"}], upstream={"example.com": "$ORIGIN example.com.\n"})
    assert_type(Cluster.from_objects([], upstream=None), Cluster)
    assert_type(MANIFEST_SUFFIXES, tuple[str, ...])


def building() -> None:
    parts = headless("db.shop", sql=5432, udp={"gossip": 7946}, pods=3, ready=2), service("api", http=80, ready=False)
    assert_type(Cluster.new(*parts, external("pg.shop", "pg.example.com"), {"kind": "Namespace"}), Cluster)
    Cluster.new(*parts, corefile=".:53 {\n}\n", service_cidrs=["10.96.0.0/12"], upstream=None, seed=7).apply(*parts[0])


def choosing_versions() -> None:
    cluster = Cluster.from_manifests("deploy/", coredns="1.15.0", kubernetes="1.38", upstream_authoritative=True)
    assert_type(Cluster.from_objects([], coredns=cluster.coredns), Cluster)
    assert_type(cluster.with_versions(coredns="1.14.7"), Cluster)
    assert_type(cluster.with_versions(kubernetes="1.36").kubernetes, Version)
    assert_type(cluster.upstream, Upstream)
    cluster.upstream.reachable = False
    assert_type(cluster.upstream.echoing, bool)
    assert_type(cluster.corefile_names, frozenset[str])
    assert_type(COREDNS_VERSIONS, tuple[str, ...])
    assert_type(KUBERNETES_VERSIONS, tuple[str, ...])
    assert_type(DIFFERENCES, tuple[Difference, ...])
    assert_type(cluster.coredns.has(DIFFERENCES[0]), bool)
    assert_type((DIFFERENCES[0].name, DIFFERENCES[0].since, DIFFERENCES[0].what), tuple[str, str, str])

    def under(version: Version) -> Cluster:
        return Cluster.from_manifests("deploy/", coredns=version, upstream=ANY_INTERNET)

    for change in compare_versions(under, "CoreDNS", "1.14.7", "1.15.0"):
        assert_type(change, Changed)
        assert_type(change.question, Question)
        assert_type((change.before, change.after), tuple[str, str])
        assert_type(change.differences, tuple[Difference, ...])
    Kubelet(kubernetes="1.38")


def looking_up(cluster: Cluster) -> None:
    config = cluster.config("shop")
    assert_type(config, ResolverConfig)
    assert_type(cluster.resolver(), Resolver)
    assert_type(cluster.resolver(pod="shop/web-0", policy="glibc", family="ipv4", timeout=1), Resolver)
    assert_type(cluster.async_resolver(config=config, cluster_domain="cluster.local", in_flight=4), AsyncResolver)
    cluster.async_resolver(namespace="shop", cache=CacheConfig(entries=0))
    assert_type(cluster.respond(b"", tcp=True, client="10.244.1.7"), bytes | None)
    assert_type(cluster.nameserver(), OfflineNameserver)
    assert_type(cluster.nameserver().kind(), str)
    assert_type(cluster.queries, QueryLog)
    assert_type(cluster.network, Network)
    assert_type(cluster.clock, Clock)


def serving(cluster: Cluster) -> None:
    with cluster.serve("127.0.0.1", 5353, replica="10.244.0.3") as server:
        assert_type(server, Server)
        assert_type(server.nameserver, Nameserver)
        assert_type(server.host, str)
        assert_type(server.port, int)
    server.start()
    server.stop()


def patching(cluster: Cluster) -> None:
    with cluster.patch(namespace="shop", libc="musl", outside="pass") as patch:
        assert_type(patch, Patch)
    cluster.patch(pod="shop/web-0")
    cluster.patch(config=cluster.config())
    cluster.route("payments.shop", "http", to=("127.0.0.1", 8080))
    cluster.route(ServiceName("payments", "shop", "cluster.local"), 80, to=("127.0.0.1", 8080))
    cluster.route(EndpointName.parse("db-0.db.shop.svc.cluster.local"), 80, to=("127.0.0.1", 8080))


def changing(cluster: Cluster) -> None:
    cluster.apply("more.yaml", {"kind": "Namespace"})
    cluster.apply("more/", recursive=True)
    cluster.delete("Service", "shop/web")
    cluster.scale("shop/web", 3)
    (pod,) = cluster.pods("shop/web")
    assert_type(pod, Pod)
    assert_type(pod.name, str)
    assert_type(pod.namespace, str)
    assert_type(pod.ip, str)
    assert_type(pod.ready, bool | None)
    assert_type(pod.hostname, str)
    cluster.set_ready(pod, ready=False)
    cluster.set_ready("shop/web-0")
    cluster.move(pod, "10.244.9.9")
    cluster.move("shop/web-0")
    rollout = cluster.roll_out("shop/web", {"spec": {}}, max_surge=1, max_unavailable=1)
    assert_type(rollout, Rollout)
    for step in rollout:
        assert_type(step, RolloutStep)
        assert_type(step.pod, str)
        assert_type(step.event, Literal["created", "ready", "terminating", "deleted"])
    rollout.finish()


def asking_the_kubelet(cluster: Cluster, pod: Pod) -> None:
    text = cluster.resolv_conf("shop/web-0")
    assert_type(text, ResolvConf)
    as_text: str = text
    print(as_text)
    for event in text.events:
        assert_type(event, KubeletEvent)
        assert_type(event.reason, Literal["MissingClusterDNS", "DNSConfigForming"])
        assert_type(event.message, str)
    assert_type(cluster.hosts_file("shop/web-0"), str)
    kubelet = Kubelet(cluster_dns=("10.96.0.10",), cluster_domain="k8s.corp", resolv_conf=None, node_ips=("10.0.0.1",))
    assert_type(cluster.kubelet, Kubelet)
    assert_type(cluster.namespace, str)
    dns = pod_dns(pod, kubelet)
    assert_type(dns, PodDNS)
    assert_type(dns.nameservers, tuple[str, ...])
    assert_type(dns.searches, tuple[str, ...])
    assert_type(dns.options, tuple[str, ...])
    assert_type(dns.events, tuple[KubeletEvent, ...])
    assert_type(dns.text(), str)


def checking(cluster: Cluster) -> None:
    assert_type(cluster.check(), tuple[Finding, ...])
    for finding in cluster.check("web", "shop"):
        assert_type(finding.severity, Literal["error", "warning", "remark"])
        assert_type(finding.object, str)
        assert_type(finding.field, str)
        assert_type(finding.problem, str)
        assert_type(finding.advice, str)
    known = Inventory.from_manifests("shop.yaml", sys.stdin.buffer)
    assert_type(known, Inventory)
    assert_type(Inventory.from_objects([{"kind": "Namespace"}]), Inventory)
    assert_type(Inventory.from_json(known.to_json()), Inventory)
    assert_type(known.to_json(), str)
    assert_type(cluster.check(inventory=known), tuple[Finding, ...])


def failing(network: Network, which: Which) -> None:
    name, rdtype = "payments.shop.svc.cluster.local", "A"
    assert_type(network.drop(), Fault)
    assert_type(RCODES["SERVFAIL"], int)
    assert_type(network.drop(name, rdtype, transport="udp", nameserver="10.96.0.10", next=2, every=3), Fault)
    assert_type(network.delay(0.5, name, probability=0.25, seed=1, after=1, lasting=2.5), Fault)
    assert_type(network.duplicate(name, **which), Fault)
    assert_type(network.reorder(name, rdtype, within=0.1), Fault)
    assert_type(network.truncate(), Fault)
    assert_type(network.rcode("SERVFAIL", name, rdtype), Fault)
    assert_type(network.wrong_id(then_reply=True), Fault)
    assert_type(network.wrong_question(then_reply=True), Fault)
    assert_type(network.wrong_source(then_reply=True), Fault)
    assert_type(network.garbage(then_reply=True), Fault)
    assert_type(network.drip(0.1), Fault)
    assert_type(network.reset(), Fault)
    assert_type(network.stale(), Fault)
    with network.refuse(transport="tcp", nameserver="10.96.0.10") as fault:
        assert_type(fault, Fault)
        assert_type(fault.hits, int)
    fault.stop()
    network.restore()


def telling_stories(cluster: Cluster) -> None:
    assert_type(scenarios.rolling_restart(cluster, away=2), Scenario)
    assert_type(scenarios.one_replica_dead(cluster, "10.244.0.2"), Scenario)
    assert_type(scenarios.conntrack_race(cluster), Scenario)
    assert_type(scenarios.not_yet_synced(cluster, lasting=5), Scenario)
    with scenarios.api_server_away(cluster, stale=30) as scenario:
        assert_type(scenario, Scenario)
        assert_type(scenario.hits, int)
    scenario.stop()


def reading_the_log(queries: QueryLog) -> None:
    assert_type(queries.asked("payments", "A"), QueryCount)
    number: int = queries.asked()
    assert_type(len(queries) + number, int)
    assert_type(queries.of("payments", "A"), QueryLog)
    for query in queries:
        assert_type(query, LoggedQuery)
        assert_type(query.name, str)
        assert_type(query.rdtype, str)
        assert_type(query.transport, Literal["udp", "tcp"])
        assert_type(query.at, float)
        outcome: str = query.outcome
        assert_type(query.outcome == "NXDOMAIN" or outcome == "dropped", bool)
        assert_type(query.client, str)
        assert_type(query.nameserver, str)
        assert_type(query.replica, str)
        assert_type(query.faults, tuple[str, ...])
        assert_type(query.records, tuple[str, ...])
    queries.clear()


def passing_time(clock: Clock) -> None:
    assert_type(Clock(1_700_000_000), Clock)
    assert_type(clock.time(), float)
    assert_type(clock.monotonic(), float)
    clock.advance(30)
    clock.run()
    clock.halt()


def living_through(cluster: Cluster, resolver: Resolver) -> None:
    kinds = histories.Scale, histories.RollOut, histories.Crash, histories.Move, histories.Lag
    histories.histories(*kinds, least=2, most=5).map(lambda history: assert_type(history, histories.History))
    manner: histories.Manner = "unsynced"
    history = histories.History(
        [
            histories.Scale(3, after=2.5),
            histories.Recover(1),
            histories.Restart(1, lasting=5, manner=manner),
            histories.ApiServerAway(lasting=60, unsynced=5),
            histories.ServFail(lasting=5),
            histories.Loss(0.5, lasting=5, seed=1),
        ]
    )
    assert_type(history.events, tuple[histories.Event, ...])
    play = history.play(cluster, "shop/db", service="shop/db", step=2, rest=60)
    assert_type(play, histories.Play)
    for seconds in play:
        assert_type(seconds, float)
        cluster.clock.advance(seconds)
        play.publish(resolver.endpoints("db", "sql"))
    promises = histories.Promises(caches=30, interval=36, empty_hold=30, ttl=30, slack=1)
    assert_type(promises.addition + promises.removal, float)
    play.check(promises)
    for broken in play.broken(promises):
        assert_type(broken, histories.Broken)
        assert_type((broken.promise, broken.at, broken.what), tuple[str, float, str])
    assert_type(play.truth, histories.Timeline)
    assert_type(play.published.at(3.0), frozenset[str])
    assert_type(play.disturbances, tuple[histories.Disturbance, ...])


def conforming() -> None:
    def connect(host: str, port: int) -> tuple[str, int]:
        return host, port

    def connect_by(host: str, port: int, server: Server) -> str:
        return f"{host}:{port} by {server.port}"

    for story in conformance.STORIES:
        assert_type(story, conformance.Story)
        assert_type((story.name, story.criteria), tuple[str, tuple[str, ...]])
        story.run(connect, advance=lambda seconds: seconds + 1)
        story.run(connect_by, served=True)
    for verdict in conformance.ROLL_OUT.judge(connect):
        assert_type(verdict, conformance.Verdict)
        assert_type((verdict.criterion, verdict.met, verdict.what), tuple[str, bool, str])
