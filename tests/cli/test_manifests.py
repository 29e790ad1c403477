"""Which manifests are read, by kubectl's options."""

import io
import json
import sys
from pathlib import Path

import pytest

SERVICE = """\
apiVersion: v1
kind: Service
metadata: {name: repo-server}
spec: {clusterIP: 10.96.5.5, ports: [{name: server, port: 8081}]}
---
apiVersion: v1
kind: Service
metadata: {name: fixed, namespace: other}
spec: {clusterIP: 10.96.5.6, ports: [{name: http, port: 80}]}
"""


@pytest.fixture
def applied(tmp_path):
    """A manifest of which one object states no namespace."""
    path = tmp_path / "all.yaml"
    path.write_text(SERVICE)
    return str(path)


@pytest.fixture
def piped(monkeypatch):
    """Give the command standard input."""

    def give(data):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))

    return give


def addresses(ran):
    return ran.json["addresses"] if ran.status == 0 else ran.status


# As after kubectl apply -n ship -f: `repo-server` is in `ship`, where the question comes from, too.
@pytest.mark.parametrize(
    ("options", "name", "found"),
    [
        ([], "repo-server", ["10.96.5.5"]),
        ([], "repo-server.ship", 1),
        (["-n", "ship"], "repo-server", ["10.96.5.5"]),
        (["--namespace", "ship"], "repo-server.ship", ["10.96.5.5"]),
        (["-n", "ship"], "repo-server.default", 1),
        (["-n", "ship"], "fixed.other", ["10.96.5.6"]),
        (["-n", "ship"], "fixed", 1),
        (["-n", "ship", "--from", "other"], "fixed", ["10.96.5.6"]),
        (["-n", "ship", "--from", "other"], "repo-server.ship", ["10.96.5.5"]),
        (["--from", "other"], "repo-server.default", ["10.96.5.5"]),
        (["--from", "other"], "fixed", ["10.96.5.6"]),
    ],
)
def test_the_namespace_of_the_apply_and_where_the_question_comes_from(run, applied, options, name, found):
    assert addresses(run("-f", applied, *options, "service", name, "--json")) == found
    assert addresses(run("service", name, "--json", "--manifests", applied, *options)) == found


def test_without_manifests_both_tell_where_the_question_comes_from(run):
    for options in (["-n", "ship"], ["--from", "ship"], ["-n", "other", "--from", "ship"]):
        ran = run("--nameserver", "127.0.0.9", *options, "candidates", "web")
        assert "web.ship.svc.cluster.local." in ran.out


def test_check_names_the_namespace_of_the_apply(run, applied):
    objects = [finding["object"] for finding in run("check", "-f", applied, "-n", "ship", "--json").json["check"]]
    assert {"Service ship/repo-server", "Service other/fixed"} <= {*objects}
    assert run("check", "--service", "repo-server", "-f", applied, "-n", "ship", "--from", "other").status == 1
    assert (
        "there is no Service other/repo-server"
        in run("check", "--service", "repo-server", "-f", applied, "-n", "ship", "--from", "other").err
    )


def test_standard_input_is_read_beside_files(run, piped, applied):
    web = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {"clusterIP": "10.96.9.9"}}
    piped(json.dumps(web).encode())
    assert addresses(run("-f", applied, "service", "web", "-f", "-", "--json")) == ["10.96.9.9"]
    piped(SERVICE.encode())
    assert addresses(run("-f", "-", "-f", "-", "-n", "ship", "service", "repo-server", "--json")) == ["10.96.5.5"]


def test_standard_input_with_nothing_is_status_2(run, piped):
    piped(b"")
    assert run("-f", "-", "check") == (2, "", "k8sresolve: standard input: there is no Kubernetes object in it\n")


def test_standard_input_without_end_is_status_2(start):
    process = start("-f", "/dev/zero", "check")
    assert "not a regular file" in process.communicate(timeout=60)[1]
    with Path("/dev/zero").open("rb") as endless:
        process = start("-f", "-", "check", stdin=endless)
        assert process.communicate(timeout=60) == ("", "k8sresolve: standard input: more than 268,435,456 octets\n")
    assert process.returncode == 2


def test_of_a_directory_the_own_files_are_read_and_with_r_those_below(run, tmp_path, applied):
    below = tmp_path / "below"
    below.mkdir()
    (below / "web.yaml").write_text(SERVICE.replace("repo-server", "web"))
    assert addresses(run("-f", str(tmp_path), "service", "web", "--json")) == 1
    assert addresses(run("-R", "-f", str(tmp_path), "service", "web", "--json")) == ["10.96.5.5"]
    assert addresses(run("service", "web", "-f", str(tmp_path), "--recursive", "--json")) == ["10.96.5.5"]


def test_a_directory_that_has_manifests_only_below_says_r(run, tmp_path):
    (tmp_path / "below").mkdir()
    (tmp_path / "below/web.yaml").write_text(SERVICE)
    ran = run("-f", str(tmp_path), "check")
    assert ran.status == 2
    assert "no manifests of its own" in ran.err
    assert "give -R" in ran.err


def test_what_is_passed_over_is_told_on_standard_error(start, applied, tmp_path):
    (tmp_path / "values.yaml").write_text("replicas: 2\n")
    out, err = start("-f", str(tmp_path), "service", "repo-server", "--json").communicate(timeout=60)
    assert json.loads(out)["addresses"] == ["10.96.5.5"]
    assert err == f"{tmp_path}/values.yaml, document 1, line 1: no kind: not a Kubernetes object; passed over\n"
