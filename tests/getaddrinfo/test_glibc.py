"""glibc's getaddrinfo without DNS: beside the real one of this machine, and what it makes of names."""

import platform
import socket
from typing import Any

import pytest
from hypothesis import example, given

from k8sresolve._getaddrinfo.hints import Hints
from k8sresolve._getaddrinfo.libc import Eai
from k8sresolve._getaddrinfo.libcs import libc
from k8sresolve._getaddrinfo.names import Caller, HostEntry, Missing
from tests.conftest import HAS_IPV6
from tests.getaddrinfo.calls import CALLS
from tests.getaddrinfo.offline import IPV4, IPV6, Names, addresses, ask, has, machine, outcome


@pytest.fixture(scope="module")
def configured() -> tuple[str, ...]:
    """Addresses like those that the machine has: of loopback, and one of each family that AI_ADDRCONFIG lets pass."""
    flags = socket.AI_ADDRCONFIG | socket.AI_NUMERICHOST
    rows = ((IPV4, socket.AF_INET), (IPV6, socket.AF_INET6))
    beyond = [own for own, family in rows if isinstance(machine(own, None, family, 0, 0, flags), list)]
    return ("127.0.0.1", *["::1"] * HAS_IPV6, *beyond)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the machine has another C library")
@given(call=CALLS)
@example(call=(None, "80", 0, 0, 0, socket.AI_PASSIVE))
@example(call=(None, "80", 0, 0, 0, 0))
@example(call=("::ffff:10.0.0.1%3", "http", socket.AF_INET, 0, 0, socket.AI_CANONNAME))
@example(call=("10.0.0.1", "80", socket.AF_INET6, 1, 0, socket.AI_V4MAPPED))
def test_glibc_gives_what_the_machine_gives(configured: tuple[str, ...], call: tuple[Any, ...]) -> None:
    assert ask("glibc", call, configured) == machine(*call)


def test_a_family_that_the_pod_has_not_comes_last() -> None:
    find, call = has("10.96.20.2", "fd00:10:96::20:2"), ("web", "80", 0, 1, 0, 0)
    assert addresses(ask("glibc", call, (IPV4,), find)) == ["10.96.20.2", "fd00:10:96::20:2"]


def test_glibc_sorts_ipv6_by_prefix() -> None:
    far, near = "fd00:99::1", "fd00:10:244::78"
    assert addresses(ask("glibc", ("web", "80", 0, 1, 0, 0), find=has(far, near))) == [near, far]


def test_addrconfig_counts_no_loopback_address() -> None:
    find, flags = has("10.96.20.2", "fd00:10:96::20:2"), socket.AI_ADDRCONFIG
    own = (IPV4, "127.0.0.1", "::1")
    assert addresses(ask("glibc", ("web", "80", 0, 1, 0, flags), own, find)) == ["10.96.20.2"]
    assert ask("glibc", ("web", "80", socket.AF_INET6, 1, 0, flags), own, find)[0] == socket.EAI_NONAME


def lacking(**failures: str) -> Any:
    def find(host: str, rdtypes: tuple[int, ...]) -> HostEntry:
        raise Missing(failures["a" if rdtypes == (1,) else "aaaa"])  # type: ignore[arg-type]

    return find


@pytest.mark.parametrize(
    ("aaaa", "a", "code"),
    [
        ("nodata", "nodata", socket.EAI_NODATA),
        ("nodata", "nxdomain", socket.EAI_NONAME),
        ("failed", "nodata", socket.EAI_NONAME),
        ("temporary", "temporary", socket.EAI_AGAIN),
        ("temporary", "nodata", socket.EAI_NODATA),
    ],
)
def test_of_two_lookups_one_code_is_made(aaaa: str, a: str, code: int) -> None:
    # getaddrinfo.c, the end of get_nss_addresses.
    call = ("web", "80", socket.AF_INET6, 1, 0, socket.AI_V4MAPPED)
    assert ask("glibc", call, find=lacking(aaaa=aaaa, a=a))[0] == code


@pytest.mark.parametrize(
    ("failure", "flags", "expected"),
    [
        ("nxdomain", 0, "10.96.9.9"),
        ("nodata", 0, "10.96.9.9"),
        ("nxdomain", socket.NI_NAMEREQD, socket.EAI_NONAME),
        ("temporary", 0, socket.EAI_AGAIN),
    ],
)
def test_an_address_without_a_name_stands_for_itself_unless_its_name_is_not_known_for_now(
    failure: str, flags: int, expected: Any
) -> None:
    lookup = libc("glibc").node("10.96.9.9", flags, Names(has(), {"10.96.9.9": failure}))
    if isinstance(expected, str):
        assert outcome(lookup) == expected
        return
    with pytest.raises(Eai) as caught:
        outcome(lookup)
    assert caught.value.code == expected


def test_of_several_names_glibc_takes_the_first_and_musl_the_last() -> None:
    names = Names(has(), {"10.244.1.21": ["a.example", "b.example"]})
    assert outcome(libc("glibc").node("10.244.1.21", 0, names)) == "a.example"
    assert outcome(libc("glibc").named("10.244.1.21", names)) == ("a.example", ["b.example"], ["10.244.1.21"])
    assert outcome(libc("musl").node("10.244.1.21", 0, names)) == "b.example"


def test_own_addresses_are_looked_up_only_where_they_matter() -> None:
    def own() -> Any:
        raise AssertionError("nothing depends on them")

    caller = Caller(own, Names(has("10.96.20.1")))
    for name in ("glibc", "musl"):
        assert addresses(outcome(libc(name).getaddrinfo("web", "80", Hints(), caller)))[0] == "10.96.20.1"
