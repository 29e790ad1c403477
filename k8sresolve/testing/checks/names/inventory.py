"""What a cluster has, as far as names need it: namespaces, Services, and the hostnames of their endpoints.

No Secret, environment, annotation or label goes into it, so that it may lie in a repository.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar, cast, get_args

import attrs

from k8sresolve._escaping import told
from k8sresolve.errors import ConfigError, InvalidName
from k8sresolve.names import check_namespace
from k8sresolve.testing.objects.fields import MOST_PORT
from k8sresolve.testing.objects.files import Manifests
from k8sresolve.testing.objects.kinds import (
    HEADLESS,
    NO_PORT,
    EndpointAddress,
    EndpointSlice,
    Namespace,
    PortEntry,
    Resource,
    Service,
    ServiceType,
)
from k8sresolve.testing.objects.labels import wrong_with_name
from k8sresolve.testing.objects.manifests import read_manifests, read_objects

SCHEMA_VERSION = 1
_TYPES: tuple[ServiceType, ...] = get_args(ServiceType)
_SOME_ADDRESS = "192.0.2.1"
_MOST_SERVICES, _MOST_EACH = 200_000, 10_000
_ADVICE = "write it anew: kubectl get ns,svc,endpointslices -A -o json | k8sresolve inventory"
_MADE_BY = "make it by Inventory.from_json, from_manifests or from_objects"

_T = TypeVar("_T")


@attrs.frozen
class Inventory:
    """The namespaces and Services of a cluster, for `Cluster.check`: what is not here is not there.

    Made by `from_json`, `from_manifests` or `from_objects`.

    >>> from k8sresolve.testing import Inventory
    >>> text = '{"schema_version": 1, "namespaces": ["shop"], "services": []}'
    >>> Inventory.from_json(text).namespaces
    ('shop',)
    """

    namespaces: tuple[str, ...]
    """The names of all namespaces."""

    services: tuple[Service, ...]
    """All Services, as far as names need them."""

    hostnames: Mapping[tuple[str, str], tuple[str, ...]] = attrs.field(repr=False)
    """The hostnames of endpoints, by the namespace and name of their Service."""

    def __attrs_post_init__(self) -> None:
        for name, given, kind in (("namespaces", self.namespaces, str), ("services", self.services, Service)):
            if not isinstance(given, tuple) or not all(isinstance(item, kind) for item in given):
                raise ConfigError(f"{name}={told(given)} is no tuple of {kind.__name__}s", advice=_MADE_BY)
        if not isinstance(self.hostnames, Mapping):
            raise ConfigError(f"hostnames={told(self.hostnames)} is no mapping", advice=_MADE_BY)

    @classmethod
    def from_manifests(cls, *paths: Manifests) -> "Inventory":
        """Take it from what `kubectl get ns,svc,endpointslices -A -o json` prints.

        Args:
            *paths: Files, directories, or files that are open for reading octets, as in `Cluster.from_manifests`.

        Raises:
            ManifestError: A manifest cannot be used.
            ConfigError: There is no Namespace among the objects.
        """
        return cls._of(read_manifests(paths))

    @classmethod
    def from_objects(cls, objects: Iterable[Mapping[str, Any]]) -> "Inventory":
        """Take it from objects as `json.load` gives them.

        Args:
            objects: Namespaces, Services and EndpointSlices.

        Raises:
            ManifestError, ConfigError: As in `from_manifests`.
        """
        return cls._of(read_objects(objects))

    @classmethod
    def _of(cls, read: Sequence[Resource]) -> "Inventory":
        hostnames: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
        for item in read:
            if isinstance(item, EndpointSlice):
                hostnames[item.namespace, item.service] |= dict.fromkeys(
                    entry.hostname for entry in item.addresses if entry.hostname
                )
        namespaces = sorted({item.name for item in read if isinstance(item, Namespace)})
        if not namespaces:
            raise ConfigError(
                "there is no Namespace among the objects, so that nobody knows which are complete",
                advice="give the output of `kubectl get ns,svc,endpointslices -A -o json`",
            )
        services = sorted(_services(read), key=lambda item: (item.namespace, item.name))
        named = {key: tuple(sorted(names)) for key, names in hostnames.items() if names}
        return cls(tuple(namespaces), tuple(services), named)

    @classmethod
    def from_json(cls, text: str | bytes) -> "Inventory":
        """Read what `to_json` wrote.

        Args:
            text: The JSON.

        Raises:
            ConfigError: It is anything else.
        """
        try:
            read: object = json.loads(text)
        except RecursionError:
            raise ConfigError("the inventory is nested too deep", advice=_ADVICE) from None
        except (TypeError, ValueError):
            raise ConfigError("the inventory is not JSON", advice=_ADVICE) from None
        fields = _mapping(read, "the inventory", ("schema_version", "namespaces", "services"))
        version = fields.get("schema_version")
        if type(version) is not int or version != SCHEMA_VERSION:
            raise ConfigError(
                f"schema_version of the inventory is {told(version)}, not {SCHEMA_VERSION}", advice=_ADVICE
            )
        namespaces = tuple(_space(item, "namespaces") for item in _list(fields, "namespaces", _MOST_SERVICES))
        entries = [_Entry.read(item, number) for number, item in enumerate(_list(fields, "services", _MOST_SERVICES))]
        named = (entry for entry in entries if entry.hostnames)
        hostnames = {(entry.service.namespace, entry.service.name): entry.hostnames for entry in named}
        if strange := {entry.service.namespace for entry in entries} - {*namespaces}:
            raise ConfigError(
                f"namespaces of the inventory lack {told(min(strange))}, where a Service lies", advice=_ADVICE
            )
        return cls(namespaces, tuple(entry.service for entry in entries), hostnames)

    def to_json(self) -> str:
        """Write it as JSON, with a `schema_version`; the same cluster gives the same text."""
        services = [_plain(item, self.hostnames.get((item.namespace, item.name), ())) for item in self.services]
        # A line for each, so that a change of the cluster is seen in a diff.
        head = (
            f'{{"schema_version": {SCHEMA_VERSION},\n"namespaces": {json.dumps(list(self.namespaces))},\n"services": ['
        )
        return head + ",".join(f"\n{json.dumps(service)}" for service in services) + "\n]}"

    def objects(self) -> Iterator[Resource]:
        """Make the objects that answer for it; addresses of endpoints, of which it has none, are made up."""
        yield from map(Namespace, self.namespaces)
        for service in self.services:
            has_address = service.type != "ExternalName" and not service.headless
            yield attrs.evolve(service, cluster_ips=(_SOME_ADDRESS,)) if has_address else service
            names = self.hostnames.get((service.namespace, service.name), ())
            if names or service.headless:
                addresses = tuple(EndpointAddress(_SOME_ADDRESS, name) for name in names or ("",))
                yield EndpointSlice(
                    service.namespace, f"{service.name}-inventory", service.name, addresses, service.ports
                )


def _services(read: Iterable[Resource]) -> Iterator[Service]:
    for item in read:
        if isinstance(item, Service):
            yield Service(
                item.namespace,
                item.name,
                type=item.type,
                cluster_ips=(HEADLESS,) if item.headless else (),
                external_name=item.external_name,
                ports=tuple(PortEntry(port.name, port.number, port.protocol) for port in item.ports),
            )


def _plain(service: Service, hostnames: tuple[str, ...]) -> dict[str, Any]:
    ports = [{"name": port.name, "port": port.number, "protocol": port.protocol} for port in service.ports]
    written = {"namespace": service.namespace, "name": service.name, "type": service.type, "headless": service.headless}
    alias = {"externalName": service.external_name} if service.external_name else {}
    return {**written, **alias, "ports": ports, **({"hostnames": list(hostnames)} if hostnames else {})}


@attrs.frozen
class _Entry:
    """A Service of the file, as it is read back."""

    service: Service
    hostnames: tuple[str, ...]

    @classmethod
    def read(cls, item: object, number: int) -> "_Entry":
        where = f"services[{number}]"
        known = ("namespace", "name", "type", "headless", "externalName", "ports", "hostnames")
        fields = _mapping(item, where, known)
        kind: ServiceType | None = next((each for each in _TYPES if each == fields.get("type")), None)
        if kind is None:
            raise ConfigError(f"{where}.type of the inventory is none of {', '.join(_TYPES)}", advice=_ADVICE)
        service = Service(
            _space(fields.get("namespace"), f"{where}.namespace"),
            _name(fields.get("name"), f"{where}.name"),
            type=kind,
            cluster_ips=(HEADLESS,) if _typed(fields.get("headless"), bool, f"{where}.headless") else (),
            external_name=_name(fields["externalName"], f"{where}.externalName") if "externalName" in fields else "",
            ports=tuple(_port(port, f"{where}.ports") for port in _list(fields, "ports", _MOST_EACH)),
        )
        names = _list(fields, "hostnames", _MOST_EACH) if "hostnames" in fields else []
        return cls(service, tuple(_name(name, f"{where}.hostnames") for name in names))


def _port(item: object, where: str) -> PortEntry:
    fields = _mapping(item, where, ("name", "port", "protocol"))
    number = _typed(fields.get("port"), int, f"{where}.port")
    if number != NO_PORT and not 1 <= number <= MOST_PORT:
        raise ConfigError(f"{where}.port of the inventory is {told(number)}, which is no port", advice=_ADVICE)
    name = _typed(fields.get("name"), str, f"{where}.name")
    return PortEntry(name, number, _typed(fields.get("protocol"), str, f"{where}.protocol"))


def _mapping(value: object, where: str, known: tuple[str, ...]) -> dict[str, Any]:
    fields = cast("dict[str, Any]", _typed(value, dict, where))
    for key in fields:
        if key not in known:
            raise ConfigError(f"{told(key)} is no field of {where}", advice=_ADVICE)
    return fields


def _list(fields: dict[str, Any], key: str, most: int) -> list[object]:
    found = cast("list[object]", _typed(fields.get(key), list, key))
    if len(found) > most:
        raise ConfigError(f"{key} of the inventory has {len(found):,} entries, more than {most:,}", advice=_ADVICE)
    return found


def _typed(value: object, kind: type[_T], where: str) -> _T:
    if type(value) is not kind:
        raise ConfigError(f"{where} of the inventory has a wrong type, {type(value).__name__}", advice=_ADVICE)
    return value


def _name(value: object, where: str) -> str:
    text = _typed(value, str, where)
    if not text or wrong_with_name(text):
        raise ConfigError(f"{where} of the inventory is {told(text)}, which is no name", advice=_ADVICE)
    return text


def _space(value: object, where: str) -> str:
    try:
        return check_namespace(_typed(value, str, where))
    except InvalidName:
        raise ConfigError(f"{where} of the inventory is {told(value)}, which is no namespace", advice=_ADVICE) from None
