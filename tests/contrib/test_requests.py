"""requests' `HTTPAdapter` by real requests to real listeners."""

import pickle
import sys
from importlib import import_module

import pytest
import requests

from k8sresolve import ConfigError, ConnectFailed, InvalidName, LookupTimeout, NoSuchName, ServerFailure
from k8sresolve.contrib._aging import Ages
from k8sresolve.contrib.requests import HTTPAdapter
from k8sresolve.errors import InvalidHints
from tests.contrib.web import closed, pods, web


@pytest.fixture
def resolver(cluster):
    with cluster.resolver(namespace="shop") as resolver:
        yield resolver


@pytest.fixture
def session(resolver):
    """A session with the adapter of these options."""
    made = []

    def session(**options):
        session = requests.Session()
        session.trust_env = False
        for prefix in ("http://", "https://"):
            session.mount(prefix, HTTPAdapter(resolver=resolver, **options))
        made.append(session)
        return session

    yield session
    for each in made:
        each.close()


# Where it connects.


def test_a_service_is_found_by_the_resolver(session):
    told = session().get("http://payments/pay").json()
    assert (told["host"], told["path"]) == ("payments", "/pay")


def test_the_name_of_a_port_replaces_the_number(session):
    assert session(port_name="http").get("http://payments:1234/").json()["host"] == "payments:1234"


def test_what_its_adapter_takes_is_taken(resolver):
    adapter = HTTPAdapter(3, 7, 2, True, resolver=resolver)
    assert adapter.poolmanager.pools._maxsize == 3
    assert adapter.poolmanager.connection_pool_kw == {"maxsize": 7, "block": True}
    assert adapter.max_retries.total == 2


def test_where_one_address_refuses_the_next_is_tried(session, cluster, server):
    with closed() as nowhere:
        pods(cluster, nowhere, nowhere, server.address)
        assert session().get("http://cassandra.data:9042/").json()["host"] == "cassandra.data:9042"


def test_an_adapter_goes_through_pickle_without_what_is_open():
    before = HTTPAdapter(pool_maxsize=7, port_name="http", max_connection_age=300)
    after = pickle.loads(pickle.dumps(before))
    assert after.poolmanager.connection_pool_kw["maxsize"] == 7
    connection = after.poolmanager.connection_from_host("payments").ConnectionCls
    assert (connection.way.port_name, connection.way.names.scope) == ("http", "cluster")
    assert isinstance(connection.way.ages, Ages)


# Proxies.


def test_of_what_goes_to_a_proxy_the_proxy_s_name_is_looked_up(session, cluster):
    proxies = {"http": "http://payments:80"}
    told = session(port_name="grpc").get("http://www.example.com/", proxies=proxies).json()
    assert (told["host"], told["path"]) == ("www.example.com", "http://www.example.com/")
    assert {query.name for query in cluster.queries} == {"payments.shop.svc.cluster.local."}


def test_a_proxy_that_is_not_found_is_a_proxy_error(session):
    with pytest.raises(requests.exceptions.ProxyError) as raised:
        session().get("http://www.example.com/", proxies={"http": "http://prxy:3128"})
    assert isinstance(raised.value.__cause__, NoSuchName)
    assert str(raised.value.__cause__) in str(raised.value)


def test_connections_to_a_proxy_grow_old_too(session, clock):
    through = session(max_connection_age=300)

    def came_from():
        return through.get("http://www.example.com/", proxies={"http": "http://payments"}).json()["from"]

    first = came_from()
    clock.now += 299
    assert came_from() == first
    clock.now += 1
    assert came_from() != first


# TLS.


@pytest.fixture
def bundle(authority, tmp_path):
    path = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(path)
    return str(path)


def test_the_certificate_is_checked_for_the_name_in_the_url(session, cluster, authority, bundle):
    with web(authority.issue_cert("payments.shop.svc")) as server:
        cluster.route("payments.shop", "http", to=server.address)
        told = session(port_name="http").get("https://payments.shop.svc/", verify=bundle).json()
    assert (told["sni"], told["host"]) == ("payments.shop.svc", "payments.shop.svc")


def test_a_certificate_for_another_name_is_refused(session, cluster, authority, bundle):
    with web(authority.issue_cert("orders.shop.svc", "10.96.20.1")) as server:
        cluster.route("payments.shop", "http", to=server.address)
        with pytest.raises(requests.exceptions.SSLError, match="CERTIFICATE_VERIFY_FAILED"):
            session(port_name="http").get("https://payments.shop.svc/", verify=bundle)


# Errors.


@pytest.mark.parametrize(
    ("url", "options", "ours"),
    [
        ("http://paymets/", {}, NoSuchName),
        ("http://payments/", {"port_name": "htp"}, InvalidHints),
        ("http://payments:9090/", {}, ConnectFailed),
    ],
)
def test_what_fails_is_a_connection_error_with_ours_as_its_cause(session, url, options, ours):
    with pytest.raises(requests.ConnectionError) as raised:
        session(**options).get(url)
    assert type(raised.value) is requests.ConnectionError
    assert type(raised.value.__cause__) is ours
    assert str(raised.value.__cause__) in str(raised.value).replace("\\'", "'")


def test_a_nameserver_that_fails_is_asked_again_by_the_next_request(session, cluster):
    shop = session()
    with cluster.network.rcode("SERVFAIL"), pytest.raises(requests.ConnectionError) as raised:
        shop.get("http://payments/")
    assert isinstance(raised.value.__cause__, ServerFailure)
    assert shop.get("http://payments/").json()["host"] == "payments"


def test_a_lookup_without_an_answer_is_a_connect_timeout(session, cluster):
    with cluster.network.drop(), pytest.raises(requests.ConnectTimeout) as raised:
        session().get("http://payments/", timeout=(2.5, None))
    assert isinstance(raised.value.__cause__, LookupTimeout)
    assert cluster.clock.monotonic() == pytest.approx(2.5, abs=0.01)


def test_an_error_at_another_host_keeps_its_own(session):
    with closed() as (host, port), pytest.raises(requests.ConnectionError) as raised:
        session().get(f"http://{host}:{port}/")
    assert raised.value.__cause__ is None


# Age.


def test_a_connection_serves_until_its_age_and_is_closed_then(session, clock, server):
    shop = session(max_connection_age=300)
    first = shop.get("http://payments/").json()["from"]
    clock.now += 299
    assert shop.get("http://payments/").json()["from"] == first
    clock.now += 1
    assert shop.get("http://payments/").json()["from"] != first
    server.wait_until_closed(first[1])


# What cannot be.


@pytest.mark.parametrize(
    ("options", "error"),
    [({"port_name": "80"}, InvalidName), ({"max_connection_age": -1}, ConfigError), ({"scope": "pod"}, ConfigError)],
)
def test_options_that_cannot_be_are_refused(options, error):
    with pytest.raises(error):
        HTTPAdapter(**options)


def test_without_requests_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "requests", None)
    monkeypatch.delitem(sys.modules, "k8sresolve.contrib.requests")
    with pytest.raises(ImportError, match=r"k8sresolve\.contrib\.requests needs requests: pip install 'requests>="):
        import_module("k8sresolve.contrib.requests")
