"""What is found wrong, and that nothing is where all is well."""

from ipaddress import IPv6Address
from pathlib import Path

import pytest

from k8sresolve.doctor import RULES
from k8sresolve.doctor.verdicts import state_of, verdict
from k8sresolve.testing import Cluster
from tests.doctor import world
from tests.doctor.world import (
    DNS,
    HOST_POD,
    LAPTOP,
    NODE,
    OTHER,
    POD,
    Examined,
    coredns,
    host_resolver,
    losing,
    with_rcode,
)

A, AAAA, SRV = 1, 28, 33
NOERROR, SERVFAIL, NXDOMAIN, REFUSED = 0, 2, 3, 5
KUBERNETES = "kubernetes.default.svc.cluster.local."
NOTHING = "k8sresolve-doctor-asks-for-nothing.default.svc.cluster.local."


@pytest.fixture(scope="module")
def dns():
    """The cluster's nameserver, which forwards what is outside."""
    inside = coredns()
    return lambda ask: host_resolver(ask) if ask.name == "example.com." else inside(ask)


# Where all is well.


def test_a_sound_pod_has_no_finding(dns):
    examined = Examined({DNS: dns})
    assert examined.findings == []
    assert verdict(examined.case, []) == "sound: 10.96.0.10 knows the cluster domain cluster.local"
    assert state_of(examined.seen, []) == "sound"


@pytest.mark.parametrize("place", [LAPTOP, NODE])
def test_a_sound_laptop_or_node_has_no_finding(place):
    examined = Examined({OTHER: host_resolver}, place, search=("example.org",), ndots=1)
    assert examined.findings == []
    assert verdict(examined.case, []) == (
        "this is no pod, and 192.0.2.53 is sound for hosts; to examine a cluster from here, name the address of one of "
        "its CoreDNS pods"
    )


def test_a_laptop_whose_nameserver_knows_a_cluster_has_no_finding(dns):
    examined = Examined({DNS: dns}, LAPTOP, search=(), ndots=1)
    assert examined.findings == []
    assert "it knows the cluster domain cluster.local, to which no search list leads" in verdict(examined.case, [])


@pytest.mark.parametrize("has_ipv4", [True, False])
def test_a_cluster_with_ipv6_has_no_finding(dns, has_ipv4):
    ipv6 = with_rcode(NOERROR, dns, KUBERNETES, AAAA, data=(IPv6Address("fd00:10:96::1"),))
    assert Examined({DNS: ipv6 if has_ipv4 else with_rcode(NOERROR, ipv6, KUBERNETES, A)}).findings == []


def test_a_laptop_with_another_nameserver_beside_the_clusters_has_no_finding(dns):
    assert Examined({OTHER: host_resolver, DNS: dns}, LAPTOP, search=(), ndots=1).findings == []


@pytest.mark.parametrize(("around", "rules"), [(LAPTOP, []), (POD, [("cluster-domain-unknown", "warning")])])
def test_who_has_every_name_is_not_taken_for_a_clusters(around, rules):
    """What providers do that lead names which are not there to a page of their own."""
    anything = with_rcode(NOERROR, host_resolver, rdtype=A, data=("203.0.113.1",))
    examined = Examined({OTHER: anything}, around, search=("example.org",), ndots=1)
    assert (examined.rules, examined.seen.domain) == (rules, None)


def test_a_pod_with_two_nameservers_of_the_cluster_has_no_finding(dns):
    assert Examined({DNS: dns, "10.96.0.11": dns}).findings == []


# The twelve, as far as they are the nameservers'.


def test_no_nameserver_answers():
    examined = Examined({DNS: world.silent})
    assert examined.rules == [("nameserver-silent", "error")]
    assert state_of(examined.seen, examined.findings) == "unanswered"
    assert verdict(examined.case, examined.findings) == "no nameserver answers: 10.96.0.10 (UDP and TCP: no reply)"


def test_the_usual_address_is_asked_where_no_other_answers():
    examined = Examined({"10.96.0.99": world.silent})
    assert [ask.nameserver.address for ask in examined.asks] == ["10.96.0.99", "10.96.0.99", DNS]
    assert "compare the address with that of the cluster's DNS" in examined.findings[0].advice
    assert all(ask.nameserver.address == DNS for ask in Examined({DNS: world.silent}).asks)


def test_the_usual_address_is_named_where_it_answers(dns):
    examined = Examined({"10.96.0.99": world.silent}, beside={DNS: dns})
    assert examined.findings[0].advice == (
        "10.96.0.10 does answer: let the kubelet's clusterDNS, or the pod's dnsConfig, state that"
    )
    assert verdict(examined.case, examined.findings).endswith("; 10.96.0.10 does, where many clusters have theirs")


def test_a_silent_first_nameserver_costs_each_lookup(dns):
    first = Examined({OTHER: world.silent, DNS: dns})
    assert first.rules == [("nameserver-silent", "error")]
    assert "a lookup that begins there waits 5 s first" in first.findings[0].problem
    second = Examined({DNS: dns, OTHER: world.silent})
    assert second.rules == [("nameserver-silent", "warning")]
    closed = Examined({OTHER: world.refusing, DNS: dns})
    assert "waits" not in closed.findings[0].problem


@pytest.mark.parametrize(("problem", "advice"), [("no reply", "let TCP"), ("connection refused", "let it listen")])
def test_udp_only(dns, problem, advice):
    examined = Examined({DNS: losing(dns, lambda ask, _: ask.transport == "tcp", problem)})
    assert examined.rules == [("tcp-unanswered", "warning")]
    assert f"answers over UDP, but not over TCP ({problem})" in examined.findings[0].problem
    assert examined.findings[0].advice.startswith(advice)


def test_udp_only_is_an_error_where_libc_asks_by_tcp(dns):
    examined = Examined({DNS: losing(dns, lambda ask, _: ask.transport == "tcp")}, flags=["use-vc"])
    assert examined.rules == [("tcp-unanswered", "error")]


def test_udp_only_is_a_remark_where_there_is_no_cluster():
    examined = Examined({OTHER: losing(host_resolver, lambda ask, _: ask.transport == "tcp")}, LAPTOP, search=())
    assert examined.rules == [("tcp-unanswered", "remark")]
    assert "Service" not in examined.findings[0].problem
    assert verdict(examined.case, examined.findings).startswith("this is no pod, and 192.0.2.53 is sound for hosts")


def test_tcp_only(dns):
    examined = Examined({DNS: losing(dns, lambda ask, _: ask.transport == "udp")})
    assert examined.rules == [("udp-unanswered", "error")]
    assert {ask.transport for ask in examined.asks[2:]} == {"tcp"}


def test_replies_over_512_octets_lost(dns):
    examined = Examined({DNS: losing(dns, lambda ask, got: ask.transport == "udp" and got.octets > 512)})
    assert examined.rules == [("large-replies-lost", "error")]
    assert "(one of 302 came, and none of more)" in examined.findings[0].problem


def by_nature(ask, found, octets=870):
    """What the root's keys take, of a nameserver that gives no padding back."""
    if ask.octets:
        return found._replace(octets=117)
    return (
        found if ask.name != "." else found._replace(reply=found.reply._replace(rcode=0, data=("key",)), octets=octets)
    )


@pytest.mark.parametrize(
    ("lost", "rules"), [(False, []), (True, [("large-replies-lost", "error")])], ids=["they come", "they are lost"]
)
def test_what_is_large_by_nature_is_asked_for_where_no_padding_comes_back(dns, lost, rules):
    def respond(ask):
        found = by_nature(ask, dns(ask))
        return world.silent(ask) if lost and ask.transport == "udp" and found.octets > 512 else found

    examined = Examined({DNS: respond})
    assert examined.rules == rules
    assert examined.seen.servers[0].large_replies == ("lost" if lost else "come")


@pytest.mark.parametrize("root", [870, 300])
def test_who_pads_to_468_octets_says_nothing_of_larger_replies(dns, root):
    """As RFC 8467 has it: no reply to a padded question is larger, and what is larger gets lost here."""

    def respond(ask):
        found = by_nature(ask, dns(ask), root)
        found = found._replace(octets=468) if ask.octets else found
        return world.silent(ask) if ask.transport == "udp" and found.octets > 512 else found

    examined = Examined({DNS: respond})
    assert examined.seen.servers[0].large_replies == ("lost" if root > 512 else "unknown")


def test_what_is_small_by_nature_says_nothing_of_large_replies(dns):
    def respond(ask):
        return world.silent(ask) if ask.name == "." and ask.transport == "udp" else by_nature(ask, dns(ask), 300)

    examined = Examined({DNS: respond})
    assert (examined.rules, examined.seen.servers[0].large_replies) == ([], "unknown")


def test_nothing_is_said_of_large_replies_where_none_can_be_had():
    """Whether they are lost or not: a nameserver that gives no padding back answers all of these in a few octets."""
    lost = losing(host_resolver, lambda ask, _: ask.octets == 512)
    assert Examined({OTHER: lost}, LAPTOP, search=()).findings == []


def test_a_lost_reply_to_the_padded_question_is_no_lost_reply(dns):
    """A firewall may drop what has padding, whatever its size: then nothing is known."""
    assert Examined({DNS: losing(dns, lambda ask, _: bool(ask.octets))}).findings == []


def test_edns_unanswered(dns):
    examined = Examined({DNS: losing(dns, lambda ask, _: ask.edns is not None)})
    assert examined.rules == [("edns-unanswered", "error")]


def test_a_nameserver_without_edns_has_no_finding(dns):
    def respond(ask):
        found = dns(ask)
        return found if ask.edns is None else found._replace(reply=found.reply._replace(rcode=1, data=()), octets=60)

    assert Examined({DNS: respond}).findings == []


@pytest.mark.parametrize(
    ("search", "lost"),
    [
        ((), "`svc` or `svc.ns`"),
        (("cluster.local",), "`svc` or `svc.ns`"),
        (("example.org",), "`svc` or `svc.ns`"),
        (("svc.cluster.local", "cluster.local"), "`svc`"),
    ],
)
def test_a_search_list_that_was_cut(dns, search, lost):
    examined = Examined({DNS: dns}, search=search)
    assert examined.rules == [("search-list-cut", "error")]
    assert examined.findings[0].problem.endswith(f") no Service is found as {lost}")
    assert "'NAMESPACE.svc.cluster.local svc.cluster.local cluster.local'" in examined.findings[0].advice


def test_a_search_list_that_was_cut_tells_its_domain():
    cluster = Cluster.from_manifests(world.SHOP, corefile=".:53 {\n  kubernetes k8s.example\n}\n")
    examined = Examined({DNS: coredns(cluster)}, search=("svc.k8s.example", "k8s.example"), namespace="shop")
    assert ("search-list-cut", "error") in examined.rules
    assert "'shop.svc.k8s.example svc.k8s.example k8s.example'" in examined.findings[0].advice


def test_a_wrong_cluster_domain(dns):
    examined = Examined({DNS: dns}, search=("shop.svc.k8s.example", "svc.k8s.example", "k8s.example"))
    assert examined.rules == [("cluster-domain-wrong", "error")]
    assert (
        "the cluster domain is cluster.local, which 10.96.0.10 knows, and not k8s.example"
        in examined.findings[0].problem
    )


def test_a_foreign_nameserver_first(dns):
    examined = Examined({OTHER: host_resolver, DNS: dns})
    assert examined.rules == [("nameserver-foreign", "error")]
    assert "192.0.2.53 does not know the cluster: it says NXDOMAIN" in examined.findings[0].problem
    assert "asked first, and its answer counts" in examined.findings[0].problem


def test_a_foreign_nameserver_behind(dns):
    examined = Examined({DNS: dns, OTHER: host_resolver})
    assert examined.rules == [("nameserver-foreign", "warning")]
    assert "musl (Alpine) takes the answer that comes first" in examined.findings[0].problem


def test_a_foreign_nameserver_that_refuses_only_costs(dns):
    examined = Examined({OTHER: with_rcode(REFUSED, host_resolver), DNS: dns})
    assert [rule for rule in examined.rules if rule[0] == "nameserver-foreign"] == [("nameserver-foreign", "warning")]


def test_only_foreign_nameservers():
    examined = Examined({OTHER: host_resolver})
    assert examined.rules == [("cluster-dns-missing", "error")]
    assert "192.0.2.53 says NXDOMAIN to kubernetes.default.svc.cluster.local." in examined.findings[0].problem


@pytest.mark.parametrize(("around", "policy"), [(POD, "ClusterFirst"), (HOST_POD, "ClusterFirstWithHostNet")])
def test_a_pod_with_the_nodes_dns(around, policy):
    examined = Examined({OTHER: host_resolver}, around, search=("example.org",), ndots=1)
    assert examined.rules == [("cluster-domain-unknown", "warning")]
    assert examined.findings[0].advice == f"set dnsPolicy: {policy}, unless this pod is to look up hosts alone"


@pytest.mark.parametrize(("rcode", "said"), [(SERVFAIL, "SERVFAIL"), (REFUSED, "REFUSED")])
def test_aaaa_fails(dns, rcode, said):
    examined = Examined({DNS: with_rcode(rcode, dns, rdtype=AAAA)})
    assert examined.rules == [("aaaa-failing", "error")]
    assert f"10.96.0.10 says {said} to AAAA {KUBERNETES}" in examined.findings[0].problem


def test_aaaa_is_silent(dns):
    examined = Examined({DNS: losing(dns, lambda ask, _: ask.rdtype == AAAA)})
    assert examined.rules == [("aaaa-failing", "error")]
    assert "glibc waits for it, by default up to 15 s" in examined.findings[0].problem


def test_aaaa_is_nxdomain(dns):
    assert Examined({DNS: with_rcode(NXDOMAIN, dns, rdtype=AAAA)}).rules == [("aaaa-nxdomain", "error")]


@pytest.mark.parametrize(
    ("rcode", "said"), [(SERVFAIL, "SERVFAIL"), (REFUSED, "REFUSED"), (NXDOMAIN, "NXDOMAIN"), (NOERROR, "NODATA")]
)
def test_neither_a_nor_aaaa(dns, rcode, said):
    examined = Examined({DNS: with_rcode(NOERROR, with_rcode(rcode, dns, KUBERNETES, AAAA), KUBERNETES, A)})
    assert examined.rules == [("cluster-dns-missing", "error")]
    assert examined.findings[0].problem.startswith(f"10.96.0.10 says NODATA to A and {said} to AAAA {KUBERNETES}")


def test_neither_a_nor_a_reply_to_aaaa(dns):
    silent = losing(dns, lambda ask, _: ask.rdtype == AAAA and ask.name == KUBERNETES)
    examined = Examined({DNS: with_rcode(NOERROR, silent, KUBERNETES, A)})
    assert examined.rules == [("cluster-dns-missing", "error")]


def test_aaaa_fails_outside_alone(dns):
    assert Examined({DNS: with_rcode(SERVFAIL, dns, "example.com.", AAAA)}).rules == [("aaaa-failing", "remark")]


def test_coredns_that_has_not_synced(dns):
    def respond(ask):
        return with_rcode(SERVFAIL, dns)(ask) if ask.name in (KUBERNETES, NOTHING) else dns(ask)

    examined = Examined({DNS: respond})
    assert examined.rules == [("cluster-dns-failing", "error")]
    assert "it serves the cluster's zone, and has not heard of any object" in examined.findings[0].problem
    assert "reaches the API server" in examined.findings[0].advice


def test_a_nameserver_that_fails_for_all(dns):
    examined = Examined({DNS: with_rcode(SERVFAIL, dns)})
    assert ("cluster-dns-failing", "error") in examined.rules
    assert examined.findings[0].problem.endswith("which every cluster has: it fails")


@pytest.mark.parametrize(
    ("rcode", "data", "rule"),
    [
        (NOERROR, ("192.0.2.1",), "missing-name-found"),
        (NOERROR, (), "missing-name-found"),
        (SERVFAIL, (), "missing-name-failing"),
    ],
)
def test_a_name_that_is_not_there(dns, rcode, data, rule):
    examined = Examined({DNS: with_rcode(rcode, dns, NOTHING, data=data)})
    assert examined.rules == [(rule, "error")]


@pytest.mark.parametrize("rcode", [NOERROR, NXDOMAIN])
def test_ports_that_have_no_name(dns, rcode):
    assert Examined({DNS: with_rcode(rcode, dns, rdtype=SRV)}).rules == [("srv-missing", "warning")]


def test_a_name_outside_that_is_not_found_is_a_remark_unless_it_was_asked_for():
    nowhere = coredns()
    assert Examined({DNS: nowhere}).rules == [("external-missing", "remark")]
    assert Examined({DNS: nowhere}, stated=True).rules == [("external-missing", "warning")]


def test_what_comes_truncated_is_asked_for_over_tcp(dns):
    examined = Examined({DNS: world.truncating(dns, "example.com.")}, stated=True)
    assert (examined.rules, str(examined.seen.outside.reply.data[0])) == ([], "192.0.2.7")
    again = [ask.rdtype for ask in examined.asks if (ask.name, ask.transport) == ("example.com.", "tcp")]
    assert again == [A, AAAA]


@pytest.mark.parametrize("name", ["example.com.", KUBERNETES, NOTHING, f"_https._tcp.{KUBERNETES}"])
def test_a_truncated_reply_is_never_called_nodata(dns, name):
    examined = Examined({DNS: losing(world.truncating(dns, name), lambda ask, _: ask.transport == "tcp")}, stated=True)
    assert {rule for rule, _ in examined.rules} <= {"tcp-unanswered", "external-missing"}
    if name == "example.com.":
        assert examined.findings[-1].problem == "10.96.0.10 says only a truncated reply to example.com."


@pytest.mark.parametrize(("lost", "severity"), [(1, "remark"), (2, "remark"), (3, "warning"), (20, "warning")])
def test_replies_that_get_lost(dns, lost, severity):
    left = [lost]

    def is_lost(ask, _):
        left[0] -= ask.tries == 1
        return ask.tries == 1 and left[0] >= 0

    examined = Examined({DNS: losing(dns, is_lost)})
    assert examined.rules == [("replies-lost", severity)]
    asked = len(examined.seen.samples)
    assert f"of {asked} questions" in examined.findings[0].problem
    assert asked == (20 if lost < 5 else 5)  # what is silent takes 0.8 s, and 4 s are enough


def test_each_rule_is_shown_here():
    source = Path(__file__).read_text()
    assert [rule for rule in RULES if f'"{rule}"' not in source] == []
