"""What goes together in a Service: its type, addresses, families and ports.

Source: `ValidateService`, `pkg/apis/core/validation`, and `pkg/registry/core/service` of Kubernetes 1.37.2.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from k8sresolve._escaping import told
from k8sresolve.testing.objects.addresses import family_of, read_address
from k8sresolve.testing.objects.fields import FieldPath, Object
from k8sresolve.testing.objects.kinds import HEADLESS
from k8sresolve.testing.objects.validation.formats import address, subdomain, without_last_dot
from k8sresolve.testing.objects.validation.rows import Refused, items, mapping, mappings

_FROM_OUTSIDE = (
    "externalTrafficPolicy",
    "healthCheckNodePort",
    "loadBalancerClass",
    "loadBalancerSourceRanges",
)


class _Spec(NamedTuple):
    """A Service's spec, with what several rules look at."""

    fields: Object
    type: Any
    ports: list[tuple[int, Object]]
    ip: Any
    ips: Sequence[Any]
    is_headless: bool


def check_service(obj: Object) -> Iterator[Refused]:
    """Look at a Service by all rules of this module."""
    fields = mapping(obj.get("spec"))
    ip, ips = fields.get("clusterIP") or "", items(fields, "clusterIPs")
    is_headless = ip == HEADLESS or ips[:1] == [HEADLESS]
    spec = _Spec(fields, fields.get("type") or "ClusterIP", mappings(fields, "ports"), ip, ips, is_headless)
    for rule in _OF_ALIASES if spec.type == "ExternalName" else _OF_OTHERS:
        yield from rule(spec)


def _check_external_name(spec: _Spec) -> Iterator[Refused]:
    """An ExternalName Service has an externalName, and no address or family."""
    name = spec.fields.get("externalName")
    if name in (None, "", "."):
        told_ = "an ExternalName Service has none" if name != "." else "'.' is the root, which is no host"
        yield Refused("external-name", ("spec", "externalName"), told_, "write the name that the Service stands for")
    elif isinstance(name, str) and ":" in name and read_address(name):
        advice = "make a headless Service without a selector (clusterIP: None), and an EndpointSlice with the address"
        yield Refused("external-name", ("spec", "externalName"), f"{name} is an IP address, and no name", advice)
    elif wrong := without_last_dot(subdomain)(name):
        advice = "write a host name: no scheme, no port, no underscore"
        yield Refused("external-name", ("spec", "externalName"), wrong, advice)
    for field in ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"):
        if spec.fields.get(field):
            problem = "an ExternalName Service has no address, and so no such field"
            yield Refused("external-name-with-address", ("spec", field), problem, "leave it out")


def _check_ports(spec: _Spec) -> Iterator[Refused]:
    """A Service has ports unless it is headless or an alias; each has a name of its own, and a number and protocol."""
    ports = spec.ports
    is_patch = "ports" not in spec.fields and "selector" not in spec.fields  # as kustomize takes them
    if not ports and not is_patch and not spec.is_headless and spec.type != "ExternalName":
        problem = "a Service that is not headless lists no port"
        yield Refused("ports-missing", ("spec", "ports"), problem, "list the ports on which clients connect")
    names: set[str] = set()
    numbers: set[tuple[Any, str]] = set()
    for index, port in ports:
        here = ("spec", "ports", index)
        name, number = port.get("name") or "", (port.get("port"), port.get("protocol") or "TCP")
        if not name and len(ports) > 1:
            problem = "this port of several has no name"
            yield Refused("port-name-missing", (*here, "name"), problem, "give each port a name")
        elif name and name in names:
            problem = f"{told(name)} is the name of an earlier port, too"
            yield Refused("port-name-duplicate", (*here, "name"), problem, "give each port a name of its own")
        if number in numbers:
            problem = f"{number[0]}/{number[1]} is listed before"
            advice = "give each port a number of its own"
            if any(other.get("port") == number[0] and not other.get("protocol") for _, other in ports):
                advice += ", or state the protocol, if another than TCP is meant"
            yield Refused("port-duplicate", here, problem, advice)
        names.add(name)
        numbers.add(number)


def _check_node_ports(spec: _Spec) -> Iterator[Refused]:
    """A nodePort is for the types that have one, and for one port of a protocol."""
    has = spec.type in ("NodePort", "LoadBalancer")
    seen: set[tuple[Any, str]] = set()
    for index, port in spec.ports:
        number = port.get("nodePort")
        here = ("spec", "ports", index, "nodePort")
        key = (number, port.get("protocol") or "TCP")
        if number and not has:
            problem = f"a Service of type {spec.type} has no port on its nodes"
            yield Refused("node-port", here, problem, "leave it out, or set type: NodePort")
        elif number and key in seen:
            problem = f"{key[0]}/{key[1]} is the nodePort of an earlier port, too"
            yield Refused("node-port", here, problem, "give each port one of its own, or leave them out")
        seen.add(key)


def _check_cluster_ips(spec: _Spec) -> Iterator[Refused]:
    """ClusterIPs are addresses, or `None` alone for a Service of type ClusterIP; `clusterIP` is the first of them."""
    ip, ips = spec.ip, spec.ips
    if ips and ips[0] != ip:
        problem = f"clusterIP is {told(ip)}, and not its first address" if ip else "it is stated without clusterIP"
        yield Refused("cluster-ips", ("spec", "clusterIPs"), problem, f"set clusterIP: {ips[0]}")
    elif HEADLESS in ips and len(ips) > 1:
        problem = "a headless Service has no address beside None"
        yield Refused("cluster-ips", ("spec", "clusterIPs"), problem, "leave the address out")
    elif len(ips) > 2 or (len(ips) == 2 and len({family_of(str(one)) for one in ips}) < 2):
        problem = "it takes one address of each IP family"
        yield Refused("cluster-ips", ("spec", "clusterIPs"), problem, "leave out what is more")
    if spec.is_headless and spec.type in ("NodePort", "LoadBalancer"):
        problem = f"a Service of type {spec.type} cannot be headless"
        advice = "leave clusterIP out, or make a second Service that is headless"
        yield Refused("headless-type", _cluster_ip_path(spec, 0), problem, advice)
    families = items(spec.fields, "ipFamilies")
    for index, one in enumerate(ips or [ip]):
        if not one or one == HEADLESS or not isinstance(one, str):
            continue
        path = _cluster_ip_path(spec, index)
        if wrong := address(one):
            yield Refused("cluster-ip", path, wrong, "write an address of the Services' network, or leave it out")
        elif one == "0.0.0.0" or (":" in one and str(read_address(one)) in ("0.0.0.0", "::")):
            yield Refused("cluster-ip", path, f"{one} is no host's address", "leave it out, and the cluster gives one")
        elif index < len(families) and families[index] != family_of(one):
            problem = f"{one} is no {families[index]} address, as ipFamilies says"
            yield Refused("cluster-ip-family", path, problem, f"write {family_of(one)} in ipFamilies")


def _cluster_ip_path(spec: _Spec, index: int) -> FieldPath:
    return ("spec", "clusterIPs", index) if spec.ips else ("spec", "clusterIP")


def _check_families(spec: _Spec) -> Iterator[Refused]:
    """Two families need a policy that takes two. A headless Service without a selector may have any."""
    families, policy = items(spec.fields, "ipFamilies"), spec.fields.get("ipFamilyPolicy")
    for index, family in enumerate(families):
        if family not in ("IPv4", "IPv6"):
            problem = f"{told(family)} is neither IPv4 nor IPv6"
            yield Refused("ip-family", ("spec", "ipFamilies", index), problem, "write IPv4 or IPv6")
        elif family in families[:index]:
            problem = f"{family} is listed before"
            yield Refused("ip-family", ("spec", "ipFamilies", index), problem, "list each family once")
    if policy is not None and policy not in ("SingleStack", "PreferDualStack", "RequireDualStack"):
        problem = f"{told(policy)} is none of SingleStack, PreferDualStack, RequireDualStack"
        yield Refused("ip-family-policy", ("spec", "ipFamilyPolicy"), problem, "write one of them, or leave it out")
    if policy not in (None, "SingleStack") or max(len(families), len(spec.ips)) < 2:
        return
    two = len(set(families)) > 1 or len({family_of(str(ip)) for ip in spec.ips}) > 1
    free = spec.is_headless and not spec.fields.get("selector") and policy is None
    if two and not free:
        problem = "two IP families are stated, and SingleStack, which it is where nothing is said, takes one"
        advice = "set ipFamilyPolicy: PreferDualStack, or RequireDualStack"
        yield Refused("ip-family-policy", ("spec", "ipFamilyPolicy"), problem, advice)


def _check_traffic(spec: _Spec) -> Iterator[Refused]:
    """What is for traffic from outside is not for a Service that has none."""
    outside = spec.type in ("NodePort", "LoadBalancer") or (
        spec.type == "ClusterIP" and bool(spec.fields.get("externalIPs"))
    )
    for field in _FROM_OUTSIDE:
        if not spec.fields.get(field):
            continue
        if field == "healthCheckNodePort":
            has = spec.type == "LoadBalancer" and spec.fields.get("externalTrafficPolicy") == "Local"
            problem = "it is for type LoadBalancer with externalTrafficPolicy Local"
        else:
            has = outside if field == "externalTrafficPolicy" else spec.type == "LoadBalancer"
            problem = f"a Service of type {spec.type} has none"
        if not has:
            yield Refused("traffic-from-outside", ("spec", field), problem, "leave it out")


_OF_ALIASES = (_check_external_name, _check_ports, _check_node_ports, _check_traffic)
_OF_OTHERS = (_check_ports, _check_node_ports, _check_cluster_ips, _check_families, _check_traffic)
