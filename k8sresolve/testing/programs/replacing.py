"""What stands in for the functions of `socket`, and for what gevent, uvloop and trio have of their own."""

import _socket
import errno
import socket
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from typing import Any, NamedTuple

from k8sresolve._getaddrinfo.libc import HostTuple
from k8sresolve._replacing import put, replace_functions


class Functions(NamedTuple):
    """Functions of the module `socket`."""

    getaddrinfo: Callable[..., list[Any]]
    gethostbyname: Callable[..., str]
    gethostbyname_ex: Callable[..., HostTuple]
    gethostbyaddr: Callable[..., HostTuple]
    getnameinfo: Callable[..., tuple[str, str]]

    @classmethod
    def of(cls, owner: object) -> "Functions":
        """Those of a module, or methods that do as they do."""
        return cls(*(getattr(owner, name) for name in cls._fields))


class Sockets(NamedTuple):
    """What is put in their place. `reach` tells where a connection to an address goes, by its family and kind."""

    functions: Functions
    reach: Callable[[Any, int, int], Any]


def replace(sockets: Sockets, undo: ExitStack, modules: Mapping[str, Any]) -> None:
    """Put it in place, in `socket` and in those of the other libraries that are loaded; `undo` puts all back."""
    replace_functions(sockets.functions._asdict(), undo, modules)
    _replace_connect(sockets, undo)
    for name, also in (("uvloop", _replace_uvloop), ("trio", _replace_trio)):
        if name in modules:
            also(sockets, undo, modules[name])


def _replace_connect(sockets: Sockets, undo: ExitStack) -> None:
    # Not a subclass that another tool puts in its place for a while: the class under asyncio's and ssl's sockets.
    owner: Any = next((cls for cls in socket.socket.__mro__ if _socket.socket in cls.__bases__), socket.socket)
    before_connect, before_connect_ex = owner.connect, owner.connect_ex

    def connect(self: socket.socket, address: Any) -> None:
        before_connect(self, sockets.reach(address, self.family, self.type))

    def connect_ex(self: socket.socket, address: Any) -> int:
        try:
            reached = sockets.reach(address, self.family, self.type)
        except ConnectionRefusedError:
            return errno.ECONNREFUSED
        return before_connect_ex(self, reached)  # type: ignore[no-any-return]

    put(undo, owner, "connect", connect)
    put(undo, owner, "connect_ex", connect_ex)


def _replace_uvloop(sockets: Sockets, undo: ExitStack, uvloop: Any) -> None:
    """Replace what uvloop does in C: it looks names up and connects there."""
    create_connection = uvloop.Loop.create_connection

    async def getaddrinfo(_loop: object, host: Any, port: Any, **hints: Any) -> list[Any]:
        return sockets.functions.getaddrinfo(host, port, **hints)

    async def getnameinfo(_loop: object, sockaddr: Any, flags: int = 0) -> tuple[str, str]:
        return sockets.functions.getnameinfo(sockaddr, flags)

    async def connected(loop: object, factory: Any, host: Any = None, port: Any = None, **options: Any) -> Any:
        if host is None or options.get("sock") is not None:
            return await create_connection(loop, factory, host, port, **options)
        hints = {key: options.pop(key) for key in ("family", "proto", "flags") if key in options}
        if options.get("ssl") and options.get("server_hostname") is None:
            options["server_hostname"] = host
        errors: list[OSError] = []
        for family, kind, _, _, address in sockets.functions.getaddrinfo(host, port, type=socket.SOCK_STREAM, **hints):
            try:
                return await create_connection(loop, factory, *sockets.reach(address, family, kind)[:2], **options)
            except OSError as error:
                errors.append(error)
        raise errors[0] if len(errors) == 1 else OSError(f"Multiple exceptions: {', '.join(map(str, errors))}")

    for name, value in (("getaddrinfo", getaddrinfo), ("getnameinfo", getnameinfo), ("create_connection", connected)):
        put(undo, uvloop.Loop, name, value)


def _replace_trio(sockets: Sockets, undo: ExitStack, trio: Any) -> None:
    """Within `trio.run` no thread is needed; outside, the threads that trio uses call the functions of `socket`."""

    async def getaddrinfo(_self: object, *args: Any) -> list[Any]:
        await trio.lowlevel.checkpoint()
        return sockets.functions.getaddrinfo(*args)

    async def getnameinfo(_self: object, *args: Any) -> tuple[str, str]:
        await trio.lowlevel.checkpoint()
        return sockets.functions.getnameinfo(*args)

    functions: Mapping[str, object] = {"getaddrinfo": getaddrinfo, "getnameinfo": getnameinfo}
    resolver = type("Resolver", (trio.abc.HostnameResolver,), dict(functions))()
    with suppress(RuntimeError):  # no run
        undo.callback(_restore_trio, trio, trio.socket.set_custom_hostname_resolver(resolver))


def _restore_trio(trio: Any, before: object) -> None:
    with suppress(RuntimeError):  # the run is over, and what was set for it is gone
        trio.socket.set_custom_hostname_resolver(before)
