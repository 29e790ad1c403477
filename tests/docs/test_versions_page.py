"""The page of versions has the differences that the list has, and the versions that are known."""

from k8sresolve.testing.versions import (
    COREDNS_VERSIONS,
    DEFAULT_COREDNS,
    DEFAULT_KUBERNETES,
    DIFFERENCES,
    KUBERNETES_VERSIONS,
)
from tests.docs import versions

PAGE = versions.PAGE.read_text()


def test_the_tables_are_those_of_the_list() -> None:
    assert versions.written(PAGE) == PAGE, "run `python -m tests.docs.versions`"
    assert [PAGE.count(f"| `{one.name}` |") for one in DIFFERENCES] == [1] * len(DIFFERENCES)


def test_the_versions_are_those_that_are_known() -> None:
    rows = {line.split("|")[1].strip(): line for line in PAGE.splitlines() if line.startswith("| `")}
    for option, known, default in (
        ("`coredns=`", COREDNS_VERSIONS, DEFAULT_COREDNS),
        ("`kubernetes=`", KUBERNETES_VERSIONS, DEFAULT_KUBERNETES),
    ):
        _, _, _, versions_cell, default_cell, *_ = rows[option].split("|")
        assert versions_cell.strip() == ", ".join(known)
        assert default_cell.strip().startswith(default.text)
