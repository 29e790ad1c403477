"""Answers that lead a lookup nowhere, or in circles: one address step for each target, and no question more."""

from ipaddress import IPv4Address

import pytest

from k8sresolve import NoData
from k8sresolve._core.lookups import services
from k8sresolve._core.questions import Empty, Found, SrvData
from tests.core.lookups.driving import drive, setting

HTTP = "_http._tcp.payments.shop.svc.cluster.local."
TARGET = "far.example.com."


def port(*records, answers=None):
    """`port("payments", "http")` where SRV has those records, without glue; returns it and the rounds of questions."""
    found = Found(tuple(SrvData(0, 1, *record) for record in records), 30, 130.0)
    return drive(services.port(setting(), "payments", "http"), {f"{HTTP} SRV": found, **(answers or {})})


def test_a_target_of_the_root_is_an_offer_of_nothing_and_no_name_to_look_up():
    """Threat 13; RFC 2782: "the service is decidedly not available at this domain"."""
    with pytest.raises(NoData, match="decidedly not offered"):
        port((0, "."))
    found, rounds = port((0, "."), (80, TARGET))
    assert rounds == [[f"{HTTP} SRV"], [f"{TARGET} A"]]
    assert [target.name for target in found.targets] == [TARGET]


@pytest.mark.parametrize("target", [HTTP, HTTP.upper()])
def test_a_target_that_is_its_own_owner_is_asked_for_once(target):
    """Threat 14"""
    found, rounds = port((80, target))
    assert [[question.lower() for question in questions] for questions in rounds] == [
        [f"{HTTP} SRV".lower()],
        [f"{HTTP} A".lower()],
    ]
    assert [target.addresses for target in found.targets] == [()]


def test_a_target_of_several_records_is_asked_for_once():
    """Threat 14: in any letter case (RFC 4343)."""
    address = IPv4Address("192.0.2.1")
    answers = {f"{TARGET} A": Found((address,), 30, 130.0)}
    found, rounds = port((80, TARGET), (81, TARGET), (82, TARGET.upper()), answers=answers)
    assert rounds == [[f"{HTTP} SRV"], [f"{TARGET} A"]]
    assert [(target.port, target.addresses) for target in found.targets] == [(n, (address,)) for n in (80, 81, 82)]


@pytest.mark.parametrize(
    "answer",
    [
        Found((IPv4Address("192.0.2.1"),), 30, 130.0, chain=("b.example.", HTTP)),
        Empty(130.0, chain=("b.example.", TARGET)),
    ],
    ids=["found", "dangling"],
)
def test_where_a_targets_own_aliases_lead_is_not_followed(answer):
    """Threat 14: the nameserver follows them; what it did not find is not there."""
    _, rounds = port((80, TARGET), answers={f"{TARGET} A": answer})
    assert rounds == [[f"{HTTP} SRV"], [f"{TARGET} A"]]
