"""What is told of a search list."""

import base64
import gzip
import json
from pathlib import Path

import pytest

from k8sresolve._core.files.resolv_conf import parse_resolv_conf
from k8sresolve._core.files.search_list import aborts_glibc, look_at

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


@pytest.mark.parametrize("namespace", ["com", "net", "org", "io", "dev", "de", "COM"])
def test_a_namespace_called_like_a_top_level_domain_is_told(namespace):
    (remark,) = told(pod(namespace))
    assert f"example.{namespace.lower()} is the Service 'example' here" in remark.problem
    assert f"(example.{namespace.lower()}.)" in remark.advice


def test_the_root_is_told_because_of_older_musl():
    (remark,) = told("a.test .")
    assert "musl up to 1.2.3" in remark.problem


def test_a_domain_is_listed_twice_only_once():
    (remark,) = told("a.test A.test. a.test b.test")
    assert remark.problem == "'A.test.' is listed again, which asks the same names twice"


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


def test_a_list_that_aborts_glibc_2_36_is_an_error():
    (remark,) = [
        r
        for r in told(pod("shop") + " " + "x" * 63 + "." + "y" * 63 + "." + "z" * 63 + ".w123456789")
        if "2.36" in r.problem
    ]
    assert remark.severity == "error"
