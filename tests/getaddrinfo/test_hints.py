"""Hosts and ports are read as Python reads them."""

import socket
import sys

import pytest

from k8sresolve._getaddrinfo.hints import Hints, read_host, read_service


@pytest.mark.parametrize(
    ("host", "read"),
    [
        (None, None),
        ("", ""),
        ("payments", "payments"),
        ("bücher.example", "xn--bcher-kva.example"),
        (b"payments", "payments"),
        (b"\xff", "ÿ"),
    ],
)
def test_hosts(host, read):
    assert read_host(host) == read


@pytest.mark.parametrize("host", [1, 1.5, ["a"], bytearray(b"a"), "a..b", "x" * 64])
def test_what_is_no_host_is_the_error_that_python_makes(host):
    with pytest.raises((TypeError, UnicodeError)) as real:
        socket.getaddrinfo(host, 80, flags=socket.AI_NUMERICHOST)
    with pytest.raises(type(real.value)) as ours:
        read_host(host)
    assert str(ours.value) == str(real.value)


@pytest.mark.parametrize(("port", "read"), [(None, None), (80, "80"), (-1, "-1"), ("http", "http"), (b"http", "http")])
def test_ports(port, read):
    assert read_service(port) == read


def test_from_3_14_on_python_takes_any_int_for_a_port():
    if sys.version_info >= (3, 14):
        assert socket.getaddrinfo("127.0.0.1", True) == socket.getaddrinfo("127.0.0.1", 1)
        assert read_service(True) == "1"
    else:
        with pytest.raises(OSError, match="Int or String expected"):
            read_service(True)


@pytest.mark.parametrize("port", [1.5, [80]])
def test_what_is_no_port_is_the_error_that_python_makes(port):
    with pytest.raises(OSError, match="Int or String expected") as real:
        socket.getaddrinfo("127.0.0.1", port)
    with pytest.raises(OSError, match="Int or String expected") as ours:
        read_service(port)
    assert type(ours.value) is type(real.value)


def test_the_family_says_which_types_are_asked_for():
    assert Hints().rdtypes == (1, 28)
    assert Hints(socket.AF_INET).rdtypes == (1,)
    assert Hints(socket.AF_INET6).rdtypes == (28,)
