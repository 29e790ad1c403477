"""Metrics and traces of lookups: `K8sResolveInstrumentor().instrument()`, or no line under `opentelemetry-instrument`.

The histogram `dns.lookup.duration` has every lookup that had to wait for an answer or failed; spans are made of slow
and of failed ones alone. What is remembered is neither.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from time import time_ns
from typing import Any

from k8sresolve import Error, Observer, __version__, observe_all
from k8sresolve._escaping import told
from k8sresolve.errors import ConfigError

try:
    from opentelemetry.instrumentation.instrumentor import (  # type: ignore[attr-defined] # mypy is told to pass over it
        BaseInstrumentor,
    )
    from opentelemetry.instrumentation.utils import is_instrumentation_enabled
    from opentelemetry.metrics import Histogram, MeterProvider, get_meter
    from opentelemetry.trace import SpanKind, StatusCode, Tracer, TracerProvider, get_tracer
except ModuleNotFoundError as _error:
    _problem = f"{_error.msg}, which k8sresolve.contrib.opentelemetry needs: pip install 'k8sresolve[otel]'"
    raise ModuleNotFoundError(_problem, name=_error.name) from _error

__all__ = ["SLOW", "K8sResolveInstrumentor"]

SLOW = 0.1
"""Seconds from which on a lookup is slow. In a cluster one takes a few milliseconds, and a lost packet 50 to 250 ms.

>>> from k8sresolve.contrib.opentelemetry import SLOW
>>> SLOW
0.1
"""

NAMES_FOUND, NAMES_LOST = 256, 64  # that metrics tell at most, since each is a time series of its own

# Semantic conventions of OpenTelemetry, `dns.lookup.duration`.
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)


class K8sResolveInstrumentor(BaseInstrumentor):  # type: ignore[misc] # as above
    """Measures the lookups of every resolver in this process, made before or after, until `uninstrument()`.

    There is one instrumentor in a process. Programs that run under `opentelemetry-instrument` have it without a line.

    >>> from opentelemetry.sdk.metrics import MeterProvider
    >>> from opentelemetry.sdk.metrics.export import InMemoryMetricReader
    >>> from k8sresolve.contrib.opentelemetry import K8sResolveInstrumentor
    >>> from k8sresolve.testing import Cluster
    >>> reader = InMemoryMetricReader()
    >>> K8sResolveInstrumentor().instrument(meter_provider=MeterProvider([reader]))
    >>> with Cluster.from_manifests("docs/examples/shop.yaml").resolver(namespace="shop") as resolver:
    ...     found = resolver.service("payments")
    ...
    >>> K8sResolveInstrumentor().uninstrument()
    >>> [metric] = reader.get_metrics_data().resource_metrics[0].scope_metrics[0].metrics
    >>> metric.name, metric.data.data_points[0].count
    ('dns.lookup.duration', 1)
    """

    _end: Callable[[], None] | None = None

    def instrumentation_dependencies(self) -> Collection[str]:
        """Nothing beside k8sresolve itself."""
        return ()

    def instrument(
        self, *, meter_provider: MeterProvider | None = None, tracer_provider: TracerProvider | None = None, **more: Any
    ) -> None:
        """Begin to measure, with these providers or else the process's own.

        Each lookup is recorded in `dns.lookup.duration`, in seconds, with `error.type`, the error's class, if it
        failed, and `dns.question.name`, the absolute name without the dot at its end, if that is certainly the
        cluster's: 256 names that were found, and 64 others. A lookup that failed, or took 0.1 s and more, is also a
        span `dns.lookup`, a child of what the program does then; its status has the error's text, where the name is
        the cluster's. Where instrumentation is suppressed, as in exporters, nothing is recorded.

        Args:
            meter_provider: Of the histogram; None is the process's own.
            tracer_provider: Of the spans; None is the process's own.
            **more: What OpenTelemetry's own call takes.

        Raises:
            ConfigError: It is no provider.

        Source: OpenTelemetry semantic conventions, "DNS metrics".
        """
        for kind, provider in ((MeterProvider, meter_provider), (TracerProvider, tracer_provider)):
            if provider is not None and not isinstance(provider, kind):
                name = "meter_provider" if kind is MeterProvider else "tracer_provider"
                raise ConfigError(f"{name}={told(provider)} is no {kind.__name__}", advice="give one, or none")
        super().instrument(meter_provider=meter_provider, tracer_provider=tracer_provider, **more)

    def _instrument(
        self, *, meter_provider: MeterProvider | None, tracer_provider: TracerProvider | None, **_: Any
    ) -> None:
        duration = get_meter("k8sresolve", __version__, meter_provider).create_histogram(
            "dns.lookup.duration",
            unit="s",
            description="Measures the time taken to perform a DNS lookup.",
            explicit_bucket_boundaries_advisory=_BUCKETS,
        )
        tracer = get_tracer("k8sresolve", __version__, tracer_provider)
        self._end = observe_all(_Lookups(duration, tracer))

    def _uninstrument(self, **_: Any) -> None:
        if self._end is not None:
            self._end()


class _Lookups(Observer):
    """Records lookups."""

    def __init__(self, duration: Histogram, tracer: Tracer) -> None:
        self._duration = duration
        self._tracer = tracer
        self._found: set[str] = set()
        self._lost: set[str] = set()

    def looked_up(self, name: str, *, in_cluster: bool, milliseconds: float, error: BaseException | None) -> None:
        if not is_instrumentation_enabled():
            return
        attributes = {} if error is None else {"error.type": _type_of(error)}
        question = {"dns.question.name": name.lower().removesuffix(".")} if in_cluster else {}
        seconds = milliseconds / 1000
        self._duration.record(seconds, attributes | (question if self._has_room(name, error) else {}))
        if seconds < SLOW and not isinstance(error, Error):
            return
        end = time_ns()
        span = self._tracer.start_span(
            "dns.lookup", kind=SpanKind.CLIENT, attributes=attributes | question, start_time=end - int(seconds * 1e9)
        )
        if error is not None:
            # The text has the name.
            span.set_status(StatusCode.ERROR, str(error) if question else None)
        span.end(end)

    def _has_room(self, name: str, error: BaseException | None) -> bool:
        """Whether the name is among those that metrics tell. Names that do not exist never take the room of others."""
        names, most = (self._found, NAMES_FOUND) if error is None else (self._lost, NAMES_LOST)
        name = name.lower()
        if name not in names and name not in self._found:
            if len(names) >= most:
                return False
            names.add(name)
        return True


def _type_of(error: BaseException) -> str:
    """The public name of an error's class: `k8sresolve.NoSuchName`, `asyncio.CancelledError`."""
    package = type(error).__module__.partition(".")[0]
    return type(error).__qualname__ if package == "builtins" else f"{package}.{type(error).__qualname__}"
