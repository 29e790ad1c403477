"""The table: what the API server looks at in each kind, as far as a DNS answer or a connection depends on it."""

from collections.abc import Mapping
from functools import partial
from typing import NamedTuple

from k8sresolve._escaping import told
from k8sresolve.testing.objects.kinds import PROTOCOLS
from k8sresolve.testing.objects.validation import formats
from k8sresolve.testing.objects.validation.endpoints import check_endpoint_slice, check_endpoints
from k8sresolve.testing.objects.validation.pods import check_restart_policy, pod_rows, pod_rules
from k8sresolve.testing.objects.validation.rows import Row, Rows, Together, row
from k8sresolve.testing.objects.validation.services import check_service
from k8sresolve.testing.objects.validation.workloads import check_indexed_names, check_plain_selector, check_selector
from k8sresolve.testing.versions import SERVICE_NAMES

_MOST_CRON_JOB_NAME = 52  # its Jobs' names have eleven characters more
_NAME = "write lower-case letters, digits and inner hyphens"
_LABELS = "write letters, digits, '-', '_' and '.', at most 63 of them, as kubectl label takes them"
_PORT_NAME = "write lower-case letters, digits and inner hyphens, at most 63 of them"
_PROTOCOL = formats.unless_empty(formats.one_of(*PROTOCOLS))
_CAPITALS = "write one of them, in capitals"
_QUALIFIED = "write a protocol like http, or one with a domain like kubernetes.io/h2c"


# "Deprecated API Migration Guide" of the Kubernetes documentation.
_SINCE_1_16 = {"apps/v1beta1": "1.16", "apps/v1beta2": "1.16", "extensions/v1beta1": "1.16"}


def _served(gone: Mapping[str, str], advice: str) -> Row:
    """Make the row of versions that API servers serve no more, each with the first of Kubernetes that does not."""

    def wrong(version: object) -> str:
        since = gone.get(version) if isinstance(version, str) else None
        return f"{version} is not served since Kubernetes {since}" if since else ""

    return row("api-version", "apiVersion", wrong, advice)


_OF_APPS = _served(_SINCE_1_16, "write apps/v1, which wants a selector")


class Validations(NamedTuple):
    """What is looked at in one kind: its fields one by one, and those that go together."""

    rows: Rows
    together: tuple[Together, ...] = ()


def _named(rule: str, name: formats.Format, *rows: Row) -> Rows:
    """Make the rows that all kinds have, before those of one."""
    common = (
        row(rule, "metadata.name", name, _NAME),
        row("namespace-name", "metadata.namespace", formats.unless_empty(formats.label), _NAME),
        row("label", "metadata.labels", formats.labels, _LABELS),
        row("annotation", "metadata.annotations", formats.annotations, "write text, under a key as a label has it"),
    )
    return Rows((*common, *rows))


def _target_name(value: object) -> str:
    is_name = isinstance(value, str) and value and not value.isdecimal()
    return formats.port_name(value) if is_name else ""


def _target_number(value: object) -> str:
    is_text = isinstance(value, str) and value.isdecimal()
    return f"{told(value)} is text, which names a port, and the name of a port has a letter" if is_text else ""


_SERVICE = Validations(
    _named(
        "service-name",
        formats.label,
        row(
            "service-name-digit",
            "metadata.name",
            formats.begins_with_a_letter,
            "let it begin with a letter, if older clusters are to take it",
            until=SERVICE_NAMES,
        ),
        row(
            "service-type",
            "spec.type",
            formats.unless_empty(formats.one_of("ClusterIP", "NodePort", "LoadBalancer", "ExternalName")),
            "write one of them; a headless Service has clusterIP: None",
        ),
        row("port-name", "spec.ports[].name", formats.unless_empty(formats.label), _PORT_NAME),
        row("port-protocol", "spec.ports[].protocol", _PROTOCOL, _CAPITALS),
        row(
            "target-port",
            "spec.ports[].targetPort",
            _target_name,
            "write the name of a container's port: at most 15 lower-case letters, digits and inner hyphens",
        ),
        row(
            "target-port",
            "spec.ports[].targetPort",
            _target_number,
            "write the number without quotes, as in targetPort: 8080",
        ),
        row("app-protocol", "spec.ports[].appProtocol", formats.qualified, _QUALIFIED),
        row(
            "node-port",
            "spec.ports[].nodePort",
            formats.node_port,
            "leave it out, unless the API server has another --service-node-port-range",
        ),
        row("service-selector", "spec.selector", formats.labels, _LABELS),
        row(
            "external-ip", "spec.externalIPs[]", formats.endpoint_ip, "write an address at which the nodes get traffic"
        ),
        row(
            "session-affinity",
            "spec.sessionAffinity",
            formats.unless_empty(formats.one_of("ClientIP", "None")),
            "write one of them",
        ),
        row("traffic-policy", "spec.internalTrafficPolicy", formats.one_of("Cluster", "Local"), "write one of them"),
        row(
            "traffic-policy",
            "spec.externalTrafficPolicy",
            formats.unless_empty(formats.one_of("Cluster", "Local")),
            "write one of them",
        ),
        row(
            "traffic-distribution",
            "spec.trafficDistribution",
            formats.one_of("PreferClose", "PreferSameZone", "PreferSameNode"),
            "write one of them, or leave it out",
        ),
        row("source-range", "spec.loadBalancerSourceRanges[]", formats.network, "write networks, such as 192.0.2.0/24"),
    ),
    (check_service,),
)

_ENDPOINTS = Validations(
    _named(
        "object-name",
        formats.subdomain,
        *(
            line
            for addresses in ("subsets[].addresses[]", "subsets[].notReadyAddresses[]")
            for line in (
                row(
                    "endpoint-address",
                    f"{addresses}.ip",
                    formats.endpoint_ip,
                    "write the address of a host that others reach",
                ),
                row("endpoint-hostname", f"{addresses}.hostname", formats.unless_empty(formats.label), _NAME),
            )
        ),
        row("endpoint-port-name", "subsets[].ports[].name", formats.unless_empty(formats.label), _PORT_NAME),
        row("endpoint-port-protocol", "subsets[].ports[].protocol", _PROTOCOL, _CAPITALS),
    ),
    (check_endpoints,),
)

_SLICE = Validations(
    _named(
        "object-name",
        formats.subdomain,
        _served({"discovery.k8s.io/v1beta1": "1.25"}, "write discovery.k8s.io/v1"),
        row("endpoint-port-name", "ports[].name", formats.unless_empty(formats.label), _PORT_NAME),
        row("endpoint-port-protocol", "ports[].protocol", _PROTOCOL, _CAPITALS),
        row("app-protocol", "ports[].appProtocol", formats.qualified, _QUALIFIED),
    ),
    (check_endpoint_slice,),
)


def _workload(
    name: formats.Format,
    *together: Together,
    served: Row = _OF_APPS,
    rows: tuple[Row, ...] = (),
    place: tuple[str, ...] = ("spec", "template", "spec"),
    own_hostname: bool = False,
    restarts: tuple[str, ...] = ("Always",),
) -> Validations:
    """Make the validations of what makes pods."""
    labels = ".".join((*place[:-1], "metadata", "labels"))
    return Validations(
        _named(
            "object-name",
            name,
            served,
            row("label", labels, formats.labels, _LABELS),
            *pod_rows(".".join(place), own_hostname=own_hostname),
            *rows,
        ),
        (
            *pod_rules(*place),
            partial(check_restart_policy, restarts, "Always" not in restarts, place),
            *together,
        ),
    )


_JOBS = ("OnFailure", "Never")
_HOST = (
    "write a name like shop.example.com or *.example.com: no scheme, port, capital or '_'; leave it out for any host"
)


def _hosts(places: Mapping[str, formats.Format], *rows: Row) -> Validations:
    """Make the validations of the hosts by which something is reached from outside."""
    hosts = [row("route-host", place, format_, _HOST) for place, format_ in places.items()]
    return Validations(Rows((*hosts, *rows)))


_INGRESS = _served(
    {"extensions/v1beta1": "1.22", "networking.k8s.io/v1beta1": "1.22"},
    "write networking.k8s.io/v1, of which a backend has service.name and service.port",
)


# The patterns of kubernetes-sigs/gateway-api's definitions, of which TLSRoute's says that a host is no address.
_GATEWAY_HOSTS: Mapping[str, Validations] = {
    "HTTPRoute": _hosts({"spec.hostnames[]": formats.route_host}),
    "GRPCRoute": _hosts({"spec.hostnames[]": formats.route_host}),
    "TLSRoute": _hosts({"spec.hostnames[]": formats.named_host}),
}

VALIDATIONS: Mapping[tuple[str, str], Validations] = {
    ("", "Namespace"): Validations(_named("object-name", formats.label)),
    ("", "Service"): _SERVICE,
    ("", "Endpoints"): _ENDPOINTS,
    ("discovery.k8s.io", "EndpointSlice"): _SLICE,
    ("", "Pod"): Validations(_named("object-name", formats.subdomain, *pod_rows("spec")), pod_rules("spec")),
    ("", "ReplicationController"): _workload(formats.subdomain, check_plain_selector),
    ("apps", "Deployment"): _workload(formats.subdomain, check_selector),
    ("apps", "ReplicaSet"): _workload(formats.subdomain, check_selector),
    ("apps", "DaemonSet"): _workload(formats.subdomain, check_selector),
    ("apps", "StatefulSet"): _workload(
        formats.label,
        check_selector,
        rows=(
            row("subdomain", "spec.serviceName", formats.unless_empty(formats.label), _NAME),
            row(
                "pod-management",
                "spec.podManagementPolicy",
                formats.unless_empty(formats.one_of("OrderedReady", "Parallel")),
                "write one of them",
            ),
        ),
        own_hostname=True,
    ),
    ("batch", "Job"): _workload(
        formats.subdomain,
        check_indexed_names,
        rows=(
            row("completion-mode", "spec.completionMode", formats.one_of("NonIndexed", "Indexed"), "write one of them"),
        ),
        restarts=_JOBS,
    ),
    ("batch", "CronJob"): _workload(
        formats.shorter(_MOST_CRON_JOB_NAME, formats.subdomain),
        served=_served({"batch/v1beta1": "1.25", "batch/v2alpha1": "1.21"}, "write batch/v1"),
        place=("spec", "jobTemplate", "spec", "template", "spec"),
        restarts=_JOBS,
    ),
    ("networking.k8s.io", "Ingress"): _hosts(
        {"spec.rules[].host": formats.unless_empty(formats.named_host), "spec.tls[].hosts[]": formats.route_host},
        _INGRESS,
    ),
    **{("gateway.networking.k8s.io", kind): hosts for kind, hosts in _GATEWAY_HOSTS.items()},
}
"""By API group and kind."""
