"""Lines of query logs, as CoreDNS writes them and as others pass them on."""

import json

import pytest

from k8sresolve.cli.profiling.lines import NO_REPLY, Query, read_line

TEXT = '[INFO] 10.244.1.9:40212 - 42 "A IN db.shop.svc.cluster.local. udp 29 false 512" NXDOMAIN qr,aa,rd 29 0.001s'
QUERY = Query(None, "10.244.1.9", "db.shop.svc.cluster.local.", "A", "NXDOMAIN", "udp")
AT = 1795946400.25
TIME = "2026-11-29T10:00:00.25Z"
OBJECT = {
    "time": TIME,
    "plugin": "log",
    "client_ip": "10.244.1.9",
    "qname": "db.shop.svc.cluster.local.",
    "qtype": "A",
    "protocol": "udp",
    "rcode": "NXDOMAIN",
}


@pytest.mark.parametrize(
    "line",
    [
        TEXT,
        f"{TEXT}\n",
        f'{TEXT} "0"\n',
        TEXT.removeprefix("[INFO] "),
        f"[pod/coredns-5d78c9869d-8xk2p/coredns] {TEXT}",
        f"coredns-5d78c9869d-8xk2p coredns {TEXT}",
        TEXT.replace("db.shop", "Db.SHOP"),
        TEXT.replace("0.001s", "3.1e-05s"),
    ],
)
def test_text_is_read_whatever_stands_before_it(line):
    assert read_line(line) == QUERY


@pytest.mark.parametrize(
    "line",
    [
        f"{TIME} {TEXT}",
        f"[pod/coredns-5d78c9869d-8xk2p/coredns] {TIME} {TEXT}",
        f"2026-11-29T11:00:00.250000000+01:00 stdout F {TEXT}",
        f"coredns-5d78c9869d-8xk2p coredns 2026-11-29T10:00:00.25+00:00 {TEXT}",
        json.dumps({"log": f"{TEXT}\n", "stream": "stdout", "time": TIME}),
        json.dumps({"message": TEXT, "@timestamp": TIME, "kubernetes": {}}),
        json.dumps(OBJECT),
        f"[pod/coredns-5d78c9869d-8xk2p/coredns] {json.dumps(OBJECT)}",
        f"2026-11-29T10:00:01Z stdout F {json.dumps(OBJECT)}",
        json.dumps({"log": json.dumps(OBJECT) + "\n", "time": "2026-11-29T10:00:01Z"}),
        json.dumps({**OBJECT, "time": AT}),
    ],
    ids=[
        "kubectl",
        "prefix",
        "CRI",
        "stern",
        "docker",
        "elastic",
        "json",
        "json+prefix",
        "json+CRI",
        "json+docker",
        "unix",
    ],
)
def test_a_line_has_the_time_that_stands_before_it_or_in_it(line):
    assert read_line(line) == QUERY._replace(at=AT)


@pytest.mark.parametrize("unit", [1e3, 1e6, 1e9])
def test_unix_time_may_be_written_in_smaller_units(unit):
    assert read_line(json.dumps({**OBJECT, "time": AT * unit})).at == pytest.approx(AT)


def test_addresses_of_ipv6_lose_their_brackets():
    assert read_line(TEXT.replace("10.244.1.9", "[fd00:10:244::9]")).client == "fd00:10:244::9"


@pytest.mark.parametrize(
    "name", [r"a\ b\"c.shop.", r"a\" noerror qr 1 1s.shop.", ".", r"\226\128\174.", "_http._tcp.web.shop."]
)
def test_names_may_have_anything_that_the_presentation_form_has(name):
    assert read_line(TEXT.replace("db.shop.svc.cluster.local.", name)).name == name


@pytest.mark.parametrize("line", [TEXT.replace("NXDOMAIN qr,aa,rd", "- -"), json.dumps({**OBJECT, "rcode": None})])
def test_where_no_reply_went_there_is_no_rcode(line):
    assert read_line(line).rcode == NO_REPLY


@pytest.mark.parametrize(
    "line",
    [
        "",
        "\n",
        "CoreDNS-1.14.7",
        "linux/amd64, go1.26.8, ",
        "[ERROR] plugin/errors: 2 db.shop. A: read udp 10.244.0.2:40000->192.0.2.1:53: i/o timeout",
        "[INFO] plugin/reload: Running configuration SHA512 = 1b226df79860026c6a52e67daa10d7f0d57ec5b023288ec00",
        '[INFO] udp Request: db.shop. "A"',
        TEXT.replace(" - 42 ", " + 42 "),
        TEXT.replace("false", "perhaps"),
        TEXT[: TEXT.index("NXDOMAIN")],
        TEXT[:40],
        "{}",
        '{"',
        '{"a": ' + "[" * 100_000,
        '{"time": 1' + "0" * 5000 + "}",
        json.dumps([OBJECT]),
        json.dumps({**OBJECT, "qname": 5}),
        json.dumps({**OBJECT, "client_ip": ""}),
        json.dumps({**OBJECT, "rcode": 3}),
        json.dumps({"host": "127.0.0.1", "port": 53}),
        json.dumps({"log": "CoreDNS-1.14.7\n", "time": TIME}),
        json.dumps({"level": "INFO", "msg": "CoreDNS-1.15.0", "time": TIME}),
    ],
)
def test_what_is_no_query_is_none(line):
    assert read_line(line) is None


@pytest.mark.parametrize(
    "time", ["yesterday", "2026-13-01T00:00:00Z", None, 1e400, 10**400, -1e12, 1e24, "9999-12-31T23:59:59-23:59"]
)
def test_what_is_no_time_is_none(time):
    assert read_line(json.dumps({**OBJECT, "time": time})).at is None
