"""urllib3's `PoolManager` by real requests to real listeners."""

import socket
import subprocess
import sys
from pathlib import Path
from threading import Thread

import pytest
import urllib3
from urllib3.connection import HTTPConnection
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NameResolutionError, NewConnectionError, SSLError

from k8sresolve import ConfigError, ConnectFailed, InvalidName, LookupTimeout, NoSuchName, ServerFailure
from k8sresolve import ConnectTimeout as OurConnectTimeout
from k8sresolve.contrib.urllib3 import PoolManager
from k8sresolve.errors import InvalidHints, ResolverClosed
from tests.contrib.web import closed, pods, silence, web


@pytest.fixture
def resolver(cluster):
    with cluster.resolver(namespace="shop") as resolver:
        yield resolver


@pytest.fixture
def manager(resolver):
    made = []

    def manager(**options):
        made.append(PoolManager(resolver=resolver, **options))
        return made[-1]

    yield manager
    for each in made:
        each.clear()


def get(manager, url, **options):
    return manager.request("GET", url, **{"retries": False, **options}).json()


# Where it connects.


def test_a_service_is_found_by_the_resolver(manager):
    told = get(manager(), "http://payments/pay")
    assert (told["host"], told["path"]) == ("payments", "/pay")


def test_the_name_of_a_port_replaces_the_number(manager):
    assert get(manager(port_name="http"), "http://payments:1234/")["host"] == "payments:1234"


def test_an_srv_host_has_its_port(manager):
    assert get(manager(), "http://_http._tcp.payments.shop:1234/")["host"] == "_http._tcp.payments.shop:1234"


def test_a_name_with_a_dot_at_its_end_is_not_searched_for(manager, cluster):
    get(manager(), "http://payments.shop.svc.cluster.local./")
    with pytest.raises(NameResolutionError) as raised:
        get(manager(), "http://payments.shop./")
    assert not isinstance(raised.value.__cause__, NoSuchName)  # no name of the cluster's: it went where it went before
    assert {query.name for query in cluster.queries} == {"payments.shop.svc.cluster.local.", "payments.shop."}


def test_another_name_goes_where_it_went_before(manager, cluster, server, monkeypatch):
    asked = []

    def getaddrinfo(host, *_args, **_kwargs):
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", server.address)]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    assert get(manager(port_name="http"), "http://www.example.com/")["host"] == "www.example.com"
    assert asked == ["www.example.com"]
    assert len(cluster.queries) == 0


def test_with_scope_all_another_name_is_looked_up(manager):
    with pytest.raises(NameResolutionError) as raised:
        get(manager(scope="all"), "http://www.example.com/")
    assert isinstance(raised.value.__cause__, NoSuchName)


def test_switched_off_it_does_as_if_it_were_not_there(manager, monkeypatch):
    monkeypatch.setenv("K8SRESOLVE_DISABLE", "1")
    plain = urllib3.PoolManager()
    assert manager(port_name="http", max_connection_age=1).pool_classes_by_scheme == plain.pool_classes_by_scheme


def test_what_its_pool_manager_takes_is_taken(resolver):
    manager = PoolManager(3, {"X-Shop": "1"}, resolver=resolver, maxsize=7, source_address=("127.0.0.9", 0))
    assert manager.pools._maxsize == 3
    assert manager.headers == {"X-Shop": "1"}
    with manager:
        assert get(manager, "http://payments/")["from"][0] == "127.0.0.9"
        [pool] = [manager.pools[key] for key in manager.pools.keys()]  # noqa: SIM118 - they cannot be iterated
        assert pool.pool.maxsize == 7


def test_addresses_of_the_family_that_urllib3_allows_are_asked_for(manager, cluster, monkeypatch):
    monkeypatch.setattr(urllib3.util.connection, "HAS_IPV6", False)
    get(manager(), "http://payments/")
    assert {query.rdtype for query in cluster.queries} == {"A"}


def test_the_time_that_is_left_is_not_that_of_the_answer(manager, monkeypatch):
    seen = []
    make = HTTPConnection.request

    def request(self, *args, **kwargs):
        self.connect()
        seen.append(self.sock.gettimeout())
        return make(self, *args, **kwargs)

    monkeypatch.setattr(HTTPConnection, "request", request)
    get(manager(), "http://payments/", timeout=urllib3.Timeout(connect=50, read=70))
    assert seen == [50]


# TLS.


def test_the_certificate_is_checked_for_the_name_in_the_url(manager, cluster, authority, trusting):
    with web(authority.issue_cert("payments.shop.svc")) as server:
        cluster.route("payments.shop", "http", to=server.address)
        told = get(manager(port_name="http", ssl_context=trusting), "https://payments.shop.svc/")
    assert (told["sni"], told["host"]) == ("payments.shop.svc", "payments.shop.svc")


def test_a_certificate_for_another_name_is_refused(manager, cluster, authority, trusting):
    with web(authority.issue_cert("orders.shop.svc", "10.96.20.1")) as server:
        cluster.route("payments.shop", "http", to=server.address)
        with pytest.raises(SSLError, match="CERTIFICATE_VERIFY_FAILED"):
            get(manager(port_name="http", ssl_context=trusting), "https://payments.shop.svc/")


# Errors.


@pytest.mark.parametrize(
    ("url", "options", "theirs", "ours"),
    [
        ("http://paymets/", {}, NameResolutionError, NoSuchName),
        ("http://payments/", {"port_name": "htp"}, NameResolutionError, InvalidHints),
        ("http://payments:9090/", {}, NewConnectionError, ConnectFailed),
    ],
)
def test_what_fails_is_theirs_with_ours_as_its_cause(manager, url, options, theirs, ours):
    with pytest.raises(NewConnectionError) as raised:
        get(manager(**options), url)
    assert type(raised.value) is theirs
    assert type(raised.value.__cause__) is ours
    assert str(raised.value.__cause__) in str(raised.value)


def test_after_retries_it_is_the_reason(manager):
    with pytest.raises(MaxRetryError) as raised:
        get(manager(), "http://paymets/", retries=1)
    assert isinstance(raised.value.reason.__cause__, NoSuchName)
    assert str(raised.value.reason.__cause__) in str(raised.value)


def test_a_nameserver_that_fails_is_asked_again_by_the_next_request(manager, cluster):
    http = manager()
    with cluster.network.rcode("SERVFAIL"), pytest.raises(NameResolutionError) as raised:
        get(http, "http://payments/")
    assert isinstance(raised.value.__cause__, ServerFailure)
    assert get(http, "http://payments/")["host"] == "payments"


def test_a_lookup_without_an_answer_is_a_connect_timeout(manager, cluster):
    with cluster.network.drop(), pytest.raises(ConnectTimeoutError) as raised:
        get(manager(), "http://payments/", timeout=urllib3.Timeout(connect=2.5))
    assert not isinstance(raised.value, NewConnectionError)
    assert isinstance(raised.value.__cause__, LookupTimeout)
    assert str(raised.value.__cause__) in str(raised.value)
    assert cluster.clock.monotonic() == pytest.approx(2.5, abs=0.01)


def test_an_address_without_an_answer_is_a_connect_timeout(manager, cluster):
    with silence() as nowhere:
        cluster.route("payments.shop", "http", to=nowhere)
        with pytest.raises(ConnectTimeoutError, match="no answer in") as raised:
            get(manager(), "http://payments/", timeout=1)
    assert isinstance(raised.value.__cause__, OurConnectTimeout)


def test_a_resolver_that_is_closed_is_told(manager, resolver):
    http = manager()
    resolver.close()
    with pytest.raises(NewConnectionError, match="closed") as raised:
        get(http, "http://payments/")
    assert isinstance(raised.value.__cause__, ResolverClosed)


def test_where_one_address_refuses_the_next_is_tried(manager, cluster, server):
    with closed() as nowhere:
        pods(cluster, nowhere, nowhere, server.address)
        assert get(manager(), "http://cassandra.data:9042/")["host"] == "cassandra.data:9042"


# Age.


def test_a_connection_serves_until_its_age_and_is_closed_then(manager, clock, server):
    http = manager(max_connection_age=300)
    first = get(http, "http://payments/")["from"]
    clock.now += 299
    assert get(http, "http://payments/")["from"] == first
    clock.now += 1
    second = get(http, "http://payments/")["from"]
    assert second != first
    server.wait_until_closed(first[1])
    clock.now += 299  # it has an age of its own
    assert get(http, "http://payments/")["from"] == second


def test_a_request_that_is_under_way_is_not_cut(manager, clock, server):
    http = manager(max_connection_age=300, maxsize=2)
    slow = http.request("GET", "http://payments/slow", preload_content=False)
    clock.now += 1000
    other = get(http, "http://payments/")["from"]
    server.go_on.set()
    told = slow.json()
    assert told["path"] == "/slow"
    assert told["from"] != other
    # It was closed as its response ended.
    server.wait_until_closed(told["from"][1])


def test_idle_connections_are_closed_as_another_s_request_ends(manager, clock, server):
    http = manager(max_connection_age=300, maxsize=2)
    slow = http.request("GET", "http://payments/slow", preload_content=False)
    idle = get(http, "http://payments/")["from"]
    clock.now += 299
    assert get(http, "http://payments/")["from"] == idle
    clock.now += 1
    server.go_on.set()
    slow.json()
    server.wait_until_closed(idle[1])


def test_without_an_age_connections_stay(manager, clock):
    http = manager()
    first = get(http, "http://payments/")["from"]
    clock.now += 1e6
    assert get(http, "http://payments/")["from"] == first


def test_threads_share_a_pool_whose_connections_age(manager, clock):
    http = manager(max_connection_age=1, maxsize=4)
    failures = []

    def work():
        for _ in range(50):
            clock.now += 0.1
            try:
                assert get(http, "http://payments/")["host"] == "payments"
            except Exception as error:  # noqa: BLE001 - whatever it is, the test is to see it
                failures.append(error)

    threads = [Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


# What cannot be.


@pytest.mark.parametrize(
    ("options", "error"),
    [({"port_name": "80"}, InvalidName), ({"max_connection_age": 0}, ConfigError), ({"scope": "pod"}, ConfigError)],
)
def test_options_that_cannot_be_are_refused(resolver, options, error):
    with pytest.raises(error):
        PoolManager(resolver=resolver, **options)


def test_a_version_without_its_hook_is_told(resolver, monkeypatch):
    monkeypatch.delattr(HTTPConnection, "_new_conn")
    with pytest.raises(ConfigError, match=r"this version of urllib3 has no \S+\._new_conn, by which"):
        PoolManager(resolver=resolver)


@pytest.mark.parametrize(
    ("module", "told"),
    [
        ("", "k8sresolve.contrib.urllib3 needs urllib3: pip install 'urllib3>=2'"),
        ("class AsyncPoolManager: ...", "what is installed as urllib3 is urllib3-future"),
    ],
)
def test_what_is_no_urllib3_is_told_as_it_is_imported(tmp_path, module, told):
    """Another package may stand in its place, or none."""
    stand_in = tmp_path / "urllib3"
    stand_in.mkdir()
    (stand_in / "__init__.py").write_text(module)
    if module:
        real = Path(urllib3.__file__).parent
        (stand_in / "__init__.py").write_text(
            f"__path__.append({str(real)!r})\nfrom urllib3.poolmanager import PoolManager\n{module}"
        )
    done = subprocess.run(
        [sys.executable, "-c", "import k8sresolve.contrib.urllib3"],
        env={"PYTHONPATH": f"{tmp_path}:{Path.cwd()}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert f"ImportError: {told}" in done.stderr
