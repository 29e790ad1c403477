"""Bodies of replies. Names and pointers follow RFC 1035, section 4.1; what is cut, CoreDNS (test_messages.py)."""

from itertools import repeat

import dns.message
import pytest

from k8sresolve._core.wire.names import Unsendable
from k8sresolve.testing.coredns.names import name_to_wire, siblings_to_wire
from k8sresolve.testing.coredns.records import Record, Targets, address_records, rrset
from k8sresolve.testing.coredns.writing import Written, question_octets, write_body

NAME = "db.shop.svc.cluster.local."
QUESTION = question_octets(NAME, 33, 1)
HEADER = b"\0\1\x84\0\0\1"
ROOM = 65535


def pods(count):
    return tuple(Record(NAME, 33, 30, (b"\0\0\0\1\0\x50", f"pod-{n}.{NAME}")) for n in range(count))


def targets(body, kept):
    message = dns.message.from_wire(HEADER + kept.to_bytes(2, "big") + bytes(4) + body, one_rr_per_rrset=True)
    return [rrset[0].target.to_text() for rrset in message.answer]


def test_a_body_is_plain_as_long_as_there_is_room_for_that():
    body, kept = write_body(QUESTION, NAME, (pods(3),), ROOM, ROOM)
    assert targets(body, kept) == [f"pod-{n}.{NAME}" for n in range(3)]
    exactly = 12 + len(body)
    assert write_body(QUESTION, NAME, (pods(3),), exactly, ROOM) == (body, 3)
    shorter, kept = write_body(QUESTION, NAME, (pods(3),), exactly - 1, ROOM)
    assert targets(shorter, kept) == [f"pod-{n}.{NAME}" for n in range(3)]
    assert len(body) - len(shorter) == 3 * (len(NAME) + 1 - 2)  # each owner is a pointer of two octets


def test_records_that_there_is_no_room_for_are_left_out_from_the_end():
    whole, _ = write_body(QUESTION, NAME, (pods(9),), 0, ROOM)
    for room in range(12 + len(QUESTION), 12 + len(whole) + 1):
        body, kept = write_body(QUESTION, NAME, (pods(9),), 0, room)
        assert len(body) + 12 <= room
        assert targets(body, kept) == [f"pod-{n}.{NAME}" for n in range(kept)]
    assert (body, kept) == (whole, 9)


def test_a_name_that_nothing_can_carry_is_said_and_one_that_is_cut_is_not():
    records = (*pods(9), Record(NAME, 12, 30, ("a..b.",)))
    with pytest.raises(Unsendable):
        write_body(QUESTION, NAME, (records,), ROOM, ROOM)
    _, kept = write_body(QUESTION, NAME, (records,), 200, 200)
    assert 0 < kept < 9


def test_a_body_is_written_once_for_a_question_and_a_room(monkeypatch):
    calls = []

    def counted(*asked):
        calls.append(asked)
        return write_body(*asked)

    monkeypatch.setattr("k8sresolve.testing.coredns.writing.write_body", counted)
    records = pods(9)
    written = Written(records, (), ())
    for _ in range(3):
        assert written.body(QUESTION, NAME, (records,), 0, 300) == write_body(QUESTION, NAME, (records,), 0, 300)
        assert written.body(QUESTION, NAME, (records,), ROOM, ROOM) == write_body(
            QUESTION, NAME, (records,), ROOM, ROOM
        )
        upper = question_octets(NAME.upper(), 33, 1)
        assert written.body(upper, NAME.upper(), (records,), 0, 300)[0].startswith(upper)
    assert len(calls) == 3


def test_few_bodies_of_a_reply_are_kept():
    records = pods(9)
    written = Written(records, (), ())
    for room in range(200, 600):
        written.body(QUESTION, NAME, (records,), 0, room)
    assert len(written._bodies) <= 4


def test_it_is_of_the_very_same_records_only():
    records = pods(2)
    written = Written(records, (), ())
    assert written.is_of(records, (), ())
    assert not written.is_of(pods(2), (), ())
    assert not written.is_of(records, (), records)


ADDRESSES = [bytes((10, 0, 0, n)) if n % 2 else bytes(16) for n in range(40)]
FIELDS = b"\0\0\0\1\0\x50"


@pytest.mark.parametrize("owner", [NAME, f"_pg._tcp.{NAME}", "other.", r"a\.b.shop."])
@pytest.mark.parametrize("parent", [NAME, "other.", r"a\.b.shop."])
def test_columns_are_written_as_their_records_are(owner, parent):
    names = tuple(f"pod-{n}.{parent}" for n in range(40))
    addresses = address_records(30, names, ADDRESSES)
    assert {record.rdtype for record in addresses} == {1, 28}
    for services in (Targets(owner, 30, FIELDS, names), rrset(owner, 33, 30, repeat(FIELDS), names)):
        columns, records = (services, (), addresses), (tuple(services), (), tuple(addresses))
        assert [len(section) for section in columns] == [len(section) for section in records] == [40, 0, 40]
        assert (services[3], services[-2:]) == (records[0][3], records[0][-2:])
        for question, asked in ((QUESTION, NAME), (question_octets(owner, 33, 1), owner), (b"", None)):
            for room in (20, 60, 200, 1221, 1500, 4096, ROOM):
                for plain_room in (0, room):
                    written = write_body(question, asked, columns, plain_room, room)
                    assert written == write_body(question, asked, records, plain_room, room)


@pytest.mark.parametrize(
    "names",
    [
        ["web-0.shop.", "WEB-1.shop.", "web-1.shop."],
        ["web."],
        ["web-0.shop.", "web-1.Shop."],
        ["a.b.b.", "b.b.b."],
        ["b.b.", "a.b.b."],
        ["a.b.", "a.b..b."],
        ["a.b.", "a", "a.b.b."],
        ["a.b.", ".b."],
        ["a.b.", f"{'x' * 64}.b."],
        [r"a\.b.c.", "d.c."],
        [r"\097.c.", "d.c."],
        ["\u00e9.c.", "d.c."],
        ["a\nb.c.", "d.c."],
        ["."],
        ["a"],
        [f"{'x' * 63}.{'.'.join(['y' * 63] * 3)}."],
    ],
)
def test_names_are_written_at_once_as_each_is_or_not_at_all(names):
    octets = siblings_to_wire(names)
    assert octets is None or octets == [name_to_wire(name) for name in names]


def test_names_of_one_parent_are_written_at_once():
    assert siblings_to_wire([f"pod-{n}.{NAME}" for n in range(9)]) is not None
