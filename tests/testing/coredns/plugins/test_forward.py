import dns.flags
import pytest
import yaml

from k8sresolve.errors import ManifestError
from k8sresolve.testing import Cluster
from tests.testing.coredns.world import KUBERNETES, answer, ask, cluster, outcome


def test_forward_asks_outside_but_for_what_it_leaves_out():
    made = cluster(KUBERNETES, "forward . 8.8.8.8 {\n except corp.example\n policy sequential\n}")
    assert answer(made, "api.example.com.") == ["api.example.com. 7200 A 192.0.2.80"]
    assert outcome(made, "wiki.corp.example.") == "SERVFAIL"
    assert outcome(made, "other.example.") == "REFUSED"
    assert made.warnings == ()


@pytest.mark.parametrize(("other", "itself"), [("127.0.0.1:54", "127.0.0.1"), ("[::1]:54", "::1")])
def test_nameservers_that_forward_to_each_other_end_with_servfail(other, itself):
    text = f". {{\n forward . {other}\n}}\n.:54 {{\n forward . {itself}\n}}"
    assert outcome(Cluster.from_objects([], corefile=text), "example.com.") == "SERVFAIL"


MANY = {"example.com": "@ SOA ns admin 1 2 3 4 5\n" + "".join(f"many 60 A 192.0.2.{number}\n" for number in range(60))}
ALIAS = """
{apiVersion: v1, kind: Namespace, metadata: {name: shop}}
---
{apiVersion: v1, kind: Service, metadata: {name: many, namespace: shop},
 spec: {type: ExternalName, externalName: many.example.com}}
"""


def flags_and_ttl(made, name="many.example.com.", *, tcp=False):
    reply = ask(made, name, tcp=tcp)
    return bool(reply.flags & dns.flags.TC), reply.answer[0].ttl


def behind(*options):
    text = ". {\ncache 30\nkubernetes cluster.local\nforward . 9.9.9.9 {\n" + "\n".join(options) + "\n}\n}\n"
    return Cluster.from_objects(yaml.safe_load_all(ALIAS), corefile=text, upstream=MANY)


def test_what_the_upstream_cuts_is_passed_on_and_not_remembered():
    made = behind()
    assert flags_and_ttl(made) == (True, 30)
    made.clock.advance(9)
    assert flags_and_ttl(made, tcp=True) == (False, 30)
    made.clock.advance(9)
    assert flags_and_ttl(made) == (True, 21)


def test_an_alias_that_leads_to_it_is_cut_and_not_remembered_either():
    made = behind()
    assert flags_and_ttl(made, "many.shop.svc.cluster.local.")[0]
    made.clock.advance(3)
    assert flags_and_ttl(made, "many.shop.svc.cluster.local.", tcp=True)[1] == 5


@pytest.mark.parametrize("option", ["force_tcp", "prefer_udp"])
def test_over_tcp_the_upstream_gives_all(option):
    made = behind(option)
    assert flags_and_ttl(made) == (True, 30)  # for want of room in CoreDNS's own reply
    made.clock.advance(9)
    assert flags_and_ttl(made, tcp=True) == (False, 21)


# Tried with CoreDNS 1.14.7 and 1.15.0; tests/live/test_corefiles.py asks them again.
NO_TARGETS = (
    "10.0.0.300",
    "10.0.0",
    "010.0.0.3",
    "1.2.3.4.5",
    "10.0.0.3/24",
    "10.0.0.3,10.0.0.4",
    "10.0.0.3@53",
    "2001:db8::g",
    "10.0.0.3 10.0.0.400",
    "tls://10.0.0.300",
    "https://10.0.0.300",
    "https://10.0.0.3/dns-query",
    "grpc://10.0.0.3",
    "unix:///run/dns",
    "-",
    " ".join(f"127.0.0.{number}" for number in range(2, 18)),
)
TARGETS = (
    "10.0.0.3",
    "10.0.0.3:5353",
    "10.0.0.3:5x",
    "10.0.0.3:",
    "::1",
    "[::1]",
    "[::1]:53",
    "fe80::1%lo",
    "[fe80::1%lo]:53",
    "tls://10.0.0.3",
    "tls://10.0.0.3%dns.example",
    "https://10.0.0.3:443",
    "dns://10.0.0.3:5353",
    "10.0.0.3 10.0.0.3",
)


@pytest.mark.parametrize("targets", NO_TARGETS)
def test_coredns_does_not_start_with_what_is_no_nameserver(targets):
    with pytest.raises(ManifestError) as caught:
        cluster(KUBERNETES, f"forward . {targets}")
    assert caught.value.line == 7


@pytest.mark.parametrize("targets", [*TARGETS, "/etc/resolv.conf", "./resolv.conf", "dns.example.com", "tls://dns"])
def test_addresses_files_and_names_are_nameservers(targets):
    cluster(KUBERNETES, f"forward . {targets}")


def test_quic_is_of_the_newer_version():
    with pytest.raises(ManifestError, match="quic:// is none of dns://, tls:// and https://"):
        cluster(KUBERNETES, "forward . quic://10.0.0.3")
    cluster(KUBERNETES, "forward . quic://10.0.0.3", coredns="1.15.0")
