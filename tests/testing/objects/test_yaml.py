import pytest
import yaml

from k8sresolve.testing.objects.originals import Original
from k8sresolve.testing.objects.yaml_ import Problem, read_documents


def value(text):
    [document] = read_documents(Original(text.encode()))
    return document.value


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("010", 8),
        ("0o17", 15),
        ("0x1F", 31),
        ("-3", -3),
        ("1_000", "1_000"),
        ("12:30:45", "12:30:45"),
        ("2026-01-01", "2026-01-01"),
        ("1.5e3", 1500.0),
        (".5", 0.5),
        ("-.inf", float("-inf")),
        ("on", True),
        ("No", False),
        ("~", None),
        ("n", "n"),
        ("'010'", "010"),
        ("!!str 010", "010"),
        ("!!int 010", 8),
        ("!!float 1", 1.0),
        ("!!bool yes", True),
        ("!!null x", None),
        ("!!binary aGVsbG8=", "hello"),
        ("!!binary |\n  aGVs\n  bG8=", "hello"),
        ("!!binary /w==", "\ufffd"),
        ("!!seq [!!map {a: 1}]", [{"a": 1}]),
    ],
)
def test_scalars_are_those_of_the_core_schema_and_of_explicit_tags(text, want):
    found = value(text)
    assert (found, type(found)) == (want, type(want))


def test_a_number_that_is_none_is_no_number():
    assert value("a: .nan")["a"] != value("a: .nan")["a"]


def test_what_is_merged_gives_way_to_the_mappings_own_and_to_earlier_mappings():
    text = "a: &a {one: a, two: a}\nb: &b {two: b, three: b}\nc: {three: c, <<: [*a, *b]}\nd: {<<: *b, four: d}"
    assert value(text)["c"] == {"one": "a", "two": "a", "three": "c"}
    assert value(text)["d"] == {"two": "b", "three": "b", "four": "d"}
    assert value("{'<<': {a: 1}}") == {"<<": {"a": 1}}
    merged = value("a: &a {k: v}\nb: {!!merge <<: *a}\nc: {!!merge '<<': *a}")
    assert merged["b"] == merged["c"] == {"k": "v"}


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("[10.0.0.0/8, 2001:db8::]", ["10.0.0.0/8", "2001:db8::"]),
        ("[é, fd00::, 1::,2::]", ["é", "fd00::", "1::", "2::"]),
        ("{a: b::}", {"a": "b::"}),
        ("{2001:db8::}", {"2001:db8::": None}),
        ("[ab:]", ["ab:"]),
        ("[a: , b]", [{"a": None}, "b"]),
        ("['a':]", [{"a": None}]),
    ],
)
def test_in_a_flow_collection_the_last_colon_of_a_word_is_its_own(text, want):
    # As sigs.k8s.io/yaml 1.4.0 reads it.
    [document] = read_documents(Original(f"a: |\n  [x::]\nb: {text}\nc: 1".encode()))
    assert document.value == {"a": "[x::]\n", "b": want, "c": 1}
    assert document.line(("c",)) == 4


def test_not_without_bound_are_words_read_as_they_are_meant():
    few, many = (f"[{'1::, ' * number}2]" for number in (100, 101))
    assert value(few) == ["1::"] * 100 + [2]
    with pytest.raises(Problem, match="unexpected ':'"):
        value(many)


def test_an_alias_means_the_last_anchor_of_its_name():
    assert value("[&a 1, *a, &a 2, *a]") == [1, 1, 2, 2]
    with pytest.raises(Problem, match="no anchor before it"):
        value("&a 1\n--- *a")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("<<", "merge"),
        ("[<<]", "merge"),
        ("{<<: 1}", "merging"),
        ("{<<: [{}, 1]}", "merging"),
        ("{[a]: 1}", "unhashable"),
        ("!!map a", "!*tag.*map"),
        ("!!str {}", "!*tag.*str"),
        ("!!str []", "!*tag.*str"),
        ("!!bool maybe", "neither true nor false"),
        ("!!float x", "float"),
        ("!!binary 'aG Vs'", "base64"),
        ("!!merge x: 1", "not <<"),
        ("!!merge <<", "merge"),
        ("[a:[b]]", "unexpected ':'"),
        ("[a'b:]", "unexpected ':'"),
    ],
)
def test_what_has_no_value_is_refused_with_its_place(text, problem):
    with pytest.raises(Problem, match=problem) as caught:
        value(f"a: 1\nb:\n  {text}")
    assert (caught.value.document, caught.value.line) == (1, 3)


def test_lines_are_those_of_each_document_and_behind_an_alias_those_of_its_anchor():
    text = "first: 1\n---\nlist:\n- &item\n  name: a\n- {<<: *item,\n   size: 2}\n- *item\n"
    _, document = read_documents(Original(text.encode()))
    lines = {
        (): 3,
        ("list",): 3,
        ("list", 0): 4,
        ("list", 1, "size"): 7,
        ("list", 1, "name"): 6,
        ("list", 2, "name"): 5,
        ("list", 9): 3,
        ("other",): 3,
    }
    assert {path: document.line(path) for path in lines} == lines


def test_a_file_is_parsed_once(monkeypatch):
    passes = []
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    monkeypatch.setattr(yaml, "CSafeLoader", lambda data: passes.append(1) or loader(data), raising=False)
    assert len(list(read_documents(Original(b"a: &a {b: 1}\n---\nc: 2")))) == 2
    assert len(passes) == 1


def test_keys_that_come_again_are_told_where_one_has_another_value():
    first, second = read_documents(Original(b"a: 1\nb: {c: 1,\n  c: 2}\na: 1\n---\na: 1\na: 1\n"))
    assert first.twice == (("c", ("b", "c"), 3, True), ("a", ("a",), 4, False))
    assert first.value == {"a": 1, "b": {"c": 2}}
    assert second.twice == ()


def test_a_line_of_a_text_that_keeps_its_lines_is_found_in_the_file():
    text = b"a: 1\n---\nkept: |\n\n  one\n  two\nchomped: |-\n  one\nfolded: >\n  one\n  two\nquoted: 'one\n  two'\n"
    _, document = read_documents(Original(text))
    assert document.value["kept"].splitlines() == ["", "one", "two"]
    assert [document.line(("kept", number)) for number in (1, 2, 3)] == [4, 5, 6]
    assert document.line(("chomped", 1)) == 8
    assert [document.line((key, 2)) for key in ("folded", "quoted", "none")] == [9, 12, 3]


# As sigs.k8s.io/yaml has it: `resolve` of go-yaml leaves the text as it is where it cannot resolve the tag.
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("!!string False", "False"),
        ("!Ref 8080", "8080"),
        ("!custom", ""),
        ("!Join [a, 1]", ["a", 1]),
        ("!!python/object:x {a: 1}", {"a": 1}),
    ],
)
def test_a_tag_that_means_nothing_is_passed_over(text, expected):
    assert value(f"key: {text}") == {"key": expected}
