"""What questions are about: types and names."""

from ipaddress import IPv4Address
from typing import get_args

import dns.rdatatype
import pytest

from k8sresolve._core import questions
from k8sresolve._core.questions import (
    AAAA,
    TYPE_NAMES,
    A,
    Empty,
    Exchange,
    Failed,
    Found,
    NxDomain,
    Outcome,
    Question,
    Round,
    is_under,
    outcome_of,
    type_name,
)


@pytest.mark.parametrize("rdtype", TYPE_NAMES)
def test_types_have_their_names(rdtype):
    assert type_name(rdtype) == dns.rdatatype.to_text(rdtype)
    assert getattr(questions, type_name(rdtype)) == rdtype


def test_a_type_without_a_name_is_written_as_a_number():
    """RFC 3597, section 5"""
    assert type_name(65280) == "TYPE65280"


@pytest.mark.parametrize("domain", ["cluster.local", "cluster.local.", "Cluster.LOCAL", "CLUSTER.local."])
def test_a_name_is_under_its_domain_and_under_every_domain_that_holds_it(domain):
    assert is_under("cluster.local.", domain)
    assert is_under("Payments.Shop.svc.cluster.Local.", domain)
    assert not is_under("mycluster.local.", domain)
    assert not is_under("local.", domain)
    assert not is_under("cluster.local.example.", domain)
    assert not is_under(".", domain)


@pytest.mark.parametrize("domain", [None, ""])
def test_nothing_is_under_a_domain_that_is_not_known(domain):
    assert not is_under("cluster.local.", domain)
    assert not is_under(".", domain)


FOUND = Found((IPv4Address("10.96.20.1"),), 30, 30.0)


@pytest.mark.parametrize(
    ("result", "outcome"),
    [
        (FOUND, "found"),
        (Empty(5.0), "nodata"),
        (Empty(5.0, chain=("gone.test.",)), "dangling"),
        (NxDomain(5.0), "nxdomain"),
        (NxDomain(5.0, chain=("gone.test.",)), "nxdomain"),
        (Failed("servfail"), "servfail"),
        (Failed("closed"), "closed"),
        (None, "timeout"),  # it was not waited for
    ],
)
def test_a_result_in_one_word(result, outcome):
    assert outcome_of(result) == outcome


def test_a_round_waits_for_all_its_answers_and_nothing_less_is_usable_unless_it_says_so():
    asked = Round((Question("a.test.", A), Question("a.test.", AAAA)))
    missing = [(None, None), (FOUND, None), (None, FOUND)]
    assert [asked.enough(answers) for answers in missing] == [False] * 3
    assert asked.enough((FOUND, Empty(5.0))) is True
    assert [asked.usable(answers) for answers in [*missing, (FOUND, FOUND)]] == [False] * 4


@pytest.mark.parametrize(
    ("kind", "says"), [(Found, ((), 30, 30.0)), (Empty, (5.0,)), (NxDomain, (5.0,)), (Failed, ("servfail",))]
)
def test_results_that_say_the_same_are_equal_whatever_it_took_to_get_them(kind, says):
    taken = (Exchange("10.96.0.10", "udp", "NOERROR", 0.5),)
    plain, later = kind(*says), kind(*says, exchanges=taken, at=7.0)
    assert plain == later
    assert (plain.exchanges, plain.at, later.exchanges, later.at) == ((), 0.0, taken, 7.0)
    assert plain != kind(*says[:-1], "refused" if kind is Failed else 9.0)


def test_what_a_reply_does_not_tell_is_none_of_it():
    assert (FOUND.chain, dict(FOUND.glue), FOUND.truncated) == ((), {}, False)
    assert (Empty(5.0).limit, Empty(5.0).chain, NxDomain(5.0).chain, Failed("bad").detail) == (0.0, (), (), "")
    with pytest.raises(TypeError):
        Found((), 30, 30.0).glue["a.test."] = ()  # all share it


def test_the_words_for_what_a_candidate_came_to_are_these():
    """Programs compare them with `Candidate.outcome`, and logs and observers have them."""
    assert {*get_args(Outcome)} == {
        *("found", "nodata", "dangling", "nxdomain", "malformed", "overtaken"),
        *("timeout", "servfail", "refused", "notimp", "formerr", "network", "bad", "unsendable", "closed", "internal"),
    }


def test_types_have_the_numbers_of_their_rfcs():
    """RFC 1035, sections 3.2.2 and 3.2.3, and, in this order: RFC 3596, 2782, 3403, 4034, 6698, 9460, 8659."""
    numbers = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "MX": 15, "TXT": 16, "ANY": 255}
    numbers |= {"AAAA": 28, "SRV": 33, "NAPTR": 35, "DS": 43, "RRSIG": 46, "DNSKEY": 48, "TLSA": 52}
    numbers |= {"SVCB": 64, "HTTPS": 65, "CAA": 257}
    assert {name: number for number, name in TYPE_NAMES.items()} == numbers


def test_every_letter_of_a_domain_counts():
    assert is_under("a.X.test.", "x.test.")
    assert not is_under("a.test.", "X.test")
