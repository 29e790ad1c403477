"""Reading what leads to Services, cut down to that: Ingresses, routes of the Gateway API, webhooks, APIServices."""

from collections.abc import Iterable, Iterator

from k8sresolve.testing.objects.fields import FieldPath, Object, read_meta
from k8sresolve.testing.objects.kinds import Routing
from k8sresolve.testing.objects.pod_texts import text
from k8sresolve.testing.objects.sources import field_name
from k8sresolve.testing.objects.texts import Backend
from k8sresolve.testing.objects.validation.rows import at, mapping, mappings

ROUTES = ("HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute")

_API_SERVER_ASKS = 443  # where no port is stated: SetDefaults_ServiceReference
_ACTION = "use-annotation"  # kubernetes-sigs/aws-load-balancer-controller: an annotation says what is done


def read_ingress(obj: Object, path: FieldPath) -> Routing:
    """Read an Ingress, also as it was written before networking.k8s.io/v1."""
    meta, spec = read_meta(obj, path), mapping(obj.get("spec"))
    places: list[tuple[object, FieldPath]] = [(spec.get(key), ("spec", key)) for key in ("defaultBackend", "backend")]
    for number, rule in mappings(spec, "rules"):
        paths = ("spec", "rules", number, "http", "paths")
        places += [
            (entry.get("backend"), (*paths, index, "backend"))
            for index, entry in mappings(mapping(rule.get("http")), "paths")
        ]
    backends = (backend for value, place in places for backend in _backend(mapping(value), place, meta.namespace))
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


def read_webhooks(obj: Object, path: FieldPath) -> Routing:
    """Read a ValidatingWebhookConfiguration or MutatingWebhookConfiguration."""
    places: list[FieldPath] = [("webhooks", index, "clientConfig", "service") for index, _ in mappings(obj, "webhooks")]
    services = [at(hook, "clientConfig", "service") for _, hook in mappings(obj, "webhooks")]
    return _asked(obj, path, zip(services, places, strict=True))


def read_definition(obj: Object, path: FieldPath) -> Routing | None:
    """Read a CustomResourceDefinition whose versions a webhook converts; others lead nowhere."""
    place = ("spec", "conversion", "webhook", "clientConfig", "service")
    service = at(obj, *place)
    return _asked(obj, path, [(service, place)]) if service else None


def read_api_service(obj: Object, path: FieldPath) -> Routing:
    """Read an APIService."""
    return _asked(obj, path, [(at(obj, "spec", "service"), ("spec", "service"))])


def _asked(obj: Object, path: FieldPath, services: Iterable[tuple[Object, FieldPath]]) -> Routing:
    """Read references of what lies in no namespace, each of which names one."""
    backends: list[Backend] = []
    for service, place in services:
        name, namespace, port = text(service.get("name")), text(service.get("namespace")), service.get("port")
        if name and namespace:
            number = port if isinstance(port, int) else _API_SERVER_ASKS
            backends.append(Backend(field_name(place), namespace, name, number))
    return Routing("", read_meta(obj, path).name, text(obj.get("kind")), tuple(backends))
