"""F12: whatever stands on the command line comes to an exit status and a line that says why, and to no traceback."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from k8sresolve.cli.main import main

# Those that answer or refuse without waiting for anything; `serve` with what it refuses.
COMMANDS = {
    "service": 1,
    "port": 2,
    "ports": 1,
    "endpoints": 2,
    "addresses": 1,
    "reverse": 1,
    "pod": 1,
    "candidates": 1,
    "explain": 1,
    "lint": 1,
    "check": 1,
}
OPTIONS = {
    *("--namespace", "--cluster-domain", "--policy", "--family", "--timeout", "--resolv-conf", "--env", "--manifests"),
    *("-f", "-n", "--from", "--kustomize"),
    *("--port", "--protocol", "--compare", "--listen", "--corefile", "--fault"),
}
SHARED = sorted(OPTIONS - {"--port", "--protocol", "--compare", "--listen", "--corefile", "--fault"})
# But `-`, which is standard input.
TEXTS = [
    *("", " ", "--", ".", "a..b", "a" * 64, "a" * 300, "\n::error::x", "\x1b[2K", "\u202e", "\ud800", "\0", "\udcff"),
    *("é", "payments.shop", "dns/udp", "a/b/c", "10.96.20.1", "::1", "[::1]:99999", "/", "/dev/null", "kubernetes,go"),
    *("nan", "inf", "-1", "0", "1e400", "1" * 5000, "=", "A=", "=A", "{$A}"),
]
ANY_TEXT = (st.sampled_from(TEXTS) | st.text(max_size=10)).filter(lambda text: text != "-")


@pytest.fixture
def small(tmp_path):
    """A manifest that is read at once."""
    path = tmp_path / "small.json"
    metadata = {"name": "payments", "namespace": "shop"}
    path.write_text(json.dumps({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {}}))
    return str(path)


def ran(capsys, argv):
    status = main(argv)
    told = capsys.readouterr()
    assert status in (0, 1, 2, 3)
    for line in (told.out + told.err).split("\n"):
        assert line.isprintable(), ascii(line)
        assert "Traceback" not in line
    return status, told


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("text", TEXTS, ids=ascii)
def test_f12_odd_arguments(capsys, small, command, text):
    ran(capsys, ["--manifests", small, command, *[text] * COMMANDS[command]])


@pytest.mark.parametrize("option", SHARED)
@pytest.mark.parametrize("text", TEXTS, ids=ascii)
def test_f12_odd_options(capsys, small, option, text):
    ran(capsys, ["--manifests", small, "explain", "payments.shop", option, text])


@pytest.mark.parametrize("text", TEXTS, ids=ascii)
def test_f12_odd_options_of_one_command(capsys, small, text):
    ran(capsys, ["--manifests", small, "service", "payments.shop", "--port", text])
    ran(capsys, ["--manifests", small, "port", "payments.shop", "http", "--protocol", text])
    ran(capsys, ["--manifests", small, "explain", "payments.shop", "--compare", text])
    # With a fault that there is not, and an address that cannot be, it never listens.
    for option in ("--listen", "--corefile", "--fault"):
        ran(capsys, ["--manifests", small, "serve", option, text, "--fault", "no fault", "--listen", "192.0.2.1:0"])


@settings(max_examples=2 * settings.default.max_examples, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(sorted(COMMANDS)),
    st.lists(ANY_TEXT, max_size=3),
    st.dictionaries(st.sampled_from(SHARED), ANY_TEXT, max_size=2),
)
def test_f12_so_it_is_with_anything(capsys, small, command, texts, options):
    given_options = [f"{option}={text}" for option, text in options.items()]
    ran(capsys, ["--manifests", small, *given_options, command, *texts])


def test_f12_an_option_that_is_two_hyphens_is_none(capsys, small):
    status, told = ran(capsys, ["--manifests", small, "--env=--", "service", "payments.shop"])
    assert (status, told.err.splitlines()[-1]) == (2, "k8sresolve: argument --env: cannot be '--'")
    for short in ("-f--", "-f=--"):
        status, told = ran(capsys, [short, "service", "payments.shop"])
        assert (status, told.err.splitlines()[-1]) == (2, "k8sresolve: argument -f: cannot be '--'")
