"""`getaddrinfo()` and `getnameinfo()` of a resolver: the C library's rules, and names as the resolver finds them."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address
from socket import EAI_BADFLAGS, EAI_FAMILY, EAI_NONAME, EAI_SERVICE, EAI_SOCKTYPE
from typing import Any

from k8sresolve._core.lookups import hosts, reverse
from k8sresolve._core.lookups.setting import Setting
from k8sresolve._core.lookups.trail import Trail
from k8sresolve._core.questions import A, Lookup
from k8sresolve._core.search.rules import Failure
from k8sresolve._escaping import told
from k8sresolve._getaddrinfo.codes import EAI_NODATA
from k8sresolve._getaddrinfo.hints import Hints, Info, read_host, read_service
from k8sresolve._getaddrinfo.libc import Eai, LibcName
from k8sresolve._getaddrinfo.libcs import libc
from k8sresolve._getaddrinfo.nameinfo import getnameinfo as nameinfo
from k8sresolve._getaddrinfo.names import Caller, HostEntry, Missing, host_of, undotted
from k8sresolve.errors import Error, InvalidHints, InvalidName, NoData, NoSuchName, ResolveError, TemporaryFailure
from k8sresolve.names import check_host, shown, without_slash


def getaddrinfo(
    setting: Setting, libc_name: LibcName, host: bytes | str | None, port: bytes | str | int | None, hints: Hints
) -> Lookup[tuple[Info, ...]]:
    """Do as `socket.getaddrinfo`. Raises typed errors, where Python raises others, too."""
    rules, caller = libc(libc_name), Caller(setting.own, _ResolverNames(setting))
    for what, value, code in zip(("family", "type", "proto", "flags"), hints, _CODES, strict=True):
        _check_whole(host, what, value, code)
    if isinstance(port, int):
        _check_whole(host, "port", port, EAI_SERVICE, 64)
    try:
        name, service = read_host(host), read_service(port)
    except (UnicodeError, TypeError) as error:
        raise InvalidName(shown(host), f"no host name: {error}") from None
    except OSError as error:
        raise _refused(host, f"{error} ({_told(port, hints)})", EAI_SERVICE) from None
    try:
        return tuple((yield from rules.getaddrinfo(name, service, hints, caller)))
    except Eai as eai:
        raise eai.error or _refused(host, f"{rules.message(eai.code)} ({_told(port, hints)})", eai.code) from None


def getnameinfo(setting: Setting, libc_name: LibcName, sockaddr: Any, flags: int) -> Lookup[tuple[str, str]]:
    """Do as `socket.getnameinfo`. Raises typed errors, where Python raises others, too."""
    rules = libc(libc_name)
    _check_whole(sockaddr, "flags", flags, EAI_BADFLAGS)
    try:
        return (yield from nameinfo(rules, sockaddr, flags, _ResolverNames(setting)))
    except Eai as eai:
        problem = f"{rules.message(eai.code)} (sockaddr {told(sockaddr)}, flags {flags:#x})"
        raise eai.error or _refused(sockaddr[0], problem, eai.code) from None
    except (OSError, TypeError, ValueError, OverflowError) as error:
        if isinstance(error, Error):
            raise
        raise InvalidName(shown(sockaddr), f"no socket address: {error}") from None


# What a C library says to a family, type, protocol and flags that it does not know.
_CODES = (EAI_FAMILY, EAI_SOCKTYPE, EAI_SOCKTYPE, EAI_BADFLAGS)


def _check_whole(host: object, what: str, value: object, code: int, bits: int = 32) -> None:
    """Refuse what is no C int, or, of 64 bits, no C long."""
    if not isinstance(value, int):
        raise InvalidHints(_typed(host), f"{what}={told(value)} is no whole number", code=code)
    if value.bit_length() >= bits:
        raise InvalidHints(_typed(host), f"{what}={told(value)} is too large a number", code=code)


def _told(port: object, hints: Hints) -> str:
    """Say what was asked for besides the host."""
    family, kind, protocol, flags = hints
    return f"port {told(port)}, family {family:d}, type {kind:d}, proto {protocol:d}, flags {flags:#x}"


def _refused(host: object, problem: str, code: int) -> ResolveError:
    """Make the error for what the C library says without asking."""
    typed = _typed(host)
    if code == EAI_NONAME:
        return InvalidName(typed, problem)
    if code == EAI_NODATA:
        return NoData(typed, problem)
    return InvalidHints(typed, problem, code=code)


def _typed(host: object) -> str:
    return shown(host.decode("latin-1") if isinstance(host, bytes) else host)


class _ResolverNames:
    """Names as a resolver finds them: by its own policy, and by its families where the caller states none."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting

    def find(self, host: str, rdtypes: tuple[int, ...]) -> Lookup[HostEntry]:
        """Find addresses of these types. Raises `Missing`."""
        setting = self._setting
        if len(rdtypes) == 1:
            setting = setting.under(family="ipv4" if rdtypes == (A,) else "ipv6")
        try:
            trail = Trail(without_slash(check_host(host)), setting)
            known = hosts.known_here(setting, host)
            if known:
                return HostEntry(host, (), tuple(address.packed for address in known))
            return host_of((yield from hosts.searched(trail)))
        except ResolveError as error:
            raise Missing(_failure(error), error=error) from None

    def pointers(self, address: str) -> Lookup[Sequence[str]]:
        """Find the names of an address: those of the hosts file, `localhost`, or what DNS has. Raises `Missing`."""
        ip = ip_address(address)
        known = [name for name, texts in self._setting.hosts.items() if any(ip_address(text) == ip for text in texts)]
        if known or ip in hosts.LOOPBACK:
            return known or ["localhost"]
        try:
            return [undotted(name) for name in (yield from reverse.pointers(self._setting, address))]
        except ResolveError as error:
            raise Missing(_failure(error), error=_nameless(error)) from None


def _failure(error: ResolveError) -> Failure:
    if isinstance(error, TemporaryFailure):
        return "temporary"
    if isinstance(error, NoData):
        return "nodata"
    return "nxdomain" if isinstance(error, NoSuchName) else "failed"


def _nameless(error: ResolveError) -> ResolveError:
    """getnameinfo(3) has one code, EAI_NONAME, for an address of which nothing is told."""
    if isinstance(error, NoData):
        return NoSuchName(error.name, error.problem, attempts=error.attempts, advice=error.advice)
    return error
