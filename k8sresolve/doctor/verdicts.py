"""All of it in one line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from k8sresolve.doctor.judging import Case, problems, to_mend
from k8sresolve.doctor.questions import Seen, domains_of
from k8sresolve.doctor.records import State
from k8sresolve.findings import Finding, worst_first


def together(own: Iterable[Finding], linted: Iterable[Finding], seen: Seen) -> tuple[Finding, ...]:
    """Sort what was found, the worst first; what the file made doubtful, and a nameserver has answered, is left out.

    That none is stated stands before what is said of the one that a libc asks then.
    """
    answered = {server.nameserver.address for server in seen.servers if server.answers}
    left = [f for f in linted if f.rule != "nameserver-outside" or f.problem.partition(" ")[0] not in answered]
    causes = [finding for finding in left if finding.rule == "nameserver-missing"]
    return worst_first([*causes, *own, *(finding for finding in left if finding not in causes)])


def state_of(seen: Seen, found: Sequence[Finding]) -> State:
    """Tell whether anything is to mend."""
    if not any(server.answers for server in seen.servers):
        return "unanswered"
    return "to mend" if to_mend(found) else "sound"


def verdict(case: Case, found: Sequence[Finding]) -> str:
    """Sum it up."""
    seen = case.seen
    answering = [server for server in seen.servers if server.answers]
    if not answering:
        told = "; ".join(f"{server.nameserver} ({problems(server)})" for server in seen.servers)
        if any(finding.rule == "nameserver-missing" for finding in found):
            return f"no nameserver is stated, so that a libc asks {told}, where nobody answers"
        at_hand = case.seen.usual
        there = f"; {at_hand[0]} does, where many clusters have theirs" if at_hand and at_hand[1].reply else ""
        return f"no nameserver answers: {told}{there}"
    wrong = to_mend(found)
    if wrong:
        more = f" (and {len(wrong) - 1} more to mend)" if len(wrong) > 1 else ""
        return f"to mend: {wrong[0].problem}{more}"
    if seen.domain is not None and (case.domain is not None or case.is_made):
        return f"sound: {seen.asked.nameserver if seen.asked else ''} knows the cluster domain {seen.domain}"
    tried = f"this is no pod, and {answering[0].nameserver} is sound for hosts"
    if seen.domain is not None:
        return f"{tried}; it knows the cluster domain {seen.domain}, to which no search list leads"
    if case.is_made:
        guessed = domains_of(case.config, in_pod=False)[0]
        return f"{tried}; it does not know {guessed}: if it is a cluster's, state the cluster domain"
    return f"{tried}; to examine a cluster from here, name the address of one of its CoreDNS pods"
