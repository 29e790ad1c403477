"""The page of rules has those that there are, each by the id that findings bear."""

import ast
import pathlib
import re

import pytest

import k8sresolve
from k8sresolve._rule_ids import RULE_IDS

ROOT = pathlib.Path(k8sresolve.__file__).parent
PAGE = pathlib.Path(__file__).parents[2] / "docs" / "reference" / "rules.md"
PLACES = {
    "check": [
        *ROOT.glob("testing/checks/rules/*.py"),
        *ROOT.glob("testing/checks/names/*.py"),
        ROOT / "testing/checks/ignoring.py",
        ROOT / "cli/checking.py",
    ],
    "lint": [*ROOT.glob("_core/files/*.py"), ROOT / "_system.py"],
}
MAKES = {
    "odd": 0,
    "finding": 0,
    "found": 0,
    "_found": 1,
    "finding_in": 2,
    "Wrong": 0,
    "Finding": None,
}  # where the id stands, if not by keyword
SHARED = {"namespace-hides-host"}  # of `check`'s part of the page


def written(paths):
    """The ids in calls that make findings: the first argument, or `rule=`."""
    found = set()
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text())):
            name = ast.unparse(node.func).rpartition(".")[2] if isinstance(node, ast.Call) else ""
            if name in MAKES:
                given = [each.value for each in node.keywords if each.arg == "rule"]
                place = MAKES[name]
                given += [] if place is None else node.args[place : place + 1]
                found |= {each.value for each in given if isinstance(each, ast.Constant)}
    return found


@pytest.mark.parametrize("command", PLACES)
def test_every_rule_is_on_the_page_and_no_other(command):
    [part] = re.findall(rf"\n## {command}\n(.*?)(?=\n## |\Z)", PAGE.read_text(), re.DOTALL)
    rows = [line.split("|")[1] for line in part.splitlines() if line.startswith("| `")]
    told = [rule for row in rows for rule in re.findall("`([a-z-]+)`", row)]
    rules = written(PLACES[command])
    assert sorted(told) == sorted(rules - SHARED if command == "lint" else rules)
    assert len(rules) > 20


def test_settings_know_the_rules_of_both_pages():
    page, refusals = PAGE.read_text(), PAGE.with_name("refusals.md").read_text()
    rows = [line.split("|")[1] for line in (page + refusals).splitlines() if line.startswith("| `")]
    assert {rule for row in rows for rule in re.findall("`([a-z-]+)`", row)} == RULE_IDS
