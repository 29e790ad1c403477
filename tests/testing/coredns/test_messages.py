"""Messages in and out. The expected replies were seen from CoreDNS 1.14.7 with the same message and zone."""

import struct

import dns.edns
import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import dns.rdataclass
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from k8sresolve._core.wire.names import Unsendable
from k8sresolve.errors import ConfigError
from k8sresolve.testing.coredns.chain import Chain, Reply, Request
from k8sresolve.testing.coredns.messages import Query, Responder, echoed_options, read_query, write_reply
from k8sresolve.testing.coredns.names import name_to_wire
from k8sresolve.testing.coredns.plugins.file import EMPTY_INTERNET, Zones
from k8sresolve.testing.coredns.records import Record
from k8sresolve.testing.versions import coredns

ZONE = """\
@ IN SOA ns.example.com. Admin.example.com. 1 7200 3600 1209600 60
@ IN NS ns
ns IN A 192.0.2.1
Api IN A 192.0.2.53
www IN CNAME cdn
cdn IN CNAME Api
out IN CNAME x.example.net.
gone IN CNAME missing
loop IN CNAME loop
*.wild IN A 192.0.2.9
deep.er IN TXT "two words" "more"
mx IN MX 10 api
_s._tcp IN SRV 1 2 80 Api
_s._tcp IN SRV 1 3 81 api
""" + "".join(f"many IN A 198.51.100.{last}\n" for last in range(1, 101))


WHOLE_INTERNET = Responder(Chain([Zones({"example.com": ZONE, **EMPTY_INTERNET})]))


@pytest.fixture(scope="module")
def responder():
    return Responder(Chain([Zones({"example.com": ZONE})]))


def query(name="api.example.com", rdtype="A", **fields):
    return dns.message.make_query(name, rdtype, id=0x1234, **fields)


def exchange(responder, message, *, tcp=False):
    wire = responder.respond(message if isinstance(message, bytes) else message.to_wire(), tcp=tcp)
    assert wire is not None
    return dns.message.from_wire(wire, one_rr_per_rrset=True)


def texts(section):
    return [rrset.to_text() for rrset in section]


def with_flags(flags, message=None):
    wire = (message or query()).to_wire()
    return wire[:2] + struct.pack("!H", flags) + wire[4:]


def with_count(index, count):
    wire = query().to_wire()
    return wire[: 4 + 2 * index] + struct.pack("!H", count) + wire[6 + 2 * index :]


def test_a_reply_echoes_id_question_and_recursion_desired(responder):
    reply = exchange(responder, query("API.example.COM"))
    assert (reply.id, reply.flags) == (0x1234, dns.flags.QR | dns.flags.AA | dns.flags.RD)
    assert reply.question[0].name.to_text() == "API.example.COM."
    assert texts(reply.answer) == ["api.example.com. 300 IN A 192.0.2.53"]
    assert texts(reply.authority) == ["example.com. 300 IN NS ns.example.com."]
    unset = exchange(responder, with_flags(0x0010))
    assert unset.flags == dns.flags.QR | dns.flags.AA | dns.flags.CD


@pytest.mark.parametrize(
    ("name", "rdtype", "rcode", "answer"),
    [
        ("www", "A", "NOERROR", ["www CNAME cdn", "cdn CNAME api", "api A 192.0.2.53"]),
        ("www", "AAAA", "NOERROR", ["www CNAME cdn", "cdn CNAME api"]),
        ("gone", "A", "NXDOMAIN", ["gone CNAME missing"]),
        ("out", "A", "NOERROR", ["out CNAME x.example.net."]),
        ("er", "A", "NOERROR", []),
        ("nothing", "A", "NXDOMAIN", []),
        ("a.api", "A", "NXDOMAIN", []),
        ("q.wild", "A", "NOERROR", ["q.wild A 192.0.2.9"]),
        ("q.wild", "TXT", "NOERROR", []),
    ],
)
def test_zones_are_answered_as_the_file_plugin_does(responder, name, rdtype, rcode, answer):
    def line(text):
        owner, kind, data = text.split()
        data = data if kind != "CNAME" or data.endswith(".") else f"{data}.example.com."
        return f"{owner}.example.com. 300 IN {kind} {data}"

    reply = exchange(responder, query(f"{name}.example.com", rdtype))
    assert dns.rcode.to_text(reply.rcode()) == rcode
    assert texts(reply.answer) == [line(text) for text in answer]
    negative = rcode == "NXDOMAIN" or not answer
    assert texts(reply.authority)[0].split()[3] == ("SOA" if negative else "NS")


def test_srv_brings_each_targets_addresses_once_and_keeps_its_case(responder):
    reply = exchange(responder, query("_s._tcp.example.com", "SRV"))
    assert [text.split()[-1] for text in texts(reply.answer)] == ["Api.example.com.", "api.example.com."]
    assert texts(reply.additional) == ["api.example.com. 300 IN A 192.0.2.53"]


def test_a_loop_of_aliases_comes_to_an_end(responder):
    assert len(exchange(responder, query("loop.example.com"), tcp=True).answer) == 10


def test_the_empty_internet_knows_no_name():
    reply = exchange(Responder(Chain([Zones(EMPTY_INTERNET)])), query("www.example.org"))
    assert reply.rcode() == dns.rcode.NXDOMAIN
    assert texts(reply.authority)[0].split()[:4] == [".", "86400", "IN", "SOA"]


def test_a_zone_file_may_do_without_soa_and_ttl():
    reply = exchange(Responder(Chain([Zones({"corp": "db IN A 192.0.2.7"})])), query("no.corp"))
    assert reply.rcode() == dns.rcode.NXDOMAIN
    assert texts(reply.authority)[0].split()[3] == "SOA"


@pytest.mark.parametrize("text", ["a IN A 192.0.2", "a IN", "$INCLUDE /etc/passwd", "a IN NOTYPE x"])
def test_what_is_no_zone_file_is_said(text):
    with pytest.raises(ConfigError, match=r"upstream zone 'example\.com'"):
        Zones({"example.com": text})


@pytest.mark.parametrize(
    ("message", "rcode"),
    [
        (query("example.org"), "REFUSED"),
        (query(rdclass=dns.rdataclass.CH), "REFUSED"),
        (query(rdtype="AXFR"), "REFUSED"),
        (query(rdtype="IXFR"), "REFUSED"),
        (with_flags(dns.opcode.UPDATE << 11), "NOTIMP"),
        (with_flags(dns.opcode.STATUS << 11), "NOTIMP"),
        (with_count(0, 0), "FORMERR"),
        (with_count(0, 2), "FORMERR"),
        (with_count(1, 2), "FORMERR"),
        (with_count(3, 3), "FORMERR"),
        (query().to_wire()[:12], "SERVFAIL"),
        (query().to_wire()[:20], "FORMERR"),
        (query().to_wire()[:-1], "FORMERR"),
        (query().to_wire()[:-2], "REFUSED"),
        (query(use_edns=0).to_wire()[:-1], "FORMERR"),
        (query().to_wire()[:12] + b"\xc0\x0c\0\1\0\1", "FORMERR"),
        (query().to_wire()[:12] + b"\x41a\0\0\1\0\1", "FORMERR"),
        (query().to_wire()[:12] + (b"\x3f" + b"a" * 63) * 4 + b"\0\0\1\0\1", "FORMERR"),
    ],
)
def test_what_is_not_answered_is_said_without_records(responder, message, rcode):
    reply = exchange(responder, message)
    assert dns.rcode.to_text(reply.rcode()) == rcode
    assert not reply.flags & dns.flags.AA
    assert [*reply.answer, *reply.authority, *reply.additional] == []


def test_the_message_after_a_bad_one_is_answered(responder):
    exchange(responder, query().to_wire()[:20])
    assert exchange(responder, query()).rcode() == dns.rcode.NOERROR


@pytest.mark.parametrize(
    "message", [b"", query().to_wire()[:11], with_flags(0x8000), with_flags(dns.opcode.NOTIFY << 11)]
)
def test_what_gets_no_reply(responder, message):
    assert responder.respond(message) is None


@pytest.mark.parametrize(("version", "echoed"), [("1.14.7", [10]), ("1.15.0", [])])
def test_edns_is_echoed_with_the_options_that_the_version_sends_back(version, echoed):
    responder = Responder(Chain([Zones({"example.com": ZONE})]), echoed_options(coredns(version)))
    options = [dns.edns.GenericOption(10, b"12345678"), dns.edns.GenericOption(65001, b"x")]
    reply = exchange(responder, query(use_edns=0, ednsflags=dns.flags.DO, payload=1400, options=options))
    assert (reply.edns, reply.payload, reply.ednsflags) == (0, 1400, dns.flags.DO)
    assert [option.otype for option in reply.options] == echoed
    assert exchange(responder, query()).edns == -1


def test_of_the_edns_flags_the_upper_octet_is_echoed(responder):
    assert exchange(responder, query(use_edns=0, ednsflags=0xFFFF)).ednsflags == 0xFF00


def test_of_a_datagram_the_first_512_octets_are_read(responder):
    padded = query(use_edns=0, options=[dns.edns.GenericOption(12, b"\0" * 700)])
    assert exchange(responder, padded).rcode() == dns.rcode.FORMERR
    assert exchange(responder, padded, tcp=True).rcode() == dns.rcode.NOERROR


def test_another_version_of_edns_is_refused(responder):
    reply = exchange(responder, query(use_edns=1))
    assert (reply.rcode(), reply.edns, reply.answer) == (dns.rcode.BADVERS, 0, [])


@pytest.mark.parametrize(
    ("fields", "size"),
    [
        ({}, 512),
        ({"use_edns": 0, "payload": 100}, 512),
        ({"use_edns": 0, "payload": 600}, 600),
        ({"use_edns": 0, "payload": 1232}, 1232),
    ],
)
def test_a_datagram_is_cut_to_the_size_that_the_client_takes(responder, fields, size):
    message = query("many.example.com", **fields)
    wire = responder.respond(message.to_wire())
    reply = dns.message.from_wire(wire)
    assert size - 16 <= len(wire) <= size  # a compressed A record has 16 octets
    assert reply.flags & dns.flags.TC
    assert 0 < len(reply.answer[0]) < 100
    assert not reply.authority


def test_nothing_is_cut_where_all_fits(responder):
    for fields, tcp in (({"use_edns": 0, "payload": 4096}, False), ({}, True)):
        reply = exchange(responder, query("many.example.com", **fields), tcp=tcp)
        assert len(reply.answer) == 100
        assert not reply.flags & dns.flags.TC


def test_a_reply_that_fits_is_not_compressed_and_a_longer_datagram_is(responder):
    plain = responder.respond(query("www.example.com").to_wire())
    assert plain.count(b"\x07example") == 8
    packed = responder.respond(query("many.example.com", use_edns=0, payload=4096).to_wire())
    assert packed.count(b"\x07example") == 1


def test_the_target_of_an_srv_record_is_not_compressed():
    target = "web.shop.svc.cluster.local."
    records = tuple(
        Record(target, rdtype, 30, (b"\0" * 6 * (rdtype == 33), target)) for rdtype in [33] * 30 + [12] * 30
    )
    ask = Query(1, 0x0100, target, 33, 1, read_query(query(use_edns=0, payload=4096).to_wire()).edns, tcp=False)
    assert write_reply(ask, Reply(answer=records)).count(b"\x07cluster") == 1 + 30


def test_no_pointer_goes_beyond_what_it_can_reach():
    owners = [f"{number}.example.com." for number in range(1000)] * 2
    records = tuple(Record(owner, 1, 30, (b"\0" * 4,)) for owner in owners)
    ask = Query(1, 0x0100, "example.com.", 1, 1, read_query(query(use_edns=0, payload=65535).to_wire()).edns, tcp=False)
    reply = dns.message.from_wire(write_reply(ask, Reply(answer=records)), one_rr_per_rrset=True)
    assert [rrset.name.to_text() for rrset in reply.answer] == owners


def test_over_tcp_a_reply_has_65535_octets_at_most():
    records = tuple(Record("a.example.com.", 33, 30, (b"\0" * 6, f"{n:050}.example.com.")) for n in range(1000))
    ask = Query(1, 0x0100, "a.example.com.", 33, 1, None, tcp=True)
    wire = write_reply(ask, Reply(answer=records))
    assert 65535 - 90 < len(wire) <= 65535
    assert dns.message.from_wire(wire).flags & dns.flags.TC


@pytest.mark.parametrize("name", ["a..b.", f"{'a' * 64}.b.", f"{'a.' * 127}a.", "é.b."])
def test_a_record_that_has_no_wire_form_means_no_reply(name):
    ask = read_query(query().to_wire())
    assert write_reply(ask, Reply(answer=(Record("api.example.com.", 12, 30, (name,)),))) is None
    with pytest.raises(Unsendable):
        name_to_wire(name)


@settings(max_examples=3 * settings.default.max_examples)
@given(st.lists(st.binary(min_size=1, max_size=63), max_size=3))
def test_any_octets_in_a_name_come_back_as_they_were(labels):
    wire = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
    message = struct.pack("!HHHHHH", 1, 0x0100, 1, 0, 0, 0) + wire + b"\0\1\0\1"
    assert name_to_wire(read_query(message).name) == wire
    assert Responder(Chain([])).respond(message)[12 : 12 + len(wire)] == wire


@settings(max_examples=3 * settings.default.max_examples)
@given(st.binary(max_size=600), st.booleans(), st.booleans())
def test_no_message_raises(octets, tcp, headed):
    message = (query().to_wire()[:12] if headed else b"") + octets
    reply = WHOLE_INTERNET.respond(message, tcp=tcp)
    assert reply is None or (reply[:2] == message[:2] and reply[2] & 0x80)


def test_the_steps_of_a_reply_can_be_taken_one_by_one(responder):
    asked = read_query(query().to_wire(), tcp=True)
    assert (asked.name, asked.rdtype, asked.tcp, asked.size) == ("api.example.com.", 1, True, 65535)
    reply = responder.answer(asked)
    assert str(reply.answer[0]) == "api.example.com. 300 A 192.0.2.53"
    assert write_reply(asked, reply) == responder.respond(query().to_wire(), tcp=True)


def test_a_chain_that_asks_itself_for_ever_is_cut():
    class Asking:
        def answer(self, request, chain):
            return chain.look_up(request.name, request.rdtype, request)

    assert Chain([Asking()]).answer(Request("a.", 1)).rcode == dns.rcode.SERVFAIL
