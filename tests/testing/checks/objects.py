"""Objects as manifests have them, and what a check of them finds."""

from k8sresolve.testing import Cluster

APP = {"app": "web"}


def service(name="web", namespace="shop", **spec):
    spec = {"selector": APP, "ports": [{"name": "http", "port": 80, "targetPort": 8080}], **spec}
    meta = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": spec}


def headless(name="web", **spec):
    return service(name, **{"clusterIP": "None", "ports": [{"name": "http", "port": 8080}], **spec})


def port(number, name=None, protocol=None):
    made = {"containerPort": number, "name": name, "protocol": protocol}
    return {key: value for key, value in made.items() if value is not None}


def containers(*ports_of_each):
    """A pod's containers, each with these ports; without any, one that declares none."""
    return [{"name": f"c{index}", "ports": list(ports)} for index, ports in enumerate(ports_of_each or [()])]


def deployment(name="web", *ports_of_each, labels=None, namespace="shop", replicas=1, kind="Deployment", **spec):
    pod = {"containers": containers(*(ports_of_each or [[port(8080, "http")]])), **spec.pop("pod", {})}
    template = {"metadata": {"labels": APP if labels is None else labels}, "spec": pod}
    meta = {"name": name, "namespace": namespace}
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": meta,
        "spec": {
            **({} if kind in ("DaemonSet", "Job", "CronJob") else {"replicas": replicas}),
            "selector": {"matchLabels": template["metadata"]["labels"]},
            "template": template,
            **spec,
        },
    }


def stateful(name="db", **spec):
    return deployment(name, kind="StatefulSet", **spec)


def pod(name="web-0", *, ready=True, phase="Running", owner=None, labels=None, **spec):
    meta = {"name": name, "namespace": "shop", "labels": APP if labels is None else labels}
    if owner:
        meta["ownerReferences"] = [{"kind": owner[0], "name": owner[1], "controller": True}]
    status = {"phase": phase, "conditions": [{"type": "Ready", "status": str(ready)}], "podIP": "10.244.9.9"}
    spec = {"containers": containers([port(8080, "http")]), **spec}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec, "status": status}


def slice_of(name="web", *addresses, ports=(("http", 8080, "TCP"),), hostname=None, ready=True):
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": f"{name}-x", "namespace": "shop", "labels": {"kubernetes.io/service-name": name}},
        "addressType": "IPv4",
        "endpoints": [
            {"addresses": [address], "conditions": {"ready": ready}, "hostname": hostname} for address in addresses
        ],
        "ports": [{"name": name, "port": number, "protocol": protocol} for name, number, protocol in ports],
    }


def namespace(name):
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def custom(kind, namespace="shop", group="example.com", **fields):
    return {"apiVersion": f"{group}/v1", "kind": kind, "metadata": {"name": "it", "namespace": namespace}, **fields}


def found(*objects, name=None):
    return Cluster.from_objects(objects).check(name)


def only(findings):
    [finding] = findings
    return finding


def assert_only(findings, severity, field, *words, on="Service shop/web"):
    finding = only(findings)
    assert (finding.severity, finding.object, finding.field) == (severity, on, field)
    told = f"{finding.problem}; {finding.advice}"
    assert [word for word in words if word not in told] == [], told


def told_of(name="app", namespace="shop", *, env=None, args=(), pod=None, **container):
    """A Deployment whose container has these variables and arguments."""
    variables = [{"name": key, "value": value} for key, value in (env or {}).items()]
    main = {"name": "main", "image": "a", "env": variables, "args": list(args), **container}
    labels = {"app": name}
    return deployment(name, namespace=namespace, labels=labels, pod={**(pod or {}), "containers": [main]})


def config_map(data, name="conf", namespace="shop", kind="ConfigMap", **more):
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "namespace": namespace}, "data": data, **more}
