"""The cluster that adapters are tried on, by clients that know nothing of k8sresolve."""

import json
import socket
from typing import Any

import pytest

from tests.live.kube import RESOLV_CONF, Kube

pytestmark = pytest.mark.live
URLLIB = "tests.live.clients.load_urllib"


def said(kube: Kube, *argv: str) -> str:
    """What a command prints, which is to succeed."""
    [[status, output, errors]] = kube.run("tests.live.clients.command", [argv])
    assert (status, errors) == (0, "")
    return str(output)


def curl(kube: Kube, url: str) -> Any:
    """What a pod answers, or curl's exit status."""
    argv = ["curl", "-sS", "--max-time", "10", "--cacert", str(kube.authority.certificate), url]
    [[status, output, errors]] = kube.run("tests.live.clients.command", [argv])
    return json.loads(output) if status == 0 else (status, errors)


@pytest.mark.parametrize(("part", "place"), [("https", "shop"), ("nginx", "edge")])
def test_right_names_are_verified_and_wrong_ones_refused(kube: Kube, part: str, place: str) -> None:
    kube.part(part)
    for name in (f"payments.{place}", f"payments.{place}.svc.cluster.local"):
        assert curl(kube, f"https://{name}/") == {"pod": "payments-0", "host": name, "tls": name}
    pod = f"ledger-1.ledger.{place}.svc.cluster.local"
    assert curl(kube, f"https://{pod}/") == {"pod": "ledger-1", "host": pod, "tls": pod}
    for name in (f"wrong.{place}", f"ledger.{place}"):
        status, errors = curl(kube, f"https://{name}/")
        assert status == 60  # the peer's certificate is not trusted
        assert "no alternative certificate subject name matches" in errors


def test_a_roll_out_shows_who_fails(kube: Kube) -> None:
    """A new connection to a Service's address for each request loses nothing; whoever keeps a pod's address loses."""
    clients = {
        "service": (URLLIB, {"url": "http://web.shop/"}),
        "pinned": (URLLIB, {"url": "http://web-pods.shop:8080/", "pinned": True}),
    }
    reports = kube.under_load(clients, [("wait", 1), ("roll_out",), ("wait", 1)], grace=1.0)
    service, pinned = reports["service"], reports["pinned"]
    [_, rolled, _] = service.acts
    assert not service.failures, service
    assert set(service.shares(until=rolled.start)) <= {"web-1", "web-2", "web-3"}, service
    after = service.shares(since=rolled.end)
    assert after, service
    assert set(after) <= {"web-4", "web-5", "web-6"}, service
    assert len(pinned.shares()) == 1, pinned
    assert pinned.failures, pinned
    assert not pinned.shares(since=rolled.end), pinned


def test_a_service_follows_what_is_ready(kube: Kube) -> None:
    clients = {"service": (URLLIB, {"url": "http://web.shop/"})}
    acts = [("wait", 1), ("scale", 6), ("wait", 3), ("kill", 1), ("wait", 1)]
    report = kube.under_load(clients, acts, replicas=1, grace=0.1)["service"]
    scaled, rest, killed = report.acts[1:4]
    assert set(report.shares(until=scaled.start)) == {"web-1"}, report
    assert len(report.shares(rest.start, rest.end)) == 6, report
    assert "web-1" not in report.shares(since=killed.end), report
    assert report.failures, report
    assert all(failure.end >= killed.start and failure.start <= killed.end for failure in report.failures), report


def test_names_follow_too_and_dns_can_be_away(kube: Kube) -> None:
    brief = RESOLV_CONF + "options timeout:1 attempts:1\n"
    assert kube.run("tests.live.clients.kube_changes", resolv_conf=brief) == {
        "first": ["10.244.9.1"],
        "then": ["10.244.9.2", "10.244.9.3"],
        "away": socket.EAI_AGAIN,
        "back": ["10.244.9.2", "10.244.9.3"],
        "gone": socket.EAI_NONAME,
    }
