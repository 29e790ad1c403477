"""What is told of a search list."""

import base64
import gzip
import json
from itertools import product
from pathlib import Path
from string import ascii_lowercase

import pytest

from k8sresolve._core.files.resolv_conf import parse_resolv_conf
from k8sresolve._core.files.search_list import aborts_glibc, is_like_top_level, look_at, plain

GOLDEN = Path(__file__).parents[2] / "golden"


def rows(name):
    with gzip.open(GOLDEN / name, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def told(text):
    words = text.split(" ")
    return list(look_at(words, f"search {text}"))


def problems(text):
    return " ".join(remark.problem for remark in told(text))


def pod(namespace):
    return f"{namespace}.svc.cluster.local svc.cluster.local cluster.local"


@pytest.mark.parametrize("text", [pod("shop"), pod("shop") + " corp.example", "a.test", "a.test. b.test", ".a.test"])
def test_nothing_is_told_of_a_list_in_order(text):
    assert told(text) == []


@pytest.mark.parametrize(
    "domain",
    [
        *("nip.io", "hub.192.0.2.69.nip.io", "192-0-2-69.sslip.io.", "Apps.10.0.0.1.XIP.io", "lvh.me"),
        *("a.localtest.me", "10.0.0.7.apps.example", "web.10-0-0-7.corp.example"),
    ],
)
def test_a_domain_under_which_every_name_exists_is_a_trap(domain):
    (finding,) = told(f"{pod('hub')} {domain}")
    assert finding.severity == "warning"
    assert f"under the search domain '{domain}' every name exists" in finding.problem


@pytest.mark.parametrize(
    "domain",
    ["snip.io", "nip.io.example", "ip-10-0-0-7.ec2.internal", "7.0.0.10.in-addr.arpa", "v1.2.3.example", "10.0.0.7"],
)
def test_a_domain_that_only_looks_like_one_is_none(domain):
    assert not any("every name exists" in finding.problem for finding in told(f"{pod('hub')} {domain}"))


@pytest.mark.parametrize("namespace", ["com", "net", "org", "io", "dev", "de", "COM"])
def test_a_namespace_called_like_a_top_level_domain_is_told(namespace):
    (remark,) = told(pod(namespace))
    assert f"example.{namespace.lower()} is the Service 'example' here" in remark.problem
    assert f"(example.{namespace.lower()}.)" in remark.advice


def test_what_a_namespace_called_like_a_top_level_domain_does_is_in_kubernetes_documentation():
    (remark,) = told(pod("com"))
    assert remark.problem == (
        "the namespace is called like the top-level domain 'com': what a pod takes for the host example.com is the "
        "Service 'example' here, if there is one"
    )
    assert remark.advice == "write such hosts with a dot at the end (example.com.), or rename the namespace"
    assert (remark.severity, remark.reference) == ("remark", 'Kubernetes documentation, "Namespaces and DNS"')


# The generic domains of RFC 1591, section 2, and later ones in which programs look hosts up.
GENERIC = ("com", "net", "org", "edu", "gov", "mil", "int", "info", "biz", "dev", "app", "cloud")


@pytest.mark.parametrize("label", GENERIC)
def test_a_generic_domain_is_like_a_top_level_domain(label):
    assert is_like_top_level(label) is True
    assert not any(map(is_like_top_level, (f"{label}x", f"x{label}", label.upper(), label[:-1] + "-")))


def test_a_country_is_like_a_top_level_domain_where_its_code_is_no_word_of_teams():
    counted = {code for code in map("".join, product(ascii_lowercase, repeat=2)) if is_like_top_level(code)}
    countries = "ai at au be br ca cc ch cn co cz de dk es eu fi fr in io it jp kr me mx nl no nz pl pt ru se tv uk us"
    assert counted == {*countries.split(), "za"}
    # Countries have some of these, too: `qa`, `pr` and `bi` are Qatar, Puerto Rico and Burundi.
    words = "qa ci cd db ui ml bi pr ns shop prod test web data default deu iox xio"
    assert not any(map(is_like_top_level, words.split()))


def test_domains_are_compared_without_letter_case_and_the_dot_at_the_end():
    assert [plain(domain) for domain in ("A.Test.", "a.test", "a.test..", ".")] == ["a.test", "a.test", "a.test.", ""]


MUSL_ROOT = "'.' stands for the name as typed, and musl up to 1.2.3 sends a packet for it that no nameserver can read"
LABELS = "labels have 1 to 63 characters, 253 in all (RFC 1035, section 2.3.4)"


@pytest.mark.parametrize(
    ("entry", "problem", "advice", "reference"),
    [
        (
            ".",
            f"{MUSL_ROOT}: the lookup fails",
            "leave it out where images with such a musl may run (Alpine 3.17 and older)",
            "musl, lookup_name.c",
        ),
        (
            "B.test",
            "'B.test' is listed again, which asks the same names twice",
            "remove it",
            "resolv.conf(5)",
        ),
        (
            "#cluster",
            "'#cluster' is taken for a search domain, because no comment may follow on a line",
            "put the comment on its own line",
            "",
        ),
        (
            ";cluster",
            "';cluster' is taken for a search domain, because no comment may follow on a line",
            "put the comment on its own line",
            "",
        ),
        (
            "c.test,d.test",
            "'c.test,d.test' is taken for one search domain, because a comma separates nothing",
            "write blanks between domains",
            "",
        ),
        (
            "b\u00fccher.test",
            "'b\u00fccher.test' is no domain, because it is not printable ASCII",
            "write other letters in their xn-- form",
            "",
        ),
        (
            "c\r",
            "'c\\r' is no domain, because it is not printable ASCII",
            "write other letters in their xn-- form",
            "",
        ),
        ("c..test", f"'c..test' is no domain, because {LABELS}", "correct it", ""),
        ("..test", f"'..test' is no domain, because {LABELS}", "correct it", ""),
        ("c" * 64, f"'{'c' * 64}' is no domain, because {LABELS}", "correct it", ""),
    ],
)
def test_each_odd_domain_is_told_with_what_to_do(entry, problem, advice, reference):
    (remark,) = told(f"b.test {entry} e.test")
    assert (remark.problem, remark.advice, remark.reference) == (problem, advice, reference)
    assert (remark.severity, remark.line, remark.source) == ("warning", None, "")


@pytest.mark.parametrize("entry", ["c" * 63, "X.test", ".c", "c.", "c#d", "c;d", "c-_~d"])
def test_a_domain_that_names_can_be_under_is_not_told(entry):
    assert told(f"b.test {entry} e.test") == []


def test_a_domain_is_listed_twice_only_once_and_what_follows_is_told_too():
    again, comma = told("a.test A.test. a.test b.test c,d")
    assert again.problem == "'A.test.' is listed again, which asks the same names twice"
    assert comma.problem.startswith("'c,d' ")
    assert len(told("c,d c,d c,d c,d")) == 2


def test_of_carriage_returns_the_line_as_a_whole_is_told_but_what_follows_here():
    assert list(look_at(["a.test", "b.test\r"], "search a.test b.test\r")) == []
    (comma,) = look_at(["a.test\r", "c,d"], "search a.test\r c,d\r")
    assert comma.problem.startswith("'c,d' ")
    (first,) = look_at(["a.test\r", "b.test"], "search a.test\r b.test")
    assert first.problem.startswith("'a.test\\r' is no domain")


def domains(count, characters):
    """`count` domains, of `characters` with the blanks between them."""
    size, longer = divmod(characters - (count - 1), count)
    stem = ("x" * 39 + ".") * 7
    return " ".join(f"{number:03}.{stem}"[: size + (number < longer)] for number in range(count))


# Kubernetes, pkg/apis/core/validation: MaxDNSSearchPaths = 32, MaxDNSSearchListChars = 2048 (KEP-2595).
@pytest.mark.parametrize(("count", "characters"), [(32, 1000), (16, 2048), (32, 2048)])
def test_a_search_list_within_the_api_servers_bounds_is_not_told(count, characters):
    text = domains(count, characters)
    assert (len(text.split(" ")), len(text)) == (count, characters)
    assert list(look_at(text.split(" "))) == []


@pytest.mark.parametrize(("count", "characters"), [(33, 1000), (16, 2049)])
def test_a_search_list_beyond_the_api_servers_bounds_is_told(count, characters):
    (remark,) = look_at(domains(count, characters).split(" "))
    assert remark.problem == (
        f"a search list of {count} domains and {characters} characters could not come from the kubelet, "
        "which writes at most 32 and 2,048"
    )
    assert (remark.severity, remark.advice) == ("warning", "shorten it")
    assert remark.reference == "Kubernetes, validatePodDNSConfig"


def test_a_domain_of_more_than_253_characters_is_none():
    assert "253 in all" in problems("a." * 127)
    assert "253 in all" not in problems("a." * 126 + "a")


@pytest.mark.parametrize(("length", "is_read"), [(254, True), (255, False)])
def test_a_line_that_musl_does_not_read_is_an_error(length, is_read):
    text = "a" * 60 + "." + "b" * 60 + "." + "c" * 60 + "."
    text += "d" * (length - len("search ") - len(text) - 5) + ".test"
    line = f"search {text}"
    assert len(line) == length
    musl = parse_resolv_conf(f"nameserver 10.0.0.1\n{line}\n".encode(), dialect="musl")
    assert (musl.search == (text,)) == is_read
    remarks = [remark for remark in told(text) if remark.problem.startswith("musl (Alpine) ignores this line")]
    assert [remark.severity for remark in remarks] == ([] if is_read else ["error"])
    assert [remark.reference for remark in remarks] == ([] if is_read else ["musl, resolvconf.c"])


def test_what_follows_from_a_line_that_musl_does_not_read_is_told():
    (remark,) = look_at(["a.test"], "search a.test".ljust(255))
    assert remark.problem == (
        "musl (Alpine) ignores this line of 255 bytes, because it reads none of more than 254: "
        "it has no search list, and `svc` and `svc.ns` are not found"
    )
    assert remark.advice == (
        "shorten the search list: leave out the node's domains by dnsPolicy: None, or in the kubelet's resolv.conf"
    )


def test_glibc_2_36_aborts_exactly_where_it_was_seen_to_in_the_collection_of_files():
    seen = [row for row in rows("resolvconf/cases.jsonl.gz") if not row.get("file")]
    assert sum("crash" in row["glibc"] for row in seen) > 0
    for row in seen:
        read = parse_resolv_conf(base64.b64decode(row["text_b64"]), env=row["env"], hostname=row["hostname"])
        assert aborts_glibc(read.search) == ("crash" in row["glibc"]), row["id"]


def test_glibc_2_36_aborts_exactly_where_it_was_seen_to_in_the_lookups():
    seen = rows("search/policy.jsonl.gz")
    aborted = [row["glibc"]["error"] == "ABORT" for row in seen]
    assert any(aborted)
    for row, dies in zip(seen, aborted, strict=True):
        assert aborts_glibc(parse_resolv_conf(row["resolv_conf"].encode()).search) == dies, row["id"]


# resolv_conf.c of glibc 2.36 fills the 256 bytes of `_res.defdname`, and asserts by `sizeof (resp->dnsrch)`, 56 bytes.
@pytest.mark.parametrize(
    ("before", "length"),
    [
        ([], 256),
        (["a.test"], 249),
        (pod("abcde").split(), 200),
        (["a" * 27] * 2, 200),
        (["a"] * 5, 246),
    ],
    ids=["alone", "second", "after 56 bytes", "after 56 bytes of two", "sixth"],
)
def test_glibc_2_36_aborts_of_the_first_domain_beyond_256_bytes_with_no_more_than_56_before_it(before, length):
    assert aborts_glibc([*before, "x" * length]) is True
    assert aborts_glibc([*before, "x" * (length - 1)]) is False


@pytest.mark.parametrize(
    "entries",
    [
        [*pod("abcdef").split(), "x" * 250],
        ["a" * 27, "a" * 28, "x" * 250],
        ["a"] * 6 + ["x" * 256],
        ["a" * 100, "x" * 250, "y" * 256],
        ["a.test"] * 40,
        [],
    ],
    ids=["after 57 bytes", "after 57 bytes of two", "seventh", "only the first counts", "many", "none"],
)
def test_glibc_2_36_does_not_abort_of_others(entries):
    assert aborts_glibc(entries) is False


def test_a_list_that_aborts_glibc_2_36_is_an_error():
    (remark,) = look_at([*pod("shop").split(), ".".join(["x" * 63] * 3) + ".w123456789"])
    assert remark.problem == (
        "glibc 2.36 (Debian 12) aborts the process at its first lookup, because a domain among the first six does not "
        "fit into a buffer of 256 bytes with those before it"
    )
    assert remark.advice == "shorten that domain, or put longer ones before it"
    assert (remark.severity, remark.reference) == ("error", "glibc, resolv_conf.c")
