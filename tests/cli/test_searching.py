"""`candidates` and `explain`."""

import os
import pty
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from typing import get_args

import pytest

from k8sresolve import explanations
from k8sresolve.cli import searching
from k8sresolve.errors import Outcome, Reason
from k8sresolve.testing import Cluster

NO_SHAPE = "no name under cluster.local has this shape"
SHOP = "shop.svc.cluster.local"


def test_candidates_are_listed_with_what_is_left_out(offline):
    ran = offline("candidates", "payments")
    assert ran.out.splitlines() == [
        "CANDIDATE                         ASKED    WHY",
        "payments.shop.svc.cluster.local.  yes      search domain shop.svc.cluster.local",
        f"payments.svc.cluster.local.       skipped  search domain svc.cluster.local: {NO_SHAPE}",
        f"payments.cluster.local.           skipped  search domain cluster.local: {NO_SHAPE}",
        "payments.                         yes      as typed, after the search list",
    ]
    assert (ran.status, ran.err) == (0, "")


def test_candidates_follow_the_policy(offline):
    told = offline("--json", "candidates", "payments", "--policy", "glibc").json
    assert list(told) == ["candidates"]
    assert [(candidate["name"], candidate["asked"]) for candidate in told["candidates"]] == [
        ("payments.shop.svc.cluster.local.", True),
        ("payments.svc.cluster.local.", True),
        ("payments.cluster.local.", True),
        ("payments.", True),
    ]


def test_there_are_words_for_every_outcome_and_what_is_no_end_is_temporary():
    assert {*explanations.OUTCOMES} == {*get_args(Outcome)}
    assert {*searching._STATUS} == {"found", *explanations._ENDS}
    assert {*get_args(Outcome)} - {*get_args(Reason), "dangling", "malformed", "overtaken"} < {*searching._STATUS}


def test_explain_tells_of_every_candidate_and_counts_the_questions(offline):
    ran = offline("explain", "payments.shop", "--family", "ipv4")
    skipped = f"search domain cluster.local: {NO_SHAPE}"
    late = "as typed, after the search list; not asked: an earlier one decided"
    assert ran.out.splitlines() == [
        "CANDIDATE                              ASKED    OUTCOME   NAMESERVER  MS   WHY",
        "payments.shop.shop.svc.cluster.local.  A        NXDOMAIN  10.96.0.10  0.5  search domain " + SHOP,
        "payments.shop.svc.cluster.local.       A        found     10.96.0.10  0.5  search domain svc.cluster.local",
        f"payments.shop.cluster.local.           skipped  -         -           -    {skipped}",
        f"payments.shop.                         skipped  -         -           -    {late}",
        "",
        "payments.shop: found 10.96.20.1; 2 questions asked, policy kubernetes",
    ]
    assert (ran.status, ran.err) == (0, "")


def test_one_question_is_no_plural(offline):
    last = offline("explain", "payments", "--family", "ipv4").out.splitlines()[-1]
    assert last == "payments: found 10.96.20.1; 1 question asked, policy kubernetes"


def test_explain_as_json_has_the_records_fields(offline):
    told = offline("explain", "payments", "--family", "ipv4", "--json").json
    first = told["candidates"].pop(0)
    assert first.pop("milliseconds") > 0
    assert first == {
        "name": "payments.shop.svc.cluster.local.",
        "rule": "search domain shop.svc.cluster.local",
        "asked": True,
        "questions": ["A"],
        "outcome": "found",
        "nameserver": "10.96.0.10",
        "age": None,
        "stale": False,
    }
    assert len(told.pop("candidates")) == 3
    assert told == {
        "name": "payments",
        "policy": "kubernetes",
        "outcome": "found",
        "addresses": ["10.96.20.1"],
        "questions": 1,
        "remark": "",
        "advice": "",
    }


@pytest.mark.parametrize(
    ("name", "family", "status", "end"),
    [
        ("nowhere", "both", 1, "nowhere: no such name; 4 questions asked, policy kubernetes"),
        ("payments", "ipv6", 1, "payments: the name exists, but has no address; 2 questions asked, policy kubernetes"),
    ],
)
def test_explain_ends_with_the_lookups_status(offline, name, family, status, end):
    ran = offline("explain", name, "--family", family)
    assert (ran.status, ran.out.splitlines()[-1], ran.err) == (status, end, "")


def test_explain_tells_of_a_nameserver_that_is_closed(run):
    # Port 9 (discard) has nothing behind it.
    ran = run("--nameserver", "127.0.0.1:9", "explain", "payments", "--family", "ipv4", "--timeout", "0.5")
    assert ran.out.splitlines()[-1] == ("payments: no usable answer (unreachable); 1 question asked, policy kubernetes")
    assert (ran.status, ran.err) == (3, "")


@pytest.mark.parametrize("command", ["candidates", "explain"])
def test_what_is_odd_in_resolv_conf_is_noted(run, shop, tmp_path, command):
    path = tmp_path / "resolv.conf"
    path.write_text("nameserver 10.96.0.10\nsearch shop.svc.cluster.local svc.cluster.local\noptions ndots:20\n")
    ran = run("--manifests", shop, "--resolv-conf", str(path), command, "payments")
    assert "payments.shop.svc.cluster.local." in ran.out
    assert ran.out.splitlines()[-1].startswith(f"note: {path}:3: 'ndots:20'")


def test_on_a_terminal_the_last_column_is_wrapped(shop):
    reader, writer = pty.openpty()
    command = [sys.executable, "-m", "k8sresolve", "--manifests", shop, "candidates", "web"]
    environment = {**os.environ, "COLUMNS": "80", "LINES": "24", "NO_COLOR": "1"}
    subprocess.run(command, stdout=writer, env=environment, check=True, timeout=60)
    os.close(writer)
    lines = os.read(reader, 10_000).decode().splitlines()
    os.close(reader)
    assert lines[:3] == [
        "CANDIDATE                       ASKED    WHY",
        "web.default.svc.cluster.local.  yes      search domain default.svc.cluster.local",
        "web.svc.cluster.local.          skipped  search domain svc.cluster.local: no",
    ]
    assert lines[3] == " " * 41 + "name under cluster.local has this shape"


# -- side by side ------------------------------------------------------------------------------------------------------


def test_policies_stand_side_by_side_with_the_order_of_asking(offline):
    ran = offline("explain", "shop", "--compare", "glibc,musl,go,kubernetes")
    # `shop` is a namespace too, so its own node has no data, which ends musl's search.
    assert ran.out.splitlines() == [
        "CANDIDATE                     GLIBC       MUSL        GO          KUBERNETES",
        "shop.shop.svc.cluster.local.  1 NXDOMAIN  1 NXDOMAIN  1 NXDOMAIN  1 NXDOMAIN",
        "shop.svc.cluster.local.       2 NODATA    2 NODATA    2 NODATA    -",
        "shop.cluster.local.           3 NXDOMAIN  -           3 NXDOMAIN  -",
        "shop.                         4 NXDOMAIN  -           4 NXDOMAIN  2 NXDOMAIN",
        "questions                     8           4           8           4",
        "",
        "shop: the name exists, but has no address; 8 questions asked, policy glibc",
        "shop: the name exists, but has no address; 4 questions asked, policy musl",
        "shop: no such name; 8 questions asked, policy go",
        "shop: no such name; 4 questions asked, policy kubernetes",
        "they part ways at shop.svc.cluster.local. (glibc, musl, go: NODATA; kubernetes: not asked)",
    ]
    assert (ran.status, ran.err) == (1, "")


def test_where_policies_do_the_same_nothing_is_said_of_parting(offline):
    assert "part ways" not in offline("explain", "payments.", "--compare", "glibc,go").out


def test_a_comparison_as_json_has_the_explanations(offline):
    told = offline("--json", "explain", "payments", "--compare", "go,musl-1.2.3").json
    assert [item["policy"] for item in told["explain"]] == ["go", "musl-1.2.3"]
    assert {item["outcome"] for item in told["explain"]} == {"found"}


def test_a_comparison_asks_a_real_nameserver(run, nameserver):
    argv = ("--nameserver", nameserver, "--namespace", "shop", "--family", "ipv4", "explain", "payments.shop")
    ran = run(*argv, "--compare", "glibc,musl")
    assert "payments.shop: found 10.96.20.1; 2 questions asked, policy musl" in ran.out
    assert ran.status == 0


def test_each_policy_reads_the_file_as_its_resolver_does(run, shop, tmp_path):
    path = tmp_path / "resolv.conf"
    # Only glibc and Go take the second.
    path.write_text("nameserver 10.96.0.10\nsearch shop.svc.cluster.local\noptions ndots:1 ndots:4\n")
    ran = run("--manifests", shop, "--resolv-conf", str(path), "--json", "explain", "a.b", "--compare", "glibc,musl,go")
    firsts = [item["candidates"][0]["name"] for item in ran.json["explain"]]
    assert firsts == ["a.b.shop.svc.cluster.local.", "a.b.", "a.b.shop.svc.cluster.local."]
    assert (
        run("--manifests", shop, "--resolv-conf", str(path), "--policy", "musl", "candidates", "a.b").out.count("a.b")
        == 1
    )


@pytest.mark.parametrize(
    ("policy", "end"),
    [
        (["--policy", "go"], "failed for now (servfail), and go reports 'no such name' all the same: this may pass"),
        ([], "programs on go may be told 'no such name' here, though it is a temporary failure"),
    ],
)
def test_a_temporary_failure_that_looks_like_no_such_name_is_noted(run, policy, end):
    def handle(message):
        return servfail(message) if b"payments\x04shop\x03svc" in message else nxdomain(message)

    with scripted(handle) as nameserver:
        ran = run("--nameserver", nameserver, "--namespace", "shop", "--timeout", "2", *policy, "explain", "payments")
    assert ran.out.splitlines()[-1].startswith("note: ")
    assert ran.out.splitlines()[-1].endswith(end)


@contextmanager
def scripted(handle):
    """Answer by `handle`, bytes to bytes, on loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))

        def serve():
            while True:
                message, peer = sock.recvfrom(4096)
                if not message:
                    return
                sock.sendto(handle(message), peer)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"127.0.0.1:{sock.getsockname()[1]}"
        finally:
            sock.sendto(b"", sock.getsockname())
            thread.join()


def answered(message, rcode):
    end = message.index(b"\0", 12) + 5
    return message[:2] + bytes([0x84, rcode]) + b"\0\1" + bytes(6) + message[12:end]


def servfail(message):
    return answered(message, 2)


def nxdomain(message):
    return answered(message, 3)


OUTSIDE = "@ 300 SOA ns hostmaster 1 7200 1800 86400 300\napi 60 A 192.0.2.7\n"
TO_ADD = (
    "note: set K8SRESOLVE_ABSOLUTE=example.com, or take "
    'attrs.evolve(load_config(), absolute=["example.com"]), for names under example.com to be asked as typed only'
)


@pytest.fixture
def outside(run, shop, tmp_path, monkeypatch):
    """Run the command in a pod whose nameserver knows `api.example.com`, for IPv4."""
    monkeypatch.delenv("K8SRESOLVE_ABSOLUTE", raising=False)
    file = tmp_path / "resolv.conf"
    file.write_text(f"nameserver 10.96.0.10\nsearch {SHOP} svc.cluster.local cluster.local\noptions ndots:5\n")
    with Cluster.from_manifests(shop, upstream={"example.com": OUTSIDE}).serve() as server:
        where = ("--resolv-conf", str(file), "--nameserver", f"{server.host}:{server.port}")
        yield lambda *argv: run(*where, *argv, *(["--family", "ipv4"] if argv[0] == "explain" else []))


def test_explain_says_what_to_add_for_a_host_outside_once(outside):
    lines = outside("explain", "api.example.com").out.splitlines()
    assert lines[-2:] == ["api.example.com: found 192.0.2.7; 2 questions asked, policy kubernetes", TO_ADD]
    lines = outside("explain", "api.example.com", "--compare", "glibc,go,kubernetes").out.splitlines()
    assert lines.count(TO_ADD) == 1


def test_with_the_variable_set_there_is_one_candidate_and_explain_says_why(outside, monkeypatch):
    monkeypatch.setenv("K8SRESOLVE_ABSOLUTE", "example.com")
    ran = outside("explain", "api.example.com")
    header, row, blank, end = ran.out.splitlines()
    assert header.split() == ["CANDIDATE", "ASKED", "OUTCOME", "NAMESERVER", "MS", "WHY"]
    assert row.startswith("api.example.com.  A      found    127.0.0.1:")
    assert row.endswith("  as typed, names under example.com are absolute")
    assert (blank, end) == ("", "api.example.com: found 192.0.2.7; 1 question asked, policy kubernetes")
    assert outside("candidates", "api.example.com").out.splitlines()[1:] == [
        "api.example.com.  yes    as typed, names under example.com are absolute"
    ]


def test_a_variable_that_holds_no_domain_is_wrong_usage(outside, monkeypatch):
    monkeypatch.setenv("K8SRESOLVE_ABSOLUTE", "*.example.com")
    ran = outside("explain", "api.example.com")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith("k8sresolve: K8SRESOLVE_ABSOLUTE in the environment: '*.example.com' is no domain; give ")
