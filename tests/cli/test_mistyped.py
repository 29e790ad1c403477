"""A command or an option that there is not: it is named, with what is like it."""

import pytest


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("srevice payments", "no command 'srevice': did you mean 'service'?"),
        ("-n shop exlain payments", "no command 'exlain': did you mean 'explain'?"),
        ("nothing", "no command 'nothing'"),
        ("help srevice", "no command 'srevice': did you mean 'service'?"),
        ("service payments --prot http", "unknown option --prot: did you mean --port?"),
        ("port payments http --prot=tcp", "unknown option --prot: did you mean --protocol?"),
        ("port --prot tcp payments", "unknown option --prot: did you mean --protocol?"),
        ("--namespce=shop service payments", "unknown option --namespce: did you mean --namespace?"),
        ("service payments --nothing-like-it", "unknown option --nothing-like-it"),
        ("service payments -x", "unknown option -x"),
        ("lookup payments A --port http", "lookup takes no --port"),
        ("lint --nameserver 10.96.0.10", "lint takes no --nameserver"),
    ],
)
def test_what_is_unknown_is_named_with_what_is_like_it(run, line, said):
    ran = run(*line.split(" "))
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.splitlines()[-1] == f"k8sresolve: {said}"


@pytest.mark.parametrize("line", ["service", "port payments", "service payments --port", "service --timeout soon x"])
def test_nothing_is_proposed_where_all_is_known(run, line):
    ran = run(*line.split(" "))
    assert ran.status == 2
    assert "did you mean" not in ran.err
    assert "unknown" not in ran.err


def test_the_usage_above_is_that_of_the_command(run):
    assert run("port", "payments", "http", "--prot", "tcp").err.startswith(
        "usage: k8sresolve port [options] NAME PORT\n"
    )
    assert run("srevice").err.startswith("usage: k8sresolve [options] COMMAND ...\n")


def test_what_stands_behind_two_hyphens_is_no_option(run):
    assert run("service", "payments", "--", "--prot").err.splitlines()[-1].startswith("k8sresolve: ")
    assert "unknown option" not in run("port", "--", "--prot").err


def test_help_is_told_as_kubectl_tells_it(run):
    assert run("help") == run("--help")
    assert run("help", "service") == run("service", "--help")
    assert run("help", "service").out.startswith("usage: k8sresolve service ")
