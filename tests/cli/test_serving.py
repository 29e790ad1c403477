"""`serve`: a real nameserver, until it is interrupted."""

import json
import re
import signal
import socket
import subprocess
from collections.abc import Callable
from typing import Any

import dns.message
import dns.query
import dns.rdatatype
import pytest


@pytest.fixture
def serve(start: Callable[..., Any], shop: str) -> Callable[..., Any]:
    """Start a nameserver that answers from the example cluster."""
    return lambda *argv: start("serve", "--manifests", shop, *argv)


def _port(process: "subprocess.Popen[str]") -> int:
    assert process.stdout is not None
    line = process.stdout.readline()
    listening = re.fullmatch(r"listening on 127\.0\.0\.1:(\d+) \(UDP and TCP\)\n", line)
    assert listening, line
    return int(listening[1])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_answers_until_a_signal_ends_it_with_status_0(serve, number):
    process = serve("--listen", "127.0.0.1:0")
    port = _port(process)
    query = dns.message.make_query("payments.shop.svc.cluster.local.", "A")
    for ask in (dns.query.udp, dns.query.tcp):
        (answer,) = ask(query, "127.0.0.1", port=port, timeout=10).answer
        assert [str(record) for record in answer] == ["10.96.20.1"]
    with socket.create_connection(("127.0.0.1", port)) as idle:
        dns.query.send_tcp(idle, query.to_wire(), expiration=None)
        dns.query.receive_tcp(idle)
        process.send_signal(number)
        assert process.communicate(timeout=30) == ("", "")
    assert process.returncode == 0


def test_it_listens_where_it_is_told(serve, run):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = serve("--listen", f"127.0.0.1:{port}", "--cluster-domain", "k8s.corp")
    assert _port(process) == port
    ran = run(
        "--nameserver", f"127.0.0.1:{port}", "--cluster-domain", "k8s.corp", "port", "payments.shop", "grpc", "--json"
    )
    assert ran.json["number"] == 9090


def test_where_it_listens_is_told_as_json(serve):
    process = serve("--json")
    told, _ = json.JSONDecoder().raw_decode("".join(process.stdout.readline() for _ in range(4)))
    assert list(told) == ["host", "port"]
    assert dns.query.udp(dns.message.make_query("cluster.local.", "SOA"), told["host"], port=told["port"], timeout=10)


def test_a_port_in_use_is_status_2(run, shop):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        ran = run("serve", "--manifests", shop, "--listen", address)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith(f"k8sresolve: cannot listen on {address}: ")


def test_without_manifests_there_is_nothing_to_serve(run):
    assert run("serve") == (2, "", "k8sresolve: serve has nothing to answer from; give --manifests PATH\n")


def test_an_ipv6_address_stands_in_brackets(run, shop):
    ran = run("serve", "--manifests", shop, "--listen", "[2001:db8::1]:5353")
    assert ran.err.startswith("k8sresolve: '2001:db8::1' is not a loopback address")
