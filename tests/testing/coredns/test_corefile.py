"""Corefiles as values: words, blocks, snippets and imports, and where what is wrong.

Expected values follow "Corefile Explained" of the CoreDNS manual, and the reader it uses (coredns/caddy, caddyfile).
"""

import contextlib

import pytest

from k8sresolve.errors import ManifestError
from k8sresolve.testing.coredns.corefile import DiskFiles, MountedFiles, parse_corefile
from k8sresolve.testing.coredns.variables import Variables
from k8sresolve.testing.objects import files
from tests.effort import cpu_seconds


def read(text, **rest):
    return parse_corefile(text, **rest)


def plugins(block):
    return [(directive.name, directive.words) for directive in block.directives]


def refused(text, **rest):
    with pytest.raises(ManifestError) as caught:
        read(text, **rest)
    return caught.value


def test_server_blocks_have_zones_and_plugins_with_arguments_and_options():
    first, second = read(
        "example.org:1053 {  # a comment\n    file db.example.org\n    errors\n}\n"
        "cluster.local, in-addr.arpa:53,\nip6.arpa {\n  kubernetes {\n    pods insecure\n    ttl 30\n  }\n}\n"
    )
    assert [key.text for key in first.keys] == ["example.org:1053"]
    assert plugins(first) == [("file", ("db.example.org",)), ("errors", ())]
    assert [key.text for key in second.keys] == ["cluster.local", "in-addr.arpa:53", "ip6.arpa"]
    (kubernetes,) = second.directives
    assert [(option.name, option.words) for option in kubernetes.block] == [("pods", ("insecure",)), ("ttl", ("30",))]


def test_options_have_blocks_of_their_own():
    (block,) = read(". {\n  health {\n    lameduck 5s\n  }\n  a {\n    b {\n      c d\n    }\n  }\n}")
    health, nested = block.directives
    assert health.block[0].words == ("5s",)
    assert nested.block[0].block[0].words == ("d",)


def test_a_block_may_close_on_the_line_it_opens_on():
    (block,) = read(". { kubernetes cluster.local { pods insecure } }")
    assert block.directives[0].block[0].words == ("insecure",)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('x "two words" y', ("two words", "y")),
        (r'x "a \"quoted\" \word"', (r'a "quoted" \word',)),
        ('x "over\ntwo lines" y', ("over\ntwo lines", "y")),
        ("x a# the rest", ("a", "the", "rest")),  # a comment starts between words only
        ("x a #b c", ("a",)),
        ("x\ta\r", ("a",)),
        ('x ""', ("",)),
    ],
)
def test_words(text, words):
    assert read(f". {{\n{text}\n}}")[0].directives[0].words == words


def test_quotes_that_are_not_closed_end_with_the_file():
    (block,) = read('a.org\nx "never closed }')
    assert block.directives[0].words == ("never closed }",)


def test_variables_stand_for_their_values_and_unset_ones_for_nothing():
    variables = Variables({"DNS": "10.0.0.1", "OTHER": "b"})
    (block,) = read(". {\n forward . {$DNS}:53 {%OTHER%} x{$NOT_SET}y\n}", variables=variables)
    assert block.directives[0].words == (".", "10.0.0.1:53", "b", "xy")
    assert variables.unset == {"NOT_SET": "Corefile, line 2"}


def test_f14_this_processs_environment_is_not_read(monkeypatch):
    monkeypatch.setenv("TOKEN", "secret.example")
    files = MountedFiles({"/etc/coredns/more": "log {$TOKEN}"})
    (block,) = read("{$TOKEN} a.example {\n forward . {%TOKEN%}\n import more\n}", files=files)
    assert [key.text for key in block.keys] == ["a.example"]
    assert plugins(block) == [("forward", (".", "")), ("log", ("",))]


def test_a_snippet_stands_where_it_is_imported():
    first, second = read(
        "(common) {\n  errors\n  cache 30\n}\n. {\n  log\n  import common\n}\na.org {\n  import common\n}"
    )
    assert plugins(first) == [("log", ()), ("errors", ()), ("cache", ("30",))]
    assert plugins(second) == [("errors", ()), ("cache", ("30",))]


def test_a_snippet_may_stand_in_a_plugins_block_and_import_others():
    (block,) = read("(a) {\n ttl 30\n}\n(b) {\n import a\n pods insecure\n}\n. {\n kubernetes {\n  import b\n }\n}")
    assert [option.name for option in block.directives[0].block] == ["ttl", "pods"]


def test_files_of_a_config_map_are_imported_by_pattern():
    files = MountedFiles(
        {
            "/etc/coredns/custom/a.override": "log",
            "/etc/coredns/custom/b.server": "corp.example {\n forward . 10.1.1.1\n}",
        }
    )
    first, second = read(". {\n errors\n import custom/*.override\n}\nimport custom/*.server\n", files=files)
    assert plugins(first) == [("errors", ()), ("log", ())]
    assert [key.text for key in second.keys] == ["corp.example"]
    assert read(". {\n import custom/*.nothing\n}", files=files)[0].directives == ()


def test_files_of_the_disk_are_imported(tmp_path):
    (tmp_path / "one.conf").write_text("errors")
    (block,) = read(f". {{\n import {tmp_path}/*.conf\n}}", files=DiskFiles())
    assert plugins(block) == [("errors", ())]


def test_files_of_the_disk_are_read_up_to_the_bound_of_manifests(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "MAX_OCTETS", 100)
    path = tmp_path / "one.conf"
    path.write_text("#" * 100)
    assert DiskFiles().read_text(str(path)) == "#" * 100
    path.write_text("#" * 101)
    with pytest.raises(ManifestError) as caught:
        DiskFiles().read_text(str(path))
    assert (caught.value.file, caught.value.problem) == (str(path), "more than 100 octets")
    assert DiskFiles().read_text(str(tmp_path / "none")) is None
    assert DiskFiles().read_text("/dev/zero") is None


def test_a_config_map_reads_nothing_of_the_disk(tmp_path):
    (tmp_path / "one.conf").write_text("errors")
    assert "no file" in refused(f". {{\n import {tmp_path}/one.conf\n}}").problem


def test_braces_may_be_left_out_around_a_single_block():
    (block,) = read("example.org\nerrors\ncache 30\n")
    assert plugins(block) == [("errors", ()), ("cache", ("30",))]


@pytest.mark.parametrize("text", ["", "{\n errors\n}", "# nothing\n", "\ufeff", "(unused) {\n errors\n}\n"])
def test_nothing_is_no_error(text):
    assert read(text) == ()


@pytest.mark.parametrize(
    ("text", "line", "column", "problem"),
    [
        (". {\n  errors\n", 1, 3, "never closed"),
        (". {\n  errors\n}\n}\n", 4, 1, "a zone should stand here, not }"),
        (". {\n  kubernetes {\n    pods insecure\n}\n", 1, 3, "never closed"),
        (". {\n  {\n  }\n}\n", 2, 3, "a name should stand before"),
        ("a.org,\n", 1, 1, "should follow the comma"),
        ("a.org, {\n}\n", 1, 8, "a zone should stand here"),
        (". {\n  import\n}\n", 2, 3, "needs the name"),
        (". {\n  import a b\n}\n", 2, 12, "one name"),
        (". {\n  import nothing\n}\n", 2, 10, "no snippet and no file nothing"),
        ("(a) {\n}\n(a) {\n}\n", 3, 1, "there already"),
        ("(a)\n. {\n}\n", 1, 1, "has no block"),
        ("(a) {\n  errors\n", 1, 5, "never closed"),
        ("a.org\nerrors\n}\n", 3, 1, "closes nothing"),
        ('. {\n  "x\ny" z {\n', 3, 6, "never closed"),
        ("(a) {\n  import b\n}\n(b) {\n  import a\n}\n. {\n  import a\n}\n", 2, 10, "imports itself"),
    ],
)
def test_a_syntax_error_names_its_place(text, line, column, problem):
    error = refused(text, file="deploy/Corefile")
    assert (error.file, error.line, error.column) == ("deploy/Corefile", line, column)
    assert problem in error.problem
    assert str(error).startswith(f"deploy/Corefile, line {line}, column {column}: ")


@pytest.mark.parametrize(
    "text",
    [
        ". {\n" * 2 + "a {\n" * 200_000,
        "{ " * 500_000,
        "{ } " * 250_000,
        '"' + "a" * 1_000_000,
        "(a) {\n" + "x y z\n" * 100_000 + "}\n. {\n" + "import a\n" * 1000 + "}",
        "".join(f"(s{n}) {{\nimport s{n - 1}\nimport s{n - 1}\n}}\n" for n in range(40)) + ". {\nimport s39\n}",
        "\0" * 1_000_000,
    ],
    ids=["nesting", "open braces", "braces", "quotes", "imports", "doubling", "zeros"],
)
def test_hostile_text_ends_soon(text):
    def attempt():
        with contextlib.suppress(ManifestError):
            read(text)

    assert cpu_seconds(attempt) < 5


def test_snippets_that_grow_are_no_circle_and_have_an_end():
    grown = "".join(f"(s{n}) {{\n import s{n - 1}\n import s{n - 1}\n}}\n" for n in range(1, 30))
    with pytest.raises(ManifestError, match="a snippet imports itself, or others many times"):
        parse_corefile(f"(s0) {{\n errors\n}}\n{grown}. {{\n import s29\n}}\n")
