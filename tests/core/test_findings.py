"""What is found is one kind of value, whether it is a file's line or an object's field."""

import pickle
from typing import get_args

import attrs
import pytest

import k8sresolve
import k8sresolve.testing
from k8sresolve.findings import Finding, Severity, worst_first

PORTS = {"object": "Service shop/web", "field": "spec.ports"}


@pytest.mark.parametrize(
    ("where", "written"),
    [
        ({}, "resolv.conf: x"),
        ({"line": 3, "text": "search"}, "resolv.conf:3: x"),
        ({"line": 3, "text": "search", "source": "/etc/hosts"}, "/etc/hosts:3: x"),
        ({"source": "RES_OPTIONS"}, "RES_OPTIONS: x"),
        (PORTS, "Service shop/web spec.ports: x"),
        ({"object": "Service shop/web"}, "Service shop/web: x"),
        ({**PORTS, "source": "shop.yaml"}, "shop.yaml: Service shop/web spec.ports: x"),
        ({**PORTS, "source": "shop.yaml", "line": 12}, "shop.yaml:12: Service shop/web spec.ports: x"),
        ({**PORTS, "advice": "list one"}, "Service shop/web spec.ports: x; list one"),
        ({"advice": "list one"}, "resolv.conf: x; list one"),
    ],
)
def test_a_finding_says_where(where, written):
    assert str(Finding(severity="error", problem="x", **where)) == written


def test_a_finding_is_a_frozen_value():
    finding = Finding(severity="error", problem="lists none", advice="list one", **PORTS)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        finding.problem = "other"
    assert finding == attrs.evolve(finding)
    assert pickle.loads(pickle.dumps(finding)) == finding
    assert hash(pickle.loads(pickle.dumps(finding))) == hash(finding)


def test_what_it_is_about_is_given_by_keyword():
    with pytest.raises(TypeError):
        Finding("error", "x")
    with pytest.raises(TypeError):
        Finding(problem="x")


def test_the_scale_has_three_steps():
    assert get_args(Severity) == ("error", "warning", "remark")


def test_the_worst_comes_first_then_the_earlier_line_then_what_was_found_earlier():
    given = [("remark", 1), ("error", 7), ("warning", None), ("error", 2), ("warning", 3), ("error", 7)]
    findings = [
        Finding(severity=severity, problem=str(place), line=line) for place, (severity, line) in enumerate(given)
    ]
    assert [finding.problem for finding in worst_first(findings)] == ["3", "1", "5", "2", "4", "0"]


def test_the_library_and_the_test_kit_offer_the_same():
    assert k8sresolve.Finding is k8sresolve.testing.Finding is Finding
