"""The transports of httpx and httpx2, blocking, in asyncio and in trio, by real clients against real listeners."""

import json
import socket
import ssl
import sys
from contextlib import ExitStack, contextmanager
from importlib import import_module
from typing import Any, NamedTuple

import anyio
import httpcore
import httpcore2
import httpx
import httpx2
import pytest
from anyio.from_thread import start_blocking_portal

from k8sresolve import ConfigError, ConnectFailed, InvalidName, LookupTimeout, NoSuchName, ServerFailure
from k8sresolve import ConnectTimeout as OurConnectTimeout
from k8sresolve.contrib import _httpx
from k8sresolve.contrib._connecting import Attempts, Destination
from k8sresolve.errors import InvalidHints
from tests.contrib.web import causes, closed, pods, silence, web

# Where no TLS is spoken; else each client and each transport would read the certificates of all authorities.
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class Flavour(NamedTuple):
    """One of the packages, blocking or in a loop of its own."""

    package: Any
    core: Any
    backend: str | None

    @property
    def transport(self):
        adapter = import_module(f"k8sresolve.contrib.{self.package.__name__}")
        return adapter.AsyncHTTPTransport if self.backend else adapter.HTTPTransport

    @contextmanager
    def resolver(self, cluster, **options):
        if self.backend is None:
            with cluster.resolver(**options) as resolver:
                yield resolver
        else:
            yield cluster.async_resolver(**options)

    @contextmanager
    def client(self, transport, *, timeout=None):
        """A client with the transport mounted, as what blocks: `get`, and `stream`, which yields the body's parts."""
        how = {"mounts": {"all://": transport}, "timeout": timeout, "trust_env": False, "verify": NO_TLS}
        with ExitStack() as stack:
            if self.backend is None:
                client = stack.enter_context(self.package.Client(**how))
                yield Blocking(client)
            else:
                portal = stack.enter_context(start_blocking_portal(self.backend))
                client = self.package.AsyncClient(**how)
                yield InLoop(portal, stack.enter_context(portal.wrap_async_context_manager(client)))


class Blocking:
    def __init__(self, client):
        self.client = client

    def get(self, url, **options):
        return self.client.get(url, **options).json()

    @contextmanager
    def stream(self, url):
        with self.client.stream("GET", url) as response:
            yield response.iter_raw()


class InLoop:
    def __init__(self, portal, client):
        self.portal = portal
        self.client = client

    def get(self, url, **options):
        async def get():
            return await self.client.get(url, **options)

        return self.portal.call(get).json()

    @contextmanager
    def stream(self, url):
        with self.portal.wrap_async_context_manager(self.client.stream("GET", url)) as response:
            parts = response.aiter_raw()

            async def following():
                return await anext(parts, None)

            yield iter(lambda: self.portal.call(following), None)


FLAVOURS = [
    Flavour(package, core, backend)
    for package, core in ((httpx, httpcore), (httpx2, httpcore2))
    for backend in (None, "asyncio", "trio")
]


@pytest.fixture(params=FLAVOURS, ids=lambda flavour: f"{flavour.package.__name__}-{flavour.backend or 'blocking'}")
def flavour(request):
    return request.param


@pytest.fixture
def resolver(flavour, cluster):
    with flavour.resolver(cluster, namespace="shop") as resolver:
        yield resolver


@pytest.fixture
def get(flavour, resolver):
    """Get a URL by a client whose transport has the options given."""

    def get(url, *, timeout=None, **options):
        transport = flavour.transport(**{"resolver": resolver, "verify": NO_TLS, **options})
        with flavour.client(transport, timeout=timeout) as client:
            return client.get(url)

    return get


# Where it connects.


def test_a_service_is_found_by_the_resolver(get):
    told = get("http://payments/pay")
    assert (told["host"], told["path"]) == ("payments", "/pay")


def test_the_name_of_a_port_replaces_the_number(get):
    assert get("http://payments:1234/", port_name="http")["host"] == "payments:1234"


def test_an_srv_host_has_its_port(get):
    assert get("http://_http._tcp.payments.shop:1234/")["host"] == "_http._tcp.payments.shop:1234"


def test_another_name_goes_where_it_went_before(get, cluster, server, monkeypatch):
    asked = []

    def getaddrinfo(host, *_args, **_kwargs):
        asked.append(host.decode() if isinstance(host, bytes) else host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", server.address)]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    url = f"http://www.example.com:{server.port}/"
    assert get(url)["host"] == f"www.example.com:{server.port}"
    assert asked == ["www.example.com"]
    assert len(cluster.queries) == 0


def test_with_scope_all_another_name_is_looked_up(get, flavour):
    with pytest.raises(flavour.package.ConnectError) as raised:
        get("http://www.example.com/", scope="all")
    assert isinstance(raised.value.__cause__, NoSuchName)


def test_switched_off_it_does_as_if_it_were_not_there(flavour, resolver, server, monkeypatch):
    monkeypatch.setenv("K8SRESOLVE_DISABLE", "1")
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda *_, **__: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", server.address)]
    )
    transport = flavour.transport(resolver=resolver, port_name="grpc", max_connection_age=1)
    assert "create_connection" not in vars(transport._pool)
    with flavour.client(transport) as client:
        assert client.get(f"http://payments:{server.port}/")["path"] == "/"
    assert resolver.stats().questions == 0


def test_what_a_transport_of_theirs_takes_is_taken(flavour, resolver):
    own = flavour.package.AsyncHTTPTransport if flavour.backend else flavour.package.HTTPTransport
    limits = flavour.package.Limits(max_connections=3)
    made = [kind(ssl.create_default_context(), limits=limits, retries=2) for kind in (own, flavour.transport)]
    assert isinstance(made[1], own)
    assert [(each._pool._max_connections, each._pool._retries) for each in made] == [(3, 2), (3, 2)]


def test_a_local_address_is_that_of_each_attempt(get):
    assert get("http://payments/", local_address="127.0.0.9")["from"][0] == "127.0.0.9"


def test_a_socket_of_this_machine_needs_no_name(flavour, resolver, tmp_path):
    path = str(tmp_path / "web")
    with web(path=path), flavour.client(flavour.transport(resolver=resolver, uds=path)) as client:
        assert client.get("http://paymets/")["host"] == "paymets"


# Proxies.


def test_of_what_goes_to_a_proxy_the_proxy_s_name_is_looked_up(get, cluster):
    told = get("http://www.example.com/", proxy="http://payments:80")
    assert (told["host"], told["path"]) == ("www.example.com", "http://www.example.com/")
    assert {query.name for query in cluster.queries} == {"payments.shop.svc.cluster.local."}


def test_a_proxy_knows_no_names_of_ports(flavour, resolver):
    with pytest.raises(ConfigError, match="port_name='http' cannot go with proxy="):
        flavour.transport(resolver=resolver, port_name="http", proxy="http://payments")


# TLS.


def test_the_certificate_is_checked_for_the_name_in_the_url(get, cluster, authority, trusting):
    with web(authority.issue_cert("payments.shop.svc")) as server:
        cluster.route("payments.shop", "http", to=server.address)
        told = get("https://payments.shop.svc/", verify=trusting, port_name="http")
    assert (told["sni"], told["host"]) == ("payments.shop.svc", "payments.shop.svc")


def test_a_certificate_for_another_name_is_refused(get, flavour, cluster, authority, trusting):
    with web(authority.issue_cert("orders.shop.svc", "10.96.20.1")) as server:
        cluster.route("payments.shop", "http", to=server.address)
        with pytest.raises(flavour.package.ConnectError) as raised:
            get("https://payments.shop.svc/", verify=trusting, port_name="http")
    assert ssl.SSLCertVerificationError in map(type, causes(raised.value))


# Errors.


@pytest.mark.parametrize(
    ("url", "options", "ours"),
    [
        ("http://paymets/", {}, NoSuchName),
        ("http://payments/", {"port_name": "htp"}, InvalidHints),
        ("http://payments:9090/", {}, ConnectFailed),
        (f"http://{'a' * 64}.shop/", {"scope": "all"}, InvalidName),
    ],
)
def test_what_fails_is_a_connect_error_with_ours_as_its_cause(get, flavour, url, options, ours):
    with pytest.raises(flavour.package.ConnectError) as raised:
        get(url, **options)
    assert type(raised.value.__cause__) is ours
    assert str(raised.value) == str(raised.value.__cause__)


def test_a_nameserver_that_fails_is_asked_again_by_the_next_request(get, flavour, cluster):
    with cluster.network.rcode("SERVFAIL"), pytest.raises(flavour.package.ConnectError) as raised:
        get("http://payments/")
    assert isinstance(raised.value.__cause__, ServerFailure)
    assert get("http://payments/")["host"] == "payments"


def test_a_lookup_without_an_answer_is_a_connect_timeout(get, flavour, cluster):
    with cluster.network.drop(), pytest.raises(flavour.package.ConnectTimeout) as raised:
        get("http://payments/", timeout=2.5)
    assert isinstance(raised.value.__cause__, LookupTimeout)
    assert str(raised.value) == str(raised.value.__cause__)
    assert cluster.clock.monotonic() == pytest.approx(2.5, abs=0.01)


def test_an_address_without_an_answer_is_a_connect_timeout(get, flavour, cluster):
    with silence() as nowhere:
        cluster.route("payments.shop", "http", to=nowhere)
        with pytest.raises(flavour.package.ConnectTimeout, match="no answer in") as raised:
            get("http://payments/", timeout=1)
    assert isinstance(raised.value.__cause__, OurConnectTimeout)


def test_retries_look_up_again(flavour, cluster, resolver, monkeypatch):
    transport = flavour.transport(resolver=resolver, retries=1)
    names = transport._pool._network_backend._names
    found, asked = names.getaddrinfo, []

    def getaddrinfo(host, *args, **kwargs):
        asked.append(host)
        return found(host, *args, **kwargs)

    monkeypatch.setattr(names, "getaddrinfo", getaddrinfo)
    with closed() as nowhere:
        cluster.route("payments.shop", "grpc", to=nowhere)
        with flavour.client(transport) as client, pytest.raises(flavour.package.ConnectError, match="refused"):
            client.get("http://payments:9090/")
    assert asked == ["payments", "payments"]


def test_an_error_at_another_host_keeps_its_cause(flavour, resolver):
    transport = flavour.transport(resolver=resolver)
    with flavour.client(transport) as client, closed() as at, pytest.raises(flavour.package.ConnectError) as raised:
        client.get(f"http://127.0.0.1:{at[1]}/")
    assert isinstance(raised.value.__cause__, flavour.core.ConnectError)


# Pods that are away.


def test_where_one_address_refuses_the_next_is_tried(get, cluster, server):
    with closed() as nowhere:
        pods(cluster, nowhere, nowhere, server.address)
        assert get("http://cassandra.data:9042/")["host"] == "cassandra.data:9042"


@pytest.mark.parametrize("flavour", [each for each in FLAVOURS if each.backend], indirect=True)
def test_in_a_loop_an_address_that_does_not_answer_is_not_waited_for(get, cluster, server):
    with silence() as nowhere:
        pods(cluster, nowhere, nowhere, server.address)
        assert get("http://cassandra.data:9042/", timeout=None)["host"] == "cassandra.data:9042"


class _Stream:
    closed = False

    async def aclose(self):
        self.closed = True


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_of_two_that_are_connected_at_once_one_is_closed(monkeypatch, backend):
    monkeypatch.setattr(_httpx, "ATTEMPT_DELAY", 0)
    first, second = _Stream(), _Stream()
    to = (Destination("10.244.1.21", 9042), Destination("10.244.2.21", 9042))

    async def main():
        begun = anyio.Event()

        async def connect(at, _seconds):
            if at == to[1]:
                begun.set()
                return second
            with anyio.CancelScope(shield=True):  # as where the socket is connected already
                await begun.wait()
            return first

        return await _httpx.race(Attempts("cassandra.data", 9042, None), to, connect, (OSError,))

    assert anyio.run(main, backend=backend) is second
    assert (first.closed, second.closed) == (True, False)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_what_is_no_failure_to_connect_is_raised_by_itself(backend):
    async def connect(at, _timeout):
        raise TypeError(f"{at.address}: no such socket option")

    async def main():
        to = (Destination("10.244.1.21", 9042), Destination("10.244.2.21", 9042))
        with pytest.raises(TypeError, match=r"^10\.244\.1\.21: no such socket option$"):
            await _httpx.race(Attempts("cassandra.data", 9042, None), to, connect, (OSError,))

    anyio.run(main, backend=backend)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_who_is_cancelled_as_it_is_connected_has_the_connection_or_it_is_closed(monkeypatch, backend):
    monkeypatch.setattr(_httpx, "ATTEMPT_DELAY", 0)
    stream = _Stream()
    at = Destination("10.244.1.21", 9042)

    async def main():
        async def connect(_at, _seconds):
            scope.cancel()
            return stream

        with anyio.CancelScope() as scope:
            return await _httpx.race(Attempts("cassandra.data", 9042, None), (at,), connect, (OSError,))

    assert (anyio.run(main, backend=backend), stream.closed) in [(stream, False), (None, True)]


def test_all_that_was_tried_is_told(get, flavour, cluster):
    with closed() as nowhere:
        pods(cluster, nowhere, nowhere, nowhere)
        with pytest.raises(flavour.package.ConnectError) as raised:
            get("http://cassandra.data/", port_name="cql")
    tried = {(each.address, each.port, each.outcome) for each in raised.value.__cause__.attempts}
    assert tried == {(f"10.244.{number}.21", 9042, "connection refused") for number in (1, 2, 3)}
    assert "no connection to port 'cql'" in str(raised.value)


# Age.


@pytest.fixture
def aging(flavour, resolver, clock):
    limits = flavour.package.Limits(keepalive_expiry=None)
    with flavour.client(flavour.transport(resolver=resolver, max_connection_age=300, limits=limits)) as client:
        yield client


def test_a_connection_serves_until_its_age_and_is_closed_then(aging, clock, server):
    first = aging.get("http://payments/")["from"]
    clock.now += 299
    assert aging.get("http://payments/")["from"] == first
    clock.now += 1
    second = aging.get("http://payments/")["from"]
    assert second != first
    server.wait_until_closed(first[1])
    assert aging.get("http://payments/")["from"] == second


def test_a_request_that_is_under_way_is_not_cut(aging, clock, server):
    with aging.stream("http://payments/slow") as parts:
        body = next(parts)
        clock.now += 1000
        other = aging.get("http://payments/")["from"]
        server.go_on.set()
        told = json.loads(body + b"".join(parts))
    assert told["path"] == "/slow"
    assert told["from"] != other
    # It was closed as its response ended.
    server.wait_until_closed(told["from"][1])
    assert aging.get("http://payments/")["from"] == other


def test_idle_connections_of_other_hosts_are_closed_too(aging, clock, server, cluster):
    first = aging.get("http://payments/")["from"]
    clock.now += 300
    with web() as other:
        pods(cluster, other.address, other.address, other.address)
        aging.get("http://cassandra.data:9042/")
        server.wait_until_closed(first[1])


def test_without_an_age_connections_stay(flavour, resolver, clock):
    limits = flavour.package.Limits(keepalive_expiry=None)
    with flavour.client(flavour.transport(resolver=resolver, limits=limits)) as client:
        first = client.get("http://payments/")["from"]
        clock.now += 1e6
        assert client.get("http://payments/")["from"] == first


class _Request:
    connection = None


class _Connection:
    idle, expired = True, False

    def is_idle(self):
        return self.idle

    def is_available(self):
        return True

    def has_expired(self):
        return self.expired


class _Pool:
    def __init__(self):
        self._requests = [_Request()]


def test_a_connection_given_to_a_request_that_is_not_yet_sent_has_not_expired(clock):
    pool, inner = _Pool(), _Connection()
    aging = _httpx.Aging(inner, pool, clock.now)
    assert aging.has_expired()
    pool._requests[0].connection = aging
    assert not aging.has_expired()
    assert not aging.is_available()
    inner.expired = True  # as another thread finds it that looks while the request is sent, and sees its reply
    assert not aging.has_expired()


def test_such_a_connection_gives_no_room_to_another(clock):
    pool, inner = _Pool(), _Connection()
    aging = _httpx.Aging(inner, pool, clock.now)
    assert aging.is_idle()
    pool._requests[0].connection = aging
    assert not aging.is_idle()


def test_streams_of_http2_end_before_their_connection(clock):
    inner = _Connection()
    inner.idle = False
    aging = _httpx.Aging(inner, _Pool(), clock.now + 1)
    assert repr(aging) == repr(inner)
    assert (aging.is_available(), aging.has_expired()) == (True, False)
    clock.now += 1
    assert (aging.is_available(), aging.has_expired()) == (False, False)
    inner.idle = True
    assert (aging.is_available(), aging.has_expired()) == (False, True)
    clock.now -= 1
    inner.expired = True
    assert aging.has_expired()


# What cannot be.


@pytest.mark.parametrize(
    ("options", "error"),
    [({"port_name": "80"}, InvalidName), ({"max_connection_age": 0}, ConfigError), ({"scope": "pod"}, ConfigError)],
)
def test_options_that_cannot_be_are_refused(flavour, resolver, options, error):
    with pytest.raises(error):
        flavour.transport(resolver=resolver, **options)


def test_a_resolver_of_the_other_kind_is_refused(flavour, cluster):
    other = cluster.async_resolver() if flavour.backend is None else cluster.resolver()
    with pytest.raises(ConfigError, match="resolver="):
        flavour.transport(resolver=other)


@pytest.mark.parametrize("attribute", ["_pool", "_network_backend", "_requests"])
def test_a_version_that_is_built_otherwise_is_told(flavour, resolver, monkeypatch, attribute):
    own = flavour.package.AsyncHTTPTransport if flavour.backend else flavour.package.HTTPTransport
    made = own.__init__

    def make(self, *args, **kwargs):
        made(self, *args, **kwargs)
        owner = self if attribute == "_pool" else self._pool
        delattr(owner, attribute)

    monkeypatch.setattr(own, "__init__", make)
    name = flavour.package.__name__
    with pytest.raises(ConfigError, match=rf"this version of {name} has no \S+\.{attribute}, by which"):
        flavour.transport(resolver=resolver, max_connection_age=300)


def test_without_its_client_an_adapter_says_what_to_install(flavour, monkeypatch):
    name = flavour.package.__name__
    monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.delitem(sys.modules, f"k8sresolve.contrib.{name}")
    with pytest.raises(ImportError, match=f"k8sresolve.contrib.{name} needs {name}: pip install '{name}>="):
        import_module(f"k8sresolve.contrib.{name}")


# What docs/how-to/http.md says of `mounts=` and `transport=`.


@pytest.mark.parametrize(
    ("mounts", "through"),
    [
        (("http://", "https://"), {"payments", "www.example.com"}),
        (("all://",), set()),
        (("all://*.svc", "all://payments"), {"payments.shop.svc", "payments"}),
        (None, {"payments", "payments.shop.svc", "www.example.com"}),
    ],
)
def test_which_hosts_go_through_what_is_mounted_beside_proxies(flavour, resolver, monkeypatch, mounts, through):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:3128")
    monkeypatch.setenv("NO_PROXY", ".svc")
    monkeypatch.delenv("no_proxy", raising=False)
    transport = flavour.transport(resolver=resolver)
    kind = flavour.package.AsyncClient if flavour.backend else flavour.package.Client
    client = kind(transport=transport) if mounts is None else kind(mounts=dict.fromkeys(mounts, transport))
    hosts = ("payments", "payments.shop.svc", "www.example.com")
    taken = {host for host in hosts if client._transport_for_url(flavour.package.URL(f"http://{host}/")) is transport}
    assert taken == through


def test_a_transport_is_mounted_twice(flavour, resolver):
    transport = flavour.transport(resolver=resolver)
    kind = flavour.package.AsyncClient if flavour.backend else flavour.package.Client
    with ExitStack() as stack:
        client = kind(mounts={"http://": transport, "https://": transport}, trust_env=False)
        if flavour.backend is None:
            used = Blocking(stack.enter_context(client))
        else:
            portal = stack.enter_context(start_blocking_portal(flavour.backend))
            used = InLoop(portal, stack.enter_context(portal.wrap_async_context_manager(client)))
        assert used.get("http://payments/")["host"] == "payments"
