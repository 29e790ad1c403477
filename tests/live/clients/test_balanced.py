"""The balanced clients over a headless Service whose pods are processes."""

from typing import Any

import pytest

from tests.live.authority import service_names
from tests.live.kube import Kube

pytestmark = pytest.mark.live
LOAD = "tests.live.clients.load_balanced"
PODS = "http://web-pods.shop:8080/"
BALANCED = ("aiohttp", "httpx", "httpx, tasks", "httpx2, tasks")


def clients(*names: str, url: str = PODS, **plan: Any) -> dict[str, tuple[str, object]]:
    return {name: (LOAD, {"client": name, "url": url, **plan}) for name in names}


def test_a_roll_out_fails_no_request(kube: Kube) -> None:
    """By TLS, which verifies the name in the URL, whichever pod a connection is to."""
    plan = clients(*BALANCED, url="https://web-pods.shop:8080/", ca=str(kube.authority.certificate))
    pem = kube.authority.issue(*service_names("shop/web-pods"))
    acts = [("wait", 1), ("roll_out",), ("wait", 2 * kube.ttl + 2), ("wait", 2)]
    for report in kube.under_load(plan, acts, pem=pem).values():
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
    acts = [("wait", 1), ("kill", 3), ("wait", 1)]
    for report in kube.under_load(clients(*BALANCED), acts, replicas=4).values():
        assert not report.failures, report
