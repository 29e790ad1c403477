"""`probe`: real connections on loopback, to names of manifests and of a nameserver."""

import errno
import itertools
import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from k8sresolve import LookupTimeout, Reachability, Resolver
from tests.cli.conftest import Ran
from tests.listening import Listener

SLICE = {
    "apiVersion": "discovery.k8s.io/v1",
    "kind": "EndpointSlice",
    "metadata": {"name": "web-1", "namespace": "default", "labels": {"kubernetes.io/service-name": "web"}},
    "addressType": "IPv4",
    "endpoints": [{"addresses": ["127.0.0.2"], "hostname": "web-0"}, {"addresses": ["127.0.0.3"], "hostname": "web-1"}],
}
SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "web"},
    "spec": {"clusterIP": "None", "ports": [{"name": "http", "port": 80}]},
}


class Web(Listener):
    """Answers each request on 127.0.0.2 with one of these, the last again and again; on 127.0.0.3 nobody listens."""

    def __init__(self, *says: bytes) -> None:
        self._says = list(says)
        super().__init__(socket.create_server(("127.0.0.2", 0)))

    def answer(self, connection: socket.socket) -> None:
        if connection.recv(1000):
            connection.sendall(self._says.pop(0) if len(self._says) > 1 else self._says[0])


@pytest.fixture
def web() -> Iterator[Callable[..., Web]]:
    made: list[Web] = []

    def make(*says: bytes) -> Web:
        made.append(Web(*(says or (b"",))))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def manifests(tmp_path: Path) -> Callable[[int], str]:
    """A headless Service `web` whose pods are on loopback."""

    def write(port: int) -> str:
        path = tmp_path / "web.json"
        items: list[Any] = [SERVICE, {**SLICE, "ports": [{"name": "http", "port": port, "protocol": "TCP"}]}]
        path.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
        return str(path)

    return write


def _outcomes(ran: Ran) -> list[list[str]]:
    return [[stage["outcome"] for stage in one["stages"]] for one in ran.json["endpoints"]]


def test_one_that_answers(run, web):
    port = web().port
    ran = run("probe", "127.0.0.2", str(port))
    assert (ran.status, ran.err) == (0, "")
    head, table = ran.out.split("\n\n")
    assert head.split("\n")[0] == f"127.0.0.2  port {port}: the only endpoint answers"
    assert table.split("\n")[1].startswith(f"127.0.0.2:{port}  connected, ")


def test_names_come_from_manifests_and_connections_are_real(run, web, manifests):
    port = web().port
    ran = run("-f", manifests(port), "probe", "web", "http", "--json")
    assert ran.status == 4
    assert _outcomes(ran) == [["connected"], ["connection refused"]]
    assert [one["target"].partition(".")[0] for one in ran.json["endpoints"]] == ["web-0", "web-1"]
    assert ran.json["headless"] is True
    assert ran.json["ok"] is False


def test_text_has_a_row_for_each_address_and_says_what_failures_mean(run, web, manifests):
    port = web().port
    ran = run("-f", manifests(port), "probe", "web", "http")
    assert "port http: 1 of 2 endpoints fails" in ran.out
    assert f"127.0.0.3:{port}  web-1   connection refused, " in ran.out
    assert "\n\nrefused by a pod usually means that nothing listens on that port there" in ran.out


@pytest.mark.parametrize("forms", [(), ("--json",)])
def test_advice_is_in_terms_of_the_command(run, monkeypatch, forms):
    def unreachable(*_: Any) -> None:
        raise OSError(errno.ENETUNREACH, "Network is unreachable")

    monkeypatch.setattr("k8sresolve._drivers.probing.conversations.socket_address", unreachable)
    ran = run("probe", "192.0.2.1", "80", *forms)
    assert ran.status == 4
    assert "no route to that network from here; --family ipv4 and --family ipv6 leave out the other family" in ran.out


def test_an_address_that_is_made_up_is_not_connected_to(run, tmp_path):
    path = tmp_path / "web.yaml"
    path.write_text("{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {ports: [{name: http, port: 80}]}}")
    ran = run("-f", str(path), "probe", "web", "http", "--json")
    assert ran.status == 4
    assert _outcomes(ran) == [["is made up here: no manifest states it"]]
    assert ran.json["advice"] == []


@pytest.mark.parametrize(
    ("forms", "cell", "below"),
    [
        ((), "TLS failed, ", "\n\nat 127.0.0.2:{}  TLS failed: wrong version number\n\n"),
        (("-o", "wide"), "number, ", ""),
    ],
)
def test_why_tls_failed_is_told_in_full(run, web, forms, cell, below):
    port = web(b"HTTP/1.1 400 Bad Request\r\n").port
    ran = run("probe", "127.0.0.2", str(port), "--tls", *forms)
    assert ran.status == 4
    assert cell in ran.out.split("\n\n")[1]
    assert below.format(port) in ran.out
    assert ran.out.count("wrong version number") == 1


def test_a_path_alone_is_of_plain_http(run, web):
    ran = run("probe", "127.0.0.2", str(web(b"HTTP/1.1 204 No Content\r\n\r\n").port), "--path", "/healthz", "--json")
    assert (ran.status, ran.json["scheme"]) == (0, "http")
    assert _outcomes(ran) == [["connected", "204 No Content"]]


def test_a_path_does_not_go_with_tls_alone(run):
    ran = run("probe", "127.0.0.2", "80", "--tls", "--path", "/healthz")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err == "k8sresolve: --path is asked for by HTTP, which --tls is without; give --https\n"


def test_counting_tells_how_often_it_failed(run, web):
    port = web(b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 503 Busy\r\n", b"HTTP/1.1 200 OK\r\n").port
    ran = run("probe", "127.0.0.2", str(port), "--http", "--count", "4", "--json")
    assert ran.status == 4
    (count,) = ran.json["counts"]
    assert (count["address"], count["port"], count["tries"], count["lost"]) == ("127.0.0.2", port, 4, 1)
    assert 0 < count["median"] <= count["slowest"]
    assert _outcomes(ran) == [["connected", "503 Busy"]]  # what failed is what people ask about


@pytest.fixture
def loses_lookups(monkeypatch) -> Callable[..., None]:
    """Let these lookups fail, by their number."""

    def lose(*numbers: int) -> None:
        probe, count = Resolver.probe, itertools.count(1)

        def sometimes(resolver: Resolver, *call: Any, **how: Any) -> Reachability:
            if next(count) in numbers:
                raise LookupTimeout("web", "no nameserver answered")
            return probe(resolver, *call, **how)

        monkeypatch.setattr(Resolver, "probe", sometimes)

    return lose


def test_a_lookup_that_fails_midway_is_counted(run, web, loses_lookups):
    loses_lookups(2, 4)
    ran = run("probe", "127.0.0.2", str(web().port), "--count", "4", "--json")
    assert (ran.status, ran.err) == (3, "")
    assert [(count["tries"], count["lost"]) for count in ran.json["counts"]] == [(2, 0)]
    assert ran.json["lookups"] == {"tries": 4, "lost": 2, "problem": "web: no nameserver answered"}


def test_a_lookup_that_fails_midway_has_a_line(run, web, loses_lookups):
    loses_lookups(2)
    ran = run("probe", "127.0.0.2", str(web().port), "--count", "2")
    assert ran.status == 3
    assert ran.out.endswith("\n\nDNS  1 of 2 lookups failed: web: no nameserver answered\n")


def test_a_connection_that_fails_counts_more_than_a_lookup(run, web, loses_lookups):
    loses_lookups(2)
    port = web(b"HTTP/1.1 503 Busy\r\n").port
    assert run("probe", "127.0.0.2", str(port), "--http", "--count", "3").status == 4


def test_a_first_lookup_that_fails_is_an_error(run, web, loses_lookups):
    loses_lookups(1)
    ran = run("probe", "127.0.0.2", str(web().port), "--count", "2")
    assert (ran.status, ran.out) == (3, "")


def test_the_table_of_counts(run, web):
    ran = run("probe", "127.0.0.2", str(web().port), "--count", "2")
    assert ran.status == 0
    table = ran.out.split("\n\n")[-1].split("\n")
    assert table[0].split() == ["ADDRESS", "LOST", "MEDIAN", "SLOWEST"]
    assert "0 of 2" in table[1]


@pytest.mark.parametrize("count", ["0", "-1", "x", "10001", "9" * 5000])
def test_a_count_that_is_none(run, count):
    ran = run("probe", "127.0.0.2", "80", "--count", count)
    assert ran.status == 2
    assert "no number from 1 to 10000" in ran.err


@pytest.mark.parametrize(
    ("argv", "status", "told"),
    [
        (("nowhere", "http"), 1, "there is no Service 'nowhere'"),
        (("payments", "nope"), 1, "the Service has no port 'nope'"),
        (("payments", "0"), 2, "no TCP port"),
        (("payments", "9" * 5000), 2, "no TCP port"),
        (("bad name", "http"), 2, "blanks"),
        (("payments", "http", "--https", "--path", "healthz"), 2, "no path of a URL"),
        (("payments", "http", "--https", "--tls"), 2, "not allowed with"),
    ],
)
def test_what_is_no_failure_of_a_connection(offline, argv, status, told):
    ran = offline("probe", *argv)
    assert (ran.status, ran.out) == (status, "")
    assert told in ran.err


def test_dns_that_fails_for_now_is_3(run):
    ran = run("--nameserver", "127.0.0.1:9", "--timeout", "0.2", "probe", "web.shop", "http")
    assert ran.status == 3


def test_names_of_all_addresses(run, web):
    port = web().port
    assert run("probe", "127.0.0.2", str(port), "-o", "name").out == f"127.0.0.2:{port}\n"
