"""The calls beside `service` and `port`, on a real CoreDNS: reverse, pod names, endpoints, `explain`, the command."""

from ipaddress import ip_address
from typing import Any

import pytest

from tests.live.expected import DOMAIN, World
from tests.live.sandbox import Sandbox

pytestmark = pytest.mark.live

RESOLV_CONF = f"search shop.svc.{DOMAIN} svc.{DOMAIN} {DOMAIN}\nnameserver 127.0.0.1\noptions ndots:5\n"
MODES = ("sync", "asyncio")


def outcomes(cluster: Sandbox, mode: str, call: str, arguments: list[list[Any]], **kwargs: Any) -> list[dict[str, Any]]:
    jobs = [{"family": "both", "call": call, "args": args, "kwargs": kwargs} for args in arguments]
    return list(cluster.run("tests.live.client", {"mode": mode, "jobs": jobs}, resolv_conf=RESOLV_CONF))


def check(what: str, wants: dict[str, Any], got: list[dict[str, Any]], tally: Any) -> None:
    wrong = [
        f"{asked}: want {str(want)[:300]}, got {str(answer['outcome'])[:300]}"
        for (asked, want), answer in zip(wants.items(), got, strict=True)
        if answer["outcome"] != want
    ]
    tally(what, len(wants) - len(wrong), len(wants))
    assert not wrong, f"{len(wrong)} of {len(wants)} are wrong:\n" + "\n".join(wrong[:10])


@pytest.mark.parametrize("mode", MODES)
def test_reverse_names_the_owner_of_every_address(
    cluster: Sandbox, world: World, corefile: str, mode: str, tally: Any
) -> None:
    cluster_ips = [ip for item in world.services.values() for ip in item["spec"].get("clusterIPs", ()) if ip != "None"]
    # One slice of a thousand addresses tells no more than its first ones.
    endpoints = [ip for place in world.slices for _, one in list(world.ready(place))[:70] for ip in one["addresses"]]
    addresses = [ip for ip in dict.fromkeys(cluster_ips + endpoints) if str(ip_address(ip)) == ip]
    wants = {address: world.reverse(address) for address in addresses}
    got = outcomes(cluster, mode, "reverse", [[address] for address in addresses])
    check(f"reverse, {corefile}, {mode}", wants, got, tally)


@pytest.mark.parametrize("mode", MODES)
def test_pod_names_exist_where_the_namespace_does(cluster: Sandbox, mode: str) -> None:
    got = outcomes(cluster, mode, "pod", [["10.244.1.11"], ["fd00:10:244:1::99", "data"], ["10.244.1.11", "nowhere"]])
    assert [answer["outcome"] for answer in got] == [
        f"10-244-1-11.shop.pod.{DOMAIN}.",
        f"fd00-10-244-1--99.data.pod.{DOMAIN}.",
        {"error": "NoSuchName"},
    ]


@pytest.mark.parametrize("mode", MODES)
def test_endpoints_without_a_port_are_all_that_are_published(
    cluster: Sandbox, world: World, corefile: str, mode: str, tally: Any
) -> None:
    """Also the pods that have none of the Service's ports: DNS has their addresses at the Service's own name."""
    headless = [place for place in world.services if world.is_headless(place) and world.exists(place)]
    # The SRV answer of a thousand endpoints fits no message: `test_large.py`.
    headless = [place for place in headless if len(world.published(place)) < 500]
    wants = {".".join(place): [[address, None] for address in world.published(place)] for place in headless}
    got = outcomes(cluster, mode, "endpoints", [[name] for name in wants])
    check(f"endpoints, {corefile}, {mode}", wants, got, tally)


@pytest.mark.parametrize("mode", MODES)
def test_endpoints_of_what_is_not_headless(cluster: Sandbox, corefile: str, mode: str) -> None:
    got = outcomes(
        cluster, mode, "endpoints", [["payments"], ["payments", "http"], ["ext-in"], ["none.data"], ["nope"]]
    )
    errors = [answer["outcome"]["error"] for answer in got]
    assert errors == ["NotHeadless", "NotHeadless", "NotHeadless", "NoSuchName", "NoSuchName"]


@pytest.mark.parametrize("mode", MODES)
def test_explain_tells_the_questions_that_went_over_the_wire(cluster: Sandbox, mode: str) -> None:
    (found, missing) = outcomes(cluster, mode, "explain", [["payments.shop"], ["nope.shop"]])
    asked = [f"payments.shop.svc.{DOMAIN}."]
    assert found["outcome"]["outcome"] == "found"
    assert found["outcome"]["addresses"] == ["10.96.20.1"]
    told = [f"{rdtype} {name}" for name, rdtypes in found["outcome"]["candidates"] for rdtype in rdtypes]
    assert sorted(told) == found["questions"]
    assert found["outcome"]["questions"] == len(found["questions"])
    assert {question.split()[1] for question in found["questions"]} >= set(asked)
    assert missing["outcome"]["outcome"] != "found"
    assert missing["outcome"]["questions"] == len(missing["questions"])


def test_the_command_in_a_pod(kubeadm: Sandbox) -> None:
    service = kubeadm.run("k8sresolve", None, "service", "payments", "--json", resolv_conf=RESOLV_CONF)
    assert service["addresses"] == ["10.96.20.1"]


def test_the_command_from_a_node(kubeadm: Sandbox) -> None:
    """The node's resolv.conf knows nothing of the cluster; the nameserver is given."""
    args = ("--nameserver", "127.0.0.1", "--json", "port", f"payments.shop.svc.{DOMAIN}", "http")
    port = kubeadm.run("k8sresolve", None, *args, resolv_conf="nameserver 192.0.2.1\n")
    assert [target["port"] for target in port["targets"]] == [80]
