"""A Service, its addresses and its ports: A, AAAA and SRV.

Each lookup is a generator: it yields what it wants to know and returns a record, or raises a typed error. The same one
serves every driver. Nothing here knows of sockets, loops or retries; see `questions.Round`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from k8sresolve._core.lookups.following import follow
from k8sresolve._core.lookups.results import (
    addresses_in,
    age_of,
    any_found,
    at_once,
    chain_of,
    first_failed,
    in_canonical_order,
    is_lacking,
    lifetime,
    ranked,
    summary_of,
)
from k8sresolve._core.lookups.setting import Setting
from k8sresolve._core.lookups.trail import Story, Trail, domain_advice
from k8sresolve._core.questions import (
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
    all_there,
    suffix_of,
)
from k8sresolve._core.search.aliases import at_alias, completed, unsaid
from k8sresolve.errors import InvalidName, NoData, NoSuchName, PortsDiffer
from k8sresolve.names import IPAddress, PortName, ServiceName, check_protocol, port_number, shown
from k8sresolve.records import Port, Service, Target, target_of


def port_list(ports: Iterable[str | PortName]) -> tuple[str | PortName, ...]:
    """Take the names of ports as a caller gives them; raises `InvalidName` for what is one name and no list."""
    if isinstance(ports, str | bytes | PortName) or not isinstance(ports, Iterable):
        raise InvalidName(shown(ports), "ports takes a list of port names", advice="give ports=['http']")
    return tuple(ports)


def service(setting: Setting, name: str | ServiceName, *ports: str | PortName) -> Lookup[Service]:
    """A, AAAA and SRV of each port, in one round."""
    place = setting.service_name(name)
    named = [(port if isinstance(port, PortName) else PortName.parse(port)).at(place) for port in ports]
    return (yield from _service(Trail(str(name), setting), place, named))


def _service(trail: Trail, place: ServiceName, named: list[PortName]) -> Lookup[Service]:
    hosts, offered = yield from first_round(trail, place, trail.setting.rdtypes, [port.fqdn for port in named])
    if trail.setting.rest and all(isinstance(answer, Empty) for answer in hosts):
        rest = trail.setting.rest
        others = yield from trail.ask(Round(tuple(Question(place.fqdn, rdtype) for rdtype in rest)))
        hosts += yield from _beyond(trail, others, rest)
    require_addresses(trail, place, hosts)
    found: list[Port] = []
    for port, answer in zip(named, offered, strict=True):
        found.append(_port(port, (yield from take_offer(trail, port, answer, hosts)), trail.setting))
    addresses, cname, ttl, expires_at, incomplete, ranks, age = summary_of(hosts, trail.setting)
    return Service(
        name=place,
        addresses=addresses,
        ports=tuple(found),
        cname=cname,
        candidate=place.fqdn,
        ttl=min([ttl, *(port.ttl for port in found)]),
        expires_at=min([expires_at, *(port.expires_at for port in found)]),
        incomplete=incomplete or any(port.incomplete for port in found),
        ranks=ranks,
        age=max([age, *(port.age for port in found)]),
    )


def first_round(
    trail: Trail, place: ServiceName, rdtypes: tuple[int, ...], offers: list[str]
) -> Lookup[tuple[Results, Results]]:
    """Ask for a Service's addresses and for SRV at the names in `offers`, at once; returns the answers for each."""
    width = len(rdtypes)
    questions = [Question(place.fqdn, rdtype) for rdtype in rdtypes] + [Question(offer, SRV) for offer in offers]

    def enough(got: Results) -> bool:
        # RFC 8020: there is nothing of any type where the name does not exist, nor at the ports' names below it.
        return all_there(got) or any(isinstance(answer, NxDomain) for answer in got[:width])

    def usable(got: Results) -> bool:
        return any_found(got[:width]) and all_there(got[width:])

    answers = yield from trail.ask(Round(tuple(questions), enough, usable))
    return (yield from _beyond(trail, answers[:width], rdtypes)), answers[width:]


def _beyond(trail: Trail, answers: Results, rdtypes: tuple[int, ...]) -> Lookup[Results]:
    """Ask for the target of an ExternalName once where the answers leave it open."""
    questions = unsaid(answers, rdtypes)
    if not questions:
        return answers
    return completed(answers, rdtypes, questions, (yield from trail.ask(at_alias(questions))))


def require_addresses(trail: Trail, place: ServiceName, answers: Results) -> None:
    """Raise unless the Service has an address."""
    if any_found(answers):
        return
    chain = chain_of(answers)
    if any(isinstance(answer, NxDomain) for answer in answers):
        trail.fail(NoSuchName, *(_dangling(chain, "which does not exist") if chain else _no_service(trail, place)))
    failed = first_failed(answers)
    if failed is not None:
        trail.give_up(failed)
    if chain:
        trail.fail(NoData, *_dangling(chain, f"which has no {trail.setting.wanted}"))
    advice = (
        "an ExternalName whose target is not there looks like this"
        if trail.setting.family in ("auto", "both")
        else "family='both' takes what there is"
    )
    trail.fail(NoData, exists_without(trail.setting.wanted), advice)


def exists_without(wanted: str) -> str:
    return f"the name exists, but has no {wanted}"


def _dangling(chain: tuple[str, ...], lack: str) -> Story:
    return f"an alias of {chain[-1]}, {lack}", "check the Service's spec.externalName"


def _no_service(trail: Trail, place: ServiceName) -> Story:
    return "no such name", _no_service_because(trail, place)


def _no_service_because(trail: Trail, place: ServiceName, besides: str = "") -> str:
    if other := domain_advice("other", place.host, trail.setting.config):
        return other
    missing = f"there is no Service {place.service!r} in namespace {place.namespace!r}"
    return f"{missing}, or it is headless and none of its pods is ready{besides}"


Srv: TypeAlias = tuple[int, str, int, int]
"""An SRV record by the parts that it is sorted by: priority, target, port, weight."""


class Offer:
    """SRV records with the addresses of their targets.

    `records` are in canonical order, each target in lower case; `addresses` are those of each target, as far as there
    are any. `incomplete`: a family, or a target's addresses, are missing; `lost` is what some target lost all by.
    `followed` is how many targets came without an address, and how many of these were asked for. `age` is that of what
    is stale.
    """

    __slots__ = ("addresses", "age", "expires_at", "followed", "incomplete", "lost", "records", "ttl")

    def __init__(
        self,
        records: list[Srv],
        addresses: dict[str, tuple[IPAddress, ...]],
        lifetime: tuple[int, float],
        *,
        incomplete: bool,
        lost: Failed | None,
        followed: tuple[int, int],
        age: float,
    ) -> None:
        self.records = records
        self.addresses = addresses
        self.ttl, self.expires_at = lifetime
        self.incomplete = incomplete
        self.lost = lost
        self.followed = followed
        self.age = age


def port_text(port: str | int | None) -> str | int | None:
    """Write a port's number in digits; what is none is left for the lookup to refuse.

    What a call came to is found again by its arguments, and of those numbers may be equal that are not the same: 1, 1.0
    and True.
    """
    number = port_number(port) if isinstance(port, int) else None
    return str(number) if number is not None else port


def port(setting: Setting, name: str | ServiceName, label: str | None = None, protocol: str = "tcp") -> Lookup[Port]:
    """SRV of one port: a named one by one question, where the nameserver sends glue; any other among all of them."""
    place, number = setting.service_name(name), port_number(label)
    if label is None or number is not None:
        check_protocol(protocol)
        return (yield from _port_by_number(Trail(str(name), setting), place, number))
    named = PortName(label, protocol, place)
    return _port(named, (yield from one_port(Trail(str(name), setting), named)), setting)


def _port_by_number(trail: Trail, place: ServiceName, number: int | None) -> Lookup[Port]:
    """Find a port among all that the Service has; without a number, the only one."""
    there = yield from _ports(trail, place)
    found = [port for port in there if number in (port.number, None)]
    if len(found) == 1:
        return found[0]
    numbers = ", ".join(str(port.number) for port in there)
    headless = "; those of a headless Service are its pods' own" if there[0].headless else ""
    if number is None:
        trail.fail(
            PortsDiffer, f"the Service has no sole port, but {numbers}{headless}", "give a port's name or number"
        )
    trail.fail(
        NoData, f"the Service has no port {number}, but {numbers}{headless}", "give one of these, or a port's name"
    )


def _port(named: PortName, offer: Offer, setting: Setting) -> Port:
    return _made_of(offer, named.port, named.protocol, _service_of(named), _targets(offer, setting))


def _made_of(
    offer: Offer, name: str | None, protocol: str | None, place: ServiceName, targets: tuple[Target, ...]
) -> Port:
    return Port(name, protocol, place, targets, offer.ttl, offer.expires_at, offer.incomplete, offer.age)


def _service_of(named: PortName) -> ServiceName:
    assert named.service is not None  # noqa: S101 - every port here was bound to its Service
    return named.service


def one_port(trail: Trail, named: PortName) -> Lookup[Offer]:
    answer = yield from trail.one(named.fqdn, SRV)
    node: Results = ()
    if isinstance(answer, NxDomain):
        # NXDOMAIN is the same for a missing port and a missing Service. The Service's own name tells them apart.
        question = Question(_service_of(named).fqdn, trail.setting.rdtypes[0])
        node = yield from trail.ask(Round((question,), usable=at_once))
    return (yield from take_offer(trail, named, answer, node))


def take_offer(trail: Trail, named: PortName, answer: Result | None, node: Results) -> Lookup[Offer]:
    """Make an offer of a named port's SRV answer; `node` are answers at the Service's own name, as far as there are."""
    what = f"port {named.port!r} ({named.protocol})"
    found = trail.found(
        answer or Failed("timeout"),
        nxdomain=lambda: _no_port(trail, what, _service_of(named), node),
        nodata=lambda: (f"the name of {what} exists, but has no SRV record", ""),
    )
    return (yield from _completed(trail, _service_of(named), found, what))


def _no_port(trail: Trail, what: str, place: ServiceName, node: Results) -> Story:
    """Tell what is missing: the port, or its Service."""
    if chain_of(node):
        return f"the Service has no {what}: an ExternalName has no ports in DNS", "look up its addresses"
    if any(isinstance(answer, NxDomain) for answer in node):
        return f"no {what}", _no_service_because(trail, place)
    if any(isinstance(answer, Found | Empty) for answer in node):
        return (
            f"the Service has no {what}",
            "spell it as in the Service's spec.ports; a headless Service has it only while a ready pod does",
        )
    return f"no {what}", _no_service_because(trail, place, ", or it has no such port")


def _completed(trail: Trail, place: ServiceName, answer: Found, what: str) -> Lookup[Offer]:
    """Complete SRV records with addresses: from the glue, else by questions."""
    setting = trail.setting
    # RFC 2782: "A Target of "." means that the service is decidedly not available at this domain."
    records = sorted([(r[0], r[3].lower(), r[2], r[1]) for r in answer.data if r[3] != "."])
    if not records:
        trail.fail(NoData, f"{what} is decidedly not offered here (SRV target '.')")
    names = dict.fromkeys([target for _, target, _, _ in records])
    # Of a name elsewhere the cluster's nameserver is no witness.
    own, glue = suffix_of(place.cluster_domain), answer.glue
    known = {name: glue[name] for name in names if name in glue and f".{name}".endswith(own)}
    unknown = [name for name in names if name not in known] if len(known) < len(names) else []
    followed = yield from follow(trail, unknown, (*setting.rdtypes, *setting.rest))
    known |= {name: addresses_in(answers) for name, answers in followed.items()}
    lost = next((failed for name, got in followed.items() if not known[name] and (failed := first_failed(got))), None)
    if lost and not any(known.values()):
        trail.give_up(lost)
    used = [answer, *(a for answers in followed.values() for a in answers)]
    return Offer(
        records,
        {name: _wanted(found, setting) for name, found in known.items()},
        lifetime(used, setting),
        incomplete=answer.truncated or len(followed) < len(unknown) or any(map(is_lacking, followed.values())),
        lost=lost,
        followed=(len(unknown), len(followed)),
        age=age_of(used, setting),
    )


def _wanted(addresses: tuple[IPAddress, ...], setting: Setting) -> tuple[IPAddress, ...]:
    """Those that the caller takes, in canonical order."""
    if len(addresses) == 1 and setting.takes(addresses[0]):
        return addresses
    return in_canonical_order(filter(setting.takes, addresses))


def _targets(offer: Offer, setting: Setting) -> tuple[Target, ...]:
    known = offer.addresses
    targets: list[Target] = []
    for priority, name, port, weight in offer.records:
        addresses = known.get(name, ())
        targets.append(target_of(name, port, priority, weight, addresses, ranked(addresses, setting)))
    return tuple(targets)


_BY_NAME = "CoreDNS alone lists ports: ask for one by its name, as in port(NAME, 'http')"
_UNLISTED = (
    "a Service without ports looks like this, or an ExternalName; so does every Service where the nameserver is no "
    "CoreDNS, which alone lists ports: then ask for one by its name, as in port(NAME, 'http')"
)


def ports(setting: Setting, name: str | ServiceName) -> Lookup[tuple[Port, ...]]:
    """SRV at the Service's own name: every port's number, without names and protocols (a CoreDNS extension)."""
    place = setting.service_name(name)
    return (yield from _ports(Trail(str(name), setting), place))


def _ports(trail: Trail, place: ServiceName) -> Lookup[tuple[Port, ...]]:
    setting = trail.setting
    answer = yield from trail.one(place.fqdn, SRV)
    offer = yield from all_ports(trail, place, answer)
    by_number: dict[int, list[Target]] = {}
    for target in _targets(offer, setting):
        by_number.setdefault(target.port, []).append(target)
    return tuple(_made_of(offer, None, None, place, tuple(targets)) for _, targets in sorted(by_number.items()))


def all_ports(trail: Trail, place: ServiceName, answer: Result) -> Lookup[Offer]:
    """Make an offer of the SRV answer at a Service's own name."""
    found = trail.found(
        answer,
        nxdomain=lambda: _no_service(trail, place),
        nodata=lambda: ("the name exists, but has no SRV record", _UNLISTED),
    )
    if not lists_ports(found):
        trail.fail(NoData, "the nameserver tells no port's number here (SRV has port 0, as kube-dns writes)", _BY_NAME)
    return (yield from _completed(trail, place, found, "this Service"))


def lists_ports(found: Found) -> bool:
    """Whether SRV records at a Service's own name are of its ports.

    kube-dns has one for each address there, of port 0 (pkg/dns/dns.go in kubernetes/dns), and its target says nothing.
    """
    return any(port or target == "." for _, _, port, target in found.data)
