"""Reading rules from the words of a directive."""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Literal, assert_never, get_args

from k8sresolve.testing.coredns.chain import Request
from k8sresolve.testing.coredns.corefile import Directive, Token
from k8sresolve.testing.coredns.edns_options import NotModelled, read_option_rule
from k8sresolve.testing.coredns.names import fqdn
from k8sresolve.testing.coredns.plugins.rewrite.rules import (
    AnswerRule,
    Change,
    CnameRule,
    EdnsRule,
    FieldRule,
    ForReply,
    NameRule,
    RcodeRule,
    ReplyRule,
    Rule,
    TtlRule,
    substitute,
    suffix,
)
from k8sresolve.testing.coredns.regular_expressions import Match, Regex
from k8sresolve.testing.coredns.setup import Block
from k8sresolve.testing.coredns.words import read_class, read_rcode, read_regex, read_type
from k8sresolve.testing.versions import REWRITE_METADATA

_Match = Literal["exact", "prefix", "suffix", "substring", "regex"]
_TTL = re.compile(r"(?P<least>\d{0,10})(?P<dash>-)?(?P<most>\d{0,10})")
_PLACES = re.compile(r"([^{]+)|(\{)([^}]*)(\}?)")
_MAX_TTL, _MAX_UINT32 = 0x7FFFFFFF, 0xFFFFFFFF


def read_rule(directive: Directive, block: Block) -> Rule | None:
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
            rule: Rule = _read_name_rule(words, directive, with_metadata=block.coredns.has(REWRITE_METADATA))
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
                block.note(f"rewrite edns0 with {variable}", directive.token)
                return None
        case "cname":
            rule = _read_cname_rule(words, directive)
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


def _read_cname_rule(words: list[Token], directive: Directive) -> ForReply:
    """Read `cname [KIND] FROM TO`: aliases that lead to FROM lead to TO."""
    if len(words) not in (2, 3):
        raise directive.token.error(f"rewrite cname takes two or three words, not {len(words)}")
    match = _read_match(words.pop(0), directive) if len(words) == 3 else "exact"
    # An empty word has no effect, but for whole names, where it is the root.
    acts = match == "exact" or all(word.text for word in words)

    def fits(_name: str) -> bool:
        return acts

    return ForReply(fits, CnameRule(_targets(match, words[0], words[1].text.lower())))


def _targets(match: _Match, old: Token, new: str) -> Callable[[str], str | None]:
    """Say where aliases lead. But for whole names, words are taken as they stand: a name may lack its dot."""
    text = old.text.lower()
    match match:
        case "exact":
            return lambda target: fqdn(new) if target == fqdn(text) else None
        case "prefix":
            return _where(lambda target: target.startswith(text), lambda target: new + target[len(text) :])
        case "suffix":
            return _where(lambda target: target.endswith(text), suffix(text, new))
        case "substring":
            return _where(lambda target: text in target, lambda target: target.replace(text, new))
        case "regex":
            expression = read_regex(old, text)
            return _where(lambda target: expression.search(target) is not None, substitute(expression, new))
        case _:
            assert_never(match)


def _read_name_rule(words: list[Token], directive: Directive, *, with_metadata: bool) -> NameRule:
    """Read `name [KIND] FROM TO [metadata] [answer ...]`."""
    if len(words) < 2:
        raise directive.token.error("rewrite name needs two names")
    match = _read_match(words.pop(0), directive) if len(words) > 2 else "exact"
    old, new, *rest = words
    if with_metadata and rest and rest[0].text == "metadata":
        return _read_metadata_rule(match, old, new, rest)
    answers, auto = _answer_rules(rest)
    return _rule(match, old, new, tuple(answers), auto=auto)


def _read_metadata_rule(match: _Match, old: Token, new: Token, rest: list[Token]) -> NameRule:
    """Read `regex FROM TO metadata [answer ...]`: groups of FROM and labels of metadata stand in TO."""
    word, *answer = rest
    if match != "regex":
        raise word.error("metadata is for rules of kind regex")
    expression = read_regex(old, old.text)
    parts = list(_replacement(new, expression.groups))
    answers, auto = _answer_rules(answer)

    def change(name: str, request: Request) -> str | None:
        found = expression.search(name)
        filled = [part(found, request) for part in parts] if found is not None else [None]
        return None if None in filled else "".join(text or "" for text in filled)

    return NameRule(change, tuple(answers), auto)


def _replacement(new: Token, groups: int) -> Iterator[Callable[[Match, Request], str | None]]:
    """Part `text{1}{plugin/label}` into what each part makes of a match; None where there is no such metadata."""
    for text, opened, label, closed in _PLACES.findall(fqdn(new.text)):
        if not opened:
            if "}" in text:
                raise new.error(f"{new.text!r} has a brace that is not opened")
            yield partial(_text, text.lower())
        elif not closed:
            raise new.error(f"{new.text!r} has a brace that is not closed")
        elif label.removeprefix("-").isdecimal():
            if not 0 <= int(label) <= groups:
                raise new.error(f"{new.text!r} has more groups than the expression")
            yield partial(_group, int(label))
        elif "/" not in label.strip("/"):
            raise new.error(f"{label!r} is no label of metadata, such as plugin/name")
        else:
            yield partial(_metadata, label)


def _text(text: str, _found: Match, _request: Request) -> str:
    return text


def _group(number: int, found: Match, _request: Request) -> str:
    return found[number] or ""


def _metadata(label: str, _found: Match, request: Request) -> str | None:
    return request.metadata(label) or None


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
            return NameRule(_by_name(_where(lambda name: name == before, lambda _: after)), answers, auto=True)
        case "prefix":
            change = _where(lambda name: name.startswith(before), lambda name: after + name[len(before) :])
        case "suffix":
            change = _where(lambda name: name.endswith(before), suffix(before, after))
            if auto:
                back = suffix(after, before)
                answers = (AnswerRule(back, value=False), AnswerRule(back, value=True), *answers)
            return NameRule(_by_name(change), answers)
        case "substring":
            change = _where(lambda name: before in name, lambda name: name.replace(before, after))
        case "regex":
            expression = _compiled(old, new)
            change = _where(lambda name: expression.search(name) is not None, substitute(expression, after))
        case _:
            assert_never(kind)
    return NameRule(_by_name(change), answers, auto)


def _by_name(change: Callable[[str], str | None]) -> Callable[[str, Request], str | None]:
    return lambda name, _request: change(name)


def _where(fits: Callable[[str], bool], change: Change) -> Callable[[str], str | None]:
    return lambda name: change(name) if fits(name) else None


def _compiled(old: Token, new: Token) -> Regex:
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
            change = substitute(_compiled(old, new), _normal(new))
            rules.append(AnswerRule(change, value=word.text == "value"))
        else:
            raise word.error("an answer rule is auto, or name or value with an expression and a name")
    if auto and any(not rule.value for rule in rules):
        raise words[0].error("answer auto and answer name exclude each other")
    return rules, auto
