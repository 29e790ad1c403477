import json

from k8sresolve.cli.formats import json_
from tests.cli.formats.reports import ERROR, FIELDS, FORGED, HOSTILE, clean, report


def test_each_finding_has_its_fields():
    [told] = json.loads(json_.write(report(ERROR)))["check"]
    assert told == {name: getattr(ERROR, name) for name in FIELDS}
    assert json.loads(json_.write(report())) == {"schema_version": 1, "check": []}


def test_hostile_texts_are_kept_and_break_nothing():
    written = clean(json_.write(report(FORGED)))
    assert written.isascii()
    assert json.loads(written)["check"][0]["object"] == HOSTILE
