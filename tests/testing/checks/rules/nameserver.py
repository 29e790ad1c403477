"""A nameserver as kubeadm sets it up, of which one thing is changed at a time."""

from tests.testing.checks.objects import config_map, found

HEALTH = {"httpGet": {"path": "/health", "port": 8080}}
READY = {"httpGet": {"path": "/ready", "port": 8181}}
LABELS = {"k8s-app": "kube-dns"}
LINES = (
    "errors",
    "health {\n       lameduck 5s\n    }",
    "ready",
    "kubernetes cluster.local in-addr.arpa ip6.arpa",
    "prometheus :9153",
    "forward . /etc/resolv.conf",
    "cache 30",
)
ON = "ConfigMap kube-system/coredns"


def corefile(*others, without="", zones=".:53", name="coredns", key="Corefile"):
    lines = [line for line in LINES if not without or not line.startswith(without)]
    text = "".join(f"    {line}\n" for line in (*lines, *others))
    return config_map({key: f"{zones} {{\n{text}}}\n"}, name, "kube-system")


def port(number, name, protocol="TCP"):
    return {"containerPort": number, "name": name, "protocol": protocol}


def container(image="registry.k8s.io/coredns/coredns:v1.11.1", **more):
    return {
        "name": "coredns",
        "image": image,
        "args": ["-conf", "/etc/coredns/Corefile"],
        "ports": [port(53, "dns", "UDP"), port(53, "dns-tcp"), port(9153, "metrics")],
        "livenessProbe": HEALTH,
        "readinessProbe": READY,
        **more,
    }


def deployment(*containers, config="coredns"):
    spec = {
        "dnsPolicy": "Default",
        "containers": list(containers) or [container()],
        "volumes": [{"name": "config", "configMap": {"name": config}}],
    }
    template = {"metadata": {"labels": LABELS}, "spec": spec}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "coredns", "namespace": "kube-system"},
        "spec": {"selector": {"matchLabels": LABELS}, "template": template},
    }


def service(*ports, **spec):
    ports = ports or (
        {"name": "dns", "port": 53, "protocol": "UDP"},
        {"name": "dns-tcp", "port": 53},
        {"name": "metrics", "port": 9153},
    )
    meta = {"name": "kube-dns", "namespace": "kube-system"}
    spec = {"clusterIP": "10.96.0.10", "selector": LABELS, "ports": list(ports), **spec}
    return {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": spec}


def told(*objects):
    """What is said of the Corefile beside a nameserver."""
    return [each for each in found(*objects) if each.rule.startswith("corefile-")]


def assert_told(findings, rule, severity, *words, on=ON, field="data[Corefile]"):
    [finding] = findings
    assert (finding.rule, finding.severity, finding.object, finding.field) == (rule, severity, on, field)
    text = f"{finding.problem}; {finding.advice}"
    assert [word for word in words if word not in text] == [], text
