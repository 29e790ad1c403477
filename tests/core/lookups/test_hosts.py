"""addresses(), lookup(), candidates(), explain(), forget() and stats(), as their user sees them."""

from ipaddress import IPv4Address, ip_address

import attrs
import pytest

from k8sresolve import (
    BadResponse,
    Cname,
    ConfigError,
    InvalidName,
    LookupTimeout,
    NoData,
    NoSuchName,
    NotFound,
    Refused,
    ResolverConfig,
    ServerFailure,
    ServiceName,
    TemporaryFailure,
    ZonalName,
)
from k8sresolve._facade import Options
from k8sresolve.testing import Cluster
from k8sresolve.testing.coredns.plugins.kubernetes.options import KubernetesOptions
from k8sresolve.testing.programs.resolvers import OfflineResolver, Place
from tests.core.world import headless, ipv4_cluster, namespace

HOSTS = (
    ("web-0", ("10.244.0.7",)),
    ("both", ("fd00::9", "10.244.0.9", "10.244.0.8")),
    ("payments.shop", ("10.0.0.1",)),
    ("api.example.com", ("10.0.0.2",)),
)


def texts(addresses):
    return [str(address) for address in addresses]


def asked(cluster):
    questions = [f"{query.name} {query.rdtype}" for query in cluster.queries]
    cluster.queries.clear()
    return questions


def with_hosts(cluster, hosts=HOSTS):
    return attrs.evolve(cluster.config("shop"), hosts=hosts)


# What needs no question.


@pytest.mark.parametrize(
    ("host", "addresses"),
    [
        ("10.1.2.3", ["10.1.2.3"]),
        ("fd00::7", ["fd00::7"]),
        ("FD00:0::7", ["fd00::7"]),
        ("::ffff:10.1.2.3", ["::ffff:a01:203"]),
        ("fe80::1%eth0", ["fe80::1%eth0"]),
        # getaddrinfo(3): numbers-and-dots notation as inet_aton(3) reads it.
        ("127.1", ["127.0.0.1"]),
        ("0x7f.1", ["127.0.0.1"]),
        # RFC 6761, section 6.3.
        ("localhost", ["127.0.0.1", "::1"]),
        ("LocalHost.", ["127.0.0.1", "::1"]),
        ("a.b.localhost", ["127.0.0.1", "::1"]),
        # hosts(5): in any letter case, all lines of a name.
        ("web-0", ["10.244.0.7"]),
        ("WEB-0", ["10.244.0.7"]),
        ("both", ["10.244.0.8", "10.244.0.9", "fd00::9"]),
        ("payments.shop", ["10.0.0.1"]),
        ("api.example.com", ["10.0.0.2"]),
    ],
)
def test_what_the_machine_knows_is_not_asked(resolver_of, ipv4, host, addresses):
    found = resolver_of(ipv4, config=with_hosts(ipv4)).addresses(host)
    assert asked(ipv4) == []
    assert found.host == host
    assert {*map(ip_address, addresses)} == {*found.addresses}
    assert (found.candidate, found.cname, found.incomplete) == ("", None, False)


@pytest.mark.parametrize(("family", "addresses"), [("ipv4", ["127.0.0.1"]), ("ipv6", ["::1"])])
def test_localhost_by_family(resolver_of, ipv4, family, addresses):
    assert texts(resolver_of(ipv4, family=family).addresses("localhost").addresses) == addresses


def test_localhost_is_never_asked_even_if_its_line_has_the_other_family(resolver_of, ipv4):
    resolver = resolver_of(ipv4, config=with_hosts(ipv4, (("localhost", ("127.0.0.1",)),)), family="ipv6")
    assert texts(resolver.addresses("localhost").addresses) == ["::1"]
    assert asked(ipv4) == []


def test_the_hosts_file_wins_over_the_rule_for_localhost(resolver_of, ipv4):
    resolver = resolver_of(ipv4, config=with_hosts(ipv4, (("localhost", ("127.0.0.9",)),)))
    assert texts(resolver.addresses("localhost").addresses) == ["127.0.0.9"]


@pytest.mark.parametrize(("host", "family"), [("10.1.2.3", "ipv6"), ("fd00::7", "ipv4")])
def test_a_literal_of_the_other_family_is_no_data(resolver_of, ipv4, host, family):
    with pytest.raises(NoData, match="an IP address, but no IPv"):
        resolver_of(ipv4, family=family).addresses(host)
    assert asked(ipv4) == []


def test_a_line_of_the_other_family_does_not_count(resolver_of, ipv4):
    # nss_files passes over lines of another family than the caller's, and `files dns` goes on to DNS.
    resolver = resolver_of(ipv4, config=with_hosts(ipv4), family="ipv6")
    assert texts(resolver.addresses("api.example.com").addresses) == ["2001:db8::80"]
    assert texts(resolver.addresses("both").addresses) == ["fd00::9"]


def test_a_dot_at_the_end_is_no_line_of_the_hosts_file(resolver_of, ipv4):
    assert texts(resolver_of(ipv4, config=with_hosts(ipv4)).addresses("api.example.com.").addresses) == ["192.0.2.80"]


def test_typed_calls_and_lookup_do_not_read_the_hosts_file(resolver_of, ipv4):
    resolver = resolver_of(ipv4, config=with_hosts(ipv4))
    assert texts(resolver.service("payments.shop").addresses) == ["10.96.20.1"]
    assert resolver.lookup("payments.shop", "A").records == ("10.96.20.1",)


# The search list, and the questions that it costs.

CLUSTER = "svc.cluster.local."


@pytest.mark.parametrize(
    ("host", "questions", "candidate"),
    [
        ("payments", [f"payments.shop.{CLUSTER}"], f"payments.shop.{CLUSTER}"),
        ("payments.shop", [f"payments.shop.shop.{CLUSTER}", f"payments.shop.{CLUSTER}"], f"payments.shop.{CLUSTER}"),
        ("payments.shop.svc.cluster.local", [f"payments.shop.{CLUSTER}"], f"payments.shop.{CLUSTER}"),
        ("payments.shop.svc.cluster.local.", [f"payments.shop.{CLUSTER}"], f"payments.shop.{CLUSTER}"),
        ("api.example.com", [f"api.example.com.{CLUSTER}", "api.example.com."], "api.example.com."),
        ("api.example.com.", ["api.example.com."], "api.example.com."),
    ],
)
def test_which_names_are_asked_and_which_answered(resolver_of, ipv4, host, questions, candidate):
    found = resolver_of(ipv4, family="ipv4").addresses(host)
    assert asked(ipv4) == [f"{name} A" for name in questions]
    assert found.candidate == candidate
    assert found.addresses


def test_names_in_the_cluster_are_one_round_trip_and_others_two(resolver_of, ipv4):
    for host, rounds in (("payments.shop", 1), ("api.example.com", 2)):
        ipv4.queries.clear()
        resolver_of(ipv4, family="ipv4").addresses(host)
        assert len({query.at for query in ipv4.queries}) == rounds


def test_a_name_in_any_letter_case_is_the_same(resolver_of, ipv4):
    resolver = resolver_of(ipv4)
    assert resolver.addresses("API.Example.COM.").addresses == resolver.addresses("api.example.com.").addresses
    assert len(asked(ipv4)) == 1


def test_a_chain_is_told(resolver_of, ipv4):
    found = resolver_of(ipv4, family="both").addresses("www.example.com.")
    assert texts(found.addresses) == ["192.0.2.80", "2001:db8::80"]
    assert found.cname == Cname(("api.example.com.",), leaves_cluster=True)
    assert found.ttl == 20


def test_onion_names_are_never_sent_as_they_are(resolver_of, ipv4):
    # RFC 7686, section 2.
    with pytest.raises(NoSuchName):
        resolver_of(ipv4).addresses("x.onion")
    assert not [name for name in asked(ipv4) if name.startswith("x.onion. ")]
    with pytest.raises(NoSuchName, match="never asked"):
        resolver_of(ipv4).addresses("x.onion.")
    assert asked(ipv4) == []


def test_families(resolver_of, ipv4):
    for family, addresses in (
        ("ipv4", ["192.0.2.80"]),
        ("ipv6", ["2001:db8::80"]),
        ("both", ["192.0.2.80", "2001:db8::80"]),
    ):
        assert texts(resolver_of(ipv4, family=family).addresses("api.example.com").addresses) == addresses


def test_auto_walks_again_for_the_other_family_before_it_says_no_data(dual):
    resolver = OfflineResolver(Place(dual.config("shop"), dual.network, frozenset({4})), dual.clock, Options())
    assert texts(resolver.addresses("six").addresses) == ["fd00:10:96::6"]
    assert asked(dual)[-1] == "six.shop.svc.cluster.local. AAAA"
    assert texts(resolver.addresses("api.example.com").addresses) == ["192.0.2.80"]
    assert not [question for question in asked(dual) if question.endswith(" AAAA")]
    with pytest.raises(NoData, match="the name exists, but has no address"):
        resolver.addresses("text.example.com")
    assert "text.example.com. AAAA" in asked(dual)
    with pytest.raises(NoSuchName):
        resolver.addresses("gone.example.com")
    assert not [question for question in asked(dual) if question.endswith(" AAAA")]


def test_no_aaaa_holds_for_auto_alone(dual):
    # resolv.conf(5), no-aaaa.
    config = attrs.evolve(dual.config("shop"), flags=frozenset({"no-aaaa"}))
    with dual.resolver(config=config) as resolver:
        assert texts(resolver.addresses("dual").addresses) == ["10.96.20.2"]
        with pytest.raises(NoData):
            resolver.addresses("six")
    assert not [question for question in asked(dual) if question.endswith(" AAAA")]
    with dual.resolver(config=config, family="both") as resolver:
        assert len(resolver.addresses("dual").addresses) == 2


@pytest.mark.parametrize(
    ("host", "kind", "said"),
    [
        ("gone.example.com", NoSuchName, r"^gone\.example\.com: no such name; tried gone\.example\.com\.svc\.cluster"),
        ("text.example.com", NoData, r"the name exists, but has no address; tried"),
        ("nowhere.example.com", NoSuchName, r"an alias of gone\.example\.com\., which does not exist"),
        ("shop.svc.cluster.local.", NoData, r"the name exists"),
        ("dangling", NoData, r"an alias of gone\.example\.com\., which has no address"),
    ],
)
def test_not_found(resolver_of, ipv4, host, kind, said):
    with pytest.raises(kind, match=said) as caught:
        resolver_of(ipv4).addresses(host)
    assert caught.value.name == host
    assert caught.value.attempts


def test_a_failure_on_the_way_is_told_as_temporary(resolver_of, ipv4):
    # Under the cluster domain it ends the lookup, rather than some later name's address being returned.
    ipv4.network.rcode("SERVFAIL", "api.example.com.svc.cluster.local")
    with pytest.raises(ServerFailure):
        resolver_of(ipv4).addresses("api.example.com")
    assert "api.example.com. A" not in asked(ipv4)


def test_a_packet_that_musl_1_2_3_makes_of_a_name_and_the_root_is_malformed(resolver_of, ipv4):
    config = ResolverConfig(nameservers=["10.96.0.10"], search=["."], ndots=1)
    with pytest.raises(Refused, match=r"^x: the nameserver takes the question for malformed \(FORMERR\)"):
        resolver_of(ipv4, config=config, policy="musl-1.2.3").addresses("x")
    assert asked(ipv4) == []


def test_a_refusal_outside_the_cluster_is_temporary():
    cluster = ipv4_cluster()
    cluster.network.rcode("REFUSED", "nope.corp.example")
    config = ResolverConfig(search=("corp.example",), ndots=1)
    with cluster.resolver(config=config) as resolver, pytest.raises(Refused):
        resolver.addresses("nope")


def test_an_incomplete_answer_says_so_and_is_asked_again(resolver_of, dual):
    dual.network.rcode("SERVFAIL", rdtype="AAAA")
    resolver = resolver_of(dual)
    found = resolver.addresses("dual")
    assert (texts(found.addresses), found.incomplete) == (["10.96.20.2"], True)
    dual.network.restore()
    asked(dual)
    assert not resolver.addresses("dual").incomplete
    assert asked(dual) == ["dual.shop.svc.cluster.local. AAAA"]


@pytest.mark.parametrize(
    "host", ["", "a..b", "a" * 64, "ä.example", "a b", "a\n", None, 5, b"localhost", ["localhost"]]
)
def test_what_is_no_host_name_is_refused_before_any_packet(resolver_of, ipv4, host):
    resolver = resolver_of(ipv4)
    for call in (
        resolver.addresses,
        resolver.candidates,
        resolver.explain,
        lambda name: resolver.lookup(name, "A"),
        lambda name: resolver.forget(name) if name is not None else resolver.candidates(name),
    ):
        with pytest.raises(InvalidName):
            call(host)
    assert asked(ipv4) == []


@pytest.mark.parametrize("policy", ["glibc", "musl", "musl-1.2.3", "go", "kubernetes"])
def test_each_policy_ends_in_one_typed_error(resolver_of, policy):
    for search in ((), (".",), ("shop.svc.cluster.local", "."), (".a.test",), ("x" * 250,)):
        for fault in ("drop", "SERVFAIL", "REFUSED", None):
            cluster = ipv4_cluster()
            if fault == "drop":
                cluster.network.drop()
            elif fault:
                cluster.network.rcode(fault)
            resolver = resolver_of(cluster, config=ResolverConfig(search=search, ndots=5), policy=policy, timeout=1)
            # net/dnsclient_unix.go, checkHeader: of all failures SERVFAIL alone is temporary.
            temporary = BadResponse if (policy, fault) == ("go", "REFUSED") else TemporaryFailure
            for host in ("nope", "gone.example.com", "x.onion", "."):
                with pytest.raises((NotFound, temporary, InvalidName)):
                    resolver.addresses(host)


# Records of any type.


@pytest.mark.parametrize(
    ("name", "rdtype", "records"),
    [
        ("text.example.com", "TXT", ('"hello world"',)),
        ("mail.example.com.", "mx", ("10 mx.example.com.",)),
        ("api.example.com", "TYPE28", ("2001:db8::80",)),
        ("www.example.com.", "A", ("192.0.2.80",)),
        ("_http._tcp.payments.shop", "SRV", ("0 100 80 payments.shop.svc.cluster.local.",)),
        ("1.20.96.10.in-addr.arpa.", "PTR", ("payments.shop.svc.cluster.local.",)),
        ("outside", "CNAME", ("www.example.com.",)),
    ],
)
def test_any_type(resolver_of, ipv4, name, rdtype, records):
    answer = resolver_of(ipv4).lookup(name, rdtype)
    assert (answer.name, answer.rdtype, answer.records) == (name, rdtype.upper(), records)
    assert answer.ttl > 0


def test_lookup_of_nothing(resolver_of, ipv4):
    with pytest.raises(NoData, match="the name exists, but has no TXT record"):
        resolver_of(ipv4).lookup("api.example.com", "TXT")
    with pytest.raises(NoSuchName):
        resolver_of(ipv4).lookup("gone.example.com", "TXT")


@pytest.mark.parametrize(
    "rdtype",
    [
        *("", "NOPE", "ANY", "AXFR", "OPT", "TYPE0", "TYPE41", "TYPE255", "TYPE65536", "TYPE", "TYPE-1", "TYPE²"),
        "TYPE" + "9" * 5000,
        *(None, 1, b"A"),
    ],
    ids=lambda rdtype: ascii(rdtype)[:12],
)
def test_what_is_no_type_is_refused_before_any_packet(resolver_of, ipv4, rdtype):
    with pytest.raises(InvalidName, match="no record type"):
        resolver_of(ipv4).lookup("api.example.com", rdtype)
    assert asked(ipv4) == []


# What is asked, and why.


def test_candidates_ask_nothing_and_tell_what_is_left_out(resolver_of, ipv4):
    candidates = resolver_of(ipv4).candidates("payments.shop")
    assert [(c.name, c.asked) for c in candidates] == [
        ("payments.shop.shop.svc.cluster.local.", True),
        ("payments.shop.svc.cluster.local.", True),
        ("payments.shop.cluster.local.", False),
        ("payments.shop.", True),
    ]
    assert all(c.rule for c in candidates)
    assert asked(ipv4) == []


def test_explain_tells_of_every_candidate_in_search_order(resolver_of, ipv4):
    told = resolver_of(ipv4, family="ipv4").explain("payments.shop")
    assert [(c.name.removesuffix(".cluster.local."), c.outcome, c.questions) for c in told.candidates] == [
        ("payments.shop.shop.svc", "nxdomain", ("A",)),
        ("payments.shop.svc", "found", ("A",)),
        ("payments.shop", "", ()),
        ("payments.shop.", "not asked", ()),
    ]
    assert (told.name, told.policy, told.outcome, told.questions) == ("payments.shop", "kubernetes", "found", 2)
    assert texts(told.addresses) == ["10.96.20.1"]
    assert {c.nameserver for c in told.candidates[:2]} == {"10.96.0.10"}
    assert all(c.milliseconds > 0 for c in told.candidates[:2])
    assert len(asked(ipv4)) == 2


def test_explain_by_another_policy(resolver_of, ipv4):
    resolver = resolver_of(ipv4, family="both")
    told = resolver.explain("payments.shop.svc", policy="glibc")
    assert [c.outcome for c in told.candidates] == [
        "nxdomain",
        "nxdomain",
        "found",
        "not asked",
    ]
    assert (told.policy, told.questions) == ("glibc", 6)
    assert len(asked(ipv4)) == 6
    with pytest.raises(ConfigError, match="kubernetes, glibc, musl"):
        resolver.explain("payments", policy="bind")


@pytest.mark.parametrize("host", ["10.1.2.3", "localhost", "web-0"])
def test_explain_of_what_the_machine_knows(resolver_of, ipv4, host):
    resolver = resolver_of(ipv4, config=with_hosts(ipv4))
    told = resolver.explain(host)
    assert (told.outcome, told.questions, len(told.candidates)) == ("found", 0, 1)
    assert told.addresses == resolver.addresses(host).addresses
    assert asked(ipv4) == []


@pytest.mark.parametrize(
    ("host", "fault", "outcome"),
    [
        ("gone.example.com", None, "nxdomain"),
        ("text.example.com", None, "nodata"),
        ("payments", "SERVFAIL", "servfail"),
        ("payments", "REFUSED", "refused"),
        ("payments", "drop", "timeout"),
    ],
)
def test_explain_tells_failures_and_does_not_raise_them(resolver_of, ipv4, host, fault, outcome):
    if fault == "drop":
        ipv4.network.drop()
    elif fault:
        ipv4.network.rcode(fault)
    told = resolver_of(ipv4).explain(host)
    assert (told.outcome, told.addresses) == (outcome, ())
    assert told.questions == len({(c.name, q) for c in told.candidates for q in c.questions})


def test_explain_tells_a_literal_of_the_other_family_too(resolver_of, ipv4):
    told = resolver_of(ipv4, family="ipv6").explain("10.1.2.3")
    assert (told.outcome, told.addresses) == ("nodata", ())


def test_explain_tells_of_both_walks(dual):
    resolver = OfflineResolver(Place(dual.config("shop"), dual.network, frozenset({4})), dual.clock, Options())
    told = resolver.explain("six")
    assert [(c.questions, c.outcome) for c in told.candidates if c.name.startswith("six.shop.svc.")] == [
        (("A",), "nodata"),
        (("AAAA",), "found"),
    ]
    assert told.outcome == "found"


# What is remembered and counted.


def test_forget_drops_all_that_a_name_may_stand_for(resolver_of, ipv4):
    resolver = resolver_of(ipv4)
    for name in ("payments", "payments.shop", None):
        for host in ("payments", "api.example.com."):
            resolver.addresses(host)
        asked(ipv4)
        resolver.forget(name)
        resolver.addresses("payments")
        assert asked(ipv4) == ["payments.shop.svc.cluster.local. A"]
        resolver.addresses("api.example.com.")
        assert len(asked(ipv4)) == (name is None)


def test_stats_count_since_the_resolver_was_made(resolver_of, ipv4):
    resolver = resolver_of(ipv4)
    ipv4.network.drop(next=1)
    resolver.service("payments", ports=["http"])
    resolver.service("payments")
    stats = resolver.stats()
    assert (stats.questions, stats.cache_hits, stats.in_flight) == (3, 1, 0)
    assert (stats.sends, stats.resends) == (3, 1)


def test_records_of_both_facades_are_equal(ipv4):
    import asyncio

    with ipv4.resolver(namespace="shop") as resolver:
        waited = (resolver.service("payments", ports=["http"]), resolver.addresses("api.example.com"))

    async def main():
        async with ipv4.async_resolver(namespace="shop") as resolver:
            return await asyncio.gather(
                resolver.service("payments.shop.svc", ports=["http"]), resolver.addresses("api.example.com")
            )

    assert tuple(asyncio.run(main())) == waited
    assert waited[1].addresses == (IPv4Address("192.0.2.80"),)


def test_a_deadline_covers_the_whole_walk(resolver_of, ipv4):
    ipv4.network.delay(0.7)
    start = ipv4.clock.monotonic()
    with pytest.raises(LookupTimeout):
        resolver_of(ipv4).addresses("api.example.com", timeout=1)
    assert ipv4.clock.monotonic() - start == pytest.approx(1, abs=0.01)


# What is no host, and a zone's pods.


@pytest.mark.parametrize(
    ("host", "advice"),
    [
        ("shop/payments", "write payments.shop, or ask service() for shop/payments"),
        ("web.a/b", "give the host alone, without path or scheme"),
        ("10.1.2.0/24", "give the host alone, without path or scheme"),
    ],
)
def test_a_slash_is_no_hosts_and_the_error_says_what_to_write(resolver_of, ipv4, host, advice):
    resolver = resolver_of(ipv4)
    for call in (resolver.addresses, resolver.explain, resolver.candidates, resolver.forget):
        with pytest.raises(InvalidName) as caught:
            call(host)
        assert (caught.value.problem, caught.value.advice) == ("a host has no slash", advice)
    with pytest.raises(InvalidName, match="a host has no slash"):
        resolver.getaddrinfo(host, 80)
    assert asked(ipv4) == []


def test_a_record_that_is_no_hosts_may_have_a_slash(resolver_of, ipv4):
    # RFC 2317, section 4.
    with pytest.raises(NoSuchName):
        resolver_of(ipv4).lookup("0/25.2.0.192.in-addr.arpa.", "NS")
    assert asked(ipv4) == ["0/25.2.0.192.in-addr.arpa. NS"]


DB = ServiceName("db", "data")


def zonal_cluster(**options):
    endpoints = [
        {"addresses": [address], "zone": zone} for address, zone in (("10.244.0.1", "East"), ("10.244.0.2", "west"))
    ]
    metadata = {"name": "db-1", "namespace": "data", "labels": {"kubernetes.io/service-name": "db"}}
    part = {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": metadata, "addressType": "IPv4"}
    slices = {**part, "endpoints": endpoints, "ports": [{"name": "sql", "port": 5432}]}
    objects = [*map(namespace, ("shop", "data")), headless("data/db", "sql 5432 TCP"), slices]
    return Cluster.from_objects(objects, options=KubernetesOptions(**options))


@pytest.mark.parametrize(
    ("zone", "directive", "found"),
    [
        ("east", "pin", ["10.244.0.1"]),
        ("West", "prefer", ["10.244.0.2"]),
        ("north", "prefer", ["10.244.0.1", "10.244.0.2"]),
    ],
)
def test_the_pods_of_a_zone_are_found_by_one_question(resolver_of, zone, directive, found):
    cluster = zonal_cluster(zonal=True)
    name = ZonalName(zone, directive, DB)
    resolver = resolver_of(cluster, family="ipv4")
    addresses = resolver.addresses(name)
    assert texts(addresses.addresses) == found
    assert addresses.host == addresses.candidate == name.fqdn
    assert asked(cluster) == [f"{name.fqdn} A"]
    assert resolver.addresses(name) == addresses
    assert asked(cluster) == []


def test_a_zone_without_pods_is_no_data_where_it_is_pinned(resolver_of):
    with pytest.raises(NoData):
        resolver_of(zonal_cluster(zonal=True)).addresses(ZonalName("north", "pin", DB))


def test_without_the_option_no_zonal_name_is_there_and_the_error_says_so(resolver_of):
    with pytest.raises(NoSuchName, match=r"plugin kubernetes has the option zonal$"):
        resolver_of(zonal_cluster()).addresses(ZonalName("east", "prefer", DB))
