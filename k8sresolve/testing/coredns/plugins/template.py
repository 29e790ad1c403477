"""CoreDNS's `template` plugin: answers made of the question, by regular expressions and templates."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs

from k8sresolve._core.questions import AAAA, CNAME, A
from k8sresolve._core.wire.rcodes import NOERROR, SERVFAIL
from k8sresolve.testing.coredns.chain import FAILED, Chain, Plugin, Reply, Request, unwritten
from k8sresolve.testing.coredns.corefile import Directive
from k8sresolve.testing.coredns.go_templates import NotModelled, Template, TemplateError
from k8sresolve.testing.coredns.names import Labels, holds, is_below, split
from k8sresolve.testing.coredns.records import ANY, Record
from k8sresolve.testing.coredns.setup import Block, Specification, labels, zones
from k8sresolve.testing.coredns.words import read_class, read_rcode, read_regex, read_type, type_text
from k8sresolve.testing.coredns.zone_lines import parse_record

_IN = 1
_SECTIONS = ("answer", "authority", "additional")
_Sections = Mapping[str, tuple[Template, ...]]


@attrs.frozen(kw_only=True)
class TemplateRule:
    """One directive: which questions it is for, and what it answers. `classes` says that it is for class IN.

    A name in its zones that no expression fits goes on to the next rule where `fallthrough` says so.
    """

    zones: tuple[Labels, ...]
    rdtype: int
    internet: bool = True
    expressions: tuple["re.Pattern[str]", ...] = (re.compile(""),)
    sections: _Sections
    rcode: int = NOERROR
    fallthrough: tuple[Labels, ...] = ()

    def concerns(self, name: Labels, rdtype: int) -> bool:
        """Whether a question is for this rule, its expressions apart."""
        return holds(self.zones, name) and self.internet and (ANY in (self.rdtype, rdtype) or self.rdtype == rdtype)


class Templates:
    """The plugin."""

    def __init__(self, rules: Sequence[TemplateRule]) -> None:
        self._rules = rules

    def answer(self, request: Request, rest: Chain) -> Reply:
        """Answer by the first rule that fits, or leave it to the next plugin."""
        name = request.name.lower()
        labels = split(name)
        for rule in self._rules:
            if not rule.concerns(labels, request.rdtype):
                continue
            found = next((found for expression in rule.expressions if (found := expression.search(name))), None)
            if found is not None:
                return _filled(rule, found, request, rest)
            if not holds(rule.fallthrough, labels):
                return unwritten(SERVFAIL)
        return rest.answer(request)


def _filled(rule: TemplateRule, found: "re.Match[str]", request: Request, rest: Chain) -> Reply:
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
    for record in sections["answer"]:
        answer.append(record)
        if record.rdtype == CNAME and request.rdtype in (A, AAAA):
            answer.extend(rest.look_up(str(record.rdata[0]), request.rdtype, request).answer)
    return Reply(rule.rcode, tuple(answer), sections["authority"], sections["additional"])


def _fields(rule: TemplateRule, found: "re.Match[str]", request: Request) -> Mapping[str, Any]:
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
        "Class": "IN",
        "Type": type_text(rdtype),
        "Question": {"Name": request.name, "Qtype": request.rdtype, "Qclass": _IN},
        "Remote": request.client,
        "Meta": lambda _name: "",
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
        internet=read_class(class_) in (_IN, ANY),
        sections=sections,
        **fields,
    )


SPECIFICATION = Specification(
    "template",
    _set_up,
    options=frozenset({"match", "answer", "authority", "additional", "rcode", "fallthrough"}),
    without_effect=frozenset({"upstream"}),
)
