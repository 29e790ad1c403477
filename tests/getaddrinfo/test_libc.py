"""getaddrinfo without DNS: beside the real one of this machine, and, for musl, beside what its source says."""

import platform
import socket
from ipaddress import ip_address
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from k8sresolve._getaddrinfo.hints import Hints
from k8sresolve._getaddrinfo.libc import Eai
from k8sresolve._getaddrinfo.libcs import libc
from k8sresolve._getaddrinfo.names import Caller, Host, Missing
from k8sresolve.errors import ConfigError

IPV4, IPV6 = "10.244.0.77", "fd00:10:244::77"
HOSTS = (
    None,
    *("127.0.0.1", "10.0.0.1", "127.1", "0x7f.1", "010.1", "1", "1.2.3.4 ", "*"),
    *("::1", "::", "fd00::5", "fd00::5%2", "fd00::5%lo", "::1%", "::1%0", "::1%4294967295", "::1%4294967296"),
    *("fe80::1", "fe80::1%lo", "fe80::1%1", "fe80::1%nope", "ff02::1%lo", "::ffff:10.0.0.1", "::ffff:10.0.0.1%3"),
)
SERVICES = (
    None,
    *("", "0", "80", "http", "ssh", "domain", "ntp", "nope", "*", "x80", " 80", "80 ", "+80", "-1"),
    *("65535", "65536", "2147483648", "4294967295", "4294967376", "-4294967216", "99999999999999999999999"),
)
FLAGS = (
    *(socket.AI_PASSIVE, socket.AI_CANONNAME, socket.AI_NUMERICHOST, socket.AI_NUMERICSERV),
    *(socket.AI_ADDRCONFIG, socket.AI_V4MAPPED, socket.AI_ALL, 0x40, 0x800),
)
CALLS = st.tuples(
    st.sampled_from(HOSTS),
    st.sampled_from(SERVICES),
    st.sampled_from((0, 0, socket.AF_INET, socket.AF_INET6, socket.AF_UNIX, 99)),
    st.sampled_from((0, 0, 1, 2, 3, 4, 5, 6)),
    st.sampled_from((0, 0, 6, 17, 1, 33, 132, 136, 255)),
    st.lists(st.sampled_from(FLAGS), max_size=3).map(lambda flags: sum(set(flags))),
)


def nobody(_host: str, _rdtypes: tuple[int, ...]) -> Host:
    raise AssertionError("this needs no nameserver")


class Names:
    """Names found by a function, without a question."""

    def __init__(self, find: Any) -> None:
        self._find = find

    def find(self, host: str, rdtypes: tuple[int, ...]) -> Any:
        yield from ()
        return self._find(host, rdtypes)

    def pointers(self, address: str) -> Any:
        raise AssertionError(f"the names of {address} are asked for")


def outcome(lookup: Any) -> Any:
    """What a lookup that asks nothing comes to."""
    try:
        next(lookup)
    except StopIteration as stop:
        return stop.value
    raise AssertionError("this needs no nameserver")


def ask(name: str, call: tuple[Any, ...], own: tuple[str, ...] = (IPV4, IPV6), find: Any = nobody) -> Any:
    host, service, *hints = call
    addresses = tuple(map(ip_address, own))
    library = libc(name)
    try:
        return outcome(library.getaddrinfo(host, service, Hints(*hints), Caller(lambda: addresses, Names(find))))
    except Eai as eai:
        return library.error(eai.code).args


def machine(host: str | None, service: str | None, *hints: int) -> Any:
    try:
        return socket.getaddrinfo(host, service, *hints)
    except socket.gaierror as error:
        return error.args


@pytest.fixture(scope="module")
def configured() -> tuple[str, ...]:
    """An address of each family that the machine is configured for: that is what AI_ADDRCONFIG goes by."""
    flags = socket.AI_ADDRCONFIG | socket.AI_NUMERICHOST
    rows = ((IPV4, socket.AF_INET), (IPV6, socket.AF_INET6))
    return tuple(own for own, family in rows if isinstance(machine(own, None, family, 0, 0, flags), list))


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the machine has another C library")
@given(call=CALLS)
@example(call=(None, "80", 0, 0, 0, socket.AI_PASSIVE))
@example(call=(None, "80", 0, 0, 0, 0))
@example(call=("::ffff:10.0.0.1%3", "http", socket.AF_INET, 0, 0, socket.AI_CANONNAME))
@example(call=("10.0.0.1", "80", socket.AF_INET6, 1, 0, socket.AI_V4MAPPED))
def test_glibc_gives_what_the_machine_gives(configured: tuple[str, ...], call: tuple[Any, ...]) -> None:
    if call[0] == "1.2.3.4 " and not call[-1] & socket.AI_NUMERICHOST:
        call = (*call[:-1], call[-1] | socket.AI_NUMERICHOST)  # a name, then, that the machine would ask about
    assert ask("glibc", call, configured) == machine(*call)


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


def has(*addresses: str) -> Any:
    packed = [socket.inet_pton(socket.AF_INET6 if ":" in text else socket.AF_INET, text) for text in addresses]

    def find(host: str, rdtypes: tuple[int, ...]) -> Host:
        found = tuple(p for p in packed if (1 if len(p) == 4 else 28) in rdtypes)
        if not found:
            raise Missing("nodata")
        return Host(f"{host}.shop.svc.cluster.local", (), found)

    return find


def addresses(found: Any) -> list[str]:
    return [info[4][0] for info in found]


def test_glibc_prefers_unique_local_ipv6_and_musl_ipv4() -> None:
    # RFC 3484 has no row for fc00::/7, RFC 6724 gives it a lower precedence than IPv4.
    find, call = has("10.96.20.2", "fd00:10:96::20:2"), ("web", "80", 0, 1, 0, 0)
    assert addresses(ask("glibc", call, find=find)) == ["fd00:10:96::20:2", "10.96.20.2"]
    assert addresses(ask("musl", call, find=find)) == ["10.96.20.2", "fd00:10:96::20:2"]


def test_a_family_that_the_pod_has_not_comes_last() -> None:
    find, call = has("10.96.20.2", "fd00:10:96::20:2"), ("web", "80", 0, 1, 0, 0)
    assert addresses(ask("glibc", call, (IPV4,), find)) == ["10.96.20.2", "fd00:10:96::20:2"]


def test_ipv4_stays_as_answered_but_musl_beside_ipv6_goes_by_prefix() -> None:
    call = ("web", "80", 0, 1, 0, 0)
    far, near, six = "10.1.0.1", "10.244.0.78", "fd00:10:96::1"
    assert addresses(ask("glibc", call, find=has(far, near))) == [far, near]
    assert addresses(ask("musl", call, find=has(far, near))) == [far, near]
    assert addresses(ask("glibc", call, find=has(far, near, six))) == [six, far, near]
    assert addresses(ask("musl", call, find=has(far, near, six))) == [near, far, six]


def test_glibc_sorts_ipv6_by_prefix() -> None:
    far, near = "fd00:99::1", "fd00:10:244::78"
    assert addresses(ask("glibc", ("web", "80", 0, 1, 0, 0), find=has(far, near))) == [near, far]


def test_addrconfig_asks_only_for_families_that_the_pod_has() -> None:
    find, flags = has("10.96.20.2", "fd00:10:96::20:2"), socket.AI_ADDRCONFIG
    for name in ("glibc", "musl"):
        assert addresses(ask(name, ("web", "80", 0, 1, 0, flags), (IPV4,), find)) == ["10.96.20.2"]
    assert ask("glibc", ("web", "80", socket.AF_INET6, 1, 0, flags), (IPV4,), find)[0] == socket.EAI_NONAME
    assert ask("musl", ("web", "80", socket.AF_INET6, 1, 0, flags), (IPV4,), find)[0] == socket.EAI_NODATA


@pytest.mark.parametrize("name", ["glibc", "musl"])
def test_ipv4_is_mapped_where_there_is_no_ipv6_or_all_are_wanted(name: str) -> None:
    mapped, everything = socket.AI_V4MAPPED, socket.AI_V4MAPPED | socket.AI_ALL
    six = socket.AF_INET6
    dual, single = has("10.96.20.2", "fd00:10:96::20:2"), has("10.96.20.1")
    assert addresses(ask(name, ("web", "80", six, 1, 0, mapped), find=dual)) == ["fd00:10:96::20:2"]
    assert addresses(ask(name, ("web", "80", six, 1, 0, mapped), find=single)) == ["::ffff:10.96.20.1"]
    assert {*addresses(ask(name, ("web", "80", six, 1, 0, everything), find=dual))} == {
        "fd00:10:96::20:2",
        "::ffff:10.96.20.2",
    }


def test_the_canonical_name_is_glibcs_first_entrys_and_all_of_musls() -> None:
    find, whole = has("10.96.20.2"), "web.shop.svc.cluster.local"
    assert [info[3] for info in ask("glibc", ("web", None, 0, 0, 0, 0), find=find)] == ["", "", ""]
    assert [info[3] for info in ask("glibc", ("web", None, 0, 0, 0, 2), find=find)] == [whole, "", ""]
    assert [info[3] for info in ask("musl", ("web", None, 0, 0, 0, 0), find=find)] == [whole, whole]


def test_musl_keeps_48_addresses() -> None:
    find = has(*(f"10.244.1.{number}" for number in range(100)))
    assert len(ask("musl", ("big", None, 0, 1, 0, 0), find=find)) == 48
    assert len(ask("glibc", ("big", None, 0, 1, 0, 0), find=find)) == 100


def test_an_unknown_libc_is_refused() -> None:
    with pytest.raises(ConfigError, match="there is no libc 'uclibc'; use one of glibc, musl"):
        libc("uclibc")
