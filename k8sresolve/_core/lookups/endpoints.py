"""The pods of a headless Service, one endpoint for each address."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NoReturn, TypeAlias

from k8sresolve._core.lookups.following import follow
from k8sresolve._core.lookups.results import age_of, chain_of, first_failed, in_canonical_order
from k8sresolve._core.lookups.reverse import pointer_of
from k8sresolve._core.lookups.services import Offer, all_ports, first_round, lists_ports, one_port, require_addresses
from k8sresolve._core.lookups.setting import Setting
from k8sresolve._core.lookups.trail import Trail
from k8sresolve._core.questions import PTR, Failed, Found, Lookup, blank, is_under
from k8sresolve.errors import BadResponse, InvalidName, NoData, NotHeadless
from k8sresolve.names import EndpointName, IPAddress, PortName, ServiceName, dashed, is_label
from k8sresolve.records import Endpoint, endpoint_of

Row: TypeAlias = tuple[str, int | None, IPAddress]
"""A target, its port's number, and one of its addresses."""


def endpoints(
    setting: Setting, name: str | ServiceName, label: str | None, protocol: str
) -> Lookup[tuple[Endpoint, ...]]:
    """One endpoint for each address that a headless Service publishes."""
    place = setting.service_name(name)
    trail = Trail(str(name), setting)
    if label is None:
        return (yield from _every_endpoint(trail, place))
    offer = yield from one_port(trail, PortName(label, protocol, place))
    _require_headless(trail, place, offer)
    require_all(trail, offer)
    rows = [(name, port, address) for _, name, port, _ in offer.records for address in offer.addresses.get(name, ())]
    if not rows:
        trail.fail(NoData, f"there are endpoints, but none has an {setting.wanted}")
    return endpoints_of(trail, place, rows)


def _require_headless(trail: Trail, place: ServiceName, offer: Offer) -> None:
    own = place.fqdn
    if any(target == own for _, target, _, _ in offer.records):
        _not_headless(trail)


def require_all(trail: Trail, offer: Offer) -> None:
    """Raise where a target's addresses are not known: a list that lacks a pod would not say so."""
    if offer.lost:
        trail.give_up(offer.lost)
    _require_followed(trail, *offer.followed, "targets without an address")


def _require_followed(trail: Trail, there: int, followed: int, what: str) -> None:
    if followed < there:
        trail.fail(
            BadResponse,
            f"DNS has {there:,} {what}, and {followed:,} of these are followed up in one lookup",
            "list the pods of so large a Service by its EndpointSlices, at the API server",
        )


def _not_headless(trail: Trail) -> NoReturn:
    trail.fail(
        NotHeadless,
        "the Service is not headless, so DNS knows its own address and not its pods'",
        "connect to service().addresses, or set clusterIP: None",
    )


def _every_endpoint(trail: Trail, place: ServiceName) -> Lookup[tuple[Endpoint, ...]]:
    """Find an endpoint for each address at the Service's own name; pods that have none of its ports are there too.

    Who lists pods wants to see those, too, that this one cannot connect to, as a port's SRV records show them.
    """
    rdtypes = (*trail.setting.rdtypes, *trail.setting.rest)
    hosts, (answer,) = yield from first_round(trail, place, rdtypes, [place.fqdn])
    named: list[Row] = []
    if isinstance(answer, Failed) or (isinstance(answer, Found) and lists_ports(answer)):
        offer = yield from all_ports(trail, place, answer)
        _require_headless(trail, place, offer)
        require_all(trail, offer)
        named = [(name, None, address) for name, addresses in offer.addresses.items() for address in addresses]
    require_addresses(trail, place, hosts)
    if chain_of(hosts):
        _not_headless(trail)
    if lost := first_failed(hosts):
        trail.give_up(lost)
    known = {_place(address) for _, _, address in named}
    listed = [address for answer in hosts if isinstance(answer, Found) for address in answer.data]
    unnamed = [address for address in listed if _place(address) not in known]
    if unnamed:
        named += yield from _names_by_pointer(trail, place, in_canonical_order(unnamed))
    return endpoints_of(trail, place, named)


def _names_by_pointer(trail: Trail, place: ServiceName, addresses: tuple[IPAddress, ...]) -> Lookup[list[Row]]:
    """Name endpoints that no SRV record names, as far as PTR does: it has a name for each pod of an address."""
    pointers = {pointer_of(address): address for address in addresses}
    followed = yield from follow(trail, tuple(pointers), (PTR,))
    _require_followed(trail, len(pointers), len(followed), "addresses without a name")
    named: list[Row] = []
    for pointer, (answer,) in followed.items():
        targets = [target.lower() for target in answer.data] if isinstance(answer, Found) else []
        if place.fqdn in targets:
            _not_headless(trail)
        names = [target for target in targets if is_under(target, place.fqdn)]
        named += [(name, None, pointers[pointer]) for name in names or [""]]
    return named


def endpoints_of(trail: Trail, place: ServiceName, rows: Iterable[Row]) -> tuple[Endpoint, ...]:
    """Make endpoints in canonical order, each once."""
    suffix = f".{place.fqdn}"
    age = age_of((answer for _, answer in trail.log), trail.setting)
    found: dict[tuple[int, int, str], Endpoint] = {}
    for target, port, address in rows:
        name = _endpoint_name(target, place, suffix)
        endpoint = endpoint_of(address, port, name, _hostname(name, address), age)
        found[_place(address), port or 0, target if name else ""] = endpoint
    return tuple([found[key] for key in sorted(found)])


def _hostname(name: EndpointName | None, address: IPAddress) -> str | None:
    """The pod's, unless the name's label spells an address: as a rule its own, which is seen without reading it."""
    if name is None or name.endpoint == dashed(address) or name.address is not None:
        return None
    return name.endpoint


_set: Callable[[object, str, object], None] = object.__setattr__


def _endpoint_name(target: str, place: ServiceName, suffix: str) -> EndpointName | None:
    label = target[: -len(suffix)] if target.endswith(suffix) else ""
    if is_label(label):  # as nearly all are; and a name that came in a reply is not too long
        made = blank(EndpointName)
        _set(made, "endpoint", label)
        _set(made, "service", place)
        return made
    try:
        return EndpointName(label, place) if label else EndpointName.parse(target)
    except InvalidName:
        return None


def _place(address: IPAddress) -> int:
    """A number for each address, by which they are in canonical order: IPv4 before IPv6."""
    return int(address) if address.version == 4 else int(address) | 1 << 128
