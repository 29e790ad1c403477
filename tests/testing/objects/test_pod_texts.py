"""What is read of containers' texts, and that nothing of it is refused."""

import pytest

from k8sresolve.testing.objects.pod_texts import read_annotations, read_pod_texts
from k8sresolve.testing.objects.texts import NO_TEXTS, Annotation, Reference, Variable, Word

SPEC = {
    "initContainers": [{"command": ["a"]}],
    "containers": [
        {
            "args": ["b", 1, None],
            "envFrom": [{"prefix": "P_", "configMapRef": {"name": "c"}}, {"secretRef": {"name": "s"}}],
            "env": [
                {"name": "V", "value": "v"},
                {"name": "K", "valueFrom": {"configMapKeyRef": {"name": "c", "key": "k"}}},
                {"name": "N", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}},
                {"name": "I", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
            ],
        }
    ],
    "volumes": [
        {"configMap": {"name": "c"}},
        {"secret": {"secretName": "s"}},
        {"projected": {"sources": [{"configMap": {"name": "d"}}, {"serviceAccountToken": {}}]}},
        {"emptyDir": {}},
    ],
}


@pytest.mark.parametrize(
    ("kind", "obj", "at"),
    [
        ("Pod", {"spec": SPEC}, "spec"),
        ("Deployment", {"spec": {"template": {"spec": SPEC}}}, "spec.template.spec"),
        ("Rollout", {"spec": {"template": {"spec": SPEC}}}, "spec.template.spec"),
        (
            "CronJob",
            {"spec": {"jobTemplate": {"spec": {"template": {"spec": SPEC}}}}},
            "spec.jobTemplate.spec.template.spec",
        ),
    ],
)
def test_texts_are_found_wherever_the_pods_spec_is(kind, obj, at):
    read = read_pod_texts(kind, obj)
    first, main = read.containers
    assert first.words == (Word(f"{at}.initContainers[0].command[0]", "a"),)
    assert main.words == (Word(f"{at}.containers[0].args[0]", "b"),)
    env = f"{at}.containers[0].env"
    assert main.variables == (
        Variable("P_", f"{at}.containers[0].envFrom[0]", taken=Reference("ConfigMap", "c")),
        Variable("", f"{at}.containers[0].envFrom[1]", taken=Reference("Secret", "s")),
        Variable("V", f"{env}[0].value", "v"),
        Variable("K", f"{env}[1]", taken=Reference("ConfigMap", "c", "k")),
        Variable("N", f"{env}[2]", is_namespace=True),
    )
    assert read.mounted == (Reference("ConfigMap", "c"), Reference("Secret", "s"), Reference("ConfigMap", "d"))


def test_those_of_a_pod_that_something_made_are_read_there():
    assert read_pod_texts("Pod", {"metadata": {"ownerReferences": [{}]}, "spec": SPEC}) is NO_TEXTS


@pytest.mark.parametrize("odd", [None, 1, "x", [], {}, [1], ["x"], [[]], {"a": 1}])
def test_what_is_none_names_no_host(odd):
    for spec in (odd, {"containers": odd}, {"containers": [{"env": odd, "args": odd, "envFrom": odd}], "volumes": odd}):
        read_pod_texts("Pod", {"metadata": odd, "spec": spec})
    entry = {"name": odd, "value": odd, "valueFrom": {"configMapKeyRef": odd, "fieldRef": odd}}
    read = read_pod_texts("Pod", {"spec": {"containers": [{"env": [entry]}]}})
    assert all(variable.taken is None for container in read.containers for variable in container.variables)


@pytest.mark.parametrize(
    "way", ["lifecycle.postStart", "lifecycle.preStop", "readinessProbe", "livenessProbe", "startupProbe"]
)
def test_what_runs_in_a_container_is_read_as_its_command_is(way):
    container = {"exec": {"command": ["sh", 1, "b"]}}
    for part in reversed(way.split(".")):
        container = {part: container}
    [read] = read_pod_texts("Pod", {"spec": {"containers": [container]}}).containers
    at = f"spec.containers[0].{way}.exec.command"
    assert read.words == (Word(f"{at}[0]", "sh"), Word(f"{at}[2]", "b"))


def test_annotations_are_read_of_an_object_and_of_its_pods_but_for_what_kubectl_sent_before():
    annotations = {"a/b": "c", "n": 1, "kubectl.kubernetes.io/last-applied-configuration": "d"}
    meta = {"annotations": annotations}
    own = Annotation("metadata.annotations[a/b]", "a/b", "c")
    pods = Annotation("spec.template.metadata.annotations[a/b]", "a/b", "c")
    assert list(read_annotations("Pod", {"metadata": meta})) == [own]
    assert list(read_annotations("Deployment", {"metadata": meta, "spec": {"template": {"metadata": meta}}})) == [
        own,
        pods,
    ]
    assert list(read_annotations("Ingress", {"metadata": [], "spec": None})) == []


def test_hosts_that_the_kubelet_asks_are_read():
    container = {
        "readinessProbe": {"httpGet": {"host": "a", "port": 80}},
        "livenessProbe": {"tcpSocket": {"host": "b"}},
        "lifecycle": {"preStop": {"httpGet": {"host": "c"}}, "postStart": {"httpGet": {"host": 1}}},
    }
    [read] = read_pod_texts("Pod", {"spec": {"containers": [container]}}).containers
    at = "spec.containers[0]"
    assert read.asked == (
        Word(f"{at}.lifecycle.preStop.httpGet.host", "c"),
        Word(f"{at}.readinessProbe.httpGet.host", "a"),
        Word(f"{at}.livenessProbe.tcpSocket.host", "b"),
    )


PROBED = {
    "image": "registry.k8s.io/coredns/coredns:v1.11.1",
    "ports": [{"name": "ready", "containerPort": 8181}],
    "readinessProbe": {"httpGet": {"path": "/ready", "port": "ready"}},
    "livenessProbe": {"tcpSocket": {"port": 8080}},
    "startupProbe": {"httpGet": {"port": "8080"}},
}


def test_probes_have_the_number_or_the_name_of_a_port():
    [container] = read_pod_texts("Pod", {"spec": {"containers": [PROBED]}}).containers
    assert container.image == PROBED["image"]
    assert [(probe.kind, probe.port, probe.path) for probe in container.probes] == [
        ("readinessProbe", "ready", "/ready"),
        ("livenessProbe", 8080, ""),
    ]
    [patch] = read_pod_texts("Pod", {"spec": {"containers": [{**PROBED, "image": None}]}}).containers
    assert (patch.image, patch.probes) == ("", ())
