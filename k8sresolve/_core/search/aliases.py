"""Aliases whose target a nameserver left out, as CoreDNS may where an answer did not fit (coredns#4684)."""

from __future__ import annotations

from k8sresolve._core.questions import Empty, Found, Question, Results, Round


def unsaid(answers: Results, rdtypes: tuple[int, ...]) -> tuple[Question, ...]:
    """Make the questions about the last alias that the answers leave open.

    They do where neither a record of it came nor an SOA, which says that there is none (RFC 2308, section 2.2). Where
    any type has records nothing more is asked.
    """
    if any(isinstance(answer, Found) for answer in answers):
        return ()
    return tuple(
        Question(answer.chain[-1], rdtype)
        for answer, rdtype in zip(answers, rdtypes, strict=False)
        if isinstance(answer, Empty) and answer.chain and answer.limit <= answer.at
    )


def at_alias(questions: tuple[Question, ...]) -> Round:
    """Ask them; the lookup has an answer without theirs, and so they get no more than a second."""
    return Round(questions, usable=_always)


def _always(_answers: Results) -> bool:
    return True


def completed(answers: Results, rdtypes: tuple[int, ...], questions: tuple[Question, ...], more: Results) -> Results:
    """Put what was found at the last alias in the place of what was left open; anything else changes nothing.

    That nobody answers for it does not either: the nameserver has said what it knows, which is what the C library
    takes, too. What is found lasts no longer than the alias is remembered.
    """
    learnt = {question.rdtype: answer for question, answer in zip(questions, more, strict=True)}
    whole = list(answers)
    for index, (answer, rdtype) in enumerate(zip(answers, rdtypes, strict=False)):
        target = learnt.get(rdtype)
        if isinstance(answer, Empty) and isinstance(target, Found):
            expires = min(target.expires, answer.expires)
            whole[index] = type(target)(
                target.data,
                target.ttl,
                expires,
                answer.chain + target.chain,
                target.glue,
                target.truncated,
                target.exchanges,
                target.at,
            )
    return tuple(whole)
