"""Names under domains of `absolute` are asked as if a dot stood at their end, under every policy."""

from typing import get_args

import attrs
import pytest

from k8sresolve import ConfigError, Policy
from k8sresolve._core.questions import AAAA, SRV, A
from k8sresolve._core.search.absolute import advice, stated
from k8sresolve._core.search.walk import Search
from tests.core.search.driving import NODE, POD, POLICIES, SERVFAIL, V4, asked, drive

OUTSIDE = attrs.evolve(NODE, absolute=("amazonaws.com", "example.org"))
NAMES = ("amazonaws.com", "s3.amazonaws.com", "S3.EU.AmazonAWS.Com", "example.org", "_a._tcp.example.org")
OTHERS = ("com", "notamazonaws.com", "amazonaws.com.de", "s3", "payments.shop", "payments.shop.svc", "example.com")


@pytest.mark.parametrize("policy", get_args(Policy))
@pytest.mark.parametrize("rdtypes", [(A,), (A, AAAA), (SRV,)])
@pytest.mark.parametrize("ndots", [0, 1, 2, 5, 15])
def test_they_are_asked_for_as_with_a_dot_and_all_others_as_ever(policy, rdtypes, ndots):
    rules, config = POLICIES[policy], attrs.evolve(OUTSIDE, ndots=ndots)
    for name in NAMES:
        found = Search(config, rules).candidates(name, rdtypes)
        dotted = Search(config, rules).candidates(f"{name}.", rdtypes)
        assert [(c.name, c.asked) for c in found] == [(f"{name}.", True)] == [(c.name, c.asked) for c in dotted]
        assert Search(config, rules).candidates(f"{name}.") == Search(NODE, rules).candidates(f"{name}.")
    for name in OTHERS:
        usual = attrs.evolve(config, absolute=())
        assert Search(config, rules).candidates(name, rdtypes) == Search(usual, rules).candidates(name, rdtypes)


@pytest.mark.parametrize("policy", get_args(Policy))
def test_the_one_candidate_says_which_domain_made_it(policy):
    (candidate,) = Search(OUTSIDE, POLICIES[policy]).candidates("s3.amazonaws.com")
    assert candidate.rule == "as typed, names under amazonaws.com are absolute"


@pytest.mark.parametrize("policy", ["kubernetes", "go"])
def test_names_under_onion_are_for_no_nameserver_all_the_same(policy):  # S12
    (candidate,) = Search(attrs.evolve(POD, absolute=("onion",)), POLICIES[policy]).candidates("x.onion")
    assert not candidate.asked
    assert "RFC 7686" in candidate.rule


@pytest.mark.parametrize("policy", get_args(Policy))
@pytest.mark.parametrize("domain", ["local", "cluster.local", "svc.cluster.local", "shop.svc.cluster.local"])
def test_at_or_above_the_cluster_domain_short_names_stay_short_and_full_ones_are_one(policy, domain):
    config = attrs.evolve(POD, absolute=(domain,))
    for name in ("payments", "payments.shop", "payments.shop.svc"):
        assert asked(name, config, POLICIES[policy]) == asked(name, POD, POLICIES[policy])
    full = "payments.shop.svc.cluster.local"
    assert asked(full, config, POLICIES[policy]) == [f"{full}."]


def test_a_namespace_called_like_the_domain_is_not_asked():
    # What `example.com` means in namespace `com` is the host outside then, and nobody can stand in its way.
    config = attrs.evolve(POD, absolute=("com",))
    assert asked("example.com", config) == ["example.com."]
    end, batches = drive("example.com", config, answers={"example.com.svc.cluster.local.": V4, "example.com.": V4})
    assert (end.found.step.name, batches) == ("example.com.", [["example.com."]])


def test_the_cluster_itself_is_asked_as_its_policy_says():
    # A failure under the cluster domain is not passed over, with a dot or without.
    name = "payments.shop.svc.cluster.local"
    config = attrs.evolve(POD, absolute=("local",))
    end, _ = drive(name, config, answers={f"{name}.": SERVFAIL})
    assert (end.failure, end.tried[0].step.inside) == ("temporary", True)


@pytest.mark.parametrize(
    ("value", "domains"),
    [
        ("", ()),
        (" , ", ()),
        ("amazonaws.com", ("amazonaws.com",)),
        (" AmazonAWS.com. ,,\texample.org,", ("amazonaws.com", "example.org")),
    ],
)
def test_the_variable_lists_domains_between_commas(value, domains):
    assert stated(value) == domains


def test_the_variable_is_named_where_it_holds_no_domain():
    with pytest.raises(ConfigError, match=r"^K8SRESOLVE_ABSOLUTE in the environment: 'a b' is no domain; give it"):
        stated("example.org,a b")


@pytest.mark.parametrize(
    ("name", "domain"),
    [
        ("api.example.com", "example.com"),
        ("API.Example.com.", "example.com"),
        ("s3.eu-west-1.amazonaws.com", "eu-west-1.amazonaws.com"),
        ("example.com", "example.com"),
    ],
)
def test_the_line_to_add_has_the_domain_above_the_host_and_never_a_top_level_domain(name, domain):
    said = advice(name, POD)
    assert f"K8SRESOLVE_ABSOLUTE={domain}, " in said
    assert f'attrs.evolve(load_config(), absolute=["{domain}"])' in said
    assert asked(name.removesuffix("."), attrs.evolve(NODE, absolute=(domain,))) == [f"{name.removesuffix('.')}."]


def test_the_line_to_add_keeps_what_is_there():
    said = advice("api.example.com", OUTSIDE)
    assert "K8SRESOLVE_ABSOLUTE=amazonaws.com,example.org,example.com, " in said
    assert 'absolute=["amazonaws.com", "example.org", "example.com"]' in said


@pytest.mark.parametrize("name", ["payments", "x.$(reboot)", "a.b;reboot", "a\\.b.c\\.d"])
def test_there_is_none_for_one_label_nor_for_what_a_shell_would_run(name):
    assert advice(name, POD) == ""
