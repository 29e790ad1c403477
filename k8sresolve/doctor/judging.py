"""What is wrong with what was heard. Silent where that is left open."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import attrs

from k8sresolve._core.files.lint import count_questions, typical_names
from k8sresolve._core.files.search_list import plain
from k8sresolve._core.wire.rcodes import NOERROR, NXDOMAIN, SERVFAIL, rcode_name
from k8sresolve.config import ResolverConfig
from k8sresolve.doctor.exchanges import Heard
from k8sresolve.doctor.questions import SMALL, Seen, Server, kubernetes, no_such
from k8sresolve.doctor.surroundings import Surroundings
from k8sresolve.findings import Finding, Severity

RULES = (
    "nameserver-silent",
    "nameserver-foreign",
    "udp-unanswered",
    "tcp-unanswered",
    "edns-unanswered",
    "large-replies-lost",
    "cluster-dns-failing",
    "cluster-domain-unknown",
    "cluster-domain-wrong",
    "cluster-dns-missing",
    "search-list-cut",
    "aaaa-failing",
    "aaaa-nxdomain",
    "missing-name-found",
    "missing-name-failing",
    "srv-missing",
    "external-missing",
    "replies-lost",
)
"""The ids of what an examination may find, besides those of `lint`.

>>> from k8sresolve.doctor import RULES
>>> "nameserver-silent" in RULES
True
"""

_REFERENCE = "Kubernetes DNS specification"
MANY_LOST = 3
_CLUSTER_DNS = "`kubectl -n kube-system get service,endpointslice -l k8s-app=kube-dns`"
_LOGS = "`kubectl -n kube-system logs -l k8s-app=kube-dns`"


class Case(NamedTuple):
    """All that is judged: `stated` is whether the name outside was asked for.

    `is_made` is whether the configuration is no machine's, and made to ask a nameserver that was given.
    """

    config: ResolverConfig
    seen: Seen
    around: Surroundings
    stated: bool
    is_made: bool = False

    @property
    def has_cluster(self) -> bool:
        """Whether this is about a cluster's DNS, and not about hosts alone."""
        return self.around.in_pod or self.domain is not None or self.seen.domain is not None

    @property
    def domain(self) -> str | None:
        """The cluster domain that is stated."""
        return plain(self.config.cluster_domain) if self.config.cluster_domain else None


def _finding(rule: str, severity: Severity, problem: str, advice: str, reference: str = "") -> Finding:
    return Finding(severity=severity, problem=problem, advice=advice, source="DNS", rule=rule, reference=reference)


def findings(case: Case) -> Iterator[Finding]:
    """Find what is wrong with what was heard."""
    servers = case.seen.servers
    if not any(server.answers for server in servers):
        yield from (_silent(case, server) for server in servers)
        return
    for number, server in enumerate(servers):
        if not server.answers:
            yield _silent(case, server, first=number == 0)
    yield from _cluster(case)
    for server in servers:
        if server.answers:
            yield from _transports(case, server)
    yield from _answers(case)
    yield from _outside(case)
    samples = [heard for heard in case.seen.samples if heard.asked]
    lost = sum(heard.reply is None for heard in samples)
    if lost and case.seen.asked is not None:
        yield _finding(
            "replies-lost",
            "warning" if lost >= MANY_LOST else "remark",
            f"of {len(samples)} questions that {case.seen.asked.nameserver} was asked one by one, {lost} got "
            "no reply: a libc waits 5 s before it asks again",
            f"look at the load of CoreDNS and for dropped packets on the way to it ({_CLUSTER_DNS})",
        )


def _silent(case: Case, server: Server, *, first: bool = True) -> Finding:
    alone = not any(other.answers for other in case.seen.servers)
    problem = f"{server.nameserver} gives no answer ({problems(server)})"
    if first and not alone and server.udp.problem == Heard().problem:  # a closed port says so at once
        problem += f": a lookup that begins there waits {case.config.timeout or 5} s first"
    advice = f"compare the address with that of the cluster's DNS ({_CLUSTER_DNS}), and see whether a NetworkPolicy "
    advice += "lets UDP and TCP to port 53 through"
    if case.seen.usual is not None and case.seen.usual[1].reply is not None:
        advice = f"{case.seen.usual[0]} does answer: let the kubelet's clusterDNS, or the pod's dnsConfig, state that"
    elif not (case.domain or case.around.in_pod):
        advice = "see whether it runs, and whether a firewall lets UDP and TCP to port 53 through"
    return _finding("nameserver-silent", "error" if first or alone else "warning", problem, advice)


def problems(server: Server) -> str:
    """Say why nothing was heard of a nameserver."""
    udp, tcp = server.udp.problem, server.tcp.problem
    return f"UDP and TCP: {udp}" if udp == tcp else f"UDP: {udp}; TCP: {tcp}"


# Whether the cluster's names are there.


def _cluster(case: Case) -> Iterator[Finding]:
    seen = case.seen
    answering = [server for server in seen.servers if server.answers]
    if seen.domain is None:
        yield from _nobody_knows(case, answering)
        return
    if case.domain is not None and case.domain != seen.domain:
        yield _finding(
            "cluster-domain-wrong",
            "error",
            f"the cluster domain is {seen.domain}, which {_listed_servers(answering, seen.domain)} knows, and not "
            f"{case.domain}, as the search list or a setting has it",
            f"state {seen.domain}: in the kubelet's clusterDomain, the pod's dnsConfig.searches, or your setting",
            _REFERENCE,
        )
    elif case.domain is None and case.around.in_pod:
        yield from _cut(case, seen.domain)
    elif case.domain is None:
        return
    knowing = [server for server in answering if server.knows(seen.domain)]
    for server in answering:
        if not server.knows(seen.domain):
            first = answering.index(server) < answering.index(knowing[0])
            yield _foreign(server, knowing[0], seen.domain, first=first)


def _cut(case: Case, domain: str) -> Iterator[Finding]:
    """Try by the search code itself which short names of Services a libc finds."""
    config, namespace = case.config, case.config.namespace
    known = attrs.evolve(config, namespace=namespace or "default", cluster_domain=domain)
    names = {name: target for name, target in typical_names(known).items() if name in ("svc", "svc.ns")}
    lost = [f"`{name}`" for name in names if name not in count_questions(names, known, "glibc")]
    if lost:
        wanted = f"{namespace or 'NAMESPACE'}.svc.{domain} svc.{domain} {domain}"
        yield _finding(
            "search-list-cut",
            "error",
            f"the nameserver knows the cluster domain {domain}, and by the search list "
            f"({' '.join(config.search) or 'it is empty'}) no Service is found as {' or '.join(lost)}",
            f"let it state '{wanted}': by dnsPolicy ClusterFirst, on the host's network ClusterFirstWithHostNet, or "
            "with dnsPolicy None in dnsConfig.searches",
            'Kubernetes documentation, "DNS for Services and Pods"',
        )


def _listed_servers(servers: Sequence[Server], domain: str) -> str:
    return " and ".join(str(server.nameserver) for server in servers if server.knows(domain))


def _foreign(server: Server, knowing: Server, domain: str, *, first: bool) -> Finding:
    heard = first_heard(server, domain)
    counts = "asked first, and its answer counts" if first else "and musl (Alpine) takes the answer that comes first"
    if heard.rcode != NXDOMAIN:
        counts = "asked first, which each lookup pays for" if first else "so that it is of no use beside the other"
    return _finding(
        "nameserver-foreign",
        "error" if first and heard.rcode == NXDOMAIN else "warning",
        f"{server.nameserver} does not know the cluster: it says {said(heard)} to {kubernetes(domain)}, which "
        f"{knowing.nameserver} has; {'it is ' if first else ''}{counts}",
        f"leave only the cluster's nameserver, and let CoreDNS forward to {server.nameserver}",
        "resolv.conf(5), nameserver; musl, res_msend.c",
    )


def _nobody_knows(case: Case, answering: Sequence[Server]) -> Iterator[Finding]:
    seen, domain = case.seen, case.domain
    if domain is None:
        if case.around.in_pod:
            yield _no_cluster_dns(case)
        return
    asked, name = answering[0], kubernetes(domain)
    heard = first_heard(asked, domain)
    if heard.rcode == SERVFAIL:
        is_coredns = seen.schema.rcode == NOERROR and bool(seen.schema.reply and seen.schema.reply.data)
        why = "it serves the cluster's zone, and has not heard of any object" if is_coredns else "it fails"
        yield _finding(
            "cluster-dns-failing",
            "error",
            f"{asked.nameserver} says SERVFAIL to {name}, which every cluster has: {why}",
            f"see whether CoreDNS reaches the API server and may list what is there ({_LOGS})"
            if is_coredns
            else f"see what it forwards to, or why it fails ({_LOGS})",
            "CoreDNS, plugin kubernetes",
        )
        return
    yield _finding(
        "cluster-dns-missing",
        "error",
        f"{asked.nameserver} says {said(heard)} to {name}, which every cluster with the domain {domain} has",
        f"see whether that is the cluster's nameserver ({_CLUSTER_DNS}) and {domain} its domain (its ConfigMap "
        "`coredns`, plugin kubernetes)",
        _REFERENCE,
    )


def _no_cluster_dns(case: Case) -> Finding:
    on_host = case.around.place == "host-network pod"
    why = "on the host's network dnsPolicy ClusterFirst means the node's" if on_host else "as with dnsPolicy Default"
    policy = "ClusterFirstWithHostNet" if on_host else "ClusterFirst"
    return _finding(
        "cluster-domain-unknown",
        "warning",
        f"neither search list nor nameserver is a cluster's ({why}): no Service is found by name",
        f"set dnsPolicy: {policy}, unless this pod is to look up hosts alone",
        'Kubernetes documentation, "DNS for Services and Pods"',
    )


# How the nameservers are reached.


def _transports(case: Case, server: Server) -> Iterator[Finding]:
    nameserver = server.nameserver
    if server.udp.reply is None:
        yield _finding(
            "udp-unanswered",
            "error",
            f"{nameserver} answers over TCP, but not over UDP ({server.udp.problem}), by which every libc asks",
            "let UDP to port 53 through: in NetworkPolicies, firewalls, and the Service's ports",
            "RFC 7766, section 5",
        )
        return
    if server.tcp.reply is None and server.tcp.asked:
        yield _no_tcp(case, server)
    if server.edns.asked and not any(h.reply for h in (server.edns, server.small, server.large, server.larger)):
        yield _finding(
            "edns-unanswered",
            "error",
            f"{nameserver} answers plain questions, but none with EDNS, with which Go, systemd and this library ask",
            "find what drops packets with an OPT record on the way: a firewall, or a proxy of DNS",
            "RFC 6891",
        )
    elif server.large_replies == "lost":
        came = f"one of {server.small.octets} came, and none of more"
        if server.root.asked:
            came = f"one of {server.root_tcp.octets} came over TCP, and not over UDP"
        yield _finding(
            "large-replies-lost",
            "error",
            f"replies of {nameserver} over {SMALL} octets get lost ({came}): programs that ask with EDNS, as Go and "
            "this library do, wait in vain for many addresses or ports",
            "find what drops larger UDP packets of port 53: a firewall's DNS inspection, or the network's MTU; until "
            f"then, CoreDNS's plugin `bufsize {SMALL}` makes it answer over TCP instead",
            "RFC 6891, section 6.2.6",
        )


def _no_tcp(case: Case, server: Server) -> Finding:
    severity: Severity = "warning" if case.has_cluster else "remark"
    refused = server.tcp.problem != Heard().problem
    example = ", as of a headless Service with many pods," if case.has_cluster else ""
    advice = "let it listen on TCP, too" + (": in the Service's and the pods' ports" if case.has_cluster else "")
    if not refused:
        advice = "let TCP to port 53 through, beside UDP: in NetworkPolicies, firewalls, and the Service's ports"
    return _finding(
        "tcp-unanswered",
        "error" if "use-vc" in case.config.flags else severity,
        f"{server.nameserver} answers over UDP, but not over TCP ({server.tcp.problem}): answers that no UDP reply "
        f"holds{example} are not to be had",
        advice,
        "RFC 7766, section 5",
    )


# What the answers are.


def _answers(case: Case) -> Iterator[Finding]:
    seen = case.seen
    if seen.asked is None or seen.domain is None:
        return
    nameserver, name = seen.asked.nameserver, kubernetes(seen.domain)
    heard = first_heard(seen.asked, seen.domain)
    has_address = has_data(heard) or has_data(seen.aaaa)
    if has_data(heard):
        yield from _aaaa(str(nameserver), name, seen.aaaa)
    elif seen.aaaa.asked and not (has_address or heard.is_cut or seen.aaaa.is_cut):
        yield _finding(
            "cluster-dns-missing",
            "error",
            f"{nameserver} says {said(heard)} to A and {said(seen.aaaa)} to AAAA {name}, which has an address in every "
            "cluster",
            f"see why it has none, or fails ({_LOGS})",
            _REFERENCE,
        )
    yield from _missing(str(nameserver), no_such(seen.domain), seen.missing)
    if has_address and seen.srv.rcode in (NOERROR, NXDOMAIN) and not has_data(seen.srv) and not seen.srv.is_cut:
        yield _finding(
            "srv-missing",
            "warning",
            f"{nameserver} says {said(seen.srv)} to SRV _https._tcp.{name}, whose port is called https: ports cannot "
            "be looked up by name",
            "give port numbers, or ask CoreDNS itself",
            f"{_REFERENCE}, section 2.3.2",
        )


def first_heard(server: Server, domain: str) -> Heard:
    """What a nameserver said to `kubernetes.default`, over whichever transport it answers."""
    heard = server.known.get(domain, Heard())
    lacks = heard.reply is None or heard.is_cut
    return server.tcp if lacks and server.tcp.reply is not None and domain == next(iter(server.known)) else heard


def has_data(heard: Heard) -> bool:
    """Whether the reply has records."""
    return heard.reply is not None and bool(heard.reply.data)


def _aaaa(nameserver: str, name: str, heard: Heard, severity: Severity = "error") -> Iterator[Finding]:
    """Find what is wrong with the answer to AAAA for a name that has A."""
    if not heard.asked or heard.rcode == NOERROR:
        return
    if heard.rcode == NXDOMAIN:
        yield _finding(
            "aaaa-nxdomain",
            severity,
            f"{nameserver} says NXDOMAIN to AAAA {name}, which has an A record: musl (Alpine) takes the name for one "
            "that is not there",
            "let it say NODATA: NOERROR without a record, as by CoreDNS's `template ANY AAAA { rcode NOERROR }`",
            "RFC 2308, section 2.2; musl, lookup_name.c",
        )
        return
    silent = heard.reply is None
    costs = "musl (Alpine) reports that the whole lookup failed"
    if silent:
        costs = "glibc waits for it, by default up to 15 s, and musl (Alpine) reports that the whole lookup failed"
    yield _finding(
        "aaaa-failing",
        severity,
        f"{nameserver} {'gives no answer' if silent else f'says {said(heard)}'} to AAAA {name}, which has an A "
        f"record: {costs}",
        "let it say NODATA: NOERROR without a record, as by CoreDNS's `template ANY AAAA { rcode NOERROR }`",
        "RFC 4074",
    )


def _missing(nameserver: str, name: str, heard: Heard) -> Iterator[Finding]:
    """Find what is wrong with the answer to a name that does not exist."""
    if heard.reply is None or heard.rcode == NXDOMAIN or (heard.is_cut and not heard.reply.data):
        return
    if heard.rcode == NOERROR:
        what = "an address" if heard.reply.data else "NODATA"
        yield _finding(
            "missing-name-found",
            "error",
            f"{nameserver} says {what} to {name}, which is not there: the search list ends at the first of its domains"
            + ("" if heard.reply.data else ", in musl (Alpine) and dnspython"),
            "let it say NXDOMAIN: look in the Corefile for a `template`, `file` or `rewrite` for all names",
            "RFC 2308, section 2.1",
        )
    else:
        yield _finding(
            "missing-name-failing",
            "error",
            f"{nameserver} says {said(heard)} to {name}, which is not there, in place of NXDOMAIN: the search list "
            "ends there in musl (Alpine)",
            f"see why it fails ({_LOGS})",
            "RFC 2308, section 2.1",
        )


def _outside(case: Case) -> Iterator[Finding]:
    seen = case.seen
    first = next(server for server in seen.servers if server.answers)
    if has_data(seen.outside):
        if seen.domain is None or seen.aaaa.rcode == NOERROR or first is not seen.asked:
            yield from _aaaa(str(first.nameserver), seen.external, seen.outside_aaaa, "remark")
        return
    if not seen.outside.asked or has_data(seen.outside_aaaa):
        return
    yield _finding(
        "external-missing",
        "warning" if case.stated else "remark",
        f"{first.nameserver} says {said(seen.outside)} to {seen.external}"
        if seen.outside.reply is not None
        else f"{first.nameserver} gives no answer to {seen.external}",
        f"see what {'CoreDNS forwards to (plugin forward)' if case.has_cluster else 'it asks'}; where no way leads "
        "outside, that is as it should be",
    )


def said(heard: Heard) -> str:
    """Write what a nameserver said, or why it said nothing."""
    if heard.reply is None:
        return heard.problem
    if heard.reply.rcode != NOERROR:
        return rcode_name(heard.reply.rcode)
    if heard.reply.data:
        return "an answer"
    if heard.is_cut:
        return "only a truncated reply"
    return "nothing, and for nobody" if heard.reply.lame else "NODATA"


def to_mend(found: Sequence[Finding]) -> list[Finding]:
    """Leave remarks aside."""
    return [finding for finding in found if finding.severity != "remark"]
