"""What may change is as the update validations of Kubernetes 1.37.2 have it; see the module's sources."""

import pytest

from k8sresolve.errors import ManifestError
from k8sresolve.testing import Cluster
from tests.testing.controllers.manifests import pod, running, service, stated_slice, workload

ALIAS = {"type": "ExternalName", "externalName": "db.example.com", "selector": None, "ports": None}


def refused(before, after):
    """The error of the second manifest of an object, or None where it is taken."""
    cluster = Cluster.from_objects([before])
    try:
        cluster.apply(after)
    except ManifestError as error:
        return error
    return None


@pytest.mark.parametrize(
    ("before", "after", "field", "values"),
    [
        (service(clusterIP="10.96.1.1"), service(clusterIP="10.96.1.2"), "spec.clusterIP", ("10.96.1.1", "10.96.1.2")),
        (service(clusterIP="10.96.1.1"), service(clusterIP="None"), "spec.clusterIP", ("10.96.1.1", "None")),
        (service(clusterIP="None"), service(clusterIP="10.96.1.1"), "spec.clusterIP", ("None", "10.96.1.1")),
        (service(clusterIP="None"), service(type="NodePort"), "spec.clusterIP", ("None", "NodePort")),
        (service(), service(ipFamilies=["IPv6"]), "spec.ipFamilies", ("IPv4", "IPv6")),
        (
            workload("Deployment", labels={"app": "web"}),
            workload("Deployment", labels={"app": "api"}),
            "spec.selector",
            ("app=web", "app=api"),
        ),
        (
            workload("StatefulSet", serviceName="web"),
            workload("StatefulSet", serviceName="other"),
            "spec.serviceName",
            ("web", "other"),
        ),
        (
            workload("DaemonSet", selector={"matchExpressions": [{"key": "app", "operator": "In", "values": ["web"]}]}),
            workload("DaemonSet", selector={"matchExpressions": [{"key": "app", "operator": "Exists"}]}),
            "spec.selector",
            ("app=web", "app"),
        ),
        (
            workload("Job", pod_spec={"subdomain": "web"}),
            workload("Job", pod_spec={"subdomain": "other"}),
            "spec.template.spec.subdomain",
            ("web", "other"),
        ),
        (pod(hostname="one"), pod(hostname="two"), "spec.hostname", ("one", "two")),
        (
            pod(nodeSelector={"disk": "ssd"}),
            pod(nodeSelector={"disk": "hdd"}),
            "spec.nodeSelector",
            ("disk=ssd", "disk=hdd"),
        ),
        (
            {**stated_slice(), "addressType": "IPv4"},
            {**stated_slice(address="2001:db8::1"), "addressType": "IPv6"},
            "addressType",
            ("IPv4", "IPv6"),
        ),
    ],
)
def test_what_may_not_change_is_refused_with_object_field_and_both_values(before, after, field, values):
    error = refused(before, after)
    meta = before["metadata"]
    assert (error.object, error.field) == (f"{before['kind']} {meta['namespace']}/{meta['name']}", field)
    assert all(value in str(error) for value in values)
    assert f"cluster.delete('{before['kind']}', 'shop/{meta['name']}')" in str(error)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (service(clusterIP="10.96.1.1"), service()),
        (service(clusterIP="10.96.1.1"), service(type="NodePort")),
        (service(clusterIP="10.96.1.1"), service(**ALIAS)),
        (service(**ALIAS), service(clusterIP="None")),
        (service(clusterIP="None"), service()),
        (service(clusterIP="None", ipFamilies=["IPv4"]), service(clusterIP="None", ipFamilies=["IPv6"])),
        (workload("Deployment"), workload("Deployment", replicas=2, pod_spec={"hostname": "one"})),
        (
            workload("Deployment", selector={"matchLabels": {"app": "web"}}),
            workload(
                "Deployment", selector={"matchExpressions": [{"key": "app", "operator": "In", "values": ["web"]}]}
            ),
        ),
        (workload("StatefulSet", serviceName="web"), workload("StatefulSet", serviceName="web", ordinals={"start": 3})),
        (pod(hostname="one"), pod(labels={"app": "other"})),
        (
            pod(schedulingGates=[{"name": "example.com/wait"}]),
            pod(schedulingGates=[{"name": "example.com/wait"}], nodeSelector={"disk": "ssd"}),
        ),
        (pod(status=running("10.244.0.9")), pod()),
    ],
)
def test_what_may_change_or_is_left_out_is_taken(before, after):
    assert refused(before, after) is None


def test_a_refused_change_changes_nothing_and_says_where_it_is_written(tmp_path):
    file = tmp_path / "web.yaml"
    file.write_text(
        "apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop}\nspec:\n"
        "  clusterIP: 10.96.1.2\n  ports: [{port: 80}]\n"
    )
    cluster = Cluster.from_objects([service(clusterIP="10.96.1.1")])
    with pytest.raises(ManifestError) as caught:
        cluster.apply(workload("Deployment"), file)
    assert (caught.value.file, caught.value.line) == (str(file), 5)
    assert cluster.store.service("shop", "web").cluster_ips == ("10.96.1.1",)
    assert not list(cluster.store.all("Deployment"))
