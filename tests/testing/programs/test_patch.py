"""`cluster.patch()`: what programs in this process see of the cluster."""

import asyncio
import atexit
import socket
import sys
import threading
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest
import trio
import uvloop

import k8sresolve
from k8sresolve import AsyncResolver, ConfigError, Resolver, ResolverConfig, _default
from k8sresolve.contrib.asyncio import loop_factory
from k8sresolve.contrib.httpx import BalancedTransport
from k8sresolve.contrib.urllib3 import PoolManager
from k8sresolve.testing import Cluster
from k8sresolve.testing.programs import patch, replacing

SHOP = Path(__file__).parents[3] / "docs/examples/shop.yaml"
FUNCTIONS = ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "gethostbyaddr", "getnameinfo")
D = "svc.cluster.local"


@pytest.fixture
def cluster() -> Cluster:
    return Cluster.from_manifests(SHOP)


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """Whatever a test does, everything is as before."""
    before = [getattr(socket, name) for name in FUNCTIONS]
    own = _default.of_process
    yield
    assert [getattr(socket, name) for name in FUNCTIONS] == before
    assert _default.of_process is own
    assert "connect" not in vars(socket.socket)
    assert "connect_ex" not in vars(socket.socket)
    assert not patch.in_force()


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What this machine is asked, in place of asking it."""
    asked: list[Any] = []

    def stand_in(name: str) -> Any:
        def function(*args: Any) -> Any:
            asked.append((name, *args))
            return f"this machine's {name}"

        return function

    for name in FUNCTIONS:
        monkeypatch.setattr(socket, name, stand_in(name))
    yield asked
    monkeypatch.undo()


def code(call: Any, *args: Any) -> Any:
    try:
        return call(*args)
    except OSError as error:
        return type(error), *error.args


def test_names_are_found_as_in_a_pod(cluster: Cluster) -> None:
    with cluster.patch(namespace="shop"):
        assert socket.getaddrinfo("payments", 80, type=socket.SOCK_STREAM) == [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.96.20.1", 80))
        ]
        assert socket.getaddrinfo("web", "https", socket.AF_INET6, socket.SOCK_STREAM)[0][4] == (
            *("fd00:10:96::20:2", 443),
            *(0, 0),
        )
        assert socket.gethostbyname("payments.shop") == "10.96.20.1"
        assert {info[4][0] for info in socket.getaddrinfo("cassandra.data", 9042)} == {
            f"10.244.{pod}.21" for pod in (1, 2, 3)
        }


def test_the_namespace_is_the_pods(cluster: Cluster) -> None:
    with cluster.patch(), pytest.raises(socket.gaierror):
        socket.gethostbyname("payments")
    with cluster.patch(namespace="data"):
        assert socket.gethostbyname("payments.shop") == "10.96.20.1"


def test_each_candidate_is_asked_once_for_each_family_and_nothing_is_remembered(cluster: Cluster) -> None:
    with cluster.patch(namespace="data"):
        for times in (1, 2):
            socket.getaddrinfo("payments.shop", 80)
            for name in (f"payments.shop.data.{D}", f"payments.shop.{D}"):
                assert cluster.queries.asked(name, "A") == cluster.queries.asked(name, "AAAA") == times
    assert len(cluster.queries) == 8


@pytest.mark.parametrize(
    ("libc", "none", "nodata", "again"),
    [
        (
            "glibc",
            "Name or service not known",
            "No address associated with hostname",
            "Temporary failure in name resolution",
        ),
        ("musl", "Name does not resolve", "Name has no usable address", "Try again"),
    ],
)
def test_errors_have_the_codes_and_words_of_the_libc(
    cluster: Cluster, libc: str, none: str, nodata: str, again: str
) -> None:
    with cluster.patch(namespace="shop", libc=libc):
        assert code(socket.getaddrinfo, "nothing", 80) == (socket.gaierror, socket.EAI_NONAME, none)
        assert code(socket.getaddrinfo, "payments", 80, socket.AF_INET6) == (socket.gaierror, socket.EAI_NODATA, nodata)
        cluster.network.rcode("SERVFAIL")
        assert code(socket.getaddrinfo, "payments", 80) == (socket.gaierror, socket.EAI_AGAIN, again)


def test_an_alias_of_nothing_is_reported_by_glibc_in_two_ways(cluster: Cluster) -> None:
    # Seen of glibc 2.36: for IPv4 alone it calls gethostbyname2_r, unless the canonical name is wanted.
    rows = {
        (socket.AF_UNSPEC, 0): socket.EAI_NONAME,
        (socket.AF_INET6, 0): socket.EAI_NONAME,
        (socket.AF_INET, 0): socket.EAI_NODATA,
        (socket.AF_INET, socket.AI_CANONNAME): socket.EAI_NONAME,
        (socket.AF_INET6, socket.AI_V4MAPPED): socket.EAI_NONAME,
    }
    with cluster.patch(namespace="shop"):
        for (family, flags), expected in rows.items():
            assert code(socket.getaddrinfo, "billing", 80, family, 0, 0, flags)[1] == expected, (family, flags)
        with pytest.raises(socket.gaierror, match="No address associated"):
            socket.gethostbyname("billing")


def test_the_search_is_the_libcs(cluster: Cluster) -> None:
    # musl gives up at the first candidate that fails for now, glibc goes on.
    cluster.network.rcode("SERVFAIL", f"payments.shop.data.{D}")
    with cluster.patch(namespace="data", libc="glibc"):
        assert socket.gethostbyname("payments.shop") == "10.96.20.1"
    with cluster.patch(namespace="data", libc="musl"), pytest.raises(socket.gaierror) as caught:
        socket.gethostbyname("payments.shop")
    assert caught.value.errno == socket.EAI_AGAIN


def test_no_libc_knows_what_this_librarys_resolvers_ask_as_typed_only(cluster: Cluster) -> None:
    config = attrs.evolve(ResolverConfig.for_cluster("10.96.0.10", namespace="data"), absolute=["shop"])
    with cluster.resolver(config=config) as resolver:
        assert [candidate.name for candidate in resolver.candidates("payments.shop")] == ["payments.shop."]
    with cluster.patch(config=config):
        assert socket.gethostbyname("payments.shop") == "10.96.20.1"


@pytest.mark.parametrize(("libc", "seconds"), [("glibc", 20), ("musl", 5)])
def test_waiting_for_a_dead_nameserver_takes_the_libcs_time_of_the_virtual_clock(
    cluster: Cluster, libc: str, seconds: int
) -> None:
    # resolv.conf(5): glibc tries twice for 5 s, and then the name as typed; musl is done after 5 s in all.
    cluster.network.drop()
    with cluster.patch(namespace="shop", libc=libc), pytest.raises(socket.gaierror) as caught:
        socket.gethostbyname("payments")
    assert caught.value.errno == socket.EAI_AGAIN
    assert cluster.clock.monotonic() == pytest.approx(seconds, abs=0.1)


@pytest.mark.parametrize(("libc", "found", "transports"), [("musl", 48, {"udp", "tcp"}), ("musl-1.2.3", 29, {"udp"})])
def test_a_long_answer_comes_over_tcp_but_not_to_an_old_musl(libc: str, found: int, transports: set[str]) -> None:
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "big", "namespace": "data"},
        "spec": {"clusterIP": "None"},
    }
    slices = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": "big-1", "namespace": "data", "labels": {"kubernetes.io/service-name": "big"}},
        "addressType": "IPv4",
        "endpoints": [{"addresses": [f"10.244.1.{number}"]} for number in range(1, 101)],
    }
    cluster = Cluster.from_objects([service, slices])
    with cluster.patch(namespace="data", libc=libc):
        # Question and header are 12 + 28 + 4 octets, each compressed A record 16, of 512 (RFC 1035, section 4.2.1).
        assert len(socket.getaddrinfo("big", None, socket.AF_INET, socket.SOCK_STREAM)) == found
    assert {query.transport for query in cluster.queries} == transports


@pytest.mark.parametrize("libc", ["glibc", "musl", "musl-1.2.3"])
def test_faults_of_the_network_act(cluster: Cluster, libc: str) -> None:
    network = cluster.network
    with cluster.patch(namespace="shop", libc=libc):
        for fault in (network.drop(next=1), network.garbage(then_reply=True), network.wrong_id(then_reply=True)):
            with fault:
                assert socket.gethostbyname("payments") == "10.96.20.1"
            assert fault.hits
        for fault in (network.refuse(), network.garbage(), network.rcode("REFUSED")):
            with fault:
                assert code(socket.gethostbyname, "payments")[1] == socket.EAI_AGAIN
            assert fault.hits


def test_what_python_does_with_hosts_and_ports_it_does_here(cluster: Cluster) -> None:
    with cluster.patch(namespace="shop"):
        assert socket.getaddrinfo(b"payments", b"http", type=1)[0][4] == ("10.96.20.1", 80)
        assert socket.gethostbyname("") == "0.0.0.0"
        assert socket.gethostbyname("127.1") == "127.0.0.1"
        with pytest.raises(UnicodeError):
            socket.getaddrinfo("a..b", 80)
        assert code(socket.gethostbyname, "a..b")[1] == socket.EAI_NONAME
        with pytest.raises(TypeError, match="argument 1 must be string or None"):
            socket.getaddrinfo(1, 80)
        with pytest.raises(OSError, match="Int or String expected"):
            socket.getaddrinfo("payments", 1.5)


def test_gethostbyname_ex_tells_the_aliases(cluster: Cluster) -> None:
    outside = {"example.com.": "@ 60 SOA ns. host. 1 60 60 60 60\napi 60 A 192.0.2.7"}
    cluster = Cluster.from_manifests(SHOP, upstream=outside)
    with cluster.patch(namespace="shop"):
        assert socket.gethostbyname_ex("payments") == (f"payments.shop.{D}", [], ["10.96.20.1"])
        assert socket.gethostbyname_ex("billing") == ("api.example.com", [f"billing.shop.{D}"], ["192.0.2.7"])
        info = socket.getaddrinfo("billing", 80, flags=socket.AI_CANONNAME)[0]
        assert info[3:] == ("api.example.com", ("192.0.2.7", 80))


def test_addresses_have_names(cluster: Cluster) -> None:
    with cluster.patch(namespace="shop"):
        assert socket.gethostbyaddr("10.96.20.1") == (f"payments.shop.{D}", [], ["10.96.20.1"])
        assert socket.gethostbyaddr("payments")[0] == f"payments.shop.{D}"
        assert socket.getnameinfo(("10.244.1.21", 80), 0) == (f"cassandra-0.cassandra.data.{D}", "http")
        assert socket.getnameinfo(("10.244.1.21", 80), socket.NI_NUMERICSERV)[1] == "80"
        assert socket.getnameinfo(("fd00:10:96::20:2", 443), 0) == (f"web.shop.{D}", "https")
        assert code(socket.gethostbyaddr, "10.96.9.9") == (socket.herror, 1, "Unknown host")
        assert socket.getnameinfo(("10.96.9.9", 80), 0) == ("10.96.9.9", "http")
        assert code(socket.getnameinfo, ("10.96.9.9", 80), socket.NI_NAMEREQD)[1] == socket.EAI_NONAME
        assert code(socket.getnameinfo, ("payments", 80), 0)[1] == socket.EAI_NONAME
        cluster.network.rcode("SERVFAIL")
        assert code(socket.getnameinfo, ("10.96.20.1", 80), 0)[1] == socket.EAI_AGAIN
        assert code(socket.gethostbyaddr, "10.96.20.1") == (socket.herror, 2, "Host name lookup failure")


def test_the_hosts_file_of_a_pod_comes_first(cluster: Cluster) -> None:
    listed = (("payments", ("192.0.2.1",)), ("web-0", ("10.244.1.9", "fd00::9")))
    place = ResolverConfig(search=(f"shop.{D}",), ndots=5, hosts=listed)
    with cluster.patch(config=place):
        assert socket.gethostbyname("payments") == "192.0.2.1"
        assert {info[4][0] for info in socket.getaddrinfo("web-0", 80)} == {"10.244.1.9", "fd00::9"}
        assert socket.gethostbyaddr("10.244.1.9")[0] == "web-0"
        assert not len(cluster.queries)
        assert code(socket.getaddrinfo, "payments", 80, socket.AF_INET6)[1] == socket.EAI_NODATA
        assert len(cluster.queries)
    cluster.queries.clear()
    with cluster.patch(config=place, libc="musl"):
        # musl asks no nameserver about a name of the hosts file.
        assert code(socket.getaddrinfo, "payments", 80, socket.AF_INET6)[1] == socket.EAI_NODATA
    assert not len(cluster.queries)


def test_what_is_this_machines_is_asked_of_it(cluster: Cluster, machine: list[Any], monkeypatch: Any) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "laptop")
    with cluster.patch(namespace="shop"):
        socket.getaddrinfo("localhost", 80)
        socket.getaddrinfo("api.localhost.", 80, 0, 1)
        socket.gethostbyname_ex("localhost")
        socket.gethostbyaddr("127.0.0.1")
        socket.getaddrinfo("Laptop", 80)
    assert machine == [
        ("getaddrinfo", "localhost", 80, 0, 0, 0, 0),
        ("getaddrinfo", "api.localhost.", 80, 0, 1, 0, 0),
        ("gethostbyname_ex", "localhost"),
        ("gethostbyaddr", "127.0.0.1"),
        ("getaddrinfo", "Laptop", 80, 0, 0, 0, 0),
    ]


def test_names_outside_are_refused_unless_told_to_pass(cluster: Cluster, machine: list[Any]) -> None:
    with cluster.patch(namespace="shop"):
        assert code(socket.getaddrinfo, "api.example.com", 443)[1] == socket.EAI_NONAME
    assert machine == []
    with cluster.patch(namespace="shop", outside="pass"):
        assert socket.getaddrinfo("api.example.com", 443) == "this machine's getaddrinfo"
        assert socket.gethostbyaddr("192.0.2.1") == "this machine's gethostbyaddr"
        assert code(socket.getaddrinfo, f"nothing.shop.{D}", 443)[1] == socket.EAI_NONAME
        assert code(socket.getaddrinfo, "payments", 443, socket.AF_INET6)[1] == socket.EAI_NODATA
        cluster.network.rcode("SERVFAIL")
        assert code(socket.getaddrinfo, "api.example.com", 443)[1] == socket.EAI_AGAIN
    assert [asked[:2] for asked in machine] == [("getaddrinfo", "api.example.com"), ("gethostbyaddr", "192.0.2.1")]


def test_an_alias_of_a_name_outside_is_followed_there(cluster: Cluster, machine: list[Any]) -> None:
    with cluster.patch(namespace="shop", outside="pass"):
        socket.getaddrinfo("billing", 443, 0, 1)
        socket.gethostbyname_ex("billing")
    assert machine[0] == ("getaddrinfo", "api.example.com", 443, 0, 1, 0, 0)
    assert machine[-1] == ("gethostbyname_ex", "api.example.com")


async def through_loop() -> None:
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo("payments", 80, type=socket.SOCK_STREAM)
    assert found[0][4] == ("10.96.20.1", 80)
    assert (await loop.getnameinfo(("10.96.20.1", 80), 0))[0] == f"payments.shop.{D}"
    with pytest.raises(socket.gaierror):
        await loop.getaddrinfo("nothing", 80)
    with pytest.raises(socket.gaierror):
        await asyncio.open_connection("nothing", 80)


def test_asyncios_loop_finds_names(cluster: Cluster) -> None:
    with cluster.patch(namespace="shop"):
        asyncio.run(through_loop())


def test_uvloop_finds_names(cluster: Cluster) -> None:
    with cluster.patch(namespace="shop"):
        uvloop.run(through_loop())
    assert "create_connection" not in vars(uvloop.Loop)


async def through_trio() -> None:
    assert (await trio.socket.getaddrinfo("payments", 80, type=socket.SOCK_STREAM))[0][4] == ("10.96.20.1", 80)
    assert (await trio.socket.getnameinfo(("10.96.20.1", 80), 0))[0] == f"payments.shop.{D}"
    with pytest.raises(socket.gaierror):
        await trio.socket.getaddrinfo("nothing", 80)


def test_trio_finds_names_whether_entered_outside_its_run_or_inside(cluster: Cluster) -> None:
    with cluster.patch(namespace="shop"):
        trio.run(through_trio)

    async def inside() -> None:
        threads = threading.active_count()
        with cluster.patch(namespace="shop"):
            await through_trio()
            assert threading.active_count() == threads
        assert trio.socket.set_custom_hostname_resolver(None) is None

    trio.run(inside)


def test_calls_of_the_module_ask_the_cluster(cluster: Cluster) -> None:
    with cluster.patch(namespace="shop") as patched:
        assert k8sresolve.port("payments", "http").number == 80
        assert k8sresolve.addresses("payments").addresses == k8sresolve.service("payments.shop").addresses
    assert cluster.queries.asked(f"payments.shop.{D}", "A") == 1  # what is remembered is the resolver's
    cluster.clock.advance(30)
    with patched:
        assert k8sresolve.service("payments").addresses
    assert cluster.queries.asked(f"payments.shop.{D}", "A") == 2


def test_adapters_that_are_given_no_resolver_take_the_clusters(cluster: Cluster) -> None:
    http = PoolManager(port_name="http", retries=False)  # made before, as at the top of a module
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as threads:
        cluster.route("payments.shop", "http", to=server.getsockname())
        with cluster.patch(namespace="shop"), http:
            threads.submit(_serve_once, server)
            assert http.request("GET", "http://payments:1/").data == b"paid"
    assert cluster.queries.asked(f"_http._tcp.payments.shop.{D}", "SRV") == 1


def test_clients_that_follow_services_follow_those_of_the_cluster_that_is_patched_in() -> None:
    with httpx.Client(mounts={"http://": BalancedTransport()}) as client, ThreadPoolExecutor(1) as threads:
        for address in ("10.96.0.50", "10.96.0.51"):
            cluster = Cluster.from_objects(
                [
                    {
                        "apiVersion": "v1",
                        "kind": "Service",
                        "metadata": {"name": "payments", "namespace": "shop"},
                        "spec": {"clusterIP": address, "selector": {"app": "payments"}, "ports": [{"port": 80}]},
                    }
                ]
            )
            with socket.create_server(("127.0.0.1", 0)) as server:
                cluster.route("payments.shop", 80, to=server.getsockname())
                with cluster.patch(namespace="shop"):
                    threads.submit(_serve_once, server)
                    assert client.get("http://payments/").text == "paid"
            assert cluster.queries.asked(f"payments.shop.{D}", "A")


def _serve_once(server: socket.socket) -> None:
    with server.accept()[0] as connection:
        connection.recv(1000)
        connection.sendall(b"HTTP/1.0 200 OK\r\n\r\npaid")


def test_loops_that_are_given_no_resolver_take_the_clusters(cluster: Cluster) -> None:
    async def find() -> Any:
        return await asyncio.get_running_loop().getaddrinfo("payments", "http", type=socket.SOCK_STREAM)

    with cluster.patch(namespace="shop"), asyncio.Runner(loop_factory=loop_factory()) as runner:
        assert [address for *_, address in runner.run(find())] == [("10.96.20.1", 80)]


def test_the_processs_own_resolvers_are_kept_for_later(cluster: Cluster, monkeypatch: Any) -> None:
    monkeypatch.setattr(_default, "_made", {})
    before = _default.sync_resolver(), _default.async_resolver()
    with cluster.patch():
        inside = _default.sync_resolver(), _default.async_resolver()
        assert isinstance(inside[0], Resolver)
        assert isinstance(inside[1], AsyncResolver)
        assert not set(inside) & set(before)
    assert (_default.sync_resolver(), _default.async_resolver()) == before


def test_threads_find_names_at_once(cluster: Cluster) -> None:
    with cluster.patch(namespace="shop"), ThreadPoolExecutor(8) as pool:
        found = list(pool.map(socket.gethostbyname, ["payments", "payments.shop", "web"] * 100))
    assert found == ["10.96.20.1", "10.96.20.1", "10.96.20.2"] * 100


def test_everything_is_restored_after_an_exception(cluster: Cluster) -> None:
    with pytest.raises(ZeroDivisionError), cluster.patch():
        raise ZeroDivisionError


def test_what_could_not_be_entered_is_not_entered(cluster: Cluster, monkeypatch: Any) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(replacing, "_replace_connect", fail)
    with pytest.raises(ZeroDivisionError), cluster.patch():
        pass


def test_one_is_entered_at_a_time_and_the_error_says_where_the_other_was(cluster: Cluster) -> None:
    line = sys._getframe().f_lineno + 1
    with cluster.patch(namespace="shop") as first:
        for again, which in (
            (first, "this"),
            (cluster.patch(), "another"),
            (Cluster.from_objects([]).patch(), "another"),
        ):
            with pytest.raises(ConfigError) as caught, again:
                pass
            assert str(caught.value) == (
                f"{which} cluster.patch() is in force, entered at {__file__}:{line}; leave it first, best by `with`"
            )
        assert socket.gethostbyname("payments") == "10.96.20.1"
    with first:
        assert socket.gethostbyname("payments") == "10.96.20.1"


def test_leaving_what_was_not_entered_is_an_error(cluster: Cluster) -> None:
    with pytest.raises(ConfigError, match=r"this cluster\.patch\(\) is not in force"):
        cluster.patch().__exit__()


def test_one_left_open_is_told_of_at_the_end_of_the_process(cluster: Cluster) -> None:
    line = sys._getframe().f_lineno + 1
    opened = cluster.patch().__enter__()
    try:
        with pytest.warns(ResourceWarning, match="entered here and never left") as caught:
            patch._warn_of_those_left_open()
    finally:
        opened.__exit__()
    assert (caught[0].filename, caught[0].lineno) == (__file__, line)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        patch._warn_of_those_left_open()
    atexit.unregister(patch._warn_of_those_left_open)
    atexit.register(patch._warn_of_those_left_open)


def test_arguments_are_checked_before_anything_is_replaced(cluster: Cluster) -> None:
    with pytest.raises(ConfigError, match="there is no libc 'uclibc'"):
        cluster.patch(libc="uclibc")
    with pytest.raises(ConfigError, match="there is no way out 'ignore'; use one of refuse, pass"):
        cluster.patch(outside="ignore")  # type: ignore[arg-type]
