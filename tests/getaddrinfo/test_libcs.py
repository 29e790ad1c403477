"""What glibc and musl make of the same names."""

import socket

import pytest

from k8sresolve._getaddrinfo.libcs import libc
from k8sresolve.errors import ConfigError
from tests.getaddrinfo.offline import IPV4, addresses, ask, has


def test_glibc_prefers_unique_local_ipv6_and_musl_ipv4() -> None:
    # RFC 3484 has no row for fc00::/7, RFC 6724 gives it a lower precedence than IPv4.
    find, call = has("10.96.20.2", "fd00:10:96::20:2"), ("web", "80", 0, 1, 0, 0)
    assert addresses(ask("glibc", call, find=find)) == ["fd00:10:96::20:2", "10.96.20.2"]
    assert addresses(ask("musl", call, find=find)) == ["10.96.20.2", "fd00:10:96::20:2"]


def test_ipv4_stays_as_answered_but_musl_beside_ipv6_goes_by_prefix() -> None:
    call = ("web", "80", 0, 1, 0, 0)
    far, near, six = "10.1.0.1", "10.244.0.78", "fd00:10:96::1"
    assert addresses(ask("glibc", call, find=has(far, near))) == [far, near]
    assert addresses(ask("musl", call, find=has(far, near))) == [far, near]
    assert addresses(ask("glibc", call, find=has(far, near, six))) == [six, far, near]
    assert addresses(ask("musl", call, find=has(far, near, six))) == [near, far, six]


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


def test_an_unknown_libc_is_refused() -> None:
    with pytest.raises(ConfigError, match="there is no libc 'uclibc'; use one of glibc, musl"):
        libc("uclibc")
