"""What a rule makes of a question and its reply."""

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple, TypeAlias

from k8sresolve.testing.coredns.chain import Request
from k8sresolve.testing.coredns.edns_options import OptionRule, joined_options, split_options
from k8sresolve.testing.coredns.messages import OWN_PAYLOAD
from k8sresolve.testing.coredns.records import Record
from k8sresolve.testing.coredns.regular_expressions import Regex

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


class CnameRule(NamedTuple):
    """Leads an alias elsewhere, where `target` gives another target: what is there stands in the place of the rest."""

    target: Callable[[str], str | None]

    def record(self, record: Record) -> Record:
        """Leave a record as it is."""
        return record


ReplyRule: TypeAlias = AnswerRule | TtlRule | RcodeRule | CnameRule


class Applied(NamedTuple):
    """What a rule makes of a request, and how the reply is changed. Where nothing is `done`, the next rule is asked.

    With `restored`, the question is put back in the reply.
    """

    request: Request
    replies: Sequence[ReplyRule] = ()
    done: bool = True
    restored: bool = False


class NameRule(NamedTuple):
    """A rule for names. `match` gives the new name of a request's, or None; `replies` are for the reply.

    With `auto`, the reply's names are changed back. `go_on` tries the rules behind it, too.
    """

    match: Callable[[str, Request], str | None]
    replies: Sequence[ReplyRule] = ()
    auto: bool = False
    go_on: bool = False

    def apply(self, request: Request) -> Applied | None:
        """Change a request, and say how the reply is changed; None where the rule is not for it."""
        name = request.name.lower()
        changed = self.match(name, request)
        if changed is None:
            return None
        back = remap(changed, name)
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

    def apply(self, request: Request) -> Applied | None:
        """Change a request, or say None where there is nothing to put in."""
        data = self.rule.data(request)
        if data is None:
            return None
        if request.options is None:
            request = request._replace(options=b"", room=max(request.room, OWN_PAYLOAD))
        options = self.rule.apply(list(split_options(request.options or b"")), data)
        if options is None:
            return Applied(request, done=False)
        if self.rule.revert:
            return Applied(request, restored=True)
        return Applied(request._replace(options=joined_options(options)))


Rule: TypeAlias = NameRule | FieldRule | ForReply | EdnsRule


def remap(old: str, new: str) -> Change:
    """Make a change of one name into another, and of the names below it."""

    def change(name: str) -> str:
        if name == old:
            return new
        return name[: -len(old)] + new if name.endswith("." + old) else name

    return change


def suffix(old: str, new: str) -> Change:
    """Make a change of a name's end, which may be in the middle of a label."""
    return lambda name: name[: len(name) - len(old)] + new if name.endswith(old) else name


def substitute(expression: Regex, template: str) -> Change:
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
