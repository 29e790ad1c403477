from k8sresolve.cli.formats import text
from k8sresolve.cli.screen import Screen
from tests.cli.formats.reports import ERROR, FORGED, HOSTILE, REMARK, WARNING, clean, report


def test_a_row_each_and_their_numbers():
    told = text.write(report(ERROR, WARNING, WARNING, REMARK), Screen()).split("\n")
    assert told[:2] == ["RULE              FINDING", "alias-to-address  is an address"]
    assert told[-2:] == ["", "all Services: 1 error, 2 warnings, 1 remark"]
    assert text.write(report(), Screen()) == "all Services: nothing to improve"


def test_hostile_texts_break_nothing():
    for told in (report(FORGED, what=HOSTILE), report(what=HOSTILE)):
        clean(text.write(told, Screen()))
