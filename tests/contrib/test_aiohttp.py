"""aiohttp: its resolver, connections that grow old, and what is peculiar to the balanced connector.

What all balanced clients do is in test_balanced.py.
"""

import asyncio
import errno
import socket
import subprocess
import sys
from contextlib import AsyncExitStack, asynccontextmanager

import aiohttp
import pytest
from aiohttp.client_proto import ResponseHandler

from k8sresolve import ConfigError, ConnectTimeout, InvalidHints, InvalidName, NoSuchName, ResolverClosed
from k8sresolve.contrib import _aging
from k8sresolve.contrib.aiohttp import Resolver, TCPConnector, balanced
from k8sresolve.testing import Cluster, headless, service
from tests.contrib.pods import Pods, addresses, cluster_of
from tests.core.balancing import Time

SHOP = (service("payments.shop", http=80, admin=9090), headless("db.shop", sql=5432, pods=2))


@asynccontextmanager
async def session_of(cluster, make=balanced, **options):
    """A session over a connector of ours."""
    async with AsyncExitStack() as stack:
        resolver = await stack.enter_async_context(cluster.async_resolver(namespace="shop"))
        yield await stack.enter_async_context(aiohttp.ClientSession(connector=make(resolver, **options)))


async def get(session, url, **options):
    async with session.get(url, **options) as reply:
        return await reply.text()


def in_flight(session):
    [followed] = session.connector._services._followed.values()
    return sum(len(standing.in_flight) for standing in followed.balancer._standings.values())


async def until_closed(pods, address):
    await asyncio.to_thread(pods.until_closed, address)


# -- the resolver ------------------------------------------------------------------------------------------------------


def results(cluster, host, port=8080, family=socket.AF_UNSPEC, **options):
    made = cluster.async_resolver(namespace="shop")
    resolver = Resolver(made, **options)  # before the loop runs

    async def find():
        async with made:
            try:
                return await resolver.resolve(host, port, family)
            finally:
                await resolver.close()

    return asyncio.run(find())


def test_a_result_has_what_aiohttps_own_has():
    address = Cluster.new(*SHOP).store.service("shop", "payments").cluster_ips[0]
    flags = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
    [found] = results(Cluster.new(*SHOP), "payments.shop")
    assert found == {
        "hostname": "payments.shop",
        "host": address,
        "port": 8080,
        "family": socket.AF_INET,
        "proto": socket.IPPROTO_TCP,
        "flags": flags,
    }
    assert isinstance(found["host"], str)


def test_a_ports_name_holds_in_place_of_the_urls_number():
    assert [one["port"] for one in results(Cluster.new(*SHOP), "payments", port_name="admin")] == [9090]
    assert {one["port"] for one in results(Cluster.new(*SHOP), "db.shop", port_name="sql")} == {5432}
    with pytest.raises(InvalidHints):
        results(Cluster.new(*SHOP), "payments", port_name="none")


def test_an_srv_host_has_its_own_port():
    assert [one["port"] for one in results(Cluster.new(*SHOP), "_admin._tcp.payments")] == [9090]


def test_a_family_that_is_asked_for_is_given():
    assert [one["family"] for one in results(Cluster.new(*SHOP), "payments", family=socket.AF_INET)] == [socket.AF_INET]


class Before(aiohttp.abc.AbstractResolver):
    """What aiohttp would look names up by."""

    made = closed = 0

    def __init__(self):
        type(self).made += 1

    async def resolve(self, host, port=0, family=socket.AF_INET):
        return [(host, port, family)]

    async def close(self):
        type(self).closed += 1


def test_other_names_go_where_they_went_before(monkeypatch):
    class Counted(Before):
        made = closed = 0

    monkeypatch.setattr(aiohttp, "DefaultResolver", Counted)
    cluster = Cluster.new(*SHOP)
    assert results(cluster, "www.example.com", 80) == [("www.example.com", 80, socket.AF_UNSPEC)]
    assert (Counted.made, Counted.closed) == (1, 1)
    assert not cluster.queries
    assert results(cluster, "payments") != [("payments", 8080, socket.AF_UNSPEC)]
    assert Counted.made == 1


def test_in_each_loop_by_what_aiohttp_makes_there(monkeypatch):
    class OfLoop(Before):
        def __init__(self):
            self.loop = asyncio.get_running_loop()

        async def resolve(self, host, port=0, family=socket.AF_INET):
            return [self.loop is asyncio.get_running_loop()]

    monkeypatch.setattr(aiohttp, "DefaultResolver", OfLoop)
    resolver = Resolver(Cluster.new(*SHOP).async_resolver(namespace="shop"))
    for _ in range(2):
        assert asyncio.run(resolver.resolve("www.example.com")) == [True]


def test_with_all_in_scope_none_does(monkeypatch):
    monkeypatch.setattr(aiohttp, "DefaultResolver", Before)
    with pytest.raises(NoSuchName):
        results(Cluster.new(*SHOP), "www.example.com", scope="all")


def test_disabled_all_do(monkeypatch):
    monkeypatch.setenv("K8SRESOLVE_DISABLE", "1")
    monkeypatch.setattr(aiohttp, "DefaultResolver", Before)
    assert results(Cluster.new(*SHOP), "payments") == [("payments", 8080, socket.AF_UNSPEC)]


def test_aiohttps_error_has_ours_as_its_cause_and_its_text():
    async def main():
        async with Cluster.new(*SHOP).async_resolver(namespace="shop") as resolver:
            connector = aiohttp.TCPConnector(resolver=Resolver(resolver))
            async with aiohttp.ClientSession(connector=connector) as session:
                with pytest.raises(aiohttp.ClientConnectorDNSError, match="nope") as caught:
                    await get(session, "http://nope/")
                assert isinstance(caught.value.__cause__, NoSuchName)
                assert "tried nope.shop.svc.cluster.local. (NXDOMAIN" in str(caught.value)
                assert str(caught.value.__cause__) in str(caught.value)

    asyncio.run(main())


@pytest.mark.parametrize(
    ("options", "kind", "said"),
    [
        ({"resolver": 5}, ConfigError, "resolver=5 is no AsyncResolver"),
        ({"scope": "none"}, ConfigError, "there is no scope 'none'"),
        ({"port_name": "no port"}, InvalidName, "no port"),
    ],
)
def test_options_that_cannot_be(options, kind, said):
    with pytest.raises(kind, match=said):
        Resolver(**options)


# -- age ---------------------------------------------------------------------------------------------------------------


@pytest.fixture
def time(monkeypatch):
    """The clock of connections' ages, which goes as it is told."""
    time = Time()
    monkeypatch.setattr(_aging, "monotonic", time)
    return time


@pytest.fixture(params=[TCPConnector, balanced])
def make(request):
    return request.param


def test_a_connection_over_its_age_is_not_used_again(make, time):
    async def main():
        async with session_of(cluster, make, max_connection_age=300) as session:
            url = f"http://web:{pods.port}/"
            seen = []
            for seconds in (0, 239, 62, 239):  # the end is 240 to 300 s after the beginning
                time.now += seconds
                await get(session, url)
                seen.append(pods.requests[-1].connection)
            assert seen == [1, 1, 2, 2]
            assert pods.connections(addresses(cluster)[0]) == 1

    cluster = cluster_of(1)
    with Pods(*addresses(cluster)) as pods:
        asyncio.run(main())


def test_no_request_is_cut_and_its_connection_closed_as_it_is_done(make, time):
    async def main():
        async with session_of(cluster, make, max_connection_age=300) as session:
            pods.holding = True
            async with session.get(f"http://web:{pods.port}/") as reply:
                time.now += 400
                pods.go_on()
                assert await reply.text() == addresses(cluster)[0]
            await until_closed(pods, addresses(cluster)[0])

    cluster = cluster_of(1)
    with Pods(*addresses(cluster)) as pods:
        asyncio.run(main())


def test_without_an_age_they_stay(make, time):
    async def main():
        async with session_of(cluster, make) as session:
            for _ in range(3):
                time.now += 1e6
                await get(session, f"http://web:{pods.port}/")
            assert {request.connection for request in pods.requests} == {1}

    cluster = cluster_of(1)
    with Pods(*addresses(cluster)) as pods:
        asyncio.run(main())


def test_an_age_that_cannot_be(make):
    async def main():
        with pytest.raises(ConfigError, match="max_connection_age=-1 is no time"):
            make(max_connection_age=-1)

    asyncio.run(main())


# -- the plain connector -----------------------------------------------------------------------------------------------


def test_it_takes_a_resolver_of_aiohttps_kind_as_it_is():
    class Own(Before):
        closed = 0

        async def resolve(self, host, port=0, family=socket.AF_INET):
            result = aiohttp.abc.ResolveResult
            return [result(hostname=host, host="127.0.0.1", port=port, family=socket.AF_INET, proto=0, flags=0)]

    async def main():
        own = Own()
        async with aiohttp.ClientSession(connector=TCPConnector(own)) as session:
            assert await get(session, f"http://anything.example:{pods.port}/") == "127.0.0.1"
        assert not Own.closed  # it is the caller's

    with Pods("127.0.0.1") as pods:
        asyncio.run(main())


def test_options_of_a_resolver_do_not_go_beside_one():
    async def main():
        for options in ({"scope": "all"}, {"port_name": "http"}):
            with pytest.raises(ConfigError, match="are of a Resolver, and one was given; give them to it"):
                TCPConnector(Before(), **options)

    asyncio.run(main())


def test_what_it_made_itself_is_closed_with_it(monkeypatch):
    class Counted(Before):
        made = closed = 0

        async def resolve(self, *_):
            raise OSError(errno.EIO, "away")

    async def main():
        monkeypatch.setattr(aiohttp, "DefaultResolver", Counted)
        async with session_of(Cluster.new(*SHOP), TCPConnector) as session:
            with pytest.raises(aiohttp.ClientConnectorDNSError, match="away"):
                await get(session, "http://www.example.com/")
        assert (Counted.made, Counted.closed) == (1, 1)

    asyncio.run(main())


@pytest.mark.parametrize(
    ("owner", "attribute"), [(aiohttp.TCPConnector, "connect"), (ResponseHandler, "force_close")], ids=str
)
def test_an_aiohttp_that_is_built_otherwise_is_told_as_such(make, monkeypatch, owner, attribute):
    async def main():
        with pytest.raises(ConfigError, match=rf"this version of aiohttp has no aiohttp\..*\.{attribute}"):
            make()

    for one in owner.__mro__:
        if attribute in vars(one):
            monkeypatch.delattr(one, attribute)
    asyncio.run(main())


def test_without_aiohttp_it_says_what_to_install():
    code = "import sys; sys.modules['aiohttp'] = None; import k8sresolve.contrib.aiohttp"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "ImportError: k8sresolve.contrib.aiohttp needs aiohttp: pip install 'aiohttp>=3.13'" in done.stderr


# -- the balanced connector --------------------------------------------------------------------------------------------


def test_a_reply_is_in_flight_until_it_is_read_and_is_not_cut_as_its_endpoint_leaves():
    async def main():
        async with session_of(cluster) as session:
            url = f"http://web:{pods.port}/"
            pods.holding = True
            async with session.get(url) as reply:
                assert in_flight(session) == 1
                [asked] = pods.requests
                [pod] = [pod for pod in cluster.pods("shop/web") if pod.ip == asked.address]
                cluster.set_ready(pod, False)
                await cluster.advance(120)
                pods.holding = False
                assert await get(session, url) != asked.address
                assert pods.connections(asked.address) == 1
                pods.go_on()
                assert await reply.text() == asked.address
            assert in_flight(session) == 0
            await until_closed(pods, asked.address)

    cluster = cluster_of(2)
    with Pods(*addresses(cluster)) as pods:
        asyncio.run(main())


def test_a_task_that_is_cancelled_leaves_nothing_in_flight():
    async def main():
        async with session_of(cluster) as session:
            pods.holding = True
            task = asyncio.create_task(get(session, f"http://web:{pods.port}/"))
            await asyncio.to_thread(pods.until_asked)
            assert in_flight(session) == 1
            task.cancel()
            await asyncio.wait([task])
            assert in_flight(session) == 0

    cluster = cluster_of(2)
    with Pods(*addresses(cluster)) as pods:
        asyncio.run(main())


def test_one_that_does_not_answer_in_time_has_failed_and_is_not_asked_again():
    async def main():
        async with session_of(cluster) as session:
            pods.silent = True
            timeout = aiohttp.ClientTimeout(sock_read=0.05)
            for _ in range(5):
                with pytest.raises(aiohttp.SocketTimeoutError):
                    await get(session, f"http://web:{pods.port}/", timeout=timeout)
            [followed] = session.connector._services._followed.values()
            assert sum(standing.failures for standing in followed.balancer._standings.values()) == 5
            assert len(pods.requests) == 5

    cluster = cluster_of(3)
    with Pods(*addresses(cluster)) as pods:
        asyncio.run(main())


def test_where_none_answers_in_time_it_is_aiohttps_timeout(monkeypatch):
    """The time is over before the first attempt is."""

    async def main():
        async with session_of(cluster) as session:
            url = f"http://web:{pods.port}/"
            await get(session, url)
            pods.stop(*addresses(cluster))

            async def never(*_, **__):
                await asyncio.sleep(60)

            monkeypatch.setattr("aiohappyeyeballs.start_connection", never)
            with pytest.raises(aiohttp.ConnectionTimeoutError) as caught:
                await get(session, url, timeout=aiohttp.ClientTimeout(sock_connect=0.02))
            assert isinstance(caught.value.__cause__, ConnectTimeout)
            assert "(no answer in" in str(caught.value.__cause__)
            assert in_flight(session) == 0

    cluster = cluster_of(2)
    with Pods(*addresses(cluster)) as pods:
        asyncio.run(main())


def test_an_endpoint_that_broke_a_request_is_asked_by_the_next_one():
    async def main():
        async with session_of(cluster, policy="round_robin") as session:
            url = f"http://web:{pods.port}/"
            pods.breaking[addresses(cluster)[0]] = 1
            for _ in range(2):
                await get(session, url)
            assert not pods.breaking.total()
            pods.requests.clear()
            for _ in range(6):
                await get(session, url)
            assert pods.asked() == dict.fromkeys(addresses(cluster), 3)

    cluster = cluster_of(2)
    with Pods(*addresses(cluster)) as pods:
        asyncio.run(main())


def test_a_request_by_a_proxy_goes_there():
    async def main():
        async with session_of(cluster) as session:
            assert await get(session, "http://web.shop/", proxy=f"http://127.0.0.1:{pods.port}") == "127.0.0.1"
        assert pods.requests[-1].host == "web.shop"

    cluster = cluster_of(2)
    with Pods("127.0.0.1") as pods:
        asyncio.run(main())


@pytest.mark.parametrize("make", [TCPConnector, balanced])
def test_where_the_resolver_is_closed_aiohttps_error_says_so(make):
    async def main():
        resolver = cluster.async_resolver(namespace="shop")
        async with aiohttp.ClientSession(connector=make(resolver)) as session:
            await get(session, f"http://web:{pods.port}/")
            await resolver.close()
            with pytest.raises(aiohttp.ClientConnectionError, match="closed") as caught:
                await get(session, f"http://web.shop:{pods.port}/")
            assert isinstance(caught.value.__cause__, ResolverClosed)

    cluster = cluster_of(2)
    with Pods(*addresses(cluster)) as pods:
        asyncio.run(main())


def test_where_the_environment_cannot_be_aiohttps_error_says_so(make, monkeypatch):
    async def main():
        async with aiohttp.ClientSession(connector=make()) as session:
            with pytest.raises(aiohttp.ClientConnectionError, match="K8SRESOLVE_TIMEOUT") as caught:
                await get(session, "http://web/")
            assert isinstance(caught.value.__cause__, ConfigError)

    monkeypatch.setattr("k8sresolve._default._made", {})
    monkeypatch.setenv("K8SRESOLVE_TIMEOUT", "soon")
    asyncio.run(main())


def test_its_options_are_those_of_a_tcp_connector():
    async def main():
        async with session_of(cluster, force_close=True, limit=1) as session:
            await asyncio.gather(*(get(session, f"http://web:{pods.port}/") for _ in range(4)))
            assert session.connector.limit == 1
            assert len({request.connection for request in pods.requests}) == 4
        with pytest.raises(ConfigError, match="policy='random' is no way to choose"):
            balanced(policy="random")

    cluster = cluster_of(2)
    with Pods(*addresses(cluster)) as pods:
        asyncio.run(main())
