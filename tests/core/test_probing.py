"""What a probe asks for and tries, and what it says of what came: without a socket, on the offline cluster."""

import errno
from ipaddress import ip_address
from pathlib import Path

import pytest

from k8sresolve import Certificate, ConfigError, InvalidName, ProbedEndpoint, ProbeStage, ServiceName
from k8sresolve._core.probing import AT_ONCE, MOST_REPLY, REJECTED, Aim, Destination, Talk, is_whole, read_reply
from k8sresolve.testing import Cluster

CLUSTER = Cluster.from_manifests(Path(__file__).parents[2] / "docs/examples/shop.yaml")
CONNECTED = ProbeStage("tcp", True, "connected", None, 0.1)


def probed(monkeypatch, *call, stages=(CONNECTED,), certificate=None, status=None, **how):
    """Probe, where each endpoint comes to these stages; returns what was to be tried, and what is told."""
    talks = []

    def talk(given):
        talks.append(given)
        return tuple(ProbedEndpoint(*aim.to, aim.target, stages, certificate, status) for aim in given.endpoints)

    with CLUSTER.resolver(namespace="shop") as resolver:
        monkeypatch.setattr(resolver, "_talk", talk)
        found = resolver.probe(*call, **how)
    (given,) = talks
    return given, found


def places(talk):
    return [f"{aim.to.address}:{aim.to.port} {aim.target.partition('.')[0]}".rstrip() for aim in talk.endpoints]


# -- where -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "port", "where", "headless"),
    [
        ("payments", "http", ["10.96.20.1:80 payments"], False),
        ("payments", 80, ["10.96.20.1:80 payments"], False),
        ("payments", 81, ["10.96.20.1:81 payments"], False),
        ("cassandra.data", "cql", [f"10.244.{n + 1}.21:9042 cassandra-{n}" for n in range(3)], True),
        ("data/cassandra", 9042, [f"10.244.{n + 1}.21:9042 cassandra-{n}" for n in range(3)], True),
        (ServiceName("cassandra", "data"), 7000, [f"10.244.{n + 1}.21:7000 cassandra-{n}" for n in range(3)], True),
        ("cassandra-0.cassandra.data.svc.cluster.local", 9042, ["10.244.1.21:9042"], None),
        ("127.0.0.2", 80, ["127.0.0.2:80"], None),
    ],
)
def test_where_to_connect(monkeypatch, name, port, where, headless):
    talk, found = probed(monkeypatch, name, port)
    assert places(talk) == where
    assert (found.headless, found.ok, found.advice) == (headless, True, ())


@pytest.mark.parametrize(
    ("name", "host"),
    [
        ("payments", "payments"),
        ("payments.shop.svc.cluster.local.", "payments.shop.svc.cluster.local"),
        ("shop/payments", "payments.shop.svc.cluster.local"),
        (ServiceName("payments", "shop"), "payments.shop.svc.cluster.local"),
        ("127.0.0.2", "127.0.0.2"),
    ],
)
def test_the_name_is_verified_as_given(monkeypatch, name, host):
    talk, _ = probed(monkeypatch, name, 443, "https")
    assert talk.host == host
    assert f"\r\nHost: {host}\r\n".encode() in talk.request


@pytest.mark.parametrize(
    ("scheme", "port", "host"),
    [("http", 80, "[::1]"), ("http", 443, "[::1]:443"), ("https", 443, "[::1]"), ("https", 80, "[::1]:80")],
)
def test_a_host_header_has_the_port_that_is_not_the_scheme_s(monkeypatch, scheme, port, host):
    talk, _ = probed(monkeypatch, "::1", port, scheme, path="/a?b=%20c")
    assert talk.request.split(b"\r\n")[:2] == [b"GET /a?b=%20c HTTP/1.1", f"Host: {host}".encode()]


@pytest.mark.parametrize("path", ["", "a", "/a b", "/\r\nX: y", "/\x7f", "/ü", None, 1])
def test_what_is_no_path(path):
    with CLUSTER.resolver(namespace="shop") as resolver, pytest.raises(ConfigError, match="no path of a URL"):
        resolver.probe("payments", "http", "http", path=path)


@pytest.mark.parametrize("port", [0, 65536, True, "80", None])
def test_what_is_no_port(port):
    with CLUSTER.resolver(namespace="shop") as resolver, pytest.raises(InvalidName):
        resolver.probe("payments", port)


@pytest.mark.parametrize(
    ("count", "share"), [(1, 6), (AT_ONCE, 6), (AT_ONCE + 1, 3), (2 * AT_ONCE, 3), (2 * AT_ONCE + 1, 2)]
)
def test_each_of_many_has_its_share_of_the_time(count, share):
    aims = (Aim(Destination(ip_address("10.0.0.1"), 80), ""),) * count
    assert Talk(aims, "tcp", "web", b"", 6.0).share == share


# -- HTTP ------------------------------------------------------------------------------------------------------------

EARLY = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


@pytest.mark.parametrize(
    ("reply", "ok", "outcome", "status"),
    [
        (b"HTTP/1.1 200 OK\r\n", True, "200 OK", 200),
        (b"HTTP/1.0 301 Moved\r\nLocation: /", True, "301 Moved", 301),
        (b"HTTP/1.1 399\r\n", True, "399", 399),
        (b"HTTP/1.1 400 \n", False, "400", 400),
        (b"HTTP/2 199 x\n", False, "199 x", 199),
        (b"HTTP/1.1 500 \x1b[1m\xff\r\n", False, r"500 \x1b[1mÿ", 500),
        (b"HTTP/1.1 200 " + b"a" * 100 + b"\r\n", True, f"200 {'a' * 40}... (100 characters)", 200),
        (EARLY + CONTINUE + b"HTTP/1.1 200 OK\r\n", True, "200 OK", 200),
        (b"HTTP/1.1 100\n\nHTTP/1.1 503 Busy\n", False, "503 Busy", 503),
        (EARLY, False, "103 Early Hints", 103),
        (CONTINUE + b"HTT", False, "no HTTP/1.1 in the reply", None),
        (b"HTTP/1.1 101 Switching Protocols\r\n\r\nHTTP/1.1 200 OK\r\n", False, "101 Switching Protocols", 101),
        (b"HTTP/1.1 2000 OK\r\n", False, "no HTTP/1.1 in the reply", None),
        (b"HTTP/1.1 200 OK", False, "no HTTP/1.1 in the reply", None),
        (b"\x00\x00\x12\x04\x00\x00\x00\x00\x00", False, "no HTTP/1.1 in the reply", None),
        (b"\x15\x03\x01", False, "an alert of TLS in place of HTTP", None),
        (b"", False, "closed without a reply", None),
    ],
)
def test_a_reply_is_read_by_its_first_line(reply, ok, outcome, status):
    assert read_reply(reply) == (ok, outcome, status)


@pytest.mark.parametrize(
    ("reply", "whole"),
    [
        (b"", False),
        (b"H", False),
        (b"HTTP/1.1 200", False),
        (b"HTTP/1.1 200 OK\r\n", True),
        (b"220", True),
        (b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n", False),
        (EARLY + CONTINUE, False),
        (EARLY + b"HTTP/1.1 200", False),
        (EARLY + b"HTTP/1.1 200 OK\r\n", True),
        (CONTINUE * MOST_REPLY, True),
        (b"HTTP/" + b"x" * MOST_REPLY, True),
    ],
)
def test_no_more_is_read_than_tells(reply, whole):
    assert is_whole(reply) is whole


# -- advice ----------------------------------------------------------------------------------------------------------


def tcp(code, outcome="x"):
    return (ProbeStage("tcp", False, outcome, code, 0.1),)


def tls(outcome, code=None):
    return (CONNECTED, ProbeStage("tls", False, outcome, code, 0.1))


def http(outcome, code=None):
    return (CONNECTED, ProbeStage("http", False, outcome, code, 0.1))


def certificate(problem, *names):
    return Certificate("", "", names, 0.0, 1.0, "payments", problem)


PODS, CLUSTER_IP, HOST = ("cassandra.data", "cql"), ("payments", "http"), ("127.0.0.2", 80)
SLICES = "kubectl -n shop get endpointslices -l kubernetes.io/service-name=payments"
TCP = [
    (PODS, tcp(errno.ECONNREFUSED), "refused by a pod usually means that nothing listens on that port there"),
    (PODS, tcp(errno.ECONNREFUSED, REJECTED), "refused by ICMP usually means that a firewall, or a NetworkPolicy"),
    (PODS, tcp(errno.ETIMEDOUT), "no answer from a pod usually means that a NetworkPolicy drops it"),
    (CLUSTER_IP, tcp(errno.ECONNREFUSED), "the pods behind it do not listen on the Service's spec.ports[].targetPort"),
    (CLUSTER_IP, tcp(errno.ECONNREFUSED), SLICES),
    (CLUSTER_IP, tcp(errno.ECONNREFUSED, REJECTED), "no pod is ready behind it, as kube-proxy says it"),
    (CLUSTER_IP, tcp(errno.ECONNREFUSED, REJECTED), SLICES),
    (CLUSTER_IP, tcp(errno.ETIMEDOUT), "no answer from a ClusterIP usually means that a NetworkPolicy drops it"),
    (("payments", 80), tcp(errno.ECONNREFUSED), "alone, or that port 80 is of UDP or SCTP alone; with"),
    (("payments", 80), tcp(errno.ECONNREFUSED, REJECTED), "says it, or that port 80 is of UDP or SCTP alone: compare"),
    (("payments", 80), tcp(errno.ETIMEDOUT), "network, or that port 80 is of UDP or SCTP alone, or"),
    (("payments", 81), tcp(errno.ECONNREFUSED), "the Service has no port 81 but 80, 9090, as DNS tells"),
    (("payments", 81), tcp(errno.ETIMEDOUT), "the Service has no port 81 but 80, 9090, as DNS tells"),
    (("cassandra.data", 80), tcp(errno.ECONNREFUSED), "the pods of this headless Service have no port 80 but"),
    (HOST, tcp(errno.ECONNREFUSED), "refused usually means that nothing listens on that port there"),
    (HOST, tcp(errno.ECONNREFUSED, REJECTED), "refused by ICMP usually means that a firewall"),
    (HOST, tcp(errno.ETIMEDOUT), "no answer usually means that a firewall"),
    (HOST, tcp(errno.EHOSTUNREACH), "no route to a host: the pod or its node is gone"),
    (HOST, tcp(errno.ENETUNREACH), "no route to that network from here"),
    (HOST, tcp(errno.EMFILE), "this process has no file descriptor left"),
]


@pytest.mark.parametrize(("call", "stages", "says"), TCP)
def test_what_a_failed_connection_usually_means(monkeypatch, call, stages, says):
    _, found = probed(monkeypatch, *call, stages=stages)
    (advice,) = found.advice  # once, however many endpoints there are
    assert says in advice


def test_what_explains_itself_gets_no_advice(monkeypatch):
    _, found = probed(monkeypatch, *CLUSTER_IP, stages=tcp(None, "is port http of payments.shop, where no route leads"))
    assert found.advice == ()


@pytest.mark.parametrize(
    ("stages", "problem", "says"),
    [
        (tls("no answer", errno.ETIMEDOUT), None, "no answer of TLS: usually the server waits for another protocol"),
        (tls("TLS failed: wrong version number"), None, "what answers speaks no TLS"),
        (tls("TLS failed: record layer failure"), None, "what answers speaks no TLS"),
        (tls("TLS failed: unexpected eof while reading"), None, "the server ended the handshake"),
        (tls("TLS failed: tlsv1 alert no application protocol"), None, "HTTP/2 alone, as of gRPC: probe it by tls"),
        (tls("TLS failed: ssl/tls alert handshake failure"), None, "the server speaks TLS and refuses this handshake"),
        (tls("TLS failed: ssl/tls alert bad certificate"), None, "mutual TLS"),
        (tls("TLS failed: tlsv1 unrecognized name"), None, "not for this name (SNI)"),
        (tls("TLS failed: tlsv1 alert protocol version"), None, "a version of TLS that this machine does not"),
        (tls("TLS failed: unsupported protocol"), None, "a version of TLS that this machine does not"),
        (tls("not verified: certificate has expired"), None, "renew the certificate"),
        (tls("not verified: hostname mismatch, x"), None, "connect by a name that it is valid for"),
        (tls("connection reset by peer", errno.ECONNRESET), None, "the server ended the handshake"),
        (tls("not verified: certificate has expired"), "certificate has expired", "renew the certificate"),
        (
            tls("not verified: certificate is not yet valid"),
            "certificate is not yet valid",
            "compare this machine's clock",
        ),
        (
            tls("not verified: hostname mismatch, certificate is not valid for 'x'"),
            "hostname mismatch, certificate is not valid for 'x'",
            "one of its names, a, b, or add",
        ),
        (
            tls("not verified: IP address mismatch, certificate is not valid for '1'"),
            "IP address mismatch, certificate is not valid for '1'",
            "one of its names, a, b, or add",
        ),
        (tls("not verified: self-signed certificate"), "self-signed certificate", "SSL_CERT_FILE"),
        (http("404 Not Found"), 404, "compare with readinessProbe.httpGet.path"),
        (http("503 Busy"), 503, "says that it cannot serve"),
        (http("no answer", errno.ETIMEDOUT), None, "no reply to HTTP"),
        (http("an alert of TLS in place of HTTP"), None, "probe it by https"),
        (http("TLS failed: tlsv13 alert certificate required"), None, "mutual TLS"),
        (http("closed without a reply"), None, "speaks no HTTP/1.1"),
    ],
)
def test_what_a_failure_above_tcp_usually_means(monkeypatch, stages, problem, says):
    seen = certificate(problem, "a", "*.a", "b") if isinstance(problem, str) else None
    status = problem if isinstance(problem, int) else None
    _, found = probed(monkeypatch, *CLUSTER_IP, "https", stages=stages, certificate=seen, status=status)
    (advice,) = found.advice
    assert says in advice


@pytest.mark.parametrize(("outcome", "status"), [("401 Unauthorized", 401), ("999 x", 999)])
def test_a_status_that_speaks_for_itself_gets_no_advice(monkeypatch, outcome, status):
    _, found = probed(monkeypatch, *CLUSTER_IP, "http", stages=http(outcome), status=status)
    assert (found.ok, found.advice) == (False, ())


@pytest.mark.parametrize("outcome", ["TLS failed: tlsv1 alert internal error", "no name for TLS: label too long"])
def test_tls_that_fails_by_what_may_mean_anything_gets_no_advice(monkeypatch, outcome):
    _, found = probed(monkeypatch, *CLUSTER_IP, "tls", stages=tls(outcome))
    assert (found.ok, found.advice) == (False, ())


# -- as text ---------------------------------------------------------------------------------------------------------


def test_a_verdict_counts(monkeypatch):
    _, found = probed(monkeypatch, *PODS)
    assert str(found) == "cassandra.data, port cql: all 3 endpoints answer"
    _, found = probed(monkeypatch, *PODS, stages=tcp(errno.ECONNREFUSED, "connection\nrefused"))
    assert found.verdict == "3 of 3 endpoints fail"
    assert str(found).isprintable()
    assert r"10.244.1.21:9042 tcp: connection\nrefused in 0.1 ms" in str(found)


def test_an_address_of_ipv6_is_in_brackets():
    endpoint = ProbedEndpoint(ip_address("fd00::1"), 80, "", (CONNECTED,))
    assert str(endpoint) == "[fd00::1]:80 tcp: connected in 0.1 ms"


@pytest.mark.parametrize(
    ("end", "day"),
    [
        (253402300799.0, "9999-12-31"),
        (-631152000.0, "1950-01-01"),
        (-62135596800.0, "0001-01-01"),
        (-62135596801.0, "before year 1"),
        (1e300, "after year 9999"),
    ],
)
def test_a_certificate_tells_its_end_however_far_that_is(end, day):
    told = str(Certificate("CN=a", "", (), 0.0, end, "a"))
    assert told == f"certificate of CN=a by nobody, until {day}, verified for a"
