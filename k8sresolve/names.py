"""The names of the DNS specification for Kubernetes: parsed from what people write, formatted for DNS.

Everything here is a value that has been checked for limits; nothing asks a question. Every name has `fqdn` (absolute,
with the dot) for DNS and `host` (without) for URLs, TLS and Host headers. Any letter case is read; names are kept in
lower case. Source: "Kubernetes DNS-Based Service Discovery", version 1.1.0; limits: RFC 1035, section 2.3.4.
"""

from __future__ import annotations

import re
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, Literal, TypeAlias, TypeGuard, cast, get_args

import attrs

from k8sresolve._escaping import told
from k8sresolve._value import Value
from k8sresolve.errors import InvalidName

__all__ = ["EndpointName", "IPAddress", "PodName", "PortName", "ServiceName", "ZonalName"]

LABEL_CHARACTERS = "abcdefghijklmnopqrstuvwxyz0123456789-"
_DASHED = frozenset("0123456789abcdefABCDEF-")
_PROTOCOLS = ("tcp", "udp", "sctp")
MAX_LABEL, _MAX_NAME, _MAX_PORT = 63, 253, 65535
_ADVICE = "a Service is named svc, svc.ns, ns/svc, svc.ns.svc or svc.ns.svc.DOMAIN; addresses() looks up any other host"

IPAddress = IPv4Address | IPv6Address
"""An address, as all records have them: the standard library's values.

>>> from ipaddress import ip_address
>>> from k8sresolve.names import IPAddress
>>> isinstance(ip_address("10.96.0.10"), IPAddress)
True
"""


def shown(value: object) -> str:
    """Write what was given for a message: ASCII without control characters, and without quotes if it was text."""
    return ascii("".join(value))[1:-1] if isinstance(value, str) else told(value)


def _told(value: object) -> str:
    """Write a part of what was given, with its quotes."""
    return told(value).encode("ascii", "backslashreplace").decode()


def _is_ordinary(name: object) -> TypeGuard[str]:
    """Whether it can be asked as it stands, as nearly all names can: letters, digits, hyphens and underscores."""
    if not isinstance(name, str) or len(name) > _MAX_NAME or not name.isascii():
        return False
    labels = name.removesuffix(".").split(".")
    return (
        "".join(labels).replace("-", "").replace("_", "").isalnum()
        and 0 < min(map(len, labels)) <= max(map(len, labels)) <= MAX_LABEL
    )


def check_host(name: str) -> str:
    """Return `name` if it can be asked: printable ASCII without blanks, labels of 1 to 63 octets, 253 in all.

    Raises `InvalidName` otherwise. A dot at the end, and the root `.`, are taken.

    >>> check_host("api.example.com")
    'api.example.com'
    """
    if _is_ordinary(name):
        return name
    if not isinstance(name, str):
        raise InvalidName(shown(name), f"a name is a str, not {type(name).__name__}")
    if not name:
        raise InvalidName(name, "an empty name cannot be asked")
    if not name.isascii():
        raise InvalidName(
            shown(name),
            "a name is ASCII; this one has other characters",
            advice="give an international name in its xn-- form",
        )
    if not name.isprintable() or " " in name:
        raise InvalidName(shown(name), "a name has no blanks or control characters")
    if name != ".":
        _check_limits(name)
    return name


def check_given(name: str) -> str:
    """Return `name` if it can be asked: as `check_host`, but for what stands for a host elsewhere.

    Of a URL, `user@host` and `host:port` the error says what to give instead, and tells no password.
    """
    if _is_ordinary(name):
        return name
    # Few names have any of these, and no IPv6 address has a single colon.
    if isinstance(name, str) and ("//" in name or "@" in name or name[:1] == "[" or name.count(":") == 1):
        from k8sresolve._urls import refusal

        if refused := refusal(name):
            raise refused
    return check_host(name)


def _check_limits(name: str) -> None:
    bare = name.removesuffix(".")
    _check_length(bare, name)
    for label in bare.split("."):
        if not label:
            raise InvalidName(name, "a label is empty: two dots in a row, or one at the start")
        if len(label) > MAX_LABEL:
            raise InvalidName(name, f"a label has at most {MAX_LABEL} characters; one here has {len(label)}")


def _check_length(bare: str, name: str) -> None:
    if len(bare) > _MAX_NAME:
        raise InvalidName(name, f"a name has at most {_MAX_NAME} characters; this one has {len(bare)}")


def check_hostname(name: str) -> str:
    """Return `name` if a caller may ask for it as a host: as `check_given`, but without a slash."""
    return without_slash(check_given(name))


def without_slash(name: str) -> str:
    """Return `name` if a host may have it; a record that is no host's may have a slash (RFC 2317)."""
    if "/" in name:
        namespace, _, service = name.partition("/")
        is_service = is_label(namespace.lower()) and is_label(service.lower())
        advice = f"write {service}.{namespace}, or ask service() for {name}"
        raise InvalidName(
            name, "a host has no slash", advice=advice if is_service else "give the host alone, without path or scheme"
        )
    return name


def is_label(text: str) -> bool:
    """Whether it is a label as RFC 1123 and Kubernetes want it, and in lower case."""
    # What strip() leaves begins and ends with another character.
    return 0 < len(text) <= MAX_LABEL and not text.strip(LABEL_CHARACTERS) and text[0] != "-" != text[-1]


def _is_label(value: object, most: int = MAX_LABEL) -> TypeGuard[str]:
    # ASCII first: lower() makes an ASCII letter of some others.
    return isinstance(value, str) and value.isascii() and len(value) <= most and is_label(value.lower())


def _label(value: str, what: str, whole: str) -> str:
    """Return one label in lower case, checked as RFC 1123 and Kubernetes want it."""
    if type(value) is str and is_label(value):
        return value  # as most are
    if not _is_label(value):
        raise InvalidName(
            shown(whole),
            f"{_told(value)} is no {what}: it takes letters, digits and inner hyphens, at most {MAX_LABEL}",
            advice=_ADVICE,
        )
    return value.lower()


def _service_label(value: str) -> str:
    return _label(value, "Service name", value)


def _endpoint_label(value: str) -> str:
    # CoreDNS names an endpoint by its address where it has no host name, and that of `::1` is `--1`.
    if isinstance(value, str) and value.startswith("-") and undashed(value) is not None:
        return value.lower()
    return _label(value, "endpoint", value)


def check_namespace(namespace: str) -> str:
    """Return a namespace in lower case; raises `InvalidName` if it is no RFC 1123 label."""
    return _label(namespace, "namespace", namespace)


def check_domain(domain: str) -> str:
    """Return a cluster domain in lower case and without dots at its ends; raises `InvalidName` if it is none.

    >>> check_domain("K8s.Corp.Example.")
    'k8s.corp.example'
    """
    check_host(domain)
    return ".".join(_label(label, "label of a cluster domain", domain) for label in domain.removesuffix(".").split("."))


def dashed(address: IPAddress) -> str:
    """Write an address as one label, as pod names have it: dots and colons become hyphens."""
    text = str(address)
    if ":" in text and "." in text:  # as Python writes an IPv4-mapped one since 3.13, which could not be read back
        low = int(address) & 0xFFFFFFFF
        text = f"::ffff:{low >> 16:x}:{low & 0xFFFF:x}"
    return text.replace(".", "-").replace(":", "-")


def undashed(label: str) -> IPAddress | None:
    """Read an address from one label, as CoreDNS does; None if it is none.

    >>> undashed("10-244-1-7"), undashed("fd00--7")
    (IPv4Address('10.244.1.7'), IPv6Address('fd00::7'))
    """
    hyphens = label.count("-")
    if hyphens < 2 or not _DASHED.issuperset(label):
        return None  # as most labels are no address, and to find that out by an exception takes long
    is_ipv4 = hyphens == 3 and "--" not in label
    try:
        return ip_address(label.replace("-", "." if is_ipv4 else ":"))
    except ValueError:
        return None


def parse_address(value: IPAddress | str) -> IPAddress:
    """Read an IP address; a zone (`%eth0`) is dropped, as DNS knows none. Raises `InvalidName` for anything else.

    >>> parse_address("fe80::1%eth0")
    IPv6Address('fe80::1')
    """
    # ip_address() takes numbers and octets as well, which are nobody's address here.
    if isinstance(value, str | IPv4Address | IPv6Address):
        try:
            return ip_address(str(value).partition("%")[0])
        except ValueError:
            pass
    from k8sresolve._urls import refusal

    raise (refusal(value) if isinstance(value, str) else None) or InvalidName(shown(value), "this is no IP address")


class _Name(Value):
    """What all names share: `host`, and `fqdn` made from it."""

    __slots__ = ()

    @property
    def host(self) -> str:
        """The name without the dot at its end, for URLs, TLS and Host headers."""
        raise NotImplementedError

    @property
    def fqdn(self) -> str:
        """The absolute name, with the dot at its end."""
        return f"{self.host}."

    def __str__(self) -> str:
        return self.host

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: object, _handler: object) -> Any:
        """Have pydantic take a name, or text that `parse()` reads, as a field, and write it as text."""
        from pydantic_core import core_schema

        return core_schema.json_or_python_schema(
            json_schema=core_schema.no_info_after_validator_function(cls._of_field, core_schema.str_schema()),
            python_schema=core_schema.no_info_plain_validator_function(cls._of_field),
            serialization=core_schema.to_string_ser_schema(),
        )

    @classmethod
    def _of_field(cls, given: Any) -> Any:
        kind: Any = cls
        return given if isinstance(given, kind) else kind.parse(given)


def _within_limits(name: _Name) -> None:
    # Each label was checked when it was taken.
    host = name.host
    _check_length(host, host)


@attrs.frozen(eq=False, str=False, repr=False)
class ServiceName(_Name):
    """A Service's name: `svc.ns.svc.D`. Any letter case is read and kept as lower case.

    Raises:
        InvalidName: A part is no label, or the name is too long.

    Source: Kubernetes DNS specification, sections 2.3 and 2.4; limits: RFC 1035, section 2.3.4.

    >>> from k8sresolve import ServiceName
    >>> name = ServiceName("payments", "shop")
    >>> name.host, name.fqdn
    ('payments.shop.svc.cluster.local', 'payments.shop.svc.cluster.local.')
    """

    service: str = attrs.field(converter=_service_label)
    """The Service's own name, one label."""
    namespace: str = attrs.field(converter=check_namespace)
    """Its namespace, one label."""
    cluster_domain: str = attrs.field(default="cluster.local", converter=check_domain)
    """The cluster domain, without a dot at its end. Default: `cluster.local`."""

    def __attrs_post_init__(self) -> None:
        _within_limits(self)

    def _meant(self) -> tuple[str, str, str]:
        return self.service, self.namespace, self.cluster_domain

    @property
    def host(self) -> str:
        """The name without the dot at its end, for URLs, TLS and Host headers."""
        return f"{self.service}.{self.namespace}.svc.{self.cluster_domain}"

    @classmethod
    def parse(cls, text: str, *, namespace: str | None = None, cluster_domain: str | None = None) -> ServiceName:
        """Read a Service's name as people write it: `svc`, `svc.ns`, `ns/svc`, `svc.ns.svc` or `svc.ns.svc.D`.

        Args:
            text: The name. A full name states its own domain.
            namespace: What completes a name without a namespace. None where it is not known.
            cluster_domain: What completes a name without a domain. None where it is not known.

        Raises:
            InvalidName: The text names no Service, has a dot at its end and is not full, or lacks what is not known.

        >>> from k8sresolve import ServiceName
        >>> ServiceName.parse("payments.shop", cluster_domain="cluster.local")
        ServiceName(service='payments', namespace='shop', cluster_domain='cluster.local')
        >>> ServiceName.parse("shop/payments", cluster_domain="cluster.local").host
        'payments.shop.svc.cluster.local'
        """
        check_given(text)
        before, slash, behind = text.partition("/")
        labels = [behind, before] if slash else text.removesuffix(".").split(".")
        full = len(labels) > 3
        if (len(labels) > 2 and labels[2].lower() != "svc") or (text.endswith(".") and not full):
            raise InvalidName(text, "this is no Service's name", advice=_ADVICE)
        space = labels[1] if len(labels) > 1 else namespace
        domain = ".".join(labels[3:]) if full else cluster_domain
        if space is None:
            raise InvalidName(text, "the namespace is not known", advice="write svc.ns, or give namespace=")
        if domain is None:
            raise InvalidName(
                text, "the cluster domain is not known", advice="write the full name, or give cluster_domain="
            )
        try:
            return cls(labels[0], space, domain)
        except InvalidName as error:
            # Of the name as it was given, not of its part.
            raise InvalidName(shown(text), error.problem, advice=error.advice) from None

    @classmethod
    def _of_field(cls, given: Any) -> Any:
        return given if isinstance(given, cls) else cls.parse(given, cluster_domain="cluster.local")


def _service_name(value: ServiceName) -> ServiceName:
    if not isinstance(value, ServiceName):
        raise InvalidName(shown(value), f"a ServiceName should stand here, not {type(value).__name__}")
    return value


def _any_service(value: ServiceName | None) -> ServiceName | None:
    return None if value is None else _service_name(value)


def _full_service(text: str) -> ServiceName:
    """Read a Service's full name and no shorter one."""
    if text.removesuffix(".").count(".") < 3:
        raise InvalidName(text, "this is no Service's full name")
    return ServiceName.parse(text)


@attrs.frozen(eq=False, str=False, repr=False)
class EndpointName(_Name):
    """The name of one endpoint of a headless Service: `endpoint.svc.ns.svc.D`.

    Raises:
        InvalidName: A part is no label, or the name is too long.

    Source: Kubernetes DNS specification, section 2.4.

    >>> from k8sresolve import EndpointName
    >>> name = EndpointName.parse("cassandra-0.cassandra.data.svc.cluster.local.")
    >>> name.endpoint, name.service.namespace
    ('cassandra-0', 'data')
    """

    endpoint: str = attrs.field(converter=_endpoint_label)
    """The first label: the pod's host name, or its address with dashes."""
    service: ServiceName = attrs.field(converter=_service_name)
    """The headless Service."""

    def __attrs_post_init__(self) -> None:
        _within_limits(self)

    @property
    def host(self) -> str:
        """The name without the dot at its end, for URLs, TLS and Host headers."""
        return f"{self.endpoint}.{self.service.host}"

    @property
    def address(self) -> IPAddress | None:
        """The address that the endpoint's label spells, None where it is a host name."""
        return undashed(self.endpoint)

    @classmethod
    def parse(cls, text: str) -> EndpointName:
        """Read an endpoint's full name.

        Args:
            text: The name, with or without a dot at its end.

        Raises:
            InvalidName: The text is anything else.
        """
        endpoint, _, rest = check_given(text).partition(".")
        with suppress(InvalidName):
            return cls(endpoint, _full_service(rest))
        raise InvalidName(text, "this is no endpoint's name", advice="one is endpoint.svc.ns.svc.DOMAIN")


def port_number(port: object) -> int | None:
    """Read a port's number, or its digits; None for what may be a name, and raises `InvalidName` for 0 and above 65535.

    No port's name is of digits alone (RFC 6335, section 5.1).

    >>> port_number(80), port_number("80"), port_number("http")
    (80, 80, None)
    """
    if isinstance(port, str):
        if not (port.isascii() and port.isdigit()):
            return None
        number = int(port[:6])
    elif isinstance(port, int) and not isinstance(port, bool):
        number = port
    else:
        return None
    if not 0 < number <= _MAX_PORT:
        raise InvalidName(shown(port), f"{_told(port)} is no port number", advice=f"one is 1 to {_MAX_PORT}")
    return number


def _port_label(port: str) -> str:
    if port_number(port) is not None:
        raise InvalidName(
            shown(port),
            f"{_told(port)} is a port number, and DNS knows a Service's ports by name",
            advice="give the port's name as in the Service's spec.ports; port() takes a number, ports() lists them",
        )
    # With its underscore the name must fit one label (RFC 2782; RFC 1035, section 2.3.4).
    if not _is_label(port, MAX_LABEL - 1):
        raise InvalidName(
            shown(port),
            f"{_told(port)} is no port name: it takes letters, digits and inner hyphens, at most {MAX_LABEL - 1}",
            advice="give the name as in the Service's spec.ports, without underscore or protocol",
        )
    return port.lower()


def check_protocol(protocol: str) -> str:
    """Return the protocol of a Service's port in lower case; raises `InvalidName` if it is none."""
    lower = protocol.lower() if isinstance(protocol, str) else ""
    if lower not in _PROTOCOLS:
        raise InvalidName(
            shown(protocol), f"{_told(protocol)} is no protocol of a Service's port", advice="give tcp, udp or sctp"
        )
    return lower


@attrs.frozen(eq=False, str=False, repr=False)
class PortName(_Name):
    """A named port: `_port._proto.svc.ns.svc.D`, or, without a Service, just the port's name and protocol.

    Raises:
        InvalidName: The port is a number or no port's name, the protocol is none, or the name is too long.

    Source: RFC 2782; Kubernetes DNS specification, sections 2.3.2 and 2.4.2.

    >>> from k8sresolve import PortName, ServiceName
    >>> PortName.parse("dns/udp")
    PortName(port='dns', protocol='udp', service=None)
    >>> PortName("http").at(ServiceName("payments", "shop")).fqdn
    '_http._tcp.payments.shop.svc.cluster.local.'
    """

    port: str = attrs.field(converter=_port_label)
    """The port's name, as in the Service's `spec.ports`, without an underscore."""
    protocol: str = attrs.field(default="tcp", converter=check_protocol)
    """`tcp`, `udp` or `sctp`. Default: `tcp`."""
    service: ServiceName | None = attrs.field(default=None, converter=_any_service)
    """The Service that has the port. Default: None, for a port of any Service."""

    def __attrs_post_init__(self) -> None:
        if self.service is not None:
            _within_limits(self)

    def _meant(self) -> tuple[str, str, ServiceName | None]:
        return self.port, self.protocol, self.service

    def at(self, service: ServiceName) -> PortName:
        """Return the same port of another Service.

        Args:
            service: The Service.

        Raises:
            InvalidName: The name is too long.
        """
        return PortName(self.port, self.protocol, service)

    @property
    def host(self) -> str:
        """The name without the dot at its end; without a Service just the two labels."""
        labels = f"_{self.port}._{self.protocol}"
        return labels if self.service is None else f"{labels}.{self.service.host}"

    @classmethod
    def parse(cls, text: str) -> PortName:
        """Read `port`, `port/proto`, `_port._proto` or the full name.

        Args:
            text: The name.

        Raises:
            InvalidName: The text is anything else.
        """
        if not isinstance(text, str) or not text.startswith("_"):
            port, slash, protocol = text.partition("/") if isinstance(text, str) else (text, "", "")
            return cls(port, protocol if slash else "tcp")
        port, _, rest = check_given(text).partition(".")
        protocol, _, service = rest.partition(".")
        if protocol.startswith("_"):
            with suppress(InvalidName):
                return cls(port[1:], protocol[1:], _full_service(service) if service else None)
        raise InvalidName(text, "this is no port's name", advice="one is _port._proto.svc.ns.svc.DOMAIN")


@attrs.frozen(eq=False, str=False, repr=False)
class PodName(_Name):
    """A pod's name by its address: `a-b-c-d.ns.pod.D`.

    In most clusters DNS echoes any address, so the name is no proof that the pod exists.

    Raises:
        InvalidName: The address is none, a part is no label, or the name is too long.

    Source: Kubernetes documentation, "DNS for Services and Pods"; CoreDNS, plugin `kubernetes`, option `pods`.

    >>> from k8sresolve import PodName
    >>> PodName("10.244.1.7", "shop").fqdn
    '10-244-1-7.shop.pod.cluster.local.'
    """

    address: IPAddress = attrs.field(converter=parse_address)
    """The pod's address; text is read."""
    namespace: str = attrs.field(converter=check_namespace)
    """Its namespace, one label."""
    cluster_domain: str = attrs.field(default="cluster.local", converter=check_domain)
    """The cluster domain, without a dot at its end. Default: `cluster.local`."""

    def __attrs_post_init__(self) -> None:
        _within_limits(self)

    @property
    def host(self) -> str:
        """The name without the dot at its end."""
        return f"{dashed(self.address)}.{self.namespace}.pod.{self.cluster_domain}"

    @classmethod
    def parse(cls, text: str) -> PodName:
        """Read a pod's full name.

        Args:
            text: The name, with or without a dot at its end.

        Raises:
            InvalidName: The text is anything else.
        """
        labels = check_given(text).removesuffix(".").split(".", 3)
        address = undashed(labels[0])
        if len(labels) == 4 and labels[2].lower() == "pod" and address is not None:
            with suppress(InvalidName):
                return cls(address, labels[1], labels[3])
        raise InvalidName(text, "this is no pod's name", advice="one is a-b-c-d.ns.pod.DOMAIN")


_Directive: TypeAlias = Literal["prefer", "pin"]
_ZONE = r"(?!.*\.\.)[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?"  # compiled when it is first needed


def _zone(zone: str) -> str:
    # As the label of a node has it: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/
    if not isinstance(zone, str) or len(zone) > MAX_LABEL or not re.fullmatch(_ZONE, zone):
        raise InvalidName(
            shown(zone),
            f"{_told(zone)} is no zone: it takes letters and digits, and `-`, `_` and `.` between them, at most "
            f"{MAX_LABEL}",
        )
    return zone.lower()


def _directive(directive: _Directive) -> _Directive:
    if directive not in get_args(_Directive):
        raise InvalidName(shown(directive), f"{_told(directive)} is no way to take a zone", advice="give prefer or pin")
    return directive


@attrs.frozen(eq=False, str=False, repr=False)
class ZonalName(_Name):
    """The name of a headless Service's pods in a zone: `zone.prefer._zone.svc.ns.svc.D`, for `Resolver.addresses`.

    Where CoreDNS has not the option `zonal`, no such name exists.

    Raises:
        InvalidName: The zone, the directive or the Service is none, or the name is too long.

    Source: CoreDNS, plugin `kubernetes`, option `zonal`.

    >>> from k8sresolve import ServiceName, ZonalName
    >>> ZonalName("eu-1a", "prefer", ServiceName("db", "data")).fqdn
    'eu-1a.prefer._zone.db.data.svc.cluster.local.'
    """

    zone: str = attrs.field(converter=_zone)
    """The zone of the pods' nodes, as their label `topology.kubernetes.io/zone` has it."""
    directive: _Directive = attrs.field(converter=_directive)
    """Where the zone has no ready pod, `prefer` gives those of all zones, and `pin` none."""
    service: ServiceName = attrs.field(converter=_service_name)
    """The headless Service."""

    def __attrs_post_init__(self) -> None:
        _within_limits(self)

    @property
    def host(self) -> str:
        """The name without the dot at its end."""
        return f"{self.zone}.{self.directive}._zone.{self.service.host}"

    @classmethod
    def parse(cls, text: str) -> ZonalName:
        """Read a full zonal name.

        Args:
            text: The name, with or without a dot at its end.

        Raises:
            InvalidName: The text is anything else.
        """
        topology, _, rest = check_given(text).lower().partition("._zone.")
        zone, _, directive = topology.rpartition(".")
        with suppress(InvalidName):
            return cls(zone, cast("_Directive", directive), _full_service(rest))
        raise InvalidName(text, "this is no zonal name", advice="one is ZONE.prefer._zone.svc.ns.svc.DOMAIN, or pin")


def parse_pointer(target: str) -> ServiceName | EndpointName | str:
    """Read what a PTR record names: a Service, an endpoint, or any other host (text, with the dot)."""
    for kind in (ServiceName, EndpointName):
        try:
            return kind.parse(target)
        except InvalidName:
            continue
    return target
