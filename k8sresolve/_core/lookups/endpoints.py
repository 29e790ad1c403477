"""The pods of a headless Service, one endpoint for each address."""

from collections.abc import Iterable
from typing import NoReturn

from k8sresolve._core.lookups.following import follow
from k8sresolve._core.lookups.results import addresses_in, chain_of, first_failed, in_canonical_order
from k8sresolve._core.lookups.reverse import pointer_of
from k8sresolve._core.lookups.services import Offer, all_ports, first_round, one_port, require_addresses
from k8sresolve._core.lookups.setting import Setting
from k8sresolve._core.lookups.trail import Trail
from k8sresolve._core.questions import PTR, Empty, Found, Lookup, NxDomain, is_under
from k8sresolve.errors import BadResponse, InvalidName, NoData, NotHeadless
from k8sresolve.names import EndpointName, IPAddress, PortName, ServiceName
from k8sresolve.records import Endpoint


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
    _require_all(trail, offer)
    found = {_endpoint(target.name, address, target.port) for target in offer.targets for address in target.addresses}
    if not found:
        trail.fail(NoData, f"there are endpoints, but none has an {setting.wanted}")
    return _ordered(found)


def _require_headless(trail: Trail, place: ServiceName, offer: Offer) -> None:
    if any(target.name == place.fqdn for target in offer.targets):
        _not_headless(trail)


def _require_all(trail: Trail, offer: Offer) -> None:
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
    named: set[tuple[str, IPAddress]] = set()
    if not isinstance(answer, Empty | NxDomain | None):
        offer = yield from all_ports(trail, place, answer)
        _require_headless(trail, place, offer)
        _require_all(trail, offer)
        named = {(target.name, address) for target in offer.targets for address in target.addresses}
    require_addresses(trail, place, hosts)
    if chain_of(hosts):
        _not_headless(trail)
    if lost := first_failed(hosts):
        trail.give_up(lost)
    unnamed = set(addresses_in(hosts)) - {address for _, address in named}
    named |= yield from _names_by_pointer(trail, place, in_canonical_order(unnamed))
    return _ordered(_endpoint(name, address, None) for name, address in named)


def _names_by_pointer(
    trail: Trail, place: ServiceName, addresses: tuple[IPAddress, ...]
) -> Lookup[set[tuple[str, IPAddress]]]:
    """Name endpoints that no SRV record names, as far as PTR does: it has a name for each pod of an address."""
    pointers = {pointer_of(address): address for address in addresses}
    followed = yield from follow(trail, tuple(pointers), (PTR,))
    _require_followed(trail, len(pointers), len(followed), "addresses without a name")
    named: set[tuple[str, IPAddress]] = set()
    for pointer, (answer,) in followed.items():
        targets = [target.lower() for target in answer.data] if isinstance(answer, Found) else []
        if place.fqdn in targets:
            _not_headless(trail)
        names = [target for target in targets if is_under(target, place.fqdn)]
        named |= {(name, pointers[pointer]) for name in names or [""]}
    return named


def _endpoint(target: str, address: IPAddress, port: int | None) -> Endpoint:
    try:
        name = EndpointName.parse(target)
    except InvalidName:
        name = None
    hostname = name.endpoint if name is not None and name.address is None else None
    return Endpoint(address, port, name, hostname)


def _ordered(endpoints: Iterable[Endpoint]) -> tuple[Endpoint, ...]:
    return tuple(sorted(endpoints, key=lambda e: (e.address.version, int(e.address), e.port or 0, str(e.name))))
