"""Kinds that are not understood are told once each; those of Kubernetes that DNS does not depend on are not."""

import pytest

from k8sresolve.testing import Cluster


def item(api, kind, name="a", **fields):
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name, "namespace": "shop"}, **fields}


def test_a_kind_is_told_once_with_its_number_and_the_first_place(tmp_path):
    file = tmp_path / "tls.yaml"
    one = "apiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: {{name: {}, namespace: shop}}\n"
    file.write_text("---\n".join(one.format(name) for name in "abc"))
    [warning] = Cluster.from_manifests(file).warnings
    assert warning.startswith(f"{file}, document 1, line 1, Certificate shop/a: kind Certificate of cert-manager.io")
    assert "(3 objects, of which this is the first)" in warning


def test_each_kind_is_told():
    objects = [item("example.com/v1", "A"), item("example.com/v1", "B"), item("example.org/v1", "A")]
    assert len(Cluster.from_objects(objects).warnings) == 3


@pytest.mark.parametrize(
    ("api", "kind", "meant"),
    [
        ("apps/v1", "Deploymnet", "Deployment of apps"),
        ("v1", "Servise", "Service of v1"),
        ("extensions/v1beta1", "StatefulSet", "StatefulSet of apps"),
    ],
)
def test_a_slip_for_a_kind_of_kubernetes_is_told_with_what_is_meant(api, kind, meant):
    [warning] = Cluster.from_objects([item(api, kind)]).warnings
    assert f"did you mean {meant}?" in warning


@pytest.mark.parametrize(
    ("api", "kind"),
    [
        ("v1", "Secret"),
        ("v1", "ConfigMap"),
        ("v1", "ServiceAccount"),
        ("apps/v1", "ControllerRevision"),
        ("autoscaling/v1", "Scale"),
        ("policy/v1", "PodDisruptionBudget"),
        ("rbac.authorization.k8s.io/v1", "Role"),
        ("networking.k8s.io/v1", "Ingress"),
        ("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
        ("v1", "Service"),
    ],
)
def test_what_kubernetes_has_is_no_warning(api, kind):
    assert Cluster.from_objects([item(api, kind)]).warnings == ()


def test_a_custom_kind_that_makes_pods_is_understood():
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
    rollout = item("argoproj.io/v1alpha1", "Rollout", spec={"template": template})
    assert Cluster.from_objects([rollout]).warnings == ()
