"""CoreDNS's `template` plugin: answers made of the question, by regular expressions and templates."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs

from k8sresolve._core.questions import AAAA, CNAME, A
from k8sresolve._core.wire.rcodes import NOERROR, SERVFAIL
from k8sresolve.testing.coredns.chain import (
    FAILED,
    IN,
    Chain,
    Plugin,
    Reply,
    Request,
    extended_error,
    unwritten,
)
from k8sresolve.testing.coredns.corefile import Directive
from k8sresolve.testing.coredns.go_functions import Struct
from k8sresolve.testing.coredns.go_syntax import NotModelled, TemplateError
from k8sresolve.testing.coredns.go_templates import Template
from k8sresolve.testing.coredns.names import Labels, holds, is_below, split
from k8sresolve.testing.coredns.records import ANY, Record
from k8sresolve.testing.coredns.regular_expressions import Match, Regex, compiled
from k8sresolve.testing.coredns.setup import Block, Specification, labels, zones
from k8sresolve.testing.coredns.words import class_text, read_class, read_rcode, read_regex, read_type, type_text
from k8sresolve.testing.coredns.zone_lines import parse_record

_SECTIONS = ("answer", "authority", "additional")
_Sections = Mapping[str, tuple[Template, ...]]


@attrs.frozen(kw_only=True)
class TemplateRule:
    """One directive: which questions it is for, and what it answers.

    `error` is its extended error. A name in its zones that no expression fits goes on to the next rule where
    `fallthrough` says so.
    """

    zones: tuple[Labels, ...]
    rdtype: int
    rdclass: int = IN
    expressions: tuple[Regex, ...] = (compiled(""),)
    sections: _Sections
    rcode: int = NOERROR
    error: bytes = b""
    fallthrough: tuple[Labels, ...] = ()

    def concerns(self, name: Labels, request: Request) -> bool:
        """Whether a question is for this rule, its expressions apart."""
        types, classes = (self.rdtype, request.rdtype), (self.rdclass, request.rdclass)
        return holds(self.zones, name) and all(ANY in pair or pair[0] == pair[1] for pair in (types, classes))


class Templates:
    """The plugin."""

    def __init__(self, rules: Sequence[TemplateRule]) -> None:
        self._rules = rules

    def answer(self, request: Request, rest: Chain) -> Reply:
        """Answer by the first rule that fits, or leave it to the next plugin."""
        name = request.name.lower()
        labels = split(name)
        for rule in self._rules:
            if not rule.concerns(labels, request):
                continue
            found = next((found for expression in rule.expressions if (found := expression.search(name))), None)
            if found is not None:
                return _filled(rule, found, request, rest)
            if not holds(rule.fallthrough, labels):
                return unwritten(SERVFAIL)
        return rest.answer(request)


def _filled(rule: TemplateRule, found: Match, request: Request, rest: Chain) -> Reply:
    if rule.rcode == SERVFAIL:
        return unwritten(SERVFAIL)
    fields = _fields(rule, found, request)
    sections: dict[str, tuple[Record, ...]] = {}
    try:
        for section in _SECTIONS:
            records = [parse_record(template.fill(fields)) for template in rule.sections.get(section, ())]
            sections[section] = tuple(records)
    except (TemplateError, ValueError):
        return FAILED
    answer: list[Record] = []
    truncated = False
    for record in sections["answer"]:
        answer.append(record)
        if record.rdtype == CNAME and request.rdtype in (A, AAAA):
            behind = rest.look_up(str(record.rdata[0]), request.rdtype, request)
            truncated = behind.marks.truncated
            answer.extend(behind.answer)
    reply = Reply(rule.rcode, tuple(answer), sections["authority"], sections["additional"])
    return reply.marked(extended_error=rule.error, truncated=truncated)


def _fields(rule: TemplateRule, found: Match, request: Request) -> Mapping[str, Any]:
    name = request.name.lower()
    zone = max((zone for zone in rule.zones if is_below(split(name), zone)), key=len)
    groups = [found[0], *(group or "" for group in found.groups())]
    named = {key: group or "" for key, group in found.groupdict().items()}
    rdtype = request.rdtype if request.rdtype != ANY else rule.rdtype
    return {
        "Zone": "".join(f"{label}." for label in zone) or ".",
        "Name": name,
        "Regex": found.re.pattern,
        "Match": groups,
        "Group": {**{str(number): group for number, group in enumerate(groups)}, **named},
        "Class": class_text(request.rdclass if request.rdclass != ANY else rule.rdclass),
        "Type": type_text(rdtype),
        "Question": Struct(Name=request.name, Qtype=request.rdtype, Qclass=request.rdclass),
        "Remote": request.client,
        "Meta": request.metadata,
    }


def _set_up(block: Block, directives: Sequence[Directive]) -> Iterator[Plugin]:
    rules = [rule for directive in directives if (rule := _read_rule(block, directive)) is not None]
    if rules:
        yield Templates(rules)


def _read_rule(block: Block, directive: Directive) -> TemplateRule | None:
    class_, rdtype, *given = directive.take(2)
    fields: dict[str, Any] = {}
    sections: dict[str, tuple[Template, ...]] = {}
    missing: list[str] = []
    for option in block.options(directive):
        match option.name:
            case "match":
                read = tuple(read_regex(token, token.text) for token in option.arguments)
                fields["expressions"] = (*fields.get("expressions", ()), *read)
            case "rcode":
                fields["rcode"] = read_rcode(option.arguments[0])
            case "ederror":
                code, *text = option.arguments
                fields["error"] = extended_error(code.number(0, 65535), text[0].text if text else "")
            case "fallthrough":
                fields["fallthrough"] = labels(zones(option.arguments) or (".",))
            case section:
                for token in option.arguments:
                    try:
                        sections[section] = (*sections.get(section, ()), Template(token.text))
                    except TemplateError as problem:
                        raise token.error(f"{token.text!r} is no template: {problem}") from None
                    except NotModelled as word:
                        missing.append(str(word))
    if missing:
        block.note(f"template with {missing[0]}", directive.token)
        return None
    return TemplateRule(
        zones=labels(block.zones_of(given)),
        rdtype=read_type(rdtype),
        rdclass=read_class(class_),
        sections=sections,
        **fields,
    )


SPECIFICATION = Specification(
    "template",
    _set_up,
    options=frozenset({"match", "answer", "authority", "additional", "rcode", "ederror", "fallthrough"}),
    without_effect=frozenset({"upstream"}),
)
