"""CoreDNS's `rewrite` plugin, as far as it is about names: questions are changed on the way in, replies on the way out.

Rules for types, classes, TTLs, EDNS options and rcodes are not modelled.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Literal, NamedTuple, assert_never, get_args

from k8sresolve._core.wire.names import Unsendable
from k8sresolve._core.wire.rcodes import SERVFAIL
from k8sresolve.testing.coredns.chain import Chain, Plugin, Reply, Request, unwritten
from k8sresolve.testing.coredns.corefile import Directive, Token
from k8sresolve.testing.coredns.names import fqdn, name_to_wire
from k8sresolve.testing.coredns.records import Record
from k8sresolve.testing.coredns.setup import Block, Specification

Change = Callable[[str], str]
"""Makes another name of a name, or gives it back."""


class AnswerRule(NamedTuple):
    """Changes the owners of records (`value` False), or the names in their data."""

    change: Change
    value: bool

    def apply(self, record: Record) -> Record:
        """Change a record."""
        if not self.value:
            return record._replace(name=self.change(record.name))
        at = next((index for index, part in enumerate(record.rdata) if isinstance(part, str)), None)
        if at is None:
            return record
        name = self.change(str(record.rdata[at]))
        return record._replace(rdata=(*record.rdata[:at], name, *record.rdata[at + 1 :]))


class NameRule(NamedTuple):
    """One rule. `match` gives the new name, or None; `answers` are for the reply.

    With `auto`, the reply's names are changed back. `go_on` tries the rules behind it, too.
    """

    match: Callable[[str], str | None]
    answers: Sequence[AnswerRule] = ()
    auto: bool = False
    go_on: bool = False


class Rewrite:
    """The plugin."""

    def __init__(self, rules: Sequence[NameRule]) -> None:
        self._rules = rules

    def answer(self, request: Request, rest: Chain) -> Reply:
        """Rewrite the question, have it answered, and rewrite the reply."""
        answers: list[AnswerRule] = []
        asked = request.name
        for rule in self._rules:
            name = request.name.lower()
            changed = rule.match(name)
            if changed is None:
                continue
            if not _is_name(changed):
                return unwritten(SERVFAIL)
            request = request._replace(name=changed)
            if rule.auto:
                back = _remap(changed, name)
                answers += [AnswerRule(back, value=False), AnswerRule(back, value=True)]
            answers += rule.answers
            if not rule.go_on:
                break
        else:
            if not answers and request.name != asked:
                # CoreDNS puts the question back only where a rule says `stop` or is about the reply.
                return rest.answer(request)._replace(question=request.name)
        reply = rest.answer(request)
        return _rewritten(reply, answers[::-1]) if answers else reply


def _is_name(name: str) -> bool:
    try:
        name_to_wire(name if name.endswith(".") else f"{name}.")
    except Unsendable:
        return False
    return True


def _rewritten(reply: Reply, rules: Sequence[AnswerRule]) -> Reply:
    def records(section: Sequence[Record]) -> tuple[Record, ...]:
        changed: list[Record] = []
        for record in section:
            for rule in rules:
                record = rule.apply(record)  # noqa: PLW2901 - one rule after the other
            changed.append(record)
        return tuple(changed)

    return reply._replace(
        answer=records(reply.answer), authority=records(reply.authority), additional=records(reply.additional)
    )


def _remap(old: str, new: str) -> Change:
    """Make a change of one name into another, and of the names below it."""

    def change(name: str) -> str:
        if name == old:
            return new
        return name[: -len(old)] + new if name.endswith("." + old) else name

    return change


def _suffix(old: str, new: str) -> Change:
    """Make a change of a name's end, which may be in the middle of a label."""
    return lambda name: name[: len(name) - len(old)] + new if name.endswith(old) else name


def _substitute(expression: "re.Pattern[str]", template: str) -> Change:
    """Make a change by a regular expression, found anywhere; `{1}` in the template stands for its first group."""

    def change(name: str) -> str:
        found = expression.search(name)
        if found is None:
            return name
        text = template
        for number, group in enumerate((found[0], *found.groups())):
            text = text.replace(f"{{{number}}}", group or "")
        return text

    return change


# Reading rules.

_OTHER_RULES = ("class", "type", "edns0", "ttl", "cname", "rcode")
_Match = Literal["exact", "prefix", "suffix", "substring", "regex"]


def _read_rule(directive: Directive, note: Callable[[str, Token], None]) -> NameRule | None:
    """Read `rewrite [stop|continue] name [KIND] FROM TO [answer ...]`; None for a rule that is not about names.

    Raises `ManifestError`.
    """
    inner = (token for option in directive.block for token in (option.token, *option.arguments))
    words = [*directive.arguments, *inner]
    go_on = False
    if words and words[0].text.lower() in ("stop", "continue"):
        go_on = words.pop(0).text.lower() == "continue"
    kind = words[0].text.lower() if words else ""
    if kind in _OTHER_RULES:
        note(f"rewrite {kind}", directive.token)
        return None
    if kind != "name":
        raise directive.token.error(f"a rule for rewrite starts with name, not {kind!r}")
    words = words[1:]
    if len(words) < 2:
        raise directive.token.error("rewrite name needs two names")
    match = _read_match(words.pop(0), directive) if len(words) > 2 else "exact"
    old, new, *rest = words
    answers, auto = _answer_rules(rest)
    return _rule(match, old, new, tuple(answers), auto=auto)._replace(go_on=go_on)


def _read_match(token: Token, directive: Directive) -> _Match:
    match token.text.lower():
        case "exact" | "prefix" | "suffix" | "substring" | "regex" as known:
            return known
        case other:
            raise directive.token.error(f"rewrite name {other!r} is none of {', '.join(get_args(_Match))}")


def _normal(token: Token) -> str:
    return fqdn(token.text.lower())


def _rule(kind: _Match, old: Token, new: Token, answers: tuple[AnswerRule, ...], *, auto: bool) -> NameRule:
    """Make a rule. Names are absolute even where only a part of a name is meant, as CoreDNS takes them."""
    before, after = _normal(old), _normal(new)
    match kind:
        case "exact":
            return NameRule(_where(lambda name: name == before, lambda _: after), answers, auto=True)
        case "prefix":
            change = _where(lambda name: name.startswith(before), lambda name: after + name[len(before) :])
        case "suffix":
            change = _where(lambda name: name.endswith(before), _suffix(before, after))
            if auto:
                back = _suffix(after, before)
                answers = (AnswerRule(back, value=False), AnswerRule(back, value=True), *answers)
            return NameRule(change, answers)
        case "substring":
            change = _where(lambda name: before in name, lambda name: name.replace(before, after))
        case "regex":
            expression = _compiled(old, new)
            change = _where(lambda name: expression.search(name) is not None, _substitute(expression, after))
        case _:
            assert_never(kind)
    return NameRule(change, answers, auto)


def _where(fits: Callable[[str], bool], change: Change) -> Callable[[str], str | None]:
    return lambda name: change(name) if fits(name) else None


def _compiled(old: Token, new: Token) -> "re.Pattern[str]":
    try:
        # Go's `$` is the text's very end.
        expression = re.compile(re.sub(r"(?<!\\)\$$", r"\\Z", old.text))
    except (re.error, OverflowError, RecursionError) as problem:
        raise old.error(f"{old.text!r} is no regular expression: {problem}") from None
    if len({int(number) for number in re.findall(r"\{(\d{1,3})\}", new.text)}) > expression.groups:
        raise new.error(f"{new.text!r} has more groups than {old.text!r}")
    return expression


def _answer_rules(words: Sequence[Token]) -> tuple[list[AnswerRule], bool]:
    """Read `answer auto`, and `answer name|value REGEX TO`; `answer` may be left out from the second on."""
    rules: list[AnswerRule] = []
    auto = False
    rest = list(words)
    if rest and rest[0].text != "answer":
        raise rest[0].error("only `answer` may follow the two names")
    while rest:
        word = rest.pop(0)
        if word.text == "answer" and rest:
            word = rest.pop(0)
        if word.text == "auto":
            auto = True
        elif word.text in ("name", "value") and len(rest) >= 2:
            old, new = rest.pop(0), rest.pop(0)
            change = _substitute(_compiled(old, new), _normal(new))
            rules.append(AnswerRule(change, value=word.text == "value"))
        else:
            raise word.error("an answer rule is auto, or name or value with an expression and a name")
    if auto and any(not rule.value for rule in rules):
        raise words[0].error("answer auto and answer name exclude each other")
    return rules, auto


def _set_up(block: Block, directives: Sequence[Directive]) -> Iterator[Plugin]:
    rules = [rule for directive in directives if (rule := _read_rule(directive, block.note)) is not None]
    if rules:
        yield Rewrite(rules)


SPECIFICATION = Specification("rewrite", _set_up, options=frozenset({"name"}))
