"""HTTP clients with their adapters, as their users write them, on a cluster with real servers."""

from typing import Any

import pytest

from tests.live.kube import Kube

pytestmark = pytest.mark.live
POD = "ledger-1.ledger.shop.svc.cluster.local"
HTTPX = {"unreached": "httpx.ConnectError", "late": "httpx.ConnectTimeout", "refused": "httpx.ConnectError"}
REQUESTS = {
    "unreached": "requests.ConnectionError",
    "late": "requests.ConnectTimeout",
    "refused": "requests.SSLError",
}
AIOHTTP = {
    "unreached": "aiohttp.ClientConnectorDNSError",
    "late": "aiohttp.ClientConnectorDNSError",
    "refused": "aiohttp.ClientConnectorCertificateError",
}
URLLIB3 = {
    "unreached": "urllib3.NameResolutionError",
    "late": "urllib3.ConnectTimeoutError",
    "refused": "urllib3.SSLError",
}


@pytest.mark.parametrize(
    "client",
    [
        "httpx",
        "httpx, asyncio",
        "httpx, trio",
        "httpx2",
        "httpx2, asyncio",
        "httpx2, trio",
        "requests",
        "urllib3",
        "aiohttp",
    ],
)
def test_services_are_found_and_verified_and_errors_are_the_client_s(kube: Kube, client: str) -> None:
    kube.part("https")
    package = client.partition(",")[0]
    errors = {"aiohttp": AIOHTTP, "requests": REQUESTS, "urllib3": URLLIB3}.get(package, HTTPX)
    error = {kind: text.replace("httpx.", f"{package}.") for kind, text in errors.items()}

    def failed(kind: str, ours: str | None, *, tls: bool = False) -> dict[str, Any]:
        return {"error": error[kind], "ours": ours, "told": ours is not None, "tls": tls}

    pod = {"pod": "ledger-1", "host": POD, "tls": POD}
    assert kube.run("tests.live.clients.http_adapters", {"client": client, "ca": str(kube.authority.certificate)}) == {
        "right": {"pod": "payments-0", "host": "payments.shop:8443", "tls": "payments.shop"},
        "wrong": failed("refused", None, tls=True),
        "missing": failed("unreached", "NoSuchName"),
        "outside": failed("unreached", None),
        "away": failed("late", "LookupTimeout"),
        "back": pod,
    }


def test_connections_that_grow_old_reach_pods_that_are_added(kube: Kube) -> None:
    """One pod becomes eight behind an address: two ages later requests are even, and none has failed.

    kube-proxy draws a pod for each connection, so it takes many to see that they are even: 60 at a time, each of which
    lives for a second and serves twice, are more than 3400 in 60 s, of which a pod's share is within 20 % of an eighth
    but for one run in a thousand. Without an age, the connections that there are stay where they are.
    """
    aging = {"url": "http://web.shop/", "age": 1.0, "workers": 60, "pause": 0.02}
    clients = {
        client: ("tests.live.clients.load_http", {**aging, "client": client})
        for client in ("aiohttp", "httpx", "requests", "urllib3")
    }
    clients["ageless"] = ("tests.live.clients.load_http", {**aging, "client": "httpx", "age": None, "workers": 4})
    reports = kube.under_load(clients, [("wait", 2), ("scale", 8), ("wait", 62)], replicas=1, work=0.5)
    ageless = reports.pop("ageless")
    assert set(ageless.shares()) == {"web-1"}, ageless
    for report in reports.values():
        assert not report.failures, report
        assert report.uneven(8, since=report.acts[1].end + 2.0) < 0.2, report
