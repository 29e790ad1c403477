"""Names below a zone of the `kubernetes` plugin, taken apart (`plugin/kubernetes/parse.go`)."""

from functools import lru_cache
from typing import Literal, NamedTuple

from k8sresolve.testing.coredns.names import Labels


class Zone(NamedTuple):
    """The zone of a question: the text in the question's own letter case, and its labels in lower case."""

    text: str
    labels: Labels
    multicluster: bool


@lru_cache(maxsize=1024)  # nearly all questions write their zone in the same case
def zone_as_asked(original: Labels, labels: Labels, multicluster: bool) -> Zone:
    """Make the zone as the question writes it."""
    return Zone(".".join(original) + ".", labels, multicluster)


class RecordRequest(NamedTuple):
    """A name below the zone, taken apart (CoreDNS's `recordRequest`).

    `kind` is empty for the zone, `svc` and `pod`, which have no records.
    """

    kind: Literal["svc", "pod", ""] = ""
    namespace: str = ""
    service: str = ""
    endpoint: str = ""
    cluster: str = ""
    port: str = ""
    protocol: str = ""
    zone: str = ""
    prefer: bool = False


def parse_request(labels: Labels, zone: Zone, *, zonal: bool) -> RecordRequest | None:
    """Take a name apart; None for a shape that no name has.

    The shapes are `SVC.NS.svc`, `ENDPOINT.SVC.NS.svc`, `_PORT._PROTOCOL.SVC.NS.svc`, `IP.NS.pod`, and by option
    `ENDPOINT.CLUSTER.SVC.NS.svc` and `ZONE.pin|prefer._zone.SVC.NS.svc`.
    """
    below = labels[: len(labels) - len(zone.labels)]
    if not below or below in (("svc",), ("pod",)):
        return RecordRequest()
    kind: Literal["svc", "pod"]
    match below[-1]:
        case "svc" | "pod" as kind:
            pass
        case _:
            return None
    namespace = below[-2]
    service = below[-3] if len(below) > 2 else ""
    match below[:-3]:
        case ():
            return RecordRequest(kind, namespace, service)
        case (endpoint,):
            return RecordRequest(kind, namespace, service, endpoint)
        case (left, right):
            if zone.multicluster and not left.startswith("_") and not right.startswith("_"):
                return RecordRequest(kind, namespace, service, endpoint=left, cluster=right)
            port, protocol = left.removeprefix("_"), right.removeprefix("_")
            return RecordRequest(kind, namespace, service, "", "", port, protocol)
        case (*topology, directive, "_zone") if (
            zonal and not zone.multicluster and kind == "svc" and directive in ("pin", "prefer")
        ):
            return RecordRequest(kind, namespace, service, zone=".".join(topology), prefer=directive == "prefer")
        case _:
            return None
