"""RRsets of any type: which types there are, and how records are told."""

import pytest

from k8sresolve import Answer, Cname, InvalidName, NoData, NoSuchName
from k8sresolve._core.lookups.rrsets import records
from k8sresolve._core.questions import Empty, Found, SrvData
from tests.core.lookups.driving import drive, setting

NAME = "api.example.com."


def number_of(rdtype):
    """The number by which a type is asked for."""
    (question,) = next(records(setting(), NAME, rdtype)).questions
    assert question.name == NAME
    return question.rdtype


# IANA, "Resource Record (RR) TYPEs"; RFC 3597, section 5, for TYPE and a number.
@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("A", 1),
        ("aaaa", 28),
        ("Srv", 33),
        ("HTTPS", 65),
        ("CAA", 257),
        ("SPF", 99),
        ("nsap-ptr", 23),
        ("TYPE1", 1),
        ("type65280", 65280),
        ("TYPE00001", 1),
        ("TYPE127", 127),
        ("TYPE256", 256),
        ("TYPE65535", 65535),
    ],
)
def test_a_type_is_read_by_name_or_number_in_any_letter_case(text, number):
    assert number_of(text) == number


@pytest.mark.parametrize(
    "text",
    [
        "TYPE0",
        "TYPE65536",
        "TYPE99999",
        "TYPE000001",
        "TYPE",
        "TYPE-1",
        "TYPE1x",
        "TYPE\u0661",
        "1",
        "",
        "NOPE",
        "\u00c4",
        "A ",
        # RFC 6895, section 3.1: 128 to 255 ask for what is no type of a record; OPT is a pseudo-type (RFC 6891).
        "TYPE128",
        "TYPE255",
        "AXFR",
        "ANY",
        "OPT",
        "TYPE41",
        "TSIG",
    ],
)
def test_what_is_no_type_of_a_record_is_refused(text):
    with pytest.raises(InvalidName) as raised:
        number_of(text)
    assert raised.value.name == ascii(text)[1:-1]
    assert raised.value.problem == "this is no record type that can be looked up"
    assert raised.value.advice == "A, AAAA, SRV, TXT, MX, ..."


@pytest.mark.parametrize("given", [1, None, b"A"])
def test_what_is_no_text_is_no_type(given):
    with pytest.raises(InvalidName) as raised:
        number_of(given)
    assert raised.value.name == ascii(given)


def test_an_answer_tells_the_name_as_typed_and_its_records_as_received():
    srv = (SrvData(0, 100, 8443, "b.example."), SrvData(1, 0, 80, "a.example."))
    found = Found(srv, 30, 130.0, ("www.example.com.", NAME), truncated=True)
    answer, rounds = drive(records(setting(), "API.example.com.", "srv"), {"API.example.com. SRV": found})
    assert rounds == [["API.example.com. SRV"]]
    assert answer == Answer(
        name="API.example.com.",
        rdtype="SRV",
        records=("0 100 8443 b.example.", "1 0 80 a.example."),
        cname=Cname(("www.example.com.", NAME), leaves_cluster=True),
        truncated=True,
    )
    # None of these is compared: the clock started at Unix time 1000.
    assert (answer.candidate, answer.ttl, answer.expires_at) == ("API.example.com.", 30, 1130.0)


def test_a_name_is_searched_for_and_the_candidate_is_told():
    found = Found(('"hello world"', '"a"'), 5, 105.0)
    answer, rounds = drive(records(setting(), "text", "TXT"), {"text.shop.svc.cluster.local. TXT": found})
    assert (answer.name, answer.candidate) == ("text", "text.shop.svc.cluster.local.")
    assert (answer.records, answer.cname, answer.truncated) == (('"hello world"', '"a"'), None, False)
    assert rounds[0][0] == "text.shop.svc.cluster.local. TXT"


def test_what_is_not_there_says_which_record_is_missing():
    with pytest.raises(NoData) as raised:
        drive(records(setting(), NAME, "txt"), {f"{NAME} TXT": Empty(5.0)})
    assert (raised.value.name, raised.value.problem) == (NAME, "the name exists, but has no TXT record")
    with pytest.raises(NoSuchName) as gone:
        drive(records(setting(), NAME, "txt"))
    assert gone.value.problem == "no such name"


def test_what_is_no_name_is_not_asked():
    with pytest.raises(InvalidName):
        next(records(setting(), "", "A"))
