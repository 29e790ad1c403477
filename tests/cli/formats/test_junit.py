"""What the common schema of JUnit's reports asks for: suites, cases with a name, and counts that are right."""

from xml.etree import ElementTree as ET

import pytest

from k8sresolve.cli.formats import junit
from tests.cli.formats.reports import ERROR, FORGED, HOSTILE, REMARK, WARNING, clean, report

# Element: its attributes that must be there, those that may, and its children.
SCHEMA = {
    "testsuites": ({"name", "tests", "failures", "errors"}, set(), {"testsuite"}),
    "testsuite": ({"name", "tests", "failures", "errors", "skipped", "time"}, set(), {"testcase"}),
    "testcase": ({"name", "classname", "time"}, set(), {"failure", "system-out"}),
    "failure": ({"message", "type"}, set(), set()),
    "system-out": (set(), set(), set()),
}


def suite_of(*findings, **how):
    root = ET.fromstring(clean(junit.write(report(*findings, **how))))
    assert root.tag == "testsuites"
    for element in root.iter():
        needed, allowed, children = SCHEMA[element.tag]
        assert needed <= set(element.attrib) <= needed | allowed
        assert {child.tag for child in element} <= children
    [suite] = root
    for counted in (root, suite):
        assert int(counted.get("tests")) == len(suite)
        assert int(counted.get("failures")) == len(suite.findall("testcase/failure"))
    return suite


@pytest.mark.parametrize(("fail_on", "failures"), [("error", 1), ("warning", 2), ("never", 0)])
def test_what_fails_the_command_is_a_failure_and_the_rest_has_passed(fail_on, failures):
    suite = suite_of(ERROR, WARNING, REMARK, fail_on=fail_on)
    assert len(suite.findall("testcase/failure")) == failures
    assert len(suite.findall("testcase/system-out")) == 3 - failures


def test_a_case_says_rule_object_and_place():
    [case] = suite_of(ERROR)
    assert case.get("classname") == "shop/a b.yaml"
    assert case.get("name") == "alias-to-address: Service shop/db spec.externalName"
    [failure] = case
    assert (failure.get("type"), failure.get("message")) == ("alias-to-address", "is an address; make it a name")
    assert failure.text == "shop/a b.yaml:12: error: is an address; make it a name"


def test_nothing_found_is_one_case_that_has_passed():
    [case] = suite_of()
    assert (case.get("name"), list(case)) == ("nothing to improve", [])


def test_hostile_texts_break_nothing():
    [case] = suite_of(FORGED, what=HOSTILE)
    assert r"x%,: <&\"']]>\n::error file=x,line=1::forged".replace(r"\"", '"') in case[0].text
    assert suite_of(what=HOSTILE)[0].get("name") == "nothing to improve"
