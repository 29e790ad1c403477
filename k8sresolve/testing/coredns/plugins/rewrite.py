"""CoreDNS's `rewrite` plugin: questions are changed on the way in, replies on the way out.

Rules for the targets of aliases are not modelled.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Literal, NamedTuple, TypeAlias, assert_never, get_args

from k8sresolve._core.wire.names import Unsendable
from k8sresolve._core.wire.rcodes import SERVFAIL
from k8sresolve.testing.coredns.chain import Chain, Plugin, Reply, Request, Sender, unwritten
from k8sresolve.testing.coredns.corefile import Directive, Token
from k8sresolve.testing.coredns.edns_options import (
    NotModelled,
    OptionRule,
    echoed_options,
    joined_options,
    read_option_rule,
    split_options,
)
from k8sresolve.testing.coredns.messages import OWN_PAYLOAD
from k8sresolve.testing.coredns.names import fqdn, name_to_wire
from k8sresolve.testing.coredns.records import Record
from k8sresolve.testing.coredns.setup import Block, Specification
from k8sresolve.testing.coredns.words import read_class, read_rcode, read_regex, read_type

Change = Callable[[str], str]
"""Makes another name of a name, or gives it back."""


class AnswerRule(NamedTuple):
    """Changes the owners of records (`value` False), or the names in their data."""

    change: Change
    value: bool

    def record(self, record: Record) -> Record:
        """Change a record."""
        if not self.value:
            return record._replace(name=self.change(record.name))
        at = next((index for index, part in enumerate(record.rdata) if isinstance(part, str)), None)
        if at is None:
            return record
        name = self.change(str(record.rdata[at]))
        return record._replace(rdata=(*record.rdata[:at], name, *record.rdata[at + 1 :]))


class TtlRule(NamedTuple):
    """Keeps TTLs within bounds."""

    least: int
    most: int

    def record(self, record: Record) -> Record:
        """Change a record."""
        return record._replace(ttl=min(max(record.ttl, self.least), self.most))


class RcodeRule(NamedTuple):
    """Makes one rcode another."""

    old: int
    new: int

    def record(self, record: Record) -> Record:
        """Leave a record as it is."""
        return record


ReplyRule: TypeAlias = AnswerRule | TtlRule | RcodeRule


class Applied(NamedTuple):
    """What a rule makes of a request, and how the reply is changed. Where nothing is `done`, the next rule is asked.

    With `restored`, the question is put back in the reply.
    """

    request: Request
    replies: Sequence[ReplyRule] = ()
    done: bool = True
    restored: bool = False


class NameRule(NamedTuple):
    """A rule for names. `match` gives the new name, or None; `replies` are for the reply.

    With `auto`, the reply's names are changed back. `go_on` tries the rules behind it, too.
    """

    match: Callable[[str], str | None]
    replies: Sequence[ReplyRule] = ()
    auto: bool = False
    go_on: bool = False

    def apply(self, request: Request) -> Applied | None:
        """Change a request, and say how the reply is changed; None where the rule is not for it."""
        name = request.name.lower()
        changed = self.match(name)
        if changed is None:
            return None
        back = _remap(changed, name)
        undone = (AnswerRule(back, value=False), AnswerRule(back, value=True)) if self.auto else ()
        return Applied(request._replace(name=changed), (*undone, *self.replies))


class FieldRule(NamedTuple):
    """A rule for the question's type or class."""

    field: Literal["rdtype", "rdclass"]
    old: int
    new: int
    go_on: bool = False

    def apply(self, request: Request) -> Applied | None:
        """Change a request, or say None where the rule is not for it."""
        if getattr(request, self.field) != self.old:
            return None
        if self.field == "rdtype":
            return Applied(request._replace(rdtype=self.new))
        return Applied(request._replace(rdclass=self.new))


class ForReply(NamedTuple):
    """A rule that leaves the question as it is: for names that fit, it changes the reply."""

    fits: Callable[[str], bool]
    reply: ReplyRule
    go_on: bool = False

    def apply(self, request: Request) -> Applied | None:
        """Say how the reply is changed, or None where the rule is not for it."""
        return Applied(request, (self.reply,)) if self.fits(request.name.lower()) else None


class EdnsRule(NamedTuple):
    """A rule for the query's EDNS options. It gives a query an OPT record that has none."""

    rule: OptionRule
    go_on: bool = False

    def apply(self, request: Request) -> Applied:
        """Change a request."""
        if request.options is None:
            request = request._replace(options=b"", room=max(request.room, OWN_PAYLOAD))
        options = self.rule.apply(list(split_options(request.options or b"")), request)
        if options is None:
            return Applied(request, done=False)
        if self.rule.revert:
            return Applied(request, restored=True)
        return Applied(request._replace(options=joined_options(options)))


Rule: TypeAlias = NameRule | FieldRule | ForReply | EdnsRule


class Rewrite:
    """The plugin."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = rules
        options = [rule.rule for rule in rules if isinstance(rule, EdnsRule)]
        self._for_options = bool(options)
        # CoreDNS gives back what rules are for.
        self._known = frozenset(rule.code for rule in options if rule.local)

    def answer(self, request: Request, rest: Chain) -> Reply:
        """Rewrite the question, have it answered, and rewrite the reply."""
        asked, rules, restored = request, list[ReplyRule](), False
        for rule in self._rules:
            applied = rule.apply(request)
            if applied is None:
                continue
            request = applied.request
            if not applied.done:
                continue
            if not _is_name(request.name):
                return unwritten(SERVFAIL)
            rules += applied.replies
            restored = restored or applied.restored or not rule.go_on
            if not rule.go_on:
                break
        reply = rest.answer(request)
        if rules:
            reply = _rewritten(reply, rules[::-1])
        elif not restored:
            # CoreDNS puts the question back only where a rule says `stop` or is about the reply.
            reply = _unrestored(reply, asked, request)
        if self._for_options and request.options is not None:
            return reply.marked(options=echoed_options(request.options, self._known))
        return reply


def _unrestored(reply: Reply, asked: Request, request: Request) -> Reply:
    if request.name != asked.name:
        reply = reply._replace(question=request.name)
    return reply if request.rdtype == asked.rdtype else reply.marked(rdtype=request.rdtype)


def _is_name(name: str) -> bool:
    try:
        name_to_wire(name if name.endswith(".") else f"{name}.")
    except Unsendable:
        return False
    return True


def _rewritten(reply: Reply, rules: Sequence[ReplyRule]) -> Reply:
    def records(section: Sequence[Record]) -> tuple[Record, ...]:
        changed: list[Record] = []
        for record in section:
            for rule in rules:
                record = rule.record(record)  # noqa: PLW2901 - one rule after the other
            changed.append(record)
        return tuple(changed)

    answer, authority, additional = map(records, (reply.answer, reply.authority, reply.additional))
    # CoreDNS goes through the rules once for each record, those for rcodes among them.
    rcode = reply.rcode
    for _ in range(len(answer) + len(authority) + len(additional) or 1):
        for rule in rules:
            if isinstance(rule, RcodeRule) and rcode == rule.old:
                rcode = rule.new
    # The reply of nobody's making is made here, so that it is a plugin's.
    sender: Sender = "plugin" if reply.sender == "server" else reply.sender
    return reply._replace(rcode=rcode, sender=sender, answer=answer, authority=authority, additional=additional)


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

_Match = Literal["exact", "prefix", "suffix", "substring", "regex"]
_TTL = re.compile(r"(?P<least>\d{0,10})(?P<dash>-)?(?P<most>\d{0,10})")
_MAX_TTL, _MAX_UINT32 = 0x7FFFFFFF, 0xFFFFFFFF


def _read_rule(directive: Directive, note: Callable[[str, Token], None]) -> Rule | None:
    """Read `rewrite [stop|continue] KIND ...`; None for a kind that is not modelled. Raises `ManifestError`."""
    # Words in braces count where fewer than two stand before them.
    inner = (token for option in directive.block for token in (option.token, *option.arguments))
    words = [*directive.arguments, *(inner if len(directive.arguments) < 2 else ())]
    go_on = False
    if words and words[0].text.lower() in ("stop", "continue"):
        go_on = words.pop(0).text.lower() == "continue"
    kind = words.pop(0).text.lower() if words else ""
    match kind:
        case "name":
            rule: Rule = _read_name_rule(words, directive)
        case "type" | "class":
            rule = _read_field_rule(kind, words, directive)
        case "ttl":
            rule = _read_reply_rule(kind, words, 1, directive)
        case "rcode":
            rule = _read_reply_rule(kind, words, 2, directive)
        case "edns0":
            try:
                rule = EdnsRule(read_option_rule(words, directive.token))
            except NotModelled as variable:
                note(f"rewrite edns0 with {variable}", directive.token)
                return None
        case "cname":
            note("rewrite cname", directive.token)
            return None
        case _:
            raise directive.token.error(f"rewrite {kind!r} is none of name, type, class, ttl, rcode, edns0, cname")
    return rule._replace(go_on=go_on)


def _read_field_rule(kind: str, words: Sequence[Token], directive: Directive) -> FieldRule:
    """Read `type FROM TO`, or `class FROM TO`."""
    if len(words) != 2:
        raise directive.token.error(f"rewrite {kind} takes two words, not {len(words)}")
    if kind == "type":
        old, new = (read_type(word, any_case=True) for word in words)
        return FieldRule("rdtype", old, new)
    old, new = (read_class(word, any_case=True) for word in words)
    return FieldRule("rdclass", old, new)


def _read_reply_rule(kind: str, words: list[Token], values: int, directive: Directive) -> ForReply:
    """Read `ttl [KIND] NAME LEAST-MOST`, or `rcode [KIND] NAME FROM TO`: the name is as it was, the reply is not."""
    if not values < len(words) <= values + 2:
        raise directive.token.error(f"rewrite {kind} takes {values + 1} or {values + 2} words, not {len(words)}")
    match = _read_match(words.pop(0), directive) if len(words) == values + 2 else "exact"
    name, *rest = words
    reply: ReplyRule = _read_ttl(rest[0]) if kind == "ttl" else RcodeRule(*_rcodes(rest))
    return ForReply(_fits(match, name), reply)


def _rcodes(words: Sequence[Token]) -> tuple[int, int]:
    old, new = (read_rcode(word, any_case=True) for word in words)
    return old, new


def _read_ttl(token: Token) -> TtlRule:
    """Read `TTL`, `LEAST-MOST`, `LEAST-` or `-MOST`."""
    found = _TTL.fullmatch(token.text)
    if found is None or not (found["least"] or found["most"]):
        raise token.error(f"{token.text!r} is no TTL, such as 5-30")
    least = int(found["least"] or 0)
    most = (int(found["most"]) if found["most"] else _MAX_TTL) if found["dash"] else least
    if not least <= most <= _MAX_UINT32:
        raise token.error(f"{token.text!r} is no range of TTLs")
    return TtlRule(least, most)


def _fits(match: _Match, name: Token) -> Callable[[str], bool]:
    """Say which names a rule for the reply is for."""
    text = _normal(name)
    match match:
        case "exact":
            return lambda asked: asked == text
        case "prefix":
            return lambda asked: asked.startswith(text)
        case "suffix":
            return lambda asked: asked.endswith(text)
        case "substring":
            return lambda asked: text in asked
        case "regex":
            expression = read_regex(name, name.text)
            return lambda asked: expression.search(asked) is not None
        case _:
            assert_never(match)


def _read_name_rule(words: list[Token], directive: Directive) -> NameRule:
    """Read `name [KIND] FROM TO [answer ...]`."""
    if len(words) < 2:
        raise directive.token.error("rewrite name needs two names")
    match = _read_match(words.pop(0), directive) if len(words) > 2 else "exact"
    old, new, *rest = words
    answers, auto = _answer_rules(rest)
    return _rule(match, old, new, tuple(answers), auto=auto)


def _read_match(token: Token, directive: Directive) -> _Match:
    match token.text.lower():
        case "exact" | "prefix" | "suffix" | "substring" | "regex" as known:
            return known
        case other:
            raise directive.token.error(f"{other!r} is none of {', '.join(get_args(_Match))}")


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
    expression = read_regex(old, old.text)
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


SPECIFICATION = Specification("rewrite", _set_up, options=frozenset({"name", "type", "class", "ttl", "rcode", "edns0"}))
