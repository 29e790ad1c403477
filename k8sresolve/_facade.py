"""What the two facades share: from arguments to the values that lookups and drivers take."""

import math
import time
from ipaddress import ip_address
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar, get_args
from weakref import WeakSet

import attrs

from k8sresolve._core.engine.cache import Cache
from k8sresolve._core.engine.desk import Desk
from k8sresolve._core.engine.health import Budget, Health
from k8sresolve._core.engine.inquiry import Terms
from k8sresolve._core.lookups import services as lookups
from k8sresolve._core.lookups.setting import Setting
from k8sresolve._core.questions import Lookup
from k8sresolve._core.search import walk as search
from k8sresolve.config import CacheConfig, Family, Policy, ResolverConfig
from k8sresolve.errors import ConfigError, ResolverClosed
from k8sresolve.names import IPAddress, check_domain, check_namespace
from k8sresolve.records import Candidate, Stats

if TYPE_CHECKING:
    from k8sresolve._system import Reloader

T = TypeVar("T")


class Driver(Protocol):
    """What every driver has."""

    desk: Desk

    def now(self) -> float:
        """Seconds by the clock of deadlines and of the cache."""
        ...

    def forget(self, name: str | None) -> None:
        """Drop what the cache knows of a name, or everything."""
        ...

    def retire(self) -> None:
        """Let the lookups that are under way end, and then give up what is held: there will be no others."""
        ...

    def close(self) -> None:
        """End what is pending."""
        ...


class SyncDriver(Driver, Protocol):
    """A driver for callers that wait."""

    def run(self, lookup: Lookup[T], timeout: float, *, fresh: bool = False) -> T:
        """Run a lookup to its end, `timeout` seconds at most."""
        ...


class AsyncDriver(Driver, Protocol):
    """A driver for tasks."""

    async def run(self, lookup: Lookup[T], timeout: float, *, fresh: bool = False) -> T:
        """Run a lookup to its end, `timeout` seconds at most."""
        ...


D = TypeVar("D", bound=Driver)


class Facade(Generic[D]):
    """A resolver without the calls that ask: its configuration, setting and driver."""

    _driver: D
    _reloader: "Reloader | None" = None
    _closed = False

    def __init__(
        self,
        config: ResolverConfig | None = None,
        *,
        namespace: str | None = None,
        cluster_domain: str | None = None,
        policy: Policy = "kubernetes",
        family: Family = "auto",
        timeout: float = 5.0,
        in_flight: int = 64,
        cache: CacheConfig = CacheConfig(),  # noqa: B008 - a frozen value
    ) -> None:
        if config is None:
            from k8sresolve._system import Reloader

            # As the resolver would read the file whose search is asked for.
            self._reloader = Reloader(search.policy(policy).dialect)
            config = self._reloader.config
        if family not in get_args(Family):
            raise ConfigError(f"there is no family {family!r}", advice=f"use one of {', '.join(get_args(Family))}")
        if in_flight < 1:
            raise ConfigError(f"in_flight={in_flight} would let no question out", advice="give 1 or more")
        self._place = namespace, cluster_domain
        self._timeout = _seconds(timeout)
        self._search = search.policy(policy), family
        self._bounds = in_flight, cache
        self._retired: WeakSet[D] = WeakSet()
        self._adopt(config)

    def _adopt(self, config: ResolverConfig) -> None:
        """Take a configuration, with a driver of its own, so that neither cache nor flights of another leak in."""
        if not config.nameservers:
            raise ConfigError("the configuration has no nameserver", advice="give at least one in nameservers=")
        self.config = _placed(config, *self._place)
        self._own: tuple[IPAddress, ...] | None = None
        self._setting = Setting(self.config, *self._search, self._own_addresses, self._epoch)
        in_flight, cache = self._bounds
        self._connect(_terms(self.config, cache), in_flight)

    def _current(self) -> D:
        """The driver; another one from now on, if this machine's configuration has changed."""
        if self._reloader is not None and not self._closed:
            config = self._reloader.changed(time.monotonic())
            if config is not None:
                before = self._driver
                self._adopt(config)
                self._retired.add(before)
                before.retire()
        return self._driver

    def _close(self) -> None:
        """End what is pending, in the drivers of earlier configurations too."""
        self._closed = True
        for driver in (*self._retired, self._driver):
            driver.close()

    def _connect(self, terms: Terms, in_flight: int) -> None:
        """Make `self._driver`."""
        raise NotImplementedError

    def _own_addresses(self) -> tuple[IPAddress, ...]:
        """The addresses of this machine, looked up once."""
        if self._own is None:
            self._own = self._probe()
        return self._own

    def _probe(self) -> tuple[IPAddress, ...]:
        from k8sresolve._system import own_addresses

        return tuple(ip_address(address) for address in own_addresses())

    def _epoch(self) -> float:
        return time.time() - self._driver.now()

    def _with(self, policy: Policy | None) -> Setting:
        return self._setting if policy is None else attrs.evolve(self._setting, policy=search.policy(policy))

    def _lifetime(self, timeout: float | None) -> float:
        if self._closed:
            raise ResolverClosed("this resolver is closed")
        return self._timeout if timeout is None else _seconds(timeout)

    def candidates(self, name: str) -> tuple[Candidate, ...]:
        """Tell every absolute name that `addresses(name)` may ask, in order, and those left out; asks nothing.

        Raises `InvalidName` for what can be no host name. Source: resolv.conf(5), `search` and `ndots`.
        """
        return lookups.candidates(self._setting, name)

    def forget(self, name: str | None = None) -> None:
        """Drop what is remembered of all that `name` may stand for, or, without one, everything."""
        if name is None:
            self._driver.forget(None)
            return
        for candidate in self.candidates(name):
            self._driver.forget(candidate.name)

    def stats(self) -> Stats:
        """Tell the counters since this resolver was made, or since its configuration last changed."""
        desk = self._driver.desk
        return Stats(desk.questions, desk.sends, desk.resends, desk.cache_hits, desk.active)

    def __repr__(self) -> str:
        config = self.config
        place = f"namespace={config.namespace!r} cluster_domain={config.cluster_domain!r}"
        return f"<{type(self).__name__} {place} nameservers={', '.join(map(str, config.nameservers))}>"


def _seconds(timeout: float) -> float:
    """Return a lookup's time, if it is one; when it is 0 or less, nothing is sent."""
    if not isinstance(timeout, int | float) or not math.isfinite(timeout):
        raise ConfigError(f"timeout={timeout!r} is no number of seconds", advice="give a finite number")
    return timeout


def _placed(config: ResolverConfig, namespace: str | None, cluster_domain: str | None) -> ResolverConfig:
    """The configuration with what the caller states of the pod's place, which wins over the search list."""
    if namespace is not None:
        config = attrs.evolve(config, namespace=check_namespace(namespace))
    if cluster_domain is not None:
        config = attrs.evolve(config, cluster_domain=check_domain(cluster_domain))
    return config


def _terms(config: ResolverConfig, cache: CacheConfig) -> Terms:
    count = len(config.nameservers)
    limit = None
    if config.timeout is not None:
        # resolv.conf(5): `timeout:` seconds for each of `attempts:` tries (2 unless stated) at each nameserver.
        limit = float(max(1, config.timeout) * max(1, 2 if config.attempts is None else config.attempts) * count)
    return Terms(
        nameservers=config.nameservers,
        healths=tuple(Health() for _ in range(count)),
        budget=Budget(),
        cache=Cache(cache),
        cluster_domain=config.cluster_domain,
        use_tcp="use-vc" in config.flags,
        most_sends=None if config.attempts is None else max(1, config.attempts),
        limit=limit,
    )
