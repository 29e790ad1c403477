"""The table: all that was looked at, and what was seen there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import ip_address, ip_network
from statistics import median

import attrs

from k8sresolve._core.files.lint import OUTSIDE, count_questions, typical_names
from k8sresolve._core.files.search_list import plain
from k8sresolve._core.wire.rcodes import NOERROR, NXDOMAIN
from k8sresolve._proxies import DNS_CAPTURE, proxy_of
from k8sresolve.config import ResolverConfig
from k8sresolve.doctor.exchanges import Heard
from k8sresolve.doctor.judging import MANY_LOST, Case, first_heard, has_data, said, to_mend
from k8sresolve.doctor.origins import Origins
from k8sresolve.doctor.questions import Seen, Server
from k8sresolve.doctor.records import Check, Mark, ResponseTimes
from k8sresolve.doctor.surroundings import Surroundings
from k8sresolve.findings import Finding

# NodeLocal DNSCache's `local_dns` in its documentation, and in clusters of kubeadm, GKE and AKS.
_NODE_LOCAL = "169.254.20.10"
_LINK_LOCAL = tuple(map(ip_network, ("169.254.0.0/16", "fe80::/10")))
# What AWS, Google and Azure have at such addresses is no cache of the node's.
_CLOUDS = ("169.254.169.253", "169.254.169.254")


def checks(case: Case, found: Sequence[Finding], linted: Sequence[Finding] | None, origins: Origins) -> Iterator[Check]:
    """Tell of everything that was looked at."""
    rules = {finding.rule for finding in found}
    if linted is not None:
        yield _resolv_conf(case.config, [finding for finding in linted if finding in found])
    yield Check("place", "noted", _PLACES[case.around.place])
    yield _cluster_domain(case, rules, origins)
    yield _namespace(case, origins)
    for server in case.seen.servers:
        yield from _server(server, {finding.rule for finding in to_mend(found)})
    yield from _names(case, rules)
    if not case.is_made:
        yield _cost(case.config)
    yield from _times(case.seen)
    if not case.is_made:
        yield Check("dnsPolicy", "noted", dns_policy(case))
    yield Check("NodeLocal", "noted", _node_local(case.config))
    yield Check("mesh", "noted", _mesh(case.around))
    yield Check("program", *_program(case.seen))


_PLACES = {
    "pod": "a pod",
    "host-network pod": "a pod on the host's network",
    "node": "a node, and no pod",
    "elsewhere": "no pod, and no node",
}


def _resolv_conf(config: ResolverConfig, linted: Sequence[Finding]) -> Check:
    bad, count = len(to_mend(linted)), len(linted)
    remarks = f"{count - bad} remark{'s' if count - bad != 1 else ''}"
    if not bad:
        told = "nothing is to mend" + (f", {remarks}" if count else "")
        return Check("resolv.conf", "sound", f"{config.source}: {told}")
    return Check("resolv.conf", "wrong", f"{config.source}: {bad} to mend, {remarks}; the first: {linted[0].problem}")


_BY = {
    "search list": "by the search list",
    "service account": "by the service account's files",
    "environment": "by the environment",
    "given": "as given",
}


def _cluster_domain(case: Case, rules: set[str], origins: Origins) -> Check:
    if case.domain is None:
        told = "not stated" + (f"; the nameserver knows {case.seen.domain}" if case.seen.domain else "")
        return Check("cluster domain", "wrong" if case.around.in_pod else "unknown", told)
    known: Mark = "sound" if case.seen.domain else "unknown"
    wrong = "cluster-domain-wrong" in rules
    return Check("cluster domain", "wrong" if wrong else known, f"{case.domain}, {_BY[origins.cluster_domain]}")


def _namespace(case: Case, origins: Origins) -> Check:
    if case.config.namespace is None:
        return Check("namespace", "unknown", "not stated")
    return Check("namespace", "sound", f"{case.config.namespace}, {_BY[origins.namespace]}")


def _server(server: Server, mended: set[str]) -> Iterator[Check]:
    address = str(server.nameserver)
    yield Check("UDP", "wrong" if server.udp.reply is None else "sound", _reached(server.udp), address)
    without: Mark = "wrong" if mended & {"tcp-unanswered", "nameserver-silent"} else "noted"
    yield Check("TCP", without if server.tcp.reply is None else "sound", _reached(server.tcp), address)
    yield Check("EDNS", *_edns(server), address)


def _reached(heard: Heard) -> str:
    return heard.problem if heard.reply is None else f"answers in {heard.milliseconds:.1f} ms"


def _edns(server: Server) -> tuple[Mark, str]:
    if not server.edns.asked:
        return "unknown", "not tried"
    if not any(heard.reply for heard in (server.edns, server.small, server.large, server.larger)):
        return "wrong", "no answer to a question with EDNS"
    if server.large_replies == "unknown":
        return "sound", "answers; whether replies over 512 octets come through was not tried, as none could be had"
    sizes = [("512", server.small), ("1232", server.large), ("4096", server.larger)]
    if server.root.asked:
        sizes = [("1232", server.root)]
    told = ", ".join(f"{size}: {f'{heard.octets} octets' if heard.reply else 'lost'}" for size, heard in sizes)
    if server.large_replies == "lost":
        return "wrong", f"replies over 512 octets get lost (with size {told})"
    return "sound", f"replies over 512 octets come through (with size {told})"


def _names(case: Case, rules: set[str]) -> Iterator[Check]:
    seen = case.seen
    if seen.asked is None:
        return
    address = str(seen.asked.nameserver)
    domain = seen.domain or case.domain
    if domain is None:
        yield Check(
            "kubernetes.default", "wrong" if case.around.in_pod else "unknown", "no cluster's DNS is seen", address
        )
    else:
        heard = first_heard(seen.asked, domain)
        if not has_data(heard) and has_data(seen.aaaa):
            heard = seen.aaaa
        yield Check("kubernetes.default", "wrong" if seen.domain is None else _found(heard), _answer(heard), address)
    if seen.srv.asked:
        yield Check(
            "SRV",
            "wrong" if "srv-missing" in rules else "sound" if has_data(seen.srv) else "unknown",
            f"port https of kubernetes.default: {_srv(seen.srv)}",
            address,
        )
    if seen.aaaa.asked:
        aaaa = _found(seen.aaaa)
        if aaaa == "wrong" and seen.aaaa.rcode == NOERROR:
            aaaa = "sound"  # NODATA
        yield Check("AAAA", aaaa, f"of kubernetes.default: {_answer(seen.aaaa)}", address)
    if seen.missing.asked:
        bad = bool(rules & {"missing-name-found", "missing-name-failing"})
        mark: Mark = "wrong" if bad else "sound" if seen.missing.rcode == NXDOMAIN else "unknown"
        yield Check("NXDOMAIN", mark, f"of a Service that is not there: {_answer(seen.missing)}", address)
    if seen.outside.asked:
        first = next(server for server in seen.servers if server.answers)
        there = has_data(seen.outside) or has_data(seen.outside_aaaa)
        mark = "sound" if there else "wrong" if case.stated else "noted"
        more = "" if there or case.stated else " (no fault where no way leads outside)"
        answer = seen.outside if has_data(seen.outside) or not there else seen.outside_aaaa
        yield Check("external name", mark, f"{seen.external} {_answer(answer)}{more}", str(first.nameserver))


def _found(heard: Heard) -> Mark:
    return "sound" if has_data(heard) else "unknown" if heard.is_cut else "wrong"


def _answer(heard: Heard) -> str:
    if heard.reply is not None and heard.reply.data:
        return ", ".join(map(str, heard.reply.data[:4])) + (", ..." if len(heard.reply.data) > 4 else "")
    return said(heard)


def _srv(heard: Heard) -> str:
    if heard.reply is not None and heard.reply.data:
        return str(heard.reply.data[0].port)
    return said(heard)


def _cost(config: ResolverConfig) -> Check:
    """Count by the search code itself what a host outside costs a libc, and what would save that."""
    names = {OUTSIDE: typical_names(config)[OUTSIDE]}
    now = count_questions(names, config, "glibc")[OUTSIDE]
    fewer = count_questions(names, attrs.evolve(config, ndots=min(config.ndots, 2)), "glibc")[OUTSIDE]
    full = count_questions({f"{OUTSIDE}.": f"{OUTSIDE}."}, config, "glibc")[f"{OUTSIDE}."]
    told = f"{OUTSIDE} costs a libc {now} questions with ndots:{config.ndots}"
    saves = [f"{fewer} with ndots:2"] if fewer < now else []
    saves += [f"{full} with a dot at its end"] if full < now else []
    return Check("search list", "noted", "; ".join([told, " and ".join(saves)]) if saves else told)


def response_times(seen: Seen) -> ResponseTimes:
    """Sum up the questions that were asked one by one."""
    asked = [heard for heard in seen.samples if heard.asked]
    if not asked or seen.asked is None:
        return ResponseTimes()
    took = [heard.milliseconds for heard in asked if heard.reply is not None]
    middle, most = (round(median(took), 3), round(max(took), 3)) if took else (None, None)
    return ResponseTimes(str(seen.asked.nameserver), middle, most, len(asked) - len(took), len(asked))


def _times(seen: Seen) -> Iterator[Check]:
    times = response_times(seen)
    if not times.asked:
        return
    mark: Mark = "wrong" if times.lost >= MANY_LOST else "noted" if times.lost else "sound"
    told = "" if times.median is None else f"median {times.median:.1f} ms, slowest {times.slowest:.1f} ms, "
    yield Check("response times", mark, f"{told}lost {times.lost} of {times.asked}", times.nameserver)


def dns_policy(case: Case) -> str:
    """Guess the pod's dnsPolicy, by what the kubelet writes for each (pkg/kubelet/network/dns/dns.go)."""
    config, around = case.config, case.around
    if not around.in_pod:
        return "none: this is no pod"
    on_host = around.place == "host-network pod"
    if config.namespace is not None and config.cluster_domain is not None:
        domain = plain(config.cluster_domain)
        written = [f"{config.namespace}.svc.{domain}", f"svc.{domain}", domain]
        if [plain(entry) for entry in config.search[:3]] == written:
            policy = "ClusterFirstWithHostNet" if on_host else "ClusterFirst"
            return f"{policy}, as it seems" + ("" if config.ndots == 5 else f", with ndots:{config.ndots} by dnsConfig")
    if any(".svc." in f".{plain(entry)}." for entry in config.search):
        return "None with a dnsConfig, as it seems"
    if on_host:
        return "ClusterFirst or Default, which are the same on the host's network, as it seems"
    return "Default, or None with a dnsConfig, as it seems"


def _node_local(config: ResolverConfig) -> str:
    addresses = [server.address for server in config.nameservers]
    if _NODE_LOCAL in addresses:
        return f"seen: {_NODE_LOCAL} is its usual address"
    for address in addresses:
        if address not in _CLOUDS and any(ip_address(address) in network for network in _LINK_LOCAL):
            return f"perhaps: {address} is an address of this node alone"
    return "not seen; one that takes the Service's own address cannot be told from CoreDNS"


def _mesh(around: Surroundings) -> str:
    if DNS_CAPTURE in around.ports:
        return f"seen: port {DNS_CAPTURE} is open, where Istio's agent takes the pod's questions and answers them"
    proxy = proxy_of(around.ports)
    if proxy is not None:
        return f"seen: a proxy of {proxy} takes this pod's connections; its questions, as far as can be seen, not"
    return "not seen"


def _program(seen: Seen) -> tuple[Mark, str]:
    if seen.asked is None:
        return "unknown", "not tried"
    told: list[str] = []
    if seen.version.reply is not None and seen.version.reply.data:
        told.append(f"{seen.version.reply.data[0]}, as version.bind says")
    elif seen.version.asked:
        told.append("it does not tell its version")
    if seen.schema.reply is not None and seen.schema.reply.data:
        told.append(f"records by version {str(seen.schema.reply.data[0]).strip(chr(34))} of the DNS specification")
    if seen.soa.reply is not None and seen.soa.reply.data:
        source, _, rest = str(seen.soa.reply.data[0]).partition(" ")
        told.append(f"zone of {source}" + (", as CoreDNS has it" if _is_coredns(source, rest) else ""))
    return "noted", "; ".join(told)


def _is_coredns(source: str, rest: str) -> bool:
    """Whether an SOA is as CoreDNS's plugin kubernetes makes it: `ns.dns.ZONE. hostmaster.ZONE.`."""
    zone = source.removeprefix("ns.dns.")
    return zone != source and rest.startswith(f"hostmaster.{zone} ")
