"""What a cluster holds before anything is applied."""

from tests.controlplane import rows
from tests.controlplane.api import Api, Object


def record(api: Api) -> Object:
    """Make the row of an empty cluster, in which is what every cluster has."""
    return {
        "namespaces": [thing["metadata"]["name"] for thing in api.items("Namespace")],
        "services": [_whole(thing, "spec", "status") for thing in api.items("Service")],
        "endpoints": [_whole(thing, "subsets") for thing in api.items("Endpoints")],
        "pods": [rows.pod(thing) for thing in api.items("Pod")],
        "configmaps": [
            f"{thing['metadata']['namespace']}/{thing['metadata']['name']}" for thing in api.items("ConfigMap")
        ],
        "slices": [
            _whole(thing, "addressType", "endpoints", "ports")
            for thing in api.items("EndpointSlice", "discovery.k8s.io/v1")
        ],
        "servicecidrs": [_whole(thing, "spec") for thing in api.items("ServiceCIDR", "networking.k8s.io/v1")],
    }


def _whole(thing: Object, *parts: str) -> Object:
    keys = ("name", "namespace", "labels", "finalizers")
    metadata = {key: thing["metadata"][key] for key in keys if thing["metadata"].get(key)}
    return {"metadata": metadata, **{part: thing[part] for part in parts}}
