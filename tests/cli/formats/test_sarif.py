"""What the schema of SARIF 2.1.0 requires of a log, and the values that it takes."""

import json
import re
from urllib.parse import unquote

import attrs

import k8sresolve
from k8sresolve.cli.formats import sarif
from tests.cli.formats.reports import ERROR, FORGED, REMARK, WARNING, clean, report

# RFC 3986: what stands in a URI reference.
_URI = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-F]{2})+")


def run_of(*findings):
    log = json.loads(clean(sarif.write(report(*findings))))
    assert set(log) == {"$schema", "version", "runs"}
    assert log["version"] == "2.1.0"
    [run] = log["runs"]
    driver = run["tool"]["driver"]
    assert (driver["name"], driver["version"]) == ("k8sresolve", k8sresolve.__version__)
    for rule in driver["rules"]:
        assert isinstance(rule["id"], str)
        assert rule["id"]
    assert len({rule["id"] for rule in driver["rules"]}) == len(driver["rules"])
    for result in run["results"]:
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in ("none", "note", "warning", "error")
        assert isinstance(result["message"]["text"], str)
        assert all(isinstance(mark, str) for mark in result["partialFingerprints"].values())
        for location in result["locations"]:
            assert set(location) <= {"physicalLocation", "logicalLocations"}
            if physical := location.get("physicalLocation"):
                assert _URI.fullmatch(physical["artifactLocation"]["uri"])
                assert physical.get("region", {"startLine": 1})["startLine"] >= 1
    return run


def test_a_result_has_rule_level_message_and_place():
    run = run_of(ERROR, WARNING, REMARK, ERROR)
    first, second, third, fourth = run["results"]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == [
        "alias-to-address",
        "selector-no-pods",
        "port-unnamed",
    ]
    assert [result["level"] for result in run["results"]] == ["error", "warning", "note", "error"]
    assert first["message"]["text"] == "is an address; make it a name"
    assert first["locations"] == [
        {
            "physicalLocation": {"artifactLocation": {"uri": "shop/a%20b.yaml"}, "region": {"startLine": 12}},
            "logicalLocations": [
                {"name": "Service shop/db", "fullyQualifiedName": "Service shop/db spec.externalName"}
            ],
        }
    ]
    assert "region" not in second["locations"][0]["physicalLocation"]
    assert "physicalLocation" not in third["locations"][0]
    assert first["partialFingerprints"] != fourth["partialFingerprints"]
    assert first["ruleIndex"] == fourth["ruleIndex"] == 0


def test_a_file_elsewhere_has_a_uri_of_its_own():
    [result] = run_of(attrs.evolve(ERROR, source="/elsewhere/a#b.yaml"))["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "file:///elsewhere/a%23b.yaml"


def test_nothing_found_is_a_run_without_results():
    assert run_of()["results"] == []


def test_hostile_texts_break_nothing():
    [result] = run_of(FORGED)["results"]
    assert "forged" in result["message"]["text"]
    assert "\n::error" in unquote(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"])
