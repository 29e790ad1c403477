"""glibc's own ways of searching; what it did with 899 names is in `tests/golden/test_search`."""

import pytest

from k8sresolve._core.questions import AAAA, A, Failed, NxDomain
from k8sresolve.config import ResolverConfig
from tests.core.search.driving import GLIBC, NO, NONE, POD, REFUSED, SERVFAIL, SHOP, TIMEOUT, V4, V6, asked, drive


def test_glibc_leaves_nothing_out():
    assert asked("payments", POD, GLIBC) == [f"payments.{entry}." for entry in SHOP] + ["payments."]


def test_nxdomain_at_the_end_of_a_cname_is_a_plain_nxdomain_for_glibc():
    """res_query() looks at ANCOUNT only where the rcode is NOERROR."""
    gone = NxDomain(0.0, chain=("gone.test.",))
    config = ResolverConfig(search=("a.test",), ndots=5)
    assert drive("x", config, GLIBC, answers={"x.a.test.": gone, "x.": V4})[0].found.candidate.name == "x."


def test_glibc_keeps_the_result_of_a_first_try_as_typed():
    config = ResolverConfig(search=("a.test",), ndots=1)
    for first, failure in ((NO, "nxdomain"), (NONE, "nodata"), (SERVFAIL, "temporary")):
        assert drive("x.y", config, GLIBC, (AAAA,), {"x.y.": first, "x.y.a.test.": NONE})[0].failure == failure


def test_glibc_forgets_a_remembered_failure_for_a_alone():
    config = ResolverConfig(search=("a.test",), ndots=5)
    answers = {"x.a.test.": SERVFAIL}
    assert [drive("x", config, GLIBC, t, answers)[0].failure for t in ((A,), (AAAA,), (A, AAAA))] == [
        "nxdomain",
        "temporary",
        "temporary",
    ]


def test_glibc_stops_at_once_where_nobody_can_be_reached():
    config = ResolverConfig(search=("a.test", "b.test"), ndots=5)
    end, batches = drive("x", config, GLIBC, answers={"x.a.test.": Failed("network")})
    assert (end.failure, batches) == ("temporary", [["x.a.test."]])


def test_no_tld_query_spares_a_name_without_dots():
    config = ResolverConfig(search=("a.test",), ndots=5, flags=frozenset({"no-tld-query"}))
    assert asked("x", config, GLIBC) == ["x.a.test."]
    assert asked("x.y", config, GLIBC) == ["x.y.a.test.", "x.y."]


@pytest.mark.parametrize(
    ("pair", "names"),
    [
        ((SERVFAIL, TIMEOUT), ["x.a.test.", "x.b.test.", "x."]),
        ((TIMEOUT, SERVFAIL), ["x.a.test.", "x.b.test.", "x."]),
        ((TIMEOUT, REFUSED), ["x.a.test.", "x."]),
        ((REFUSED, TIMEOUT), ["x.a.test.", "x."]),
        ((TIMEOUT, V6), ["x.a.test.", "x."]),
        ((V4, TIMEOUT), ["x.a.test."]),
    ],
)
def test_glibc_takes_an_rcode_for_the_pair_where_the_other_reply_is_lost(pair, names):
    config = ResolverConfig(search=("a.test", "b.test"), ndots=5)
    _, batches = drive("x", config, GLIBC, (A, AAAA), {"x.a.test.": pair})
    assert [name for batch in batches for name in batch] == names
