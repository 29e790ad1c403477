"""A reply on its way out: each rule changes each record, and one for aliases what stands behind them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from k8sresolve._core.questions import CNAME
from k8sresolve.testing.coredns.chain import Reply, Sender
from k8sresolve.testing.coredns.plugins.rewrite.rules import CnameRule, RcodeRule, ReplyRule
from k8sresolve.testing.coredns.records import Record

Ask = Callable[[str], Reply]
"""Asks the server for another name, by the type of the question."""


@dataclass(eq=False)
class _Place:
    """A record that rules change where it stands, as CoreDNS's do."""

    record: Record


def rewritten(reply: Reply, rules: Sequence[ReplyRule], ask: Ask) -> Reply:
    """Apply rules, the first one first."""
    authority, given, additional = (
        [_Place(record) for record in section] for section in (reply.authority, reply.answer, reply.additional)
    )
    answer, marks = given, reply.marks
    for place in (*authority, *given, *additional):
        for rule in rules:
            if not isinstance(rule, CnameRule):
                place.record = rule.record(place.record)
            elif (led := _led(place.record, rule)) is not None:
                behind = ask(led[1])
                if behind.sender != "nobody":
                    answer = _elsewhere(answer, *led, behind)
                    marks = marks._replace(truncated=behind.marks.truncated)
    # The reply of nobody's making is made here, so that it is a plugin's.
    sender: Sender = "plugin" if reply.sender in ("server", "error") else reply.sender
    return reply._replace(
        rcode=_rcode(reply, rules),
        sender=sender,
        answer=_records(answer),
        authority=_records(authority),
        additional=_records(additional),
        marks=marks,
    )


def _led(record: Record, rule: CnameRule) -> tuple[str, str] | None:
    """Tell the target of an alias, and the one that a rule gives it."""
    if record.rdtype != CNAME:
        return None
    old = str(record.rdata[0])
    new = rule.target(old)
    return None if new is None else (old, new)


def _elsewhere(answer: Sequence[_Place], old: str, new: str, behind: Reply) -> list[_Place]:
    """Keep the aliases up to the one that is led elsewhere, and put behind them what is there."""
    kept: list[_Place] = []
    for place in answer:
        if place.record.rdtype == CNAME:
            kept.append(place)
            if place.record.rdata[0] == old:
                place.record = place.record._replace(rdata=(new,))
                break
    return [*kept, *map(_Place, behind.answer)]


def _records(places: Sequence[_Place]) -> tuple[Record, ...]:
    return tuple(place.record for place in places)


def _rcode(reply: Reply, rules: Sequence[ReplyRule]) -> int:
    """CoreDNS goes through the rules once for each record, those for rcodes among them."""
    rcode = reply.rcode
    for _ in range(len(reply.answer) + len(reply.authority) + len(reply.additional) or 1):
        for rule in rules:
            if isinstance(rule, RcodeRule) and rcode == rule.old:
                rcode = rule.new
    return rcode
