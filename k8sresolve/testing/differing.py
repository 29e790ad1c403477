"""What changes for whom when CoreDNS or Kubernetes is upgraded: the same objects, under both versions.

Each name that the objects and the Corefile have is asked as a libc asks it, twice. What differs is put down to the
differences which bring that about alone.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from ipaddress import ip_address
from typing import NamedTuple, TypeAlias, TypeVar

import attrs

from k8sresolve._escaping import told
from k8sresolve.errors import ConfigError, ManifestError
from k8sresolve.testing.cluster import Cluster
from k8sresolve.testing.controllers.kubelet import pod_dns
from k8sresolve.testing.objects.kinds import EndpointSlice, Pod, Service
from k8sresolve.testing.versions import DIFFERENCES, Difference, Program, Version, find_version

ANY_INTERNET: Mapping[str, str] = {
    ".": "@ 86400 IN SOA a.root-servers.net. nstld.verisign-grs.com. 1 1800 900 604800 86400\n* 300 IN A 192.0.2.1\n"
}
"""Zone files of an upstream where each name has an address, so that what becomes of names outside shows.

>>> from k8sresolve.testing import ANY_INTERNET, Cluster
>>> with Cluster.from_objects([], upstream=ANY_INTERNET).resolver() as resolver:
...     print(*resolver.addresses("www.example.com").addresses)
...
192.0.2.1
"""

_OUTSIDE = "programs that ask names outside the cluster"
_AGAIN = "asked again at once"
_AWAY = "asked again at once, after the upstream was out of reach"


class Question(NamedTuple):
    """Something that is asked or looked at, and whom it concerns.

    >>> from k8sresolve.testing import Question
    >>> print(Question("Service shop/payments", "payments.shop.svc.cluster.local.", "A"))
    payments.shop.svc.cluster.local. A
    """

    who: str
    """Whom it concerns, such as `Service shop/payments`."""

    what: str
    """The absolute name that is asked for, or the file or field that is looked at."""

    rdtype: str = ""
    """The record type; empty for what is no DNS question."""

    client: str = ""
    """The address that asks, where it counts; else empty."""

    when: str = ""
    """When it is asked, or the rule by which it is looked at, where that counts; else empty."""

    def __str__(self) -> str:
        asked = " ".join(filter(None, [self.what, self.rdtype, f"from {self.client}" if self.client else ""]))
        return ", ".join(filter(None, [asked, self.when]))


@attrs.frozen
class Changed:
    """What an upgrade changes. `compare_versions` finds them.

    >>> from k8sresolve.testing import DIFFERENCES, Changed, Question
    >>> question = Question("programs that ask names outside the cluster", "example.com.", "A")
    >>> Changed(question, "NOERROR AA RA", "NOERROR RA", DIFFERENCES[:1]).differences[0].name
    'stored-aa'
    """

    question: Question
    """What is asked, or looked at."""

    before: str
    """What comes of it with the first version: rcode, flags and records, or a text."""

    after: str
    """And with the second."""

    differences: tuple[Difference, ...]
    """Those that do it; empty where only several of them together do."""


_Seen: TypeAlias = dict[Question, bytes | str | None]
"""What comes of questions: a DNS message, or none, or a text."""

_Asked: TypeAlias = Sequence[tuple[Question, bytes]]
_START = Question("all pods", "the nameserver")
_STARTS = "it starts"


def compare_versions(
    open_cluster: Callable[[Version], Cluster], program: Program, before: str, after: str
) -> tuple[Changed, ...]:
    """Tell what changes between two versions of CoreDNS, or two of Kubernetes, for the objects of a cluster.

    Args:
        open_cluster: Makes the cluster under a version, best with `ANY_INTERNET` as its upstream.
        program: `"CoreDNS"` or `"Kubernetes"`.
        before: The version that is compared with, one of `COREDNS_VERSIONS` or of `KUBERNETES_VERSIONS`.
        after: The version that comes in its place.

    Raises:
        ConfigError: A version is not known, or `open_cluster` makes no cluster.
        ManifestError: Neither version can use what there is.

    >>> from k8sresolve.testing import Cluster, compare_versions
    >>> shop = "docs/examples/shop.yaml"
    >>> compare_versions(lambda version: Cluster.from_manifests(shop, coredns=version), "CoreDNS", "1.14.7", "1.15.0")
    ()
    """
    if not callable(open_cluster):
        raise ConfigError(f"{told(open_cluster)} opens no cluster", advice="give a function of a Version")

    def opened(version: Version) -> Cluster:
        cluster = open_cluster(version)
        if not isinstance(cluster, Cluster):
            raise ConfigError(f"open_cluster made {told(cluster)}, no cluster", advice="let it return a Cluster")
        return cluster

    return _compare(opened, find_version(program, before), find_version(program, after))


def _compare(open_cluster: Callable[[Version], Cluster], before: Version, after: Version) -> tuple[Changed, ...]:
    try:
        cluster = open_cluster(before)
    except ManifestError as problem:
        try:
            cluster = open_cluster(after)
        except ManifestError:
            raise problem from None
    if before.program == "Kubernetes":
        return tuple(_changes(lambda version, _: _look(cluster, version, _settings), before, after))
    # A Corefile's files may have names that one of the versions does not read.
    made = [_under(cluster, version) for version in (before, after)]
    names = {name for one in made if isinstance(one, Cluster) for name in one.corefile_names}
    asked = _messages(_questions(cluster, sorted(names)))

    def look(version: Version, only: Collection[Question]) -> _Seen:
        # What is asked for one object may be remembered by the nameserver, so that all of it is asked again.
        who = {question.who for question in only}
        return _look(cluster, version, partial(_answers, [one for one in asked if not who or one[0].who in who]))

    return tuple(_changes(look, before, after))


def _under(cluster: Cluster, version: Version) -> Cluster | ManifestError:
    try:
        return cluster.with_versions(**{version.program.lower(): version})
    except ManifestError as problem:
        return problem


def _look(cluster: Cluster, version: Version, see: Callable[[Cluster], _Seen]) -> _Seen:
    made = _under(cluster, version)
    return {_START: _STARTS, **see(made)} if isinstance(made, Cluster) else {_START: str(made)}


def _changes(
    look: Callable[[Version, Collection[Question]], _Seen], before: Version, after: Version
) -> Iterator[Changed]:
    """Find what changes, and put it down to differences. `look` is told which questions count; empty for all."""
    old, new = look(before, ()), look(after, ())
    changed = dict.fromkeys(_differing(old, new, {**old, **new}))
    telling = [one for one in changed if one.when != _AGAIN or one._replace(when="") not in changed]
    causes: dict[Question, list[Difference]] = {question: [] for question in telling}
    newer = before.differences ^ after.differences if telling else ()
    for difference in (one for one in DIFFERENCES if one in newer):
        alone = look(attrs.evolve(before, differences=before.differences ^ {difference}), causes)
        for question in causes.keys() & _differing(old, alone, causes):
            causes[question].append(difference)
    # One may hide another: a Corefile does not start by the first of two words, or an answer takes two.
    hiding = [question for question in telling if question == _START or not causes[question]]
    for difference in (one for one in DIFFERENCES if hiding and one in newer):
        without = look(attrs.evolve(after, differences=after.differences ^ {difference}), hiding)
        for question in _differing(new, without, hiding):
            if difference not in causes[question]:
                causes[question].append(difference)
    for question in telling:
        one, other = (_written(seen.get(question, "")) for seen in (old, new))
        yield Changed(question, one, other, tuple(causes[question]))


def _differing(old: _Seen, new: _Seen, questions: Iterable[Question]) -> list[Question]:
    """Say which of some questions come out unlike; where one version does not start, nothing else counts."""
    compared = questions if old[_START] == new[_START] else [_START]
    pairs = ((question, old.get(question, ""), new.get(question, "")) for question in compared)
    return [question for question, one, other in pairs if one != other and _written(one) != _written(other)]


def _settings(cluster: Cluster) -> _Seen:
    """Look at what the kubelet gives pods, and at what the API server refuses."""
    seen: _Seen = {}
    for pod in _all(cluster, Pod):
        try:
            text = pod_dns(pod, cluster.kubelet).text()
        except ConfigError as problem:
            text = problem.problem
        seen[Question(f"Pod {pod.namespace}/{pod.name}", "/etc/resolv.conf")] = text.replace("\n", "; ").strip("; ")
    for finding in cluster.check():
        seen[Question(finding.object, finding.field, when=finding.rule)] = f"{finding.severity}: {finding.problem}"
    return seen


def _messages(questions: Iterable[Question]) -> _Asked:
    """Write what a libc sends. A name that no message can carry is left out."""
    import dns.exception
    import dns.message

    asked: list[tuple[Question, bytes]] = []
    for question in dict.fromkeys(questions):
        with suppress(dns.exception.DNSException):
            asked.append((question, dns.message.make_query(question.what, question.rdtype, id=0).to_wire()))
    return asked


def _answers(asked: _Asked, cluster: Cluster) -> _Seen:
    """Ask all twice, and a name outside while the upstream is out of reach."""
    seen: _Seen = {question: cluster.respond(octets, client=question.client) for question, octets in asked}
    seen |= {
        question._replace(when=_AGAIN): cluster.respond(octets, client=question.client) for question, octets in asked
    }
    ((away, octets),) = _messages([Question(_OUTSIDE, "www.example.com.", "A", when=_AWAY)])
    cluster.upstream.reachable = False
    cluster.respond(octets)
    cluster.upstream.reachable = True
    return {**seen, away: cluster.respond(octets)}


def _written(seen: bytes | str | None) -> str:
    """Write an answer: rcode, flags and records."""
    import dns.flags
    import dns.message
    import dns.rcode

    if not isinstance(seen, bytes):
        return "no reply" if seen is None else seen
    reply = dns.message.from_wire(seen)
    flags = [name for name in dns.flags.to_text(reply.flags).split() if name in ("AA", "TC", "RA")]
    answer = "; ".join(sorted(text for rrset in reply.answer for text in rrset.to_text().splitlines()))
    return " ".join(filter(None, [dns.rcode.to_text(reply.rcode()), *flags, answer]))


def _questions(cluster: Cluster, corefile_names: Iterable[str]) -> Iterator[Question]:
    """Tell the names that objects and Corefile have, with whom each concerns."""
    domain = f"{cluster.config().cluster_domain}."
    for service in _all(cluster, Service):
        yield from _of_service(service, domain)
    for part in _all(cluster, EndpointSlice):
        yield from _of_slice(part, domain)
    for pod in _all(cluster, Pod):
        yield from _of_pod(pod, domain)
    for name in corefile_names:
        yield from _addresses("the Corefile", name.replace("*", "any", 1) if name.startswith("*.") else name)
    yield from _addresses(_OUTSIDE, "example.com.")


def _of_service(service: Service, domain: str) -> Iterator[Question]:
    who, name = f"Service {service.namespace}/{service.name}", f"{service.name}.{service.namespace}.svc.{domain}"
    yield from _addresses(who, name)
    yield from (
        Question(who, f"_{port.name}._{port.protocol.lower()}.{name}", "SRV") for port in service.ports if port.name
    )
    if service.external_name:
        yield from _addresses(who, f"{service.external_name.rstrip('.')}.")
    yield from (_reverse(who, ip) for ip in service.cluster_ips if not service.headless)


def _of_slice(part: EndpointSlice, domain: str) -> Iterator[Question]:
    who = f"Service {part.namespace}/{part.service}"
    for entry in part.addresses:
        if entry.hostname:
            yield from _addresses(who, f"{entry.hostname}.{part.service}.{part.namespace}.svc.{domain}")
        yield _reverse(who, entry.address)


def _of_pod(pod: Pod, domain: str) -> Iterator[Question]:
    who = f"Pod {pod.namespace}/{pod.name}"
    for ip in pod.written_ips:
        label = ip.replace(".", "-").replace(":", "-")
        yield from _addresses(who, f"{label}.{pod.namespace}.pod.{domain}")
        # The first that a libc tries for `kubernetes.default`, which `autopath` answers by who asks.
        yield Question(who, f"kubernetes.default.{pod.namespace}.svc.{domain}", "A", client=ip)


def _addresses(who: str, name: str) -> Iterator[Question]:
    yield from (Question(who, name, rdtype) for rdtype in ("A", "AAAA"))


def _reverse(who: str, ip: str) -> Question:
    try:
        return Question(who, f"{ip_address(ip).reverse_pointer}.", "PTR")
    except ValueError:  # a slice of names
        return Question(who, f"{ip.rstrip('.')}.", "A")


_Kind = TypeVar("_Kind", Service, EndpointSlice, Pod)


def _all(cluster: Cluster, kind: type[_Kind]) -> Iterator[_Kind]:
    return (item for item in cluster.store.all(kind.__name__) if isinstance(item, kind))
