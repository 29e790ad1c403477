"""Workflow commands, read as the runner does: `ActionCommand.TryParseV2` of actions/runner."""

import attrs
import pytest

from k8sresolve.cli.formats import github
from tests.cli.formats.reports import ERROR, FORGED, REMARK, WARNING, report


def parsed(line):
    assert line.startswith("::")
    assert line.isprintable()
    head, _, data = line[2:].partition("::")
    command, _, properties = head.partition(" ")
    pairs = dict(pair.split("=", 1) for pair in properties.split(","))
    return command, {name: unescaped(text, "%3A:", "%2C,") for name, text in pairs.items()}, unescaped(data)


def unescaped(text, *more):
    for pair in ("%0D\r", "%0A\n", *more, "%25%"):
        text = text.replace(pair[:3], pair[3:])
    return text


def test_a_command_for_each_finding():
    lines = github.write(report(ERROR, WARNING, REMARK)).split("\n")
    told = "Service shop/db spec.externalName: is an address; make it a name"
    where = {"file": "shop/a b.yaml", "line": "12", "title": "alias-to-address"}
    assert parsed(lines[0]) == ("error", where, told)
    assert parsed(lines[1])[:2] == ("warning", {"file": "shop/a b.yaml", "title": "selector-no-pods"})
    assert parsed(lines[2])[:2] == ("notice", {"title": "port-unnamed"})
    assert github.write(report()) == ""


def test_what_has_a_meaning_is_escaped():
    finding = attrs.evolve(ERROR, source="50%,a:b.yaml", problem="50%: a, b", advice="", object="", field="")
    line = github.write(report(finding))
    assert line == "::error file=50%25%2Ca%3Ab.yaml,line=12,title=alias-to-address::50%25: a, b"


@pytest.mark.parametrize("source", ["kustomize deploy/prod", "standard input"])
def test_what_is_no_file_is_not_named_as_one(source):
    line = github.write(report(attrs.evolve(ERROR, source=source)))
    assert parsed(line)[1:] == (
        {"title": "alias-to-address"},
        f"{source}:12: Service shop/db spec.externalName: is an address; make it a name",
    )


def test_hostile_texts_break_nothing():
    [line] = github.write(report(FORGED)).split("\n")
    command, properties, data = parsed(line)
    assert (command, set(properties), properties["line"]) == ("error", {"file", "line", "title"}, "3")
    assert r"\n::error file=x,line=1::forged" in data
    assert r"\n::error file=x,line=1::forged" in properties["file"]
