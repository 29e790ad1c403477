"""musl's getaddrinfo without DNS: what its source says, and what it makes of names."""

import socket
from typing import Any

import pytest

from k8sresolve._getaddrinfo.libc import Eai
from k8sresolve._getaddrinfo.libcs import libc
from tests.getaddrinfo.offline import IPV4, Names, addresses, ask, has, outcome

BOTH = (socket.AF_INET, socket.AF_INET6)


@pytest.mark.parametrize(
    ("call", "families", "sockets"),
    [
        ((None, "80", 0, 0, 0, 1), BOTH, [(1, 6), (2, 17)]),  # AI_PASSIVE, and no raw sockets
        ((None, "80", 0, 0, 0, 0), BOTH[::-1], [(1, 6), (2, 17)]),
        (("127.0.0.1", "80", 0, 0, 6, 0), BOTH[:1], [(1, 6)]),
        (("127.0.0.1", None, 0, 3, 255, 0), BOTH[:1], [(3, 255)]),
    ],
)
def test_musl_gives_two_socket_types(call: tuple[Any, ...], families: Any, sockets: Any) -> None:
    found = ask("musl", call)
    assert [info[:3] for info in found] == [(family, *rest) for family in families for rest in sockets]


@pytest.mark.parametrize(
    ("call", "error"),
    [
        ((None, None, 0, 0, 0, 0), (socket.EAI_NONAME, "Name does not resolve")),
        (("127.0.0.1", "80", 0, 0, 0, 0x40), (socket.EAI_BADFLAGS, "Invalid flags")),
        (("127.0.0.1", "80", 99, 0, 0, 0), (socket.EAI_FAMILY, "Unrecognized address family or invalid length")),
        (("127.0.0.1", "65536", 0, 0, 0, 0), (socket.EAI_SERVICE, "Unrecognized service")),
        (("127.0.0.1", "80", 0, 3, 0, 0), (socket.EAI_SERVICE, "Unrecognized service")),
        (("127.0.0.1", "80", 0, 1, 17, 0), (socket.EAI_SERVICE, "Unrecognized service")),
        (("127.0.0.1", "", 0, 0, 0, 0), (socket.EAI_SERVICE, "Unrecognized service")),
        (("127.0.0.1", "http", 0, 0, 0, 1024), (socket.EAI_NONAME, "Name does not resolve")),
        (("127.0.0.1", "80", socket.AF_INET6, 0, 0, 0), (socket.EAI_NODATA, "Name has no usable address")),
        (("x" * 255, "80", 0, 0, 0, 0), (socket.EAI_NONAME, "Name does not resolve")),
    ],
)
def test_musl_has_errors_of_its_own(call: tuple[Any, ...], error: Any) -> None:
    assert ask("musl", call) == error


def test_an_old_musl_has_no_eai_nodata() -> None:
    assert ask("musl-1.2.3", ("127.0.0.1", "80", socket.AF_INET6, 0, 0, 0))[0] == socket.EAI_NONAME


def test_musl_keeps_48_addresses() -> None:
    find = has(*(f"10.244.1.{number}" for number in range(100)))
    assert len(ask("musl", ("big", None, 0, 1, 0, 0), find=find)) == 48
    assert len(ask("glibc", ("big", None, 0, 1, 0, 0), find=find)) == 100


def test_addrconfig_counts_loopback_addresses() -> None:
    # getaddrinfo.c, "via ability to create a socket for the family plus routability of the loopback address".
    find, flags = has("10.96.20.2", "fd00:10:96::20:2"), socket.AI_ADDRCONFIG
    call = ("web", "80", 0, 1, 0, flags)
    assert addresses(ask("musl", call, (IPV4, "127.0.0.1", "::1"), find)) == ["10.96.20.2", "fd00:10:96::20:2"]
    assert addresses(ask("musl", call, (IPV4, "127.0.0.1"), find)) == ["10.96.20.2"]


@pytest.mark.parametrize("failure", ["nxdomain", "nodata", "temporary", "failed"])
def test_an_address_without_a_name_stands_for_itself_whatever_failed(failure: str) -> None:
    names = Names(has(), {"10.96.9.9": failure})
    assert outcome(libc("musl").node("10.96.9.9", 0, names)) == "10.96.9.9"
    with pytest.raises(Eai) as caught:
        outcome(libc("musl").node("10.96.9.9", socket.NI_NAMEREQD, names))
    assert caught.value.code == socket.EAI_NONAME
