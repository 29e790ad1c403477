"""getaddrinfo() and getnameinfo() of a resolver, as their user sees them."""

import platform
import socket
from typing import Any

import attrs
import pytest
from hypothesis import example, given

from k8sresolve import (
    InvalidHints,
    InvalidName,
    LookupTimeout,
    NoData,
    NoSuchName,
    Resolver,
    ResolverConfig,
    ServerFailure,
    _system,
)
from tests.core.world import ipv4_cluster
from tests.getaddrinfo.calls import CALLS
from tests.getaddrinfo.offline import addresses, machine

D = "svc.cluster.local"
HOSTS = (("web-0", ("10.244.0.9", "10.244.0.7", "fd00::7")), ("db.corp", ("192.0.2.9",)))
on_glibc = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the machine has another C library")


def asked(cluster):
    questions = [f"{query.name} {query.rdtype}" for query in cluster.queries]
    cluster.queries.clear()
    return questions


@pytest.fixture(params=["glibc", "musl"])
def libc(request, monkeypatch):
    """This process seems to run on that C library."""
    monkeypatch.setattr(_system, "libc_name", lambda: request.param)
    return request.param


@pytest.fixture
def glibc(monkeypatch):
    monkeypatch.setattr(_system, "libc_name", lambda: "glibc")


# Names.


def test_names_are_found_by_the_resolvers_own_search(resolver_of, ipv4, libc):
    found = resolver_of(ipv4).getaddrinfo("payments.shop", "http", type=socket.SOCK_STREAM)
    canonical = f"payments.shop.{D}" if libc == "musl" else ""
    assert found == [(socket.AF_INET, socket.SOCK_STREAM, 6, canonical, ("10.96.20.1", 80))]
    # The policy `kubernetes` asks both names under the cluster domain at once, and no AAAA where there is no IPv6.
    assert asked(ipv4) == [f"payments.shop.shop.{D}. A", f"payments.shop.{D}. A"]


@pytest.mark.parametrize("policy", ["kubernetes", "glibc", "musl", "go"])
def test_hosts_under_a_domain_of_absolute_are_asked_for_as_typed(ipv4, libc, policy):
    config = attrs.evolve(ipv4.config("shop"), absolute=["example.com"])
    with ipv4.resolver(config=config, policy=policy) as resolver:
        found = resolver.getaddrinfo("API.example.com", 80, type=socket.SOCK_STREAM, flags=socket.AI_CANONNAME)
        assert [info[3:] for info in found] == [("API.example.com", ("192.0.2.80", 80))]
    assert asked(ipv4) == ["api.example.com. A"]


def test_the_results_have_pythons_types(resolver_of, ipv4, glibc):
    family, kind, *_ = resolver_of(ipv4).getaddrinfo("payments", 80)[0]
    assert (type(family), type(kind)) == (socket.AddressFamily, socket.SocketKind)


@pytest.mark.parametrize("host", ["payments", b"payments", "PAYMENTS", f"payments.shop.{D}."])
@pytest.mark.parametrize("port", [80, "80", b"80", "http", b"http"])
def test_hosts_and_ports_may_be_text_octets_or_numbers(resolver_of, ipv4, libc, host, port):
    assert resolver_of(ipv4).getaddrinfo(host, port, type=1)[0][4] == ("10.96.20.1", 80)


def test_the_socket_types_are_the_librarys(resolver_of, ipv4, libc):
    kinds = [info[1] for info in resolver_of(ipv4).getaddrinfo("payments", 80)]
    assert kinds == [1, 2, 3] if libc == "glibc" else [1, 2]


def test_the_family_decides_what_is_asked_for(resolver_of, dual, glibc):
    resolver = resolver_of(dual)
    for family, types, found in (
        (0, ["A", "AAAA"], ["fd00:10:96::20", "10.96.20.2"]),
        (socket.AF_INET, ["A"], ["10.96.20.2"]),
        (socket.AF_INET6, ["AAAA"], ["fd00:10:96::20"]),
    ):
        assert addresses(resolver.getaddrinfo("dual", 80, family, 1, fresh=True)) == found
        assert asked(dual) == [f"dual.shop.{D}. {rdtype}" for rdtype in types]


def test_without_a_family_the_resolvers_own_holds(resolver_of, dual, glibc):
    resolver = resolver_of(dual, family="ipv4")
    assert addresses(resolver.getaddrinfo("dual", 80, type=1)) == ["10.96.20.2"]
    assert addresses(resolver.getaddrinfo("dual", 80, socket.AF_INET6, 1)) == ["fd00:10:96::20"]


def test_the_order_is_the_librarys(resolver_of, dual, libc):
    # RFC 3484 has no row for fc00::/7, RFC 6724 gives it a lower precedence than IPv4.
    expected = ["fd00:10:96::20", "10.96.20.2"]
    found = addresses(resolver_of(dual).getaddrinfo("dual", 80, type=1))
    assert found == (expected if libc == "glibc" else expected[::-1])


def test_addresses_of_one_rank_stand_as_received_and_stay_so_while_remembered(resolver_of, ipv4, glibc):
    resolver = resolver_of(ipv4)
    first = addresses(resolver.getaddrinfo("cassandra.data", 80, type=1))
    assert first == ["10.244.2.7", "10.244.1.7"]
    asked(ipv4)
    assert addresses(resolver.getaddrinfo("cassandra.data", 80, type=1)) == first
    assert asked(ipv4) == []
    resolver.getaddrinfo("cassandra.data", 80, fresh=True)
    assert asked(ipv4)


def test_the_canonical_name_is_where_an_alias_leads(resolver_of, ipv4, glibc):
    info, *rest = resolver_of(ipv4).getaddrinfo("outside", 443, flags=socket.AI_CANONNAME)
    assert info[3:] == ("api.example.com", ("192.0.2.80", 443))
    assert {other[3] for other in rest} == {""}


def test_ipv4_is_mapped_where_ipv6_alone_is_wanted(resolver_of, ipv4, libc):
    flags = socket.AI_V4MAPPED
    info = resolver_of(ipv4).getaddrinfo("payments", 80, socket.AF_INET6, 1, flags=flags)[0]
    assert info[4] == ("::ffff:10.96.20.1", 80, 0, 0)


def test_all_asks_for_both(resolver_of, dual, libc):
    flags = socket.AI_V4MAPPED | socket.AI_ALL
    found = resolver_of(dual).getaddrinfo("dual", 80, socket.AF_INET6, 1, flags=flags)
    assert {*addresses(found)} == {"fd00:10:96::20", "::ffff:10.96.20.2"}


def test_addrconfig_leaves_out_a_family_that_the_machine_has_not(resolver_of, ipv4, glibc):
    resolver = resolver_of(ipv4, family="both")
    assert addresses(resolver.getaddrinfo("payments", 80, 0, 1, 0, socket.AI_ADDRCONFIG)) == ["10.96.20.1"]
    assert asked(ipv4) == [f"payments.shop.{D}. A"]
    with pytest.raises(InvalidName) as caught:
        resolver.getaddrinfo("payments", 80, socket.AF_INET6, 1, 0, socket.AI_ADDRCONFIG)
    assert caught.value.errno == socket.EAI_NONAME
    assert asked(ipv4) == []


# What needs no question.


@pytest.mark.parametrize(
    ("host", "family", "found"),
    [
        ("10.1.2.3", 0, ["10.1.2.3"]),
        ("127.1", 0, ["127.0.0.1"]),
        ("fd00::7", 0, ["fd00::7"]),
        (None, 0, ["::1", "127.0.0.1"]),
        ("localhost", 0, ["::1", "127.0.0.1"]),
        ("localhost", socket.AF_INET, ["127.0.0.1"]),
        ("api.localhost.", socket.AF_INET6, ["::1"]),
        ("web-0", socket.AF_INET, ["10.244.0.9", "10.244.0.7"]),
        ("WEB-0", socket.AF_INET6, ["fd00::7"]),
        ("db.corp", 0, ["192.0.2.9"]),
    ],
)
def test_what_the_machine_knows_is_not_asked(resolver_of, ipv4, glibc, host, family, found):
    config = attrs.evolve(ipv4.config("shop"), hosts=HOSTS)
    resolver = resolver_of(ipv4, config=config)
    assert addresses(resolver.getaddrinfo(host, 80, family, socket.SOCK_STREAM)) == found
    assert asked(ipv4) == []


def test_a_scope_is_kept(resolver_of, ipv4, libc):
    assert resolver_of(ipv4).getaddrinfo("fe80::1%7", 80, type=1)[0][4] == ("fe80::1", 80, 0, 7)


@pytest.fixture(scope="module")
def resolver():
    """A resolver of this machine's addresses, whose nameserver is not there."""
    with Resolver(ResolverConfig.for_cluster("127.0.0.1:9"), timeout=0.1) as resolver:
        yield resolver


def ours(resolver: Resolver, *call: Any) -> Any:
    """What it gives; of an error the code."""
    try:
        return resolver.getaddrinfo(*call)
    except socket.gaierror as error:
        return error.errno


def theirs(*call: Any) -> Any:
    found = machine(*call)
    return found[0] if isinstance(found, tuple) else found


@on_glibc
@given(call=CALLS)
@example(call=(None, "80", 0, 0, 0, 0))
@example(call=("10.0.0.1", "80", socket.AF_INET6, 0, 0, 0))
@example(call=("10.0.0.1", "nope", 0, 0, 0, 0))
@example(call=("10.0.0.1", "80", 0, 0, 0, 1 << 20))
@example(call=("10.0.0.1", "80", 99, 0, 0, 0))
@example(call=("10.0.0.1", "80", 0, 9, 0, 0))
@example(call=("payments", "80", 0, 0, 0, socket.AI_NUMERICHOST))
def test_without_names_it_gives_what_the_machine_gives(resolver, call):
    assert ours(resolver, *call) == theirs(*call)


@on_glibc
@given(call=CALLS)
def test_octets_and_numbers_too(resolver, call):
    host, service, *hints = call
    octets = None if host is None else host.encode()
    port = int(service) if service and service.strip("+-0123456789") == "" and len(service) < 19 else service
    assert ours(resolver, octets, port, *hints) == theirs(octets, port, *hints)


# Errors.


@pytest.mark.parametrize(
    ("call", "kind", "code"),
    [
        (("10.0.0.1", "nope"), InvalidHints, socket.EAI_SERVICE),
        (("payments", 1.5), InvalidHints, socket.EAI_SERVICE),
        (("payments", 80, 99), InvalidHints, socket.EAI_FAMILY),
        (("payments", 80, 0, 9), InvalidHints, socket.EAI_SOCKTYPE),
        (("payments", 80, 0, 0, 0, 1 << 20), InvalidHints, socket.EAI_BADFLAGS),
        (("10.0.0.1", 80, socket.AF_INET6), InvalidHints, socket.EAI_ADDRFAMILY),
        (("payments", 80, 0, 0, 0, socket.AI_NUMERICHOST), InvalidName, socket.EAI_NONAME),
        (("payments", "http", 0, 0, 0, socket.AI_NUMERICSERV), InvalidName, socket.EAI_NONAME),
        ((None, None), InvalidName, socket.EAI_NONAME),
        (("", 80), InvalidName, socket.EAI_NONAME),
        (("a..b", 80), InvalidName, socket.EAI_NONAME),
        (("x" * 64, 80), InvalidName, socket.EAI_NONAME),
        ((b"\xff", 80), InvalidName, socket.EAI_NONAME),
        (("a b", 80), InvalidName, socket.EAI_NONAME),
    ],
)
def test_what_cannot_be_asked_is_refused_before_any_packet(resolver_of, ipv4, glibc, call, kind, code):
    with pytest.raises(kind) as caught:
        resolver_of(ipv4).getaddrinfo(*call)
    assert caught.value.errno == code
    assert type(caught.value) is kind
    assert asked(ipv4) == []


@pytest.mark.parametrize(
    ("hint", "value", "code"),
    [
        ("family", [], socket.EAI_FAMILY),
        ("type", "stream", socket.EAI_SOCKTYPE),
        ("proto", 6.0, socket.EAI_SOCKTYPE),
        ("flags", None, socket.EAI_BADFLAGS),
    ],
)
def test_what_is_no_number_is_refused_and_named(resolver_of, ipv4, libc, hint, value, code):
    with pytest.raises(InvalidHints) as caught:
        resolver_of(ipv4).getaddrinfo("payments", 80, **{hint: value})
    assert (caught.value.errno, str(caught.value)) == (code, f"payments: {hint}={value!r} is no whole number")
    assert asked(ipv4) == []


def test_flags_of_getnameinfo_are_a_number_too(resolver_of, ipv4, libc):
    with pytest.raises(InvalidHints, match=r"flags=\[\] is no whole number") as caught:
        resolver_of(ipv4).getnameinfo(("10.96.20.1", 80), [])
    assert caught.value.errno == socket.EAI_BADFLAGS
    assert asked(ipv4) == []


def test_a_refusal_says_what_was_asked_for(resolver_of, ipv4, glibc):
    with pytest.raises(InvalidHints) as caught:
        resolver_of(ipv4).getaddrinfo("payments", "nope", type=socket.SOCK_STREAM)
    assert str(caught.value) == (
        "payments: Servname not supported for ai_socktype (port 'nope', family 0, type 1, proto 0, flags 0x0)"
    )


def test_musl_has_other_codes(resolver_of, ipv4, monkeypatch):
    monkeypatch.setattr(_system, "libc_name", lambda: "musl")
    with pytest.raises(InvalidHints, match="Unrecognized service") as caught:
        resolver_of(ipv4).getaddrinfo("10.0.0.1", 80, 0, 9)
    assert caught.value.errno == socket.EAI_SERVICE
    with pytest.raises(NoData, match="no usable address"):
        resolver_of(ipv4).getaddrinfo("10.0.0.1", 80, socket.AF_INET6)


@pytest.mark.parametrize("host", [5, 1.5, ["payments"]])
def test_f12_what_is_no_host_at_all_is_told_as_python_tells_it_by_a_typed_error(resolver_of, ipv4, host):
    with pytest.raises(InvalidName, match="argument 1 must be string or None"):
        resolver_of(ipv4).getaddrinfo(host, 80)


@pytest.mark.parametrize(
    ("host", "family", "kind", "code"),
    [
        ("nothing", 0, NoSuchName, socket.EAI_NONAME),
        ("payments", socket.AF_INET6, NoData, socket.EAI_NODATA),
        ("dangling", 0, NoData, socket.EAI_NODATA),
    ],
)
def test_not_found(resolver_of, ipv4, libc, host, family, kind, code):
    with pytest.raises(kind) as caught:
        resolver_of(ipv4).getaddrinfo(host, 80, family)
    assert (caught.value.errno, caught.value.name) == (code, host)
    assert caught.value.attempts


def test_a_failure_is_temporary(resolver_of, ipv4, libc):
    ipv4.network.rcode("SERVFAIL")
    with pytest.raises(ServerFailure) as caught:
        resolver_of(ipv4).getaddrinfo("payments", 80)
    assert caught.value.errno == socket.EAI_AGAIN


def test_of_two_lookups_the_one_that_failed_for_now_is_told(resolver_of, dual, glibc):
    # glibc says EAI_NODATA here; a failure that may pass never looks like an answer.
    dual.network.rcode("SERVFAIL", rdtype="AAAA")
    with pytest.raises(ServerFailure):
        resolver_of(dual).getaddrinfo("text.example.com", 80, socket.AF_INET6, flags=socket.AI_V4MAPPED)


def test_the_deadline_is_the_resolvers_or_the_calls(resolver_of, ipv4, libc):
    ipv4.network.drop()
    resolver = resolver_of(ipv4, timeout=2)
    for options, seconds in (({}, 2), ({"timeout": 0.5}, 0.5)):
        start = ipv4.clock.monotonic()
        with pytest.raises(LookupTimeout):
            resolver.getaddrinfo("payments", 80, **options)
        assert ipv4.clock.monotonic() - start == pytest.approx(seconds, abs=0.01)


def test_a_real_resolver_whose_nameserver_is_not_there_fails_in_time(resolver):
    with pytest.raises(socket.gaierror) as caught:
        resolver.getaddrinfo("payments", 80)
    assert caught.value.errno == socket.EAI_AGAIN


# Addresses' names.


def test_an_address_has_the_name_that_dns_tells(resolver_of, ipv4, libc):
    resolver = resolver_of(ipv4)
    assert resolver.getnameinfo(("10.96.20.1", 80)) == (f"payments.shop.{D}", "http")
    assert resolver.getnameinfo(("10.244.1.7", 9042), socket.NI_NUMERICSERV) == (
        f"cassandra-0.cassandra.data.{D}",
        "9042",
    )
    assert resolver.getnameinfo(("10.96.9.9", 53), socket.NI_DGRAM) == ("10.96.9.9", "domain")


@pytest.mark.parametrize(
    ("sockaddr", "flags", "expected"),
    [
        (("10.96.20.1", 80), socket.NI_NUMERICHOST, ("10.96.20.1", "http")),
        (("127.0.0.1", 80), 0, ("localhost", "http")),
        (("::1", 443, 0, 0), 0, ("localhost", "https")),
        (("10.244.0.7", 80), 0, ("web-0", "http")),
        (("fd00:0::7", 80, 0, 0), 0, ("web-0", "http")),
    ],
)
def test_what_the_machine_knows_of_an_address_is_not_asked(resolver_of, ipv4, libc, sockaddr, flags, expected):
    resolver = resolver_of(ipv4, config=attrs.evolve(ipv4.config("shop"), hosts=HOSTS))
    assert resolver.getnameinfo(sockaddr, flags) == expected
    assert asked(ipv4) == []


@pytest.mark.parametrize(
    ("sockaddr", "flags", "kind", "code"),
    [
        (("10.96.9.9", 80), socket.NI_NAMEREQD, NoSuchName, socket.EAI_NONAME),
        (("payments", 80), 0, InvalidName, socket.EAI_NONAME),
        (("10.96.20.1", 80), 1 << 20, InvalidHints, socket.EAI_BADFLAGS),
    ],
)
def test_addresses_without_a_name(resolver_of, ipv4, libc, sockaddr, flags, kind, code):
    with pytest.raises(kind) as caught:
        resolver_of(ipv4).getnameinfo(sockaddr, flags)
    assert caught.value.errno == code


def test_a_name_that_is_not_known_for_now_is_a_failure_on_glibc_alone(resolver_of, ipv4, libc):
    ipv4.network.rcode("SERVFAIL")
    resolver = resolver_of(ipv4)
    if libc == "musl":
        assert resolver.getnameinfo(("10.96.20.1", 80)) == ("10.96.20.1", "http")
        return
    with pytest.raises(ServerFailure):
        resolver.getnameinfo(("10.96.20.1", 80))


@pytest.mark.parametrize("sockaddr", [("10.96.20.1",), None, ("10.96.20.1", 80, 0, 0)])
def test_f12_what_is_no_socket_address_is_told_as_python_tells_it_by_a_typed_error(resolver_of, ipv4, sockaddr):
    with pytest.raises((TypeError, OSError)) as real:
        socket.getnameinfo(sockaddr, 0)
    with pytest.raises(InvalidName) as caught:
        resolver_of(ipv4).getnameinfo(sockaddr)
    assert str(caught.value).endswith(f": no socket address: {real.value}")


@pytest.mark.parametrize(
    ("hint", "code"),
    [
        ("family", socket.EAI_FAMILY),
        ("type", socket.EAI_SOCKTYPE),
        ("proto", socket.EAI_SOCKTYPE),
        ("flags", socket.EAI_BADFLAGS),
        ("port", socket.EAI_SERVICE),
    ],
)
@pytest.mark.parametrize("value", [10**400, -(10**400), 10**5000], ids=["large", "negative", "endless"])
def test_f12_numbers_that_no_c_library_takes(resolver_of, ipv4, libc, hint, code, value):
    with pytest.raises(InvalidHints, match="is too large a number") as caught:
        resolver_of(ipv4).getaddrinfo("payments", **{"port": 80, hint: value})
    assert caught.value.errno == code
    with pytest.raises(InvalidHints, match="is too large a number"):
        resolver_of(ipv4).getnameinfo(("10.96.20.1", 80), value)
    assert asked(ipv4) == []


def test_f12_a_port_of_thousands_of_digits_is_the_greatest_as_strtoul_has_it(resolver_of, ipv4, libc):
    for port in ("1" * 5000, "0" * 5000 + "80"):
        try:
            assert resolver_of(ipv4).getaddrinfo("10.0.0.1", port, type=1)[0][4][1] == 80
        except InvalidHints:
            assert port[0] == "1"


def test_under_a_patch_of_the_same_cluster_it_asks_its_own_way():
    cluster = ipv4_cluster()
    with cluster.patch(namespace="shop"), cluster.resolver(namespace="data") as resolver:
        assert resolver.getnameinfo(("10.96.20.1", 80)) == (f"payments.shop.{D}", "http")
        assert addresses(resolver.getaddrinfo("cassandra", 80, type=1)) == ["10.244.2.7", "10.244.1.7"]
