import attrs
import pytest

from k8sresolve.cli.formats.report import path_of
from tests.cli.formats.reports import ERROR, REMARK, WARNING, report


@pytest.mark.parametrize(("fail_on", "statuses"), [("error", (1, 0, 0)), ("warning", (1, 1, 0)), ("never", (0, 0, 0))])
def test_the_status_is_1_from_a_severity_on(fail_on, statuses):
    told = tuple(report(each, fail_on=fail_on).status for each in (ERROR, WARNING, REMARK))
    assert told == statuses
    assert report(fail_on=fail_on).status == 0


def marks(*findings):
    return [mark for _, mark in report(*findings).fingerprinted()]


def test_a_fingerprint_stays_where_lines_and_words_change_and_differs_between_objects():
    [mark] = marks(ERROR)
    assert marks(attrs.evolve(ERROR, line=99, problem="other", advice="other", severity="remark")) == [mark]
    others = [attrs.evolve(ERROR, **{name: "other"}) for name in ("rule", "source", "object", "field", "text")]
    assert len({mark, *marks(*others)}) == 6
    assert len(set(marks(ERROR, ERROR))) == 2
    assert marks(ERROR, ERROR)[0] == mark


def test_a_path_is_told_from_where_the_command_runs(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    inside, outside = str(tmp_path / "a" / "b.yaml"), str(tmp_path.parent / "c.yaml")
    told = [path_of(attrs.evolve(ERROR, source=source)) for source in (inside, outside, "x/y.yaml", "standard input")]
    assert told == ["a/b.yaml", outside, "x/y.yaml", "standard input"]
    assert marks(attrs.evolve(ERROR, source=inside)) == marks(attrs.evolve(ERROR, source="a/b.yaml"))
