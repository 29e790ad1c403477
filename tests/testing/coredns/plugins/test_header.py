import dns.flags
import pytest

from k8sresolve.errors import ManifestError
from tests.testing.coredns.world import KUBERNETES, WEB, ask, cluster


def flags(*rules, plugins=(KUBERNETES,)):
    made = cluster("header {\n" + "\n".join(rules) + "\n}", *plugins)
    return dns.flags.to_text(ask(made, WEB).flags)


@pytest.mark.parametrize(
    ("rules", "want"),
    [
        (["response set ra"], "QR AA RD RA"),
        (["response clear AA rd"], "QR"),
        (["query clear rd"], "QR AA"),
        (["query clear rd", "response set rd"], "QR AA RD"),
        (["query set aa"], "QR AA RD"),
    ],
)
def test_flags_are_set_and_cleared(rules, want):
    assert flags(*rules) == want


def test_what_no_plugin_says_is_left():
    assert flags("response set ra", plugins=()) == "QR RD"


def test_a_cache_keeps_ra_and_sets_aa():
    made = cluster("header {\n response set ra\n response clear aa rd\n}", KUBERNETES, "cache 30")
    assert [dns.flags.to_text(ask(made, WEB).flags) for _ in range(2)] == ["QR RA", "QR AA RD RA"]


@pytest.mark.parametrize("rule", ["response toggle ra", "response set ad", "response set", ""])
def test_rules_that_coredns_would_not_start_with(rule):
    with pytest.raises(ManifestError):
        flags(rule)


def test_header_alone_is_refused():
    with pytest.raises(ManifestError, match="needs a block"):
        cluster("header")
