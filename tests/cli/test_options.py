"""The common options, errors and exit statuses."""

import json
import os
import signal
import socket
from pathlib import Path

import pytest
import yaml

import k8sresolve
from k8sresolve.cli.progress import Waiting

ALL = [
    *("service", "port", "ports", "endpoints", "wait", "watch", "addresses", "reverse", "pod", "lookup"),
    *(
        "candidates",
        "explain",
        "probe",
        "lint",
        "check",
        "inventory",
        "diff",
        "doctor",
        "profile",
        "serve",
        "schema",
        "completion",
    ),
]


@pytest.fixture
def resolv_conf(tmp_path: Path) -> str:
    """The resolv.conf of a pod in the namespace data."""
    path = tmp_path / "resolv.conf"
    path.write_text("nameserver 127.0.0.9\nsearch data.svc.cluster.local svc.cluster.local cluster.local\n")
    return str(path)


# -- where options stand -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", [0, 1, 2])
def test_options_stand_before_and_after_the_subcommand(run, shop, place):
    words = ["port", "cassandra", "cql"]
    argv = [*words[:place], "--manifests", shop, "--namespace", "data", "--json", *words[place:]]
    assert run(*argv).json["service"] == "cassandra.data.svc.cluster.local"


def test_an_option_before_the_subcommand_is_kept_beside_others_after_it(run, shop):
    ran = run("--namespace", "data", "--family", "ipv4", "service", "cassandra", "--manifests", shop)
    assert ran.out.startswith("Service    cassandra.data.svc.cluster.local\n")


def test_the_later_of_two_values_wins(offline):
    assert "web.data.svc.cluster.local." in offline("candidates", "web", "--namespace", "data").out


def test_manifests_before_and_after_the_subcommand_are_joined(run, shop, odd):
    assert run("--manifests", odd, "service", "payments.shop", "--manifests", shop).status == 0
    assert run("--manifests", odd, "service", "odd", "--manifests", shop).status == 0
    assert run("service", "odd", "--manifests", shop, "--manifests", odd).status == 0


@pytest.fixture
def with_variable(tmp_path):
    """A ConfigMap whose Corefile serves a zone that a variable tells."""
    corefile = "{$ZONE}:53 {\n hosts {\n  192.0.2.9 a.corp.example\n }\n}\nother.example {\n errors\n}\n"
    metadata = {"name": "coredns", "namespace": "kube-system"}
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"Corefile": corefile}}
    path = tmp_path / "dns.json"
    path.write_text(json.dumps(config))
    return str(path)


def test_f14_a_corefiles_variables_are_those_given_as_options(run, with_variable, monkeypatch):
    monkeypatch.setenv("ZONE", "other.test")
    ask = ("--manifests", with_variable, "addresses", "a.corp.example.", "--family", "ipv4")
    assert run(*ask).status == 0  # nothing is set, so that the zone is the root
    assert run(*ask, "--env", "ZONE=corp.example").status == 0
    assert run("--env", "ZONE=corp.example", *ask, "--env", "ANOTHER=").status == 0
    assert run(*ask, "--env", "ZONE").status == 3  # REFUSED: this environment says other.test
    assert run("--env", "ZONE=corp.example", *ask, "--env", "ZONE=x.test").status == 3


@pytest.mark.parametrize("variable", ["NEVER_SET", "=x", "="])
def test_f14_a_variable_that_has_no_value_is_told(run, shop, variable, monkeypatch):
    monkeypatch.delenv("NEVER_SET", raising=False)
    ran = run("--manifests", shop, "--env", variable, "service", "payments")
    assert (ran.status, ran.err) == (
        2,
        f"k8sresolve: --env {variable}: there is no such variable; give --env NAME=VALUE\n",
    )


def test_offline_the_namespace_is_default_unless_given(run, odd):
    assert run("--manifests", odd, "service", "odd").out.startswith("Service    odd.default.svc.cluster.local\n")


def test_the_cluster_domain_is_the_clusters_too(run, shop):
    ran = run("--manifests", shop, "--cluster-domain", "K8s.Corp.", "service", "payments.shop")
    assert ran.out.startswith("Service    payments.shop.svc.k8s.corp\naddresses  10.96.20.1\n")


def test_a_resolv_conf_gives_the_search_list_offline(run, shop, resolv_conf):
    argv = ("--manifests", shop, "--resolv-conf", resolv_conf, "service", "cassandra")
    assert run(*argv).out.startswith("Service    cassandra.data.svc.cluster.local\n")
    assert run(*argv, "--namespace", "shop").status == 1
    assert run(*argv, "--cluster-domain", "k8s.corp").out.startswith("Service    cassandra.data.svc.k8s.corp\n")


# -- asking a real nameserver ------------------------------------------------------------------------------------------


def test_a_nameserver_is_asked_as_from_a_pod_in_the_namespace_given(run, nameserver):
    assert run("--nameserver", nameserver, "--namespace", "shop", "addresses", "payments").out.startswith(
        "host       payments\nfound as   payments.shop.svc.cluster.local.\naddresses  10.96.20.1\n"
    )
    assert run("--nameserver", nameserver, "port", "payments.shop", "http", "--json").json["number"] == 80


def test_a_nameserver_stands_in_for_those_of_resolv_conf(run, nameserver, resolv_conf):
    ran = run("--resolv-conf", resolv_conf, "--nameserver", nameserver, "explain", "cassandra", "--json").json
    assert ran["candidates"][0]["nameserver"] == nameserver
    assert ran["candidates"][0]["name"] == "cassandra.data.svc.cluster.local."
    assert ran["outcome"] == "found"


# -- exit statuses -----------------------------------------------------------------------------------------------------

NOT_FOUND = [
    ["service", "nowhere"],
    ["service", "payments", "--port", "nowhere"],
    ["service", "payments", "--family", "ipv6"],
    ["port", "payments", "nowhere"],
    ["port", "payments", "http/udp"],
    ["port", "payments", "81"],
    ["lookup", "payments", "TXT"],
    ["ports", "nowhere"],
    ["endpoints", "nowhere"],
    ["endpoints", "cassandra.data", "nowhere"],
    ["addresses", "nowhere.example.com"],
    ["reverse", "192.0.2.1"],
    ["pod", "10.0.0.1", "--namespace", "nowhere"],
]
WRONG = [
    ["service", "a..b"],
    ["service", ""],
    ["service", "x" * 64],
    ["service", "www.example.com"],
    ["service", "b\xfccher"],
    ["service", "payments", "--port", "80"],
    ["service", "payments", "--namespace", "no_namespace"],
    ["port", "payments", "65536"],
    ["port", "payments", "http", "--protocol", "quic"],
    ["port", "payments"],
    ["endpoints", "payments"],
    ["endpoints", "payments", "http"],
    ["addresses", "a b"],
    ["addresses", "shop/payments"],
    ["reverse", "payments"],
    ["pod", "payments"],
    ["candidates", "a..b"],
    ["explain", "x" * 300],
    ["explain", "payments", "--compare", "glibc,bsd"],
    ["explain", "payments", "--compare", ""],
    ["lint", "/nowhere/at/all"],
    ["lint", "/"],
    ["service", "payments", "--policy", "bsd"],
    ["service", "payments", "--family", "ipx"],
    ["service", "payments", "--cluster-domain", "a..b"],
    ["service", "payments", "--timeout", "0"],
    ["service", "payments", "--timeout", "nan"],
    ["service", "payments", "--timeout", "soon"],
    ["service", "payments", "--nameserver", "127.0.0.1"],
    ["service", "payments", "--manifests", "/nowhere/at/all.yaml"],
    ["service", "payments", "--resolv-conf", "/nowhere/at/all"],
    ["service", "payments", "--resolv-conf", "/"],
    ["port", "payments", "http", "more"],
    ["lookup", "payments"],
    ["lookup", "payments", "NONE"],
    ["endpoints"],
    ["nothing"],
    [],
    ["serve", "--listen", "192.0.2.1:0"],
    ["serve", "--listen", "127.0.0.1"],
    ["serve", "--listen", "127.0.0.1:70000"],
    ["serve", "--listen", "::1"],
]


@pytest.mark.parametrize("argv", NOT_FOUND, ids=" ".join)
def test_no_such_name_or_no_data_is_status_1(offline, argv):
    ran = offline(*argv)
    assert (ran.status, ran.out) == (1, "")
    assert ran.err.startswith("k8sresolve: ")
    assert ran.err.count("\n") == 1


@pytest.mark.parametrize("argv", WRONG, ids=lambda argv: ascii(" ".join(argv)[:40]))
def test_what_is_wrong_with_the_question_is_status_2(offline, argv):
    ran = offline(*argv)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.splitlines()[-1].startswith("k8sresolve: ")
    assert "Traceback" not in ran.err


@pytest.mark.parametrize("argv", [*NOT_FOUND, *WRONG], ids=lambda argv: ascii(" ".join(argv)[:40]))
def test_advice_speaks_of_options_and_not_of_python(offline, argv):
    told = offline(*argv).err.splitlines()[-1]
    assert not [word for word in ("namespace=", "domain=", "family=", "()", "ResolverConfig") if word in told]


def test_advice_in_json_speaks_of_options_too(offline):
    told = offline("service", "www.example.com", "--json").json["error"]
    assert "`k8sresolve addresses`" in told["advice"]
    assert told["message"].endswith(f"; {told['advice']}")


def test_a_machine_outside_a_cluster_is_told_what_to_give(run, tmp_path):
    path = tmp_path / "resolv.conf"
    path.write_text("nameserver 127.0.0.1\n")
    ran = run("--resolv-conf", str(path), "service", "payments")
    assert (ran.status, ran.out) == (2, "")
    assert "--cluster-domain" in ran.err
    assert "--nameserver" in ran.err
    assert run("--resolv-conf", str(path), "--cluster-domain", "c.local", "service", "x").err.endswith(
        "the namespace is not known; write svc.ns, or give --namespace\n"
    )


def test_a_resolv_conf_that_is_named_must_be_there(run, nameserver, tmp_path):
    path = str(tmp_path / "missing")
    ran = run("--resolv-conf", path, "--nameserver", nameserver, "addresses", "payments.shop.svc.cluster.local")
    assert ran == (2, "", f"k8sresolve: there is no file {path!r}, or it may not be read\n")


@pytest.mark.parametrize(
    ("text", "said"),
    [("kind: Service\nspec: [\n", "not YAML"), ("- 1\n- 2\n", "no Kubernetes object"), ("\0", "")],
)
def test_a_manifest_that_is_none_is_status_2(run, tmp_path, text, said):
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    ran = run("--manifests", str(path), "service", "payments")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith(f"k8sresolve: {path}")
    assert said in ran.err


@pytest.mark.parametrize("command", [["service", "x"], ["addresses", "x"], ["reverse", "192.0.2.1"], ["pod", "::1"]])
def test_a_closed_nameserver_is_status_3(run, command):
    ran = run("--nameserver", "127.0.0.1:9", "--timeout", "0.5", *command)
    assert (ran.status, ran.out) == (3, "")
    assert "no nameserver can be reached (connection refused)" in ran.err


def test_a_silent_nameserver_is_status_3(run):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        ran = run("--nameserver", f"127.0.0.1:{silent.getsockname()[1]}", "--timeout", "0.2", "service", "x")
    assert ran.status == 3
    assert "no answer in time" in ran.err


@pytest.mark.parametrize(
    ("argv", "argument"),
    [
        (("check", "--inventory", ""), "--inventory"),
        (("diff", "--coredns="), "--coredns"),
        (("-n", "", "service", "payments"), "-n/--namespace"),
        (("check", "-f", ""), "-f/--manifests"),
        (("inventory", ""), "FILE"),
        (("check", ""), "PATH"),
    ],
)
def test_an_empty_value_is_none(offline, argv, argument):
    ran = offline(*argv)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.endswith(f"k8sresolve: argument {argument}: it is empty: give a value, or leave it out\n")


def test_with_json_errors_are_told_on_standard_output_too(offline):
    ran = offline("--json", "service", "nowhere")
    error = ran.json["error"]
    assert ran.status == 1
    assert ran.err == f"k8sresolve: {error['message']}\n"
    assert error["message"].startswith("nowhere: no such name; tried nowhere.shop.svc.cluster.local. (NXDOMAIN")
    assert (error["kind"], error["name"], error["problem"]) == ("NoSuchName", "nowhere", "no such name")
    assert error["attempts"][0]["candidate"] == "nowhere.shop.svc.cluster.local."


@pytest.mark.parametrize("argv", [["service", "a..b"], ["service", "--port"], ["srevice"], ["lint", "/nowhere"]])
@pytest.mark.parametrize("form", ["--json", "-ojson", "-o=yaml"])
def test_whatever_is_wrong_is_told_once(run, argv, form):
    ran = run(*argv, form)
    told = yaml.safe_load(ran.out)  # JSON is YAML, too
    assert told["schema_version"] == 1
    assert told["error"]["message"] in ran.err
    assert ran.status == 2


@pytest.mark.parametrize(
    "argv", [["port", "web", "--", "--"], ["port", "--", "--", "http"], ["lookup", "--", "a", "--"]]
)
def test_an_argument_that_argparse_does_not_keep_is_refused(offline, argv):
    ran = offline(*argv)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.endswith("an argument cannot be '--'\n")


def test_it_is_told_in_the_file_that_was_asked_for(run, tmp_path):
    ran = run("service", "payments", "--bogus", "-o", f"json={tmp_path}/told")
    assert (ran.status, ran.out) == (2, "")
    assert json.loads((tmp_path / "told").read_text())["error"]["kind"] == "UsageError"


def test_where_nothing_can_be_written_that_is_told(run, shop, monkeypatch):
    monkeypatch.setattr("sys.stdout", None)  # as Python has it where that was closed before
    ran = run("--manifests", shop, "pod", "10.0.0.1")
    assert (ran.status, ran.err) == (2, "k8sresolve: cannot write: Bad file descriptor\n")


@pytest.mark.parametrize(
    ("before", "command"), [("--policy", "lint"), ("--nameserver", "check"), ("--json", "inventory")]
)
def test_an_option_that_means_nothing_to_a_command_is_refused_wherever_it_stands(run, before, command):
    value = {"--policy": ["glibc"], "--nameserver": ["10.0.0.1"], "--json": []}[before]
    ran = run(before, *value, command)
    assert (ran.status, ran.err.splitlines()[-1]) == (2, f"k8sresolve: {command} takes no {before}")
    assert run(command, before, *value).status == 2


@pytest.mark.parametrize(("word", "command"), [("svc", "service"), ("ep", "endpoints"), ("po", "pod")])
def test_short_words_of_kubectl_stand_for_commands(offline, word, command):
    argument = "10.0.0.1" if word == "po" else "cassandra.data"
    assert offline(word, argument) == offline(command, argument)


def test_each_form_has_its_file(offline, tmp_path):
    files = [tmp_path / form for form in ("json", "yaml", "name", "wide")]
    ran = offline("service", "payments", "web", "-o", "text", *(w for f in files for w in ("-o", f"{f.name}={f}")))
    assert (ran.status, ran.out.count("Service")) == (0, 2)
    told = [file.read_text() for file in files]
    assert json.loads(told[0]) == yaml.safe_load(told[1])
    assert list(json.loads(told[0])["names"]) == ["payments", "web"]
    assert told[2] == "payments.shop.svc.cluster.local\nweb.shop.svc.cluster.local\n"
    assert "found as   payments.shop.svc.cluster.local." in told[3]


def test_two_forms_that_go_to_one_place_are_refused(offline):
    ran = offline("service", "payments", "-o", "text", "-o", "json")
    assert (ran.status, "two forms go to standard output" in ran.err) == (2, True)


@pytest.mark.parametrize(
    ("argv", "labels"),
    [
        (["service", "payments"], ["asking about payments"]),
        (["explain", "payments", "web"], ["asking about payments", "asking about web"]),
        (["port", "payments", "http"], ["asking"]),
        (["wait", "cassandra.data"], ["waiting for cassandra.data"]),
        (["check"], ["reading manifests", "checking"]),
        (["diff"], ["asking both versions"]),
        (["probe", "payments", "http", "--timeout", "0.01"], ["probing payments"]),
    ],
    ids=lambda value: value[0],
)
def test_what_may_take_long_is_told_on_a_terminal(offline, monkeypatch, argv, labels):
    told = []
    monkeypatch.setattr(Waiting, "__enter__", lambda self: told.append(self._label))
    offline(*argv)
    assert told == labels


# -- as a program ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ALL)
def test_each_subcommand_has_help(run, command):
    ran = run(command, "--help")
    assert ran.status == 0
    assert ran.out.startswith(f"usage: k8sresolve {command} ")


def test_the_help_names_every_subcommand_and_status(run):
    out = run("--help").out
    commands = out[out.index("COMMAND\n") : out.index("common options")]
    assert [line.split()[0] for line in commands.splitlines() if line.startswith("    ") and line[4] != " "] == ALL
    assert [line.split()[0] for line in out.splitlines() if line[:2] == "  " and line[2:3].isdigit()] == list("01234")


def test_the_version_is_printed(run):
    assert run("--version") == (0, f"k8sresolve {k8sresolve.__version__}\n", "")


def test_the_package_runs_as_a_module(start, shop):
    process = start("--manifests", shop, "pod", "10.0.0.1")
    assert process.communicate(timeout=60) == ("10-0-0-1.default.pod.cluster.local\n", "")
    assert process.returncode == 0


def test_a_reader_that_went_away_is_no_error(start, shop):
    reader, writer = os.pipe()
    os.close(reader)
    process = start("--manifests", shop, "pod", "10.0.0.1", stdout=writer)
    os.close(writer)
    assert process.communicate(timeout=60)[1] == ""
    assert process.returncode == 128 + signal.SIGPIPE


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_output_that_cannot_be_written_is_told(start, shop):
    with Path("/dev/full").open("w") as full:
        process = start("--manifests", shop, "pod", "::1", stdout=full.fileno())
    assert process.communicate(timeout=60)[1] == "k8sresolve: cannot write: No space left on device\n"
    assert process.returncode == 2


def test_an_interrupt_ends_a_lookup_quietly(start):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        silent.settimeout(60)
        process = start("--nameserver", f"127.0.0.1:{silent.getsockname()[1]}", "--timeout", "60", "service", "x")
        silent.recv(512)
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=30) == ("", "")
    assert process.returncode == 128 + signal.SIGINT
