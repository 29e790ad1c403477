"""Clients as their users run them, on the offline cluster: command line tools, Python libraries, Go and Node.

Each is a process of its own in a sandbox. Those that live from resolv.conf find `k8sresolve serve` there, with
RESOLV_CONF, and then CoreDNS; to all others DEAD is given, so that a name which they find is the offline cluster's.
What is expected is what a cluster with these manifests would give, worked out by hand.
"""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.live.clients.pods import DEAD, MANIFESTS, RESOLV_CONF, Run, Shell

pytestmark = pytest.mark.live
AS_REAL = pytest.mark.parametrize("nameserver", ["served", "real"])

HERE = Path(__file__).parent
CASSANDRA = ["10.244.1.21", "10.244.2.21", "10.244.3.21"]
LEDGER = ["10.244.1.51", "10.244.2.51", "10.244.3.51"]
PODS = [f"cassandra-{number}.cassandra.data.svc.cluster.local" for number in range(3)]
ROUTED = "stand-in for payments"


def outputs(results: list[tuple[int, str, str]]) -> list[list[str]]:
    assert [(status, errors) for status, _, errors in results] == [(0, "")] * len(results)
    return [output.split("\n")[:-1] for _, output, _ in results]


@pytest.mark.parametrize("tool", ["dig", "kdig"])
@AS_REAL
def test_dig_and_kdig(shell: Shell, tool: str) -> None:
    questions = [
        ["payments.shop.svc.cluster.local"],
        ["payments.shop.svc.cluster.local", "AAAA"],
        ["cassandra.data.svc.cluster.local", "+tcp"],
        ["_cql._tcp.cassandra.data.svc.cluster.local", "SRV"],
        ["-x", "10.96.20.1"],
        ["web.shop.svc.cluster.local", "AAAA"],
    ]
    found = outputs(shell([[tool, "+short", *question] for question in questions], resolv_conf=RESOLV_CONF))
    assert [sorted(lines) for lines in found] == [
        ["10.96.20.1"],
        [],
        CASSANDRA,
        # Three answers of equal weight: CoreDNS gives 100 divided by their number.
        [f"0 33 9042 {pod}." for pod in PODS],
        ["payments.shop.svc.cluster.local."],
        ["fd00:10:96::20:2"],
    ]


@pytest.mark.parametrize("tool", ["dig", "kdig"])
@AS_REAL
def test_dig_and_kdig_show_that_there_is_no_such_name(shell: Shell, tool: str) -> None:
    [(code, output, _)] = shell([[tool, "nope.shop.svc.cluster.local"]], resolv_conf=RESOLV_CONF)
    assert code == 0
    assert "status: NXDOMAIN" in output
    assert " aa" in output.partition("lags:")[2]


@AS_REAL
def test_dig_with_the_search_list(shell: Shell) -> None:
    [lines] = outputs(shell([["dig", "+search", "+short", "payments"]], resolv_conf=RESOLV_CONF))
    assert lines == ["10.96.20.1"]


@AS_REAL
def test_getent(shell: Shell) -> None:
    commands = [["ahostsv4", "payments"], ["ahosts", "web"], ["ahostsv4", "cassandra.data"], ["hosts", "10.96.20.1"]]
    found = outputs(shell([["getent", *command] for command in commands], resolv_conf=RESOLV_CONF))
    addresses = [sorted({line.split()[0] for line in lines if " STREAM" in line}) for lines in found[:3]]
    assert addresses == [["10.96.20.1"], ["10.96.20.2", "fd00:10:96::20:2"], CASSANDRA]
    assert found[0][0].split() == ["10.96.20.1", "STREAM", "payments.shop.svc.cluster.local"]
    assert [line.split() for line in found[3]] == [["10.96.20.1", "payments.shop.svc.cluster.local"]]


@AS_REAL
def test_getent_finds_no_other_name(shell: Shell) -> None:
    # getent(1): 2 means that a key was not found.
    assert shell([["getent", "ahosts", "nope"]], resolv_conf=RESOLV_CONF) == [[2, "", ""]]
    assert shell([["getent", "ahosts", "payments"]], resolv_conf=DEAD) == [[2, "", ""]]


@AS_REAL
def test_curl(shell: Shell) -> None:
    curl = ["curl", "--silent", "--show-error", "--max-time", "10"]
    commands = [[*curl, url] for url in ("http://payments/", "http://payments.shop/", "http://nope/")]
    short, longer, missing = shell(commands, resolv_conf=RESOLV_CONF)
    assert short == [0, "payments for payments", ""]
    assert longer == [0, "payments for payments.shop", ""]
    # curl(1): 6 means that the host could not be resolved.
    assert missing[:2] == [6, ""]


@AS_REAL
def test_gevent(run: Run) -> None:
    found = run("gevent_client", *MANIFESTS, resolv_conf=RESOLV_CONF)
    assert found.pop("ticks while it waited") > 0
    assert found == {
        "addresses": ["10.96.20.1"],
        "port": 80,
        "together": {
            "payments": ["10.96.20.1"],
            "web": ["10.96.20.2", "fd00:10:96::20:2"],
            "cassandra.data": CASSANDRA,
            "nope": "NoSuchName",
        },
        "getaddrinfo": ["10.96.20.1", 80],
        "page": "payments for payments",
        "page within patch": ROUTED,
    }


def test_dnspython(run: Run) -> None:
    assert run("dnspython_client", *MANIFESTS) == {
        "payments A": ["10.96.20.1"],
        "payments AAAA": "NoAnswer",
        "nope A": "NXDOMAIN",
        "_http._tcp.payments SRV": ["0 100 80 payments.shop.svc.cluster.local."],
        "cassandra.data A": CASSANDRA,
        "asyncio": ["fd00:10:96::20:2"],
        "asked": 1,
    }


@AS_REAL
def test_aiodns(run: Run) -> None:
    found = {
        "payments": ["10.96.20.1"],
        "web": ["10.96.20.2", "fd00:10:96::20:2"],
        "nope is not found": True,
        "SRV": [[9042, pod] for pod in PODS],
    }
    assert run("aiodns_client", *MANIFESTS, resolv_conf=RESOLV_CONF) == {
        "resolv.conf": found,
        "told where": found,
        "asked": 1,
    }


def test_requests(run: Run) -> None:
    assert run("requests_client", *MANIFESTS) == {
        "http://payments/": ROUTED,
        "http://nope/": "NameResolutionError",
        "http://payments:9090/": "NewConnectionError",
        "asked": 2,  # for the port without a route too
    }


def test_httpx(run: Run) -> None:
    found = run("httpx_client", *MANIFESTS)
    assert found["asyncio"] == {
        "http://payments/": ROUTED,
        "http://nope/": "ConnectError",
        "http://payments:9090/": "ConnectError",
    }
    assert found["blocking"]["http://payments/"] == ROUTED
    assert "Name or service not known" in found["blocking"]["http://nope/"]
    # It says which route is missing.
    assert "cluster.route('payments.shop', 'grpc'" in found["blocking"]["http://payments:9090/"]


@AS_REAL
def test_aiohttp(run: Run) -> None:
    found = run("aiohttp_client", *MANIFESTS, resolv_conf=RESOLV_CONF)
    refused = {"http://nope/": "ClientConnectorDNSError", "http://payments:9090/": "ClientConnectorError"}
    assert found == {
        "the default is c-ares": True,
        "patch": {"http://payments/": ROUTED, **refused},
        "serve": {"http://payments/": ROUTED, **refused},
        "resolv.conf": {"http://payments/": "payments for payments", **refused},
        # For each of two URLs by getaddrinfo, and once by c-ares, which keeps an answer for its TTL.
        "asked": 3,
    }


def test_psycopg(run: Run) -> None:
    both = [[f"postgres-{number}.postgres.data.svc.cluster.local", "5432"] for number in (0, 1)]
    assert run("psycopg_client", *MANIFESTS) == {
        "blocking": both,
        "asyncio": both,
        # RFC 2782: without an SRV record, the name itself.
        "no SRV": [["postgres.data.svc.cluster.local", "5433"]],
        "nothing": "no host found after SRV RR lookup",
        "connect": ["10.244.1.41", "10.244.2.41"],
        "asked": 2,
    }


def test_pymongo(run: Run) -> None:
    hosts = [[f"mongo-{number}.mongo.data.svc.cluster.local", 27017] for number in (0, 1)]
    found = run("pymongo_client", *MANIFESTS)
    assert "_mongodb._tcp.nope.data.svc.cluster.local" in found.pop("nope")
    parsed = {"hosts": hosts, "database": "orders"}
    assert found == {"blocking": parsed, "asyncio": parsed, "asked": 2}


# c-ares takes the nameserver that a target states; the native resolver is getaddrinfo.
@pytest.mark.parametrize(
    ("resolver", "told", "resolv_conf"),
    [("native", "", RESOLV_CONF), ("ares", "", RESOLV_CONF), ("ares", "127.0.0.1:53", DEAD)],
    ids=["native", "c-ares", "c-ares, told"],
)
@AS_REAL
def test_grpc(run: Run, resolver: str, told: str, resolv_conf: str) -> None:
    env = {"GRPC_DNS_RESOLVER": resolver, "GRPC_VERBOSITY": "NONE"}
    assert run("grpc_client", told, resolv_conf=resolv_conf, **env) == {
        "payments": ["10.96.20.1:9090"],
        # Round robin reaches every pod of a headless Service.
        "ledger": [f"{address}:50051" for address in LEDGER],
        "nope": "UNAVAILABLE",
    }


@pytest.fixture(scope="session")
def go_program(tmp_path_factory: pytest.TempPathFactory) -> str:
    target = tmp_path_factory.mktemp("go") / "client"
    environment = {**os.environ, "CGO_ENABLED": "0"}
    subprocess.run(["go", "build", "-o", target, HERE / "client.go"], check=True, env=environment, timeout=90)
    return str(target)


# The nameserver as resolv.conf has it, and as a program that is told of it has it, where resolv.conf's answers nothing.
WAYS = pytest.mark.parametrize(
    ("resolv_conf", "env"), [(RESOLV_CONF, {}), (DEAD, {"NAMESERVER": "127.0.0.1:53"})], ids=["resolv.conf", "told"]
)


@WAYS
@AS_REAL
def test_go(shell: Shell, go_program: str, resolv_conf: str, env: dict[str, str]) -> None:
    [[output]] = outputs(shell([[go_program]], resolv_conf=resolv_conf, **env))
    assert json.loads(output) == {
        "payments": ["10.96.20.1"],
        "cassandra.data": CASSANDRA,
        "nope": {"not found": True},
        "SRV": [f"{pod}.:9042" for pod in PODS],
        "page": "payments for payments",
    }


@WAYS
@AS_REAL
def test_node(shell: Shell, resolv_conf: str, env: dict[str, str]) -> None:
    [[output]] = outputs(shell([["node", str(HERE / "client.mjs")]], resolv_conf=resolv_conf, **env))
    host = "payments.shop.svc.cluster.local" if env else "payments"
    assert json.loads(output) == {
        "payments": ["10.96.20.1"],
        "cassandra": CASSANDRA,
        "payments, IPv6": "ENODATA",
        "nope": "ENOTFOUND",
        "SRV": [f"{pod}:9042" for pod in PODS],
        "page": f"payments for {host}",
        **({} if env else {"lookup": ["10.96.20.1"], "lookup, nope": "ENOTFOUND"}),
    }
