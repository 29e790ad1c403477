"""Queries as octets."""

import dns.message
import pytest

from k8sresolve._core.questions import SRV, A, Question
from k8sresolve._core.wire.names import Unsendable
from k8sresolve._core.wire.query import OPT_OCTETS, encode_query

LONGEST = ".".join(["y" * 61] + ["x" * 63] * 3) + "."  # 255 octets


def test_a_query_has_id_0_one_question_recursion_desired_and_edns():
    assert encode_query(Question("web.shop.", A)) == bytes.fromhex(
        "0000 0100 0001 0000 0000 0001  03 776562 04 73686f70 00 0001 0001  00 0029 04d0 00000000 0000"
    )


def test_a_query_without_edns_has_no_additional_record():
    assert encode_query(Question("web.shop.", SRV), None) == bytes.fromhex(
        "0000 0100 0001 0000 0000 0000  03 776562 04 73686f70 00 0021 0001"
    )


def test_edns_states_the_size():
    assert encode_query(Question(".", A), 4096).endswith(bytes.fromhex("00 0001 0001 00 0029 1000 00000000 0000"))


@pytest.mark.parametrize(
    "text",
    ["", "a", "a.b", "a..", "a..b.", ".a.", "x" * 64 + ".", "x" * 64 + ".a.", "\u00e9.", "a.\u00e9.", "\u00e9.a."],
)
def test_a_name_that_no_packet_can_carry_makes_no_query(text):
    with pytest.raises(Unsendable):
        encode_query(Question(text, A))


@pytest.mark.parametrize(
    "text", [".", "a.", "A.b.", r"a\.b.c.", r"a.b\.c.", r"\065.b.", r"a\\.b.", "x" * 63 + ".a.", LONGEST]
)
@pytest.mark.parametrize("edns", [None, 1232])
def test_a_query_is_what_dnspython_writes(text, edns):
    query = dns.message.make_query(text, "SRV", use_edns=-1 if edns is None else 0, payload=edns or 0)
    query.id = 0
    assert encode_query(Question(text, SRV), edns) == query.to_wire()


def test_a_name_of_255_octets_is_asked_and_one_of_256_is_not():
    """P3, also where letters are written as escapes"""
    assert len(encode_query(Question(LONGEST, A), None)) == 12 + 255 + 4
    for spelt in (rf"\121{LONGEST[1:]}", LONGEST.replace("x", r"\120", 1)):
        assert encode_query(Question(spelt, A)) == encode_query(Question(LONGEST, A))
    for longer in ("y" + LONGEST, r"\121" + LONGEST, "y" + LONGEST.replace("x", r"\120", 1)):
        with pytest.raises(Unsendable, match="256 octets"):
            encode_query(Question(longer, A))


def test_edns_adds_eleven_octets():
    """RFC 6891, section 6.1.2: name 1, type 2, class 2, TTL 4, length 2."""
    question = Question("web.shop.", A)
    assert len(encode_query(question)) - len(encode_query(question, None)) == OPT_OCTETS == 1 + 2 + 2 + 4 + 2
