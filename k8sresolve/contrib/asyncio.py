"""Event loops of asyncio that find names by a resolver: one line for nearly every client of asyncio.

>>> from k8sresolve.contrib.asyncio import new_event_loop
>>> import asyncio
>>> with asyncio.Runner(loop_factory=new_event_loop) as runner:
...     pass  # runner.run(main())
...

Streams, aiohttp, redis, asyncpg, nats, aiokafka and others ask the loop, and connect to the port that it finds. A loop
of uvloop looks names up in C: see `k8sresolve.contrib.uvloop`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Self
from weakref import ref

from k8sresolve._escaping import told
from k8sresolve.async_resolver import AsyncResolver
from k8sresolve.contrib._names import AsyncNames, Scope
from k8sresolve.errors import ConfigError

__all__ = ["Installed", "install", "loop_factory", "new_event_loop"]

_METHODS = ("getaddrinfo", "getnameinfo")


def new_event_loop() -> asyncio.AbstractEventLoop:
    """Make a loop that finds the cluster's names by the process's own `AsyncResolver`; see `loop_factory`.

    For what takes a loop's factory by its name, as `uvicorn --loop k8sresolve.contrib.asyncio:new_event_loop` does.

    Raises:
        ConfigError: The loop of the event loop policy is one as uvloop's, which does not ask its own `getaddrinfo`.

    >>> import asyncio
    >>> from k8sresolve.contrib.asyncio import new_event_loop
    >>> async def main():
    ...     return await asyncio.get_running_loop().getaddrinfo("127.0.0.1", 80, type=1)
    ...
    >>> with asyncio.Runner(loop_factory=new_event_loop) as runner:
    ...     [*_, address] = runner.run(main())[0]
    ...
    >>> address
    ('127.0.0.1', 80)
    """
    return loop_factory()()


def loop_factory(
    resolver: AsyncResolver | None = None,
    *,
    scope: Scope = "cluster",
    base: Callable[[], asyncio.AbstractEventLoop] | None = None,
) -> Callable[[], asyncio.AbstractEventLoop]:
    """Return what makes loops whose `getaddrinfo` and `getnameinfo` are the resolver's.

    It is for what takes a loop's factory, as `asyncio.Runner`. With K8SRESOLVE_DISABLE=1 loops stay as `base` makes
    them.

    Args:
        resolver: An `AsyncResolver`, which stays the caller's to close; None is the process's own.
        scope: Which names it finds: `"cluster"`, those that are or may be the cluster's, or `"all"`. Others go where
            asyncio has them go.
        base: Makes the loop; None is `asyncio.new_event_loop`.

    Raises:
        ConfigError: An argument cannot be; as a loop is made, it does not ask its own `getaddrinfo`, as uvloop's.

    >>> import asyncio
    >>> from k8sresolve.contrib.asyncio import loop_factory
    >>> from k8sresolve.testing import Cluster
    >>> resolver = Cluster.from_manifests("docs/examples/shop.yaml").async_resolver(namespace="shop")
    >>> async def main():
    ...     return await asyncio.get_running_loop().getaddrinfo("payments", "http", type=1)
    ...
    >>> with asyncio.Runner(loop_factory=loop_factory(resolver)) as runner:
    ...     [*_, address] = runner.run(main())[0]
    ...
    >>> address
    ('10.96.20.1', 80)
    """
    names, make = AsyncNames(resolver, scope), asyncio.new_event_loop if base is None else base
    if not callable(make):
        raise ConfigError(f"base={told(base)} makes no loop", advice="give a class of loops, or a function")

    def factory() -> asyncio.AbstractEventLoop:
        loop = make()
        try:
            Installed(loop, names)
        except BaseException:
            loop.close()
            raise
        return loop

    return factory


def install(
    resolver: AsyncResolver | None = None, *, scope: Scope = "cluster", loop: asyncio.AbstractEventLoop | None = None
) -> Installed:
    """Have a loop that is there already find names by the resolver.

    Returns what undoes it: `uninstall()`, or the end of a `with`. With K8SRESOLVE_DISABLE=1 nothing changes.

    Args:
        resolver, scope: As in `loop_factory`.
        loop: The loop; None is the one that runs.

    Raises:
        ConfigError: An argument cannot be, the loop has a resolver already, or does not ask its own `getaddrinfo`, as
            uvloop's.
        RuntimeError: No loop runs, and none is given.

    >>> import asyncio
    >>> from k8sresolve.contrib.asyncio import install
    >>> from k8sresolve.testing import Cluster
    >>> resolver = Cluster.from_manifests("docs/examples/shop.yaml").async_resolver(namespace="shop")
    >>> async def main():
    ...     with install(resolver):
    ...         return await asyncio.get_running_loop().getaddrinfo("payments", "http", type=1)
    ...
    >>> [*_, address] = asyncio.run(main())[0]
    >>> address
    ('10.96.20.1', 80)
    """
    return Installed(asyncio.get_running_loop() if loop is None else loop, AsyncNames(resolver, scope))


class Installed:
    """A resolver in a loop; a context manager. Made by `install`.

    >>> import asyncio
    >>> from k8sresolve.contrib.asyncio import install
    >>> from k8sresolve.testing import Cluster
    >>> resolver = Cluster.from_manifests("docs/examples/shop.yaml").async_resolver(namespace="shop")
    >>> async def main():
    ...     installed = install(resolver)
    ...     installed.uninstall()
    ...     return "getaddrinfo" in vars(asyncio.get_running_loop())
    ...
    >>> asyncio.run(main())
    False
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, names: AsyncNames) -> None:
        self._loop: Any = loop
        self._methods: dict[str, Callable[..., Any]] = {}
        if names.disabled:
            return
        if not isinstance(loop, asyncio.BaseEventLoop):
            raise ConfigError(
                f"a loop of {type(loop).__module__} does not ask its own getaddrinfo, which is what is replaced",
                advice="of uvloop, make the loop by k8sresolve.contrib.uvloop, as in asyncio.Runner(loop_factory="
                "k8sresolve.contrib.uvloop.new_event_loop) or uvicorn --loop k8sresolve.contrib.uvloop:new_event_loop; "
                "or give the client its own adapter, as aiohttp.TCPConnector(resolver="
                "k8sresolve.contrib.aiohttp.Resolver()); or use a loop of asyncio",
            )
        if "getaddrinfo" in vars(loop):
            raise ConfigError("this loop has a resolver already", advice="call uninstall() of what is there first")
        self._methods = dict(zip(_METHODS, _methods(names, loop), strict=True))
        vars(loop).update(self._methods)

    def uninstall(self) -> None:
        """Leave the loop as it was; what was asked before goes on. May be called again."""
        for name, method in self._methods.items():
            if self._loop.__dict__.get(name) is method:  # and not another's, who came later
                delattr(self._loop, name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.uninstall()


def _methods(names: AsyncNames, loop: asyncio.AbstractEventLoop) -> tuple[Callable[..., Any], Callable[..., Any]]:
    # The loop must not hold itself, or it would outlive its run until the garbage is collected, and with it sockets.
    kind, here = type(loop), ref(loop)

    async def getaddrinfo(host: Any, port: Any, **hints: int) -> list[Any]:
        if names.takes(host):
            return await names.getaddrinfo(host, port, **hints)
        return await kind.getaddrinfo(here(), host, port, **hints)  # type: ignore[arg-type]

    async def getnameinfo(sockaddr: Any, flags: int = 0) -> tuple[str, str]:
        if names.takes_addresses:
            return await names.resolver.getnameinfo(sockaddr, flags)
        return await kind.getnameinfo(here(), sockaddr, flags)  # type: ignore[arg-type]

    return getaddrinfo, getnameinfo
