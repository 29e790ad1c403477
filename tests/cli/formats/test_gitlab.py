import json
import re

from k8sresolve.cli.formats import gitlab
from tests.cli.formats.reports import ERROR, FORGED, REMARK, WARNING, clean, report


def issues(*findings):
    told = json.loads(clean(gitlab.write(report(*findings))))
    for issue in told:
        assert set(issue) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert re.fullmatch("[0-9a-f]{64}", issue["fingerprint"])
        assert issue["severity"] in ("info", "minor", "major", "critical", "blocker")
        assert issue["location"]["path"]
        assert issue["location"]["lines"]["begin"] >= 1
    assert len({issue["fingerprint"] for issue in told}) == len(told)
    return told


def test_an_issue_has_what_gitlab_needs():
    first, second, third, _ = issues(ERROR, WARNING, REMARK, ERROR)
    assert first["description"] == "Service shop/db spec.externalName: is an address; make it a name"
    assert first["check_name"] == "alias-to-address"
    assert first["location"] == {"path": "shop/a b.yaml", "lines": {"begin": 12}}
    assert [issue["severity"] for issue in (first, second, third)] == ["major", "minor", "info"]
    assert third["location"] == {"path": "all Services", "lines": {"begin": 1}}
    assert issues() == []


def test_hostile_texts_break_nothing():
    assert "forged" in issues(FORGED)[0]["description"]
