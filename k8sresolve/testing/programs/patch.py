"""`cluster.patch()`: programs in this process find the cluster's names through `socket`, asyncio and trio.

What is replaced is Python's: code in C that calls the C library's getaddrinfo itself, as libpq does, is not reached,
and neither is a function that was imported by its name before (`from socket import getaddrinfo`).
"""

import _socket
import atexit
import contextlib
import errno
import socket
import sys
import threading
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from ipaddress import IPv6Address, ip_address
from typing import Any, Literal, NamedTuple, Self, get_args

import attrs

from k8sresolve._core.engine.ledger import Ledger
from k8sresolve._core.engine.rules import Rules
from k8sresolve._core.engine.sends import Send
from k8sresolve._core.events import Events
from k8sresolve._core.questions import AAAA, PTR, A, Call, Empty, Found, NxDomain
from k8sresolve._core.search import walk as search
from k8sresolve._core.search.rules import Tried
from k8sresolve._drivers.running import run
from k8sresolve._getaddrinfo.libc import Hints, Host, Info, Libc, Missing, Pod, libc, literal_text
from k8sresolve.config import CacheConfig
from k8sresolve.errors import ConfigError
from k8sresolve.testing.network.clock import Clock
from k8sresolve.testing.network.parcels import Arrival
from k8sresolve.testing.network.virtual import Network, VirtualDriver
from k8sresolve.testing.programs.resolvers import Place
from k8sresolve.testing.programs.routes import Routes

Outside = Literal["refuse", "pass"]

_TIMEOUT, _ATTEMPTS = 5, 2  # of glibc and musl where resolv.conf does not state them
_WHOLE_LOOKUP = 3600.0  # virtual seconds: neither libc has a deadline for all candidates together


class _Elsewhere(Exception):
    """A name or an address is not the cluster's: this machine is to be asked, for `name` if it is another one."""

    def __init__(self, name: str | None = None) -> None:
        super().__init__(name)
        self.name = name


class _Plain:
    """The network as a libc uses it: without EDNS, unless resolv.conf says so, and old ones without TCP."""

    def __init__(self, network: Network, *, edns: bool, tcp: bool) -> None:
        self._network = network
        self._edns = edns
        self._tcp = tcp

    def exchange(self, send: Send, message: bytes) -> list[Arrival]:
        if not self._edns and message[10:12] == b"\0\1":
            message = message[:10] + b"\0\0" + message[12:-_OPT]
        arrivals = self._network.exchange(send, message)
        return arrivals if self._tcp else [arrival._replace(data=_as_whole(arrival.data)) for arrival in arrivals]


_OPT = 11  # octets of an OPT record without options (RFC 6891, section 6.1.2)


def _as_whole(reply: bytes | None) -> bytes | None:
    """Take a truncated reply for a whole one: clear TC."""
    return reply[:2] + bytes([reply[2] & ~0x02]) + reply[3:] if reply is not None and len(reply) > 2 else reply


class _Names:
    """The cluster's DNS as a libc without a cache asks it, and the pod's hosts file before it."""

    def __init__(self, place: Place, clock: Clock, libc_: Libc, outside: Outside) -> None:
        config = place.config
        stated = attrs.evolve(config, timeout=config.timeout or _TIMEOUT, attempts=config.attempts or _ATTEMPTS)
        rules = Rules.of(stated, in_flight=64, cache=CacheConfig(entries=0))
        if libc_.name != "glibc":
            rules = attrs.evolve(rules, limit=float(stated.timeout or _TIMEOUT))  # musl: all tries together
        # musl before 1.2.4 knows no DNS over TCP.
        network = _Plain(place.network, edns="edns0" in config.flags, tcp=libc_.name != "musl-1.2.3")
        self._driver = VirtualDriver(rules, Ledger(rules), Events(), network, clock)
        self._config = config
        self._hosts = dict(config.hosts)
        self._libc = libc_
        self._outside = outside

    def find(self, host: str, rdtypes: tuple[int, ...]) -> Host:
        """Find addresses of these types. Raises `Missing`, or `_Elsewhere`."""
        listed = [ip_address(text) for text in self._hosts.get(host.lower(), ())]
        known = tuple(ip.packed for ip in listed if (A if ip.version == 4 else AAAA) in rdtypes)
        if known:
            return Host(host, (), known)
        if listed and self._libc.name != "glibc":
            raise Missing("nodata")  # musl asks no nameserver about a name of the hosts file
        rdtypes = tuple(rdtype for rdtype in rdtypes if rdtype != AAAA or "no-aaaa" not in self._config.flags)
        if not rdtypes:
            raise Missing("nodata")
        end = self._walk(host, rdtypes)
        if end.found is None:
            self._leave(host, end)
            raise self._missing(end, rdtypes)
        return _host(end.found)

    def _missing(self, end: search.Walked, rdtypes: tuple[int, ...]) -> Missing:
        old = end.failure or "failed"
        if rdtypes != (A,):
            return Missing(old)
        # What the policies say of IPv4 alone is what glibc's old function reports.
        return Missing(search.policy(self._libc.policy).failure(end.tried, (AAAA,)), old)

    def pointers(self, address: str) -> Sequence[str]:
        """Find the names of an address. Raises `Missing`, or `_Elsewhere`."""
        listed = [name for name, addresses in self._hosts.items() if address in addresses]
        if listed:
            return listed
        end = self._walk(f"{ip_address(address).reverse_pointer}.", (PTR,))
        if end.found is not None:
            return [_bare(name) for answer in end.found.answers if isinstance(answer, Found) for name in answer.data]
        if end.failure == "nxdomain" and self._outside == "pass":
            raise _Elsewhere
        raise Missing(end.failure or "failed")

    def _walk(self, name: str, rdtypes: tuple[int, ...]) -> search.Walked:
        policy = search.policy(self._libc.policy)
        walk = Call(search.walk, (self._config, policy, rdtypes))
        return run(self._driver, walk, name, _WHOLE_LOOKUP, fresh=True)

    def _leave(self, host: str, end: search.Walked) -> None:
        """Raise `_Elsewhere` for a name outside the cluster that its DNS says nothing of, as far as it is let through.

        This machine's own name is always let through.
        """
        answers = [answer for tried in end.tried for answer in tried.answers]
        chains = [answer.chain for answer in answers if isinstance(answer, (Empty, NxDomain)) and answer.chain]
        target = _bare(chains[-1][-1] if chains else host)
        negative = ("nxdomain", "nodata") if chains else ("nxdomain",)
        domain = self._config.cluster_domain or "cluster.local"
        if end.failure not in negative or f".{target.lower()}".endswith(f".{domain}"):
            return
        if self._outside == "pass" or target.lower() == socket.gethostname().lower():
            raise _Elsewhere(target if chains else None)


def _bare(name: str) -> str:
    return name.removesuffix(".")


def _host(tried: Tried) -> Host:
    found = [answer for answer in tried.answers if isinstance(answer, Found)]
    path = (tried.candidate.name, *next((answer.chain for answer in found if answer.chain), ()))
    *aliases, canonical = map(_bare, path)
    return Host(canonical, tuple(aliases), tuple(ip.packed for answer in found for ip in answer.data))


def _is_localhost(host: str) -> bool:
    """Whether a name is this machine's, wherever it runs (RFC 6761, section 6.3)."""
    return f".{host.removesuffix('.').lower()}".endswith(".localhost")


def _is_no_host(host: str | None) -> bool:
    """Whether a host is a word that Python itself reads, in all functions but `getaddrinfo`."""
    return host in (None, "", "<broadcast>", "255.255.255.255")


def _is_pair(address: object) -> bool:
    return isinstance(address, tuple) and len(address) > 1  # pyright: ignore[reportUnknownArgumentType]


def _is_loopback(address: str) -> bool:
    ip = ip_address(address)
    return ip.is_loopback or ip.is_unspecified


def _decoded(host: object) -> str | None:
    """Read a host as `socket.getaddrinfo` does."""
    if host is None or isinstance(host, str):
        return host and host.encode("idna").decode()
    if isinstance(host, bytes):
        return host.decode("latin-1")
    raise TypeError("getaddrinfo() argument 1 must be string or None")


def _service(port: object) -> str | None:
    """Read a port as `socket.getaddrinfo` does."""
    if port is None or isinstance(port, str):
        return port
    if isinstance(port, bytes):
        return port.decode("latin-1")
    if type(port) is int:
        return str(port)
    raise OSError("Int or String expected")


class _Machine(NamedTuple):
    """The functions that were there before."""

    getaddrinfo: Callable[..., Any]
    gethostbyname: Callable[..., Any]
    gethostbyname_ex: Callable[..., Any]
    gethostbyaddr: Callable[..., Any]
    getnameinfo: Callable[..., Any]


class Patch:
    """A context manager: inside, this process finds names as a pod of the cluster does. Made by `Cluster.patch`.

    It holds for all threads, and there is one at a time. It may be entered again once it was left.
    """

    def __init__(self, place: Place, clock: Clock, routes: Routes, *, libc_: str, outside: Outside) -> None:
        if outside not in get_args(Outside):
            raise ConfigError(f"there is no way out {outside!r}", advice=f"use one of {', '.join(get_args(Outside))}")
        self._libc = libc(libc_)
        self._names = _Names(place, clock, self._libc, outside)
        own = [ip for ip in map(ip_address, place.addresses) if ip.version in place.versions]
        self._pod = Pod(tuple(ip.packed for ip in own), self._names.find)
        self._routes = routes
        self._undo = ExitStack()
        self._machine = _machine()

    # -- the functions of `socket` -----------------------------------------------------------------------------------

    def getaddrinfo(  # noqa: PLR0917 - as `socket` has it
        self,
        host: Any,
        port: Any,
        family: int = 0,
        type: int = 0,  # noqa: A002 - the names are those of `socket`
        proto: int = 0,
        flags: int = 0,
    ) -> list[Info]:
        """Do as `socket.getaddrinfo` does in a pod."""
        name = _decoded(host)
        rest = (port, family, type, proto, flags)
        if name is not None and _is_localhost(name):
            return self._machine.getaddrinfo(host, *rest)  # type: ignore[no-any-return]
        try:
            return self._libc.getaddrinfo(name, _service(port), Hints(family, type, proto, flags), self._pod)
        except _Elsewhere as elsewhere:
            there = elsewhere.name
        return self._machine.getaddrinfo(there or host, *rest)  # type: ignore[no-any-return]

    def gethostbyname(self, hostname: Any) -> str:
        """Do as `socket.gethostbyname` does in a pod."""
        # Unlike the others it leaves ASCII as it is.
        host = hostname if isinstance(hostname, str) and hostname.isascii() else _decoded(hostname)
        if host is None or _is_no_host(host):
            return self._machine.gethostbyname(hostname)  # type: ignore[no-any-return]
        return self.getaddrinfo(host.encode("latin-1"), None, socket.AF_INET)[0][4][0]  # type: ignore[no-any-return]

    def gethostbyname_ex(self, hostname: Any) -> tuple[str, list[str], list[str]]:
        """Do as `socket.gethostbyname_ex` does in a pod."""
        host = _decoded(hostname)
        if host is None or _is_no_host(host) or _is_localhost(host) or literal_text(host):
            return self._machine.gethostbyname_ex(hostname)  # type: ignore[no-any-return]
        # Python asks with getaddrinfo first, whose errors are the ones that one sees.
        self.getaddrinfo(host, None, socket.AF_INET)
        try:
            return self._libc.host_entry(host, self._names.find(host, (A,)))
        except _Elsewhere as elsewhere:
            return self._machine.gethostbyname_ex(elsewhere.name or hostname)  # type: ignore[no-any-return]
        except Missing as missing:
            raise self._libc.host_error(missing.old) from None

    def gethostbyaddr(self, ip_address: Any) -> tuple[str, list[str], list[str]]:
        """Do as `socket.gethostbyaddr` does in a pod."""
        host = _decoded(ip_address)
        if host is None or _is_no_host(host):
            return self._machine.gethostbyaddr(ip_address)  # type: ignore[no-any-return]
        address = str(self.getaddrinfo(host, None)[0][4][0])
        with suppress(_Elsewhere):
            if not _is_loopback(address):
                return self._libc.named(address, self._names.pointers)
        return self._machine.gethostbyaddr(address)  # type: ignore[no-any-return]

    def getnameinfo(self, sockaddr: Any, flags: int) -> tuple[str, str]:
        """Do as `socket.getnameinfo` does in a pod."""
        real = self._machine.getnameinfo
        try:
            numeric, service = real(sockaddr, (flags | socket.NI_NUMERICHOST) & ~socket.NI_NAMEREQD)
            if flags & socket.NI_NUMERICHOST or _is_loopback(numeric):
                return real(sockaddr, flags)  # type: ignore[no-any-return]
        except socket.gaierror as error:
            raise self._libc.error(error.errno or socket.EAI_FAIL) from None
        with suppress(_Elsewhere):
            return self._libc.node(numeric.partition("%")[0], flags, self._names.pointers), service
        return real(sockaddr, flags)  # type: ignore[no-any-return]

    # -- connections -------------------------------------------------------------------------------------------------

    def reach(self, address: Any, family: int, kind: int) -> Any:
        """Tell where a connection to `address` goes. Raises `ConnectionRefusedError`, and `socket.gaierror`."""
        if family not in (socket.AF_INET, socket.AF_INET6) or not _is_pair(address):
            return address
        host, port, *rest = address
        name = _decoded(host) if isinstance(host, (str, bytes)) else None
        if name is None or _is_no_host(name) or not isinstance(port, int):
            return address
        text = literal_text(name)
        if text is None:
            # The C function under `connect` would ask the machine's own libc.
            text = str(self.getaddrinfo(name, None, family, kind)[0][4][0])
            address = (text, port, *rest)
        to = self._routes.find(_unmapped(text), port, "UDP" if kind == socket.SOCK_DGRAM else "TCP")
        if to is None:
            return address
        return (f"::ffff:{to[0]}", to[1]) if family == socket.AF_INET6 else to

    # -- entering and leaving ----------------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        where = _caller()
        with _ENTERING:
            if _ENTERED:
                ((other, (file, line)),) = _ENTERED.items()
                raise ConfigError(
                    f"{'this' if other is self else 'another'} cluster.patch() is in force, entered at {file}:{line}",
                    advice="leave it first, best by `with`",
                )
            with ExitStack() as undo:
                self._machine = _machine()
                self._replace(undo)
                self._undo = undo.pop_all()
            _ENTERED[self] = where
        return self

    def __exit__(self, *_: object) -> None:
        with _ENTERING:
            if _ENTERED.pop(self, None) is None:
                raise ConfigError("this cluster.patch() is not in force", advice="enter it by `with`, once")
            self._undo.close()

    def _replace(self, undo: ExitStack) -> None:
        for name in _Machine._fields:
            _set(undo, socket, name, _plain(getattr(self, name)))
        _replace_connect(self, undo)
        if "gevent.socket" in sys.modules:
            _replace_gevent(self, undo, sys.modules["gevent.socket"])
        if "uvloop" in sys.modules:
            _replace_uvloop(self, undo, sys.modules["uvloop"])
        if "trio" in sys.modules:
            _replace_trio(self, undo, sys.modules["trio"])


_ENTERED: dict[Patch, tuple[str, int]] = {}  # one at most
_ENTERING = threading.Lock()


def in_force() -> Mapping[Patch, tuple[str, int]]:
    """The patch that is in force, if there is one, with the file and line where it was entered."""
    return dict(_ENTERED)


@atexit.register
def _warn_of_those_left_open() -> None:
    for file, line in _ENTERED.values():
        warnings.warn_explicit("cluster.patch() was entered here and never left", ResourceWarning, file, line)


def _caller() -> tuple[str, int]:
    frame = sys._getframe(1)  # noqa: SLF001 - inspect.stack() reads source files
    while frame.f_back is not None and frame.f_code.co_filename in (__file__, contextlib.__file__):
        frame = frame.f_back
    return frame.f_code.co_filename, frame.f_lineno


def _machine() -> _Machine:
    return _Machine(*(getattr(socket, name) for name in _Machine._fields))


def _unmapped(address: str) -> str:
    ip = ip_address(address)
    return str(ip.ipv4_mapped if isinstance(ip, IPv6Address) and ip.ipv4_mapped else ip)


def _plain(method: Callable[..., Any]) -> Callable[..., Any]:
    """Make a function of a method: what stands in for a module's function should be one."""

    def function(*args: Any, **kwargs: Any) -> Any:
        return method(*args, **kwargs)

    function.__name__ = function.__qualname__ = method.__name__
    return function


def _set(undo: ExitStack, owner: Any, name: str, value: object) -> None:
    if name in vars(owner):
        undo.callback(setattr, owner, name, vars(owner)[name])
    else:
        undo.callback(delattr, owner, name)
    setattr(owner, name, value)


def _replace_connect(patch: Patch, undo: ExitStack) -> None:
    # Not a subclass that another tool puts in its place for a while: the class under asyncio's and ssl's sockets.
    owner: Any = next((cls for cls in socket.socket.__mro__ if _socket.socket in cls.__bases__), socket.socket)
    before_connect, before_connect_ex = owner.connect, owner.connect_ex

    def connect(self: socket.socket, address: Any) -> None:
        before_connect(self, patch.reach(address, self.family, self.type))

    def connect_ex(self: socket.socket, address: Any) -> int:
        try:
            reached = patch.reach(address, self.family, self.type)
        except ConnectionRefusedError:
            return errno.ECONNREFUSED
        return before_connect_ex(self, reached)  # type: ignore[no-any-return]

    _set(undo, owner, "connect", connect)
    _set(undo, owner, "connect_ex", connect_ex)


def _replace_gevent(patch: Patch, undo: ExitStack, gevent_socket: Any) -> None:
    """In a monkey-patched program, replace what gevent's own `create_connection` calls in place of `socket`'s."""
    if socket.socket is gevent_socket.socket:
        for name in _Machine._fields:
            _set(undo, gevent_socket, name, _plain(getattr(patch, name)))


def _replace_uvloop(patch: Patch, undo: ExitStack, uvloop: Any) -> None:
    """Replace what uvloop does in C: it looks names up and connects there."""
    create_connection = uvloop.Loop.create_connection

    async def getaddrinfo(_loop: object, host: Any, port: Any, **hints: Any) -> list[Info]:
        return patch.getaddrinfo(host, port, **hints)

    async def getnameinfo(_loop: object, sockaddr: Any, flags: int = 0) -> tuple[str, str]:
        return patch.getnameinfo(sockaddr, flags)

    async def connected(loop: object, factory: Any, host: Any = None, port: Any = None, **options: Any) -> Any:
        if host is None or options.get("sock") is not None:
            return await create_connection(loop, factory, host, port, **options)
        hints = {key: options.pop(key) for key in ("family", "proto", "flags") if key in options}
        if options.get("ssl") and options.get("server_hostname") is None:
            options["server_hostname"] = host
        errors: list[OSError] = []
        for family, kind, _, _, address in patch.getaddrinfo(host, port, type=socket.SOCK_STREAM, **hints):
            try:
                return await create_connection(loop, factory, *patch.reach(address, family, kind)[:2], **options)
            except OSError as error:
                errors.append(error)
        raise errors[0] if len(errors) == 1 else OSError(f"Multiple exceptions: {', '.join(map(str, errors))}")

    for name, value in (("getaddrinfo", getaddrinfo), ("getnameinfo", getnameinfo), ("create_connection", connected)):
        _set(undo, uvloop.Loop, name, value)


def _replace_trio(patch: Patch, undo: ExitStack, trio: Any) -> None:
    """Within `trio.run` no thread is needed; outside, the threads that trio uses call the functions of `socket`."""

    async def getaddrinfo(_self: object, *args: Any) -> list[Info]:
        await trio.lowlevel.checkpoint()
        return patch.getaddrinfo(*args)

    async def getnameinfo(_self: object, *args: Any) -> tuple[str, str]:
        await trio.lowlevel.checkpoint()
        return patch.getnameinfo(*args)

    functions: Mapping[str, object] = {"getaddrinfo": getaddrinfo, "getnameinfo": getnameinfo}
    resolver = type("Resolver", (trio.abc.HostnameResolver,), dict(functions))()
    with suppress(RuntimeError):  # no run
        undo.callback(_restore_trio, trio, trio.socket.set_custom_hostname_resolver(resolver))


def _restore_trio(trio: Any, before: object) -> None:
    with suppress(RuntimeError):  # the run is over, and what was set for it is gone
        trio.socket.set_custom_hostname_resolver(before)
