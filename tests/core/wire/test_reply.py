"""What replies say: the rules hold for the hot codec and for the fallback alike.

Codes such as P3 and M14 name the behaviour of the threat model that a test pins.
"""

import itertools
import struct
from ipaddress import IPv4Address, IPv6Address

import pytest

from k8sresolve._core.questions import AAAA, CNAME, NS, PTR, SOA, SRV, TXT, A, Question, SrvData
from k8sresolve._core.wire.fallback import read_unusual_reply
from k8sresolve._core.wire.names import Malformed, name_octets
from k8sresolve._core.wire.query import encode_query
from k8sresolve._core.wire.rcodes import FORMERR, NOTIMP, NXDOMAIN, REFUSED, SERVFAIL
from k8sresolve._core.wire.reply import read_plain_reply, read_reply
from k8sresolve._core.wire.rules import BadAnswer, Reply
from tests.core.wire.messages import (
    AA,
    HTTP,
    QUESTION,
    RA,
    RRSIG,
    TC,
    WEB,
    WHOLE,
    a,
    cname,
    name,
    opt,
    record,
    reply,
    soa,
    srv,
)
from tests.effort import cpu_seconds

READERS = {"hot codec first": read_reply, "fallback alone": read_unusual_reply}


@pytest.fixture(params=READERS)
def read(request):
    """Each of the readers, as (reply, question) -> Reply: all rules hold for both."""

    def reader(message, question=None, **options):
        text, rdtype = question or QUESTION
        return READERS[request.param](message, encode_query(Question(text, rdtype), **options), rdtype)

    return reader


ONE = IPv4Address("10.0.0.1")


# -- plain replies ---------------------------------------------------------------------------------------------------


def test_an_address_is_found(read):
    assert read(reply(QUESTION, [a(WEB, "10.0.0.1", 17)], additional=[opt()])) == Reply(
        rcode=0,
        truncated=False,
        data=(ONE,),
        chain=(),
        ttl=17,
        glue={},
        soa_ttl=None,
        lame=False,
        answers=1,
        dropped=0,
        questioned=True,
    )


def test_an_ipv6_address_is_found(read):
    question = (WEB, AAAA)
    message = reply(question, [record(b"\xc0\x0c", AAAA, IPv6Address("fd00::1").packed)])
    assert read(message, question).data == (IPv6Address("fd00::1"),)


def test_the_order_of_the_wire_is_kept_and_duplicates_are_merged(read):
    """P13"""
    answer = [a(WEB, "10.0.0.2", 9), a(b"\xc0\x0c", "10.0.0.1", 5), a(WEB, "10.0.0.2", 7)]
    reading = read(reply(QUESTION, answer))
    assert reading.data == (IPv4Address("10.0.0.2"), ONE)
    assert reading.ttl == 5


def test_duplicates_of_names_differ_in_letter_case_only(read):
    """P13: one target in two spellings is one record; two numbers that are letters of either case are two."""
    answer = [srv(HTTP[0], "a.b.", 0x4161), srv(HTTP[0], "A.b.", 0x4161), srv(HTTP[0], "a.b.", 0x6161)]
    assert read(reply(HTTP, answer), HTTP).data == (SrvData(0, 10, 0x4161, "a.b."), SrvData(0, 10, 0x6161, "a.b."))


@pytest.mark.parametrize("ttl", [2**31, 2**32 - 1])
def test_an_absurd_ttl_is_0(read, ttl):
    """RFC 2181, section 8"""
    assert read(reply(QUESTION, [a(WEB, "10.0.0.1", ttl), a(WEB, "10.0.0.2", 30)])).ttl == 0
    assert read(reply(HTTP, [record(HTTP[0], SRV, bytes(6) + name("a."), ttl)]), HTTP).ttl == 0
    assert read(reply(QUESTION, authority=[soa(ttl=ttl)], rcode=NXDOMAIN)).soa_ttl == 0
    assert read(reply(QUESTION, authority=[soa(minimum=ttl)], rcode=NXDOMAIN)).soa_ttl == 0


def test_the_greatest_ttl_is_kept(read):
    assert read(reply(QUESTION, [a(WEB, "10.0.0.1", 2**31 - 1)])).ttl == 2**31 - 1


def test_compressed_names_are_read_through_several_pointers(read):
    """P1: the target `x.web.shop.svc.cluster.local.` by way of the question, the second by way of the first."""
    question = (WEB, CNAME)
    first = record(b"\xc0\x0c", CNAME, b"\x01x\xc0\x0c")
    assert read(reply(question, [first]), question).data == (f"x.{WEB}",)
    at = len(reply(question)) + 12
    glue = [record(b"\xc0\x0c", SRV, bytes(6) + b"\x01y" + struct.pack("!H", 0xC000 | at + 6))]
    question = (WEB, SRV)
    chained = [record(b"\xc0\x0c", SRV, bytes(6) + b"\x01x\xc0\x0c"), *glue]
    assert [data.target for data in read(reply(question, chained), question).data] == [f"x.{WEB}", f"y.x.{WEB}"]


def test_srv_with_a_compressed_target_and_glue(read):
    """P2, P14"""
    answer = [srv(b"\xc0\x0c", b"\x02p1\xc0\x17", 9042, 1, 5), srv(b"\xc0\x0c", b"\x02P2\xc0\x17", 9042, 1, 7)]
    target = len(reply(HTTP)) + 12 + 6
    additional = [
        a(struct.pack("!H", 0xC000 | target), "10.0.0.1"),
        a("p2." + WEB, "10.0.0.2"),
        a("P2." + WEB, "10.0.0.2"),
        record("p2." + WEB, AAAA, IPv6Address("fd00::2").packed),
        a("p3." + WEB, "10.0.0.3"),
        opt(),
    ]
    reading = read(reply(HTTP, answer, additional=additional), HTTP)
    assert reading.data == (SrvData(1, 5, 9042, f"p1.{WEB}"), SrvData(1, 7, 9042, f"P2.{WEB}"))
    assert reading.glue == {
        f"p1.{WEB}": (ONE,),
        f"p2.{WEB}": (IPv4Address("10.0.0.2"), IPv6Address("fd00::2")),
    }


def test_the_root_as_srv_target_is_kept_and_never_has_glue(read):
    """Threat 13; RFC 2782: a target of `.` says that the service is decidedly not available."""
    reading = read(reply(HTTP, [srv(HTTP[0], ".", 0, 0, 0)], additional=[a(b"\0", "10.0.0.1")]), HTTP)
    assert reading.data == (SrvData(0, 0, 0, "."),)
    assert reading.glue == {}


def test_glue_is_for_srv_only(read):
    assert read(reply(QUESTION, [a(WEB, "10.0.0.1")], additional=[a(WEB, "10.0.0.9")])).glue == {}


@pytest.mark.parametrize(("rdtype", "owner"), [(PTR, "1.0.0.10.in-addr.arpa."), (NS, "cluster.local."), (CNAME, WEB)])
def test_names_as_data_keep_their_case(read, rdtype, owner):
    question = (owner, rdtype)
    assert read(reply(question, [record(owner, rdtype, name("Web.shop."))]), question).data == ("Web.shop.",)


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        (b"\0", "."),  # P5
        (b"\x03a.b\x01c\0", r"a\.b.c."),  # P4
        (b"\x02A\\\0", r"A\\."),
        (b"\x03\x00 \xff\0", r"\000\032\255."),
        (b"\x08<script>\0", "<script>."),
        (b'\x07"();@$*\0', r"\"\(\)\;\@\$*."),
    ],
)
def test_names_are_shown_escaped_and_survive_the_way_back(read, octets, text):
    """P4, P5"""
    question = ("x.", NS)
    assert read(reply(question, [record("x.", NS, octets)]), question).data == (text,)
    assert name_octets(text) == octets


def test_a_chain_of_aliases_is_followed(read):
    answer = [cname(WEB, "A.example.", 60), cname("a.EXAMPLE.", "b.example.", 9), a("b.example.", "10.0.0.1", 20)]
    reading = read(reply(QUESTION, answer))
    assert (reading.chain, reading.data, reading.ttl) == (("A.example.", "b.example."), (ONE,), 9)


def test_an_alias_to_nothing_has_a_chain_and_no_data(read):
    reading = read(reply(QUESTION, [cname(WEB, "a.example.", 60)]))
    assert (reading.chain, reading.data, reading.ttl, reading.answers) == (("a.example.",), (), 60, 1)


def test_an_alias_to_a_name_that_does_not_exist_is_nxdomain_with_a_chain(read):
    reading = read(reply(QUESTION, [cname(WEB, "a.example.")], [soa("example.", 60, 40)], rcode=NXDOMAIN))
    assert (reading.rcode, reading.chain, reading.soa_ttl) == (NXDOMAIN, ("a.example.",), 40)


def test_the_soa_limits_a_negative_answer_by_the_lesser_of_ttl_and_minimum(read):
    """RFC 2308, section 5"""
    assert read(reply(QUESTION, authority=[soa(ttl=30, minimum=5)], rcode=NXDOMAIN)).soa_ttl == 5
    assert read(reply(QUESTION, authority=[soa(ttl=3, minimum=5)], additional=[opt()])).soa_ttl == 3
    assert read(reply(QUESTION, rcode=NXDOMAIN)).soa_ttl is None


def test_negative_answers_of_any_type_need_no_fallback():
    for rdtype in (TXT, 15, 257, 65280):
        query = encode_query(Question(WEB, rdtype))
        assert read_plain_reply(reply((WEB, rdtype), authority=[soa()]), query, rdtype).soa_ttl == 5


@pytest.mark.parametrize(
    ("lame", "flags", "authority"),
    [
        (True, 0, []),
        (True, 0, [record("cluster.local.", NS, name("ns.other."))]),
        (False, 0, [soa()]),
        (False, AA, []),
        (False, RA, []),
    ],
)
def test_lame_is_an_empty_answer_that_nobody_vouches_for(read, lame, flags, authority):
    """semantics of libc's res_send: such a nameserver is passed over."""
    assert read(reply(QUESTION, authority=authority, flags=flags, additional=[opt()])).lame is lame


def test_lame_needs_noerror_and_no_answer(read):
    assert not read(reply(QUESTION, flags=0, rcode=NXDOMAIN)).lame
    assert not read(reply(QUESTION, [a(WEB, "10.0.0.1")], flags=0)).lame


# -- records beside the answer ---------------------------------------------------------------------------------------


SIGNATURE = bytes(18) + name("x.") + b"signature"  # RFC 4034, section 3.1


@pytest.mark.parametrize(
    "beside",
    [
        record(WEB, RRSIG, SIGNATURE),  # P7
        record("other.", TXT, b"\x01x"),
        record(WEB, 65280, b"anything"),  # P6
        record(WEB, A, b"\1\2\3\4", rdclass=4),
        record(WEB, 65280, b"", rdclass=65280),
    ],
)
def test_unrelated_records_beside_the_answer_are_passed_over(read, beside):
    """P6, P7"""
    for answer in ([beside, a(WEB, "10.0.0.1", 40)], [a(WEB, "10.0.0.1", 40), beside]):
        reading = read(reply(QUESTION, answer, [beside], [beside, opt()]))
        assert (reading.data, reading.ttl, reading.answers) == ((ONE,), 40, 2)


@pytest.mark.parametrize("owner", ["other.", "shop.svc.cluster.local.", "x." + WEB])
def test_an_answer_for_another_name_only_is_bad(read, owner):
    """Not NODATA: the nameserver, or someone between, mixed something up."""
    for stranger in (a(owner, "10.0.0.1"), cname(owner, WEB), record(owner, TXT, b"\x01x")):
        with pytest.raises(BadAnswer):
            read(reply(QUESTION, [stranger]))


def test_records_of_another_name_beside_the_answer_are_ignored(read):
    reading = read(reply(QUESTION, [a("other.", "10.0.0.9", 1), a(WEB, "10.0.0.1", 40)]))
    assert (reading.data, reading.ttl) == ((ONE,), 40)


def test_an_answer_of_other_types_only_is_nodata(read):
    reading = read(reply(QUESTION, [record(WEB, RRSIG, SIGNATURE)]))
    assert (reading.rcode, reading.data, reading.answers, reading.lame) == (0, (), 1, False)


def test_aliases_in_any_order_are_followed(read):
    answer = [a("b.example.", "10.0.0.1"), cname("a.example.", "b.example."), cname(WEB, "a.example.")]
    reading = read(reply(QUESTION, answer))
    assert (reading.chain, reading.data) == (("a.example.", "b.example."), (ONE,))


def test_a_record_counts_before_an_alias_at_the_same_name(read):
    for answer in (
        [a(WEB, "10.0.0.1"), cname(WEB, "a.example.")],
        [cname(WEB, WEB), a(WEB, "10.0.0.1")],
        [cname(WEB, "a.example."), a(WEB, "10.0.0.1"), a("a.example.", "10.0.0.2")],
    ):
        reading = read(reply(QUESTION, answer))
        assert (reading.chain, reading.data) == ((), (ONE,))


def test_a_circle_of_aliases_is_bad(read):
    """Threat 12"""
    for answer in ([cname(WEB, WEB)], [cname(WEB, "a.example."), cname("a.example.", WEB.upper())]):
        with pytest.raises(BadAnswer, match="circle"):
            read(reply(QUESTION, answer))


def test_eight_aliases_are_followed_and_nine_are_bad(read):
    """Threat 12"""
    names = [WEB, *(f"a{number}.example." for number in range(9))]
    links = [cname(owner, target) for owner, target in itertools.pairwise(names)]
    reading = read(reply(QUESTION, [*links[:8], a(names[8], "10.0.0.1")]))
    assert (len(reading.chain), reading.data) == (8, (ONE,))
    with pytest.raises(BadAnswer, match="8 CNAMEs"):
        read(reply(QUESTION, [*links, a(names[9], "10.0.0.1")]))


def test_other_types_are_read_as_text(read):
    for rdtype, data, text in (
        (TXT, b"\x03a b\x01\xff", r'"a b" "\255"'),
        (15, b"\0\x0a" + name("Mail.example."), "10 Mail.example."),
        (65280, b"\1\2", r"\# 2 0102"),
    ):
        question = (WEB, rdtype)
        assert read(reply(question, [record(WEB, rdtype, data)]), question).data == (text,)


# -- names that become typed records ---------------------------------------------------------------------------------

NO_HOSTS = [
    b"\x08<script>\0",
    b"\x01a\x03b c\0",
    b"\x02-a\x01b\0",
    b"\x02a-\x01b\0",
    b"\x03127\0",
    b"\x01a\x02\xe2\x80\0",
    b"\x0210\x010\0",
]


@pytest.mark.parametrize("target", NO_HOSTS)
def test_srv_targets_that_no_host_can_have_are_dropped_and_counted(read, target):
    """Threat 24: Control characters and markup must not reach a caller that trusts a typed record."""
    reading = read(reply(HTTP, [srv(HTTP[0], target), srv(HTTP[0], "_ok-1.b.")]), HTTP)
    assert (reading.data, reading.dropped) == ((SrvData(0, 10, 80, "_ok-1.b."),), 1)
    with pytest.raises(BadAnswer):
        read(reply(HTTP, [srv(HTTP[0], target)]), HTTP)


@pytest.mark.parametrize("target", [*NO_HOSTS, b"\0"])
def test_reverse_names_that_no_host_can_have_are_dropped(read, target):
    """Threat 24"""
    question = ("1.0.0.10.in-addr.arpa.", PTR)
    answer = [record(question[0], PTR, target), record(question[0], PTR, name("ok.b."))]
    reading = read(reply(question, answer), question)
    assert (reading.data, reading.dropped) == (("ok.b.",), 1)


def test_ptr_data_elsewhere_may_have_any_octets(read):
    """DNS-SD (RFC 6763, section 4.1): instance names are free text."""
    question = ("_http._tcp.example.", PTR)
    reading = read(reply(question, [record(question[0], PTR, b"\x08The Room\xc0\x0c")]), question)
    assert (reading.data, reading.dropped) == ((r"The\032Room._http._tcp.example.",), 0)


def test_delegated_reverse_zones_have_names_with_a_slash(read):
    """RFC 2317, section 4"""
    question = ("1.2.0.192.in-addr.arpa.", PTR)
    inside = b"\x011\x040/25\xc0\x0e"
    at = len(reply(question)) + 12
    answer = [cname(b"\xc0\x0c", inside), record(struct.pack("!H", 0xC000 | at), PTR, name("web.example."))]
    reading = read(reply(question, answer), question)
    assert (reading.chain, reading.data) == ((r"1.0/25.2.0.192.in-addr.arpa.",), ("web.example.",))


def test_an_alias_that_no_host_can_have_is_not_shown_but_its_addresses_are(read):
    """Threat 24"""
    reading = read(reply(QUESTION, [cname(WEB, b"\x08<script>\0"), a(b"\x08<SCRIPT>\0", "10.0.0.1")]))
    assert (reading.chain, reading.data, reading.dropped) == ((), (ONE,), 1)


# -- rcodes, EDNS ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("low", "upper", "whole"), [(0, 1, 16), (7, 1, 23), (3, 0, 3), (0, 255, 4080)])
def test_the_upper_bits_of_the_rcode_come_from_the_opt_record(read, low, upper, whole):
    """P9; RFC 6891, section 6.1.3"""
    assert read(reply(QUESTION, rcode=low, additional=[opt(upper << 24, b"\xfd\xe9\0\x02ab")])).rcode == whole


@pytest.mark.parametrize(
    "sections",
    [
        {"additional": [opt(), opt()]},  # P8
        {"additional": [opt(owner=name("x."))]},
        {"answer": [opt()]},
        {"answer": [a(WEB, "10.0.0.1"), opt()]},
        {"authority": [opt()]},
    ],
)
def test_an_opt_record_that_cannot_be_is_malformed(read, sections):
    """P8"""
    with pytest.raises(Malformed):
        read(reply(QUESTION, **sections))


def test_the_answer_of_an_error_is_passed_over(read):
    reading = read(reply(QUESTION, [a("other.", "10.0.0.1")], additional=[opt()], rcode=SERVFAIL))
    assert (reading.rcode, reading.data, reading.ttl) == (SERVFAIL, (), None)


def test_an_answer_within_nxdomain_is_read_as_it_stands(read):
    """The engine rejects it."""
    reading = read(reply(QUESTION, [a(WEB, "10.0.0.1")], rcode=NXDOMAIN))
    assert (reading.rcode, reading.data) == (NXDOMAIN, (ONE,))


def test_a_query_without_edns_is_matched_as_well(read):
    assert read(reply(QUESTION, [a(WEB, "10.0.0.1")]), QUESTION, edns=None).data == (ONE,)


# -- what is no reply to the question --------------------------------------------------------------------------------


@pytest.mark.parametrize("length", range(12))
def test_short_datagrams_are_not_ours(read, length):
    """M1, M2"""
    assert read(WHOLE[:length]) is None


@pytest.mark.parametrize(
    "message",
    [
        WHOLE[:2] + b"\x05" + WHOLE[3:],  # M5: QR clear
        WHOLE[:2] + b"\xad" + WHOLE[3:],  # M6: opcode 5
        reply(("wex.shop.svc.cluster.local.", A), [a("wex.shop.svc.cluster.local.", "10.0.0.1")]),  # M7
        reply(("web.shop.svc.cluster.", A), [a(WEB, "10.0.0.1")]),
        reply((WEB, AAAA), [record(WEB, AAAA, bytes(16))]),  # M8
        WHOLE.replace(b"local\0\0\x01\0\x01", b"local\0\0\x01\0\x03", 1),  # M9: class CH
        reply((b"", A), [a(WEB, "10.0.0.1")], counts=(0, 1, 0, 0)),  # M10
        reply(QUESTION, [name(WEB) + b"\0\x01\0\x01"], counts=(2, 0, 0, 0)),  # M11
        bytes(range(200, 232)) * 3,  # M3
        reply((b"\xc0\x0c", A), [a(WEB, "10.0.0.1")]),
    ],
)
def test_replies_to_something_else_are_not_ours(read, message):
    assert read(message) is None


def test_types_are_no_letters(read):
    """A type whose octet is a letter does not match the type with the other case."""
    question = (WEB, 0x41)
    assert read(reply((WEB, 0x61)), question) is None


def test_letter_case_of_the_question_and_of_owners_is_ignored(read):
    """P12; RFC 4343"""
    upper = (WEB.upper(), A)
    assert read(reply(upper, [a(WEB.title(), "10.0.0.1")])).data == (ONE,)
    assert read(reply(upper, [a(b"\xc0\x0c", "10.0.0.1"), a(WEB, "10.0.0.2")])).answers == 2


@pytest.mark.parametrize("rcode", range(16))
def test_only_errors_come_without_a_question(read, rcode):
    """RFC 1035, section 4.1.1: a nameserver that cannot read a query cannot repeat its question."""
    message = struct.pack("!HHHHHH", 0, 0x8000 | rcode, 0, 0, 0, 0)
    reading = read(message)
    if rcode in (FORMERR, SERVFAIL, NOTIMP, REFUSED):
        assert (reading.rcode, reading.data, reading.lame, reading.questioned) == (rcode, (), False, False)
    else:
        assert reading is None


# -- damage ----------------------------------------------------------------------------------------------------------

DAMAGED = {
    "counts without records": reply(QUESTION, counts=(1, 1, 0, 0)),  # P10
    "counts larger than the body": reply(QUESTION, [a(WEB, "10.0.0.1")], counts=(1, 2, 0, 0)),
    "absurd counts": reply(QUESTION, counts=(1, 65535, 65535, 65535)),
    "authority missing": reply(QUESTION, [a(WEB, "10.0.0.1")], counts=(1, 1, 1, 0)),
    "additional missing": reply(QUESTION, [a(WEB, "10.0.0.1")], counts=(1, 1, 0, 1)),
    "question cut": WHOLE[:30],
    "address cut": WHOLE[:-1],
    "header of a record cut": WHOLE[:-8],
    "owner cut": reply(QUESTION, [name(WEB)[:-4]], counts=(1, 1, 0, 0)),
    "address too short": reply(QUESTION, [record(WEB, A, b"\1\2\3")]),
    "address too long": reply(QUESTION, [record(WEB, A, bytes(16))]),
    "pointer to itself": reply(
        QUESTION, [record(struct.pack("!H", 0xC000 | len(reply(QUESTION))), A, b"\1\2\3\4")]
    ),  # M14
    "pointer forward": reply(QUESTION, [record(b"\xc0\xff", A, b"\1\2\3\4")]),
    "label type 01": reply(QUESTION, [record(b"\x40" + b"x" * 64 + b"\0", A, b"\1\2\3\4")]),
    "alias longer than its name": reply(QUESTION, [cname(WEB, name("a.") + b"\0")]),
    "alias cut": reply(QUESTION, [cname(WEB, b"\x05abc")]),
    "SOA too short": reply(QUESTION, authority=[record("local.", SOA, bytes(21))]),
    "SOA cut": reply(QUESTION, authority=[soa()])[:-1],
    "OPT cut": reply(QUESTION, [a(WEB, "10.0.0.1")], additional=[opt(data=b"\0\x0a\0\x02ab")])[:-1],
}


@pytest.mark.parametrize("message", DAMAGED.values(), ids=DAMAGED)
def test_damage_is_malformed_and_never_another_exception(read, message):
    """P10, M14, threats 7 and 9"""
    if message is DAMAGED["question cut"]:
        assert read(message) is None
        return
    with pytest.raises(Malformed):
        read(message)


LONG = b"".join(b"\x3f" + bytes([letter]) * 63 for letter in b"abcd") + b"\0"  # 257 octets

DAMAGED_BESIDE = {
    "signature": record(WEB, RRSIG, b"anything"),
    "text": record(WEB, TXT, b"\x05abc"),
    "address": record("other.", AAAA, bytes(15)),
    "address of another class": record("other.", A, b"\1\2\3", rdclass=3),
    "owner too long": record(LONG, A, b"\1\2\3\4"),
    "owner points forward": record(b"\xff\xff", A, b"\1\2\3\4"),
    "owner of unknown type": record(b"\x80\0", A, b"\1\2\3\4"),
    "nameserver": record("shop.", NS, b"\x03ns"),
    "nameserver with more behind": record("shop.", NS, name("ns.") + b"x"),
    "alias": record("other.", CNAME, b"\xff\xff"),
    "SOA, its names": record("local.", SOA, b"\x80\0" + bytes(20)),
    "SOA, more behind its numbers": record("local.", SOA, b"\0\0" + bytes(21)),
    "SOA, a second one": soa() + record("local.", SOA, b"\0\0" + bytes(19)),
}


@pytest.mark.parametrize("section", ["answer", "authority", "additional"])
@pytest.mark.parametrize("beside", DAMAGED_BESIDE.values(), ids=DAMAGED_BESIDE)
@pytest.mark.parametrize("question", [QUESTION, HTTP], ids=["A", "SRV"])
def test_damage_in_what_is_passed_over_is_damage(read, beside, section, question):
    """F20: a reply in which any octet went wrong is no better for the part that can be read."""
    count = 2 if beside is DAMAGED_BESIDE["SOA, a second one"] else 1
    good = a(WEB, "10.0.0.1") if question == QUESTION else srv(HTTP[0], "a.b.")
    sections = {"answer": [good], "authority": [], "additional": []}
    assert read(reply(question, **sections), question).data
    sections[section].append(beside)
    counts = (1, *(len(records) + (count - 1) * (part == section) for part, records in sections.items()))
    with pytest.raises(Malformed):
        read(reply(question, **sections, counts=counts), question)


@pytest.mark.parametrize(
    "options",
    [
        b"\0",  # RFC 6891, section 6.1.2: code and length are four octets
        b"\0\x0a\0\x09ab",
        b"\0\x0f\0\x01a",  # RFC 8914, section 2: two octets of code at least
        b"\0\x0a\0\x03abc",  # RFC 7873, section 4: a client's cookie has eight octets
        b"\0\x08\0\x04\0\3\0\0",  # RFC 7871, section 6: families are IPv4 and IPv6
    ],
)
@pytest.mark.parametrize("question", [QUESTION, HTTP], ids=["A", "SRV"])
def test_a_damaged_edns_option_is_damage(read, options, question):
    """F20"""
    good = a(WEB, "10.0.0.1") if question == QUESTION else srv(HTTP[0], "a.b.")
    with pytest.raises(Malformed):
        read(reply(question, [good], additional=[opt(data=options)]), question)


@pytest.mark.parametrize("rcode", [SERVFAIL, REFUSED])
def test_damage_in_the_answer_of_an_error_is_damage(read, rcode):
    """F20"""
    with pytest.raises(Malformed):
        read(reply(QUESTION, [record(WEB, A, b"\1\2\3")], rcode=rcode))


def test_a_pointer_ends_before_what_led_to_it(read):
    """F20: the last octet of an address and the owner's own first octet are no pointer (here to a zero)."""
    before = [a(b"\xc0\x0c", f"10.0.0.{last}") for last in range(192 - 9, 193)]
    at = len(reply(QUESTION, before))
    message = reply(QUESTION, before, [record(struct.pack("!H", 0xC000 | at - 1), NS, name("ns."))])
    assert (message[at - 1 : at + 1], message[192]) == (b"\xc0\xc0", 0)
    with pytest.raises(Malformed):
        read(message)


@pytest.mark.parametrize("first", [True, False])
def test_no_shortcut_leads_over_seventeen_pointers(read, first):
    """F20: sixteen lead from the data of the last alias to its end; an owner that points there is one more.

    The pointers lie in the TTLs, two in each, since nothing else that is read has room for so many.
    """
    message = reply(QUESTION)
    answer, owner, end = [], b"\xc0\x0c", 12
    for number in range(8):
        at = len(message) + sum(map(len, answer)) + len(owner) + 4
        steps = struct.pack("!HH", 0xC000 | end, 0xC000 | at)
        end = at if number == 7 else at + 2
        data = bytes([1, 97 + number]) + struct.pack("!H", 0xC000 | end)
        answer.append(owner + struct.pack("!HH", CNAME, 1) + steps + struct.pack("!H", len(data)) + data)
        owner = bytes([1, 97 + number]) + name(WEB)
    data_at = len(message) + sum(map(len, answer)) - 4
    answer.append(a(owner if first else struct.pack("!H", 0xC000 | data_at), "10.0.0.1"))
    if first:
        assert read(reply(QUESTION, answer)).chain[-1] == f"h.{WEB}"
    else:
        with pytest.raises(Malformed):
            read(reply(QUESTION, answer))


@pytest.mark.parametrize(
    "answer",
    [
        [srv(HTTP[0], b"")],
        [record(HTTP[0], SRV, bytes(5))],
        [srv(HTTP[0], b"\x05abc")],
        [srv(HTTP[0], name("a.") + b"x")],
        [srv(HTTP[0], b"\x01a\xc0\xff")],
    ],
)
def test_damaged_srv_records_are_malformed(read, answer):
    with pytest.raises(Malformed):
        read(reply(HTTP, answer, additional=[a("p.", "10.0.0.1")]), HTTP)


def test_damaged_glue_is_malformed(read):
    for glue in (record("a.b.", A, b"\1\2\3"), record("a.b.", AAAA, b"\1\2\3\4"), a("a.b.", "10.0.0.1")[:-1]):
        with pytest.raises(Malformed):
            read(reply(HTTP, [srv(HTTP[0], "a.b.")], additional=[glue]), HTTP)


def test_names_of_more_than_255_octets_are_malformed_also_through_pointers(read):
    """P3: 63 * 3 + lengths + the question's 192 octets."""
    question = (".".join(["q" * 63] * 3) + ".", CNAME)
    fits, exceeds = b"\x3d" + b"x" * 61, b"\x3e" + b"x" * 62
    target = ".".join(["x" * 61] + ["q" * 63] * 3) + "."
    assert read(reply(question, [cname(b"\xc0\x0c", fits + b"\xc0\x0c")]), question).data == (target,)
    for octets in (exceeds + b"\xc0\x0c", exceeds + name(question[0])):
        with pytest.raises(Malformed):
            read(reply(question, [cname(b"\xc0\x0c", octets)]), question)


@pytest.mark.parametrize("owner", [WEB, "."])
def test_pointers_lead_backward_even_where_a_name_stands_ahead(read, owner):
    """Threat 7, M14"""
    question = (owner, A)
    ahead = struct.pack("!H", 0xC000 | len(reply(question)) + 16)
    with pytest.raises(Malformed):
        read(reply(question, [record(ahead, A, b"\1\2\3\4"), a(owner, "10.0.0.1")]), question)


def test_a_name_that_runs_into_itself_is_malformed(read):
    """Threat 7: the label covers the pointer that led there.

    The low octet of the data's length serves as its length.
    """
    question = (WEB, CNAME)
    length = len(reply(question)) + 2 + 9
    itself = record(b"\xc0\x0c", CNAME, b"\x01a" + struct.pack("!H", 0xC000 | length))
    with pytest.raises(Malformed):
        read(reply(question, [itself], additional=[opt()]), question)


@pytest.mark.parametrize("first", [61, 62])
def test_srv_targets_have_at_most_255_octets_too(read, first):
    """P3"""
    target = ".".join(["x" * first] + ["p" * 63] * 3) + "."
    message = reply(HTTP, [srv(HTTP[0], target)])
    if first == 61:
        assert read(message, HTTP).data[0].target == target
    else:
        with pytest.raises(Malformed):
            read(message, HTTP)


def test_an_soa_of_another_class_is_passed_over(read):
    other = record("local.", SOA, name("a.") + name("b.") + bytes(20), rdclass=4)
    assert read(reply(QUESTION, authority=[other, soa()], rcode=NXDOMAIN)).soa_ttl == 5


def test_octets_after_the_last_record_are_tolerated(read):
    """P11: as libc does."""
    assert read(WHOLE + b"junk").data == (ONE,)


@pytest.mark.parametrize("length", range(len(reply(QUESTION)), len(WHOLE)))
def test_a_truncated_reply_is_truncated_wherever_it_is_cut(read, length):
    message = WHOLE[:2] + bytes([WHOLE[2] | 2]) + WHOLE[3:]
    reading = read(message[:length])
    assert (reading.truncated, reading.rcode, reading.data) == (True, 0, ())
    assert read(message) == read(WHOLE)._replace(truncated=True)


def test_a_truncated_reply_is_never_a_bad_answer(read):
    """What would make sense of it may have been cut off."""
    assert read(reply(QUESTION, [a("b.example.", "10.0.0.1")], flags=AA | TC)).truncated


def test_truncation_of_something_else_is_not_ours(read):
    """M13's sibling: only a reply that matches may send us to TCP."""
    assert read(reply(("other.", A), flags=AA | TC)) is None


# -- size ------------------------------------------------------------------------------------------------------------


def test_no_more_than_4096_records_are_read_and_the_rest_is_said(read):
    """Threat 15"""
    tiny = record(b"\0", 65280, b"")
    whole = read(reply(QUESTION, [a(WEB, "10.0.0.1")] + [tiny] * 4095))
    assert (whole.data, whole.truncated) == ((ONE,), False)
    more = read(reply(QUESTION, [a(WEB, "10.0.0.1")] + [tiny] * 4095, additional=[tiny]))
    assert (more.data, more.truncated) == ((ONE,), True)
    with pytest.raises(BadAnswer):
        read(reply(QUESTION, [tiny] * 4096 + [a(WEB, "10.0.0.1")]))


def test_a_full_tcp_message_of_addresses_is_read_whole(read):
    """Threat 15, K10"""
    answer = [a(b"\xc0\x0c", str(IPv4Address(0x0A000000 + number))) for number in range(4090)]
    reading = read(reply(QUESTION, answer))
    assert (len(reading.data), reading.truncated) == (4090, False)


LABELS = b"\x01x" * 121 + b"\0"
START = len(reply(HTTP))
FIRST = record(b"\xc0\x0c", SRV, bytes(6) + LABELS)  # SRV with a target of 121 labels, from START + 18 on


def below(number):
    """A name of one label more than the long one, like no other."""
    return b"\x03%03x" % number + struct.pack("!H", 0xC000 | START + 18 + 4)


COSTLY = {
    "glue below a long name": ([FIRST], [], [record(below(n), A, bytes(4)) for n in range(3200)]),
    "glue of a long name": ([FIRST], [], [record(struct.pack("!H", 0xC000 | START + 18), A, bytes(4))] * 4000),
    "nameservers below a long name": ([FIRST], [record(below(n), NS, b"\0") for n in range(3600)], []),
    "nameservers with long names": ([FIRST], [record(below(n), NS, below(n)) for n in range(2900)], []),
    "targets with long names": ([FIRST, *(record(b"\xc0\x0c", SRV, bytes(6) + below(n)) for n in range(2600))], [], []),
    "empty strings": ([FIRST], [], [record(b"\xc0\x0c", TXT, bytes(60_000))]),
    "EDNS options": ([FIRST], [], [opt(data=b"\xfd\xe9\0\0" * 16_000)]),
    "short targets": ([record(b"\xc0\x0c", SRV, bytes(6) + b"\1%c\0" % (n % 26 + 97)) for n in range(3000)], [], []),
}  # fmt: skip


@pytest.mark.parametrize("sections", COSTLY.values(), ids=COSTLY)
def test_costly_replies_are_read_in_reasonable_time(read, sections):
    """Threat 8: the dearest of these takes the fallback 0.7 s, and dnspython's own walk over the sections 9 s."""
    message = reply(HTTP, *sections)
    assert 50_000 < len(message) < 1 << 16
    readings = []
    assert cpu_seconds(lambda: readings.append(read(message, HTTP))) < 7
    assert readings[0].data


@pytest.mark.parametrize("sections", list(COSTLY.values())[:4], ids=list(COSTLY)[:4])
def test_what_is_plain_costs_the_hot_codec_little_though_its_names_are_long(sections):
    """Threat 8: 25 to 60 ms."""
    message, query = reply(HTTP, *sections), encode_query(Question(*HTTP))
    assert cpu_seconds(lambda: read_plain_reply(message, query, SRV)) < 0.6


@pytest.mark.parametrize("section", [0, 1, 2])
def test_64_kib_of_names_that_enter_a_chain_of_8000_pointers_cost_little(read, section):
    """M14, M15: the guard is ten times the 5 ms that are asked."""
    sections = [[srv(b"\xc0\x0c", "a.b.")], [], []]
    at = len(reply(HTTP, *sections)) + 11
    chain = b"\xc0\x0c" + b"".join(struct.pack("!H", 0xC000 | at + 2 * number) for number in range(7999))
    entry = struct.pack("!H", 0xC000 | at + 2 * 7999)
    sections[section] += [record(b"\0", 65280, chain), *[record(entry, A, b"\1\2\3\4")] * 2900]
    message = reply(HTTP, *sections)

    def refuse():
        with pytest.raises(Malformed):
            read(message, HTTP)

    assert cpu_seconds(refuse) < 0.05


def test_64_kib_of_names_sixteen_pointers_away_cost_little(read):
    """M15: as many pointers as a name may have, in the data of addresses; the fallback needs 0.3 s."""
    answer = [srv(b"\xc0\x0c", "a.b.")]
    at = len(reply(HTTP, answer)) + 11
    places = [12, *(at + 15 * (number // 2) + 2 * (number % 2) for number in range(14))]
    pointers = [struct.pack("!H", 0xC000 | place) for place in places]
    chain = [record(b"\0", A, b"".join(pair)) for pair in zip(pointers[0:14:2], pointers[1:14:2], strict=True)]
    entries = [record(b"\3%03x" % number + pointers[-1], A, b"\1\2\3\4") for number in range(3200)]
    message = reply(HTTP, answer, [], [*chain, *entries])
    assert 64_000 < len(message) < 1 << 16
    readings = []
    assert cpu_seconds(lambda: readings.append(read(message, HTTP))) < 3
    assert readings[0].data


def test_counts_that_lie_allocate_nothing(read):
    """Threat 9: what is claimed is 196,605 records, of which there is none."""

    def refuse():
        for _ in range(100):
            with pytest.raises(Malformed):
                read(DAMAGED["absurd counts"])

    assert cpu_seconds(refuse) < 1


# -- the division of labour ------------------------------------------------------------------------------------------

PLAIN = {
    "one A": (QUESTION, [a(WEB, "10.0.0.1")]),
    "compressed": (QUESTION, [a(b"\xc0\x0c", "10.0.0.1")]),
    "alias": (QUESTION, [cname(WEB, "b.example."), a("b.example.", "10.0.0.1")]),
    "SRV": (HTTP, [srv(HTTP[0], "a.b."), srv(b"\xc0\x0c", "c.b.")]),
    "PTR": (("1.in-addr.arpa.", PTR), [record("1.in-addr.arpa.", PTR, name("a.b."))]),
    "NODATA": ((WEB, TXT), []),
}


@pytest.mark.parametrize(("question", "answer"), PLAIN.values(), ids=PLAIN)
def test_what_nameservers_usually_send_is_not_odd(question, answer):
    message = reply(question, answer, [] if answer else [soa()], [opt()])
    assert read_plain_reply(message, encode_query(Question(*question)), question[1]).answers == len(answer)


# -- what is said, and to the last bit -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "question", "said"),
    [
        ([cname(WEB, WEB)], QUESTION, "the CNAMEs lead in a circle"),
        ([cname(WEB, "0.test.")] + [cname(f"{n}.test.", f"{n + 1}.test.") for n in range(8)], QUESTION,
         "more than 8 CNAMEs follow each other"),
        ([a("b.example.", "10.0.0.1")], QUESTION, "the answer is about other names only"),
        ([srv(HTTP[0], "a b.")], HTTP, "no record has a name that a host can have"),
    ],
    ids=["circle", "long", "other", "hosts"],
)  # fmt: skip
def test_a_reply_that_cannot_be_right_says_why(read, answer, question, said):
    """The reason is what users read as the outcome of the exchange."""
    with pytest.raises(BadAnswer) as caught:
        read(reply(question, answer), question)
    assert str(caught.value) == said


def test_eight_aliases_are_followed(read):
    chain = [f"{n}.test." for n in range(8)]
    answer = [cname(owner, target) for owner, target in zip([WEB, *chain], chain, strict=False)]
    reading = read(reply(QUESTION, [*answer, a(chain[-1], "10.0.0.1")]))
    assert (reading.chain, reading.data) == (tuple(chain), (ONE,))


@pytest.mark.parametrize("rdtype", [PTR, NS, CNAME])
def test_names_as_data_are_merged_where_only_their_case_differs(read, rdtype):
    question = ("1.0.0.10.in-addr.arpa.", rdtype)
    answer = [record(question[0], rdtype, name(target)) for target in ("a.b.", "A.b.", "c.b.")]
    assert read(reply(question, answer), question).data == ("a.b.", "c.b.")


def test_srv_records_that_differ_in_one_number_are_several(read):
    """P14"""
    numbers = [(0, 10, 80), (1, 10, 80), (0, 11, 80), (0, 10, 81), (0, 10, 80)]
    answer = [srv(HTTP[0], "a.b.", port, priority, weight) for priority, weight, port in numbers]
    data = read(reply(HTTP, answer), HTTP).data
    assert data == tuple(SrvData(priority, weight, port, "a.b.") for priority, weight, port in numbers[:4])


@pytest.mark.parametrize("rcode", [FORMERR, SERVFAIL, NOTIMP, REFUSED])
def test_a_failure_without_the_question_is_a_failure_and_tells_the_counts_of_its_header(read, rcode):
    """RFC 1035 lets a nameserver that cannot read a query answer with the header alone."""
    for answers in (0, 3):
        message = reply(QUESTION, flags=0, rcode=rcode, counts=(0, answers, 5, 7))[:12]
        expected = Reply(rcode, False, (), (), None, {}, None, lame=False, answers=answers, questioned=False)
        assert read(message) == expected


@pytest.mark.parametrize("rcode", [FORMERR, SERVFAIL, NOTIMP, REFUSED])
def test_a_failure_with_the_question_says_that_it_carries_it(read, rcode):
    """F6: only what repeats the question was surely written by one that has read it."""
    assert read(reply(QUESTION, rcode=rcode)).questioned
    assert read(reply(QUESTION, rcode=rcode, flags=TC, counts=(1, 1, 0, 0))).questioned


def test_only_the_names_that_no_host_has_are_dropped(read):
    answer = [srv(HTTP[0], "a.b."), srv(HTTP[0], "a b."), srv(HTTP[0], "c.b."), srv(HTTP[0], "-.")]
    reading = read(reply(HTTP, answer), HTTP)
    assert ([data.target for data in reading.data], reading.dropped, reading.answers) == (["a.b.", "c.b."], 2, 4)
    assert Reply(0, False, (), (), None, {}, None, lame=False, answers=0).dropped == 0


def test_the_greatest_ttl_and_minimum_of_an_soa_are_kept(read):
    """RFC 2181, section 8: up to 2**31 - 1."""
    most = 2**31 - 1
    assert read(reply(QUESTION, authority=[soa(ttl=most, minimum=most)], rcode=NXDOMAIN)).soa_ttl == most


SIX = IPv6Address("fd00::1")


@pytest.mark.parametrize("owner", ["b.example.", "B.EXAMPLE."])
@pytest.mark.parametrize(
    ("rdtype", "address"), [(A, ONE), (AAAA, SIX)], ids=["A", "AAAA"]
)  # an address is 4 octets or 16 (RFC 1035, section 3.4.1; RFC 3596, section 2.2)
def test_addresses_behind_an_alias_are_as_long_as_they_are(read, rdtype, address, owner):
    question, octets = (WEB, rdtype), address.packed
    alias = cname(b"\xc0\x0c", "b.example.", 60)
    good = record(owner, rdtype, octets, 20)
    reading = read(reply(question, [alias, good]), question)
    assert (reading.data, reading.chain, reading.ttl) == ((address,), ("b.example.",), 20)
    for wrong in (octets[:-1], octets + b"\0"):
        with pytest.raises(Malformed):
            read(reply(question, [alias, record(owner, rdtype, wrong)]), question)


@pytest.mark.parametrize("rdtype", [A, AAAA])
def test_addresses_of_a_pointer_to_the_alias_target_are_found(read, rdtype):
    """As CoreDNS compresses them: the owner is a pointer into the record data of the CNAME."""
    question = (WEB, rdtype)
    address = ONE if rdtype == A else SIX
    target = struct.pack("!H", 0xC000 | len(reply(question)) + 12)
    answer = [cname(b"\xc0\x0c", "b.example."), record(target, rdtype, address.packed)]
    assert read(reply(question, answer), question).data == (address,)
    elsewhere = struct.pack("!H", 0xC000 | len(reply(question)) + 14)  # `example.`, one label less
    answer[1] = record(elsewhere, rdtype, address.packed)
    reading = read(reply(question, answer), question)
    assert (reading.data, reading.chain) == ((), ("b.example.",))


@pytest.mark.parametrize("size", [0, 3, 5, 15, 17])
def test_glue_is_as_long_as_an_address(read, size):
    for rdtype in (A, AAAA):
        message = reply(HTTP, [srv(HTTP[0], "b.example.")], additional=[record("b.example.", rdtype, bytes(size))])
        with pytest.raises(Malformed):
            read(message, HTTP)


def test_all_names_of_a_reverse_lookup_that_no_host_has_are_counted(read):
    question = ("1.0.0.10.in-addr.arpa.", PTR)
    answer = [record(question[0], PTR, name(target)) for target in ("a b.", "web.shop.", "-.", "1.2.")]
    reading = read(reply(question, answer), question)
    assert (reading.data, reading.dropped) == (("web.shop.",), 3)


def test_glue_goes_by_the_whole_pointer(read):
    """Two targets 256 octets apart, which only the upper bits of a pointer tell from each other."""
    first = srv(b"\xc0\x0c", "a.example.")
    filler = record(b"\xc0\x0c", TXT, bytes([255 - len(first) - 12]).ljust(256 - len(first) - 12, b"x"))
    answer = [first, filler, srv(b"\xc0\x0c", "b.example.")]
    at = len(reply(HTTP)) + 12 + 6
    pointers = [struct.pack("!H", 0xC000 | at + distance) for distance in (0, 256)]
    message = reply(HTTP, answer, additional=[a(pointers[0], "10.0.0.1"), a(pointers[1], "10.0.0.2")])
    assert message[at : at + 11] == name("a.example.")
    assert message[at + 256 : at + 267] == name("b.example.")
    assert read(message, HTTP).glue == {"a.example.": (ONE,), "b.example.": (IPv4Address("10.0.0.2"),)}


def pointing(head, at):
    """A name of some labels, and a pointer."""
    return name(head)[:-1] + struct.pack("!H", 0xC000 | at)


def test_glue_of_many_targets_below_one_parent(read):
    """As Knot writes what is beyond the names that it can point to."""
    pods = [f"pod-{number}.Db.example." for number in range(4)]
    answer = [srv(b"\xc0\x0c", pod) for pod in pods]
    at = len(reply(HTTP)) + 12 + 6  # of the first target
    parent = at + len("pod-0") + 1
    owners = [
        struct.pack("!H", 0xC000 | at),
        pointing("pod-1", parent),
        pointing("POD-2", parent),
        pointing("pod-3", parent),
        pointing("pod-4", parent),  # is none of them
        pointing("pod-1.other", parent),
        pointing("pod-1", parent + len("db") + 1),
    ]
    additional = [a(owner, f"10.0.0.{number}") for number, owner in enumerate(owners)]
    reading = read(reply(HTTP, answer, additional=additional), HTTP)
    assert reading.glue == {pod.lower(): (IPv4Address(f"10.0.0.{number}"),) for number, pod in enumerate(pods)}


@pytest.mark.parametrize("kind", [0x40, 0x80])
def test_a_label_of_unknown_type_before_a_pointer_that_was_followed(read, kind):
    answer = [srv(b"\xc0\x0c", "a.example.")]
    parent = len(reply(HTTP)) + 12 + 6 + 2
    known, unknown = pointing("a", parent), bytes([kind]) + bytes(kind) + pointing("", parent)
    message = reply(HTTP, answer, additional=[a(known, "10.0.0.1"), a(unknown, "10.0.0.2")])
    with pytest.raises(Malformed):
        read(message, HTTP)


@pytest.mark.parametrize(("length", "is_name"), [(51, True), (52, False)])
def test_a_name_too_long_by_a_pointer_that_was_followed(read, length, is_name):
    long = ".".join(["x" * 50] * 3 + ["y" * 48]) + "."  # 203 octets
    answer = [srv(b"\xc0\x0c", f"a.{long}")]
    parent = len(reply(HTTP)) + 12 + 6 + 2
    glue = [a(pointing("a", parent), "10.0.0.1"), a(pointing("z" * length, parent), "10.0.0.2")]
    message = reply(HTTP, answer, additional=glue)
    if is_name:
        assert read(message, HTTP).glue == {f"a.{long}": (ONE,)}
    else:
        with pytest.raises(Malformed):
            read(message, HTTP)


def test_glue_of_one_target_that_is_spelt_in_two_ways(read):
    """Whatever leads to it: pointers to both, its name, a label and a pointer."""
    answer = [srv(b"\xc0\x0c", "pod.db.example."), srv(b"\xc0\x0c", "POD.db.example.", port=81)]
    at = len(reply(HTTP)) + 12 + 6
    places = [at, at + len(answer[0])]
    owners = [*(struct.pack("!H", 0xC000 | place) for place in places), "pod.DB.example.", pointing("Pod", at + 4)]
    additional = [a(owner, f"10.0.0.{number}") for number, owner in enumerate(owners)]
    reading = read(reply(HTTP, answer, additional=additional), HTTP)
    assert reading.glue == {"pod.db.example.": tuple(IPv4Address(f"10.0.0.{number}") for number in range(4))}
