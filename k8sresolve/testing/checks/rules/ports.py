"""The way of a connection: a Service's port, its `targetPort`, and the port that a container declares or a slice has.

A `containerPort` is only a declaration: nothing forwards or filters by it, unless a `targetPort` names it.
Source: "Service" of the Kubernetes documentation; Container and ServicePort of its API reference.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple, TypeAlias

from k8sresolve.findings import Finding
from k8sresolve.testing.checks.origins import Origin, origin_of
from k8sresolve.testing.checks.subjects import AllObjects, ServiceSubject
from k8sresolve.testing.checks.telling import listed, ports_told
from k8sresolve.testing.objects.kinds import Pod, PodSpec, PortEntry

_MAX_LABEL = 63
_NAME = re.compile("[a-z0-9]([a-z0-9-]*[a-z0-9])?", re.ASCII)

# Pods that listen alike, by what they say of their ports, with what they come from.
_Groups: TypeAlias = Mapping["_Listening", Iterable[str]]


class _Listening(NamedTuple):
    """What pods say of the ports that their containers listen on."""

    ports: tuple[PortEntry, ...]
    undeclared: bool

    @classmethod
    def of(cls, spec: PodSpec) -> "_Listening":
        return cls(spec.ports, spec.undeclared)


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
    """Look at a Service's ports by themselves (ValidateService, `pkg/apis/core/validation` of Kubernetes)."""
    ports = subject.service.ports
    if not ports and not subject.service.headless:
        yield subject.finding(
            "error",
            "spec.ports",
            "lists no port, and the API server refuses a Service without ports that is not headless",
            "list the ports on which clients connect",
        )
    names = Counter(port.name for port in ports)
    numbers = Counter((port.number, port.protocol) for port in ports)
    for number, port in enumerate(ports):
        forwarding = _Forwarding(number, port)
        yield from _name(subject, forwarding, alone=len(ports) == 1, repeated=names[port.name] > 1)
        if numbers[port.number, port.protocol] > 1:
            told = f"{port.number}/{port.protocol} is listed more than once, and the API server refuses that"
            yield subject.finding("error", forwarding.field("port"), told, "give each port a number of its own")
        if port.protocol not in ("TCP", "UDP", "SCTP"):
            told = f"{port.protocol!r} is none of TCP, UDP, SCTP, and the API server refuses it"
            yield subject.finding("error", forwarding.field("protocol"), told, "write one of them, in capitals")


def _name(subject: ServiceSubject, forwarding: _Forwarding, *, alone: bool, repeated: bool) -> Iterator[Finding]:
    name, field = forwarding.port.name, forwarding.field("name")
    if not name and alone:
        told = f"{forwarding} has no name, so DNS has no SRV record _PORT._PROTOCOL for it: port() cannot find it"
        yield subject.finding("remark", field, told, "give it a name, such as http")
    elif not name:
        told = f"{forwarding} has no name, and the API server refuses that of a Service with several ports"
        yield subject.finding("error", field, told, "give each port a name")
    elif repeated:
        told = f"the name {name!r} is given to several ports, and the API server refuses that"
        yield subject.finding("error", field, told, "give each port a name of its own, such as dns and dns-tcp")
    elif len(name) == _MAX_LABEL:
        told = (
            f"the name {name!r} has {_MAX_LABEL} characters, and with the underscore that SRV puts before it there is "
            "no room in a label (RFC 1035, section 2.3.4): nobody can ask for it"
        )
        yield subject.finding("warning", field, told, f"shorten it to {_MAX_LABEL - 1} characters or fewer")
    elif len(name) > _MAX_LABEL or not _NAME.fullmatch(name):
        told = f"{name!r} is no port name, and the API server refuses it"
        yield subject.finding("error", field, told, "write lower-case letters, digits and inner hyphens")


def check_targets(subject: ServiceSubject, _around: AllObjects) -> Iterator[Finding]:
    """Follow each port of a Service to the containers of its pods, or, where it has none, of what would make them."""
    groups = _grouped(subject.pods, subject.idle)
    if not groups:
        return
    for number, port in enumerate(subject.service.ports):
        forwarding = _Forwarding(number, port)
        target = forwarding.target
        if isinstance(target, str):
            yield from _named(subject, forwarding, target, groups)
        else:
            yield from _numbered(subject, forwarding, target, groups)


def _grouped(pods: Iterable[Pod], origins: Iterable[Origin]) -> _Groups:
    groups: dict[_Listening, dict[str, None]] = defaultdict(dict)
    for pod in pods:
        groups[_Listening.of(pod.spec)][" ".join(origin_of(pod))] = None
    if not groups:
        for origin in origins:
            groups[_Listening.of(origin.spec)][str(origin)] = None
    return groups


# A number.


def _numbered(subject: ServiceSubject, forwarding: _Forwarding, target: int, groups: _Groups) -> Iterator[Finding]:
    yield from _unforwarded(subject, forwarding, {target})
    unlike = {
        listening: whose
        for listening, whose in groups.items()
        if all((port.number, port.protocol) != (target, forwarding.port.protocol) for port in listening.ports)
    }
    for listening, whose in unlike.items():
        # Where some pods declare the port, the others may be found by chance.
        alone = len(unlike) == len(groups)
        yield _contradiction(subject, forwarding, target, listening, listed(whose), alone=alone)


def _contradiction(
    subject: ServiceSubject, forwarding: _Forwarding, target: int, listening: _Listening, whose: str, *, alone: bool
) -> Finding:
    protocol = forwarding.port.protocol
    protocols = sorted({port.protocol for port in listening.ports if port.number == target})
    meant = f"{forwarding} leads to {target}/{protocol}"
    there = f"containers of {whose}"
    if protocols:
        told = f"{meant}, but the {there} declare {target} as {', '.join(protocols)}"
        advice = f"set protocol: {protocols[0]} for the port, or protocol: {protocol} for the containerPort"
        return subject.finding("warning" if alone else "remark", forwarding.field("protocol"), told, advice)
    field = forwarding.field("targetPort")
    declare = f"declare containerPort: {target}"
    if not listening.ports:
        told = f"{meant}, and the {there} declare no port, so no object tells whether they listen there"
        return subject.finding("remark", field, told, f"{declare}, or look in the container: ss -lntu")
    told = f"{meant}, but the {there} declare {ports_told(listening.ports)}"
    if listening.undeclared:
        told += ", and one that declares none may be what listens there"
        return subject.finding("remark", field, told, f"{declare} for that one, or correct targetPort")
    likely = _likely(subject, forwarding, listening) if alone else None
    if likely is None:
        return subject.finding("remark", field, told, f"{declare}, if the container does listen there")
    advice = f"set targetPort: {likely}, or {declare} if the container does listen there"
    return subject.finding("warning", field, told, advice)


def _likely(subject: ServiceSubject, forwarding: _Forwarding, listening: _Listening) -> int | None:
    """The declared port that is meant, if one is: that of the same name, or the only one, to which no port leads.

    That a container listens on more than it declares is common, such as for metrics, and no fault.
    """
    own = forwarding.port
    declared = [port for port in listening.ports if port.protocol == own.protocol]
    same = [port.number for port in declared if own.name and port.name == own.name]
    if len(same) == 1:
        return same[0]
    reached = {port.target or port.number for port in subject.service.ports if port.protocol == own.protocol}
    if len(declared) == 1 and reached.isdisjoint({declared[0].number, declared[0].name}):
        return declared[0].number
    return None


# A name.


def _named(subject: ServiceSubject, forwarding: _Forwarding, target: str, groups: _Groups) -> Iterator[Finding]:
    protocol, field = forwarding.port.protocol, forwarding.field("targetPort")
    if target.isdecimal():
        told = f"{target!r} is text, which names a port, and a name has a letter: the API server refuses it"
        yield subject.finding("error", field, told, f"write the number without quotes: targetPort: {target}")
        return
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
            "remark" if numbers else "warning",
            field,
            f"{told}: {outcome}; {they_have}",
            _named_advice(forwarding, target, declared),
        )
    if len(numbers) > 1:
        yield _differing(subject, forwarding, target, numbers)
    yield from _unforwarded(subject, forwarding, set(numbers))


def _named_advice(forwarding: _Forwarding, target: str, declared: list[PortEntry]) -> str:
    protocol = forwarding.port.protocol
    other = next((port.protocol for port in declared if port.name == target), None)
    if other is not None:
        return f"set protocol: {other} for the port, or protocol: {protocol} for the containerPort {target!r}"
    names = dict.fromkeys(port.name for port in declared if port.name and port.protocol == protocol)
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
    return subject.finding("remark", forwarding.field("targetPort"), problem, advice)


def _unforwarded(subject: ServiceSubject, forwarding: _Forwarding, targets: set[int]) -> Iterator[Finding]:
    """Point out a headless Service's port that is not the pods': nothing stands between a client and the pod."""
    others = targets - {forwarding.port.number}
    if subject.service.headless and others:
        told = ", ".join(map(str, sorted(others)))
        yield subject.finding(
            "remark",
            forwarding.field("port"),
            f"the Service is headless, so nothing forwards {forwarding} to {told}: DNS tells {told} in SRV records",
            f"let clients take the number from DNS, or make it {told} here too",
        )


# Slices of which no pods are known.


def check_slices(subject: ServiceSubject, _around: AllObjects) -> Iterator[Finding]:
    """Look for each port of a Service in its slices, in which ports are found by name and protocol."""
    if subject.pods or not subject.has_ready:
        return
    listing = [part.ports for part in subject.slices if part.addresses]
    there = {(port.name, port.protocol) for ports in listing for port in ports}
    for number, port in enumerate(subject.service.ports):
        if (port.name, port.protocol) in there:
            continue
        forwarding = _Forwarding(number, port)
        wanted = f"named {port.name!r}" if port.name else "without a name"
        theirs = dict.fromkeys(port for ports in listing for port in ports)
        told = f"no EndpointSlice has a port {wanted} with protocol {port.protocol}, so {forwarding} has no endpoint"
        yield subject.finding(
            "warning",
            forwarding.field("name"),
            f"{told}; they have {ports_told(theirs) or 'no ports'}",
            "give the port one name and protocol in the Service and in its EndpointSlices",
        )
