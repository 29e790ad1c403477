"""probe on threads, asyncio, uvloop and trio, to real listeners on loopback: one list of scenarios."""

import asyncio
import errno
import gc
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import attrs
import pytest
import trio
import trustme

from k8sresolve import (
    AsyncResolver,
    ConfigError,
    InvalidName,
    LookupTimeout,
    NoSuchName,
    Reachability,
    Resolver,
    ResolverClosed,
    ResolverConfig,
)
from k8sresolve._core import probing
from k8sresolve._core.connecting import Destination
from k8sresolve._drivers.forks import alive_of
from k8sresolve._drivers.probing.conversations import Conversation, _told
from tests.drivers.children import in_child, status_of
from tests.drivers.script import Nameserver, silent
from tests.drivers.test_blocking import wait_for
from tests.drivers.test_connecting import PATIENCE, SERVICE, _bound, _silent
from tests.drivers.test_interruptions import (
    Interrupter,
    Interruption,
    at_every_line,
    at_rest,
    holds_no_more_than,
)
from tests.drivers.test_loops import in_asyncio, in_trio, in_uvloop
from tests.listening import Listener
from tests.ports import apart

HOST = SERVICE.removesuffix(".")
SILENCE = 0.4  # seconds: as long as a silent address may take
AUTHORITY = trustme.CA()


def _expired() -> trustme.LeafCert:
    return AUTHORITY.issue_cert(
        HOST, not_after=datetime(2020, 1, 1, tzinfo=UTC), not_before=datetime(2019, 1, 1, tzinfo=UTC)
    )


# -- what answers ----------------------------------------------------------------------------------------------------


class Answering(Listener):
    """Says one thing to each who connects, over TLS where it has a certificate."""

    def __init__(self, address: str, port: int, says: bytes, certificate: trustme.LeafCert | None) -> None:
        self.heard: list[bytes] = []
        self._says = says
        self._context = None if certificate is None else ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        if certificate is not None:
            certificate.configure_cert(self._context)
        listening = _bound(address, port)
        listening.listen(64)
        super().__init__(listening)

    def answer(self, connection: socket.socket) -> None:
        if self._context is not None:
            with self._context.wrap_socket(connection, server_side=True) as over:
                self._reply(over)
        else:
            self._reply(connection)

    def _reply(self, connection: socket.socket) -> None:
        self.heard.append(connection.recv(1000))
        if self.heard[-1]:
            connection.sendall(self._says)


@attrs.frozen
class There:
    """Who is at an address: `says` None for one that is silent."""

    address: str
    says: bytes | None = b""
    certificate: Callable[[], trustme.LeafCert] | None = None


@contextmanager
def opened(*there: There) -> Iterator[tuple[int, dict[str, Answering]]]:
    """Let all listen on one port, which is told; without any it is one that refuses."""
    with ExitStack() as stack:
        port = apart()
        stack.enter_context(_bound("127.0.0.99", port))  # where none listens, it stays nobody's
        answering: dict[str, Answering] = {}
        for one in there:
            if one.says is None:
                stack.enter_context(_silent(one.address, port))
                continue
            made = Answering(one.address, port, one.says, one.certificate and one.certificate())
            stack.callback(made.close)
            answering[one.address] = made
        yield port, answering


@pytest.fixture(autouse=True)
def _trust(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let this machine trust the authority, and have both families."""
    AUTHORITY.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    monkeypatch.setattr("k8sresolve._system.own_addresses", lambda: ("127.0.0.1", "::1"))


@pytest.fixture(scope="module", autouse=True)
def _warm() -> None:
    """Let uvloop open what it never closes."""
    in_uvloop(lambda: asyncio.sleep(0))


# -- drivers ---------------------------------------------------------------------------------------------------------


def _blocking(config: ResolverConfig, *call: Any, **how: Any) -> Reachability:
    with Resolver(config, family="both") as resolver:
        return resolver.probe(*call, **how)


async def _in_loop(config: ResolverConfig, *call: Any, **how: Any) -> Reachability:
    async with AsyncResolver(config, family="both") as resolver:
        return await resolver.probe(*call, **how)


PROBE: dict[str, Callable[..., Reachability]] = {
    "blocking": _blocking,
    "asyncio": lambda *what, **how: in_asyncio(lambda: _in_loop(*what, **how)),
    "uvloop": lambda *what, **how: in_uvloop(lambda: _in_loop(*what, **how)),
    "trio": lambda *what, **how: in_trio(lambda: _in_loop(*what, **how)),
}
each_driver = pytest.mark.parametrize("driver", PROBE)


# -- scenarios -------------------------------------------------------------------------------------------------------


@attrs.frozen
class Scenario:
    """Who is there, what is probed, and of each address what the stages come to.

    `targets` are the addresses of the Service's targets; those that nobody is at refuse. `advice` is a part of each
    sentence, in order.
    """

    name: str
    targets: tuple[str, ...]
    outcomes: tuple[tuple[tuple[str, bool, str], ...], ...]
    there: tuple[There, ...] = ()
    scheme: str = "tcp"
    port: str | None = "http"
    advice: tuple[str, ...] = ()
    timeout: float = PATIENCE
    problem: str | None = None

    @property
    def needs_ipv6(self) -> bool:
        return any(":" in there.address for there in self.there)

    def zone(self, port: int) -> str:
        name = f"t.{SERVICE}" if self.port else SERVICE
        lines = [f"_http._tcp.{SERVICE} 30 SRV 0 10 {port} {name}", f"{SERVICE} 30 SRV 0 10 {port} {name}"]
        lines += [f"{name} 30 {'AAAA' if ':' in address else 'A'} {address}" for address in self.targets]
        return "\n".join(lines)


CONNECTED = ("tcp", True, "connected")
REFUSED = ("tcp", False, "connection refused")
SILENT = ("tcp", False, "no answer")
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
VERIFIED = ("tls", True, "TLSv1.3, verified")
UNVERIFIED = ("tls", False, "not verified: {}")
UNTRUSTED = "unable to get local issuer certificate"
MISMATCH = f"hostname mismatch, certificate is not valid for '{HOST}'"


def of(stage: tuple[str, bool, str], text: str) -> tuple[str, bool, str]:
    return (*stage[:2], stage[2].format(text))


SCENARIOS = (
    Scenario("one answers", ("127.0.0.2",), ((CONNECTED,),), (There("127.0.0.2"),)),
    Scenario("by number", ("127.0.0.2",), ((CONNECTED,),), (There("127.0.0.2"),), port=None),
    Scenario(
        "each on its own: one answers, one refuses, one is silent, one is of the other family",
        ("127.0.0.4", "127.0.0.3", "::1", "127.0.0.2"),
        ((CONNECTED,), (REFUSED,), (SILENT,), (CONNECTED,)),
        (There("127.0.0.2"), There("127.0.0.4", None), There("::1")),
        timeout=SILENCE,
        advice=("refused by a pod usually means", "no answer from a pod usually means that a NetworkPolicy"),
    ),
    Scenario(
        "a ClusterIP that refuses",
        ("127.0.0.2",),
        ((REFUSED,),),
        port=None,
        advice=("refused at a ClusterIP usually means that the pods behind it do not listen on",),
    ),
    Scenario(
        "a ClusterIP that is silent",
        ("127.0.0.2",),
        ((SILENT,),),
        (There("127.0.0.2", None),),
        port=None,
        timeout=SILENCE,
        advice=("no answer from a ClusterIP usually means that a NetworkPolicy",),
    ),
    Scenario(
        "HTTP", ("127.0.0.2",), ((CONNECTED, ("http", True, "200 OK")),), (There("127.0.0.2", OK),), scheme="http"
    ),
    Scenario(
        "HTTP that is announced before it comes",
        ("127.0.0.2",),
        ((CONNECTED, ("http", True, "200 OK")),),
        (There("127.0.0.2", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + OK),),
        scheme="http",
    ),
    Scenario(
        "HTTP that comes in pieces without an end",
        ("127.0.0.2",),
        ((CONNECTED, ("http", False, "no HTTP/1.1 in the reply")),),
        (There("127.0.0.2", b"HTTP/" + b"x" * 100_000),),
        scheme="http",
        advice=("what answers speaks no HTTP/1.1",),
    ),
    Scenario(
        "HTTP that is not there",
        ("127.0.0.2",),
        ((CONNECTED, ("http", False, "404 Not \\x1b[1mFound")),),
        (There("127.0.0.2", b"HTTP/1.0 404 Not \x1b[1mFound\n"),),
        scheme="http",
        advice=("the server answers and has no such path: compare with readinessProbe.httpGet.path",),
    ),
    Scenario(
        "another protocol than HTTP",
        ("127.0.0.2",),
        ((CONNECTED, ("http", False, "no HTTP/1.1 in the reply")),),
        (There("127.0.0.2", b"220 mail ESMTP\r\n"),),
        scheme="http",
        advice=("what answers speaks no HTTP/1.1",),
    ),
    Scenario(
        "closed without a reply",
        ("127.0.0.2",),
        ((CONNECTED, ("http", False, "closed without a reply")),),
        (There("127.0.0.2", b""),),
        scheme="http",
        advice=("what answers speaks no HTTP/1.1",),
    ),
    Scenario(
        "an alert of TLS in place of HTTP",
        ("127.0.0.2",),
        ((CONNECTED, ("http", False, "an alert of TLS in place of HTTP")),),
        (There("127.0.0.2", b"\x15\x03\x01\x00\x02\x02\x46"),),
        scheme="http",
        advice=("the port speaks TLS: probe it by https",),
    ),
    Scenario(
        "TLS that is verified",
        ("127.0.0.2",),
        ((CONNECTED, VERIFIED),),
        (There("127.0.0.2", OK, lambda: AUTHORITY.issue_cert(HOST)),),
        scheme="tls",
        problem="",
    ),
    Scenario(
        "HTTPS that is verified",
        ("127.0.0.2",),
        ((CONNECTED, VERIFIED, ("http", True, "200 OK")),),
        (There("127.0.0.2", OK, lambda: AUTHORITY.issue_cert(HOST)),),
        scheme="https",
        problem="",
    ),
    Scenario(
        "a certificate for another name",
        ("127.0.0.2",),
        ((CONNECTED, of(UNVERIFIED, MISMATCH), ("http", True, "200 OK")),),
        (There("127.0.0.2", OK, lambda: AUTHORITY.issue_cert("api.example.com")),),
        scheme="https",
        problem=MISMATCH,
        advice=("connect by one of its names, api.example.com",),
    ),
    Scenario(
        "a certificate that is expired",
        ("127.0.0.2",),
        ((CONNECTED, of(UNVERIFIED, "certificate has expired")),),
        (There("127.0.0.2", OK, _expired),),
        scheme="tls",
        problem="certificate has expired",
        advice=("renew the certificate",),
    ),
    Scenario(
        "a certificate of an issuer that nobody trusts",
        ("127.0.0.2",),
        ((CONNECTED, of(UNVERIFIED, UNTRUSTED), ("http", False, "503 Busy")),),
        (There("127.0.0.2", b"HTTP/1.1 503 Busy\r\n", lambda: trustme.CA().issue_cert(HOST)),),
        scheme="https",
        problem=UNTRUSTED,
        advice=("this machine does not trust who issued the certificate",),
    ),
    Scenario(
        "plain HTTP in place of TLS",
        ("127.0.0.2",),
        ((CONNECTED, ("tls", False, "TLS failed: wrong version number")),),
        (There("127.0.0.2", b"HTTP/1.1 400 Bad Request\r\n"),),
        scheme="https",
        advice=("what answers speaks no TLS",),
    ),
)


@each_driver
@pytest.mark.parametrize(
    "scenario", [pytest.param(one, id=one.name, marks=[pytest.mark.ipv6] * one.needs_ipv6) for one in SCENARIOS]
)
def test_scenarios(stage, scenario, driver):
    with opened(*scenario.there) as (port, _):
        config, _ = stage(Nameserver(zone=scenario.zone(port)))
        call = (SERVICE, scenario.port or port, scenario.scheme)
        found = PROBE[driver](config, *call, timeout=scenario.timeout)
    told = tuple(
        tuple((stage.name, stage.ok, stage.outcome) for stage in endpoint.stages) for endpoint in found.endpoints
    )
    assert told == scenario.outcomes
    assert (found.name, found.port, found.scheme) == call
    assert [endpoint.port for endpoint in found.endpoints] == [port] * len(scenario.targets)
    assert {endpoint.target for endpoint in found.endpoints} == {f"t.{SERVICE}" if scenario.port else SERVICE}
    assert found.headless == (scenario.port is not None)
    assert found.ok == all(ok for stages in scenario.outcomes for _, ok, _ in stages)
    assert len(found.advice) == len(scenario.advice)
    assert all(part in sentence for part, sentence in zip(scenario.advice, found.advice, strict=True))
    assert found.milliseconds > 0
    certificates = [endpoint.certificate for endpoint in found.endpoints]
    assert [certificate and certificate.problem for certificate in certificates] == [
        scenario.problem for _ in scenario.targets
    ]


@each_driver
def test_a_certificate_is_told_whether_it_is_trusted_or_not(stage, driver):
    leaves = {
        "127.0.0.2": lambda: AUTHORITY.issue_cert(HOST, "*.shop.svc", "10.96.1.1", "fd00::1"),
        "127.0.0.3": lambda: AUTHORITY.issue_cert("web.shop", common_name="the web"),
    }
    with opened(*(There(address, OK, leaf) for address, leaf in leaves.items())) as (port, answering):
        config, _ = stage(Nameserver(zone=f"{SERVICE} 30 A 127.0.0.2\n{SERVICE} 30 A 127.0.0.3"))
        found = PROBE[driver](config, HOST, port, "tls", timeout=PATIENCE)
    good, bad = (endpoint.certificate for endpoint in found.endpoints)
    assert good.verified
    assert not bad.verified
    assert good.names == (HOST, "*.shop.svc", "10.96.1.1", "fd00::1")
    assert bad.names == ("web.shop",)
    assert "CN=the web" in bad.subject
    assert good.issuer == bad.issuer
    assert good.issuer.startswith("O=trustme v")
    assert {good.host, bad.host} == {HOST}
    # Nothing is asked of a server over TLS alone.
    assert not any(heard for one in answering.values() for heard in one.heard)


@each_driver
def test_a_request_names_the_host_and_the_path(stage, driver):
    with opened(There("127.0.0.2", OK)) as (port, answering):
        config, _ = stage(Nameserver(zone=f"{SERVICE} 30 A 127.0.0.2"))
        found = PROBE[driver](config, SERVICE, port, "http", path="/healthz?full=1", timeout=PATIENCE)
    assert found.endpoints[0].status == 200
    lines = answering["127.0.0.2"].heard[0].decode().split("\r\n")
    assert lines[:2] == ["GET /healthz?full=1 HTTP/1.1", f"Host: {HOST}:{port}"]
    assert lines[-3:] == ["Connection: close", "", ""]


def test_a_reason_of_tls_is_told_without_where_python_found_it():
    error = ssl.SSLEOFError(8, "EOF occurred in violation of protocol (_ssl.c:2427)")
    error.reason = None  # type: ignore[assignment]
    told = _told(error, Destination(ip_address("127.0.0.2"), 443))
    assert told == (None, "TLS failed: eof occurred in violation of protocol")


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@each_driver
def test_a_server_that_wants_a_certificate_is_heard_though_it_is_gone(stage, driver, version, monkeypatch):
    gone = threading.Event()
    ask = Conversation._ask

    def ask_late(conversation: Conversation) -> Any:
        assert gone.wait(10)
        return ask(conversation)

    monkeypatch.setattr(Conversation, "_ask", ask_late)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = context.maximum_version = version
    context.verify_mode = ssl.CERT_REQUIRED
    AUTHORITY.issue_cert(HOST).configure_cert(context)

    def serve() -> None:
        connection, _ = listening.accept()
        with connection, pytest.raises(ssl.SSLError):
            context.wrap_socket(connection, server_side=True)
        gone.set()

    with socket.create_server(("127.0.0.2", 0)) as listening:
        thread = threading.Thread(target=serve)
        thread.start()
        config, _ = stage(Nameserver(zone=f"{SERVICE} 30 A 127.0.0.2"))
        found = PROBE[driver](config, HOST, listening.getsockname()[1], "https", timeout=PATIENCE)
        thread.join()
    (endpoint,) = found.endpoints
    assert "alert" in endpoint.failure.outcome
    (advice,) = found.advice
    assert "a certificate of its client" in advice


@each_driver
def test_silent_ones_leave_time_for_those_after_them(stage, driver, monkeypatch):
    monkeypatch.setattr(probing, "AT_ONCE", 2)
    quiet = ("127.0.0.2", "127.0.0.3", "127.0.0.4")
    with opened(*(There(address, None) for address in quiet)) as (port, _), opened_at(port, There("127.0.0.5")):
        addresses = (*quiet, "127.0.0.5")
        config, _ = stage(Nameserver(zone="\n".join(f"{SERVICE} 30 A {address}" for address in addresses)))
        found = PROBE[driver](config, SERVICE, port, timeout=4 * SILENCE)
    assert [endpoint.stages[0].outcome for endpoint in found.endpoints] == ["no answer"] * 3 + ["connected"]
    assert [endpoint.stages[0].errno for endpoint in found.endpoints] == [errno.ETIMEDOUT] * 3 + [None]


@contextmanager
def opened_at(port: int, there: There) -> Iterator[None]:
    made = Answering(there.address, port, there.says or b"", None)
    try:
        yield
    finally:
        made.close()


@each_driver
def test_a_number_that_the_service_has_not_is_told_by_what_dns_lists(stage, driver):
    with opened() as (port, _):
        zone = f"{SERVICE} 30 A 127.0.0.2\n{SERVICE} 30 SRV 0 10 8080 {SERVICE}"
        config, _ = stage(Nameserver(zone=zone))
        found = PROBE[driver](config, SERVICE, port, timeout=PATIENCE)
    told = f"the Service has no port {port} but 8080, as DNS tells: compare with its spec.ports[].port"
    assert found.advice == (told,)


@each_driver
def test_where_dns_is_silent_its_error_comes_as_it_is(stage, driver):
    config, _ = stage(Nameserver({"": (silent,)}))
    with pytest.raises(LookupTimeout):
        PROBE[driver](config, SERVICE, "http", timeout=0.2)


@each_driver
def test_a_name_that_is_not_there_is_an_error(stage, driver):
    config, _ = stage(Nameserver())
    with pytest.raises(NoSuchName):
        PROBE[driver](config, SERVICE, "http", timeout=PATIENCE)


@each_driver
@pytest.mark.parametrize("protocol", ["udp", "sctp"])
def test_a_port_of_another_protocol_is_told_as_such(stage, driver, protocol):
    zone = f"{SERVICE} 30 A 127.0.0.2\n_dns._{protocol}.{SERVICE} 30 SRV 0 10 53 {SERVICE}"
    config, _ = stage(Nameserver(zone=zone))
    with pytest.raises(NoSuchName) as raised:
        PROBE[driver](config, SERVICE, "dns", timeout=PATIENCE)
    assert raised.value.problem == "the Service has no port 'dns' (tcp)"
    assert raised.value.advice == f"port 'dns' is of {protocol.upper()}, and probe connects by TCP alone"


@each_driver
@pytest.mark.parametrize(
    ("call", "how", "error"),
    [
        (("bad name", "http"), {}, InvalidName),
        (("bad name", 80), {}, InvalidName),
        ((HOST, 0), {}, InvalidName),
        ((HOST, "http", "ftp"), {}, ConfigError),
        ((HOST, "http", "https"), {"path": "healthz"}, ConfigError),
        ((HOST, "http", "https"), {"path": "/a\r\nHost: b"}, ConfigError),
    ],
)
def test_what_cannot_be_probed_is_refused_before_a_packet(stage, driver, call, how, error):
    config, (playing,) = stage(Nameserver())
    with pytest.raises(error):
        PROBE[driver](config, *call, **how, timeout=PATIENCE)
    assert playing.asked.total() == 0


# -- leaving and closing ---------------------------------------------------------------------------------------------


def waits(resolver: Any) -> bool:
    """Whether a conversation waits for its socket."""
    return any(any([*probes._begun.values()]) for probes in alive_of(resolver._under_way()))


@pytest.fixture
def into_silence(stage) -> Iterator[tuple[ResolverConfig, tuple[str, int]]]:
    with opened(There("127.0.0.2", None)) as (port, _):
        config, _ = stage(Nameserver())
        yield config, ("127.0.0.2", port)


def test_closing_the_resolver_ends_it_in_another_thread(into_silence):
    config, call = into_silence
    resolver = Resolver(config)
    raised: list[BaseException] = []

    def probe() -> None:
        try:
            resolver.probe(*call, timeout=PATIENCE)
        except ResolverClosed as error:
            raised.append(error)

    thread = threading.Thread(target=probe)
    thread.start()
    wait_for(lambda: waits(resolver))
    resolver.close()
    thread.join(10)
    assert [type(error) for error in raised] == [ResolverClosed]
    assert not resolver._under_way()


def shaking(resolver: Any) -> bool:
    """Whether a handshake of TLS waits for its answer."""
    (probes,) = alive_of(resolver._under_way()) or (None,)
    begun = [*probes._begun.items()] if probes else ()
    return any(want == "read" and isinstance(conversation.sock, ssl.SSLSocket) for conversation, want in begun)


@contextmanager
def no_handshake() -> Iterator[tuple[str, int, str]]:
    """A listener that takes connections, and never answers a handshake."""
    with socket.create_server(("127.0.0.2", 0)) as listening:
        yield "127.0.0.2", listening.getsockname()[1], "tls"


def test_closing_the_resolver_ends_a_handshake_in_another_thread(stage):
    config, _ = stage(Nameserver())
    raised: list[BaseException] = []

    def probe() -> None:
        try:
            resolver.probe(*call, timeout=PATIENCE)
        except ResolverClosed as error:
            raised.append(error)

    with no_handshake() as call, Resolver(config) as resolver:
        thread = threading.Thread(target=probe)
        thread.start()
        wait_for(lambda: shaking(resolver))
        resolver.close()
        thread.join(10)
    assert [type(error) for error in raised] == [ResolverClosed]


@pytest.mark.parametrize("run", [in_asyncio, in_uvloop], ids=["asyncio", "uvloop"])
def test_closing_the_resolver_ends_a_handshake_in_a_loop(stage, run):
    config, _ = stage(Nameserver())

    async def main() -> None:
        with no_handshake() as call:
            resolver = AsyncResolver(config)
            task = asyncio.ensure_future(resolver.probe(*call, timeout=PATIENCE))
            while not shaking(resolver):  # noqa: ASYNC110 - what is waited for tells nobody
                await asyncio.sleep(0)
            await resolver.close()
            with pytest.raises(ResolverClosed):
                await task

    run(main)


def test_closing_the_resolver_ends_a_handshake_in_trio(stage):
    config, _ = stage(Nameserver())
    raised: list[BaseException] = []

    async def main() -> None:
        async def probe() -> None:
            try:
                await resolver.probe(*call, timeout=PATIENCE)
            except ResolverClosed as error:
                raised.append(error)

        with no_handshake() as call:
            resolver = AsyncResolver(config)
            async with trio.open_nursery() as nursery:
                nursery.start_soon(probe)
                while not shaking(resolver):
                    await trio.lowlevel.checkpoint()
                await resolver.close()

    in_trio(main)
    assert [type(error) for error in raised] == [ResolverClosed]


@pytest.mark.parametrize("run", [in_asyncio, in_uvloop], ids=["asyncio", "uvloop"])
def test_a_cancelled_task_leaves_nothing_open(into_silence, run):
    config, call = into_silence

    async def main() -> None:
        async with AsyncResolver(config) as resolver:
            task = asyncio.ensure_future(resolver.probe(*call, timeout=PATIENCE))
            while not waits(resolver):  # noqa: ASYNC110 - what is waited for tells nobody
                await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert not resolver._under_way()

    run(main)


def test_a_cancelled_scope_of_trio_leaves_nothing_open(into_silence):
    config, call = into_silence

    async def main() -> None:
        async with AsyncResolver(config) as resolver, trio.open_nursery() as nursery:
            nursery.start_soon(lambda: resolver.probe(*call, timeout=PATIENCE))
            while not waits(resolver):
                await trio.lowlevel.checkpoint()
            nursery.cancel_scope.cancel()
        assert not resolver._under_way()

    in_trio(main)


def test_a_child_of_fork_holds_nothing_of_it(into_silence):
    config, call = into_silence
    resolver = Resolver(config)

    def probe() -> None:
        with pytest.raises(ResolverClosed):
            resolver.probe(*call, timeout=PATIENCE)

    thread = threading.Thread(target=probe)
    thread.start()
    wait_for(lambda: waits(resolver))
    (probes,) = alive_of(resolver._under_way())
    (conversation,) = probes._begun

    assert conversation.sock is not None
    assert status_of(in_child(lambda: conversation.sock.fileno() + 1)) == 0
    resolver.close()
    thread.join(10)


# -- exceptions out of nowhere (F1) ----------------------------------------------------------------------------------


@pytest.fixture
def three() -> Iterator[tuple[str, int]]:
    """A Service of which one endpoint answers over TLS that nobody trusts, one refuses, and one speaks no TLS."""
    untrusted = There("127.0.0.2", OK, lambda: trustme.CA().issue_cert(HOST))
    with opened(untrusted, There("127.0.0.4", OK)) as (port, _):
        yield "\n".join(f"{SERVICE} 30 A 127.0.0.{last}" for last in (2, 3, 4)), port


@pytest.mark.parametrize("kind", [Interruption, KeyboardInterrupt])
def test_f1_an_exception_at_any_line_of_probing_leaves_nothing_open(stage, three, kind):
    zone, port = three
    config, _ = stage(Nameserver(zone=zone))
    with Resolver(config, family="ipv4") as resolver:

        def probe() -> None:
            resolver.probe(SERVICE, port, "https", timeout=PATIENCE)

        probe()
        idle = at_rest()

        def check() -> None:
            assert not resolver._under_way()
            assert holds_no_more_than(idle)

        assert at_every_line(probe, check, kind) > 150


@pytest.mark.parametrize("driver", ["asyncio", "trio"])
def test_exceptions_at_any_line_in_a_loop_leave_nothing_open(stage, three, driver):
    zone, port = three
    config, _ = stage(Nameserver(zone=zone))
    PROBE[driver](config, "127.0.0.2", port, "https", timeout=PATIENCE)
    idle = at_rest()
    for at in range(1000):
        interrupter = Interrupter(at, KeyboardInterrupt)
        resolver = AsyncResolver(config, family="ipv4")

        async def probe(resolver: AsyncResolver = resolver) -> None:
            await resolver.probe("127.0.0.2", port, "https", timeout=PATIENCE)

        try:
            with interrupter.at_work():
                trio.run(probe) if driver == "trio" else asyncio.run(probe())
        except BaseException as error:
            if not interrupter.raised:
                raise
            error.__traceback__ = None
        resolver._close()
        gc.collect()
        assert not resolver._under_way()
        assert holds_no_more_than(idle)
        if not interrupter.raised:
            assert at > 80
            return
    raise AssertionError("it never came to an end")
