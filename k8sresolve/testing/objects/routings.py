"""Reading Ingresses and the routes of the Gateway API, cut down to the Services to which they lead."""

from collections.abc import Iterator

from k8sresolve.testing.objects.fields import FieldPath, Object, read_meta
from k8sresolve.testing.objects.kinds import Routing
from k8sresolve.testing.objects.pod_texts import text
from k8sresolve.testing.objects.sources import field_name
from k8sresolve.testing.objects.texts import Backend
from k8sresolve.testing.objects.validation.rows import mapping, mappings

ROUTES = ("HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute")

_ACTION = "use-annotation"  # kubernetes-sigs/aws-load-balancer-controller: an annotation says what is done


def read_ingress(obj: Object, path: FieldPath) -> Routing:
    """Read an Ingress, also as it was written before networking.k8s.io/v1."""
    meta, spec = read_meta(obj, path), mapping(obj.get("spec"))
    places: list[tuple[object, FieldPath]] = [(spec.get(key), ("spec", key)) for key in ("defaultBackend", "backend")]
    for number, rule in mappings(spec, "rules"):
        at = ("spec", "rules", number, "http", "paths")
        places += [
            (entry.get("backend"), (*at, index, "backend"))
            for index, entry in mappings(mapping(rule.get("http")), "paths")
        ]
    backends = (backend for value, at in places for backend in _backend(mapping(value), at, meta.namespace))
    return Routing(meta.namespace, meta.name, "Ingress", tuple(backends))


def _backend(backend: Object, path: FieldPath, namespace: str) -> Iterator[Backend]:
    service = mapping(backend.get("service"))
    told = mapping(service.get("port"))
    name = text(service.get("name")) or text(backend.get("serviceName"))
    port = told.get("number") or told.get("name") or backend.get("servicePort")
    if name and port != _ACTION:
        field = field_name((*path, "service") if service else path)
        yield Backend(field, namespace, name, port if isinstance(port, int | str) else None)


def read_route(obj: Object, path: FieldPath) -> Routing:
    """Read a route. Backends may be of other kinds than Service, and lie in other namespaces."""
    meta = read_meta(obj, path)
    backends: list[Backend] = []
    for number, rule in mappings(mapping(obj.get("spec")), "rules"):
        for index, backend in mappings(rule, "backendRefs"):
            name, port = text(backend.get("name")), backend.get("port")
            is_service = not backend.get("group") and backend.get("kind", "Service") == "Service"
            if name and is_service and backend.get("weight") != 0:  # to which nothing goes
                field = field_name(("spec", "rules", number, "backendRefs", index))
                namespace = text(backend.get("namespace")) or meta.namespace
                backends.append(Backend(field, namespace, name, port if isinstance(port, int) else None))
    return Routing(meta.namespace, meta.name, text(obj.get("kind")), tuple(backends))
