"""Queries as octets."""

import pytest

from k8sresolve._core.questions import SRV, A, Question
from k8sresolve._core.wire.names import Unsendable
from k8sresolve._core.wire.query import OPT_OCTETS, encode_query


def test_a_query_has_id_0_one_question_recursion_desired_and_edns():
    assert encode_query(Question("web.shop.", A)) == bytes.fromhex(
        "0000 0100 0001 0000 0000 0001  03 776562 04 73686f70 00 0001 0001  00 0029 04d0 00000000 0000"
    )


def test_a_query_without_edns_has_no_additional_record():
    assert encode_query(Question("web.shop.", SRV), edns=None) == bytes.fromhex(
        "0000 0100 0001 0000 0000 0000  03 776562 04 73686f70 00 0021 0001"
    )


def test_edns_states_the_size():
    assert encode_query(Question(".", A), edns=4096).endswith(bytes.fromhex("00 0001 0001 00 0029 1000 00000000 0000"))


@pytest.mark.parametrize("text", ["a", "a..b.", "x" * 64 + ".", "\u00e9."])
def test_a_name_that_no_packet_can_carry_makes_no_query(text):
    with pytest.raises(Unsendable):
        encode_query(Question(text, A))


def test_edns_adds_eleven_octets():
    """RFC 6891, section 6.1.2: name 1, type 2, class 2, TTL 4, length 2."""
    question = Question("web.shop.", A)
    assert len(encode_query(question)) - len(encode_query(question, edns=None)) == OPT_OCTETS == 1 + 2 + 2 + 4 + 2
