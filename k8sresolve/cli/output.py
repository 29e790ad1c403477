"""What the command prints: aligned text for people, JSON for programs."""

import json
import shutil
import sys
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

import attrs

from k8sresolve._columns import Columns, aligned
from k8sresolve._escaping import escaped
from k8sresolve.errors import PortsDiffer
from k8sresolve.explanations import Candidate, Explanation
from k8sresolve.names import EndpointName, IPAddress, PodName, ServiceName
from k8sresolve.records import Addresses, Answer, Cname, Endpoint, Port, Service, Target

AnyRecord = Service | Port | Target | Endpoint | Addresses | Answer | Cname | Candidate | Explanation | PodName

_LEAST_ROOM = 20  # columns, below which wrapping reads worse than the terminal's own


@attrs.frozen
class Shown:
    """An answer in both forms, and the exit status."""

    text: str
    data: Mapping[str, Any]
    status: int = 0


def write(shown: Shown, *, as_json: bool) -> None:
    """Print an answer, all of it at once, so that a reader sees it whole or not at all."""
    lines = (escaped(line) for line in shown.text.split("\n"))
    print(json.dumps(shown.data, indent=2) if as_json else "\n".join(lines), flush=True)


def put(text: str) -> None:
    """Print a text that is escaped already, all of it at once."""
    print(text, flush=True)


def fields(*rows: tuple[str, str | Sequence[str]]) -> str:
    """Align named values; a value of several lines goes on below itself, and one of none is left out."""
    told = [(label, [value] if isinstance(value, str) else value) for label, value in rows if value]
    lines = [("" if index else label, line) for label, value in told for index, line in enumerate(value)]
    return "\n".join(aligned(lines))


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Align columns below their headings; an empty cell is written `-`. On a terminal the last column is wrapped."""
    lines = [tuple(header), *(tuple(escaped(cell) or "-" for cell in row) for row in rows)]
    columns = Columns(lines)
    indent = columns.indent
    room = _terminal_width() - indent
    told: list[str] = []
    for *cells, last in lines:
        first, *more = textwrap.wrap(last, room, break_long_words=False) if room >= _LEAST_ROOM else [last]
        told += [columns.line([*cells, first]), *(" " * indent + part for part in more)]
    return "\n".join(told)


def _terminal_width() -> int:
    """Return the terminal's width; 0 where the output is none, as programs want a row in one line."""
    return shutil.get_terminal_size().columns if sys.stdout is not None and sys.stdout.isatty() else 0


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
