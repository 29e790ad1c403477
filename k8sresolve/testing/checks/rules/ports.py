"""The way of a connection: a Service's port, its `targetPort`, and the port that a container declares or a slice has.

A `containerPort` is only a declaration: nothing forwards or filters by it, unless a `targetPort` names it.
Source: "Service" of the Kubernetes documentation; Container and ServicePort of its API reference.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from k8sresolve.findings import Finding, Severity
from k8sresolve.testing.checks.listening import is_probed, is_reached, is_told, serves_web
from k8sresolve.testing.checks.names.slips import is_one_edit
from k8sresolve.testing.checks.names.world import COMMON_PORTS
from k8sresolve.testing.checks.origins import Origin, origin_of
from k8sresolve.testing.checks.subjects import AllObjects, ServiceSubject
from k8sresolve.testing.checks.telling import is_beside, listed, ports_told
from k8sresolve.testing.objects.kinds import PROTOCOLS, Pod, PodSpec, PortEntry
from k8sresolve.testing.objects.labels import MOST_LABEL

_PUBLIC_PORTS, _LEAST_UNPRIVILEGED = (80, 443), 1024
_LEAST_DIGITS = 3  # of a number in which one digit may be a slip

# Pods that listen alike, by what they say of their ports, with what they come from.
_Groups: TypeAlias = Mapping["_Listening", Iterable[str]]


class _Listening(NamedTuple):
    """What pods say of the ports that their containers listen on."""

    ports: tuple[PortEntry, ...]
    undeclared: bool

    @classmethod
    def of(cls, spec: PodSpec) -> "_Listening":
        return cls(tuple(map(_in_capitals, spec.ports)), spec.undeclared)


def _in_capitals(port: PortEntry) -> PortEntry:
    """Take `tcp` for TCP, which is meant: that the API server refuses it is a finding of its own."""
    return port if port.protocol in PROTOCOLS else port._replace(protocol=port.protocol.upper())


class _Forwarding(NamedTuple):
    """One port of a Service, and where the Service says it."""

    position: int
    port: PortEntry

    @property
    def target(self) -> int | str:
        return self.port.target or self.port.number

    def field(self, name: str) -> str:
        return f"spec.ports[{self.position}].{name}"

    def __str__(self) -> str:
        return f"port {self.port.number}"


def check_declared(subject: ServiceSubject, _around: AllObjects) -> Iterator[Finding]:
    """Whether each port of a Service has a name by which it can be asked for."""
    ports = subject.service.ports
    for number, port in enumerate(ports):
        forwarding = _Forwarding(number, port)
        field = forwarding.field("name")
        if not port.name and len(ports) == 1:
            told = f"{forwarding} has no name, so DNS has no SRV record _PORT._PROTOCOL for it: port() cannot find it"
            yield subject.finding("port-unnamed", "remark", field, told, "give it a name, such as http")
        elif len(port.name) == MOST_LABEL:
            told = (
                f"the name {port.name!r} has {MOST_LABEL} characters, and with the underscore that SRV puts before it "
                "there is no room in a label (RFC 1035, section 2.3.4): nobody can ask for it"
            )
            yield subject.finding(
                "port-name-srv", "warning", field, told, f"shorten it to {MOST_LABEL - 1} characters or fewer"
            )


def check_targets(subject: ServiceSubject, around: AllObjects) -> Iterator[Finding]:
    """Follow each port of a Service to the containers of its pods, or, where it has none, of what would make them."""
    groups = _grouped(subject.pods, subject.idle)
    if not groups:
        return
    for number, port in enumerate(subject.service.ports):
        forwarding = _Forwarding(number, _in_capitals(port))
        if forwarding.port.protocol not in PROTOCOLS:
            continue  # the API server refuses it, and what is meant is not known
        target = forwarding.target
        if isinstance(target, str):
            yield from _named(subject, forwarding, target, groups)
        else:
            yield from _numbered(subject, forwarding, target, groups, around)


def _grouped(pods: Iterable[Pod], origins: Iterable[Origin]) -> _Groups:
    groups: dict[_Listening, dict[str, None]] = defaultdict(dict)
    for pod in pods:
        groups[_Listening.of(pod.spec)][" ".join(origin_of(pod))] = None
    if not groups:
        for origin in origins:
            groups[_Listening.of(origin.spec)][str(origin)] = None
    return groups


# A number.


def _numbered(
    subject: ServiceSubject, forwarding: _Forwarding, target: int, groups: _Groups, around: AllObjects
) -> Iterator[Finding]:
    yield from _unforwarded(subject, forwarding, {target})
    unlike = {
        listening: whose
        for listening, whose in groups.items()
        if all((port.number, port.protocol) != (target, forwarding.port.protocol) for port in listening.ports)
    }
    for listening, whose in unlike.items():
        # Where some pods declare the port, the others may be found by chance.
        alone = len(unlike) == len(groups)
        protocols = sorted({port.protocol for port in listening.ports if port.number == target})
        if protocols:
            yield _other_protocol(subject, forwarding, protocols, listed(whose), alone=alone)
            continue
        origins = [origin for origin in around.origins.of(subject.service.namespace) if str(origin) in whose]
        meant = _likely(subject, forwarding, listening) if alone else None
        is_sure = (
            meant is not None
            and not subject.service.headless  # whose port nothing forwards
            and _is_plain(forwarding, target, meant, origins, around)
            and not any(is_reached(meant, subject.service, origin, around) for origin in origins)
        )
        yield _other_number(subject, forwarding, listening, listed(whose), meant if is_sure else None)


def _other_protocol(
    subject: ServiceSubject, forwarding: _Forwarding, protocols: list[str], whose: str, *, alone: bool
) -> Finding:
    """Tell of a number declared for another protocol. TCP may only stand there since `protocol` was left out."""
    target, protocol, field = forwarding.target, forwarding.port.protocol, forwarding.field("protocol")
    told = f"{forwarding} leads to {target}/{protocol}, but the containers of {whose} declare {target} as "
    told += ", ".join(protocols)
    is_sure = alone and "TCP" not in protocols and _may_become(subject, forwarding, protocols[0])
    if not is_sure:
        advice = f"nothing, if the container listens on {target}/{protocol}; protocol: {protocol} there would tell"
        return subject.finding("target-port-protocol", "remark", field, told, advice)
    advice = _agreeing(subject, forwarding, protocols[0], "the containerPort")
    return subject.finding("target-port-protocol", "warning", field, told, advice)


def _may_become(subject: ServiceSubject, forwarding: _Forwarding, protocol: str) -> bool:
    """Whether a port may have this protocol instead: not what is none, nor what the Service has already."""
    taken = {port.protocol for port in subject.service.ports if port.number == forwarding.port.number}
    return protocol in PROTOCOLS and protocol not in taken


def _agreeing(subject: ServiceSubject, forwarding: _Forwarding, declared: str, there: str) -> str:
    """Say how the protocol of a port and that of a container's can agree."""
    own = forwarding.port.protocol
    ways = [f"protocol: {own} for {there}"]
    if _may_become(subject, forwarding, declared):
        ways.insert(0, f"protocol: {declared} for the port")
    return f"set {', or '.join(ways)}"


def _other_number(
    subject: ServiceSubject, forwarding: _Forwarding, listening: _Listening, whose: str, meant: PortEntry | None
) -> Finding:
    target, there = forwarding.target, f"containers of {whose}"
    leads = f"{forwarding} leads to {target}/{forwarding.port.protocol}"
    field = forwarding.field("targetPort")
    declare = f"declare containerPort: {target}"
    if not listening.ports:
        told = f"{leads}, and the {there} declare no port, so no object tells whether they listen there"
        return subject.finding(
            "ports-undeclared", "remark", field, told, f"{declare}, or look in the container: ss -lntu"
        )
    told = f"{leads}, but the {there} declare {ports_told(listening.ports)}"
    if listening.undeclared:
        told += ", and one that declares none may be what listens there, or one that is filled in at run time"
        return subject.finding(
            "target-port-number", "remark", field, told, f"{declare} for that one, or correct targetPort"
        )
    if meant is None:
        own = forwarding.port.protocol
        reached = {port.target or port.number for port in subject.service.ports if port.protocol == own}
        same = [
            port for port in listening.ports if port.protocol == own and reached.isdisjoint({port.number, port.name})
        ]
        other = f"write targetPort: {same[0].number}, or " if len(same) == 1 else ""
        advice = f"{other}{declare} if the container listens there"
        return subject.finding("target-port-number", "remark", field, told, advice)
    advice = f"set targetPort: {meant.number}, or {declare} if the container does listen there"
    return subject.finding("target-port-number", "warning", field, told, advice)


def _likely(subject: ServiceSubject, forwarding: _Forwarding, listening: _Listening) -> PortEntry | None:
    """The declared port that is meant, if one is: that of the same name, or the only one, to which no port leads.

    Of several ports that lead elsewhere not all can mean that one. That a container listens on more than it declares is
    common, such as for metrics, and no fault.
    """
    own = forwarding.port
    declared = [port for port in listening.ports if port.protocol == own.protocol]
    same = [port for port in declared if own.name and port.name == own.name]
    if len(same) == 1:
        return same[0]
    reached = {port.target or port.number for port in subject.service.ports if port.protocol == own.protocol}
    if len(declared) != 1 or len(reached) > 1 or is_beside(declared[0].name):
        return None
    return declared[0] if reached.isdisjoint({declared[0].number, declared[0].name}) else None


def _is_plain(
    forwarding: _Forwarding, target: int, meant: PortEntry, origins: Sequence[Origin], around: AllObjects
) -> bool:
    """Whether a number is a fault without doubt: nothing tells of it, and something tells of the one that is declared.

    What is declared may itself be wrong: then the port works, and would not with the advice. So the container is probed
    at the declared one, or the number is a slip for that, or it is only that no targetPort was written.
    """
    if any(is_told(target, origin, around) or is_probed(target, "", origin) for origin in origins):
        return False
    is_forgotten = not forwarding.port.target and target in _PUBLIC_PORTS and meant.number >= _LEAST_UNPRIVILEGED
    return (
        any(is_probed(meant.number, meant.name, origin) for origin in origins)
        or (target not in COMMON_PORTS and _is_slip(str(target), str(meant.number)))
        or (is_forgotten and not any(map(serves_web, origins)))
    )


def _is_slip(number: str, meant: str) -> bool:
    """Whether a number is another but for one digit or two that are swapped; the next one may well be another port.

    >>> _is_slip("8433", "8443"), _is_slip("9443", "8443"), _is_slip("9103", "9102"), _is_slip("81", "80")
    (True, True, False, False)
    """
    is_next = abs(int(number) - int(meant)) == 1
    return min(len(number), len(meant)) >= _LEAST_DIGITS and not is_next and is_one_edit(number, meant)


# A name.


def _named(subject: ServiceSubject, forwarding: _Forwarding, target: str, groups: _Groups) -> Iterator[Finding]:
    protocol, field = forwarding.port.protocol, forwarding.field("targetPort")
    if target.isdecimal():
        return  # a number in quotes, which the API server refuses
    numbers: dict[int, list[str]] = defaultdict(list)
    lacking: list[str] = []
    declared: list[PortEntry] = []
    for listening, whose in groups.items():
        number = PodSpec(ports=listening.ports).number_of(target, protocol)
        if number is None:
            declared += listening.ports
        (lacking if number is None else numbers[number]).extend(whose)
    if lacking:
        told = f"no container of {listed(lacking)} has a port named {target!r} with protocol {protocol}"
        they_have = f"they have {ports_told(declared)}" if declared else "they declare no port"
        if numbers:
            told += f", as those of {listed(part for whose in numbers.values() for part in whose)} have"
        outcome = f"{'these' if numbers else 'the'} pods are no endpoints for {forwarding}"
        yield subject.finding(
            "target-port-name",
            "remark" if numbers else "warning",
            field,
            f"{told}: {outcome}; {they_have}",
            _named_advice(subject, forwarding, target, declared),
        )
    if len(numbers) > 1:
        yield _differing(subject, forwarding, target, numbers)
    yield from _unforwarded(subject, forwarding, set(numbers))


def _named_advice(subject: ServiceSubject, forwarding: _Forwarding, target: str, declared: list[PortEntry]) -> str:
    other = next((port.protocol for port in declared if port.name == target), None)
    if other is not None:
        return _agreeing(subject, forwarding, other, f"the containerPort {target!r}")
    names = dict.fromkeys(port.name for port in declared if port.name and port.protocol == forwarding.port.protocol)
    correct = f"set targetPort: {next(iter(names))}" if len(names) == 1 else "correct targetPort"
    return f"{correct}, or give a container's port the name {target!r}"


def _differing(
    subject: ServiceSubject, forwarding: _Forwarding, target: str, numbers: Mapping[int, Iterable[str]]
) -> Finding:
    told = ", ".join(f"{number} in {listed(whose)}" for number, whose in sorted(numbers.items()))
    if subject.service.headless:
        outcome, advice = "the port has no sole number", "take each target's own: port().number raises PortsDiffer"
    else:
        outcome, advice = "connections go to each pod's own", "nothing, if that is meant"
    problem = f"{target!r} is {told}: {outcome}"
    return subject.finding("target-port-differs", "remark", forwarding.field("targetPort"), problem, advice)


def _unforwarded(subject: ServiceSubject, forwarding: _Forwarding, targets: set[int]) -> Iterator[Finding]:
    """Point out a headless Service's port that is not the pods': nothing stands between a client and the pod."""
    others = targets - {forwarding.port.number}
    if subject.service.headless and others:
        told = ", ".join(map(str, sorted(others)))
        yield subject.finding(
            "headless-port",
            "remark",
            forwarding.field("port"),
            f"the Service is headless, so nothing forwards {forwarding} to {told}: DNS tells {told} in SRV records",
            f"let clients take the number from DNS, or make it {told} here too",
        )


# Slices of which no pods are known.


def check_slices(subject: ServiceSubject, around: AllObjects) -> Iterator[Finding]:
    """Look for each port of a Service in its slices, in which ports are found by name and protocol."""
    if subject.pods or not subject.has_ready:
        return
    listing = [part.ports for part in subject.slices if part.addresses]
    there = {(port.name, port.protocol) for ports in listing for port in ports}
    service = subject.service
    is_mirrored = around.store.get("Endpoints", service.namespace, service.name) is not None
    kind, kinds = ("subset of its Endpoints", "Endpoints") if is_mirrored else ("EndpointSlice", "EndpointSlices")
    for number, port in enumerate(subject.service.ports):
        if (port.name, port.protocol) in there or port.protocol not in PROTOCOLS:
            continue
        forwarding = _Forwarding(number, port)
        wanted = f"named {port.name!r}" if port.name else "without a name"
        theirs = dict.fromkeys(port for ports in listing for port in ports)
        told = f"no {kind} has a port {wanted} with protocol {port.protocol}, so {forwarding} has no endpoint"
        # Of what its selector finds the controller makes slices besides.
        severity: Severity = "remark" if service.selects and not theirs else "warning"
        yield subject.finding(
            "slice-port",
            severity,
            forwarding.field("name"),
            f"{told}; they have {ports_told(theirs) or 'no ports'}",
            f"give the port one name and protocol in the Service and in its {kinds}",
        )
