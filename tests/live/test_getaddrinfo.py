"""`addresses()` beside the C library's `getaddrinfo`, in the same namespaces with the same files: the same set."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.live.expected import DOMAIN, SERVICE_LABEL, World
from tests.live.sandbox import HOSTS, Sandbox

pytestmark = pytest.mark.live

# What glibc's error says, for each class of ours. Which of the two negatives is reported may differ: the library counts
# only candidates that the DNS specification for Kubernetes gives an answer to.
NEGATIVE = {"NoSuchName", "NoData", "EAI_NONAME", "EAI_NODATA"}
TEMPORARY = {"LookupTimeout", "ServerFailure", "Refused", "NetworkError", "EAI_AGAIN"}
PODS = ("shop", "data", "svc", "default")
OUTSIDE = (
    "api.example.com",
    "api.example.com.",
    "www.example.com",
    "nothing.example.com",
    "example.com",
    "example",
    "example.net",
    "com",
    "nothing",
    "nothing.nowhere",
    "a.b.c.d.e.f",
)
LOCAL = (
    "localhost",
    "localhost.",
    "web-0",
    "WEB-0",
    "db.corp",
    "db.corp.",
    "192.0.2.7",
    "fd00::7",
    "127.1",
    "0x7f.1",
    "10",
)
HOSTS_LINES = HOSTS + "10.244.1.21\tweb-0.web.shop.svc.cluster.local web-0\n192.0.2.9\tdb.corp\nfd00::9\tdb.corp\n"


def resolv_conf(namespace: str, ndots: int, extra: str = "") -> str:
    return (
        f"nameserver 127.0.0.1\nsearch {namespace}.svc.{DOMAIN} svc.{DOMAIN} {DOMAIN}{extra}\noptions ndots:{ndots}\n"
    )


def cluster_names(world: World, objects: list[Any]) -> Iterator[str]:
    """Services, endpoints, pods and the nodes between, in each spelling."""
    for service, namespace in world.services:
        for whole in (
            service,
            f"{service}.{namespace}",
            f"{service}.{namespace}.svc",
            f"{service}.{namespace}.svc.{DOMAIN}",
        ):
            yield whole
            yield f"{whole}."
    for item in objects:
        service = item["metadata"].get("labels", {}).get(SERVICE_LABEL)
        for endpoint in (item.get("endpoints") or ())[:3] if service else ():
            label = endpoint.get("hostname") or endpoint["addresses"][0].replace(".", "-").replace(":", "-")
            for end in ("", ".svc", f".svc.{DOMAIN}"):
                yield f"{label}.{service}.{item['metadata']['namespace']}{end}"
        if item["kind"] == "Pod":
            dashed = item["status"]["podIP"].replace(".", "-").replace(":", "-")
            for end in ("", f".{DOMAIN}", f".{DOMAIN}."):
                yield f"{dashed}.{item['metadata']['namespace']}.pod{end}"
        if item["kind"] == "Namespace":
            yield item["metadata"]["name"]
            yield f"{item['metadata']['name']}.svc"


def kind(outcome: Any) -> Any:
    """What is compared: the set of addresses, or the class of the error."""
    if "addresses" in outcome:
        return sorted(outcome["addresses"])
    return next(
        (name for name, group in (("no", NEGATIVE), ("try again", TEMPORARY)) if outcome["error"] in group), outcome
    )


def is_localhost(host: str) -> bool:
    """RFC 6761, section 6.3: localhost is never asked of a nameserver. glibc's `files dns` knows no dot at the end."""
    return host.removesuffix(".").lower() == "localhost" and host.endswith(".")


def is_temporary_before_negative(corefile: str, host: str, ours: Any, theirs: Any) -> bool:
    """A negative after a temporary failure is reported as temporary; glibc may say the negative.

    The kubernetes plugin alone fails (SERVFAIL) for the name as typed, where that is outside the cluster domain.
    """
    outside = not f"{host.removesuffix('.')}.".endswith(f".{DOMAIN}.")
    return corefile == "alone" and outside and (kind(ours), kind(theirs)) == ("try again", "no")


@pytest.mark.timeout(300)
@pytest.mark.parametrize("ndots", [1, 5])
def test_addresses_finds_what_getaddrinfo_finds(
    cluster: Sandbox, world: World, objects: list[Any], corefile: str, ndots: int, tally: Any
) -> None:
    hosts = list(dict.fromkeys([*cluster_names(world, objects), *OUTSIDE, *LOCAL]))
    wrong, found, forgiven = [], 0, 0
    for pod in PODS:
        jobs = [
            {"family": "both", "call": call, "args": [host]} for host in hosts for call in ("addresses", "getaddrinfo")
        ]
        plan = {"mode": "threads", "jobs": jobs}
        results = cluster.run("tests.live.client", plan, resolv_conf=resolv_conf(pod, ndots), hosts=HOSTS_LINES)
        outcomes = [result["outcome"] for result in results]
        for host, ours, theirs in zip(hosts, outcomes[::2], outcomes[1::2], strict=True):
            found += "addresses" in theirs
            if is_temporary_before_negative(corefile, host, ours, theirs):
                forgiven += 1
            elif (kind(ours) == kind(theirs)) == is_localhost(host):
                wrong.append(f"from {pod}: {host}: ours {str(ours)[:300]}, getaddrinfo {str(theirs)[:300]}")
    made = len(hosts) * len(PODS)
    tally(f"as getaddrinfo, {corefile}, ndots:{ndots}", made - len(wrong), made)
    assert not wrong, f"{len(wrong)} of {made} differ, the first:\n" + "\n".join(wrong[:10])
    assert found > made // 4
    assert (forgiven > 0) == (corefile == "alone"), "a stated difference shows no more: take its rule out"
