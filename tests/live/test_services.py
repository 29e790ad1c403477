"""Every Service, as a user may spell it, from its own and from another namespace, on a real CoreDNS.

What each lookup must give is worked out from the manifests by `expected.py`; what it asked is read off the wire.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.live.expected import DOMAIN, Want, World
from tests.live.sandbox import Sandbox

pytestmark = pytest.mark.live

# An SRV answer of so many targets with their names fits no message (65,535 octets): `test_large.py` has those.
MOST_TARGETS = 500
Case = tuple[dict[str, Any], Want]


def resolv_conf(namespace: str) -> str:
    """What the kubelet gives a pod."""
    return f"search {namespace}.svc.{DOMAIN} svc.{DOMAIN} {DOMAIN}\nnameserver 127.0.0.1\noptions ndots:5\n"


def spellings(service: str, namespace: str) -> Iterator[str]:
    for whole in (
        service,
        f"{service}.{namespace}",
        f"{service}.{namespace}.svc",
        f"{service}.{namespace}.svc.{DOMAIN}",
    ):
        yield whole
        yield f"{whole}."


def pods_for(world: World, service: str, namespace: str) -> list[str]:
    """The namespaces to look from: the Service's own, one without a Service of that name, and one with a namesake."""
    namesakes = [other for name, other in world.services if name == service and other != namespace]
    strangers = [other for other in ("default", "edge") if other != namespace and other not in namesakes]
    return [namespace, strangers[0], *namesakes[:1]]


def cases(world: World, service: str, namespace: str, pod: str) -> Iterator[Case]:
    """Every lookup of one Service from one namespace, with what it must give."""
    place = (service, namespace)
    ports = [
        (port["name"], port.get("protocol", "TCP").lower())
        for port in world.services[place]["spec"].get("ports", ())
        if port.get("name")
    ]
    for spelling in spellings(*place):

        def job(call: str, want: Want, *args: str, family: str = "both", spelling: str = spelling) -> Case:
            return {"family": family, "call": call, "args": [spelling, *args]}, want

        yield job("service", world.service(spelling, pod, ["A"]), family="ipv4")
        yield job("service", world.service(spelling, pod, ["AAAA"]), family="ipv6")
        # No address but loopback's is IPv6 in the sandbox: AAAA is asked only where A has no data.
        yield job("service", world.service(spelling, pod, ["A"], ["AAAA"]), family="auto")
        yield job("service", world.service(spelling, pod, ["A", "AAAA"]))
        if sum(1 for _ in world.ready(place)) > MOST_TARGETS:
            continue
        for port in ports:
            yield job("port", world.port(spelling, pod, *port), *port)
            yield job("endpoints", world.endpoints(spelling, pod, *port), *port)
        yield job("port", world.port(spelling, pod, "nope", "tcp"), "nope")
        yield job("ports", world.ports(spelling, pod))


def matrix(world: World) -> dict[str, list[Case]]:
    """All lookups, by the namespace that they are made from."""
    by_pod: dict[str, list[Case]] = {}
    for service, namespace in world.services:
        for pod in pods_for(world, service, namespace):
            by_pod.setdefault(pod, []).extend(cases(world, service, namespace, pod))
    return by_pod


def told(pod: str, job: dict[str, Any], want: Any, got: Any) -> str:
    call = f"from {pod}: {job['call']}{tuple(job['args'])} family={job['family']}"
    return f"{call}\n  want {str(want)[:500]}\n  got  {str(got)[:500]}"


@pytest.mark.timeout(300)
@pytest.mark.parametrize("mode", ["sync", "asyncio"])
def test_every_spelling_gives_the_service_or_the_stated_error(
    cluster: Sandbox, world: World, corefile: str, mode: str, tally: Any
) -> None:
    wrong, made, resends = [], 0, 0
    for pod, lookups in matrix(world).items():
        plan = {"mode": mode, "jobs": [job for job, _ in lookups]}
        results = cluster.run("tests.live.client", plan, resolv_conf=resolv_conf(pod))
        for (job, want), got in zip(lookups, results, strict=True):
            made += 1
            sends = [question for transport, question in got["sends"] if transport == "udp"]
            resends += sum(question not in want.beyond for question in sends) - len(want.questions)
            if got["outcome"] != want.outcome or got["questions"] != sorted(want.questions + want.beyond):
                wrong.append(told(pod, job, want, got))
    tally(f"services, {corefile}, {mode}", made - len(wrong), made)
    assert not wrong, f"{len(wrong)} of {made} are wrong, the first:\n" + "\n".join(wrong[:5])
    # One packet a question: a resend is due to a machine that was busy for a quarter of a second, and rare.
    assert 0 <= resends <= made // 100


@pytest.mark.timeout(300)
@pytest.mark.parametrize("mode", ["threads", "tasks"])
def test_lookups_made_at_once_give_the_same(
    cluster: Sandbox, world: World, corefile: str, mode: str, tally: Any
) -> None:
    lookups = matrix(world)["default"]
    plan = {"mode": mode, "jobs": [job for job, _ in lookups]}
    results = cluster.run("tests.live.client", plan, resolv_conf=resolv_conf("default"))
    wrong = [
        told("default", job, want.outcome, got["outcome"])
        for (job, want), got in zip(lookups, results, strict=True)
        if got["outcome"] != want.outcome
    ]
    tally(f"services at once, {corefile}, {mode}", len(lookups) - len(wrong), len(lookups))
    assert not wrong, f"{len(wrong)} of {len(lookups)} are wrong, the first:\n" + "\n".join(wrong[:5])
