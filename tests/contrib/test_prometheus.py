"""The collector with prometheus_client's own registry, server and parser: what is counted, and with which labels."""

import asyncio
import os
import subprocess
import sys
import threading
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
import trio
from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.parser import text_string_to_metric_families

from k8sresolve import (
    AsyncResolver,
    ConfigError,
    LookupTimeout,
    NoSuchName,
    Resolver,
    ResolverClosed,
    ResolverConfig,
    _default,
)
from k8sresolve.contrib.prometheus import K8sResolveCollector
from k8sresolve.testing import Cluster, headless, service
from tests.core.world import ipv4_cluster


@pytest.fixture
def ipv4():
    return ipv4_cluster()


@pytest.fixture
def registry():
    return CollectorRegistry(auto_describe=True)


@pytest.fixture
def collected(registry):
    """Register a collector, and tell a sample's value."""
    made = []

    def collect(*resolvers, **options):
        made.append(K8sResolveCollector(*resolvers, **options))
        registry.register(made[-1])
        return lambda name, **labels: registry.get_sample_value(f"k8sresolve_{name}", labels)

    yield collect
    for collector in made:
        collector.close()


def labels(registry):
    return {label for metric in registry.collect() for sample in metric.samples for label in sample.labels}


def test_questions_are_counted_by_type_transport_and_rcode(collected, ipv4):
    resolver = ipv4.resolver(namespace="shop")
    value = collected(resolver)
    resolver.service("payments", ports=["http"])
    with pytest.raises(NoSuchName):
        resolver.service("nowhere")
    ipv4.network.truncate(next=1)
    resolver.service("payments", fresh=True)
    assert value("questions_total", type="A", transport="udp", rcode="NOERROR") == 1
    assert value("questions_total", type="SRV", transport="udp", rcode="NOERROR") == 1
    assert value("questions_total", type="A", transport="udp", rcode="NXDOMAIN") == 1
    assert value("questions_total", type="A", transport="udp", rcode="truncated") == 1
    assert value("questions_total", type="A", transport="tcp", rcode="NOERROR") == 1
    assert value("sends_total") == 5
    assert value("resends_total") == 1


def test_what_is_remembered_is_a_hit_and_keeps_its_short_way(collected, ipv4):
    resolver = ipv4.resolver(namespace="shop")
    value = collected(resolver)
    resolver.service("payments")
    assert resolver.service("payments") is resolver.service("payments")
    assert (value("cache_hits_total"), value("cache_misses_total")) == (2, 1)
    assert value("lookup_duration_seconds_count") == 1


def test_seconds_of_lookups_and_errors_by_class(collected, ipv4):
    resolver = ipv4.resolver(namespace="shop")
    value = collected(resolver)
    resolver.service("payments")
    ipv4.network.drop()
    with pytest.raises(LookupTimeout):
        resolver.service("web", timeout=3)
    assert value("lookup_duration_seconds_sum") == pytest.approx(3.0005)
    assert value("lookup_duration_seconds_bucket", le="0.001") == 1
    assert value("lookup_duration_seconds_bucket", le="2.5") == 1
    assert value("lookup_duration_seconds_bucket", le="5.0") == 2
    assert value("lookup_errors_total", error="LookupTimeout") == 1


def test_what_is_on_the_wire_is_told_while_it_is(collected):
    there = Cluster.new(service("payments.shop", http=80))
    there.network.drop()
    with there.serve() as server:
        resolver = Resolver(ResolverConfig.for_cluster(server.nameserver), family="ipv4", timeout=60)
        value = collected(resolver)

        def ask():
            with suppress(ResolverClosed):
                resolver.service("payments.shop")

        asking = threading.Thread(target=ask)
        asking.start()
        while not there.queries:
            pass
        assert value("in_flight") == 1
        resolver.close()
        asking.join()
        assert value("in_flight") == 0


def test_no_name_is_a_label_whatever_is_asked(collected, registry, ipv4):
    resolver = ipv4.resolver(namespace="shop")
    collected(resolver)
    resolver.service("payments")
    resolver.addresses("api.example.com")
    with resolver.watch("payments") as watch:
        watch.ready()
        assert labels(registry) == {"type", "transport", "rcode", "le"}
        assert not any("payments" in str(sample) for metric in registry.collect() for sample in metric.samples)


def test_labels_are_few_whatever_is_asked_and_answered(collected, registry, ipv4):
    resolver = ipv4.resolver(namespace="shop")
    collected(resolver)
    for number in range(65280, 65300):
        with pytest.raises(Exception):  # noqa: B017, PT011 - whatever there is not
            resolver.lookup("payments.shop.svc.cluster.local", f"TYPE{number}")
    types = {
        sample.labels["type"] for metric in registry.collect() for sample in metric.samples if "type" in sample.labels
    }
    assert types == {"other"}


def test_what_ends_a_lookup_from_outside_is_other(collected):
    async def main():
        async with AsyncResolver(ResolverConfig.for_cluster("127.0.0.1:9", namespace="shop")) as resolver:
            value = collected(resolver)
            asking = asyncio.ensure_future(resolver.service("payments"))
            await asyncio.sleep(0)
            asking.cancel()
            await asyncio.wait([asking])
            return value("lookup_errors_total", error="other")

    assert asyncio.run(main()) == 1


# Watches.


@pytest.fixture
def there():
    return Cluster.new(headless("db.data", sql=5432, pods=2), headless("web.shop", pods=3))


def test_watches_are_summed_up_without_a_name(collected, there):
    resolver = there.resolver()
    value = collected(resolver)
    assert (value("watches"), value("watches_stale"), value("watch_endpoints")) == (0, 0, 0)
    assert value("watch_answer_age_seconds") is None
    with resolver.watch("db.data", "sql") as db, resolver.watch("web.shop") as web:
        db.ready()
        web.ready()
        assert (value("watches"), value("watches_stale"), value("watch_endpoints")) == (2, 0, 5)
        there.clock.advance(60)
        there.scale("data/db", 3)
        there.clock.advance(35)
        assert value("watch_endpoints") == 6
        assert value("watch_change_age_seconds") <= 35
        with there.network.rcode("SERVFAIL"):
            there.clock.advance(300)
        assert value("watches_stale") == 2
        assert value("watch_answer_age_seconds") >= 270
    assert value("watches") == 0


def test_watches_have_names_where_that_is_asked_for(collected, there):
    resolver = there.resolver()
    value = collected(resolver, watch_names=True)
    with resolver.watch("db.data", "sql") as one, resolver.watch("db.data") as other, resolver.watch("web.shop") as web:
        for watch in (one, other, web):
            watch.ready()
        assert value("watches", service="db.data.svc.cluster.local") == 2
        assert value("watch_endpoints", service="db.data.svc.cluster.local") == 4
        assert value("watch_endpoints", service="web.shop.svc.cluster.local") == 3
    assert value("watches", service="db.data.svc.cluster.local") is None


def test_to_be_scraped_asks_nothing(collected, registry, there):
    resolver = there.resolver()
    collected(resolver)
    with resolver.watch("db.data") as watch:
        watch.ready()
        asked = len(there.queries)
        for _ in range(10):
            list(registry.collect())
        assert len(there.queries) == asked


# Resolvers.


def test_any_registry_refuses_a_second_collector_by_which_every_series_would_be_told_twice(ipv4):
    registry = CollectorRegistry()  # as a program makes its own; the one of the process describes by itself
    registry.register(K8sResolveCollector(ipv4.resolver()))
    with pytest.raises(ValueError, match="k8sresolve_lookup_duration_seconds"):
        registry.register(K8sResolveCollector(ipv4.resolver()))


@pytest.mark.parametrize("run", [asyncio.run, trio.run], ids=["asyncio", "trio"])
def test_several_resolvers_are_summed_up_of_tasks_too(collected, ipv4, run):
    blocking, awaited = ipv4.resolver(namespace="shop"), ipv4.async_resolver(namespace="shop")
    value = collected(blocking, awaited, blocking)

    async def main():
        await awaited.service("payments")
        await awaited.service("payments")
        await awaited.close()

    blocking.service("payments")
    run(main() if run is asyncio.run else main)
    assert (value("cache_hits_total"), value("lookup_duration_seconds_count"), value("sends_total")) == (1, 2, 2)


def test_threads_are_counted_one_by_one(collected, ipv4):
    resolver = ipv4.resolver(namespace="shop")
    value = collected(resolver)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: resolver.service("payments", fresh=True), range(64)))
    assert value("questions_total", type="A", transport="udp", rcode="NOERROR") == 64
    assert value("lookup_duration_seconds_count") == 64


def test_without_a_resolver_it_is_the_process_s_own(collected, ipv4, monkeypatch):
    own, other = ipv4.resolver(namespace="shop"), ipv4.async_resolver(namespace="shop")
    made = {
        (os.getpid(), type_): one
        for type_, one in ((Resolver, own), (_default.async_resolver.__globals__, other))
        if type_ is Resolver
    }
    monkeypatch.setattr(_default, "_made", made)
    monkeypatch.setattr("k8sresolve.contrib.prometheus.async_resolver", lambda: other)
    value = collected()
    _default.service("payments")
    asyncio.run(other.service("payments"))
    assert value("sends_total") == 2


@pytest.mark.parametrize("what", ["x", None, Resolver, ["r"]])
def test_what_is_no_resolver_is_refused(what):
    with pytest.raises(ConfigError, match="is no resolver; give a Resolver or an AsyncResolver"):
        K8sResolveCollector(what)


def test_what_is_closed_counts_no_more_and_a_closed_resolver_tells_what_was(collected, ipv4, registry):
    resolver = ipv4.resolver(namespace="shop")
    value = collected(resolver)
    resolver.service("payments")
    (collector,) = registry._collector_to_names
    collector.close()
    collector.close()
    resolver.service("payments", fresh=True)
    resolver.close()
    assert value("lookup_duration_seconds_count") == 1
    assert value("sends_total") == 2


def test_a_child_process_counts_on(collected, ipv4):
    resolver = ipv4.resolver(namespace="shop")
    value = collected(resolver)
    resolver.service("payments")
    child = os.fork()
    if child == 0:
        try:
            resolver.service("payments", fresh=True)
            os._exit(0 if value("lookup_duration_seconds_count") == 2 else 1)
        finally:
            os._exit(2)
    assert os.waitpid(child, 0)[1] == 0
    assert value("lookup_duration_seconds_count") == 1


# As users run it.


def test_a_scrape_over_http_gives_all_metrics_with_their_types(collected, registry, there, monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    server, thread = start_http_server(0, "127.0.0.1", registry)
    try:
        resolver = there.resolver()
        collected(resolver)
        with pytest.raises(NoSuchName):
            resolver.service("nowhere.data")
        with resolver.watch("db.data", "sql") as watch:
            watch.ready()
            url = f"http://127.0.0.1:{server.server_port}/metrics"
            with urllib.request.urlopen(url, timeout=60) as reply:
                text = reply.read().decode()
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    types = {f.name: f.type for f in text_string_to_metric_families(text) if not f.name.endswith("_created")}
    assert types == {
        "k8sresolve_questions": "counter",
        "k8sresolve_lookup_duration_seconds": "histogram",
        "k8sresolve_lookup_errors": "counter",
        "k8sresolve_cache_hits": "counter",
        "k8sresolve_cache_misses": "counter",
        "k8sresolve_sends": "counter",
        "k8sresolve_resends": "counter",
        "k8sresolve_in_flight": "gauge",
        "k8sresolve_watches": "gauge",
        "k8sresolve_watches_stale": "gauge",
        "k8sresolve_watch_endpoints": "gauge",
        "k8sresolve_watch_answer_age_seconds": "gauge",
        "k8sresolve_watch_change_age_seconds": "gauge",
    }


MULTIPLE = """
import os
from prometheus_client import CollectorRegistry, multiprocess
from k8sresolve.contrib.prometheus import K8sResolveCollector
from k8sresolve.testing import Cluster, service

resolver = Cluster.new(service("payments.shop", http=80)).resolver(namespace="shop")
for _ in range(2):
    if os.fork() == 0:
        K8sResolveCollector(resolver)
        resolver.service("payments")
        os._exit(0)
    os.wait()
registry = CollectorRegistry()
multiprocess.MultiProcessCollector(registry)
print(registry.get_sample_value("k8sresolve_lookup_duration_seconds_count"))
"""


def test_processes_are_summed_up_as_prometheus_client_does(tmp_path):
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    command = [sys.executable, "-W", "ignore", "-c", MULTIPLE]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True, env=environment)
    assert done.stdout == "2.0\n"


def test_without_prometheus_client_the_error_says_what_to_install():
    code = "import sys; sys.modules['prometheus_client'] = None; import k8sresolve.contrib.prometheus"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert "k8sresolve.contrib.prometheus needs: pip install prometheus-client" in done.stderr.splitlines()[-1]
