"""The balanced clients over a headless Service whose pods are processes, and aiohttp's connections that grow old."""

from typing import Any

import pytest

from tests.live.kube import Kube

pytestmark = pytest.mark.live
LOAD = "tests.live.clients.load_balanced"
PODS, SERVICE = "http://web-pods.shop:8080/", "http://web.shop/"
BALANCED = ("aiohttp", "httpx", "httpx, tasks", "httpx2, tasks")


def clients(*names: str, url: str = PODS, **plan: Any) -> dict[str, tuple[str, object]]:
    return {name: (LOAD, {"client": name, "url": url, **plan}) for name in names}


def test_a_roll_out_fails_no_request(kube: Kube) -> None:
    acts = [("wait", 1), ("roll_out",), ("wait", 2 * kube.ttl + 2), ("wait", 2)]
    for report in kube.under_load(clients(*BALANCED), acts).values():
        _, rolled, _, after = report.acts
        assert not report.failures, report
        assert set(report.shares(until=rolled.start)) == {"web-1", "web-2", "web-3"}, report
        assert set(report.shares(after.start)) == {"web-4", "web-5", "web-6"}, report


def test_after_two_ttls_requests_are_even_over_pods_that_were_added(kube: Kube) -> None:
    plan = clients(*BALANCED, options={"policy": "round_robin"})
    acts = [("wait", 1), ("scale", 8), ("wait", 2 * kube.ttl + 1), ("wait", 5)]
    for report in kube.under_load(plan, acts, replicas=1).values():
        assert not report.failures, report
        assert report.uneven(8, report.acts[-1].start) <= 0.1, report


def test_pods_that_are_killed_fail_no_get(kube: Kube) -> None:
    acts = [("wait", 2), ("kill", 5), ("wait", 1), ("kill", 5), ("wait", 2)]
    for report in kube.under_load(clients(*BALANCED), acts, replicas=4).values():
        assert not report.failures, report


def test_dns_away_takes_no_pod_away(kube: Kube) -> None:
    acts = [("wait", 1), ("dns_away", 3 * kube.ttl), ("wait", 1)]
    for report in kube.under_load(clients("aiohttp", "httpx"), acts).values():
        assert not report.failures, report
        assert set(report.shares(report.acts[-1].start)) == {"web-1", "web-2", "web-3"}, report


def test_connections_that_grow_old_reach_pods_that_were_added(kube: Kube) -> None:
    """kube-proxy draws a pod for each connection: shares are even as far as chance makes them so."""
    plan = clients("aiohttp, plain", url=SERVICE, workers=32, pause=0.1, options={"max_connection_age": 1.0})
    kept = {"kept": (LOAD, {"client": "aiohttp, plain", "url": SERVICE, "workers": 32, "pause": 0.1})}
    acts = [("wait", 1), ("scale", 8), ("wait", 2), ("wait", 5)]
    reports = kube.under_load({**plan, **kept}, acts, replicas=1)
    aged, kept_report = reports["aiohttp, plain"], reports["kept"]
    assert not aged.failures, aged
    assert len(aged.shares(aged.acts[-1].start)) == 8, aged
    assert set(kept_report.shares(kept_report.acts[-1].start)) == {"web-1"}, kept_report
