"""What a watch asks: the endpoints of a Service as they are now, whatever kind of Service it is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from k8sresolve._core.lookups.endpoints import Row, endpoints_of, require_all
from k8sresolve._core.lookups.results import at_once, chain_of
from k8sresolve._core.lookups.services import first_round, require_addresses, take_offer
from k8sresolve._core.lookups.setting import Setting
from k8sresolve._core.lookups.trail import Trail
from k8sresolve._core.questions import (
    AAAA,
    SRV,
    Empty,
    Failed,
    Found,
    Lookup,
    NxDomain,
    Question,
    Result,
    Results,
    Round,
)
from k8sresolve.errors import NoData, NotFound, ResolveError
from k8sresolve.names import IPAddress, PortName, ServiceName, ZonalName
from k8sresolve.records import Endpoint

_VERSIONS = frozenset({4, 6})


class Seen(NamedTuple):
    """The endpoints that are there. `cause` says why none is, or why others may be there of `unseen` IP versions.

    `clustered`: it is the address of the Service's own, a ClusterIP, which says nothing of pods.
    """

    endpoints: tuple[Endpoint, ...]
    cause: ResolveError | None = None
    unseen: frozenset[int] = frozenset()
    clustered: bool = False


def poll(  # noqa: PLR0917 - as each lookup is called
    setting: Setting, name: str | ServiceName, label: str | None, protocol: str, zone: str | None, first: bool
) -> Lookup[Seen]:
    """Look at a Service: the pods of a headless one, or the address of another, each with the port's number.

    That there is nothing is an answer; at the `first` look, `NoData` is raised where there can never be any: a port of
    an ExternalName. With a `zone`, it is the pods there if CoreDNS tells them apart and there are any, else all.
    """
    place = setting.service_name(name)
    trail = Trail(str(name), setting)
    near: frozenset[IPAddress] = frozenset()
    if zone is not None:
        local = yield from trail.ask(_hosts(ZonalName(zone, "prefer", place).fqdn, setting.rdtypes))
        near = frozenset([address for answer in local if isinstance(answer, Found) for address in answer.data])
    seen = (
        yield from _addresses(trail, place) if label is None else _port(trail, PortName(label, protocol, place), first)
    )
    in_zone = tuple([one for one in seen.endpoints if one.address in near])
    return seen._replace(endpoints=in_zone) if in_zone else seen


def _hosts(name: str, rdtypes: tuple[int, ...]) -> Round:
    return Round(tuple([Question(name, rdtype) for rdtype in rdtypes]))


def _port(trail: Trail, named: PortName, first: bool) -> Lookup[Seen]:
    assert named.service is not None  # noqa: S101 - it was made with one
    place = named.service
    answer = yield from trail.one(named.fqdn, SRV)
    node: Results = ()
    if first and isinstance(answer, NxDomain):
        node = yield from trail.ask(Round((Question(place.fqdn, trail.setting.rdtypes[0]),), usable=at_once))
    try:
        offer = yield from take_offer(trail, named, answer, node)
    except NotFound as error:
        if chain_of(node):
            trail.fail(NoData, "an ExternalName has no ports in DNS", "follow its addresses: leave the port out")
        return Seen((), error)
    require_all(trail, offer)
    rows = [(target, port, address) for _, target, port, _ in offer.records for address in offer.addresses[target]]
    clustered = _is_own(place, [target for _, target, _, _ in offer.records])
    if answer.truncated:
        return Seen(_endpoints(trail, place, rows), _cause(trail, answer), _VERSIONS, clustered)
    return Seen(_endpoints(trail, place, rows), clustered=clustered)


def _is_own(place: ServiceName, targets: Iterable[str]) -> bool:
    """Whether SRV records lead to the Service's own name, as those of one with a ClusterIP do."""
    return set(targets) == {place.fqdn}


def stand(setting: Setting, name: str | ServiceName, label: str | None, protocol: str) -> Lookup[Seen]:
    """Look at a Service as `poll` does, and see whether it has a ClusterIP without a port's name, too."""
    place = setting.service_name(name)
    if label is not None:
        return (yield from poll(setting, name, label, protocol, None, True))
    trail = Trail(str(name), setting)
    (offer,) = yield from trail.ask(Round((Question(place.fqdn, SRV),), usable=at_once))
    seen = yield from _addresses(trail, place)
    if isinstance(offer, Found):
        return seen._replace(clustered=_is_own(place, [record[3].lower() for record in offer.data]))
    return seen


def _addresses(trail: Trail, place: ServiceName) -> Lookup[Seen]:
    rdtypes = trail.setting.rdtypes
    hosts, _ = yield from first_round(trail, place, rdtypes, [])
    if trail.setting.rest and all(isinstance(answer, Empty) for answer in hosts):
        rdtypes = trail.setting.rest
        hosts, _ = yield from first_round(trail, place, rdtypes, [])
    try:
        require_addresses(trail, place, hosts)
    except NotFound as error:
        return Seen((), error)
    rows: list[Row] = [("", None, address) for answer in hosts if isinstance(answer, Found) for address in answer.data]
    cause: ResolveError | None = None
    unseen: set[int] = set()
    for rdtype, answer in zip(rdtypes, hosts, strict=True):
        if answer is None or isinstance(answer, Failed) or answer.truncated:
            unseen.add(6 if rdtype == AAAA else 4)
            cause = _cause(trail, answer)
    return Seen(_endpoints(trail, place, rows), cause, frozenset(unseen))


def _cause(trail: Trail, answer: Result | None) -> ResolveError:
    """Say as an error why an answer does not have all."""
    if answer is None:
        answer = Failed("timeout")
    elif not isinstance(answer, Failed):
        answer = Failed("bad", "the answer is cut over TCP, too")
    try:
        trail.give_up(answer)
    except ResolveError as error:
        return error


def _endpoints(trail: Trail, place: ServiceName, rows: Iterable[Row]) -> tuple[Endpoint, ...]:
    """Make endpoints; an address of the Service's own has no name of its own."""
    own = place.fqdn
    return endpoints_of(
        trail, place, [("" if target == own else target, port, address) for target, port, address in rows]
    )
