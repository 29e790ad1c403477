"""kombu, and so Celery: where to connect after a connection was lost or could not be made."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import cycle
from urllib.parse import urlsplit

from k8sresolve import ConfigError, Error, InvalidName, Resolver, ServiceName
from k8sresolve._escaping import told
from k8sresolve._log import logger
from k8sresolve.contrib._names import Names
from k8sresolve.contrib._places import Place, Places

try:
    from kombu.exceptions import OperationalError
except ImportError as _error:
    raise ImportError("k8sresolve.contrib.kombu needs kombu: pip install 'kombu>=5.3'") from _error

__all__ = ["failover_strategy"]

_TLS = ("amqps", "rediss")  # schemes of which kombu's transports may verify the host


def failover_strategy(
    name: str | ServiceName, port: str | int, *, resolver: Resolver | None = None
) -> Callable[[list[str]], Iterator[str]]:
    """Make a `failover_strategy` of kombu: after a failed connect, the Service's servers as they are then.

    kombu uses a strategy only where it is given a list: give
    `Connection([url], failover_strategy=...)`, or Celery's `broker_url = [url]` and `broker_failover_strategy`. It
    connects to the URL itself first, and then to one after the other of what the Service is, by the URL's user,
    password and virtual host; of several URLs the first one counts. An address stands in its host's place, and for
    `amqps` and `rediss` the pod's own name.

    While DNS is away, the Service is where it was last. Where nothing is known yet, or there is no server, kombu tries
    the URL again, and a warning in the logger `k8sresolve` says why. What is no name or port at all makes kombu raise
    `kombu.exceptions.OperationalError`, with this library's error as its cause.

    Args:
        name: The Service's, as in `Resolver.port`.
        port: The port's name or number in the Service.
        resolver: A `Resolver`, which stays the caller's to close; None is the process's own.

    Raises:
        ConfigError: `resolver` is no `Resolver`; as kombu takes the strategy, a host stands in a URL's place.

    >>> from k8sresolve.contrib.kombu import failover_strategy
    >>> from k8sresolve.testing import Cluster
    >>> resolver = Cluster.from_manifests("docs/examples/shop.yaml").resolver()
    >>> urls = failover_strategy("payments.shop", "http", resolver=resolver)(["redis://payments.shop:80/0"])
    >>> next(urls), next(urls)
    ('redis://payments.shop:80/0', 'redis://10.96.20.1:80/0')
    """
    names, places = Names(resolver), Places(name, port)

    def strategy(servers: list[str]) -> Iterator[str]:
        if names.disabled:
            return cycle(servers)
        if "://" not in servers[0]:
            raise ConfigError(f"{told(servers[0])} is no URL", advice="write it as amqp://USER@HOST:PORT/VHOST")
        return _Urls(servers[0], names, places)

    return strategy


class _Urls(Iterator[str]):
    """The URL given, and then, each time anew, one of the Service's servers that was not tried in this round.

    A generator would be at its end once it raised.
    """

    def __init__(self, given: str, names: Names, places: Places) -> None:
        self._given, self._names, self._places = given, names, places
        self._tried: set[str] | None = None

    def __next__(self) -> str:
        if self._tried is None:
            self._tried = set()
            return self._given
        urls = [_at(place, self._given) for place in _find(self._names, self._places)] or [self._given]
        if self._tried.issuperset(urls):
            self._tried.clear()
        url = next(url for url in urls if url not in self._tried)
        self._tried.add(url)
        return url


def _find(names: Names, places: Places) -> list[Place]:
    try:
        return places.find(names.resolver)
    except (InvalidName, ConfigError) as error:
        raise OperationalError(str(error)) from error
    except Error as error:
        logger.warning("no server for kombu: %s", error)
        return []


def _at(place: Place, given: str) -> str:
    """The URL with another host and port."""
    url = urlsplit(given)
    host = place.name if url.scheme in _TLS else f"[{place.address}]" if ":" in place.address else place.address
    user, at, _ = url.netloc.rpartition("@")
    return url._replace(netloc=f"{user}{at}{host}:{place.port}").geturl()
