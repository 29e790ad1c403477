"""`wait` and `watch`."""

import json
import signal
import socket

import pytest

from k8sresolve.testing import Cluster, headless


def test_wait_shows_the_endpoints_that_came(offline):
    ran = offline("wait", "cassandra.data", "--port", "cql", "--at-least", "3")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.splitlines()[:2] == [
        "ADDRESS      PORT  HOSTNAME     NAME",
        "10.244.1.21  9042  cassandra-0  cassandra-0.cassandra.data.svc.cluster.local",
    ]
    assert [row["hostname"] for row in offline("--json", "wait", "cassandra.data").json["endpoints"]] == [None] * 3


def test_wait_ends_with_status_3_where_it_was_in_vain(offline):
    ran = offline("wait", "cassandra.data", "--port", "cql", "--at-least", "4", "--timeout", "20")
    assert (ran.status, ran.out) == (3, "")
    assert "3 of 4 endpoints after 20 s: 3 endpoints (7 times)" in ran.err
    assert "kubectl -n data get endpointslices" in ran.err
    assert "after 60 s" in offline("wait", "nothing.here").err
    assert "after 20 s" in offline("--timeout", "20", "wait", "nothing.here").err


def test_of_a_clusterip_without_a_port_wait_says_what_dns_cannot_tell(offline):
    ran = offline("wait", "payments")
    assert (ran.status, ran.out) == (0, "payments exists; DNS cannot tell whether a pod is ready\n")
    assert offline("wait", "payments", "--port", "http").status == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["payments", "--at-least", "2"], "it has a ClusterIP"),
        (["payments", "--at-least", "0"], "at_least=0"),
        (["payments", "--port", "a b"], "no port name"),
        (["a..b"], "a..b"),
    ],
)
def test_what_cannot_be_waited_for_is_status_2(offline, arguments, says):
    ran = offline("wait", *arguments)
    assert ran.status == 2
    assert says in ran.err


def test_watch_prints_what_is_there(offline):
    ran = offline("watch", "cassandra.data", "cql")
    assert (ran.status, ran.err) == (0, "")
    added = [f"+10.244.{number + 1}.21:9042 (cassandra-{number})" for number in range(3)]
    assert ran.out[8:] == "  ".join(["", "3 endpoints", *added]) + "\n"
    told = offline("--json", "watch", "cassandra.data", "cql").json
    assert (len(told["current"]), len(told["added"]), told["removed"]) == (3, 3, [])
    assert (told["stale"], told["cause"]) == (False, None)


def test_watch_of_a_port_that_can_never_be_there_is_status_1(offline):
    ran = offline("watch", "billing", "http")
    assert ran.status == 1
    assert "an ExternalName has no ports in DNS" in ran.err


COREFILE = ".:53 {\n  kubernetes cluster.local {\n    ttl 0\n  }\n}\n"
IMPATIENT = "from k8sresolve.cli import main, watching; watching._PATIENCE = 0.1; main.entry()"


def test_watch_prints_a_line_a_change_until_it_is_interrupted(start):
    cluster = Cluster.new(headless("db.shop", sql=5432, pods=1), corefile=COREFILE)
    with cluster.serve() as server:
        options = ("--nameserver", str(server.nameserver), "--json")
        run = start(*options, "watch", "db.shop", "sql")
        first = json.loads(run.stdout.readline())
        cluster.scale("shop/db", 2)
        second = json.loads(run.stdout.readline())
        run.send_signal(signal.SIGINT)
        out, err = run.communicate(timeout=30)
    assert [len(first["current"]), len(second["added"])] == [1, 1]
    assert (run.returncode, out, err) == (130, "", "")


def test_watch_says_so_where_no_answer_comes(start):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        run = start("--nameserver", f"127.0.0.1:{silent.getsockname()[1]}", "watch", "a.b", program=("-c", IMPATIENT))
        assert run.stderr.readline() == "k8sresolve: a.b: no answer yet; `k8sresolve explain a.b` says why\n"
        run.send_signal(signal.SIGINT)
        assert run.communicate(timeout=30) == ("", "")
    assert run.returncode == 130
