"""What policies are made of: which candidates a packet can carry, and how outcomes are reported."""

from typing import get_args

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from k8sresolve._core.search.rules import NEGATIVE, TEMPORARY, as_typed, failure_of, join, joined, without
from k8sresolve._core.wire.names import Unsendable, name_octets
from k8sresolve.records import Outcome

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
