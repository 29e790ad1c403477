"""`serve`: a real nameserver, until it is interrupted: what it shows, what it follows, and what goes wrong as told."""

import json
import os
import pty
import re
import signal
import socket
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dns.exception
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import pytest

from k8sresolve.cli import fault_option
from k8sresolve.cli.fault_option import add_fault
from k8sresolve.errors import ConfigError
from k8sresolve.testing import Cluster, Which
from k8sresolve.testing.network.faults import KINDS
from tests.ports import apart

PAYMENTS = "payments.shop.svc.cluster.local."


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
        out, err = process.communicate(timeout=30)
    assert (out.count("payments"), err, process.returncode) == (3, "", 0)


def test_it_listens_where_it_is_told(serve, run):
    port = apart()
    process = serve("--listen", f"127.0.0.1:{port}", "--cluster-domain", "k8s.corp")
    assert _port(process) == port
    ran = run(
        "--nameserver", f"127.0.0.1:{port}", "--cluster-domain", "k8s.corp", "port", "payments.shop", "grpc", "--json"
    )
    assert ran.json["number"] == 9090


def test_where_it_listens_is_told_as_json(serve):
    process = serve("--json")
    told = json.loads(process.stdout.readline())
    assert list(told) == ["schema_version", "host", "port"]
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
    assert run("serve") == (2, "", "k8sresolve: serve has nothing to answer from; give -f PATH, or -k DIR\n")


def test_an_ipv6_address_stands_in_brackets(run, shop):
    ran = run("serve", "--manifests", shop, "--listen", "[2001:db8::1]:5353")
    assert ran.err.startswith("k8sresolve: '2001:db8::1' is neither a loopback nor a private address")


def test_an_address_that_anyone_may_ask_at_is_meant_with_open_and_is_warned_of(run, shop, start):
    ran = run("serve", "--manifests", shop, "--listen", "0.0.0.0:0")
    assert ran.status == 2
    assert ran.err == (
        "k8sresolve: '0.0.0.0' is neither a loopback nor a private address, and anyone may ask there; give such an "
        "address, or --open where that is meant\n"
    )
    process = start("serve", "--manifests", shop, "--listen", "0.0.0.0:0", "--open")
    warning = "k8sresolve: --open: whoever reaches 0.0.0.0 may ask, and learns what the manifests have\n"
    assert process.stderr.readline() == warning
    assert ask(int(process.stdout.readline().split()[2].rpartition(":")[2])) == "10.96.20.1"


def ask(port: int, name: str = PAYMENTS, rdtype: str = "A", timeout: float = 10.0) -> str:
    """Ask, and write the answer: the records' data, or the rcode."""
    reply = dns.query.udp(dns.message.make_query(name, rdtype), "127.0.0.1", port=port, timeout=timeout)
    return " ".join(str(record) for rrset in reply.answer for record in rrset) or dns.rcode.to_text(reply.rcode())


# -- what it shows -----------------------------------------------------------------------------------------------------


def test_queries_are_shown_in_columns_as_they_come(serve):
    process = serve("--fault", "drop AAAA", "--fault", "delay 0.001 TXT")
    port = _port(process)
    ask(port)
    ask(port, "nope.shop.svc.cluster.local.")
    with pytest.raises(dns.exception.Timeout):
        ask(port, rdtype="AAAA", timeout=0.05)
    ask(port, "_http._tcp.payments.shop.svc.cluster.local.", "SRV")
    ask(port, rdtype="TXT")
    lines = [process.stdout.readline().rstrip("\n") for _ in range(6)]
    assert lines[0] == f"{'TIME':12}  CLIENT     OVER  TYPE  OUTCOME   {'NAME':40}  ANSWER"
    assert all(re.fullmatch(r"\d\d:\d\d:\d\d\.\d{3}  127\.0\.0\.1  udp   .*", line) for line in lines[1:])
    assert [line[31:] for line in lines[1:]] == [
        f"A     NOERROR   {PAYMENTS:40}  10.96.20.1",
        "A     NXDOMAIN  nope.shop.svc.cluster.local.",
        f"AAAA  dropped   {PAYMENTS}",
        f"SRV   NOERROR   _http._tcp.{PAYMENTS}  0 100 80 {PAYMENTS}",
        f"TXT   NODATA    {PAYMENTS:43}  (fault: delay)",
    ]


def test_queries_are_shown_as_json_one_in_a_line_with_the_fields_of_coredns(serve):
    process = serve("--json", "--fault", "SERVFAIL AAAA", "--fault", "drop TXT", "--fault", "delay 0.001 SRV")
    port = json.loads(process.stdout.readline())["port"]
    before = datetime.now(UTC)
    query = dns.message.make_query(PAYMENTS, "A", use_edns=0, payload=1400, want_dnssec=True)
    with socket.socket(type=socket.SOCK_DGRAM) as asking:
        asking.sendto(query.to_wire(), ("127.0.0.1", port))
        reply, client_port = asking.recv(4096), asking.getsockname()[1]
    ask(port, rdtype="AAAA")
    with pytest.raises(dns.exception.Timeout):
        ask(port, rdtype="TXT", timeout=0.05)
    ask(port, "_http._tcp.payments.shop.svc.cluster.local.", "SRV")
    ask(port, "nowhere.shop.svc.cluster.local.", "MX")
    a, aaaa, txt, srv, mx = (json.loads(process.stdout.readline()) for _ in range(5))
    assert before <= datetime.fromisoformat(a.pop("time")) <= datetime.now(UTC)
    assert 0 <= a.pop("duration_seconds") < 5
    assert a == {
        "schema_version": 1,
        "level": "INFO",
        "plugin": "log",
        "client_ip": "127.0.0.1",
        "client_port": client_port,
        "qname": PAYMENTS,
        "qtype": "A",
        "qclass": "IN",
        "protocol": "udp",
        "id": query.id,
        "opcode": 0,
        "request_size": len(query.to_wire()),
        "dnssec_ok": True,
        "bufsize": 1400,
        "rcode": "NOERROR",
        "response_size": len(reply),
        "outcome": "NOERROR",
        "records": [f"{PAYMENTS} 30 A 10.96.20.1"],
        "faults": [],
    }
    assert (aaaa["rcode"], aaaa["outcome"], aaaa["records"], aaaa["faults"]) == ("SERVFAIL", "SERVFAIL", [], ["rcode"])
    assert (txt["rcode"], txt["outcome"], txt["response_size"], txt["faults"]) == (None, "dropped", 0, ["drop"])
    assert srv["duration_seconds"] >= 0.001
    assert (mx["rcode"], mx["bufsize"]) == ("NXDOMAIN", 512)


def test_its_fields_and_their_types_are_those_of_coredns(serve):
    log = Path(__file__).parent / "logs/json.log"
    theirs = next(line for line in map(json.loads, log.read_text().splitlines()) if "qname" in line)
    process = serve("--json")
    ask(json.loads(process.stdout.readline())["port"])
    ours = json.loads(process.stdout.readline())
    assert {key: type(value) for key, value in theirs.items() if key != "msg"} == {
        key: type(value) for key, value in ours.items() if key not in ("schema_version", "outcome", "records", "faults")
    }


@pytest.mark.parametrize(
    ("environment", "coloured"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True), ({"TERM": "dumb"}, False)],
    ids=["terminal", "NO_COLOR", "empty NO_COLOR", "dumb terminal"],
)
def test_only_a_terminal_that_wants_colours_has_them(start, shop, monkeypatch, environment, coloured):
    for name, value in {"TERM": "xterm", "COLUMNS": "100", "NO_COLOR": "", **environment}.items():
        monkeypatch.setenv(name, value)
    ours, theirs = pty.openpty()
    process = start("serve", "--manifests", shop, stdout=theirs)
    os.close(theirs)
    with os.fdopen(ours, encoding="utf-8") as terminal:
        port = int(terminal.readline().split()[2].rpartition(":")[2])
        ask(port, "_cql._tcp.cassandra.data.svc.cluster.local.", "SRV")
        shown = [terminal.readline() for _ in range(2)]
        process.terminate()
        process.wait(30)
    assert ("\033[32mNOERROR" in shown[1], "\033[" in "".join(shown)) == (coloured, coloured)
    plain = re.sub(r"\033\[\d*m", "", shown[1]).rstrip("\r\n")
    assert len(plain) == 100
    assert plain.endswith("...")


def test_it_ends_when_nobody_reads_any_more(serve):
    process = serve()
    port = _port(process)
    process.stdout.close()
    ask(port)
    assert process.wait(30) == 141
    assert process.stderr.read() == ""


# -- what it follows ---------------------------------------------------------------------------------------------------


@pytest.fixture
def edited(shop: str, tmp_path: Path) -> Path:
    """A copy of the example cluster's manifests, alone in a directory."""
    path = tmp_path / "manifests" / "shop.yaml"
    path.parent.mkdir()
    path.write_text(Path(shop).read_text())
    return path


@pytest.mark.parametrize("directory", [False, True], ids=["a file", "a directory"])
def test_manifests_that_change_are_read_again(start_quick, edited, directory):
    process = start_quick(
        "serve", "--manifests", str(edited.parent if directory else edited), "--fault", "REFUSED next=2"
    )
    port = _port(process)
    assert ask(port) == "REFUSED"
    edited.write_text(edited.read_text().replace("10.96.20.1\n", "10.96.20.99\n"))
    assert process.stderr.readline() == "k8sresolve: read the manifests again\n"
    assert [ask(port), ask(port)] == ["REFUSED", "10.96.20.99"]  # the fault has kept its count


def test_a_manifest_that_is_added_to_a_directory_is_read(start_quick, edited):
    process = start_quick("serve", "--manifests", str(edited.parent))
    port = _port(process)
    (edited.parent / "note.txt").write_text("no manifest")
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "more", "namespace": "shop"},
        "spec": {"clusterIP": "10.96.20.50", "ports": [{"port": 80}]},
    }
    (edited.parent / "more.json").write_text(json.dumps(service))
    process.stderr.readline()
    assert ask(port, "more.shop.svc.cluster.local.") == "10.96.20.50"


def test_a_change_that_is_broken_leaves_what_worked_and_says_why(start_quick, edited):
    process = start_quick("serve", "--manifests", str(edited))
    port = _port(process)
    good = edited.read_text()
    for broken, says in (("{", "not YAML"), ("kind: [Service]", "kind"), (None, "No such file")):
        if broken is None:
            edited.unlink()
        else:
            edited.write_text(broken)
        told = process.stderr.readline()
        assert told.startswith(f"k8sresolve: {edited}")
        assert says in told
        assert told.endswith("; what was read before is still served\n")
        assert ask(port) == "10.96.20.1"
    edited.write_text(good.replace("10.96.20.1\n", "10.96.20.98\n"))
    assert process.stderr.readline() == "k8sresolve: read the manifests again\n"
    assert ask(port) == "10.96.20.98"


# -- --corefile --------------------------------------------------------------------------------------------------------

COREFILE = """.:53 {
    kubernetes k8s.corp {
        ttl 7
    }
}
"""


def test_a_corefile_sets_the_nameserver_up_and_is_followed(start_quick, shop, tmp_path):
    corefile = tmp_path / "Corefile"
    corefile.write_text(COREFILE)
    process = start_quick("serve", "--manifests", shop, "--corefile", str(corefile), "--json")
    port = json.loads(process.stdout.readline())["port"]
    assert ask(port, "payments.shop.svc.k8s.corp.") == "10.96.20.1"
    assert json.loads(process.stdout.readline())["records"] == ["payments.shop.svc.k8s.corp. 7 A 10.96.20.1"]
    corefile.write_text(COREFILE + "}")
    told = process.stderr.readline()
    assert "Corefile" in told
    assert "still served" in told
    corefile.write_text(COREFILE.replace("7", "8"))
    process.stderr.readline()
    ask(port, "payments.shop.svc.k8s.corp.")
    assert json.loads(process.stdout.readline())["records"] == ["payments.shop.svc.k8s.corp. 8 A 10.96.20.1"]


def test_a_corefile_that_cannot_be_used_is_status_2(run, shop, tmp_path):
    bad = tmp_path / "Corefile"
    missing = run("serve", "--manifests", shop, "--corefile", str(bad))
    assert (missing.status, missing.err) == (
        2,
        f"k8sresolve: the Corefile '{bad}' cannot be read: No such file or directory\n",
    )
    bad.write_bytes(b"\xff")
    undecoded = run("serve", "--manifests", shop, "--corefile", str(bad))
    assert undecoded.err == f"k8sresolve: the Corefile '{bad}' is no text in UTF-8\n"
    bad.write_text(". {")
    assert run("serve", "--manifests", shop, "--corefile", str(bad)).status == 2
    both = run("serve", "--manifests", shop, "--corefile", str(bad), "--cluster-domain", "k8s.corp")
    assert both.err.startswith("k8sresolve: --cluster-domain and --corefile exclude each other; ")


# -- --fault -----------------------------------------------------------------------------------------------------------


def test_a_fault_acts_from_the_start(serve):
    port = _port(
        serve("--fault", "SERVFAIL payments.shop.svc.cluster.local A next=1", "--fault", "refuse transport=tcp")
    )
    assert [ask(port), ask(port)] == ["SERVFAIL", "10.96.20.1"]
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


@pytest.mark.parametrize(
    ("words", "faults"),
    [
        ("drop", ["<drop: 0 hit>"]),
        ("DROP aaaa next=2", ["<drop AAAA next=2: 0 hit>"]),
        ("delay 0.5s *.shop.svc.cluster.local", ["<delay *.shop.svc.cluster.local.: 0 hit>"]),
        ("drip 1 A nameserver=10.96.0.10", ["<drip A transport=tcp nameserver=10.96.0.10: 0 hit>"]),
        ("wrong-id then_reply=yes every=3", ["<wrong_id every=3: 0 hit>"]),
        ("refused localhost. probability=0.25 seed=3", ["<rcode localhost. probability=0.25: 0 hit>"]),
        ("reorder within=0.1 lasting=5s", ["<reorder transport=udp: 0 hit>"]),
        ("rcode refused A", ["<rcode A: 0 hit>"]),
        ("conntrack-race", ["<drop AAAA transport=udp every=2: 0 hit>"]),
        ("rolling_restart away=3", ["<drop nameserver=10.244.0.2: 0 hit>"]),
    ],
)
def test_a_fault_in_words_is_that_of_the_network(shop, words, faults):
    cluster = Cluster.from_manifests(shop)
    add_fault(cluster, words)
    assert list(map(repr, cluster.network._standing)) == faults


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("", "it says nothing"),
        ("lose A", "there is no fault 'lose'"),
        ("drop A AAAA", "it is about one name and one type, and not about A AAAA"),
        ("drop AAA", "there is no record type 'AAA'"),
        ("drop a..b", "no query can be for 'a..b'"),
        ("drop nxt=1", "there is no nxt=; use one of next, every, "),
        ("drop next=x", "next cannot be 'x'"),
        ("drop next=0", "next=0 hits nothing"),
        ("drop away=1", "drop takes no away"),
        ("wrong_id then_reply=perhaps", "then_reply cannot be 'perhaps'"),
        ("delay", "delay takes a number of seconds first"),
        ("delay A", "delay takes a number of seconds first"),
        ("delay -1", "a reply cannot come -1.0 s after its query"),
        ("refuse next=1", "refuse takes no next"),
        ("conntrack_race A", "conntrack_race takes no name, as 'A' seems to be"),
        ("reset transport=udp", "reset cannot happen over udp"),
        ("drop 'A", "No closing quotation"),
    ],
)
def test_words_that_are_no_fault_are_status_2(run, shop, words, says):
    with pytest.raises(ConfigError):
        add_fault(Cluster.from_manifests(shop), words)
    ran = run("serve", "--manifests", shop, "--fault", words)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith(f"k8sresolve: --fault {words!r}: ")
    assert says in ran.err
    assert ran.err.endswith("; see `k8sresolve serve --help`\n")


def test_the_help_tells_of_every_kind_of_fault_and_every_key(run):
    told = run("serve", "--help").out
    words = set(re.findall(r"[a-z_]+", told[told.index("faults:") :]))
    keys = {"within", "then_reply", "away", "stale"} | set(Which.__annotations__)
    assert set(KINDS) | set(fault_option._STORIES) | keys <= words
    assert max(map(len, told.splitlines())) < 80


def test_standard_input_is_kept_beside_a_file_that_changes(start_quick, edited, tmp_path):
    piped = tmp_path / "piped.json"
    piped.write_text(json.dumps({"kind": "Service", "metadata": {"name": "db"}, "spec": {"clusterIP": "10.96.9.9"}}))
    with piped.open("rb") as stdin:
        process = start_quick("serve", "-f", str(edited), "-f", "-", "-n", "ship", stdin=stdin)
    port = _port(process)
    assert ask(port, "db.ship.svc.cluster.local.") == "10.96.9.9"
    edited.write_text(edited.read_text().replace("10.96.20.1", "10.96.20.99"))
    assert process.stderr.readline() == "k8sresolve: read the manifests again\n"
    assert (ask(port), ask(port, "db.ship.svc.cluster.local.")) == ("10.96.20.99", "10.96.9.9")
