"""What the drivers' tests share: scripted nameservers on loopback, and a watch over what is left behind."""

import gc
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from k8sresolve._core.engine import health, inquiry
from k8sresolve.async_resolver import AsyncResolver
from k8sresolve.config import ResolverConfig
from k8sresolve.resolver import Resolver
from tests.drivers import held
from tests.drivers.lookups import ZONE
from tests.drivers.names import WORLD
from tests.drivers.nameservers import Loopback
from tests.drivers.script import Nameserver, Playing


@pytest.fixture(scope="session")
def loopback() -> Iterator[Loopback]:
    """The thread in which scripted nameservers play, one for the whole run."""
    stage = Loopback()
    gc.collect()
    yield stage
    gc.unfreeze()
    stage.stop()


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no timer of a question's end within a test, so that what waits for one fails, and a busy machine does not."""
    monkeypatch.setattr(health, "FIRST_WAIT", 600.0)
    monkeypatch.setattr(inquiry, "MOST_WAIT", 600.0)
    monkeypatch.setattr(inquiry, "STREAM_WAIT", 600.0)


def _held() -> tuple[int, set[threading.Thread]]:
    # trio keeps the threads of `to_thread` for a while, for its next run.
    return held.fds(), {thread for thread in threading.enumerate() if not thread.name.startswith("Trio thread")}


@pytest.fixture(autouse=True)
def nothing_left(loopback: Loopback) -> Iterator[None]:
    """L3: each test leaves no socket and no thread behind."""
    gc.freeze()  # what is there now, of all tests before in any order, need not be looked through after this one
    before = _held()
    yield
    gc.collect()
    until = time.monotonic() + 30
    while _held() != before and time.monotonic() < until:
        time.sleep(0.005)  # the nameservers close their streams in callbacks
    assert _held() == before


@pytest.fixture
def resolver_of(loopback: Loopback) -> Any:
    """Make resolvers of scripted nameservers; what they were asked is `resolver.playing`."""
    opened: list[Any] = []
    resolvers: list[Resolver] = []

    def make(nameserver: Nameserver = WORLD, **options: Any) -> Any:
        playing = Playing(nameserver)
        opened.extend(loopback.open([playing]))
        config = ResolverConfig(nameservers=(opened[-1].address,), cluster_domain="cluster.local")
        resolver: Any = Resolver(config, family="ipv4", **options)
        resolver.playing = playing
        resolvers.append(resolver)
        return resolver

    yield make
    for resolver in resolvers:
        resolver.close()
    loopback.close(opened)


@pytest.fixture
def stage(loopback: Loopback) -> Iterator[Callable[..., Any]]:
    """Open scripted nameservers; returns their configuration and what they are asked."""
    opened: list[Any] = []

    def make(*nameservers: Nameserver, flags: tuple[str, ...] = ()) -> tuple[ResolverConfig, list[Playing]]:
        playing = [Playing(nameserver) for nameserver in nameservers or (Nameserver(zone=ZONE),)]
        some = loopback.open(playing)
        opened.extend(some)
        addresses = tuple(one.address for one in some)
        return ResolverConfig(addresses, cluster_domain="cluster.local", flags=frozenset(flags)), playing

    make.opened = opened
    yield make
    loopback.close(opened)


@pytest.fixture
def async_resolver_of(loopback: Loopback) -> Any:
    """Make resolvers for tasks, of any number of nameservers; what those were asked is `resolver.playing`."""
    opened: list[Any] = []

    def make(*nameservers: Nameserver, family: str = "ipv4", **options: Any) -> Any:
        playing = [Playing(nameserver) for nameserver in nameservers or (WORLD,)]
        some = loopback.open(playing)
        opened.extend(some)
        config = ResolverConfig(nameservers=tuple(one.address for one in some), cluster_domain="cluster.local")
        resolver: Any = AsyncResolver(config, family=family, **options)
        resolver.playing = playing
        return resolver

    yield make
    loopback.close(opened)
