"""gRPC by its own resolver, as the page about databases and queues says, beside a static target."""

import pytest

from tests.live.kube import Kube

pytestmark = pytest.mark.live
GRPC = "tests.live.clients.load_grpc"
HEADLESS = "dns:///web-pods.shop:50051"
OFTEN = [["grpc.dns_min_time_between_resolutions_ms", 1000]]
FIRST = "ipv4:10.244.1.2:50051,10.244.1.3:50051,10.244.1.4:50051"  # as the first pods are


def test_dns_follows_a_roll_out_without_a_failure_and_a_static_target_loses_all(kube: Kube) -> None:
    clients = {"dns": (GRPC, {"target": HEADLESS, "options": OFTEN}), "static": (GRPC, {"target": FIRST})}
    acts = [("wait", 1), ("roll_out",), ("wait", 3)]
    reports = kube.under_load(clients, acts, kind="grpc", target=50051, grace=3.0, age=3.0)
    dns, static = reports["dns"], reports["static"]
    rolled = dns.acts[1]
    assert not dns.failures, dns
    assert set(dns.shares(since=rolled.end + 1)) == {"web-4", "web-5", "web-6"}, dns
    assert set(static.shares(until=rolled.start)) == {"web-1", "web-2", "web-3"}, static
    assert not static.shares(since=rolled.end + 1), static


@pytest.mark.parametrize(("age", "seen"), [(2.0, {"web-1", "web-2", "web-3"}), (None, {"web-1"})])
def test_pods_that_come_are_seen_as_connections_end_by_age(kube: Kube, age: float | None, seen: set[str]) -> None:
    clients = {"dns": (GRPC, {"target": HEADLESS, "options": OFTEN})}
    acts = [("wait", 1), ("scale", 3), ("wait", 8)]
    report = kube.under_load(clients, acts, kind="grpc", target=50051, replicas=1, age=age)["dns"]
    assert not report.failures, report
    assert set(report.shares()) == seen, report
