"""Services of other clusters, and what the plugin's README says of the option `multicluster`."""

import pytest

from tests.testing.checks.objects import assert_only, custom, found

IMPORT = custom("ServiceImport", group="multicluster.x-k8s.io", spec={"type": "ClusterSetIP", "ips": ["10.96.7.7"]})
PLAIN = ".:53 {\n kubernetes cluster.local\n}\n"
SERVES = ".:53 {\n kubernetes cluster.local clusterset.local {\n  multicluster clusterset.local\n }\n}\n"
FORWARDS = PLAIN + "clusterset.local:53 {\n forward . 10.96.0.77\n}\n"


def config(text, name="coredns", key="Corefile"):
    meta = {"name": name, "namespace": "kube-system"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": {key: text}}


def test_an_import_that_the_corefile_does_not_serve():
    findings = found(IMPORT, config(PLAIN))
    assert_only(findings, "warning", "kind", "NXDOMAIN", "multicluster", on="ServiceImport shop/it")
    assert findings[0].rule == "import-not-served"


@pytest.mark.parametrize(
    "objects",
    [
        [IMPORT],
        [IMPORT, config(SERVES)],
        [IMPORT, config(FORWARDS)],
        [
            IMPORT,
            config(PLAIN + "import custom/*.server\n"),
            config(FORWARDS[len(PLAIN) :], "coredns-custom", "a.server"),
        ],
        [config(PLAIN)],
    ],
    ids=["no Corefile", "served", "asked elsewhere", "in another ConfigMap", "no import"],
)
def test_an_import_that_is_served_or_may_be_is_no_finding(objects):
    assert found(*objects) == ()
