"""`lint`: text, JSON, exit status."""

import io
import json
import sys

import pytest

KUBELET = "search shop.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n"


@pytest.fixture(autouse=True)
def bare_machine(monkeypatch):
    """Let nothing of this machine count."""
    monkeypatch.setattr("_socket.gethostname", lambda: "web-0")


@pytest.fixture
def lint(run, tmp_path):
    """Lint a file with this text; the path is left out of what is printed."""

    def call(text, *argv):
        path = tmp_path / "resolv.conf"
        path.write_text(text)
        ran = run("lint", str(path), *argv)
        return ran._replace(out=ran.out.replace(str(path), "FILE"))

    return call


def test_a_file_in_order_has_nothing_to_improve(lint):
    assert lint("nameserver 10.0.0.1\n") == (0, "FILE: nothing to improve\n", "")


def test_a_remark_alone_is_status_0(lint):
    ran = lint(KUBELET)
    header, row, blank, total = ran.out.splitlines()
    assert header.split() == ["LINE", "SEVERITY", "RULE", "FINDING"]
    assert row.startswith("3     remark    ndots-cost  ndots:5 and this search list make a libc ask")
    assert row.endswith("[resolv.conf(5), ndots]")
    assert (blank, total, ran.status) == ("", "FILE: 1 remark", 0)


@pytest.mark.parametrize(
    ("text", "status", "total"),
    [
        ("nameserver 10.0.0.1\noptions inet6\n", 0, "FILE: 1 warning"),
        ("options rotate\n", 1, "FILE: 1 error, 1 remark"),
        ("nameserver 10.0.0.1\noptions rotate edns0\n", 0, "FILE: 2 remarks"),
    ],
)
def test_errors_are_status_1(lint, text, status, total):
    ran = lint(text)
    assert (ran.status, ran.out.splitlines()[-1], ran.err) == (status, total, "")


def test_a_finding_on_a_variable_names_it_in_place_of_a_line(lint, monkeypatch):
    monkeypatch.setenv("RES_OPTIONS", "inet6")
    assert (
        "RES_OPTIONS  warning   option-unknown  the option 'inet6' is unknown to glibc"
        in lint("nameserver 10.0.0.1\n").out
    )


def test_as_json_each_finding_has_its_fields(lint):
    ran = lint("nameserver 10.0.0.1\noptions inet6\n", "--json")
    (remark,) = json.loads(ran.out)["lint"]
    assert remark.pop("source") == "FILE"
    assert remark == {
        "problem": "the option 'inet6' is unknown to glibc and is ignored",
        "line": 2,
        "text": "options inet6",
        "severity": "warning",
        "advice": "remove it",
        "reference": "resolv.conf(5)",
        "rule": "option-unknown",
    }
    assert ran.status == 0


def test_nothing_is_an_empty_list_in_json(lint):
    assert json.loads(lint("nameserver 10.0.0.1\n", "--json").out) == {"schema_version": 1, "lint": []}


def test_a_file_may_come_by_standard_input_and_this_machines_variables_do_not_count(run, monkeypatch):
    monkeypatch.setenv("RES_OPTIONS", "inet6")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"nameserver 10.0.0.1\n")))
    assert run("lint", "-") == (0, "standard input: nothing to improve\n", "")


def test_standard_input_is_bounded(run, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"#" * (1 << 20) + b"\n")))
    ran = run("lint", "-")
    assert (ran.status, ran.out) == (2, "")
    assert "more than 1,048,576 bytes" in ran.err


def test_without_a_file_it_is_this_machines(run, monkeypatch, tmp_path):
    path = tmp_path / "resolv.conf"
    path.write_text("nameserver 10.0.0.1\n")
    monkeypatch.setattr("k8sresolve._system._resolv_conf", lambda source: (None, ()))
    ran = run("lint")
    assert ran.out.endswith("/etc/resolv.conf: 1 error\n")
    assert "there is no file" in ran.out
    assert ran.status == 1


def test_the_common_option_names_a_file_too(run, tmp_path):
    path = tmp_path / "resolv.conf"
    path.write_text("nameserver 10.0.0.1\n")
    assert run("lint", "--resolv-conf", str(path)).out == f"{path}: nothing to improve\n"


def test_the_help_documents_the_exit_status(run):
    assert "0 where nothing is found that --fail-on names, 1 where something is" in " ".join(
        run("lint", "--help").out.split()
    )
