"""Metrics of resolvers for Prometheus: `REGISTRY.register(K8sResolveCollector(resolver))`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from k8sresolve import AsyncResolver, Attempt, Observer, Resolver, Stats, WatchStatus
from k8sresolve._default import async_resolver, sync_resolver
from k8sresolve._escaping import told
from k8sresolve.errors import ConfigError

try:
    from prometheus_client import Counter, Histogram, Metric
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
    from prometheus_client.registry import Collector
except ModuleNotFoundError as _error:
    _problem = f"{_error.msg}, which k8sresolve.contrib.prometheus needs: pip install prometheus-client"
    raise ModuleNotFoundError(_problem, name=_error.name) from _error

__all__ = ["K8sResolveCollector"]

_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
# What labels say of all else is "other", so that they are few whatever programs ask and nameservers say.
_TYPES = frozenset({"A", "AAAA", "SRV", "PTR", "CNAME", "TXT", "MX", "NS", "SOA"})
_RCODES = frozenset({"NOERROR", "NXDOMAIN", "SERVFAIL", "REFUSED", "FORMERR", "NOTIMP", "truncated"})


class K8sResolveCollector(Collector):
    """Tells a registry what resolvers do and what their watches know, summed up.

    Nothing is asked as it is scraped. A registry takes one collector. `close()` ends counting.

    Args:
        *resolvers: Each a `Resolver` or an `AsyncResolver`; without any, the process's own of both kinds.
        watch_names: Whether the metrics of watches have the label ``service``, the full name of what is followed; else
            no name is a label.

    Raises:
        ConfigError: Something is no resolver.

    >>> from prometheus_client import CollectorRegistry
    >>> from k8sresolve.contrib.prometheus import K8sResolveCollector
    >>> from k8sresolve.testing import Cluster
    >>> registry = CollectorRegistry()
    >>> resolver = Cluster.from_manifests("docs/examples/shop.yaml").resolver(namespace="shop", family="ipv4")
    >>> registry.register(K8sResolveCollector(resolver))
    >>> found = resolver.service("payments"), resolver.service("payments")
    >>> registry.get_sample_value("k8sresolve_cache_hits_total")
    1
    """

    def __init__(self, *resolvers: Resolver | AsyncResolver, watch_names: bool = False) -> None:
        for resolver in resolvers:
            if not isinstance(resolver, Resolver | AsyncResolver):
                raise ConfigError(f"{told(resolver)} is no resolver", advice="give a Resolver or an AsyncResolver")
        self._resolvers = tuple(dict.fromkeys(resolvers)) or (sync_resolver(), async_resolver())
        self._watch_names = watch_names
        self._counting = _Counting()
        self._ends = [resolver.observe(self._counting) for resolver in self._resolvers]

    def close(self) -> None:
        """Count no more. Closing twice is fine."""
        for end in self._ends:
            end()

    def describe(self) -> Iterator[Metric]:
        """Tell what metrics there are: by that a registry refuses a second collector, which would tell them twice."""
        return self.collect()

    def collect(self) -> Iterator[Metric]:
        """Tell all metrics."""
        for metric in (self._counting.questions, self._counting.seconds, self._counting.errors):
            yield from metric.collect()
        yield from _of_stats([resolver.stats() for resolver in self._resolvers])
        watches = [status for resolver in self._resolvers for status in resolver.watches()]
        yield from _of_watches(watches, by_name=self._watch_names)


class _Counting(Observer):
    """Counts what is told, in metrics of no registry."""

    def __init__(self) -> None:
        self.questions = Counter(
            "k8sresolve_questions",
            "Replies to questions, and failures to send them, by type, transport and rcode",
            ("type", "transport", "rcode"),
            registry=None,
        )
        self.seconds = Histogram(
            "k8sresolve_lookup_duration_seconds",
            "Time of lookups that had to wait for an answer or failed",
            registry=None,
            buckets=_BUCKETS,
        )
        self.errors = Counter("k8sresolve_lookup_errors", "Lookups that failed, by error", ("error",), registry=None)

    def answered(self, attempt: Attempt) -> None:
        rdtype = attempt.rdtype if attempt.rdtype in _TYPES else "other"
        self.questions.labels(
            rdtype, attempt.transport, attempt.outcome if attempt.outcome in _RCODES else "other"
        ).inc()

    def looked_up(self, name: str, *, in_cluster: bool, milliseconds: float, error: BaseException | None) -> None:  # noqa: ARG002
        self.seconds.observe(milliseconds / 1000)
        if error is not None:
            ours = type(error).__module__ == ConfigError.__module__
            self.errors.labels(type(error).__name__ if ours else "other").inc()


def _of_stats(stats: list[Stats]) -> Iterator[Metric]:
    hits = sum(one.cache_hits for one in stats)
    yield CounterMetricFamily("k8sresolve_cache_hits", "Questions that the cache answered", hits)
    misses = sum(one.questions for one in stats) - hits
    yield CounterMetricFamily("k8sresolve_cache_misses", "Questions that the cache could not answer", misses)
    sends = sum(one.sends for one in stats)
    yield CounterMetricFamily("k8sresolve_sends", "Packets and streams sent to nameservers", sends)
    resends = sum(one.resends for one in stats)
    yield CounterMetricFamily("k8sresolve_resends", "Those of them that were not the first of their question", resends)
    in_flight = sum(one.in_flight for one in stats)
    yield GaugeMetricFamily("k8sresolve_in_flight", "Questions on the wire now", in_flight)


class _Followed(NamedTuple):
    """What watches know together."""

    watches: int
    stale: int
    endpoints: int
    answer_age: float | None
    change_age: float | None

    @classmethod
    def by(cls, statuses: list[WatchStatus]) -> _Followed:
        return cls(
            len(statuses),
            sum(status.stale for status in statuses),
            sum(len(status.current) for status in statuses),
            max((status.age for status in statuses if status.age is not None), default=None),
            min((status.unchanged for status in statuses if status.unchanged is not None), default=None),
        )


_WATCH_METRICS = (
    ("k8sresolve_watches", "Watches that are open"),
    ("k8sresolve_watches_stale", "Watches whose last answer failed or is not believed yet"),
    ("k8sresolve_watch_endpoints", "Endpoints that watches know"),
    ("k8sresolve_watch_answer_age_seconds", "Time since the last answer came, of the watch that waits longest"),
    ("k8sresolve_watch_change_age_seconds", "Time since endpoints came or went last"),
)


def _of_watches(watches: list[WatchStatus], *, by_name: bool) -> Iterator[Metric]:
    groups: dict[tuple[str, ...], list[WatchStatus]] = {} if by_name else {(): []}
    for status in watches:
        groups.setdefault((str(status.service),) if by_name else (), []).append(status)
    followed = {labels: _Followed.by(statuses) for labels, statuses in groups.items()}
    for index, (name, text) in enumerate(_WATCH_METRICS):
        metric = GaugeMetricFamily(name, text, labels=("service",) if by_name else ())
        for labels, known in followed.items():
            value = known[index]
            if value is not None:
                metric.add_metric(labels, value)
        yield metric
