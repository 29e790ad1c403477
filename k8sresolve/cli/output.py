"""What the command prints: aligned text for people, JSON for programs."""

import argparse
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, cast

import attrs

from k8sresolve._escaping import escaped
from k8sresolve.cli.forms import DATA, asked, data_text, screen, send
from k8sresolve.cli.screen import Screen
from k8sresolve.errors import PortsDiffer
from k8sresolve.explanations import Candidate, Explanation
from k8sresolve.names import EndpointName, IPAddress, PodName, ServiceName
from k8sresolve.records import Addresses, Answer, Cname, Endpoint, Port, Service, Target

AnyRecord = Service | Port | Target | Endpoint | Addresses | Answer | Cname | Candidate | Explanation | PodName

Text = str | Callable[[Screen], str]
"""What is shown: a text, which is escaped when it is written, or what writes one that is escaped for a screen."""


@attrs.frozen
class Shown:
    """An answer in all forms, and the exit status: `names` are those to ask more about."""

    text: Text
    data: Mapping[str, Any]
    status: int = 0
    wide: Text = ""
    names: Sequence[str] = ()


FORMS = ("text", "wide", "json", "yaml", "name")


def write(shown: Shown, args: argparse.Namespace) -> None:
    """Write an answer in each form that is asked for, all of it at once: a reader sees it whole or not at all."""
    for form, path in asked(args):
        send(_in_form(form, shown, screen(args, path)), path)


def _in_form(form: str, shown: Shown, on: Screen) -> str:
    if form in DATA:
        return data_text(form, shown.data)
    if form == "name":
        return "\n".join(map(escaped, shown.names))
    return rendered(shown.wide if form == "wide" and shown.wide else shown.text, on)


def rendered(text: Text, on: Screen) -> str:
    """Write a text for a screen."""
    return text(on) if callable(text) else "\n".join(map(escaped, text.split("\n")))


def listed(addresses: Iterable[IPAddress]) -> str:
    """Write addresses in one line."""
    return ", ".join(map(str, addresses))


def number(port: Port) -> int | None:
    """Return a port's sole number, None where the pods of a headless Service disagree."""
    try:
        return port.number
    except PortsDiffer:
        return None


def port_numbers(port: Port) -> str:
    """Write a port's number, or all of them with a remark."""
    numbers = sorted({target.port for target in port.targets})
    text = ", ".join(map(str, numbers))
    return text if len(numbers) == 1 else f"{text} (the pods differ: take each target's own)"


def aliases(cname: Cname | None) -> list[str]:
    """Write a CNAME chain, a line for each of its targets."""
    if cname is None:
        return []
    *before, last = cname.targets
    return [*before, f"{last} (outside the cluster domain)" if cname.leaves_cluster else last]


def remarks(record: Service | Addresses | Port) -> list[str]:
    """Say what lacks in a record."""
    lost = "addresses of one family are missing, because of loss or a nameserver's failure"
    return [lost] if record.incomplete else []


def plain(value: object) -> Any:
    """Turn a record into what JSON has: its fields, with names and addresses as strings and tuples as lists.

    Fields that only help to order addresses are left out. A port has its `number` too, null where the pods of a
    headless Service disagree, and whether it is `headless`.
    """
    if isinstance(value, tuple):
        return [plain(item) for item in cast("tuple[object, ...]", value)]
    if isinstance(value, ServiceName | EndpointName | IPAddress):
        return str(value)
    return record(value) if isinstance(value, AnyRecord) else value


def record(value: AnyRecord, **properties: Any) -> dict[str, Any]:
    """Turn a record into a JSON object: the fields that its repr shows, and `properties` beside them."""
    if isinstance(value, Port):
        properties = {"number": number(value), "headless": value.headless}
    shown = [field.name for field in attrs.fields(type(value)) if field.repr]
    return {**{name: plain(getattr(value, name)) for name in shown}, **properties}
