"""What is told of a resolv.conf, beyond what its reader says."""

import base64
import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from k8sresolve._core.files.lint import lint_resolv_conf
from k8sresolve._core.files.resolv_conf import parse_resolv_conf
from tests.effort import cpu_seconds

CASES = Path(__file__).parents[2] / "golden/resolvconf/cases.jsonl.gz"
KUBELET = "search shop.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n"
OUTSIDE = "nameserver 10.0.0.1\n"
LONG = " ".join(f"zone-{number}.corp.example" for number in range(10))

with gzip.open(CASES, "rt", encoding="utf-8") as lines:
    ROWS = [json.loads(line) for line in lines]


def told(text, **keywords):
    return lint_resolv_conf(text.encode("latin-1"), **keywords)


def only(text, word):
    (remark,) = [remark for remark in told(text) if word in remark.problem]
    return remark


def test_the_kubelets_own_file_is_worth_a_remark_on_ndots_and_no_more():
    (remark,) = told(KUBELET)
    assert (remark.severity, remark.line, remark.text) == ("remark", 3, "options ndots:5")
    # Three search domains, then the name as typed, each with A and AAAA; by `kubernetes` only `api.example.com.svc...`
    # can be an endpoint's name. A full name has four dots.
    assert "questions for svc 2, svc.ns 4, svc.ns.svc.cluster.local 8, api.example.com 8;" in remark.problem
    assert "'kubernetes' svc 2, svc.ns 4, svc.ns.svc.cluster.local 2, api.example.com 4" in remark.problem
    assert "ndots:2" in remark.advice
    assert "svc 2, svc.ns 4, svc.ns.svc.cluster.local 2, api.example.com 2" in remark.advice


def test_a_search_domain_more_costs_two_questions_more_and_is_a_warning():
    remark = only(KUBELET.replace("cluster.local\nname", "cluster.local eu.example\nname"), "ndots:5")
    assert remark.severity == "warning"
    assert "api.example.com 10;" in remark.problem


@pytest.mark.parametrize("text", [OUTSIDE, OUTSIDE + "search corp.example\n", OUTSIDE + "options ndots:5\n"])
def test_nothing_is_told_of_files_that_cost_nothing(text):
    assert told(text) == ()


def test_a_low_ndots_hides_services_from_musl():
    remark = only(KUBELET.replace("ndots:5", "ndots:1"), "musl")
    assert (remark.severity, remark.line) == ("warning", 3)
    assert "'svc.ns' is not found by musl, because it searches for names of fewer than ndots:1 dots" in remark.problem
    assert "svc.ns.svc.cluster.local" in remark.advice


def test_a_list_that_does_not_lead_to_services_is_told():
    remark = only(KUBELET.replace(" svc.cluster.local cluster.local", ""), "'svc.ns'")
    assert "not found by glibc, musl and go, because the search list does not lead to it" in remark.problem
    assert remark.line == 1


def test_a_search_line_that_musl_ignores_is_told_once():
    about_musl = [r for r in told(KUBELET.replace("\nname", f" {LONG}\nname")) if "musl" in r.problem]
    assert [(r.severity, r.line) for r in about_musl] == [("error", 1)]


def test_other_long_lines_that_musl_ignores_are_told_by_what_is_lost():
    text = KUBELET.replace("ndots:5", " ".join(["rotate"] * 40) + " ndots:5")
    assert only(text, "musl takes ndots").problem == "musl takes ndots for 1, and glibc for 5"
    text = OUTSIDE + "nameserver 10.0.0.2 #" + "x" * 300 + "\n"
    assert only(text, "musl asks").problem == "musl asks 10.0.0.1, and glibc 10.0.0.1 10.0.0.2"


@pytest.mark.parametrize(
    ("text", "problem", "severity"),
    [
        ("nameserver 10.0.0.1\nnameserver 127.1\n", "go asks 10.0.0.1, and glibc 10.0.0.1 127.0.0.1", "error"),
        (" nameserver 10.0.0.1\n", "go asks 10.0.0.1, and glibc 127.0.0.1", "error"),
        (OUTSIDE + "domain a.test b.test\n", "musl searches a.test b.test, and glibc a.test", "error"),
        (OUTSIDE + "search a.test\nsearch\n", "go searches nothing, and glibc a.test", "error"),
        (OUTSIDE + "options ndots:3 ndots:4\n", "musl takes ndots for 3, and glibc for 4", "error"),
        (OUTSIDE + "options timeout:0\n", "go takes timeout for 1, and glibc for 0", "remark"),
        (OUTSIDE + "options attempts:9\n", "musl takes attempts for 9, and glibc for 5", "remark"),
    ],
)
def test_where_another_libc_reads_the_file_differently(text, problem, severity):
    remark = only(text, problem)
    assert remark.problem == problem
    assert remark.severity == severity
    assert remark.reference in ("musl, resolvconf.c", "Go, net/dnsconfig.go")


@pytest.mark.parametrize(("option", "default"), [("ndots", 1), ("timeout", 5), ("attempts", 2)])
def test_who_passes_over_an_option_takes_the_default_of_the_man_page(option, default):
    # resolv.conf(5), options; musl reads no line of more than 254 bytes.
    def differs(value):
        remarks = told(f"{OUTSIDE}options {option}:{value} {'rotate ' * 40}\n")
        return [r.problem for r in remarks if r.problem.startswith(f"musl takes {option} ")]

    assert differs(default) == []
    assert differs(4) == [f"musl takes {option} for {default}, and glibc for 4"]


@pytest.mark.parametrize(
    ("text", "problem", "advice", "line"),
    [
        (
            " nameserver 10.0.0.1\n",
            "go asks",
            "write plain addresses, each on a line that begins with 'nameserver'",
            None,
        ),
        ("domain a.test b.test\n", "musl searches", "write one line 'search', with blanks between domains", 2),
        ("options ndots:3 ndots:4\n", "musl takes", "write ndots:N once, with a number that all take", 2),
    ],
)
def test_what_to_do_where_another_libc_reads_the_file_differently(text, problem, advice, line):
    remark = only(OUTSIDE + text if line else text, problem)
    assert (remark.advice, remark.line) == (advice, line)


@pytest.mark.parametrize(("length", "told_as"), [(120, "{}"), (121, "{:.117}...")])
def test_of_a_long_list_the_first_120_characters_are_told(length, told_as):
    labels = ".".join(["a" * 39] * 4)
    domains = f"b.test {labels[: length - len('b.test  a.test')]} a.test"
    assert len(domains) == length
    remark = only(f"{OUTSIDE}domain {domains}\n", "musl searches")
    assert remark.problem == f"musl searches {told_as.format(domains)}, and glibc b.test"


def test_what_cannot_be_printed_is_told_escaped():
    assert only(f"{OUTSIDE}domain a.test b\u00fc\n", "musl searches").problem.startswith(
        "musl searches 'a.test b\\xfc', and glibc"
    )


def test_a_default_by_the_host_name_is_not_musls():
    remarks = told(OUTSIDE, hostname="web.corp.example")
    assert [r.problem for r in remarks] == ["musl searches nothing, and glibc corp.example"]


@pytest.mark.parametrize(
    ("option", "where"),
    [
        ("single-request-reopen", "musl"),
        ("rotate", "musl"),
        ("edns0", "musl"),
        ("no-tld-query", "musl and go"),
        ("strict-error", "musl and go"),
    ],
)
def test_options_that_do_nothing_in_another_libc_are_remarked_on(option, where):
    (remark,) = told(f"{OUTSIDE}options {option}\n")
    assert remark.problem == f"the option {option!r} does nothing in {where}"
    assert (remark.severity, remark.line) == ("remark", 2)
    assert remark.advice == "rely on it for glibc alone"
    sources = {"musl": "musl, resolvconf.c", "go": "Go, net/dnsconfig.go"}
    assert remark.reference == "; ".join(sources[name] for name in where.split(" and "))


def test_no_aaaa_has_its_cve():
    remark = only(OUTSIDE + "options no-aaaa\n", "2,048")
    assert remark.problem == (
        "with 'no-aaaa', glibc 2.36 to 2.38 reads beyond its buffer where a TCP reply has more than 2,048 bytes"
    )
    assert remark.advice == "take care that images have the correction, or leave the option out"
    assert (remark.severity, remark.line, remark.reference) == ("warning", 2, "CVE-2023-4527")


def test_windows_line_ends_are_told_as_what_they_are():
    problems = [r.problem for r in told(KUBELET.replace("\n", "\r\n")) if r.severity == "error"]
    assert len(problems) == 4
    assert sum("carriage return" in problem for problem in problems) == 3
    assert sum("no line names a usable nameserver" in problem for problem in problems) == 1


def test_errors_come_first_then_warnings_then_remarks():
    text = KUBELET.replace("ndots:5", "rotate ndots:5 attempts:0 inet6").replace("cluster.local\n", "cluster.local .\n")
    order = [remark.severity for remark in told(text)]
    assert set(order) == {"error", "warning", "remark"}
    assert order == sorted(order, key=["error", "warning", "remark"].index)


def test_all_that_the_reader_says_is_said():
    for row in ROWS:
        data = None if row.get("file") else base64.b64decode(row["text_b64"])
        read = parse_resolv_conf(data, env=row["env"], hostname=row["hostname"])
        assert {*read.diagnostics} <= {*lint_resolv_conf(data, env=row["env"], hostname=row["hostname"])}, row["id"]


def test_the_lines_on_which_glibc_hangs_are_told_and_no_others():
    seen = [row for row in ROWS if not row.get("file")]
    assert sum("hang" in row["glibc"] for row in seen) > 5
    for row in seen:
        remarks = lint_resolv_conf(base64.b64decode(row["text_b64"]), env=row["env"], hostname=row["hostname"])
        hangs = any(remark.problem.startswith("glibc never comes") for remark in remarks)
        assert hangs == ("hang" in row["glibc"]), row["id"]


def test_a_line_on_which_glibc_hangs_is_an_error_with_what_to_do():
    remark = only(f"{OUTSIDE}sortlist ten/8\n", "glibc never")
    assert remark.problem == "glibc never comes to the end of this line: the process hangs at its first lookup"
    assert remark.advice == "remove the line, as nothing but gethostbyname(3) looks at it"
    assert (remark.severity, remark.line, remark.reference) == ("error", 2, "glibc, res_init.c")


@pytest.mark.parametrize(
    ("entries", "hangs"),
    [
        ("10.0.0.0", False),
        ("10.0.0.0/255.0.0.0 10.1.0.0&255.255.0.0", False),
        ("10.0.0.0/255.0.0.0/8", False),  # the mask takes the second slash along
        ("10.0.0.0/8\r", True),
        ("10.0.0.0/8;\r", False),
        ("ten/8", True),
        ("ten", False),
        ("/8", True),
        ("10.0.0.0 \xe9", True),
    ],
)
def test_a_sortlist_that_never_ends(entries, hangs):
    remarks = told(f"{OUTSIDE}sortlist {entries}\n")
    assert any(remark.problem.startswith("glibc never comes") for remark in remarks) == hangs


@pytest.mark.parametrize(
    "data",
    [
        b"search " + b"a " * (1 << 19),
        b"options " + b"a " * (1 << 19),
        b"search a.test b.test\n" * 40_000,
        b"x\n" * 500_000,
    ],
)
def test_a_large_file_is_told_of_in_reasonable_time(data):
    found = []
    assert cpu_seconds(lambda: found.extend(lint_resolv_conf(data))) < 20
    assert len(found) < 400


WORDS = (
    b"nameserver|search|domain|options|sortlist| |\t|\n|\r\n|\0|#|ndots:|timeout:|attempts:|-|rotate|no-aaaa|0|5|"
    b"10.0.0.1|fe80::1|.|a.test|com|svc.cluster.local|shop.svc.cluster.local|cluster.local|\xe9|/|&"
)


@settings(max_examples=200, deadline=None)
@given(data=st.lists(st.sampled_from(WORDS.split(b"|")), max_size=60).map(b"".join))
def test_any_text_gives_remarks_with_all_their_parts(data):
    for remark in lint_resolv_conf(data):
        assert remark.problem.isprintable()
        assert remark.advice
        assert remark.advice.isprintable()
        assert remark.reference
        assert remark.line is None or 1 <= remark.line <= data.count(b"\n") + 1
