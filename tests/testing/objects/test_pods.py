import pytest

from k8sresolve.errors import ManifestError
from k8sresolve.testing.objects.manifests import read_objects
from tests.testing.controllers.manifests import pod, service, workload


@pytest.mark.parametrize(
    ("made", "field", "problem"),
    [
        (workload("Deployment", replicas=-1), "spec.replicas", "less than none"),
        (workload("Deployment", replicas="3"), "spec.replicas", "text where a whole number"),
        (pod(containers=[{"ports": [{"name": "a"}]}]), "spec.containers[0].ports[0].containerPort", "no port"),
        (pod(containers=[{"ports": [{"containerPort": 70000}]}]), "spec.containers[0].ports[0].containerPort", "70000"),
        (pod(hostNetwork="yes"), "spec.hostNetwork", "text where true or false"),
        (pod(dnsConfig={"options": [{"name": "ndots", "value": 1}]}), "spec.dnsConfig.options[0].value", "whole"),
        (pod(labels={"version": 1.0}), "metadata.labels.version", "a fraction where text"),
        (service(selector={"app": 1}), "spec.selector.app", "a whole number where text"),
        (service(ports=[{"port": 80, "targetPort": 70000}]), "spec.ports[0].targetPort", "70000"),
        (service(ports=[{"port": 80, "targetPort": True}]), "spec.ports[0].targetPort", "neither"),
    ],
)
def test_a_wrong_field_is_named(made, field, problem):
    with pytest.raises(ManifestError, match=problem) as caught:
        read_objects([made])
    assert caught.value.field == field
