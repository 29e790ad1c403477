"""`-k`: what kustomize makes, and a program that fails, hangs or never stops."""

import shutil
import time
from pathlib import Path

import pytest

from k8sresolve.cli import kustomizing

MADE = '{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "%s"}, "spec": {"clusterIP": "10.96.4.4"}}'


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """Put shell scripts in place of all programs that PATH has, but for the shell's own."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))

    def put(**scripts):
        for name, script in scripts.items():
            file = folder / name
            file.write_text(f"#!/bin/sh\nPATH=/usr/bin:/bin\n{script}\n")
            file.chmod(0o755)

    return put


@pytest.fixture
def made(run, tmp_path):
    """Ask for a Service of what kustomize makes of a directory."""

    def call(name, directory=None):
        directory = directory or str(tmp_path)
        return run("-k", directory, "service", name, "--json")

    return call


def test_kubectl_is_asked_first(programs, made, tmp_path):
    programs(kubectl=f"[ \"$*\" = 'kustomize -- {tmp_path}' ] && echo '{MADE % 'a'}'", kustomize="exit 9")
    assert made("a").json["addresses"] == ["10.96.4.4"]


def test_kustomize_stands_in_for_kubectl(programs, made, tmp_path):
    programs(kustomize=f"[ \"$*\" = 'build -- {tmp_path}' ] && echo '{MADE % 'b'}'")
    assert made("b").json["addresses"] == ["10.96.4.4"]


def test_without_either_there_is_what_to_do(programs, made, tmp_path):
    ran = made("a")
    assert (ran.status, ran.json["error"]["kind"]) == (2, "ConfigError")
    assert "neither kubectl nor kustomize" in ran.err
    assert f"kubectl kustomize {tmp_path} | k8sresolve service -f -" in ran.err


@pytest.mark.parametrize("directory", ["missing", ""])
def test_a_directory_that_is_not_there_is_status_2(programs, run, directory):
    programs(kubectl="exit 9")
    ran = run("-k", directory, "check")
    assert (ran.status, f"-k {directory}: there is no such directory" in ran.err) == (2, True)


def test_what_it_complains_of_is_told(programs, made, tmp_path):
    programs(kubectl="echo 'Error: no kustomization' >&2; echo more >&2; exit 1")
    said = f"kubectl kustomize {tmp_path} failed: Error: no kustomization; more"
    ran = made("a")
    assert (ran.status, ran.err, ran.json["error"]["message"]) == (2, f"k8sresolve: {said}\n", said)


def test_one_that_fails_without_a_word_tells_its_status(programs, made):
    programs(kubectl="exit 7")
    assert "failed: exit status 7" in made("a").err


def test_one_that_prints_nothing_is_status_2(programs, made):
    programs(kubectl="exit 0")
    assert "there is no Kubernetes object in it" in made("a").err


@pytest.mark.parametrize("itself", ["sleep 300", "exit 0"])
def test_one_that_hangs_is_ended_with_all_that_it_has_started(programs, made, tmp_path, monkeypatch, itself):
    monkeypatch.setattr(kustomizing, "_MOST_SECONDS", 0.5)
    pid = tmp_path / "pid"
    start = kustomizing._started

    def started(*args):
        process = start(*args)
        _wait_until(lambda: pid.exists() and pid.read_text().endswith("\n"))
        return process

    monkeypatch.setattr(kustomizing, "_started", started)
    programs(kubectl=f"sleep 300 & echo $! > '{pid}'; {itself}")
    assert "did not end within" in made("a").err
    child = int(pid.read_text())
    _wait_until(lambda: not _is_there(child))


def _wait_until(is_so):
    until = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.01)


def _is_there(pid):
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False


def test_one_that_never_stops_printing_is_bounded_and_ended(programs, made, monkeypatch):
    monkeypatch.setattr("k8sresolve.testing.objects.files.MAX_OCTETS", 100_000)
    programs(kubectl="exec yes")
    assert "more than 100,000 octets" in made("a").err


def test_a_minute_is_what_it_gets():
    assert kustomizing._MOST_SECONDS == 60


@pytest.mark.skipif(shutil.which("kubectl") is None and shutil.which("kustomize") is None, reason="needs kubectl")
def test_the_real_one_gives_the_names_and_the_namespace_that_it_makes(run, tmp_path):
    (tmp_path / "kustomization.yaml").write_text("namespace: shop\nnamePrefix: eu-\nresources: [web.yaml]\n")
    (tmp_path / "web.yaml").write_text(MADE % "web")
    assert run("-k", str(tmp_path), "service", "eu-web.shop", "--json").json["addresses"] == ["10.96.4.4"]
    assert run("-k", str(tmp_path), "service", "web.default").status == 1
    refused = run("-f", str(tmp_path), "check")
    assert (refused.status, f"give -k {tmp_path}" in refused.err) == (2, True)


def test_manifests_that_are_given_by_path_run_nothing(programs, run, tmp_path):
    programs(kubectl=f"touch '{tmp_path}/ran'")
    (tmp_path / "kustomization.yaml").write_text("resources: [web.yaml]\n")
    assert run("-f", str(tmp_path), "check").status == 2
    assert not (tmp_path / "ran").exists()
