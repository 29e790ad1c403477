"""What policies are made of: which candidates a packet can carry, and how outcomes are reported."""

from typing import get_args

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from k8sresolve._core.search.rules import (
    NEGATIVE,
    TEMPORARY,
    Step,
    Tried,
    as_typed,
    as_typed_first,
    failure_of,
    join,
    joined,
    without,
)
from k8sresolve._core.wire.names import Unsendable, name_octets
from k8sresolve.config import ResolverConfig
from k8sresolve.errors import Outcome

LABEL = st.text("ab-_", min_size=1, max_size=64) | st.sampled_from(
    ["", "\\.", "\\065", "\\999", "\\", "\u00fc", "x" * 63]
)
NAME = st.lists(LABEL, min_size=1, max_size=6).map(".".join)


def sendable(name):
    try:
        name_octets(name)
    except Unsendable:
        return False
    return True


@given(NAME, NAME | st.sampled_from(["", ".", "a.test", "a.test."]))
@example("x.", "a.test")
@example("x" * 63, ".".join(["y" * 63] * 3 + ["z"]))
@example("x" * 60, ".".join(["y" * 63] * 3))
@example("x" * 61, ".".join(["y" * 63] * 3))
@example("x" * 62, ".".join(["y" * 63] * 3))
def test_a_candidate_is_asked_exactly_if_a_packet_can_carry_it(name, entry):
    step = joined(name, entry)
    assert step.name == join(name, entry)
    assert (step.unsent is None) == sendable(step.name)
    assert (step.kind == "asked") == (step.unsent is None) == ("cannot be sent" not in step.rule)
    typed = as_typed(name, "as typed")
    assert (typed.unsent is None) == sendable(typed.name)


def test_a_step_left_out_keeps_its_name_and_where_it_comes_from():
    step = without(joined("x", "a.test"), "why not")
    assert (step.name, step.rule, step.kind, step.listed) == (
        "x.a.test.",
        "search domain a.test: why not",
        "left out",
        True,
    )
    assert step.candidate.asked is False


@pytest.mark.parametrize("outcome", sorted({*get_args(Outcome)} - {"found", "overtaken"}))
def test_negative_outcomes_are_reported_as_such_and_temporary_ones_as_temporary(outcome):
    assert (failure_of(outcome) in ("nxdomain", "nodata")) == (outcome in NEGATIVE)
    assert (failure_of(outcome) == "temporary") == (outcome in TEMPORARY)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("x\\", "it ends in the middle of an escape"),
        ("x\\25", "it ends in the middle of an escape"),
        ("x\\256", "it ends in the middle of an escape"),  # no octet; the digits are no escape of one character either
        ("\u00fc", "it is not ASCII"),
        ("a..b", "it has an empty label"),
        (".a", "it has an empty label"),
        ("x" * 64, "it has a label of more than 63 characters"),
        (".".join(["x" * 63] * 3 + ["y" * 62]), "it has more than 253 characters"),  # 3 * 64 + 62 = 254
    ],
)
def test_a_name_that_no_packet_can_carry_says_why(name, why):
    step = as_typed(name, "as typed")
    assert (step.name, step.rule) == (f"{name}.", f"as typed: cannot be sent, {why}")
    assert (step.kind, step.unsent, step.listed, step.candidate.asked) == ("unsendable", "unsendable", False, False)


@pytest.mark.parametrize(
    "name", ["x" * 63, ".".join(["x" * 63] * 3 + ["y" * 61]), "\\255", "a\\.b", "\\" * 2, ".", "\\046" * 63]
)
def test_a_name_at_the_bounds_is_asked(name):
    """RFC 1035, section 2.3.4: labels of 63 octets, names of 255; an escape is one octet (section 5.1)."""
    step = as_typed(name, "as typed")
    assert (step.rule, step.kind, step.unsent, step.listed) == ("as typed", "asked", None, False)


@pytest.mark.parametrize(
    ("name", "entry", "absolute", "rule"),
    [
        ("x", "a.test", "x.a.test.", "search domain a.test"),
        ("x", "a.test.", "x.a.test.", "search domain a.test."),
        ("x", "", "x.", "search domain ."),
        ("x.y", "a\\.b", "x.y.a\\.b.", "search domain a\\.b"),
    ],
)
def test_a_name_joined_with_an_entry_says_which(name, entry, absolute, rule):
    step = joined(name, entry)
    assert step == (absolute, rule, "asked", True, False)
    assert (step.candidate.name, step.candidate.rule, step.candidate.asked) == (absolute, rule, True)
    assert Tried(step, (), "nxdomain").candidate == step.candidate


@pytest.mark.parametrize(
    ("name", "ndots", "why"),
    [
        ("x", 0, "as typed, dots 0, ndots 0"),
        ("x", 1, ""),
        ("x.y", 1, "as typed, dots 1, ndots 1"),
        ("x.y.z", 1, "as typed, dots 2, ndots 1"),
        ("a.b.c.d.e", 5, ""),
        ("a.b.c.d.e.f", 5, "as typed, dots 5, ndots 5"),
        ("x.", 5, "as typed, a dot at the end ends all searching"),
    ],
)
def test_a_name_of_ndots_dots_is_tried_as_typed_first(name, ndots, why):
    """resolv.conf(5), ndots."""
    assert as_typed_first(name, ResolverConfig(search=("a.test",), ndots=ndots)) == why


@pytest.mark.parametrize(
    ("failure", "outcomes"),
    [
        ("nxdomain", ["nxdomain"]),
        ("nodata", ["nodata", "dangling"]),
        ("temporary", ["servfail", "refused", "notimp", "timeout", "network", "closed"]),
        ("failed", ["formerr", "bad", "unsendable", "malformed", "internal", "found", "overtaken"]),
    ],
)
def test_how_each_outcome_is_reported(failure, outcomes):
    assert {failure_of(outcome) for outcome in outcomes} == {failure}


def test_a_step_is_left_out_or_stands_in_for_another():
    step = joined("x", "")
    assert without(step, "why") == ("x.", "search domain .: why", "left out", True, False)
    assert without(step, "why", "stand-in").kind == "stand-in"
    assert (without(step, "why").unsent, Step("x.", "as typed").kind) == (None, "asked")
    assert Step("x.", "as typed", "malformed").unsent == "malformed"
