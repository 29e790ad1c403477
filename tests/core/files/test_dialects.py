"""What one resolver makes of a resolv.conf that others do not; golden/resolvconf has what they were seen to make."""

from ipaddress import IPv6Address

import pytest

from k8sresolve._core.files.dialects import DIALECTS, is_link_local
from k8sresolve._core.files.resolv_conf import parse_resolv_conf
from k8sresolve._core.search.limits import MUSL_LINE
from k8sresolve.config import Nameserver

GOOD = b"nameserver 10.96.0.10\n"
KUBELET = b"search shop.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n"


def only_problem(text, **keywords):
    (finding,) = parse_resolv_conf(text, **keywords).diagnostics
    return str(finding)


def test_each_dialect_is_called_by_its_name():
    assert list(DIALECTS) == ["glibc", "musl", "go"]
    assert all(dialect.name == name for name, dialect in DIALECTS.items())


@pytest.mark.parametrize("end", [b"\n", b"", b"\n" + GOOD])
@pytest.mark.parametrize(("length", "is_read"), [(254, True), (255, False)])
def test_musl_reads_lines_of_254_bytes_with_or_without_a_newline(length, is_read, end):
    """resolvconf.c: fgets(3) into 256 bytes, which hold a NUL too, then a look for a newline or the end of the file."""
    assert MUSL_LINE == 254
    line = b"search a.test " + b"b" * (length - 14)
    config = parse_resolv_conf(GOOD + line + end, dialect="musl")
    assert (config.search[:1] == ("a.test",)) == is_read
    assert any(f"more than {MUSL_LINE} bytes" in finding.problem for finding in config.diagnostics) != is_read


@pytest.mark.parametrize("dialect", ["musl", "go"])
def test_windows_line_ends_mean_nothing_to_musl_and_go(dialect):
    read = parse_resolv_conf(KUBELET.replace(b"\n", b"\r\n"), dialect=dialect)
    assert read == parse_resolv_conf(KUBELET, dialect=dialect)


@pytest.mark.parametrize(("length", "is_read"), [(65535, True), (65536, False)])
def test_go_stops_at_the_first_line_of_64_kib(length, is_read):
    config = parse_resolv_conf(b"#" * length + b"\n" + KUBELET, dialect="go")
    assert (config.ndots == 5) == is_read


@pytest.mark.parametrize(
    ("stated", "kept"),
    [
        ("9223372036854775807", -1),  # LONG_MAX, of which an int keeps the lower 32 bits
        ("9" * 25, -1),
        ("-9223372036854775807", 1),
        ("-" + "9" * 25, 0),  # LONG_MIN
        ("-2147483649", 30),
        ("0" * 5000 + "7", 7),
        ("9" * 5000, -1),
    ],
)
def test_glibc_saturates_a_long_and_cuts_it_to_an_int(stated, kept):
    assert parse_resolv_conf(GOOD + f"options timeout:{stated}\n".encode()).timeout == kept


@pytest.mark.parametrize("dialect", ["musl", "go"])
def test_only_glibc_reads_the_environment(dialect):
    env = {"LOCALDOMAIN": "a.test", "RES_OPTIONS": "ndots:9"}
    assert parse_resolv_conf(KUBELET, env=env, dialect=dialect) == parse_resolv_conf(KUBELET, dialect=dialect)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"search " + b"a" * 249 + b"\n", "more than 254 bytes"),
        (b"nameserver\0\nnameserver 10.0.0.1\n", "the line and the one below it are ignored after a NUL byte"),
        (b"options rotate\n", "'rotate' is unknown to musl"),
        (b"search\n", "'search' empties the search list"),
        (b"nameserver fe80::1%nosuch0\n", "is ignored, because its scope is no interface here"),
    ],
)
def test_what_only_musl_ignores(data, said):
    problem = only_problem(GOOD + data, dialect="musl")
    assert said in problem
    assert "resolv.conf:2:" in problem


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"search " + b"a." * 32768 + b"\n", "no line of 64 KiB"),
        (b"nameserver 127.1\n", "four plain decimal numbers; write '127.0.0.1'"),
        (b"  # x\n", "the keyword '#' is unknown to go"),
        (b"options no-aaaa\n", "'no-aaaa' is unknown to go"),
    ],
)
def test_what_only_go_ignores(data, said):
    problem = only_problem(GOOD + data, dialect="go")
    assert said in problem
    assert "resolv.conf:2:" in problem


def test_line_numbers_hold_below_lines_that_musl_ignores():
    text = b"#" * 600 + b"\nnameserver \0\nswallowed\nnameserver x\n" + GOOD
    assert [remark.line for remark in parse_resolv_conf(text, dialect="musl").diagnostics] == [1, 2, 4]


@pytest.mark.parametrize(
    ("scope", "glibc", "musl"),
    [("eth0", 2, 2), ("2", 2, 2), ("4294967295", 4294967295, 4294967295), ("9" * 5000, 0, None), ("eth1", 0, None)],
)
def test_scope_of_a_link_local_nameserver(scope, glibc, musl):
    for dialect, expected in (("glibc", glibc), ("musl", musl)):
        text = f"nameserver fe80::1%{scope}\n".encode()
        (nameserver,) = parse_resolv_conf(text, interfaces={"eth0": 2}, dialect=dialect).nameservers
        assert nameserver == (Nameserver("127.0.0.1") if expected is None else Nameserver("fe80::1", scope=expected))


# <netinet/in.h>, IN6_IS_ADDR_LINKLOCAL and IN6_IS_ADDR_MC_LINKLOCAL.
@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("fe80::1", True),
        ("febf::1", True),
        ("fe7f::1", False),
        ("fec0::1", False),
        ("ff02::1", True),
        ("fff2::1", True),
        ("ff01::1", False),
        ("ff03::1", False),
        ("ff0a::1", False),
        ("fd02::1", False),
        ("::ffff:169.254.0.1", False),
    ],
)
def test_link_local_addresses_are_those_of_the_header(address, expected):
    assert is_link_local(IPv6Address(address)) is expected


@pytest.mark.parametrize(("zone", "scope"), [("eth0", 2), ("7", 7), ("eth1", 0)])
def test_go_takes_any_zone_and_dials_one_that_it_does_not_know_without(zone, scope):
    # Go, net/interface.go, zoneCache.index.
    text = f"nameserver fe80::1%{zone}\n".encode()
    (nameserver,) = parse_resolv_conf(text, interfaces={"eth0": 2}, dialect="go").nameservers
    assert nameserver == Nameserver("fe80::1", scope=scope)


def test_what_to_do_about_a_line_too_long_for_musl():
    (finding,) = parse_resolv_conf(GOOD + b"search " + b"a" * 249 + b"\n", dialect="musl").diagnostics
    assert finding.problem == "the line is ignored, because musl reads none of more than 254 bytes"
    assert finding.advice == "shorten it, or spread nameservers and options over several lines"
    assert (finding.severity, finding.line) == ("error", 2)
