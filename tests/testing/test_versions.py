"""The list of differences, and what is said of a version that is not in it."""

import pytest

from k8sresolve.errors import ConfigError, ManifestError
from k8sresolve.testing import Cluster
from k8sresolve.testing.versions import (
    COREDNS_VERSIONS,
    DEFAULT_COREDNS,
    DIFFERENCES,
    KUBERNETES_VERSIONS,
    SERVICE_NAMES,
    STORED_AA,
    coredns,
    kubernetes,
)


def test_a_version_has_what_it_brought_and_what_those_before_it_did():
    assert [coredns(text).has(STORED_AA) for text in COREDNS_VERSIONS] == [False, True]
    assert [kubernetes(text).has(SERVICE_NAMES) for text in KUBERNETES_VERSIONS] == [False, True, True]


def test_each_difference_is_of_a_known_version_and_told_once():
    assert all(
        one.since in {"CoreDNS": COREDNS_VERSIONS, "Kubernetes": KUBERNETES_VERSIONS}[one.program][1:]
        for one in DIFFERENCES
    )
    assert len({one.name for one in DIFFERENCES}) == len(DIFFERENCES)
    assert all(one.sources and one.what and one.who and one.advice for one in DIFFERENCES)


@pytest.mark.parametrize("given", ["1.13.0", "v1.15.0", "", None, 1.15, ["1.15.0"]])
def test_an_unknown_version_is_an_error_that_lists_those_known(given):
    with pytest.raises(ConfigError, match=r"CoreDNS .* is not known here.*1\.14\.7, 1\.15\.0"):
        Cluster.from_objects([], coredns=given)
    with pytest.raises(ConfigError, match=r"Kubernetes .* is not known here.*1\.36, 1\.37, 1\.38"):
        Cluster.from_objects([], kubernetes=given)


def test_a_version_says_what_it_is():
    made = Cluster.from_objects([], coredns="1.15.0", kubernetes="1.38")
    assert (str(made.coredns), str(made.kubernetes)) == ("CoreDNS 1.15.0", "Kubernetes 1.38")
    assert Cluster.from_objects([], coredns=made.coredns).coredns == made.coredns


def test_a_cluster_of_another_version_has_the_same_objects_and_a_time_of_its_own(caplog):
    corefile = ". {\n kubernetes cluster.local {\n  pods verified\n }\n nomad x\n}\n"
    older = Cluster.from_objects([], corefile=corefile, apply_namespace="shop")
    assert len(caplog.records) == 1
    newer = older.with_versions(coredns="1.15.0", kubernetes="1.38")
    assert (len(caplog.records), newer.warnings) == (1, older.warnings)
    assert (str(newer.coredns), str(newer.kubernetes), str(newer.kubelet.kubernetes)) == (
        "CoreDNS 1.15.0",
        "Kubernetes 1.38",
        "Kubernetes 1.38",
    )
    older.apply({"kind": "Service", "metadata": {"name": "web"}, "spec": {"clusterIP": "10.96.0.2"}})
    with newer.resolver(namespace="shop") as resolver:
        assert [str(address) for address in resolver.service("web").addresses] == ["10.96.0.2"]
    older.clock.advance(60)
    assert newer.clock.monotonic() < older.clock.monotonic()
    assert (len(older.queries), older.with_versions().coredns) == (0, older.coredns)


def test_a_version_that_does_not_start_with_the_corefile_is_an_error():
    corefile = ". {\n kubernetes cluster.local\n siit\n}\n"
    newer = Cluster.from_objects([], corefile=corefile, coredns="1.15.0")
    with pytest.raises(ManifestError, match="knows no directive 'siit'"):
        newer.with_versions(coredns="1.14.7")
    with pytest.raises(ConfigError, match="is not known here"):
        newer.with_versions(coredns="1.0")


@pytest.mark.parametrize("given", [[], None, "no-options"])
def test_what_is_no_difference_is_an_error(given):
    with pytest.raises(ConfigError, match="is no difference; give one of DIFFERENCES"):
        DEFAULT_COREDNS.has(given)
