"""`doctor`: the verdict first, the table, what to do; JSON; exit status."""

import socket
import threading

import pytest

from k8sresolve.doctor import exchanges, surroundings
from k8sresolve.testing import Cluster

POD = "search shop.svc.cluster.local svc.cluster.local cluster.local\noptions ndots:5\n"


@pytest.fixture(autouse=True)
def nowhere(monkeypatch, tmp_path):
    """A machine that is no pod and no node, with waits that a test can wait for."""
    monkeypatch.setattr(surroundings, "HOSTS", str(tmp_path / "hosts"))
    monkeypatch.setattr(surroundings, "_KUBELET", str(tmp_path / "kubelet"))
    monkeypatch.setattr(exchanges, "RESENDS", (0.0, 0.02, 0.04))
    monkeypatch.setattr(exchanges, "SILENCE", 0.06)


@pytest.fixture
def cluster(shop):
    return Cluster.from_manifests(shop)


@pytest.fixture
def server(cluster):
    with cluster.serve() as server:
        yield str(server.nameserver)


def test_a_sound_cluster_is_told_verdict_first(run, server):
    ran = run("doctor", "--nameserver", server, "-n", "shop")
    verdict, blank, header, *rows = ran.out.splitlines()
    assert (ran.status, ran.err, blank) == (0, "", "")
    assert verdict == f"sound: {server} knows the cluster domain cluster.local"
    assert header.split() == ["CHECK", "STATE", "SEEN"]
    assert "kubernetes.default    ok     10.96.0.1" in ran.out
    assert "what to do" not in ran.out
    assert rows[-1] == "1 remark, shown by `k8sresolve doctor -o wide`"
    assert not any(row.startswith("resolv.conf") for row in rows)  # none was read


def test_what_is_to_mend_is_told_with_what_to_do(run, server, cluster):
    cluster.network.rcode("SERVFAIL", rdtype="AAAA")
    ran = run("doctor", "--nameserver", server)
    assert ran.status == 1
    assert ran.out.startswith(f"to mend: {server} says SERVFAIL to AAAA kubernetes.default.svc.cluster.local.")
    _, _, advice = ran.out.partition("\nwhat to do:\n")
    assert advice.splitlines()[0].startswith("1. ")
    assert advice.splitlines()[1].startswith("   let it say NODATA")
    assert run("doctor", "--nameserver", server, "-o", "name").out == "aaaa-failing\n"


def test_no_answer_is_status_3(run, server, cluster):
    cluster.network.drop()
    ran = run("doctor", "--nameserver", server)
    assert (ran.status, ran.err) == (3, "")
    assert ran.out.startswith(f"no nameserver answers: {server} (UDP and TCP: no reply)\n")


def test_remarks_are_shown_where_they_are_asked_for(run, server):
    told = run("doctor", "--nameserver", server, "-o", "wide").out
    assert f"\nremarks:\n1. {server} says NXDOMAIN to example.com.\n" in told


def test_a_file_is_judged_with_its_lines(run, server, tmp_path):
    path = tmp_path / "resolv.conf"
    path.write_text("nameserver 127.0.0.1\n" + POD + "options inet6\n")
    ran = run("doctor", "--resolv-conf", str(path), "--nameserver", server)
    assert ran.status == 0  # of another nameserver's file nothing is said
    ran = run("doctor", "--resolv-conf", str(path), "--json")
    assert ran.json["checks"][0]["id"] == "resolv.conf"
    assert "option-unknown" in {finding["rule"] for finding in ran.json["findings"]}


def test_json_has_all_of_it(run, server):
    data = run("doctor", "--nameserver", server, "-n", "shop", "--json").json
    assert list(data) == [
        *("state", "verdict", "place", "namespace", "namespace_from", "cluster_domain", "cluster_domain_from"),
        *("checks", "findings", "times", "questions", "seconds"),
    ]
    assert (data["namespace"], data["cluster_domain"], data["place"]) == ("shop", "cluster.local", "elsewhere")
    assert {check["nameserver"] for check in data["checks"] if check["id"] == "UDP"} == {server}
    assert data["times"]["asked"] == 20
    assert [finding["rule"] for finding in data["findings"]] == ["external-missing"]


@pytest.mark.parametrize("width", ["40", "80", "200"])
def test_no_line_is_wider_than_the_screen(run, server, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", width)
    told = run("doctor", "--nameserver", server, "-o", "wide").out
    words = max(len(word) for word in told.split())
    assert max(map(len, told.splitlines())) <= max(int(width), words + 10)


@pytest.mark.parametrize(
    "argv",
    [
        ["--external", "a..b"],
        ["--external", ""],
        ["--external", "192.0.2.7"],
        ["--nameserver", "dns"],
        ["--resolv-conf", "/nowhere"],
        ["--cluster-domain", "a..b"],
        ["-n", "a.b"],
        ["payments"],
        ["-f", "shop.yaml"],
    ],
)
def test_bad_input_is_status_2(run, argv, monkeypatch):
    monkeypatch.setattr("k8sresolve.doctor.Asker", None)
    ran = run("doctor", *argv)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err


def test_a_password_is_neither_asked_for_nor_told(run, server, cluster):
    ran = run("doctor", "--nameserver", server, "--external", "postgres://app:hunter2@db.example/x")
    assert (ran.status, ran.out, len(cluster.queries)) == (2, "", 0)
    assert "give the host alone: 'db.example'" in ran.err
    assert "hunter2" not in ran.err


def test_what_a_nameserver_says_is_escaped(run):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))

        def serve():
            while (got := sock.recvfrom(4096))[0] != b"end":
                query, peer = got
                end = query.index(b"\0", 12) + 5
                version = query[end - 1] == 3
                record = b"\xc0\x0c\0\x10\0\3\0\0\0\0\0\x08\x07\x1b[2Keek" if version else b""
                counts = bytes((0, 1, 0, version, 0, 0, 0, 0))
                sock.sendto(query[:2] + b"\x84\x00" + counts + query[12:end] + record, peer)

        thread = threading.Thread(target=serve)
        thread.start()
        told = run("doctor", "--nameserver", f"127.0.0.1:{sock.getsockname()[1]}", "--external", "example.org")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"end", sock.getsockname())
        thread.join()
    assert "eek" in told.out
    assert all(line.isprintable() for line in told.out.splitlines())
