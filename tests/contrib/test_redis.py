"""redis-py: each new connection, and each question to the Sentinels, goes to where the Service is then."""

import asyncio
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis
import redis.asyncio

from k8sresolve import ConfigError, InvalidName, NoSuchName, TemporaryFailure
from k8sresolve.contrib.redis import (
    AsyncConnection,
    AsyncSentinel,
    AsyncSSLConnection,
    Connection,
    Sentinel,
    SSLConnection,
)
from tests.contrib.loopback import cluster_of, listening, service

FIRST, SECOND, VIRTUAL = "127.0.14.1", "127.0.14.2", "127.0.14.9"
MASTER = {"name": "orders", "ip": FIRST, "port": "6379", "flags": "master", "num-other-sentinels": "0"}


def answer(client, first):
    """Do as Redis does, as far as these tests ask: a commands' arrays come whole."""
    octets = first
    while octets:
        for command in octets.split(b"*")[1:]:
            words = command.split(b"\r\n")[2::2]
            if words[:2] == [b"SENTINEL", b"MASTERS"]:
                fields = [word for field in MASTER.items() for word in field]
                body = "".join(f"${len(word)}\r\n{word}\r\n" for word in fields)
                client.sendall(f"*1\r\n*{len(fields)}\r\n{body}".encode())
            elif words[:2] == [b"SENTINEL", b"SLAVES"]:
                client.sendall(b"*0\r\n")
            else:
                client.sendall(b"+PONG\r\n" if words[0] == b"PING" else b"+OK\r\n")
        octets = client.recv(4096)


@pytest.fixture
def servers():
    with listening(FIRST, SECOND, VIRTUAL, reply=answer) as made:
        yield made


@pytest.fixture
def cluster(servers):
    return cluster_of(
        service("cache", [FIRST], servers.port, port_name="redis"),
        service("cache-rw", [FIRST], servers.port, cluster_ip=VIRTUAL, port_name="redis"),
    )


class Clients:
    """The same calls of both kinds of client; each is a new connection."""

    def __init__(self, kind, cluster, servers):
        self.is_async = kind == "asyncio"
        self.resolver = cluster.async_resolver() if self.is_async else cluster.resolver()
        self.port = servers.port

    def ping(self, host="cache.data", *, port=None, tls=False, retry=None, **options):
        url, options = f"redis://{host}:{port or self.port}", {"resolver": self.resolver, "protocol": 2, **options}
        if not self.is_async:
            options |= {"retry": retry, "connection_class": SSLConnection if tls else Connection}
            with redis.Redis.from_pool(redis.ConnectionPool.from_url(url, **options)) as client:
                return client.ping()

        async def main():
            kind = AsyncSSLConnection if tls else AsyncConnection
            pool = redis.asyncio.ConnectionPool.from_url(url, connection_class=kind, **options)
            async with redis.asyncio.Redis.from_pool(pool) as client:
                return await client.ping()

        return asyncio.run(main())

    def master(self, *args, call="discover_master"):
        """The master that the Sentinels tell."""
        if not self.is_async:
            with_sentinels = Sentinel(*args, resolver=self.resolver, sentinel_kwargs={"protocol": 2})
            found = getattr(with_sentinels, call)("orders")
            for one in with_sentinels.sentinels:
                one.close()
            return found

        async def main():
            with_sentinels = AsyncSentinel(*args, resolver=self.resolver, sentinel_kwargs={"protocol": 2})
            found = await getattr(with_sentinels, call)("orders")
            for one in with_sentinels.sentinels:
                await one.aclose()
            return found

        return asyncio.run(main())

    def masters(self, *args, between=lambda: None, at_last=lambda: None):
        """The same, asked twice at once of one object."""
        options = {"protocol": 2, "socket_timeout": None, "retry": None}
        if not self.is_async:
            with_sentinels = Sentinel(*args, resolver=self.resolver, sentinel_kwargs=options)
            with ThreadPoolExecutor(2) as pool:
                first = pool.submit(with_sentinels.discover_master, "orders")
                between()
                second = with_sentinels.discover_master("orders")
                at_last()
                found = [first.result(), second]
            for one in with_sentinels.sentinels:
                one.close()
            return found

        async def main():
            with_sentinels = AsyncSentinel(*args, resolver=self.resolver, sentinel_kwargs=options)
            first = asyncio.create_task(with_sentinels.discover_master("orders"))
            await asyncio.to_thread(between)
            second = await with_sentinels.discover_master("orders")
            at_last()
            found = [await first, second]
            for one in with_sentinels.sentinels:
                await one.aclose()
            return found

        return asyncio.run(main())


@pytest.fixture(params=["blocking", "asyncio"])
def clients(request, cluster, servers):
    return Clients(request.param, cluster, servers)


def addresses(servers):
    return [address for address, _ in servers.all_seen()]


@pytest.mark.parametrize(("host", "address"), [("cache.data", FIRST), ("cache-rw.data", VIRTUAL)])
def test_a_connection_goes_to_the_service(clients, servers, host, address):
    assert clients.ping(host)
    assert addresses(servers) == [address]


def test_an_srv_host_has_its_own_port(clients, servers):
    assert clients.ping("_redis._tcp.cache.data", port=1)
    assert addresses(servers) == [FIRST]


def test_the_next_connection_goes_where_the_service_is_then(clients, cluster, servers):
    clients.ping()
    cluster.apply(service("cache", [SECOND], servers.port, port_name="redis"))
    clients.ping()
    assert addresses(servers) == [FIRST, SECOND]


def test_of_several_servers_the_others_are_tried(clients, cluster, servers):
    cluster.apply(service("cache", ["127.0.14.3", "127.0.14.4", SECOND], servers.port, port_name="redis"))
    for _ in range(10):  # in random order
        assert clients.ping()
    assert addresses(servers) == [SECOND] * 10


def test_a_server_that_does_not_answer_is_redis_pys_own_error(clients, cluster, servers):
    cluster.apply(service("cache", ["127.0.14.3"], servers.port, port_name="redis"))
    with pytest.raises(redis.ConnectionError, match=f"cache.data:{servers.port}"):
        clients.ping()


def test_a_connection_that_was_lost_looks_anew(cluster, servers):
    pool = redis.ConnectionPool(
        host="cache.data", port=servers.port, protocol=2, connection_class=Connection, resolver=cluster.resolver()
    )
    connection = pool.make_connection()
    connection.connect()
    connection.disconnect()
    cluster.apply(service("cache", [SECOND], servers.port, port_name="redis"))
    connection.connect()
    connection.disconnect()
    assert addresses(servers) == [FIRST, SECOND]


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("cache.data", b"cache.data"),
        ("cache-rw.data", b"cache-rw.data"),
        ("_redis._tcp.cache.data", b"cache-0.cache.data.svc.cluster.local"),
        ("_redis._tcp.cache-rw.data", b"cache-rw.data"),
    ],
)
def test_tls_asks_for_the_host_of_the_url_or_by_srv_for_the_pod(clients, cluster, host, name):
    """The listener hangs up after the first octets, which have the name (RFC 6066, section 3)."""
    with listening(FIRST, VIRTUAL) as servers:
        for one, virtual in (("cache", "None"), ("cache-rw", VIRTUAL)):
            cluster.apply(service(one, [FIRST], servers.port, cluster_ip=virtual, port_name="redis"))
        with pytest.raises(redis.ConnectionError):
            clients.ping(host, port=servers.port, tls=True)
        address, first = servers.all_seen()[0]
    assert address == (VIRTUAL if "rw" in host else FIRST)
    assert first[0] == 22  # a handshake
    assert len(name).to_bytes(2) + name in first


@pytest.mark.parametrize(
    ("host", "cause", "says"),
    [
        ("nope.data", NoSuchName, "no such name"),
        ("_redis._tcp.nope.data", NoSuchName, "there is no Service 'nope'"),
        ("_sql._tcp.cache.data", NoSuchName, "the Service has no port 'sql'"),
    ],
)
def test_what_is_not_there_is_redis_pys_error_with_our_text(clients, servers, host, cause, says):
    with pytest.raises(redis.ConnectionError, match=says) as caught:
        clients.ping(host)
    assert isinstance(caught.value.__cause__, cause)
    assert str(caught.value.__cause__) in str(caught.value)
    assert addresses(servers) == []


def test_while_dns_is_away_connections_go_where_the_service_was(clients, cluster, servers):
    with cluster.network.rcode("SERVFAIL"), pytest.raises(redis.ConnectionError, match="SERVFAIL") as caught:
        clients.ping()
    assert isinstance(caught.value.__cause__, TemporaryFailure)
    clients.ping()
    cluster.clock.advance(3600)
    with cluster.network.drop():
        clients.ping()
    cluster.apply(service("cache", [SECOND], servers.port, port_name="redis"))
    clients.ping()
    assert addresses(servers) == [FIRST, FIRST, SECOND]


def test_the_lookup_takes_no_longer_than_the_connect_may(clients, cluster):
    before = cluster.clock.monotonic()
    with cluster.network.drop(), pytest.raises(redis.ConnectionError):
        clients.ping(socket_connect_timeout=0.5, retry=None)
    assert cluster.clock.monotonic() - before < 5


@pytest.mark.parametrize("host", [FIRST, "localhost"])
def test_what_is_not_the_clusters_is_redis_pys(clients, cluster, host):
    with listening("127.0.0.1", FIRST, reply=answer) as servers:
        assert clients.ping(host, port=servers.port)
    assert len(cluster.queries) == 0


def test_disabled_is_as_if_it_were_not_there(clients, cluster, servers, monkeypatch):
    monkeypatch.setenv("K8SRESOLVE_DISABLE", "1")
    with pytest.raises(redis.ConnectionError, match=r"Error -\d connecting to cache.data"):
        clients.ping()
    assert clients.ping(FIRST)
    assert clients.master(SECOND, servers.port) == (FIRST, 6379)
    assert addresses(servers) == [FIRST, SECOND]
    assert len(cluster.queries) == 0


# Sentinel.


@pytest.fixture
def sentinels(cluster, servers):
    cluster.apply(service("sentinel", [FIRST, SECOND], servers.port, port_name="sentinel"))


@pytest.mark.parametrize("port", ["sentinel", "number"])
def test_the_master_is_what_the_sentinels_of_a_service_tell(clients, servers, sentinels, port):
    at = servers.port if port == "number" else port
    assert clients.master("sentinel.data", at) == (FIRST, 6379)
    assert len(addresses(servers)) == 1


def test_so_are_the_replicas(clients, servers, sentinels):
    assert clients.master("sentinel.data", "sentinel", call="discover_slaves") == []
    assert {*addresses(servers)} == {FIRST, SECOND}  # none of them knows any


def test_the_sentinels_are_those_that_there_are_when_they_are_asked(cluster, servers, sentinels):
    with_sentinels = Sentinel("sentinel.data", "sentinel", resolver=cluster.resolver(), sentinel_kwargs={"protocol": 2})

    def hosts():
        with_sentinels.discover_master("orders")
        return [one.connection_pool.connection_kwargs["host"] for one in with_sentinels.sentinels]

    assert sorted(hosts()) == [FIRST, SECOND]
    cluster.apply(service("sentinel", [SECOND, VIRTUAL], servers.port, port_name="sentinel"))
    assert sorted(hosts()) == [SECOND, VIRTUAL]
    with cluster.network.drop():
        assert sorted(hosts()) == [SECOND, VIRTUAL]
    cluster.apply(service("sentinel", [], servers.port, port_name="sentinel"))
    with pytest.raises(redis.ConnectionError, match="there is no Service 'sentinel'"):
        hosts()
    for one in with_sentinels.sentinels:
        one.close()


def test_a_command_for_the_sentinels_goes_to_all_that_there_are(clients, servers, sentinels):
    assert clients.master("sentinel.data", "sentinel", call="execute_command")
    assert {*addresses(servers)} == {FIRST, SECOND}


@pytest.mark.parametrize("kind", ["blocking", "asyncio"])
def test_who_asks_the_sentinels_waits_for_nobody_else(kind):
    both = threading.Barrier(2)

    def answer_both(client, first):
        both.wait(20)
        answer(client, first)

    with listening(FIRST, reply=answer_both) as servers:
        cluster = cluster_of(service("sentinel", [FIRST], servers.port, port_name="sentinel"))
        clients = Clients(kind, cluster, servers)
        assert clients.masters("sentinel.data", "sentinel") == [(FIRST, 6379)] * 2


@pytest.mark.parametrize("kind", ["blocking", "asyncio"])
@pytest.mark.filterwarnings("error")
def test_a_sentinel_that_left_still_tells_who_waits_for_it(kind):
    asked, told = threading.Event(), threading.Event()

    def answer_late(client, first):
        if client.getsockname()[0] == FIRST:
            asked.set()
            told.wait(20)
        answer(client, first)

    with listening(FIRST, SECOND, reply=answer_late) as servers:
        cluster = cluster_of(service("sentinel", [FIRST], servers.port, port_name="sentinel"))

        def meanwhile():
            asked.wait(20)
            cluster.apply(service("sentinel", [SECOND], servers.port, port_name="sentinel"))

        found = Clients(kind, cluster, servers).masters(
            "sentinel.data", "sentinel", between=meanwhile, at_last=told.set
        )
    assert found == [(FIRST, 6379)] * 2


def test_with_tls_sentinels_have_their_pods_names(cluster, sentinels):
    with_sentinels = Sentinel(
        "sentinel.data", "sentinel", resolver=cluster.resolver(), sentinel_kwargs={"ssl": True, "retry": None}
    )
    with pytest.raises(redis.sentinel.MasterNotFoundError):
        with_sentinels.discover_master("orders")
    hosts = {one.connection_pool.connection_kwargs["host"] for one in with_sentinels.sentinels}
    assert hosts == {f"sentinel-{number}.sentinel.data.svc.cluster.local" for number in (0, 1)}


@pytest.mark.parametrize(
    ("name", "port", "cause"), [("nope.data", "sentinel", NoSuchName), ("a..b", "sentinel", InvalidName)]
)
def test_sentinels_that_are_not_there_are_redis_pys_error(clients, name, port, cause):
    with pytest.raises(redis.ConnectionError) as caught:
        clients.master(name, port)
    assert isinstance(caught.value.__cause__, cause)


def test_a_resolver_of_another_kind_is_refused_at_once(cluster):
    with pytest.raises(ConfigError, match="is no Resolver"):
        Sentinel("sentinel.data", resolver=cluster.async_resolver())
    with pytest.raises(ConfigError, match="is no AsyncResolver"):
        AsyncConnection(host="cache.data", resolver=cluster.resolver())


@pytest.mark.parametrize("adapter", ["redis", "sqlalchemy", "kombu"])
def test_without_the_client_it_says_what_to_install(adapter):
    code = f"import sys; sys.modules[{adapter!r}] = None; import k8sresolve.contrib.{adapter}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert f"ImportError: k8sresolve.contrib.{adapter} needs " in done.stderr
    assert f"pip install '{adapter}>=" in done.stderr


def test_a_redis_py_that_is_built_otherwise_is_told_as_such():
    code = "import redis; del redis.Connection._connect, redis.connection.AbstractConnection._connect\n"
    code += "import k8sresolve.contrib.redis"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "ConfigError: this version of redis-py has no redis.connection.Connection._connect" in done.stderr
