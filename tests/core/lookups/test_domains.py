"""Names below another domain than the cluster's: what is said of them, and what is not."""

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8sresolve import NoSuchName, Refused, ResolverConfig, ServerFailure
from k8sresolve._core.lookups.domains import domain_slip, other_domain

CONFIG = ResolverConfig.for_cluster("10.96.0.10", namespace="shop")
FULL = "payments.shop.svc.cluster.local"


def hint(domain, right="cluster.local"):
    return f"{domain!r} is not the cluster domain, which is configured as {right}: payments.shop.svc.{right}"


SLIPS = ["cluster", "local", "cluster.locl", "clster.local", "cluster.lcoal", "clusterlocal", "cluster.local.x"]


@pytest.mark.parametrize("domain", SLIPS)
def test_a_slip_says_which_domain_is_right(resolver_of, ipv4, domain):
    resolver = resolver_of(ipv4)
    for call in (
        *(resolver.service, resolver.addresses, resolver.ports, resolver.endpoints),
        lambda name: resolver.port(name, "http"),
        lambda name: resolver.lookup(name, "A"),
    ):
        with pytest.raises(NoSuchName) as caught:
            call(f"payments.shop.svc.{domain}")
        assert caught.value.advice == hint(domain)
    assert resolver.explain(f"payments.shop.svc.{domain}").advice == hint(domain)


def test_the_usual_domain_is_told_where_another_is_configured(resolver_of, ipv4):
    resolver = resolver_of(ipv4, cluster_domain="corp.example")
    with pytest.raises(NoSuchName) as caught:
        resolver.service("nowhere.shop.svc.cluster.local")
    assert caught.value.advice == hint("cluster.local", "corp.example").replace("payments", "nowhere")


def test_of_a_service_any_other_domain_is_told_and_of_a_host_none_that_may_be_meant(resolver_of, ipv4):
    resolver = resolver_of(ipv4)
    with pytest.raises(NoSuchName) as caught:
        resolver.service("payments.shop.svc.corp.example")
    assert caught.value.advice == hint("corp.example")
    with pytest.raises(NoSuchName) as caught:
        resolver.addresses("payments.shop.svc.corp.example")
    assert caught.value.advice == ""


@pytest.mark.parametrize(("rcode", "kind"), [("SERVFAIL", ServerFailure), ("REFUSED", Refused)])
def test_a_nameserver_that_serves_no_such_domain_is_not_to_blame(resolver_of, ipv4, rcode, kind):
    ipv4.network.rcode(rcode, "payments.shop.svc.local")
    for call in (resolver_of(ipv4).service, resolver_of(ipv4).addresses):
        with pytest.raises(kind) as caught:
            call("payments.shop.svc.local")
        assert caught.value.advice == hint("local")


@pytest.mark.parametrize(
    "name",
    [
        *("payments", "payments.shop", "payments.shop.svc", FULL, f"{FULL}.", FULL.upper(), "svc.local", "a.svc.local"),
        *("payments.shop.svc.clusterset.local", "api.team.svc.example.com", "a.b.pod.local", "www.example.com"),
    ],
)
def test_nothing_is_said_of_any_other_name(name):
    assert domain_slip(name, CONFIG) == ""


def test_nothing_is_said_where_the_cluster_domain_is_not_known():
    assert other_domain("payments.shop.svc.local", attrs.evolve(CONFIG, cluster_domain=None, search=())) == ""


LABELS = st.from_regex(r"[a-z]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
DOMAINS = st.lists(LABELS, min_size=1, max_size=4).map(".".join)


@given(LABELS, LABELS, DOMAINS, DOMAINS)
def test_what_is_told_is_the_name_below_the_cluster_domain(service, namespace, domain, right):
    config = ResolverConfig.for_cluster("10.96.0.10", namespace="shop", cluster_domain=right)
    told = other_domain(f"{service}.{namespace}.svc.{domain}", config)
    if domain in (right, "clusterset.local"):
        assert told == ""
    else:
        assert told.endswith(f" configured as {right}: {service}.{namespace}.svc.{right}")
