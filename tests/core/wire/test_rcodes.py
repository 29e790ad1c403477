"""The table of rcodes is dnspython's, as far as it goes."""

from typing import get_args

import dns.rcode
import pytest

from k8sresolve._core.wire import rcodes


@pytest.mark.parametrize("rcode", rcodes.RCODE_NAMES)
def test_rcodes_have_their_names(rcode):
    assert rcodes.rcode_name(rcode) == dns.rcode.to_text(rcode)
    assert getattr(rcodes, rcodes.rcode_name(rcode)) == rcode


def test_the_type_of_rcodes_has_the_names_of_the_table():
    assert get_args(rcodes.Rcode) == (*rcodes.RCODE_NAMES.values(),)


def test_every_rcode_of_a_header_has_a_name_but_those_of_other_opcodes_and_the_unassigned():
    """RFC 8490 gives 11 to DSO, which is asked with an opcode of its own; 12 to 15 are free (RFC 6895)."""
    assert {*range(16)} - {*rcodes.RCODE_NAMES} == {*range(11, 16)}


@pytest.mark.parametrize(("rcode", "text"), [(11, "RCODE11"), (23, "RCODE23"), (4095, "RCODE4095")])
def test_others_are_written_as_numbers(rcode, text):
    assert rcodes.rcode_name(rcode) == text
