"""What the rows of `tests/golden/apiserver` keep of an object."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

Object = dict[str, Any]

# Of no consequence for DNS, and the same everywhere.
_SPEC_LEFT_OUT = ("sessionAffinity", "internalTrafficPolicy")
_POD_SPEC = ("hostname", "subdomain", "hostNetwork", "hostnameOverride", "nodeName", "dnsPolicy")
_UNKNOWN_FIELD = re.compile('unknown field "([^"]+)"')
_NOT_DECODED = re.compile(r"Go struct field \w+\.(\S+)")
_FIELD = re.compile(r"([a-z]\w*(?:\.\w+|\[[0-9]+\])*): ")


def causes(status: Object) -> list[Object]:
    """Field and type of what the API server has against an object, from its `Status`."""
    details = status.get("details") or {}
    if status.get("code") == 400:
        return [_not_decoded(status["message"])]
    told = details.get("causes") or [{"reason": status.get("reason")}]
    return [{"field": cause.get("field"), "type": cause["reason"]} for cause in told]


def _not_decoded(message: str) -> Object:
    if unknown := _UNKNOWN_FIELD.search(message):
        return {"field": unknown[1], "type": "UnknownField"}
    found = _NOT_DECODED.search(message)
    return {"field": found[1] if found else None, "type": "BadRequest"}


def warning(text: str) -> str:
    """The field that a warning names first, or else its text."""
    found = _FIELD.match(text)
    return found[1] if found else text


def stored(spec: Object, manifest: str) -> Object:
    """A Service's spec, with placeholders for what the manifest does not state and the API server chose."""
    return {key: _told(key, value, manifest) for key, value in spec.items()}


def _told(key: str, value: Any, manifest: str) -> Any:
    match key:
        case "clusterIP":
            return _chosen_ip(value, manifest)
        case "clusterIPs":
            return [_chosen_ip(ip, manifest) for ip in value]
        case "nodePort" | "healthCheckNodePort":
            return value if f": {value}" in manifest else "<port>"
        case "ports":
            return [stored(port, manifest) for port in value]
    return value


def _chosen_ip(ip: str, manifest: str) -> str:
    if ip == "None" or f'"{ip}"' in manifest:
        return ip
    return "<IPv6>" if ":" in ip else "<IPv4>"


# Of worlds.


def service(thing: Object) -> Object:
    spec = {key: value for key, value in thing["spec"].items() if key not in _SPEC_LEFT_OUT}
    return {"metadata": _metadata(thing, ("namespace", "name")), "spec": spec}


def pod(thing: Object) -> Object:
    status = thing.get("status", {})
    ready = [one["status"] for one in status.get("conditions") or () if one["type"] == "Ready"]
    return {
        "metadata": _owned(thing),
        "spec": _some(thing["spec"], _POD_SPEC),
        "status": {
            "phase": status.get("phase"),
            "ready": ready[0] if ready else None,
            "podIPs": [one["ip"] for one in status.get("podIPs") or ()],
        },
    }


def endpoints(thing: Object) -> Object:
    return {"metadata": _metadata(thing, ("namespace", "name", "labels")), "subsets": thing.get("subsets")}


def endpoint_slice(thing: Object) -> Object:
    entries = thing.get("endpoints")
    return {
        "metadata": _owned(thing),
        "addressType": thing["addressType"],
        "ports": thing.get("ports"),
        "endpoints": entries and [_entry(entry) for entry in entries],
    }


def _entry(entry: Object) -> Object:
    target = entry.get("targetRef")
    return {**entry, "targetRef": _some(target, ("kind", "name", "namespace"))} if target else entry


def _owned(thing: Object) -> Object:
    owners = thing["metadata"].get("ownerReferences") or ()
    owner = {"owner": f"{owners[0]['kind']}/{owners[0]['name']}"} if owners else {}
    return {**_metadata(thing, ("namespace", "name", "generateName", "labels")), **owner}


def _metadata(thing: Object, keys: Iterable[str]) -> Object:
    return _some(thing["metadata"], keys)


def _some(given: Mapping[str, Any], keys: Iterable[str]) -> Object:
    return {key: given[key] for key in keys if given.get(key)}
