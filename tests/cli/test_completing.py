"""`completion`: the scripts, and what they are told of the word at the cursor."""

import json
import shutil
from pathlib import Path

import pytest

from k8sresolve.cli import main as command
from k8sresolve.cli.completing import SCRIPTS, answer, complete

PARSER = command._parser()


@pytest.fixture
def in_a_folder(tmp_path, monkeypatch):
    """Stand in a folder of the test's own, whose path may have a space in it: its files have none."""
    monkeypatch.chdir(tmp_path)


def offered(line):
    """The words for the last word of the line."""
    *before, word = line.split(" ")
    return [text for text, _ in complete(PARSER, before, word).words if text.startswith(word)]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("cand", ["candidates"]),
        ("se", ["service", "serve"]),
        ("-n shop cand", ["candidates"]),
        ("-nshop cand", ["candidates"]),
        ("--namespace=shop cand", ["candidates"]),
        ("-R cand", ["candidates"]),
        ("-Rn shop cand", ["candidates"]),
        ("-n ", []),
        ("service --por", ["--port"]),
        ("service payments --por", ["--port"]),
        ("port --por", []),
        ("explain --policy ", ["kubernetes", "glibc", "musl", "musl-1.2.3", "go"]),
        ("explain --policy m", ["musl", "musl-1.2.3"]),
        ("explain --policy=m", ["--policy=musl", "--policy=musl-1.2.3"]),
        ("--family ipv4 explain a --policy k", ["kubernetes"]),
        ("explain --compare mu", ["musl", "musl-1.2.3"]),
        ("explain --compare glibc,g", ["glibc,glibc", "glibc,go"]),
        ("port a http --protocol s", ["sctp"]),
        ("completion ", ["bash", "zsh", "fish"]),
        ("completion bash ", []),
        ("check -o js", ["json"]),
        ("check --fail-on ", ["error", "warning", "never"]),
        ("service -- --por", []),
        ("no-such-command --", []),
        ("service --no-such-option=", []),
        ("service --json=", []),
        ("--ver", ["--version"]),
    ],
)
def test_words_are_offered(line, words):
    assert offered(line) == words


@pytest.mark.parametrize(
    ("line", "paths", "prefix"),
    [
        ("-f ", "files", ""),
        ("--manifests=de", "files", "--manifests="),
        ("-R -f a -f ", "files", ""),
        ("-k ", "directories", ""),
        ("check ", "files", ""),
        ("check a b ", "files", ""),
        ("check -- -", "files", ""),
        ("lint ", "files", ""),
        ("lint a ", "", ""),
        ("check -o sarif=", "files", "sarif="),
        ("check --output=sarif=re", "files", "--output=sarif="),
        ("service ", "", ""),
        ("probe web http --path ", "", ""),
        ("--env A=", "", ""),
    ],
)
def test_paths_are_left_to_the_shell(line, paths, prefix):
    *before, word = line.split(" ")
    offer = complete(PARSER, before, word)
    assert (offer.paths, offer.prefix) == (paths, prefix)


def test_each_command_and_option_has_its_meaning_beside_it():
    assert ("service", "show a Service's addresses, and the ports named") in complete(PARSER, [], "").words
    options = dict(complete(PARSER, ["explain"], "-").words)
    assert options["--manifests"] == options["-f"] == "answer from manifests, as CoreDNS would"
    assert options["--policy"] == "how hosts are searched"
    assert all(meaning and "%" not in meaning for meaning in options.values())


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("service pay", ["payments.shop"]),
        ("-n shop service pay", ["payments"]),
        ("explain --namespace=shop orders pay", ["payments"]),
        ("check --service cas", ["cassandra.data"]),
        ("addresses -nshop cas", ["cassandra.data"]),
        ("-n s", ["shop"]),
        ("service x --from d", ["data", "default"]),
        ("port payments ", []),
    ],
)
def test_names_are_those_of_the_manifests_given(shop, in_a_folder, line, names):
    shutil.copy(shop, "shop.yaml")
    assert offered(f"-f shop.yaml {line}") == offered(f"--manifests=shop.yaml {line}") == names


def test_without_manifests_that_can_be_read_no_name_is_known(shop, in_a_folder):
    shutil.copy(shop, "shop.yaml")
    Path("bad.yaml").write_text("kind: [")
    Path("folder").mkdir()
    Path("folder/other.txt").write_text("")
    for before in (
        "",
        "-f - ",
        "-f nowhere.yaml ",
        "-f bad.yaml ",
        "-f folder ",
        "-n A.B -f shop.yaml ",
    ):
        assert offered(f"{before}service ") == []


def test_a_name_that_a_shell_might_take_for_more_is_none(in_a_folder):
    metadata = {"name": "$(reboot)", "namespace": "shop"}
    service = {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"clusterIP": "10.96.0.7"}}
    Path("service.json").write_text(json.dumps(service))
    assert offered("-f service.json service ") == ["kubernetes"]


def test_a_script_is_told_paths_first_and_then_words(run):
    assert run("__complete", "fish", "completion", "z").out == "\t\nbash\t\nzsh\t\nfish\t\n"
    assert run("__complete", "zsh", "--manifests=d").out == "files\t--manifests=\n"
    assert run("__complete", "bash", "completion", "z").out == "\t\nzsh\t\n"


def test_bash_takes_words_apart_at_its_signs_and_gets_what_is_behind_the_last():
    for words in (["explain", "--policy", "=", "gl"], ["explain", "--policy", "gl"]):
        assert answer(PARSER, ["bash", *words]).splitlines()[1:] == ["glibc\t"]
    assert answer(PARSER, ["bash", "--policy", "="]).splitlines()[1].startswith("kubernetes\t")
    assert answer(PARSER, ["bash", "check", "-o", "sarif", "="]).splitlines()[0] == "files\tsarif="
    assert answer(PARSER, ["bash", "--nameserver", "10.0.0.1", ":", "53", "cand"]).splitlines()[1:] == [
        "candidates\tlist the absolute names that a host name may stand for, and ask nothing"
    ]


@pytest.mark.parametrize("asked", [[], ["bash"], ["zsh", ""], ["fish", ""]])
def test_nothing_typed_is_answered_with_the_commands(asked):
    assert answer(PARSER, asked).splitlines()[1].startswith("service\t")


@pytest.mark.parametrize("shell", SCRIPTS)
def test_each_shell_has_a_script_that_asks_the_command(run, shell):
    ran = run("completion", shell)
    assert (ran.status, ran.err) == (0, "")
    assert f"__complete {shell} " in ran.out
    assert f"completion {shell}" in ran.out.splitlines()[0] + ran.out.splitlines()[1]


def test_no_other_shell_has_one(run):
    assert run("completion", "tcsh").status == 2
