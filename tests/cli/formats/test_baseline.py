import json

import attrs
import pytest

from k8sresolve import ConfigError
from k8sresolve.cli.formats import baseline
from tests.cli.formats.reports import ERROR, FORGED, HOSTILE, REMARK, WARNING, clean, report


def test_what_a_baseline_has_is_left_out_wherever_it_moved(tmp_path):
    path = tmp_path / "baseline.json"
    path.write_text(clean(baseline.write(report(ERROR, WARNING, FORGED))))
    moved = attrs.evolve(ERROR, line=99)
    left = baseline.without_known(report(moved, REMARK, ERROR, WARNING, FORGED), str(path))
    assert list(left.findings) == [REMARK, ERROR]  # of two that are alike, one was known


def test_a_baseline_says_for_reviewers_what_it_has_in_an_order_of_its_own():
    written = baseline.write(report(WARNING, ERROR))
    assert written == baseline.write(report(ERROR, WARNING))
    known = json.loads(written)["baseline"]
    assert [each["rule"] for each in known] == ["alias-to-address", "selector-no-pods"]
    assert (known[0]["file"], known[0]["object"]) == ("shop/a b.yaml", "Service shop/db")


@pytest.mark.parametrize(
    "text",
    [b"", b"{}", b"[1]", b'{"baseline": 1}', b'{"baseline": [{}]}', b'{"baseline": ["a"]}', b"\xff", b"[" * 9999],
)
def test_what_is_no_baseline_is_refused(tmp_path, text):
    path = tmp_path / "baseline.json"
    path.write_bytes(text)
    with pytest.raises(ConfigError, match="is no baseline"):
        baseline.without_known(report(ERROR), str(path))


def test_a_baseline_is_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(baseline, "_MOST_BYTES", 10)
    path = tmp_path / "baseline.json"
    path.write_text('{"baseline": []}')
    with pytest.raises(ConfigError, match="more than 10 bytes"):
        baseline.without_known(report(ERROR), str(path))


@pytest.mark.parametrize("path", ["/nowhere/baseline.json", "/", HOSTILE])
def test_a_baseline_that_cannot_be_read_says_how_to_write_one(path):
    with pytest.raises(ConfigError, match="-o baseline=FILE"):
        baseline.without_known(report(ERROR), path)
