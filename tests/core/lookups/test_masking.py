"""Temporary failures that look like "no such name" are pointed out."""

from ipaddress import IPv4Address

import pytest

from k8sresolve._core.lookups.masking import remark
from k8sresolve._core.questions import AAAA, A, Empty, Failed, Found, NxDomain
from k8sresolve._core.search.walk import Search, policy
from k8sresolve.config import ResolverConfig

POD = ResolverConfig.for_cluster("10.96.0.10", namespace="shop")
CANDIDATE = "x.shop.svc.cluster.local."
BOTH = (A, AAAA)


def told(row, answers, name="x", config=POD):
    end, _ = Search(config, policy(row)).rehearse(name, BOTH, lambda q: answers.get(q.name) or NxDomain(0.0))
    return remark(name, config, policy(row), BOTH, end)


@pytest.mark.parametrize(
    ("row", "reason", "text"),
    [
        ("glibc", "timeout", f"{CANDIDATE} failed for now (timeout), and glibc reports 'no such name' all the same"),
        ("glibc", "refused", f"{CANDIDATE} failed for now (refused), and glibc reports 'no such name' all the same"),
        ("go", "servfail", f"{CANDIDATE} failed for now (servfail), and go reports 'no such name' all the same"),
        ("kubernetes", "timeout", "programs on glibc and go may be told 'no such name' here"),
        ("kubernetes", "servfail", "programs on go may be told 'no such name' here"),
        ("musl", "timeout", "programs on glibc and go may be told 'no such name' here"),
    ],
)
def test_a_failure_that_somebody_would_hide_is_told(row, reason, text):
    assert told(row, {CANDIDATE: Failed(reason)}).startswith(text)


def test_what_is_said_instead_is_told_whole_and_by_its_kind():
    said = "failed for now (timeout), and glibc reports {!r} all the same: this may pass"
    assert told("glibc", {CANDIDATE: Failed("timeout")}) == f"{CANDIDATE} {said.format('no such name')}"
    # glibc's __res_context_search says NO_DATA if the list had any, whatever came after it.
    second = "x.svc.cluster.local."
    answers = {CANDIDATE: Empty(5.0), second: Failed("timeout")}
    assert told("glibc", answers) == f"{second} {said.format('no address')}"
    assert told("kubernetes", {CANDIDATE: Failed("timeout")}) == (
        "programs on glibc and go may be told 'no such name' here, though it is a temporary failure"
    )


@pytest.mark.parametrize("row", ["kubernetes", "glibc", "musl", "go"])
def test_nothing_is_told_of_what_everybody_reports_as_it_is(row):
    found = Found((IPv4Address("10.96.20.1"),), 30, 30.0)
    assert told(row, {}) == ""
    assert told(row, {CANDIDATE: found}) == ""
    absolute = "x.shop.svc.cluster.local."
    assert told(row, {CANDIDATE: Failed("timeout")}, absolute) == ""


@pytest.mark.parametrize("row", ["kubernetes", "glibc", "musl", "go"])
def test_where_no_nameserver_can_be_reached_nobody_says_no_such_name(row):
    end, _ = Search(POD, policy(row)).rehearse("x", BOTH, lambda _: Failed("network"))
    assert remark("x", POD, policy(row), BOTH, end) == ""


def test_a_failure_before_an_address_hides_nothing():
    found = Found((IPv4Address("10.96.20.1"),), 30, 30.0)
    assert told("glibc", {CANDIDATE: Failed("timeout"), "x.": found}) == ""
