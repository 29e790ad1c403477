"""What lookups take from their resolver: the families to ask for, and the pod's place in the cluster."""

from ipaddress import ip_address

import attrs
import pytest

from k8sresolve import ConfigError, Finding, InvalidName, ResolverConfig, ServiceName
from k8sresolve._core.lookups.setting import remarks
from k8sresolve._core.questions import AAAA, A
from tests.core.lookups.driving import BARE, POD, setting

V4, V6 = "10.244.0.7", "fd00::7"
NO_AAAA = attrs.evolve(POD, flags=["no-aaaa"])


@pytest.mark.parametrize(
    ("family", "own", "first", "rest"),
    [
        ("ipv4", (V4, V6), (A,), ()),
        ("ipv6", (V4,), (AAAA,), ()),
        ("both", (), (A, AAAA), ()),
        ("auto", (V4, V6), (A, AAAA), ()),
        ("auto", (V6,), (A, AAAA), ()),
        ("auto", (V4,), (A,), (AAAA,)),
        ("auto", (), (A,), (AAAA,)),
        # Every machine has these, whether it has IPv6 or not (RFC 4291, sections 2.5.3 and 2.5.6).
        ("auto", (V4, "::1", "fe80::7"), (A,), (AAAA,)),
        ("auto", ("::1", V6), (A, AAAA), ()),
    ],
)
def test_auto_asks_for_aaaa_at_first_where_the_machine_has_ipv6_and_else_when_there_is_no_data(
    family, own, first, rest
):
    what = setting(family=family, own=own)
    assert (what.rdtypes, what.rest) == (first, rest)


@pytest.mark.parametrize(("family", "first"), [("auto", (A,)), ("both", (A, AAAA)), ("ipv6", (AAAA,)), ("ipv4", (A,))])
@pytest.mark.parametrize("own", [(V4,), (V6,)])
def test_by_no_aaaa_only_who_insists_on_the_family_asks_for_aaaa(family, first, own):
    # resolv.conf(5), no-aaaa.
    what = setting(NO_AAAA, family=family, own=own)
    assert (what.rdtypes, what.rest) == (first, ())


@pytest.mark.parametrize(
    ("family", "taken", "wanted"),
    [
        ("auto", [V4, V6], "address"),
        ("both", [V4, V6], "address"),
        ("ipv4", [V4], "IPv4 address"),
        ("ipv6", [V6], "IPv6 address"),
    ],
)
def test_a_family_is_taken_or_is_not_and_is_called_by_its_name(family, taken, wanted):
    what = setting(family=family)
    assert [text for text in (V4, V6) if what.takes(ip_address(text))] == taken
    assert what.wanted == wanted


def test_the_hosts_are_those_of_the_configuration_by_name():
    assert setting(attrs.evolve(POD, hosts=[("DB", ["192.0.2.7"])])).hosts == {"db": ("192.0.2.7",)}


PAYMENTS = ServiceName("payments", "shop")


@pytest.mark.parametrize(
    "name", ["payments", "payments.shop", "payments.shop.svc", "payments.shop.svc.cluster.local.", PAYMENTS]
)
def test_a_services_name_is_completed_by_the_pods_place(name):
    assert setting().service_name(name) == PAYMENTS


def test_a_full_name_and_a_parsed_one_need_no_place():
    assert setting(BARE).service_name("payments.shop.svc.cluster.local") == PAYMENTS
    assert setting(BARE).service_name("payments.shop.svc.test") == ServiceName("payments", "shop", "test")
    other = ServiceName("payments", "shop", "corp.example")
    assert setting(BARE).service_name(other) is other


@pytest.mark.parametrize("name", ["payments", "payments.shop", "payments.shop.svc"])
def test_a_short_name_needs_the_cluster_domain(name):
    with pytest.raises(ConfigError) as raised:
        setting(BARE).service_name(name)
    assert raised.value.problem == (
        f"{name}: the cluster domain is not known: no entry NAMESPACE.svc.DOMAIN in the search list"
    )
    assert raised.value.advice == (
        "a pod with hostNetwork needs dnsPolicy: ClusterFirstWithHostNet; outside a pod give "
        "cluster_domain= or use ResolverConfig.for_cluster()"
    )


def test_a_label_alone_needs_the_namespace_too():
    what = setting(ResolverConfig(nameservers=["10.96.0.10"], cluster_domain="cluster.local"))
    assert what.service_name("payments.shop") == PAYMENTS
    with pytest.raises(ConfigError) as raised:
        what.service_name("payments")
    assert raised.value.problem == "payments: the namespace is not known"
    assert raised.value.advice == "write svc.ns, or give namespace="


@pytest.mark.parametrize("name", ["pay_ments!", "a.b.c", "-x", "payments."])
@pytest.mark.parametrize("config", [BARE, POD], ids=["no place", "pod"])
def test_what_is_no_services_name_is_told_first(name, config):
    with pytest.raises(InvalidName):
        setting(config).service_name(name)


def test_the_file_and_what_is_odd_about_it_as_a_whole_may_explain_why_the_domain_is_not_known():
    whole = Finding(severity="warning", problem="there is no such file", source="/etc/resolv.conf")
    config = attrs.evolve(
        BARE,
        source="/etc/resolv.conf",
        diagnostics=[whole, attrs.evolve(whole, problem="odd", line=1), attrs.evolve(whole, problem="empty")],
    )
    assert remarks(config) == "/etc/resolv.conf: there is no such file; /etc/resolv.conf: empty"
    assert remarks(POD) == ""
    with pytest.raises(ConfigError) as raised:
        setting(config).cluster_domain("payments")
    assert raised.value.problem == (
        "payments: the cluster domain is not known: no entry NAMESPACE.svc.DOMAIN in the search list of "
        "/etc/resolv.conf (/etc/resolv.conf: there is no such file; /etc/resolv.conf: empty)"
    )


def test_the_pods_place_is_told_and_a_namespace_given_goes_before_it():
    what = setting()
    assert (what.cluster_domain("x"), what.namespace("x")) == ("cluster.local", "shop")
    assert what.namespace("x", "Data") == "data"
    assert setting(BARE).namespace("x", "data") == "data"
    for given in ("a.b", ""):
        with pytest.raises(InvalidName):
            what.namespace("x", given)


class Text(str):
    """A str that is none of those that are kept."""

    __slots__ = ()


def test_the_name_of_a_service_is_read_once():
    what = setting()
    first = what.service_name("payments")
    assert what.service_name("payments") is first
    assert what.service_name(Text("payments")) == first
    assert what.service_name(Text("payments")) is not first
    assert what.service_name("payments.other") == ServiceName("payments", "other", "cluster.local")


def test_of_many_names_some_are_kept():
    what = setting()
    for number in range(1_000):
        assert what.service_name(f"payments-{number}").service == f"payments-{number}"
    assert what._read.cache_info().currsize == 256


@pytest.mark.parametrize("name", [["payments"], 5, None, b"payments", "-", ""])
def test_what_is_no_name_is_refused_each_time(name):
    what = setting()
    for _ in range(2):
        with pytest.raises(InvalidName):
            what.service_name(name)
