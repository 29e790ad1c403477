"""The lookups, each a generator: it yields what it wants to know and returns a record, or raises a typed error.

The same generator serves every driver. Nothing here knows of sockets, loops or retries; see `questions.Round`.
"""

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import NamedTuple, NoReturn

import attrs

from k8sresolve._core.files.resolv_conf import parse_inet_aton
from k8sresolve._core.lookups import masking
from k8sresolve._core.lookups.setting import Setting
from k8sresolve._core.lookups.trail import Story, Trail
from k8sresolve._core.ordering import ranks
from k8sresolve._core.questions import (
    AAAA,
    PTR,
    SRV,
    TYPE_NAMES,
    A,
    Empty,
    Failed,
    Found,
    IPAddress,
    Lookup,
    NxDomain,
    Question,
    Result,
    Results,
    Round,
    SrvData,
    type_name,
)
from k8sresolve._core.search import walk as search
from k8sresolve.errors import InvalidName, NoData, NoSuchName, NotHeadless
from k8sresolve.names import (
    EndpointName,
    PodName,
    PortName,
    ServiceName,
    check_host,
    parse_address,
    parse_pointer,
    shown,
)
from k8sresolve.records import Addresses, Answer, Candidate, Cname, Endpoint, Explanation, Port, Service, Target

LOOPBACK = (IPv4Address("127.0.0.1"), IPv6Address("::1"))
_NO_CHAIN: tuple[str, ...] = ()


# -- answers ---------------------------------------------------------------------------------------------------------


def _canonical(addresses: Iterable[IPAddress]) -> tuple[IPAddress, ...]:
    return tuple(sorted(set(addresses), key=lambda address: (address.version, int(address))))


def _addresses_in(answers: Results) -> tuple[IPAddress, ...]:
    return _canonical(address for answer in answers if isinstance(answer, Found) for address in answer.data)


def _lifetime(answers: Iterable[Result | None], setting: Setting) -> tuple[int, float]:
    """The least TTL as received, and the Unix time at which the first of the answers expires."""
    found = [answer for answer in answers if isinstance(answer, Found)]
    return min(a.ttl for a in found), min(a.expires for a in found) + setting.epoch()


def _chain(answers: Iterable[Result | None]) -> tuple[str, ...]:
    chains = (a.chain for a in answers if isinstance(a, Found | Empty | NxDomain))
    return max(chains, key=len, default=_NO_CHAIN)


def _cname(answers: Results, setting: Setting) -> Cname | None:
    """Tell of the CNAMEs that led to the answers."""
    targets = _chain(answers)
    if not targets:
        return None
    domain = setting.config.cluster_domain
    inside = [domain is not None and f".{target.lower()}".endswith(f".{domain}.") for target in targets]
    return Cname(targets, leaves_cluster=not all(inside))


def _lacks(answers: Results) -> bool:
    """Whether something is missing for no good reason: an answer that did not come, or was cut."""
    return any(a is None or isinstance(a, Failed) or (isinstance(a, Found) and a.truncated) for a in answers)


def _any_found(answers: Results) -> bool:
    return any(isinstance(answer, Found) for answer in answers)


def _at_once(_answers: Results) -> bool:
    """Tell the engine that a lookup can do without the answers: it gets those that come within a second."""
    return True


def _first_failed(answers: Results) -> Failed | None:
    return next((answer for answer in answers if isinstance(answer, Failed)), None)


# -- Services --------------------------------------------------------------------------------------------------------


def service(setting: Setting, name: str | ServiceName, ports: Iterable[str | PortName] = ()) -> Lookup[Service]:
    """A, AAAA and SRV of each port, in one round."""
    place = setting.service_name(name)
    named = [port.at(place) for port in _port_names(ports)]
    return (yield from _service(Trail(str(name), setting.config), setting, place, named))


def _port_names(ports: Iterable[str | PortName]) -> Iterator[PortName]:
    if isinstance(ports, str | bytes | PortName) or not isinstance(ports, Iterable):
        raise InvalidName(shown(ports), "ports takes a list of port names", advice="give ports=['http']")
    for port in ports:
        yield port if isinstance(port, PortName) else PortName.parse(port)


def _service(asked: Trail, setting: Setting, place: ServiceName, named: list[PortName]) -> Lookup[Service]:
    hosts, offered = yield from _first_round(asked, setting, place, [port.fqdn for port in named])
    if setting.rest and all(isinstance(answer, Empty) for answer in hosts):
        hosts += yield from asked.ask(Round(tuple(Question(place.fqdn, rdtype) for rdtype in setting.rest)))
    _require_addresses(asked, setting, place, hosts)
    found: list[Port] = []
    for port, answer in zip(named, offered, strict=True):
        found.append(_port(port, (yield from _offer(asked, setting, port, answer, hosts))))
    addresses = _addresses_in(hosts)
    ttl, expires_at = _lifetime(hosts, setting)
    return Service(
        name=place,
        addresses=addresses,
        ports=tuple(found),
        cname=_cname(hosts, setting),
        candidate=place.fqdn,
        ttl=min([ttl, *(port.ttl for port in found)]),
        expires_at=min([expires_at, *(port.expires_at for port in found)]),
        incomplete=_lacks(hosts) or any(port.incomplete for port in found),
        ranks=ranks(addresses, setting.own()),
    )


def _first_round(
    asked: Trail, setting: Setting, place: ServiceName, offers: list[str]
) -> Lookup[tuple[Results, Results]]:
    """Ask for a Service's addresses and for SRV at the names in `offers`, at once; returns the answers for each."""
    rdtypes = setting.rdtypes
    width = len(rdtypes)
    questions = [Question(place.fqdn, rdtype) for rdtype in rdtypes] + [Question(offer, SRV) for offer in offers]

    def enough(got: Results) -> bool:
        # RFC 8020: there is nothing of any type where the name does not exist, nor at the ports' names below it.
        return None not in got or any(isinstance(answer, NxDomain) for answer in got[:width])

    def usable(got: Results) -> bool:
        return _any_found(got[:width]) and None not in got[width:]

    answers = yield from asked.ask(Round(tuple(questions), enough, usable))
    return answers[:width], answers[width:]


def _require_addresses(asked: Trail, setting: Setting, place: ServiceName, answers: Results) -> None:
    """Raise unless the Service has an address."""
    if _any_found(answers):
        return
    chain = _chain(answers)
    if any(isinstance(answer, NxDomain) for answer in answers):
        asked.fail(NoSuchName, *(_dangling(chain, "which does not exist") if chain else _no_service(place)))
    failed = _first_failed(answers)
    if failed is not None:
        asked.give_up(failed)
    if chain:
        asked.fail(NoData, *_dangling(chain, f"which has no {setting.wanted}"))
    advice = (
        "an ExternalName whose target is not there looks like this"
        if setting.family in ("auto", "both")
        else "family='both' takes what there is"
    )
    asked.fail(NoData, _without(setting.wanted), advice)


def _without(wanted: str) -> str:
    return f"the name exists, but has no {wanted}"


def _dangling(chain: tuple[str, ...], lack: str) -> Story:
    return f"an alias of {chain[-1]}, {lack}", "check the Service's spec.externalName"


def _no_service(place: ServiceName) -> Story:
    return "no such name", _no_service_because(place)


def _no_service_because(place: ServiceName) -> str:
    missing = f"there is no Service {place.service!r} in namespace {place.namespace!r}"
    return f"{missing}, or it is headless and none of its pods is ready"


# -- ports -----------------------------------------------------------------------------------------------------------


class _Offer(NamedTuple):
    """SRV records with the addresses of their targets.

    `incomplete`: a family, or a target's addresses, are missing by loss; `lost` is what some target lost all by.
    """

    targets: tuple[Target, ...]
    ttl: int
    expires_at: float
    incomplete: bool
    lost: Failed | None


def port(setting: Setting, name: str | ServiceName, label: str, protocol: str = "tcp") -> Lookup[Port]:
    """SRV of one named port: one question, where the nameserver sends glue."""
    named = PortName(label, protocol, setting.service_name(name))
    return _port(named, (yield from _one_port(Trail(str(name), setting.config), setting, named)))


def _port(named: PortName, offer: _Offer) -> Port:
    return Port(
        named.port, named.protocol, _service_of(named), offer.targets, offer.ttl, offer.expires_at, offer.incomplete
    )


def _service_of(named: PortName) -> ServiceName:
    assert named.service is not None  # noqa: S101 - every port here was bound to its Service
    return named.service


def _one_port(asked: Trail, setting: Setting, named: PortName) -> Lookup[_Offer]:
    answer = yield from asked.one(named.fqdn, SRV)
    node: Results = ()
    if isinstance(answer, NxDomain):
        # NXDOMAIN is the same for a missing port and a missing Service. The Service's own name tells them apart.
        question = Question(_service_of(named).fqdn, setting.rdtypes[0])
        node = yield from asked.ask(Round((question,), usable=_at_once))
    return (yield from _offer(asked, setting, named, answer, node))


def _offer(asked: Trail, setting: Setting, named: PortName, answer: Result | None, node: Results) -> Lookup[_Offer]:
    """Make an offer of a named port's SRV answer; `node` are answers at the Service's own name, as far as there are."""
    what = f"port {named.port!r} ({named.protocol})"
    found = asked.found(
        answer or Failed("timeout"),
        nxdomain=_no_port(what, _service_of(named), node),
        nodata=(f"the name of {what} exists, but has no SRV record", ""),
    )
    return (yield from _targets(asked, setting, found, what))


def _no_port(what: str, place: ServiceName, node: Results) -> Story:
    """Tell what is missing: the port, or its Service."""
    if _chain(node):
        return f"the Service has no {what}: an ExternalName has no ports in DNS", "look up its addresses"
    if any(isinstance(answer, NxDomain) for answer in node):
        return f"no {what}", _no_service_because(place)
    if any(isinstance(answer, Found | Empty) for answer in node):
        return (
            f"the Service has no {what}",
            "spell it as in the Service's spec.ports; a headless Service has it only while a ready pod does",
        )
    return f"no {what}", f"{_no_service_because(place)}, or it has no such port"


def _targets(asked: Trail, setting: Setting, answer: Found, what: str) -> Lookup[_Offer]:
    """Complete SRV records with addresses: from the glue, else by questions."""
    # RFC 2782: "A Target of "." means that the service is decidedly not available at this domain."
    records = [record for record in answer.data if record.target != "."]
    if not records:
        asked.fail(NoData, f"{what} is decidedly not offered here (SRV target '.')")
    names = {record.target.lower() for record in records}
    known = {name: answer.glue[name] for name in names if name in answer.glue}
    resolved = yield from _resolve(asked, setting, sorted(names - known.keys()))
    known |= {name: _addresses_in(answers) for name, answers in resolved.items()}
    lost = next((failed for name, got in resolved.items() if not known[name] and (failed := _first_failed(got))), None)
    if lost and not any(known.values()):
        asked.give_up(lost)
    targets = [_target(setting, record, known[record.target.lower()]) for record in records]
    ttl, expires_at = _lifetime([answer, *(a for answers in resolved.values() for a in answers)], setting)
    return _Offer(
        tuple(sorted(targets, key=lambda t: (t.priority, t.name, t.port, t.weight))),
        ttl,
        expires_at,
        answer.truncated or any(map(_lacks, resolved.values())),
        lost,
    )


def _resolve(asked: Trail, setting: Setting, names: list[str]) -> Lookup[dict[str, Results]]:
    """Ask for the addresses of all names at once, of every family that the caller takes."""
    if not names:
        return {}
    rdtypes = (*setting.rdtypes, *setting.rest)

    def by_name(got: Results) -> dict[str, Results]:
        width = len(rdtypes)
        return {name: got[at * width : (at + 1) * width] for at, name in enumerate(names)}

    def usable(got: Results) -> bool:
        return all(map(_any_found, by_name(got).values()))

    questions = tuple(Question(name, rdtype) for name in names for rdtype in rdtypes)
    return by_name((yield from asked.ask(Round(questions, usable=usable))))


def _target(setting: Setting, record: SrvData, known: Iterable[IPAddress]) -> Target:
    addresses = _canonical(filter(setting.takes, known))
    return Target(
        record.target.lower(), record.port, record.priority, record.weight, addresses, ranks(addresses, setting.own())
    )


def ports(setting: Setting, name: str | ServiceName) -> Lookup[tuple[Port, ...]]:
    """SRV at the Service's own name: every port's number, without names and protocols (a CoreDNS extension)."""
    place = setting.service_name(name)
    asked = Trail(str(name), setting.config)
    answer = yield from asked.one(place.fqdn, SRV)
    offer = yield from _all_ports(asked, setting, place, answer)
    return tuple(
        Port(
            None,
            None,
            place,
            tuple(target for target in offer.targets if target.port == number),
            offer.ttl,
            offer.expires_at,
            offer.incomplete,
        )
        for number in sorted({target.port for target in offer.targets})
    )


def _all_ports(asked: Trail, setting: Setting, place: ServiceName, answer: Result) -> Lookup[_Offer]:
    """Make an offer of the SRV answer at a Service's own name."""
    found = asked.found(
        answer,
        nxdomain=_no_service(place),
        nodata=(
            "the name exists, but has no SRV record",
            "a Service without ports looks like this, or an ExternalName",
        ),
    )
    return (yield from _targets(asked, setting, found, "this Service"))


# -- endpoints -------------------------------------------------------------------------------------------------------


def endpoints(
    setting: Setting, name: str | ServiceName, label: str | None = None, protocol: str = "tcp"
) -> Lookup[tuple[Endpoint, ...]]:
    """One endpoint for each address that a headless Service publishes."""
    place = setting.service_name(name)
    asked = Trail(str(name), setting.config)
    if label is None:
        return (yield from _every_endpoint(asked, setting, place))
    offer = yield from _one_port(asked, setting, PortName(label, protocol, place))
    _require_headless(asked, place, offer)
    if offer.lost:
        # A list that lacks a pod would not say so.
        asked.give_up(offer.lost)
    found = {_endpoint(target.name, address, target.port) for target in offer.targets for address in target.addresses}
    if not found:
        asked.fail(NoData, f"there are endpoints, but none has an {setting.wanted}")
    return _ordered(found)


def _require_headless(asked: Trail, place: ServiceName, offer: _Offer) -> None:
    if any(target.name == place.fqdn for target in offer.targets):
        _not_headless(asked)


def _not_headless(asked: Trail) -> NoReturn:
    asked.fail(
        NotHeadless,
        "the Service is not headless, so DNS knows its own address and not its pods'",
        "connect to service().addresses, or set clusterIP: None",
    )


def _every_endpoint(asked: Trail, setting: Setting, place: ServiceName) -> Lookup[tuple[Endpoint, ...]]:
    """Find an endpoint for each address at the Service's own name; pods that have none of its ports are there too."""
    hosts, (answer,) = yield from _first_round(asked, setting, place, [place.fqdn])
    named: set[tuple[str, IPAddress]] = set()
    if not isinstance(answer, Empty | NxDomain | None):
        offer = yield from _all_ports(asked, setting, place, answer)
        _require_headless(asked, place, offer)
        named = {(target.name, address) for target in offer.targets for address in target.addresses}
    _require_addresses(asked, setting, place, hosts)
    if _chain(hosts):
        _not_headless(asked)
    if lost := _first_failed(hosts):
        asked.give_up(lost)
    unnamed = sorted(set(_addresses_in(hosts)) - {address for _, address in named}, key=str)
    named |= yield from _names_by_pointer(asked, place, unnamed)
    return _ordered(_endpoint(name, address, None) for name, address in named)


def _names_by_pointer(
    asked: Trail, place: ServiceName, addresses: list[IPAddress]
) -> Lookup[set[tuple[str, IPAddress]]]:
    """Name endpoints that no SRV record names, as far as PTR does."""
    questions = tuple(Question(_pointer(address), PTR) for address in addresses)
    answers = (yield from asked.ask(Round(questions, usable=_at_once))) if questions else ()
    named: set[tuple[str, IPAddress]] = set()
    for address, answer in zip(addresses, answers, strict=True):
        targets = [target.lower() for target in answer.data] if isinstance(answer, Found) else []
        if place.fqdn in targets:
            _not_headless(asked)
        named.add((next((t for t in targets if t.endswith(f".{place.fqdn}")), ""), address))
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


# -- hosts -----------------------------------------------------------------------------------------------------------


class _Walk(NamedTuple):
    """The search list walked once, for these types."""

    rdtypes: tuple[int, ...]
    end: search.Walked


def addresses(setting: Setting, host: str) -> Lookup[Addresses]:
    """Any host, as the pod's libc would find it: literals, the hosts file, `localhost`, then the search list."""
    local = _local(setting, check_host(host))
    if local is not None:
        if not local.addresses:
            Trail(host, setting.config).fail(NoData, f"an IP address, but no {setting.wanted}")
        return local
    tried = yield from searched(setting, host)
    found = _addresses_in(tried.answers)
    ttl, expires_at = _lifetime(tried.answers, setting)
    return Addresses(
        host=host,
        addresses=found,
        cname=_cname(tried.answers, setting),
        candidate=tried.candidate.name,
        ttl=ttl,
        expires_at=expires_at,
        incomplete=_lacks(tried.answers),
        ranks=ranks(found, setting.own()),
    )


def searched(setting: Setting, host: str) -> Lookup[search.Tried]:
    """The candidate that any host, but what `listed` tells, is found at; with its answers as received."""
    asked = Trail(check_host(host), setting.config)
    walks = yield from _walks(setting, host)
    return _found(asked, walks, setting.wanted)


def _walks(setting: Setting, host: str) -> Lookup[list[_Walk]]:
    """Walk the search list for the families asked for, and, if these have no data, for the rest."""
    walks: list[_Walk] = []
    for rdtypes in filter(None, (setting.rdtypes, setting.rest)):
        end = yield from search.walk(host, setting.config, setting.policy, rdtypes)
        walks.append(_Walk(rdtypes, end))
        if end.failure != "nodata":
            break
    return walks


def _found(asked: Trail, walks: list[_Walk], wanted: str) -> search.Tried:
    """Return what the last walk found, or raise what its end means."""
    for walk in walks:
        for tried in walk.end.tried:
            asked.note([Question(tried.candidate.name, rdtype) for rdtype in walk.rdtypes], tried.answers)
    end = walks[-1].end
    if end.found is None:
        _fail(asked, end, wanted)
    return end.found


def _fail(asked: Trail, end: search.Walked, wanted: str) -> NoReturn:
    chain = _chain(answer for tried in end.tried for answer in tried.answers if not isinstance(answer, Found))
    if end.failure == "nodata":
        asked.fail(NoData, f"an alias of {chain[-1]}, which has no {wanted}" if chain else _without(wanted))
    if end.failure == "nxdomain":
        problem = f"an alias of {chain[-1]}, which does not exist" if chain else "no such name"
        asked.fail(NoSuchName, problem, "" if asked.log else "such a name is never asked of a nameserver")
    # A name that cannot be sent has no answer; musl 1.2.3 sends it nevertheless, for a nameserver to refuse.
    asked.give_up(end.failed or Failed("formerr" if end.failure == "temporary" else "unsendable"))


def _local(setting: Setting, host: str) -> Addresses | None:
    """What needs no question: a literal, a line of the hosts file, or `localhost` (RFC 6761, section 6.3).

    As in nss_files, a line counts only for the families that its addresses have. A literal of another family than the
    caller takes has no addresses here.
    """
    literal = _literal(host)
    known = listed(setting, host) if literal is None else tuple(filter(setting.takes, (literal,)))
    if known is None:
        return None
    found = _canonical(known)
    return Addresses(host, found, ranks=ranks(found, setting.own()))


def listed(setting: Setting, host: str) -> tuple[IPAddress, ...] | None:
    """The addresses of a name that is not asked for: those of the hosts file, as they stand there, or `localhost`."""
    known = tuple([a for text in setting.hosts.get(host.lower(), ()) if setting.takes(a := ip_address(text))])
    if known:
        return known
    bare = host.removesuffix(".").lower()
    return tuple(filter(setting.takes, LOOPBACK)) if bare == "localhost" or bare.endswith(".localhost") else None


def _literal(host: str) -> IPAddress | None:
    if not (host[:1].isdigit() or ":" in host):
        return None  # every literal has one of these, and trying costs a fifth of a remembered lookup
    try:
        return ip_address(host)
    except ValueError:
        return parse_inet_aton(host)


def reverse(setting: Setting, address: str | IPAddress) -> Lookup[tuple[ServiceName | EndpointName | str, ...]]:
    """PTR: which Service or endpoint has this address."""
    targets = yield from pointers(setting, address)
    return tuple(parse_pointer(target) for target in sorted(set(targets)))


def pointers(setting: Setting, address: str | IPAddress) -> Lookup[tuple[str, ...]]:
    """The absolute names of an address, as received."""
    asked = Trail(str(address), setting.config)
    found = asked.found(
        (yield from asked.one(_pointer(parse_address(address)), PTR)),
        nxdomain=("no Service and no endpoint of one has this address, as far as DNS tells", ""),
        nodata=("the reverse name exists, but has no PTR record", ""),
    )
    return found.data


def _pointer(address: IPAddress) -> str:
    return f"{address.reverse_pointer}."


def pod(setting: Setting, address: str | IPAddress, namespace: str | None = None) -> Lookup[PodName]:
    """The pod name of an address; an echo in most clusters."""
    text = str(address)
    ip = parse_address(address)
    name = PodName(ip, setting.namespace(text, namespace), setting.cluster_domain(text))
    asked = Trail(text, setting.config)
    asked.found(
        (yield from asked.one(name.fqdn, A if ip.version == 4 else AAAA)),
        nxdomain=(
            f"no pod name {name.fqdn}",
            "the namespace does not exist, CoreDNS has `pods disabled`, or, with `pods verified`, there is no such pod",
        ),
        nodata=(f"{name.fqdn} exists, but has no IPv{ip.version} address", ""),
    )
    return name


# -- records and explanations ----------------------------------------------------------------------------------------


def records(setting: Setting, name: str, rdtype: int, rdtype_text: str) -> Lookup[Answer]:
    """An RRset of any type, searched as `res_search` does."""
    asked = Trail(check_host(name), setting.config)
    end = yield from search.walk(name, setting.config, setting.policy, (rdtype,))
    tried = _found(asked, [_Walk((rdtype,), end)], f"{rdtype_text} record")
    (answer,) = tried.answers
    assert isinstance(answer, Found)  # noqa: S101 - that is what `found` means
    ttl, expires_at = _lifetime((answer,), setting)
    return Answer(
        name=name,
        rdtype=rdtype_text,
        records=tuple(_presented(item) for item in answer.data),
        cname=_cname((answer,), setting),
        candidate=tried.candidate.name,
        ttl=ttl,
        expires_at=expires_at,
        truncated=answer.truncated,
    )


def _presented(item: object) -> str:
    return " ".join(map(str, item)) if isinstance(item, SrvData) else str(item)


def candidates(setting: Setting, name: str) -> tuple[Candidate, ...]:
    """Every candidate of a host name; asks nothing."""
    return search.candidates(check_host(name), setting.config, setting.policy, rdtypes=setting.rdtypes)


def explain(setting: Setting, name: str) -> Lookup[Explanation]:
    """Look a host up and tell of every candidate; what goes wrong with the lookup is told, not raised."""
    planned = candidates(setting, name)
    local = _local(setting, name)
    if local is not None:
        rule = "answered here, without a question: an IP literal, a line of the hosts file or localhost"
        here = Candidate(name, rule, asked=False)
        outcome = "found" if local.addresses else "nodata"
        return Explanation(name, setting.policy.name, (here,), outcome, local.addresses, 0)
    walks = yield from _walks(setting, name)
    told = [candidate for walk in walks for candidate in _told(walk)]
    end = walks[-1].end
    return Explanation(
        name=name,
        policy=setting.policy.name,
        candidates=_with_the_rest(told, planned),
        outcome=end.failed.reason if end.failed else end.failure or "found",
        addresses=_addresses_in(end.found.answers) if end.found else (),
        questions=sum(len(candidate.questions) for candidate in told),
        remark=masking.remark(name, setting.config, setting.policy, walks[-1].rdtypes, end),
    )


def _told(walk: _Walk) -> Iterator[Candidate]:
    """Tell of the candidates that were asked."""
    for tried in walk.end.tried:
        exchanges = [x for answer in tried.answers if answer is not None for x in answer.exchanges]
        yield attrs.evolve(
            tried.candidate,
            questions=tuple(type_name(rdtype) for rdtype, _ in zip(walk.rdtypes, tried.answers, strict=False)),
            outcome=tried.outcome,
            nameserver=exchanges[-1].nameserver if exchanges else "",
            milliseconds=round(max(x.milliseconds for x in exchanges), 3) if exchanges else None,
        )


def _with_the_rest(told: list[Candidate], planned: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
    """Put the candidates that were not asked among those that were, in search order."""
    names = {candidate.name for candidate in told}
    unasked = [
        attrs.evolve(candidate, outcome="not asked: an earlier one decided") if candidate.asked else candidate
        for candidate in planned
        if candidate.name not in names
    ]
    order = {candidate.name: index for index, candidate in reversed(list(enumerate(planned)))}
    return tuple(sorted((*told, *unasked), key=lambda candidate: order.get(candidate.name, 0)))


def type_number(text: str) -> int:
    """Read a record type's name.

    Raises `InvalidName` for what is none, or cannot be asked of a nameserver in this way.
    """
    upper = text.upper() if isinstance(text, str) and text.isascii() else ""
    number = next((number for number, name in TYPE_NAMES.items() if name == upper), None) or _unusual_type(upper)
    # 128-255 are QTYPEs and meta-types (RFC 6895, section 3.1); OPT is a pseudo-type.
    if not 0 < number < 65536 or 128 <= number <= 255 or number == 41:
        raise InvalidName(
            shown(text), "this is no record type that can be looked up", advice="A, AAAA, SRV, TXT, MX, ..."
        )
    return number


def _unusual_type(upper: str) -> int:
    """Read a type that has no name here: by dnspython's list, or `TYPE65280` (RFC 3597, section 5); 0 for none."""
    digits = upper.removeprefix("TYPE")
    if digits != upper and digits.isdecimal() and len(digits) < 6:
        return int(digits)
    from dns.rdatatype import RdataType

    return int(RdataType.__members__.get(upper.replace("-", "_"), 0))
