"""What answers outside the cluster: a resolver, or the nameserver of the names."""

import dns.flags
import pytest

from k8sresolve.errors import ConfigError
from k8sresolve.testing import Cluster, Upstream
from tests.testing.coredns.world import KUBERNETES, UPSTREAM, WEB, ask, cluster, lines, outcome

FORWARD = "forward . 9.9.9.9"


def flags(reply):
    return [name for name in dns.flags.to_text(reply.flags).split() if name in ("AA", "RA")]


def test_names_outside_come_as_from_a_resolver():
    """RFC 1035, section 4.1.1: AA is for a server that is an authority for the name."""
    made = cluster(KUBERNETES, FORWARD)
    reply = ask(made, "api.example.com.")
    assert (flags(reply), reply.authority, len(reply.answer)) == (["RA"], [], 1)
    assert flags(ask(made, WEB)) == ["AA"]


def test_what_is_not_there_comes_with_its_soa_record():
    """RFC 2308, section 3: it says for how long there is nothing."""
    for name in ("no.example.com.", "ns.example.com."):
        reply = ask(cluster(KUBERNETES, FORWARD), name, "TXT")
        assert (flags(reply), [rrset.rdtype.name for rrset in reply.authority]) == (["RA"], ["SOA"])


def test_names_outside_may_come_from_their_own_nameserver():
    reply = ask(cluster(KUBERNETES, FORWARD, upstream_authoritative=True), "api.example.com.")
    assert (flags(reply), lines(reply.authority)) == (["AA"], ["example.com. 300 NS ns.example.com."])


def test_without_a_corefile_names_outside_come_so_too():
    assert flags(ask(Cluster.from_objects([], upstream=UPSTREAM), "api.example.com.")) == ["RA"]
    assert flags(ask(Cluster.from_objects([], upstream=UPSTREAM, upstream_authoritative=True), "api.example.com.")) == [
        "AA"
    ]
    assert flags(ask(Cluster.from_objects([], upstream=UPSTREAM), "example.net.")) == []


def test_while_it_is_out_of_reach_nobody_answers():
    made = cluster(KUBERNETES, FORWARD)
    made.upstream.reachable = False
    assert (outcome(made, "api.example.com."), outcome(made, WEB)) == ("SERVFAIL", "NOERROR")
    made.upstream.reachable = True
    assert outcome(made, "api.example.com.") == "NOERROR"


def test_it_follows_delegations_and_the_nameserver_of_the_names_does_not():
    zones = {"example.com": "@ SOA ns admin 1 2 3 4 900\nsub NS ns.sub\nns.sub A 192.0.2.54\nwww.sub A 192.0.2.55\n"}
    resolver = Cluster.from_objects([], upstream=zones)
    assert lines(ask(resolver, "www.sub.example.com.").answer) == ["www.sub.example.com. 300 A 192.0.2.55"]
    reply = ask(Cluster.from_objects([], upstream=zones, upstream_authoritative=True), "www.sub.example.com.")
    assert (flags(reply), reply.answer) == ([], [])
    assert lines(reply.authority) == ["sub.example.com. 300 NS ns.sub.example.com."]
    assert lines(reply.additional) == ["ns.sub.example.com. 300 A 192.0.2.54"]


@pytest.mark.parametrize("given", [None, "yes", 1])
def test_what_is_neither_is_refused(given):
    with pytest.raises(ConfigError, match="upstream_authoritative cannot be"):
        Cluster.from_objects([], upstream_authoritative=given)


@pytest.mark.parametrize("zones", [None, 5, "x", [("a", "b")], {".": 5}, {5: ""}])
def test_zones_are_texts_by_origin(zones):
    with pytest.raises(ConfigError, match="zones map origins to texts"):
        Upstream(zones)
