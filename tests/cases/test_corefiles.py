"""Corefiles that went wrong once, in small, each beside what CoreDNS 1.14.7 makes of it."""

from pathlib import Path

import pytest
import yaml

from k8sresolve.errors import ManifestError
from k8sresolve.testing import Cluster

CASES = Path(__file__).parent


def cluster(case: str, name: str, **rest) -> Cluster:
    folder = CASES / case
    objects = [document for path in folder.glob("*.yaml") for document in yaml.safe_load_all(path.read_text())]
    return Cluster.from_objects(objects, corefile=(folder / f"{name}.Corefile").read_text(), **rest)


# coredns/coredns#3298, coredns/corefile-migration#23: CoreDNS does not start with what it does not know.
@pytest.mark.parametrize(
    ("name", "line", "word", "advice"),
    [
        ("upstream", 5, "upstream", "take it out"),
        ("option", 3, "resyncperiod", "take it out"),
        ("proxy", 4, "proxy", "`forward` takes its place"),
        ("typo", 3, "kubernets", "is it kubernetes?"),
    ],
)
def test_directives_and_options_that_coredns_does_not_know(name, line, word, advice):
    with pytest.raises(ManifestError) as caught:
        cluster("corefile-that-coredns-refuses", name)
    assert caught.value.line == line
    assert f"{word!r}" in caught.value.problem
    assert advice in caught.value.problem
