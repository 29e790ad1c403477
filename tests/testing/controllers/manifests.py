"""Manifests of workloads, pods, Services and nodes, and a store that is filled with them."""

from k8sresolve.testing.controllers.applying import apply
from k8sresolve.testing.objects.kinds import Pod
from k8sresolve.testing.objects.manifests import read_objects
from k8sresolve.testing.objects.store import Store

LETTERS = "[bcdfghjklmnpqrstvwxz2456789]"
GROUPS = {"Deployment": "apps", "ReplicaSet": "apps", "StatefulSet": "apps", "DaemonSet": "apps", "Job": "batch"}


def workload(kind, name="web", labels=None, owner=None, pod_spec=None, **spec):
    labels = {"app": "web"} if labels is None else labels
    meta = {"name": name, "namespace": "shop"}
    if owner:
        meta["ownerReferences"] = [{"kind": owner[0], "name": owner[1], "controller": True}]
    ports = [{"name": "http", "containerPort": 8080}]
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "main", "ports": ports}]}}
    template["spec"].update(pod_spec or {})
    spec = {"selector": {"matchLabels": labels}, "template": template, **spec}
    return {"apiVersion": f"{GROUPS[kind]}/v1", "kind": kind, "metadata": meta, "spec": spec}


def pod(name="web-0", labels=None, owner=None, status=None, namespace="shop", **spec):
    meta = {"name": name, "namespace": namespace, "labels": {"app": "web"} if labels is None else labels}
    if owner:
        meta["ownerReferences"] = [{"kind": owner[0], "name": owner[1], "controller": True}]
    made = {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec}
    return made if status is None else {**made, "status": status}


def service(name="web", **spec):
    spec = {"selector": {"app": "web"}, "ports": [{"name": "http", "port": 80, "targetPort": "http"}], **spec}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": "shop"}, "spec": spec}


def node(name, labels=None, *ips):
    addresses = [{"type": "InternalIP", "address": ip} for ip in ips]
    status = {"addresses": [*addresses, {"type": "Hostname", "address": name}]}
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels or {}}, "status": status}


def running(ip, *, ready="True"):
    return {"phase": "Running", "podIP": ip, "conditions": [{"type": "Ready", "status": ready}]}


def filled(*objects, **cidrs):
    store = Store()
    apply(store, read_objects(objects), **cidrs)
    return store


def pods(store):
    return [item for item in store.all("Pod") if isinstance(item, Pod)]


def endpoints(store, name="web"):
    return [entry for part in store.slices("shop", name) for entry in part.addresses]


def stated_slice(name="web-1", address="192.0.2.1"):
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": name, "namespace": "shop", "labels": {"kubernetes.io/service-name": "web"}},
        "addressType": "IPv4",
        "endpoints": [{"addresses": [address]}],
    }


def stated_endpoints(address="192.0.2.2", *, of_a_pod=True):
    entry = {"ip": address, **({"targetRef": {"kind": "Pod", "name": "web-x"}} if of_a_pod else {})}
    meta = {"name": "web", "namespace": "shop"}
    return {"kind": "Endpoints", "metadata": meta, "subsets": [{"addresses": [entry]}]}
