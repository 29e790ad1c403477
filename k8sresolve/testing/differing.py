"""What changes for whom when CoreDNS or Kubernetes is upgraded: the same objects, under both versions.

Each name that the objects and the Corefile have is asked as a libc asks it, twice. What differs is put down to the
differences which bring that about alone.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from ipaddress import ip_address
from typing import NamedTuple, TypeAlias, TypeVar

import attrs

from k8sresolve.errors import ConfigError, ManifestError
from k8sresolve.testing.cluster import Cluster
from k8sresolve.testing.controllers.kubelet import pod_dns
from k8sresolve.testing.objects.kinds import EndpointSlice, Pod, Service
from k8sresolve.testing.versions import DIFFERENCES, Difference, Program, Version, find_version

ANY_INTERNET: Mapping[str, str] = {
    ".": "@ 86400 IN SOA a.root-servers.net. nstld.verisign-grs.com. 1 1800 900 604800 86400\n* 300 IN A 192.0.2.1\n"
}
"""Zone files of an upstream where each name has an address, so that what becomes of names outside shows."""

_OUTSIDE = "programs that ask names outside the cluster"
_AGAIN = "asked again at once"
_AWAY = "asked again at once, after the upstream was out of reach"


class Question(NamedTuple):
    """Something that is asked or looked at, whom it concerns, and `when`, where that counts.

    `rdtype` is empty for what is no DNS question, `client` is the address that asks.
    """

    who: str
    what: str
    rdtype: str = ""
    client: str = ""
    when: str = ""

    def __str__(self) -> str:
        asked = " ".join(filter(None, [self.what, self.rdtype, f"from {self.client}" if self.client else ""]))
        return ", ".join(filter(None, [asked, self.when]))


@attrs.frozen
class Changed:
    """What an upgrade changes: the question, what comes of it before and after, and the differences that do it.

    `differences` is empty where only several of them together do.
    """

    question: Question
    before: str
    after: str
    differences: tuple[Difference, ...]


_Seen: TypeAlias = dict[Question, str]
_START = Question("all pods", "the nameserver")
_STARTS = "it starts"


def compare_versions(
    open_cluster: Callable[[Version], Cluster], program: Program, before: str, after: str
) -> tuple[Changed, ...]:
    """Tell what changes between two versions of CoreDNS, or two of Kubernetes, for the objects of a cluster.

    `open_cluster` makes the cluster under a version, best with `ANY_INTERNET` as its upstream. Raises `ConfigError`
    for a version that is not known, and `ManifestError` for what neither version can use.

    >>> shop = "docs/examples/shop.yaml"
    >>> compare_versions(lambda version: Cluster.from_manifests(shop, coredns=version), "CoreDNS", "1.14.7", "1.15.0")
    ()
    """
    return _compare(open_cluster, find_version(program, before), find_version(program, after))


def _compare(open_cluster: Callable[[Version], Cluster], before: Version, after: Version) -> tuple[Changed, ...]:
    try:
        cluster = open_cluster(before)
    except ManifestError as problem:
        try:
            cluster = open_cluster(after)
        except ManifestError:
            raise problem from None
    # A Corefile's files may have names that one of the versions does not read.
    made = [_under(cluster, version) for version in (before, after)]
    names = {name for one in made if isinstance(one, Cluster) for name in one.corefile_names}
    see = partial(_answers, sorted(names)) if before.program == "CoreDNS" else _settings
    return tuple(_changes(partial(_look, cluster, see), before, after))


def _under(cluster: Cluster, version: Version) -> Cluster | ManifestError:
    try:
        return cluster.with_versions(**{version.program.lower(): version})
    except ManifestError as problem:
        return problem


def _look(cluster: Cluster, see: Callable[[Cluster], _Seen], version: Version) -> _Seen:
    made = _under(cluster, version)
    return {_START: _STARTS, **see(made)} if isinstance(made, Cluster) else {_START: str(made)}


def _changes(look: Callable[[Version], _Seen], before: Version, after: Version) -> Iterator[Changed]:
    old, new = look(before), look(after)
    changed = [question for question in _compared(old, new) if old.get(question) != new.get(question)]
    told = [question for question in changed if question.when != _AGAIN or question._replace(when="") not in changed]
    causes: dict[Question, list[Difference]] = {question: [] for question in told}
    newer = before.differences ^ after.differences if told else ()
    for difference in (one for one in DIFFERENCES if one in newer):
        alone = look(attrs.evolve(before, differences=before.differences ^ {difference}))
        for question in _compared(old, alone):
            if question in causes and old.get(question) != alone.get(question):
                causes[question].append(difference)
    for question in told:
        yield Changed(question, old.get(question, ""), new.get(question, ""), tuple(causes[question]))


def _compared(old: _Seen, new: _Seen) -> Iterable[Question]:
    """Say which questions two looks have in common: where one of them does not start, there are no others."""
    return {**old, **new} if old[_START] == new[_START] else [_START]


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


def _answers(corefile_names: Iterable[str], cluster: Cluster) -> _Seen:
    """Ask all names twice, and one outside while the upstream is out of reach."""
    questions = list(dict.fromkeys(_questions(cluster, corefile_names)))
    seen = {question: _ask(cluster, question) for question in questions}
    seen |= {question._replace(when=_AGAIN): _ask(cluster, question) for question in questions}
    away = Question(_OUTSIDE, "www.example.com.", "A", when=_AWAY)
    cluster.upstream.reachable = False
    _ask(cluster, away)
    cluster.upstream.reachable = True
    return {**seen, away: _ask(cluster, away)}


def _ask(cluster: Cluster, question: Question) -> str:
    """Ask as a libc does, and write rcode, flags and answer."""
    import dns.exception
    import dns.flags
    import dns.message
    import dns.rcode

    try:
        query = dns.message.make_query(question.what, question.rdtype, id=0)
    except dns.exception.DNSException as problem:
        return str(problem)
    octets = cluster.respond(query.to_wire(), client=question.client)
    if octets is None:
        return "no reply"
    reply = dns.message.from_wire(octets)
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
