"""The log of queries: what it says of each, how it is counted, and what a failing assertion shows."""

import pickle
import subprocess
import sys
import threading
from collections.abc import Callable

import dns.message
import dns.query
import pytest

from k8sresolve.testing import Cluster
from k8sresolve.testing.network import query_log as module
from k8sresolve.testing.network.query_log import LoggedQuery, QueryCount, QueryLog

SHOP = "docs/examples/shop.yaml"
PAYMENTS = "payments.shop.svc.cluster.local"
PORT = f"_http._tcp.{PAYMENTS}"


@pytest.fixture
def cluster() -> Cluster:
    """A cluster of whose queries one was dropped, one was for a port, and two for addresses."""
    cluster = Cluster.from_manifests(SHOP)
    with cluster.resolver(namespace="shop", family="both") as resolver:
        cluster.network.drop(rdtype="SRV", next=1)
        resolver.port("payments", "http")
        resolver.addresses(f"{PAYMENTS}.")
    return cluster


def test_each_query_is_logged_with_what_its_asker_was_sent(cluster):
    dropped, port, a, aaaa = cluster.queries
    assert (dropped.outcome, dropped.records, dropped.faults) == ("dropped", (), ("drop",))
    assert (port.name, port.rdtype, port.transport) == (f"{PORT}.", "SRV", "udp")
    assert (port.client, port.nameserver, port.replica) == ("10.244.0.77", "10.96.0.10", "10.244.0.2")
    assert (port.outcome, port.faults) == ("NOERROR", ())
    assert port.records == (f"{PORT}. 30 SRV 0 100 80 {PAYMENTS}.",)
    assert (port.at, a.at) == (0.25, 0.2505)
    assert (a.outcome, a.records) == ("NOERROR", (f"{PAYMENTS}. 30 A 10.96.20.1",))
    assert (aaaa.outcome, aaaa.records) == ("NODATA", ())


def test_a_reply_that_was_cut_is_logged_as_truncated():
    cluster = Cluster.from_objects(large())
    name = "many.shop.svc.cluster.local."
    with cluster.resolver(family="ipv4") as resolver:
        assert len(resolver.addresses(name).addresses) == 100
    udp, tcp = cluster.queries
    assert (udp.transport, udp.outcome, udp.records) == ("udp", "truncated", ())
    assert (tcp.transport, tcp.outcome, len(tcp.records)) == ("tcp", "NOERROR", 100)
    assert tcp.result() == "NOERROR 10.244.9.0, 10.244.9.1, 10.244.9.2 and 97 more"


def large() -> list[dict]:
    meta = {"namespace": "shop"}
    addresses = [{"addresses": [f"10.244.9.{number}"]} for number in range(100)]
    return [
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "many", **meta},
            "spec": {"clusterIP": "None", "ports": [{"name": "http", "port": 80}]},
        },
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {"name": "many-1", "labels": {"kubernetes.io/service-name": "many"}, **meta},
            "addressType": "IPv4",
            "endpoints": addresses,
            "ports": [{"name": "http", "port": 80}],
        },
    ]


def test_types_have_their_names_even_those_that_lookups_do_not_know(cluster):
    with cluster.serve() as server:
        for rdtype in ("MX", "TYPE65280", "HTTPS"):
            query = dns.message.make_query("cluster.local.", rdtype)
            dns.query.udp(query, server.host, port=server.port, timeout=5)
            assert cluster.queries.asked("cluster.local", rdtype) == 1
    assert [query.rdtype for query in cluster.queries][-3:] == ["MX", "TYPE65280", "HTTPS"]


def test_an_alias_is_told_by_its_type():
    cluster = Cluster.from_manifests(SHOP, upstream={"example.com": "api A 192.0.2.7"})
    with cluster.resolver(namespace="shop", family="ipv4") as resolver:
        resolver.service("billing")
    (query,) = cluster.queries
    assert query.result() == "NOERROR CNAME api.example.com., 192.0.2.7"


@pytest.mark.parametrize(
    ("asked", "number"),
    [
        (lambda log: log.asked(), 4),
        (lambda log: log.asked(PORT), 2),
        (lambda log: log.asked(f"{PORT.upper()}.", "srv"), 2),
        (lambda log: log.asked(PORT, "A"), 0),
        (lambda log: log.asked(rdtype="AAAA"), 1),
        (lambda log: log.asked("shop.svc.cluster.local"), 0),
    ],
)
def test_queries_are_counted_by_name_and_type(cluster, asked: Callable[[QueryLog], int], number: int):
    assert asked(cluster.queries) == number


def test_a_type_that_is_none_is_no_count_of_0(cluster):
    with pytest.raises(ValueError, match="there is no record type 'SVR'"):
        cluster.queries.asked(PORT, "SVR")


def test_queries_of_a_name_are_a_log_of_their_own(cluster):
    of = cluster.queries.of(PORT)
    assert [query.outcome for query in of] == ["dropped", "NOERROR"]
    assert of.asked() == len(of) == 2
    of.clear()
    assert len(cluster.queries) == 4


def test_clear_forgets_and_what_comes_later_is_logged(cluster):
    cluster.queries.clear()
    assert (len(cluster.queries), str(cluster.queries), list(cluster.queries)) == (0, "nothing was asked", [])
    with cluster.resolver(namespace="shop", family="ipv4") as resolver:
        resolver.service("payments")
    assert cluster.queries.asked(PAYMENTS, "A") == 1


def test_the_log_is_a_table_of_the_whole_exchange(cluster):
    assert str(cluster.queries).splitlines() == [
        f"0.000 s  udp  10.244.0.77  10.96.0.10  {PORT}. SRV  dropped",
        f"0.250 s  udp  10.244.0.77  10.96.0.10  {PORT}. SRV  NOERROR 0 100 80 {PAYMENTS}.",
        f"0.251 s  udp  10.244.0.77  10.96.0.10  {PAYMENTS}. A               NOERROR 10.96.20.1",
        f"0.251 s  udp  10.244.0.77  10.96.0.10  {PAYMENTS}. AAAA            NODATA",
    ]
    assert repr(cluster.queries) == "<QueryLog: 4 queries>"


def test_the_table_names_replicas_where_there_are_several():
    cluster = Cluster.from_manifests(SHOP, server_addresses=("10.244.0.2", "10.244.1.2"))
    with cluster.resolver(namespace="shop", family="both") as resolver:
        resolver.service("payments")
    assert [line.split("  ")[3] for line in str(cluster.queries).splitlines()] == [
        "10.96.0.10 > 10.244.0.2",
        "10.96.0.10 > 10.244.1.2",
    ]


def test_the_log_is_bounded_by_queries_and_by_records(monkeypatch, cluster):
    monkeypatch.setattr(module, "_MOST", 10)
    queries = list(cluster.queries)
    log = QueryLog()
    for _ in range(5):
        for query in queries:
            log.note(query)
    # The four have 1, 2, 2 and 1 places.
    assert [query.outcome for query in log] == ["NOERROR", "NODATA", *(query.outcome for query in queries)]
    assert len(log) == 6


def test_the_log_may_be_read_while_it_is_written():
    log, done = QueryLog(), threading.Event()

    def write() -> None:
        while not done.is_set():
            log.note(LoggedQuery("a.", "A", "udp", 0.0, "NODATA"))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(20):
            assert log.asked("a", "A") <= len(log)
    finally:
        done.set()
        writer.join()


def test_queries_are_seen_as_they_come(cluster):
    seen: list[LoggedQuery] = []
    cluster.queries.watch(seen.append)
    with cluster.resolver(namespace="shop", family="ipv4") as resolver:
        resolver.service("payments")
    assert seen == list(cluster.queries)[-1:]


# -- counts ------------------------------------------------------------------------------------------------------------


def test_a_count_is_a_number(cluster):
    count = cluster.queries.asked(PORT, "SRV")
    assert isinstance(count, int)
    assert (count == 2, count + 1, f"{count}", f"{count:>3}", str(count), bool(cluster.queries.asked("x"))) == (
        True,
        3,
        "2",
        "  2",
        "2",
        False,
    )
    assert type(pickle.loads(pickle.dumps(count))) is int


def test_the_repr_of_a_count_tells_what_was_asked(cluster):
    assert repr(cluster.queries.asked(PAYMENTS, "A")) == (
        f"1 (asked in all: {PORT}. SRV dropped; {PORT}. SRV NOERROR; {PAYMENTS}. A NOERROR; and 1 more)"
    )
    assert repr(QueryLog().asked()) == "0 (asked in all: nothing)"


def test_the_repr_of_a_count_fits_what_pytest_shows_of_a_value():
    log = QueryLog()
    for number in range(1000):
        log.note(LoggedQuery(f"{number % 50}.shop.svc.cluster.local.", "A", "udp", 0.0, "NOERROR"))
    told = repr(log.asked())
    assert told.startswith("1000 (asked in all: 20 x 0.shop.svc.cluster.local. A NOERROR; 20 x 1.shop")
    assert told.endswith("; and 46 more)")
    assert len(told) <= 240


_FAILING = f"""
from k8sresolve._core.wire.rcodes import RCODE_NAMES
from k8sresolve.testing import Cluster

def test_it():
    cluster = Cluster.from_manifests({SHOP!r})
    with cluster.resolver(namespace="shop", family="ipv4") as resolver:
        resolver.service("payments")
    assert cluster.queries.asked("web.shop.svc.cluster.local", "A") == 1
"""
_PLUGIN = "k8sresolve.testing.pytest_plugin"


@pytest.mark.parametrize(
    ("options", "shown"),
    [
        (["-p", _PLUGIN], f"  0.000 s  udp  10.244.0.77  10.96.0.10  {PAYMENTS}. A  NOERROR 10.96.20.1\n"),
        ([], f"assert 0 (asked in all: {PAYMENTS}. A NOERROR) == 1\n"),
    ],
    ids=["with the plugin", "without"],
)
def test_a_failing_assertion_shows_what_was_asked(tmp_path, monkeypatch, options, shown):
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    (tmp_path / "test_failing.py").write_text(_FAILING)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", "/dev/null", *options]
    ran = subprocess.run([*command, tmp_path], capture_output=True, text=True, timeout=60, check=False)
    assert shown in ran.stdout, ran.stdout


def test_a_count_explains_nothing_else():
    from k8sresolve.testing.pytest_plugin import pytest_assertrepr_compare

    assert pytest_assertrepr_compare("==", 1, 2) is None
    assert pytest_assertrepr_compare(">", QueryCount.of(1, QueryLog()), 2) == [
        "1 > 2",
        "asked in all:",
        "nothing was asked",
    ]
