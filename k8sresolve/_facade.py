"""What the two facades share: from arguments to a line of service, on which calls are run."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from ipaddress import IPv4Address, IPv6Address, ip_address
from types import FunctionType
from typing import TYPE_CHECKING, Any, Generic, TypeVar, get_args
from weakref import WeakValueDictionary, ref

import attrs

from k8sresolve._core.engine.ledger import Ledger
from k8sresolve._core.engine.rules import Rules
from k8sresolve._core.engine.tally import Tally
from k8sresolve._core.events import Events, Observer
from k8sresolve._core.lookups import hosts
from k8sresolve._core.lookups.setting import Setting
from k8sresolve._core.questions import Asked
from k8sresolve._core.search import walk as search
from k8sresolve._drivers.clock import monotonic
from k8sresolve._drivers.forks import Known, Turn, alive_of
from k8sresolve._drivers.running import Call, Driver, report
from k8sresolve._escaping import told
from k8sresolve._locks import Lock
from k8sresolve.config import (
    CacheConfig,
    Family,
    Policy,
    ResolverConfig,
    check_config,
    check_seconds,
    check_whole,
    dialect_of,
    optional_domain,
    optional_namespace,
)
from k8sresolve.errors import ConfigError, ResolverClosed
from k8sresolve.names import IPAddress, PortName, ServiceName

if TYPE_CHECKING:
    from k8sresolve._core.connecting import Destination, Groups
    from k8sresolve._core.probing import Talk
    from k8sresolve._drivers.connecting.attempts import Attempts
    from k8sresolve._drivers.probing.conversations import Probes
    from k8sresolve._system import Reloader
    from k8sresolve.explanations import Candidate
    from k8sresolve.statistics import Stats


def _look_whether_wanted(level: int) -> bool:
    """Whether records of the level are wanted: by nobody, in a program that has not loaded `logging`."""
    global _wanted  # noqa: PLW0603 - each call asks, and a call of ours around the logger's is a tenth of a recall
    make = getattr(sys.modules["logging"], "getLogger", None) if "logging" in sys.modules else None
    if make is None:  # or only begun to load
        return False
    _wanted = make("k8sresolve").isEnabledFor
    return _wanted(level)


_wanted: Callable[[int], bool] = _look_whether_wanted
_DEBUG = 10  # as `logging` has it
_LIFETIME = 5.0  # seconds of a whole lookup, where nobody says


D = TypeVar("D", bound=Driver)
T = TypeVar("T")
M = TypeVar("M", bound="Attempts")
P = TypeVar("P", bound="Probes")


class Options:
    """What a resolver is made with besides its configuration, checked as it is made; see `Resolver`."""

    __slots__ = (
        "cache",
        "cluster_domain",
        "family",
        "in_flight",
        "namespace",
        "observers",
        "policy",
        "retry_unreachable",
        "timeout",
    )

    def __init__(
        self,
        *,
        namespace: str | None = None,
        cluster_domain: str | None = None,
        policy: Policy = "kubernetes",
        family: Family = "auto",
        timeout: float = _LIFETIME,
        retry_unreachable: float = 2.0,
        in_flight: int = 128,
        cache: CacheConfig = CacheConfig(),  # noqa: B008 - a frozen value
        observers: Iterable[Observer] = (),
    ) -> None:
        self.namespace: str | None = optional_namespace(namespace)
        self.cluster_domain: str | None = optional_domain(cluster_domain)
        self.policy: Policy = _one_of("search policy", policy, get_args(Policy))
        self.family: Family = _one_of("family", family, get_args(Family))
        self.timeout: float = check_seconds("timeout", timeout)
        self.retry_unreachable: float = check_seconds("retry_unreachable", retry_unreachable, 0)
        self.in_flight: int = check_whole("in_flight", in_flight, 1)
        if not isinstance(cache, CacheConfig):
            raise ConfigError(f"cache={told(cache)} is no CacheConfig", advice="give cache=CacheConfig(entries=...)")
        self.cache: CacheConfig = cache
        given = tuple(observers) if isinstance(observers, Iterable) else (observers,)
        self.observers: tuple[Observer, ...] = given
        for observer in self.observers:
            _check_observer(observer)


def _check_observer(observer: object) -> None:
    if not isinstance(observer, Observer):
        raise ConfigError(f"{told(observer)} is no observer", advice="give objects of classes derived from Observer")


W = TypeVar("W", bound=str)

# As long as it runs: the GIL may come with a module that needs it, but never goes.
_HAS_GIL: bool = getattr(sys, "_is_gil_enabled", lambda: True)()


def _one_of(what: str, word: W, words: tuple[str, ...]) -> W:
    if word not in words:
        raise ConfigError(f"there is no {what} {told(word)}", advice=f"use one of {', '.join(words)}")
    return word


class _Once:
    """Finds out what is called for, once it is."""

    __slots__ = ("_find", "_found")

    def __init__(self, find: Callable[[], tuple[IPAddress, ...]]) -> None:
        self._find = find
        self._found: tuple[IPAddress, ...] | None = None

    def __call__(self) -> tuple[IPAddress, ...]:
        """Return what was found."""
        if self._found is None:
            self._found = self._find()
        return self._found


class Line(Generic[D]):
    """One line of service: a configuration, what lookups take of it, the driver that asks by it, its books.

    `find` and `now` are those of the cache and of the driver, at hand.
    """

    __slots__ = ("cache", "config", "driver", "find", "ledger", "now", "setting")

    def __init__(self, config: ResolverConfig, setting: Setting, driver: D, ledger: Ledger) -> None:
        self.config = config
        self.setting = setting
        self.driver = driver
        self.ledger = ledger
        self.cache = ledger.cache
        self.find = self.cache.find
        self.now = driver.now


class Telling:
    """Tells observers of a lookup as it ends: a context around it, which takes a third of what a generator would."""

    __slots__ = ("_asked", "_began", "_events", "_line")

    def __init__(self, events: Events, line: Line[Any], asked: Asked) -> None:
        self._events = events
        self._line = line
        self._asked = asked
        self._began = line.now()

    def __enter__(self) -> None:
        """Nothing is told yet."""

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        # A task that its loop left pending is collected: nobody looks up any more.
        if not isinstance(error, GeneratorExit):
            line = self._line
            self._events.looked_up(self._asked, line.config.cluster_domain, self._began, line.now(), error)


# What a call must be made of to be remembered. Of just these types things that are equal mean the same, whereas a class
# of the user's own may have letters' case not count, or have code of its own run as the call is looked for.
_PLAIN = frozenset({FunctionType, str, type(None), ServiceName, PortName, IPv4Address, IPv6Address})


def is_plain(call: Call[Any]) -> bool:
    """Whether what the call comes to may be remembered."""
    for part in call:  # noqa: SIM110 - each call comes here, and a generator takes thrice as long
        if type(part) not in _PLAIN:
            return False
    return True


class Facade(Generic[D]):
    """A resolver without the calls that ask: it holds one line of service, which a reload swaps as a whole."""

    _line: Line[D]

    def __init__(
        self,
        config: ResolverConfig | None = None,
        *,
        namespace: str | None = None,
        cluster_domain: str | None = None,
        policy: Policy = "kubernetes",
        family: Family = "auto",
        timeout: float | None = None,
        retry_unreachable: float = 2.0,
        in_flight: int = 128,
        cache: CacheConfig = CacheConfig(),  # noqa: B008 - a frozen value
        observers: Iterable[Observer] = (),
    ) -> None:
        # Now, and not by the first lookup: see the test of behaviour F2 in tests/core/test_public.py.
        from k8sresolve._system import Reloader, lookup_timeout

        if timeout is None:
            timeout = (lookup_timeout() if config is None else None) or _LIFETIME
        options = Options(
            namespace=namespace,
            cluster_domain=cluster_domain,
            policy=policy,
            family=family,
            timeout=timeout,
            retry_unreachable=retry_unreachable,
            in_flight=in_flight,
            cache=cache,
            observers=observers,
        )
        reloader = None
        if config is None:
            # As the resolver would read the file whose search is asked for.
            reloader = Reloader(dialect_of(options.policy))
            config = reloader.config
        self._open(config, options, reloader)

    def _open(self, config: ResolverConfig, options: Options, reloader: Reloader | None = None) -> None:
        """Begin to serve by a configuration."""
        check_config(config)
        self._closed = False
        self._reloader = reloader
        self._options = options
        self._events = Events((), report)
        self._observers: dict[object, Observer] = {object(): observer for observer in options.observers}
        self._debugging = False
        self._reloading = Turn()
        self._lock = Lock()  # a signal handler may look up what its thread is about to remember
        self._tally = Tally(self._lock)
        self._drivers: list[ref[D]] = []
        self._connecting: Known[Any] | None = None  # made when it is first needed
        self._pauses: dict[Callable[[], object], None] = {}  # what ends those that are under way
        self._line = self._lay(config)
        _all[id(self)] = self
        self._tell_whom()

    def _lay(self, config: ResolverConfig) -> Line[D]:
        """Make the line of a configuration: with books of its own, so that no other's cache or flights leak in."""
        if not config.nameservers:
            raise ConfigError("the configuration has no nameserver", advice="give at least one in nameservers=")
        options = self._options
        if options.namespace or options.cluster_domain:
            config = attrs.evolve(
                config,
                namespace=options.namespace or config.namespace,
                cluster_domain=options.cluster_domain or config.cluster_domain,
            )
        rules = Rules.of(
            config,
            in_flight=options.in_flight,
            cache=options.cache,
            retry_unreachable=options.retry_unreachable,
        )
        ledger = Ledger(rules, self._tally, self._lock)
        driver = self._connect(rules, ledger, self._events)
        self._drivers = [*(alive for alive in self._drivers if alive() is not None), ref(driver)]
        setting = Setting(
            config,
            search.policy(options.policy),
            options.family,
            own=_Once(self._probe),
            now=driver.now,
            wall=self._wall,
            events=self._events,
        )
        return Line(config, setting, driver, ledger)

    def _current(self) -> Line[D]:
        """The line to take; another one from now on, if this machine's configuration has changed."""
        if (wanted := _wanted(_DEBUG)) is not self._debugging:
            self._watch(wanted=wanted)
        # One thread looks; the others go on with what holds.
        if self._reloader is not None and self._reloading.take():
            try:
                self._reload(self._reloader)
            finally:
                self._reloading.give_back()
        return self._line

    def _reload(self, reloader: Reloader) -> None:
        config = None if self._closed else reloader.changed(monotonic())
        if config is not None:
            before, self._line = self._line, self._lay(config)
            before.driver.retire()
            if self._closed:  # by another thread, which did not see this line
                self._line.driver.close()
            self._events.reloaded(self._line.config)
        self._calm_down()

    def _watch(self, *, wanted: bool) -> None:
        """Let the log of level DEBUG be one of the observers from now on, or no more."""
        from k8sresolve._debug_log import DebugLog

        with self._lock:
            self._debugging = wanted
            if wanted:
                self._observers[DebugLog] = DebugLog()
            else:
                self._observers.pop(DebugLog, None)
        self._tell_whom()

    def _tell_whom(self) -> None:
        """Tell those who are to be told from now on."""
        before: tuple[tuple[object, Observer], ...] | None = None
        # Another thread may change this meanwhile, and not see what this one is about to write.
        while (those := (*self._observers.items(), *_everywhere.items())) != before:
            self._events.take([observer for _, observer in those])
            before = those
        self._calm_down()

    def observe(self, observer: Observer) -> Callable[[], None]:
        """Let one more observer be told what happens here from now on; returns what ends that. Ending twice is fine.

        Args:
            observer: Who is told.

        Raises:
            ConfigError: It is no `Observer`.

        >>> from k8sresolve import Observer
        >>> from k8sresolve.testing import Cluster
        >>> class Lookups(Observer):
        ...     def looked_up(self, name, *, in_cluster, milliseconds, error):
        ...         print(name, in_cluster, milliseconds, error)
        ...
        >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml")
        >>> resolver = cluster.resolver(namespace="shop", family="ipv4")
        >>> end = resolver.observe(Lookups())
        >>> found = resolver.port("payments", "http")
        payments.shop.svc.cluster.local. True 0.5 None
        >>> found = resolver.port("payments", "http")  # remembered
        >>> end()
        """
        _check_observer(observer)
        key = object()
        self._observers[key] = observer
        self._tell_whom()

        def end() -> None:
            if self._observers.pop(key, None) is not None:
                self._tell_whom()

        return end

    def _calm_down(self) -> None:
        """Compute until when a remembered result may be given without a look at anything else."""
        self._calm_until = math.inf if self._reloader is None else self._reloader.due
        if self._closed or self._events.recalls:  # looked at last, since another thread may close meanwhile
            self._calm_until = -math.inf

    @contextmanager
    def _pausing(self, end: Callable[[], object]) -> Generator[None]:
        """Let the end of this resolver end what pauses here."""
        self._pauses[end] = None
        if self._closed:  # by another thread, which did not see this
            end()
        try:
            yield
        finally:
            self._pauses.pop(end, None)

    def _close(self) -> None:
        """End what is pending, in the drivers of earlier configurations too."""
        self._closed = True
        for end in [*self._pauses]:
            end()
        self._calm_down()
        self._line.driver.close()  # as this resolver is collected, no weak reference leads there
        for alive in self._drivers:
            driver = alive()
            if driver is not None:
                driver.close()
        for one in () if self._connecting is None else alive_of(self._connecting):
            one.shut()

    def _under_way(self) -> Known[Any]:
        """The connections that are being made, known weakly: a task may be collected that its loop left pending."""
        with self._lock:
            if self._connecting is None:
                self._connecting = WeakValueDictionary()
            return self._connecting

    def _attempts(
        self, kind: Callable[..., M], name: str | ServiceName, port: str | int, to: Groups, until: float
    ) -> M:
        """Make ready to connect to one of these, until that time by the driver's clock."""
        from k8sresolve._core import connecting

        deadline = monotonic() + until - self._line.now()  # the offline cluster's clock does not go on by itself
        attempts = kind(connecting.race(name, port, to, deadline), self._reach, self._under_way())
        if self._closed:  # by another thread, which did not see this
            attempts.shut()
        return attempts

    def _probes(self, kind: Callable[[Talk, Callable[[Destination], Destination], Known[Any]], P], talk: Talk) -> P:
        """Make ready to try what a probe is about."""
        probes = kind(talk, self._reach, self._under_way())
        if self._closed:  # by another thread, which did not see this
            probes.shut()
        return probes

    def _reach(self, to: Destination) -> Destination:
        """Where a connection goes; raises OSError where it cannot go anywhere."""
        return to

    def _connect(self, rules: Rules, ledger: Ledger, events: Events) -> D:
        """Make a driver."""
        raise NotImplementedError

    def _probe(self) -> tuple[IPAddress, ...]:
        """The addresses of this machine."""
        from k8sresolve._system import own_addresses

        return tuple(ip_address(address) for address in own_addresses())

    @property
    def _wall(self) -> Callable[[], float]:
        """Tells the Unix time."""
        return time.time

    def _recall(self, call: Call[T], timeout: float | None, fresh: bool) -> T | None:
        """Return what the call came to before; None if that does not hold any more, or is not wanted."""
        line = self._line
        now = line.now()
        if now >= self._calm_until or fresh or timeout is not None or _wanted(_DEBUG):
            self._lifetime(timeout)
            line = self._current()
            # Who is told of each question that needed no asking has it take a walk.
            if fresh or self._events.recalls:
                return None
        try:
            finished = line.find(call)
        except TypeError:  # what cannot be hashed
            if is_plain(call):
                raise
            return None
        if finished is None or finished.expires <= now:
            return None
        if finished.edition != line.cache.edition and not line.cache.holds(call, finished, now):
            return None
        if _HAS_GIL:
            finished.worth.times += 1
        else:
            with line.cache.lock:
                finished.worth.times += 1
        return finished.result  # type: ignore[no-any-return]

    def _take_back(self, call: Call[Any]) -> None:
        """Count a recall as none: what it returned is not told."""
        finished = self._line.find(call)
        if finished is not None:
            finished.worth.times -= 1

    def _to_ask(self) -> tuple[Line[D], float]:
        """What to ask by now, and for how many seconds, where nobody gives a call's own."""
        lifetime = self._lifetime(None)
        return self._current(), lifetime

    def _lifetime(self, timeout: float | None) -> float:
        """The seconds that a lookup may take; when they are 0 or less, nothing is sent."""
        if self._closed:
            raise ResolverClosed("this resolver is closed")
        return self._options.timeout if timeout is None else check_seconds("timeout", timeout)

    @property
    def config(self) -> ResolverConfig:
        """The configuration that holds now."""
        return self._current().config

    @property
    def timeout(self) -> float:
        """The seconds that a lookup may take whose call does not say."""
        return self._options.timeout

    def candidates(self, name: str) -> tuple[Candidate, ...]:
        """Tell every absolute name that `addresses(name)` may ask, in order, and those left out; asks nothing.

        Args:
            name: The host's name.

        Raises:
            InvalidName: The name is none.

        Source: resolv.conf(5), `search` and `ndots`.

        >>> from k8sresolve.testing import Cluster
        >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml")
        >>> resolver = cluster.resolver(namespace="shop")
        >>> [candidate.name for candidate in resolver.candidates("web.shop") if candidate.asked]
        ['web.shop.shop.svc.cluster.local.', 'web.shop.svc.cluster.local.', 'web.shop.']
        """
        return hosts.candidates(self._line.setting, name)

    def forget(self, name: str | None = None) -> None:
        """Drop what is remembered.

        Args:
            name: A host: all that it may stand for is dropped. None for everything. A port that is asked for by its
                name has a name of its own in DNS, to be forgotten by itself: `_http._tcp.payments`.

        Raises:
            InvalidName: The name is none.

        >>> from k8sresolve.testing import Cluster
        >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml")
        >>> resolver = cluster.resolver(namespace="shop")
        >>> found = resolver.service("payments"), resolver.port("payments", "http")
        >>> resolver.forget("payments")
        >>> resolver.forget("_http._tcp.payments")
        """
        line = self._line
        if name is None:
            line.driver.forget(None)
            return
        for candidate in hosts.candidates(line.setting, name):
            line.driver.forget(candidate.name)

    def stats(self) -> Stats:
        """Tell the counters since this resolver was made.

        >>> from k8sresolve.testing import Cluster
        >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml")
        >>> resolver = cluster.resolver(namespace="shop", family="ipv4")
        >>> found = resolver.service("payments")
        >>> resolver.stats().questions
        1
        """
        from k8sresolve.statistics import Stats

        total, active = self._tally.total()
        return Stats(total.questions, total.sends, total.resends, total.cache_hits, active)

    def __repr__(self) -> str:
        config = self.config
        place = f"namespace={config.namespace!r} cluster_domain={config.cluster_domain!r}"
        return f"<{type(self).__name__} {place} nameservers={', '.join(map(str, config.nameservers))}>"


_all: WeakValueDictionary[int, Facade[Any]] = WeakValueDictionary()  # the resolvers of this process
_everywhere: dict[object, Observer] = {}  # who observes all of them


def observe_all(observer: Observer) -> Callable[[], None]:
    """Let an observer be told what happens in every resolver of this process, made before or after.

    Returns what ends that, in every resolver. Ending twice is fine. A child process after fork goes on with it.

    Args:
        observer: Who is told.

    Raises:
        ConfigError: It is no `Observer`.

    >>> from k8sresolve import Observer, observe_all
    >>> from k8sresolve.testing import Cluster
    >>> class Sends(Observer):
    ...     def sent(self, name, rdtype, **more):
    ...         print(name, rdtype)
    ...
    >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml")
    >>> resolver = cluster.resolver(namespace="shop", family="ipv4")
    >>> end = observe_all(Sends())
    >>> found = resolver.service("payments")
    payments.shop.svc.cluster.local. A
    >>> end()
    """
    _check_observer(observer)
    key = object()
    _everywhere[key] = observer
    _tell_all()

    def end() -> None:
        if _everywhere.pop(key, None) is not None:
            _tell_all()

    return end


def _tell_all() -> None:
    for alive in _all.valuerefs():
        facade = alive()
        if facade is not None:
            facade._tell_whom()  # noqa: SLF001 - this module's own
