"""What goes together in what lists endpoints: an address and the family that is stated, ports and their names.

Source: `pkg/apis/discovery/validation` and `ValidateEndpoints`, Kubernetes 1.37.2.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from k8sresolve._escaping import told
from k8sresolve.testing.objects.addresses import family_of, packed_ipv4
from k8sresolve.testing.objects.fields import FieldPath, Object
from k8sresolve.testing.objects.validation.formats import label, slice_ip, subdomain, without_last_dot
from k8sresolve.testing.objects.validation.rows import Refused, items, mappings

_MOST_ENDPOINTS, _MOST_ADDRESSES = 1000, 100
_TYPES = ("IPv4", "IPv6", "FQDN")
_FIRST_OF_NOT_REACHED = frozenset({0, 127, 169, 224})  # octets; what begins otherwise, other hosts reach


def check_endpoints(obj: Object) -> Iterator[Refused]:
    """A subset has addresses, and a name for each of several ports."""
    for index, subset in mappings(obj, "subsets"):
        if not items(subset, "addresses") and not items(subset, "notReadyAddresses"):
            advice = "list the addresses in addresses, or leave the subset out"
            yield Refused("endpoint-addresses", ("subsets", index), "it has no address", advice)
        ports = mappings(subset, "ports")
        for number, port in ports:
            if len(ports) > 1 and not port.get("name"):
                path = ("subsets", index, "ports", number, "name")
                yield Refused("endpoint-port-name", path, "this port of several has no name", "give each port a name")


def check_endpoint_slice(obj: Object) -> Iterator[Refused]:
    """Addresses are of the type that the slice states, and each port has a name of its own."""
    type_ = obj.get("addressType")
    if type_ is None:
        problem = "the kind of its addresses is not stated"
        yield Refused("address-type", ("addressType",), problem, "write IPv4, IPv6 or FQDN")
    elif type_ not in _TYPES:
        yield Refused("address-type", ("addressType",), f"{told(type_)} is none of {', '.join(_TYPES)}", "write one")
    endpoints = items(obj, "endpoints")
    if len(endpoints) > _MOST_ENDPOINTS:
        problem = f"there are {len(endpoints):,}, and at most {_MOST_ENDPOINTS:,} are taken"
        yield Refused("endpoint-addresses", ("endpoints",), problem, "make several slices")
    rest = () if type_ == "IPv4" and _are_ordinary(endpoints) else mappings(obj, "endpoints")
    for index, endpoint in rest:
        path = ("endpoints", index)
        hostname = endpoint.get("hostname")
        if hostname is not None and (problem := label(hostname)):
            advice = "write lower-case letters, digits and inner hyphens"
            yield Refused("endpoint-hostname", (*path, "hostname"), problem, advice)
        yield from _addresses(items(endpoint, "addresses"), type_, (*path, "addresses"))
    names: set[Any] = set()
    for index, port in mappings(obj, "ports"):
        name = port.get("name") or ""
        if name in names:
            problem = f"{told(name)} is the name of an earlier port, too" if name else "a second port has no name"
            yield Refused("endpoint-port-name", ("ports", index, "name"), problem, "give each port a name of its own")
        names.add(name)


def _are_ordinary(endpoints: Sequence[Any]) -> bool:
    """Whether there is nothing wrong with endpoints by themselves: a cluster has a hundred thousand such."""
    try:
        each = [endpoint["addresses"] for endpoint in endpoints]
        packed = packed_ipv4(tuple([address for [address] in each]))
        hostnames = {endpoint.get("hostname") for endpoint in endpoints} - {None}
    except (KeyError, TypeError, ValueError):
        return False
    is_reached = packed is not None and _FIRST_OF_NOT_REACHED.isdisjoint(packed[::4])
    return is_reached and {list}.issuperset(map(type, each)) and not any(map(label, hostnames))


def _addresses(addresses: Any, type_: Any, path: FieldPath) -> Iterator[Refused]:
    if not addresses:
        yield Refused("endpoint-addresses", path, "there is none", "list the endpoint's address")
    elif len(addresses) > _MOST_ADDRESSES:
        problem = f"there are {len(addresses)}, and at most {_MOST_ADDRESSES} are taken"
        yield Refused("endpoint-addresses", path, problem, "make an endpoint of each")
    for index, address in enumerate(addresses):
        if type_ == "FQDN":
            problem, advice = without_last_dot(subdomain)(address), "write a host name"
        else:
            problem, advice = slice_ip(address), "write the address of a host that others reach"
        if problem:
            yield Refused("endpoint-address", (*path, index), problem, advice)
        elif type_ in ("IPv4", "IPv6") and family_of(address) != type_:
            problem = f"{address} is no {type_} address, as addressType says"
            yield Refused(
                "address-type", path, problem, f"put addresses of {family_of(address)} into a slice of that type"
            )
