"""What a host's name means in a cluster: which Service, in which namespace, and what of it."""

from typing import NamedTuple


class Target(NamedTuple):
    """The Service that a name means. `endpoint` is a label before it, `port` the `_port._proto` of an SRV record.

    `is_explicit` says that the name tells by itself that it is a Service's: it ends in `.svc`, or in that and the
    cluster domain.
    """

    service: str
    namespace: str
    endpoint: str = ""
    port: tuple[str, str] | None = None
    is_explicit: bool = False

    @property
    def key(self) -> str:
        """Its Service, as messages have it."""
        return f"{self.namespace}/{self.service}"


def target_of(name: str, namespace: str, cluster_domain: str) -> Target | None:
    """Tell what a program in a namespace means by a name, None where it is none of a Service.

    >>> target_of("db-0.db.shop", "web", "cluster.local")
    Target(service='db', namespace='shop', endpoint='db-0', port=None, is_explicit=False)
    >>> target_of("db.shop.svc.other.example", "web", "cluster.local")
    """
    host = name.lower().rstrip(".")
    below = host.removesuffix(f".{cluster_domain.lower().rstrip('.')}")
    labels = below.split(".")
    is_explicit = labels[-1] == "svc" and len(labels) > 2
    if is_explicit:
        labels.pop()
    elif below != host or "svc" in labels[2:]:
        return None
    match labels:
        case [service]:
            return Target(service, namespace)
        case [service, space]:
            return Target(service, space, is_explicit=is_explicit)
        case [port, protocol, service] if port[:1] == protocol[:1] == "_" and not is_explicit:
            return Target(service, namespace, port=(port[1:], protocol[1:].upper()))
        case [endpoint, service, space]:
            return Target(service, space, endpoint, is_explicit=is_explicit)
        case [port, protocol, service, space] if port[:1] == protocol[:1] == "_":
            return Target(service, space, port=(port[1:], protocol[1:].upper()), is_explicit=is_explicit)
        case _:
            return None
