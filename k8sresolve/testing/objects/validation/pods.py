"""What is taken in a pod, or the template of pods: rows for the place where its spec stands, and what goes together.

Source: `ValidatePodSpec`, `pkg/apis/core/validation`, Kubernetes 1.37.2.
"""

from collections.abc import Iterator
from functools import partial

from k8sresolve._escaping import told
from k8sresolve.testing.objects.fields import FieldPath, Object
from k8sresolve.testing.objects.kinds import PROTOCOLS
from k8sresolve.testing.objects.validation import formats
from k8sresolve.testing.objects.validation.rows import Refused, Row, Together, at, items, mappings, row

_HOST_NAME = "write lower-case letters, digits and inner hyphens, and no dot"
_MOST_NAMESERVERS = 3
_MOST_SEARCHES, _MOST_SEARCH_CHARACTERS = 32, 2048
_MOST_HOST_NAME = 64  # of Linux
_CONTAINERS = ("containers", "initContainers")


def pod_rows(spec: str, *, own_hostname: bool = False) -> tuple[Row, ...]:
    """Make the rows of a pod's spec at a place. With `own_hostname` the controller sets hostname and subdomain."""
    ports = [f"{spec}.{containers}[].ports[]" for containers in _CONTAINERS]
    of_host = (
        row("hostname", f"{spec}.hostname", formats.unless_empty(formats.label), _HOST_NAME),
        row("subdomain", f"{spec}.subdomain", formats.unless_empty(formats.label), _HOST_NAME),
    )
    return (
        *(() if own_hostname else of_host),
        row(
            "hostname-override",
            f"{spec}.hostnameOverride",
            formats.unless_empty(formats.shorter(_MOST_HOST_NAME, formats.subdomain)),
            "write a host name of lower-case letters, digits, '-' and '.'",
        ),
        *(
            row(
                "container-port-name",
                f"{port}.name",
                formats.unless_empty(formats.port_name),
                "write at most 15 lower-case letters, digits and inner hyphens, with a letter; Services name it, too",
            )
            for port in ports
        ),
        *(
            row(
                "container-port-protocol",
                f"{port}.protocol",
                formats.unless_empty(formats.one_of(*PROTOCOLS)),
                "write one of them, in capitals",
            )
            for port in ports
        ),
        row(
            "dns-policy",
            f"{spec}.dnsPolicy",
            formats.unless_empty(formats.one_of("ClusterFirst", "ClusterFirstWithHostNet", "Default", "None")),
            "write one of them",
        ),
        row("dns-nameserver", f"{spec}.dnsConfig.nameservers[]", formats.address, "write an IP address"),
        row(
            "dns-search",
            f"{spec}.dnsConfig.searches[]",
            formats.without_last_dot(formats.search_domain),
            "write a domain",
        ),
        row("host-alias", f"{spec}.hostAliases[].ip", formats.address, "write an IP address"),
        row(
            "host-alias",
            f"{spec}.hostAliases[].hostnames[]",
            formats.subdomain,
            "write lower-case letters, digits, '-' and '.'",
        ),
    )


def pod_rules(*place: str) -> tuple[Together, ...]:
    """Make the rules of a pod's spec at a place, for fields that go together."""
    return tuple(partial(rule, place) for rule in (_check_dns, _check_host, _check_port_names, _check_host_ports))


def _check_dns(place: tuple[str, ...], obj: Object) -> Iterator[Refused]:
    spec = at(obj, *place)
    config = at(spec, "dnsConfig")
    here = (*place, "dnsConfig")
    servers, searches = items(config, "nameservers"), items(config, "searches")
    if spec.get("dnsPolicy") == "None" and not servers:
        where = (*here, "nameservers") if spec.get("dnsConfig") else here
        problem = "with dnsPolicy None the pod has no other nameserver than those here, and there is none"
        yield Refused("dns-nameserver", where, problem, "list one in dnsConfig.nameservers, or leave dnsPolicy out")
    if len(servers) > _MOST_NAMESERVERS:
        problem = f"there are {len(servers)}, and at most {_MOST_NAMESERVERS} are taken"
        yield Refused("dns-nameserver", (*here, "nameservers"), problem, "leave out what is more")
    characters = sum(len(str(one)) for one in searches) + max(len(searches) - 1, 0)
    if len(searches) > _MOST_SEARCHES or characters > _MOST_SEARCH_CHARACTERS:
        problem = (
            f"there are {len(searches)} domains of {characters} characters, and at most {_MOST_SEARCHES} domains and "
            f"{_MOST_SEARCH_CHARACTERS} characters are taken"
        )
        yield Refused("dns-search", (*here, "searches"), problem, "leave out what is more")
    for index, option in mappings(config, "options"):
        if not option.get("name"):
            yield Refused("dns-option", (*here, "options", index), "the option has no name", "name it, as in ndots")


def _check_host(place: tuple[str, ...], obj: Object) -> Iterator[Refused]:
    spec = at(obj, *place)
    if spec.get("hostNetwork") and spec.get("hostnameOverride"):
        problem = "a pod with hostNetwork has its node's name"
        yield Refused("hostname-override", (*place, "hostnameOverride"), problem, "leave it out")


def _check_port_names(place: tuple[str, ...], obj: Object) -> Iterator[Refused]:
    spec = at(obj, *place)
    for kind in _CONTAINERS:
        for number, container in mappings(spec, kind):
            names: set[object] = set()
            for index, port in mappings(container, "ports"):
                name = port.get("name")
                if name and name in names:
                    problem = f"{told(name)} is the name of an earlier port of this container, too"
                    path: FieldPath = (*place, kind, number, "ports", index, "name")
                    yield Refused("container-port-name", path, problem, "give each port a name of its own")
                names.add(name)


def _check_host_ports(place: tuple[str, ...], obj: Object) -> Iterator[Refused]:
    """Containers on the node's network take its ports as they are; one that states none is given it."""
    spec = at(obj, *place)
    if spec.get("hostNetwork") is not True:
        return
    for number, container in mappings(spec, "containers"):
        for index, port in mappings(container, "ports"):
            own, of_node = port.get("containerPort"), port.get("hostPort")
            if of_node and of_node != own:
                problem = f"{told(of_node)} is not containerPort {told(own)}, and with hostNetwork they are one"
                path: FieldPath = (*place, "containers", number, "ports", index, "hostPort")
                yield Refused("host-port", path, problem, "leave hostPort out, or write one number in both")


def check_restart_policy(
    allowed: tuple[str, ...], required: bool, place: tuple[str, ...], obj: Object
) -> Iterator[Refused]:
    """Pods of a controller are started again, or not, as it can do with."""
    spec = at(obj, *place)
    policy = spec.get("restartPolicy")
    # What has no template is a patch, as kustomize takes them, and no object.
    if (policy and policy not in allowed) or (required and spec and not policy):
        problem = (
            f"{told(policy)} is not {' or '.join(allowed)}" if policy else "there is none, and Always is no choice"
        )
        yield Refused("restart-policy", (*place, "restartPolicy"), problem, f"write {' or '.join(allowed)}")
