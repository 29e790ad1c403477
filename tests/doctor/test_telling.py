"""The table: what each row says, and guesses said as such."""

from ipaddress import IPv6Address

import pytest

from k8sresolve import ResolverConfig
from k8sresolve._proxies import DNS_CAPTURE
from k8sresolve.doctor.exchanges import Heard
from k8sresolve.doctor.judging import has_data
from k8sresolve.doctor.origins import Origins, origins_of
from k8sresolve.doctor.surroundings import Surroundings
from k8sresolve.doctor.telling import checks
from tests.doctor import world
from tests.doctor.world import (
    DNS,
    HOST_POD,
    LAPTOP,
    OTHER,
    POD,
    SEARCH,
    Examined,
    coredns,
    host_resolver,
    losing,
    with_rcode,
)

KUBERNETES = "kubernetes.default.svc.cluster.local."
OURS = Origins("search list", "search list")


@pytest.fixture(scope="module")
def dns():
    return coredns()


def rows(examined, origins=OURS):
    return {
        f"{check.id} {check.nameserver}".strip(): (check.mark, check.seen)
        for check in checks(examined.case, examined.findings, None, origins)
    }


def test_a_sound_pod_has_no_wrong_row(dns):
    told = rows(Examined({DNS: dns}))
    assert "wrong" not in {mark for mark, _ in told.values()}
    assert told["cluster domain"] == ("sound", "cluster.local, by the search list")
    assert told["namespace"] == ("sound", "shop, by the search list")
    assert told["EDNS 10.96.0.10"] == (
        "sound",
        "replies over 512 octets come through (with size 512: 302 octets, 1232: 564 octets, 4096: 564 octets)",
    )
    assert told["SRV 10.96.0.10"] == ("sound", "port https of kubernetes.default: 443")
    assert told["program"][1].split("; ") == [
        "it does not tell its version",
        "records by version 1.1.0 of the DNS specification",
        "zone of ns.dns.cluster.local., as CoreDNS has it",
    ]


def test_what_was_not_tried_is_not_claimed(dns):
    told = rows(Examined({OTHER: host_resolver, DNS: world.silent}, LAPTOP, search=(), ndots=1))
    assert told["EDNS 192.0.2.53"] == (
        "sound",
        "answers; whether replies over 512 octets come through was not tried, as none could be had",
    )
    assert told["EDNS 10.96.0.10"] == ("unknown", "not tried")
    assert told["kubernetes.default 192.0.2.53"] == ("unknown", "no cluster's DNS is seen")
    assert told["program"] == ("noted", "it does not tell its version")
    assert told["cluster domain"] == ("unknown", "not stated")


def test_rows_are_wrong_where_something_is(dns):
    told = rows(Examined({DNS: losing(dns, lambda ask, got: ask.transport == "tcp" or got.octets > 512)}))
    assert told["TCP 10.96.0.10"] == ("wrong", "no reply")
    assert told["EDNS 10.96.0.10"] == (
        "wrong",
        "replies over 512 octets get lost (with size 512: 302 octets, 1232: lost, 4096: lost)",
    )


@pytest.mark.parametrize(
    ("rcode", "data", "told"),
    [
        (0, (IPv6Address("fd00:10:96::1"),), ("sound", "fd00:10:96::1")),
        (0, (), ("wrong", "NODATA")),
        (2, (), ("wrong", "NODATA")),
    ],
)
def test_a_cluster_without_ipv4_is_sound_only_with_an_address(dns, rcode, data, told):
    aaaa = with_rcode(rcode, dns, KUBERNETES, 28, data=data)
    table = rows(Examined({DNS: with_rcode(0, aaaa, KUBERNETES, 1)}))
    assert table["kubernetes.default 10.96.0.10"] == told
    assert table["AAAA 10.96.0.10"][0] == ("wrong" if rcode else "sound")


def test_what_a_truncated_reply_lacks_is_unknown(dns):
    cut = losing(world.truncating(dns, KUBERNETES), lambda ask, _: ask.transport == "tcp")
    table = rows(Examined({DNS: cut}))
    assert table["kubernetes.default 10.96.0.10"] == ("unknown", "only a truncated reply")
    assert table["AAAA 10.96.0.10"] == ("unknown", "of kubernetes.default: only a truncated reply")


def test_the_version_is_told_where_the_nameserver_tells_it(dns):
    def respond(ask):
        found = dns(ask)
        return found._replace(reply=found.reply._replace(rcode=0, data=("CoreDNS-1.14.7",))) if ask.chaos else found

    assert rows(Examined({DNS: respond}))["program"][1].startswith("CoreDNS-1.14.7, as version.bind says; ")


@pytest.mark.parametrize(
    ("config", "told"),
    [
        (
            {"ndots": 5},
            "8 questions with ndots:5; 2 with ndots:2 and 2 with a dot at its end",
        ),
        ({"ndots": 2}, "2 questions with ndots:2"),
        ({"ndots": 5, "search": ()}, "2 questions with ndots:5"),
    ],
)
def test_the_search_lists_cost_is_counted(dns, config, told):
    assert rows(Examined({DNS: dns}, **config))["search list"] == (
        "noted",
        f"api.example.com costs a libc {told}",
    )


@pytest.mark.parametrize(
    ("around", "config", "told"),
    [
        (POD, {}, "ClusterFirst, as it seems"),
        (POD, {"ndots": 2}, "ClusterFirst, as it seems, with ndots:2 by dnsConfig"),
        (POD, {"search": (*SEARCH, "example.org")}, "ClusterFirst, as it seems"),
        (POD, {"search": ("example.org", *SEARCH)}, "None with a dnsConfig, as it seems"),
        (POD, {"search": SEARCH[1:]}, "None with a dnsConfig, as it seems"),
        (POD, {"search": ("example.org",)}, "Default, or None with a dnsConfig, as it seems"),
        (HOST_POD, {}, "ClusterFirstWithHostNet, as it seems"),
        (
            HOST_POD,
            {"search": ()},
            "ClusterFirst or Default, which are the same on the host's network, as it seems",
        ),
        (LAPTOP, {}, "none: this is no pod"),
    ],
)
def test_the_dns_policy_is_guessed(dns, around, config, told):
    assert rows(Examined({DNS: dns}, around, **config))["dnsPolicy"] == ("noted", told)


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("169.254.20.10", "seen: 169.254.20.10 is its usual address"),
        ("169.254.25.10", "perhaps: 169.254.25.10 is an address of this node alone"),
        ("169.254.169.254", "not seen"),
        ("10.96.0.10", "not seen"),
        ("fd00::a", "not seen"),
    ],
)
def test_nodelocal_is_told_by_its_address(dns, address, told):
    assert rows(Examined({address: dns}))["NodeLocal"][1].startswith(told)


@pytest.mark.parametrize(
    ("ports", "told"),
    [
        ({8080}, "not seen"),
        ({15001}, "not seen"),
        (
            {15001, 15006},
            "seen: a proxy of Istio takes this pod's connections; its questions, as far as can be seen, not",
        ),
        ({4140, 4143}, "seen: a proxy of Linkerd"),
        ({15001, 15006, DNS_CAPTURE}, "seen: port 15053 is open, where Istio's agent takes the pod's questions"),
    ],
)
def test_a_mesh_is_told_by_what_listens(dns, ports, told):
    around = Surroundings("pod", "10.96.0.1", frozenset(ports))
    assert rows(Examined({DNS: dns}, around))["mesh"][1].startswith(told)


def test_where_nothing_answers_the_rest_is_not_claimed():
    told = rows(Examined({DNS: world.silent}))
    assert told["UDP 10.96.0.10"] == ("wrong", "no reply")
    assert not {"SRV 10.96.0.10", "AAAA 10.96.0.10", "response times"} & set(told)
    assert told["program"] == ("unknown", "not tried")


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ({"from_file": True}, Origins("search list", "search list")),
        ({"from_file": True, "namespace": "data"}, Origins("given", "search list")),
        ({"from_file": False}, Origins("given", "given")),
    ],
)
def test_how_the_place_was_found(how, told):
    config = ResolverConfig(search=SEARCH)
    assert origins_of(config, **{"namespace": None, "cluster_domain": None, **how}) == told


def test_how_the_place_was_found_without_a_search_list(monkeypatch):
    config = ResolverConfig(namespace="shop", cluster_domain="cluster.local")
    none = {"namespace": None, "cluster_domain": None}
    assert origins_of(config, from_file=False, **none) == Origins("given", "given")
    monkeypatch.setenv("K8SRESOLVE_CLUSTER_DOMAIN", "cluster.local")
    assert origins_of(config, from_file=True, **none) == Origins("service account", "environment")
    assert origins_of(ResolverConfig(), from_file=False, **none) == Origins("", "")


def test_nothing_is_data():
    assert not has_data(Heard())
