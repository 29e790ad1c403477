"""The instrumentor with OpenTelemetry's own SDK: what is recorded of which lookups, and that none is harmed."""

import asyncio
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import trio
from opentelemetry.instrumentation.utils import suppress_instrumentation
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from k8sresolve import AsyncResolver, ConfigError, LookupTimeout, NoSuchName, ResolverConfig
from k8sresolve.contrib import opentelemetry as adapter
from k8sresolve.contrib.opentelemetry import K8sResolveInstrumentor
from k8sresolve.testing import Cluster, service
from tests.core.world import ipv4_cluster

PAYMENTS = "payments.shop.svc.cluster.local"


class Recorded:
    """What the SDK was given."""

    def __init__(self):
        self._reader = InMemoryMetricReader()
        self._spans = InMemorySpanExporter()
        self.meter_provider = MeterProvider([self._reader], shutdown_on_exit=False)
        self.tracer_provider = TracerProvider(shutdown_on_exit=False)
        self.tracer_provider.add_span_processor(SimpleSpanProcessor(self._spans))

    @property
    def metrics(self):
        data = self._reader.get_metrics_data()
        return [
            metric
            for resource in (data.resource_metrics if data else ())
            for scope in resource.scope_metrics
            for metric in scope.metrics
        ]

    @property
    def points(self):
        """How many lookups there were, by their attributes."""
        points = [point for metric in self.metrics for point in metric.data.data_points]
        return {tuple(sorted(point.attributes.items())): point.count for point in points}

    @property
    def spans(self):
        return self._spans.get_finished_spans()


@pytest.fixture
def recorded():
    recorded = Recorded()
    instrumentor = K8sResolveInstrumentor()
    instrumentor.instrument(meter_provider=recorded.meter_provider, tracer_provider=recorded.tracer_provider)
    yield recorded
    if instrumentor.is_instrumented_by_opentelemetry:
        instrumentor.uninstrument()
    recorded.meter_provider.shutdown()
    recorded.tracer_provider.shutdown()


@pytest.fixture
def ipv4():
    return ipv4_cluster()


def test_a_lookup_is_one_record_in_seconds_with_the_name(recorded, ipv4):
    ipv4.resolver(namespace="shop").service("Payments")
    (metric,) = recorded.metrics
    assert (metric.name, metric.unit) == ("dns.lookup.duration", "s")
    (point,) = metric.data.data_points
    assert dict(point.attributes) == {"dns.question.name": PAYMENTS}
    assert point.sum == pytest.approx(0.0005)
    # The boundaries that the semantic conventions want.
    assert point.explicit_bounds == (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
    assert recorded.spans == ()


def test_a_lookup_of_several_questions_is_one_record(recorded, ipv4):
    ipv4.resolver(namespace="shop", family="both").service("payments", ports=["http"])
    assert list(recorded.points.values()) == [1]


def test_what_is_remembered_is_no_record(recorded, ipv4):
    resolver = ipv4.resolver(namespace="shop")
    for _ in range(3):
        resolver.service("payments")
        resolver.getaddrinfo("payments", 80)
    assert list(recorded.points.values()) == [1]


def test_a_name_elsewhere_is_told_nowhere(recorded, ipv4):
    resolver = ipv4.resolver(namespace="shop")
    resolver.addresses("api.example.com")
    with pytest.raises(NoSuchName):
        resolver.addresses("typo.example.com")
    assert recorded.points == {(): 1, (("error.type", "k8sresolve.NoSuchName"),): 1}
    (span,) = recorded.spans
    assert dict(span.attributes) == {"error.type": "k8sresolve.NoSuchName"}
    assert span.status.description is None
    assert "typo" not in span.to_json()


def test_a_lookup_that_failed_is_a_record_and_a_span_with_the_error(recorded, ipv4):
    with pytest.raises(NoSuchName) as raised:
        ipv4.resolver(namespace="shop").service("nowhere")
    attributes = {"dns.question.name": "nowhere.shop.svc.cluster.local", "error.type": "k8sresolve.NoSuchName"}
    assert recorded.points == {tuple(attributes.items()): 1}
    (span,) = recorded.spans
    assert (span.name, span.kind, dict(span.attributes)) == ("dns.lookup", SpanKind.CLIENT, attributes)
    assert (span.status.status_code, span.status.description) == (StatusCode.ERROR, str(raised.value))


def test_a_slow_lookup_is_a_span_that_lasts_as_long_below_what_the_program_does(recorded, ipv4):
    ipv4.network.drop(next=1)
    with recorded.tracer_provider.get_tracer("app").start_as_current_span("request") as request:
        ipv4.resolver(namespace="shop").service("payments")
    span, _ = recorded.spans
    assert span.end_time - span.start_time == pytest.approx(250.5e6, abs=1e3)
    assert span.parent.span_id == request.get_span_context().span_id
    assert span.status.status_code is StatusCode.UNSET
    assert dict(span.attributes) == {"dns.question.name": PAYMENTS}


def test_a_deadline_is_a_slow_lookup_that_failed(recorded, ipv4):
    ipv4.network.drop()
    with pytest.raises(LookupTimeout):
        ipv4.resolver(namespace="shop").service("payments", timeout=2)
    assert [dict(span.attributes)["error.type"] for span in recorded.spans] == ["k8sresolve.LookupTimeout"]


@pytest.mark.parametrize("run", [asyncio.run, trio.run], ids=["asyncio", "trio"])
def test_tasks_are_recorded(recorded, ipv4, run):
    async def main():
        async with ipv4.async_resolver(namespace="shop") as resolver:
            await resolver.service("payments")
            await resolver.service("payments")

    run(main() if run is asyncio.run else main)
    assert recorded.points == {(("dns.question.name", PAYMENTS),): 1}


def test_a_task_that_is_cancelled_is_a_record_and_no_span(recorded):
    async def main():
        async with AsyncResolver(ResolverConfig.for_cluster("127.0.0.1:9", namespace="shop")) as resolver:
            asking = asyncio.ensure_future(resolver.service("payments"))
            await asyncio.sleep(0)
            asking.cancel()
            await asyncio.wait([asking])

    asyncio.run(main())
    assert recorded.points == {(("error.type", "asyncio.CancelledError"),): 1}
    assert recorded.spans == ()


def test_threads_are_recorded_one_by_one(recorded, ipv4):
    resolver = ipv4.resolver(namespace="shop")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: resolver.service("payments", fresh=True), range(64)))
    assert list(recorded.points.values()) == [64]


def test_resolvers_from_before_and_after_are_recorded_until_the_end(ipv4):
    before, recorded, instrumentor = ipv4.resolver(namespace="shop"), Recorded(), K8sResolveInstrumentor()
    instrumentor.instrument(meter_provider=recorded.meter_provider)
    try:
        after = ipv4.resolver(namespace="shop")
        before.service("payments")
        after.service("payments")
        assert list(recorded.points.values()) == [2]
    finally:
        instrumentor.uninstrument()
    before.service("payments", fresh=True)
    after.service("payments", fresh=True)
    ipv4.resolver(namespace="shop").service("payments")
    assert list(recorded.points.values()) == [2]


def test_a_second_one_is_the_first_and_instruments_once(recorded, ipv4, caplog):
    K8sResolveInstrumentor().instrument()
    assert "already instrumented" in caplog.text
    ipv4.resolver(namespace="shop").service("payments")
    assert list(recorded.points.values()) == [1]


def test_names_in_metrics_are_bounded_and_lost_ones_take_no_room(recorded, monkeypatch):
    monkeypatch.setattr(adapter, "NAMES_FOUND", 3)
    monkeypatch.setattr(adapter, "NAMES_LOST", 2)
    cluster = Cluster.new(*(service(f"s{number}.shop", http=80) for number in range(5)))
    resolver = cluster.resolver(namespace="shop", family="ipv4")
    for number in range(20):
        with pytest.raises(NoSuchName):
            resolver.service(f"lost{number}")
    for _ in range(2):
        for number in range(5):
            resolver.service(f"s{number}", fresh=True)
    names = [dict(point).get("dns.question.name", "").partition(".")[0] for point in recorded.points]
    assert sorted(names) == ["", "", "lost0", "lost1", "s0", "s1", "s2"]
    # A span is no time series.
    assert len({dict(span.attributes)["dns.question.name"] for span in recorded.spans}) == 20


def test_where_instrumentation_is_suppressed_nothing_is_recorded(recorded, ipv4):
    resolver = ipv4.resolver(namespace="shop")
    with suppress_instrumentation(), pytest.raises(NoSuchName):
        resolver.service("nowhere")
    assert recorded.points == {}
    assert recorded.spans == ()


def test_a_provider_that_fails_breaks_no_lookup(ipv4, caplog):
    class Broken(MeterProvider):
        def get_meter(self, *args, **options):
            meter = super().get_meter(*args, **options)
            meter.create_histogram = lambda *_, **__: None
            return meter

    instrumentor = K8sResolveInstrumentor()
    instrumentor.instrument(meter_provider=Broken(shutdown_on_exit=False))
    try:
        assert ipv4.resolver(namespace="shop").service("payments").addresses
        assert "looked_up" in caplog.text
    finally:
        instrumentor.uninstrument()


@pytest.mark.parametrize("option", ["meter_provider", "tracer_provider"])
def test_what_is_no_provider_is_refused_and_nothing_is_instrumented(option):
    with pytest.raises(ConfigError, match=f"{option}='x' is no .*Provider; give one, or none"):
        K8sResolveInstrumentor().instrument(**{option: "x"})
    assert not K8sResolveInstrumentor().is_instrumented_by_opentelemetry


def test_a_child_process_goes_on_recording(recorded, ipv4):
    resolver = ipv4.resolver(namespace="shop")
    resolver.service("payments")
    child = os.fork()
    if child == 0:
        try:
            resolver.service("payments", fresh=True)
            os._exit(0 if list(recorded.points.values()) == [2] else 1)
        finally:
            os._exit(2)
    assert os.waitpid(child, 0)[1] == 0
    assert list(recorded.points.values()) == [1]


# As users run it.

APP = """
from k8sresolve.testing import Cluster, service

Cluster.new(service("payments.shop", http=80)).resolver(namespace="shop").service("payments")
"""


def run(*command, **environment):
    environment = {**os.environ, "OTEL_TRACES_EXPORTER": "console", "OTEL_LOGS_EXPORTER": "none", **environment}
    return subprocess.run(command, capture_output=True, text=True, timeout=100, check=True, env=environment)


def test_opentelemetry_instrument_loads_it_by_its_entry_point(tmp_path):
    (tmp_path / "app.py").write_text(APP)
    instrument = Path(sys.executable).with_name("opentelemetry-instrument")
    done = run(instrument, sys.executable, tmp_path / "app.py", OTEL_METRICS_EXPORTER="console")
    assert '"dns.lookup.duration"' in done.stdout, done.stderr
    assert PAYMENTS in done.stdout
    without = run(
        instrument,
        sys.executable,
        tmp_path / "app.py",
        OTEL_METRICS_EXPORTER="console",
        OTEL_PYTHON_DISABLED_INSTRUMENTATIONS="k8sresolve",
    )
    assert "dns.lookup.duration" not in without.stdout


def test_without_opentelemetry_the_error_says_what_to_install():
    code = "import sys; sys.modules['opentelemetry'] = None; import k8sresolve.contrib.opentelemetry"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert "k8sresolve.contrib.opentelemetry needs: pip install 'k8sresolve[otel]'" in done.stderr.splitlines()[-1]
