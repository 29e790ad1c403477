"""`inventory`, and `check` that holds names against it."""

import io
import json
import sys

import pytest

from tests.testing.checks.objects import namespace, service, told_of

OBJECTS = [namespace("shop"), service()]


@pytest.fixture
def dump(tmp_path):
    path = tmp_path / "dump.json"
    path.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": OBJECTS}))
    return path


@pytest.fixture
def manifests(tmp_path):
    path = tmp_path / "app.json"
    path.write_text(json.dumps(told_of(env={"A": "http://web:80", "B": "http://nobody"})))
    return path


def test_it_is_written_to_standard_output_or_a_file(run, dump, tmp_path):
    ran = run("inventory", str(dump))
    assert (ran.status, ran.err, json.loads(ran.out)["namespaces"]) == (0, "", ["shop"])
    assert run("inventory", str(dump), "-o", str(tmp_path / "out.json")) == (0, "", "")
    assert (tmp_path / "out.json").read_text() == ran.out


def test_it_reads_what_kubectl_pipes_into_it(run, dump, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(dump.read_bytes())))
    assert json.loads(run("inventory").out)["services"][0]["name"] == "web"


@pytest.mark.parametrize(
    ("text", "told"), [("{", "not JSON"), (json.dumps(service()), "no Namespace"), ("", "no Namespace")]
)
def test_what_cannot_be_used_is_an_error(run, tmp_path, text, told):
    (tmp_path / "a.json").write_text(text)
    ran = run("inventory", str(tmp_path / "a.json"))
    assert (ran.status, ran.out) == (2, "")
    assert told in ran.err


def test_check_holds_names_against_it(run, dump, manifests, tmp_path):
    out = tmp_path / "out.json"
    run("inventory", str(dump), "-o", str(out))
    assert run("check", str(manifests)).status == 0
    ran = run("check", str(manifests), "--inventory", str(out), "--json")
    [finding] = ran.json["check"]
    assert (ran.status, finding["rule"], finding["severity"]) == (1, "name-service-missing", "error")


def test_the_setting_counts_from_its_file_and_the_option_wins(run, dump, manifests, tmp_path):
    (tmp_path / "deep").mkdir()
    config = tmp_path / "deep" / ".k8sresolve.toml"
    config.write_text('inventory = "../out.json"')
    run("inventory", str(dump), "-o", str(tmp_path / "out.json"))
    assert run("check", str(manifests), "--config", str(config)).status == 1
    ran = run("check", str(manifests), "--config", str(config), "--inventory", str(tmp_path / "none.json"))
    assert ran.status == 2
    assert "none.json" in ran.err


@pytest.mark.parametrize(("text", "told"), [("{}", "schema_version"), ("x", "not JSON"), ("\0", "not JSON")])
def test_an_inventory_that_cannot_be_read_is_an_error_with_its_file(run, manifests, tmp_path, text, told):
    (tmp_path / "out.json").write_text(text)
    ran = run("check", str(manifests), "--inventory", str(tmp_path / "out.json"))
    assert (ran.status, ran.out) == (2, "")
    assert told in ran.err
    assert "out.json" in ran.err


def test_check_takes_it_from_standard_input(run, dump, manifests, monkeypatch):
    written = run("inventory", str(dump)).out
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(written.encode())))
    ran = run("check", str(manifests), "--inventory", "-")
    assert (ran.status, ran.err) == (1, "")
    assert "nobody" in ran.out
    both = run("check", "-", "--inventory", "-")
    assert (both.status, both.out) == (2, "")
    assert both.err == "k8sresolve: -f and --inventory are both standard input; give one of them as a file\n"
