"""What goes together in a Service: its type, addresses, families and ports.

Source: `ValidateService`, `pkg/apis/core/validation`, and `pkg/registry/core/service` of Kubernetes 1.37.2.
"""

from collections.abc import Iterator
from typing import Any

from k8sresolve._escaping import told
from k8sresolve.testing.objects.addresses import family_of, read_address
from k8sresolve.testing.objects.fields import FieldPath, Object
from k8sresolve.testing.objects.kinds import HEADLESS
from k8sresolve.testing.objects.validation.formats import address, subdomain, without_last_dot
from k8sresolve.testing.objects.validation.rows import Refused, at, items, mappings


def _type(spec: Object) -> str:
    return spec.get("type") or "ClusterIP"


def _is_headless(spec: Object) -> bool:
    return spec.get("clusterIP") == HEADLESS or items(spec, "clusterIPs")[:1] == [HEADLESS]


def check_external_name(obj: Object) -> Iterator[Refused]:
    """An ExternalName Service has an externalName, and no address or family."""
    spec = at(obj, "spec")
    if _type(spec) != "ExternalName":
        return
    name = spec.get("externalName")
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
        if spec.get(field):
            problem = "an ExternalName Service has no address, and so no such field"
            yield Refused("external-name-with-address", ("spec", field), problem, "leave it out")


def check_ports(obj: Object) -> Iterator[Refused]:
    """A Service has ports unless it is headless or an alias; each has a name of its own, and a number and protocol."""
    spec = at(obj, "spec")
    ports = mappings(spec, "ports")
    is_patch = "ports" not in spec and "selector" not in spec  # as kustomize takes them
    if not ports and not is_patch and not _is_headless(spec) and _type(spec) != "ExternalName":
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


def check_node_ports(obj: Object) -> Iterator[Refused]:
    """A nodePort is for the types that have one, and for one port of a protocol."""
    spec = at(obj, "spec")
    has = _type(spec) in ("NodePort", "LoadBalancer")
    seen: set[tuple[Any, str]] = set()
    for index, port in mappings(spec, "ports"):
        number = port.get("nodePort")
        here = ("spec", "ports", index, "nodePort")
        key = (number, port.get("protocol") or "TCP")
        if number and not has:
            problem = f"a Service of type {_type(spec)} has no port on its nodes"
            yield Refused("node-port", here, problem, "leave it out, or set type: NodePort")
        elif number and key in seen:
            problem = f"{key[0]}/{key[1]} is the nodePort of an earlier port, too"
            yield Refused("node-port", here, problem, "give each port one of its own, or leave them out")
        seen.add(key)


def check_cluster_ips(obj: Object) -> Iterator[Refused]:
    """ClusterIPs are addresses, or `None` alone for a Service of type ClusterIP; `clusterIP` is the first of them."""
    spec = at(obj, "spec")
    ip, ips = spec.get("clusterIP") or "", items(spec, "clusterIPs")
    if _type(spec) == "ExternalName":
        return
    if ips and ips[0] != ip:
        problem = f"clusterIP is {told(ip)}, and not its first address" if ip else "it is stated without clusterIP"
        yield Refused("cluster-ips", ("spec", "clusterIPs"), problem, f"set clusterIP: {ips[0]}")
    elif HEADLESS in ips and len(ips) > 1:
        problem = "a headless Service has no address beside None"
        yield Refused("cluster-ips", ("spec", "clusterIPs"), problem, "leave the address out")
    elif len(ips) > 2 or (len(ips) == 2 and len({family_of(str(one)) for one in ips}) < 2):
        problem = "it takes one address of each IP family"
        yield Refused("cluster-ips", ("spec", "clusterIPs"), problem, "leave out what is more")
    if _is_headless(spec) and _type(spec) in ("NodePort", "LoadBalancer"):
        problem = f"a Service of type {_type(spec)} cannot be headless"
        advice = "leave clusterIP out, or make a second Service that is headless"
        yield Refused("headless-type", _cluster_ip_path(spec, 0), problem, advice)
    families = items(spec, "ipFamilies")
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


def _cluster_ip_path(spec: Object, index: int) -> FieldPath:
    return ("spec", "clusterIPs", index) if items(spec, "clusterIPs") else ("spec", "clusterIP")


def check_families(obj: Object) -> Iterator[Refused]:
    """Two families need a policy that takes two. A headless Service without a selector may have any."""
    spec = at(obj, "spec")
    families, policy = items(spec, "ipFamilies"), spec.get("ipFamilyPolicy")
    if _type(spec) == "ExternalName":
        return
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
    two = len(set(families)) > 1 or len({family_of(str(ip)) for ip in items(spec, "clusterIPs")}) > 1
    free = _is_headless(spec) and not spec.get("selector") and policy is None
    if two and policy in (None, "SingleStack") and not free:
        problem = "two IP families are stated, and SingleStack, which it is where nothing is said, takes one"
        advice = "set ipFamilyPolicy: PreferDualStack, or RequireDualStack"
        yield Refused("ip-family-policy", ("spec", "ipFamilyPolicy"), problem, advice)


def check_traffic(obj: Object) -> Iterator[Refused]:
    """What is for traffic from outside is not for a Service that has none."""
    spec = at(obj, "spec")
    type_ = _type(spec)
    outside = type_ in ("NodePort", "LoadBalancer") or (type_ == "ClusterIP" and bool(spec.get("externalIPs")))
    wrong = {
        "externalTrafficPolicy": not outside,
        "healthCheckNodePort": type_ != "LoadBalancer" or spec.get("externalTrafficPolicy") != "Local",
        "loadBalancerClass": type_ != "LoadBalancer",
        "loadBalancerSourceRanges": type_ != "LoadBalancer",
    }
    for field, is_wrong in wrong.items():
        if is_wrong and spec.get(field):
            problem = (
                f"a Service of type {type_} has none"
                if field != "healthCheckNodePort"
                else ("it is for type LoadBalancer with externalTrafficPolicy Local")
            )
            yield Refused("traffic-from-outside", ("spec", field), problem, "leave it out")


TOGETHER = (
    check_external_name,
    check_ports,
    check_node_ports,
    check_cluster_ips,
    check_families,
    check_traffic,
)
