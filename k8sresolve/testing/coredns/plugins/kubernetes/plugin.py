"""The plugin: which questions are its own, and how it is set up."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args

from k8sresolve._core.wire.rcodes import NOERROR, NXDOMAIN, REFUSED, SERVFAIL
from k8sresolve.errors import ConfigError
from k8sresolve.testing.coredns.chain import FAILED, Chain, Plugin, Reply, Request, unwritten
from k8sresolve.testing.coredns.corefile import Directive
from k8sresolve.testing.coredns.names import Labels, holds, is_below, split
from k8sresolve.testing.coredns.plugins.kubernetes.answering import Asking, NoAddress, soa
from k8sresolve.testing.coredns.plugins.kubernetes.external import External, find_external
from k8sresolve.testing.coredns.plugins.kubernetes.memo import Memo
from k8sresolve.testing.coredns.plugins.kubernetes.options import KubernetesOptions, Pods
from k8sresolve.testing.coredns.plugins.kubernetes.record_request import Zone, parse_request, zone_as_asked
from k8sresolve.testing.coredns.plugins.kubernetes.view import View
from k8sresolve.testing.coredns.records import AXFR, IXFR
from k8sresolve.testing.coredns.setup import Block, Specification, only, zones
from k8sresolve.testing.coredns.setup import labels as labels_of
from k8sresolve.testing.objects.store import Store
from k8sresolve.testing.versions import DEFAULT_COREDNS, Version


class Kubernetes:
    """The plugin over a store. NS answers name the Services that list one of the `server_addresses`."""

    def __init__(
        self,
        store: Store,
        options: KubernetesOptions | None = None,
        server_addresses: Sequence[str] = (),
        coredns: Version = DEFAULT_COREDNS,
    ) -> None:
        self.options: KubernetesOptions = options if options is not None else KubernetesOptions()
        self._view = View(store, self.options, server_addresses, coredns)
        self._memo = Memo()
        multicluster = labels_of(self.options.multicluster)
        zones = sorted(labels_of(self.options.zones), key=len, reverse=True)
        self._zones = [(zone, holds(multicluster, zone)) for zone in zones]
        fallthrough = self.options.fallthrough
        self._fallthrough = None if fallthrough is None else labels_of(fallthrough) or ((),)

    def answer(self, request: Request, rest: Chain) -> Reply:
        """Answer a question in one of the zones, or leave it to the next plugin."""
        name, serial = request.name, self._view.serial
        known = self._memo.get(name, request.rdtype, serial)
        if known is not None:
            return known
        original = split(name)
        lowered = name.lower()
        labels = original if lowered == name else split(lowered)
        zone = self._find_zone(original, labels)
        if zone is None:
            return rest.answer(request)
        if request.rdtype in (AXFR, IXFR):
            return unwritten(REFUSED)
        asking = Asking(self._view, zone, request, rest)
        try:
            found = asking.records(labels)
        except NoAddress:
            return FAILED
        if found is None:
            if self._falls_through(labels):
                return rest.answer(request)
            rcode = NXDOMAIN if self._view.is_synced else SERVFAIL
            return Reply(rcode, authority=(soa(self._view, zone),))
        answer, additional = found
        if not answer:
            return Reply(authority=(soa(self._view, zone),))
        reply = Reply(NOERROR, answer, (), additional)
        if asking.truncated:
            return reply.marked(truncated=True)
        # What an alias leads to may be another plugin's to say.
        return reply if asking.followed else self._memo.put(name, request.rdtype, serial, reply)

    def _find_zone(self, original: Labels, labels: Labels) -> Zone | None:
        for zone, multicluster in self._zones:
            if is_below(labels, zone):
                return zone_as_asked(original[len(original) - len(zone) :], zone, multicluster)
        return None

    def _falls_through(self, labels: Labels) -> bool:
        return self._fallthrough is not None and holds(self._fallthrough, labels)

    @property
    def ttl(self) -> int:
        """The TTL of its own records."""
        return self.options.ttl

    @property
    def serial(self) -> int:
        """What stands for the time of the last change."""
        return self._view.serial

    def external(self, labels: Labels, *, headless: bool) -> Sequence[External] | None:
        """Find what a name below a zone of `k8s_external` stands for; None where it does not exist."""
        return find_external(self._view, labels, headless=headless)

    def external_reverse(self, ip: str) -> list[str]:
        """Name the Services that have an external IP, as `SVC.NS`."""
        return self._view.external_reverse(ip)

    def external_nameservers(self, *, headless: bool) -> list[bytes]:
        """Tell the addresses at which the nameserver itself is reached from outside."""
        return self._view.external_nameservers(headless=headless)

    def metadata(self, request: Request) -> Mapping[str, str]:
        """Say who asks, where `pods` is `"verified"`, and what the name is taken for."""
        said: dict[str, str] = {}
        pods = self._view.pods_with(request.client) if self.options.pods == "verified" else ()
        for pod in pods[:1]:
            said |= {f"client-label/{label}": value for label, value in pod.labels.items()}
            said |= {"client-namespace": pod.namespace, "client-pod-name": pod.name}
        labels = split(request.name.lower())
        zone = next((zone for zone, _ in self._zones if is_below(labels, zone)), None)
        if zone is not None:
            said |= _taken_apart(labels, zone, zonal=self.options.zonal)
        return {f"kubernetes/{label}": value for label, value in said.items()}

    def search_path(self, request: Request) -> tuple[str, ...]:
        """Tell the search list of the pod that asks, for `autopath`; empty where `pods` is not `"verified"`.

        CoreDNS also walks the search list of its own resolv.conf, which is the node's: here it is empty.
        """
        labels = split(request.name.lower())
        zone = next((zone for zone, _ in self._zones if is_below(labels, zone)), None)
        pods = self._view.pods_with(request.client) if self.options.pods == "verified" else ()
        if zone is None or not pods:
            return ()
        domain = "".join(f"{label}." for label in zone)
        return (f"{pods[0].namespace}.svc.{domain}", f"svc.{domain}", domain, "")


def _taken_apart(labels: Labels, zone: Labels, *, zonal: bool) -> Mapping[str, str]:
    """Say what a name is taken for. CoreDNS does not know here which zones are a ServiceImport's."""
    found = parse_request(labels, zone_as_asked(zone, zone, False), zonal=zonal)
    if found is None:
        return {"parse-error": "invalid query name"}
    said = {
        "port-name": found.port,
        "protocol": found.protocol,
        "endpoint": found.endpoint,
        "service": found.service,
        "namespace": found.namespace,
        "kind": found.kind,
    }
    return {**said, "zone": found.zone} if zonal else said


def _set_up(block: Block, directives: Sequence[Directive]) -> Iterator[Plugin]:
    directive = only(directives)
    options: dict[str, Any] = {"zones": block.zones_of(directive.arguments)}
    options |= {"pods": "disabled", "ttl": 5, "fallthrough": None}
    for option in block.options(directive):
        options |= _read_option(option, options)
    try:
        around = block.surroundings
        plugin = Kubernetes(around.store, KubernetesOptions(**options), around.server_addresses, around.coredns)
    except ConfigError as problem:
        raise directive.token.error(problem.problem) from None
    block.serve_cluster_domain(plugin.options.primary_zone.removesuffix("."))
    yield plugin


def _read_option(option: Directive, so_far: Mapping[str, Any]) -> dict[str, Any]:
    """Read one option, as fields of `KubernetesOptions`."""
    match option.name:
        case "pods":
            (mode,) = option.take(1, 1)
            if mode.text not in get_args(Pods):
                raise mode.error(f"pods {mode.text!r} is none of {', '.join(get_args(Pods))}")
            return {"pods": mode.text}
        case "ttl":
            return {"ttl": option.take(1)[0].number(0, 3600)}
        case "fallthrough":
            return {"fallthrough": zones(option.arguments)}
        case "namespaces":
            names = [token.text for token in option.take(1)]
            return {"namespaces": (*so_far.get("namespaces", ()), *names)}
        case "labels" | "namespace_labels":
            return {option.name: " ".join(token.text for token in option.take(1))}
        case "multicluster":
            return {"multicluster": zones(option.arguments)}
        case "ignore":
            if option.words[:1] not in ((), ("empty_service",)):
                raise option.arguments[0].error(f"ignore {option.words[0]!r} is not empty_service")
            return {"ignore_empty_service": bool(option.words)}
        case _:
            option.take(0, 0)
            return {option.name: True}


SPECIFICATION = Specification(
    "kubernetes",
    _set_up,
    options=frozenset(
        {"pods", "ttl", "fallthrough", "namespaces", "namespace_labels", "labels", "multicluster", "ignore"}
        | {"endpoint_pod_names", "noendpoints", "zonal"}
    ),
    without_effect=frozenset(
        {"endpoint", "tls", "kubeconfig", "startup_timeout"}
        | {"apiserver_qps", "apiserver_burst", "apiserver_max_inflight"}
    ),
)
