"""What text is written on: how wide that is, and whether it shows colours. Whatever is written here is escaped."""

import os
import shutil
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import IO, Literal, NamedTuple, Self, TypeAlias

import attrs

from k8sresolve._columns import Columns
from k8sresolve._escaping import escaped

Color: TypeAlias = Literal["auto", "always", "never"]
Style: TypeAlias = Literal["", "good", "warning", "bad", "dim", "bold"]

_DIGITS = 5  # of COLUMNS: what has more is no width
_LEAST_ROOM = 20  # columns, below which wrapping reads worse than one block a row
_STYLES: Mapping[Style, str] = {"good": "32", "warning": "33", "bad": "31", "dim": "2", "bold": "1"}


class Cell(NamedTuple):
    """A cell of a table, and how it looks."""

    text: str
    style: Style = ""


AnyCell: TypeAlias = str | Cell


@attrs.frozen
class Screen:
    """A width in columns, 0 where lines have no end, as programs want a row in one line; and whether it has colours."""

    width: int = 0
    coloured: bool = False

    @classmethod
    def of(cls, stream: IO[str] | None, color: Color = "auto") -> Self:
        """Take a stream's: `COLUMNS` counts first; NO_COLOR and FORCE_COLOR where `color` leaves it open."""
        terminal = stream is not None and stream.isatty()
        return cls(_width(terminal), _has_colours(terminal, color))

    def painted(self, text: str, style: Style) -> str:
        """Give a text that is escaped already its colour."""
        return f"\033[{_STYLES[style]}m{text}\033[0m" if self.coloured and style and text else text

    def line(self, text: str, style: Style = "") -> str:
        """Write a line, however long it is."""
        return self.painted(escaped(text), style)

    def wrapped(self, text: str, *, indent: int = 0, first: str = "", style: Style = "") -> str:
        """Write a text in as many lines as it takes, behind `first` and below it `indent` deep."""
        blank = " " * indent
        lead = first.ljust(indent)
        return "\n".join(
            before + self.painted(line, style)
            for before, line in zip(
                [lead, *[blank] * len(text)], self._broken(escaped(text), self.width - indent), strict=False
            )
        ).rstrip()

    def fields(self, *rows: tuple[str, AnyCell | Sequence[str]]) -> str:
        """Align named values; a value of several lines goes on below itself, and one of none is left out."""
        told = [(label, _lines(value)) for label, value in rows if _lines(value)]
        indent = max((len(escaped(label)) + 2 for label, _ in told), default=0)
        lines: list[str] = []
        for label, values in told:
            for number, (text, style) in enumerate(values):
                first = escaped(label) if number == 0 else ""
                lines.append(self.wrapped(text, indent=indent, first=first, style=style))
        return "\n".join(lines)

    def table(self, header: Sequence[str], rows: Iterable[Sequence[AnyCell]]) -> str:
        """Align columns below their headings; an empty cell is written `-`.

        What is wider than the screen has its last column wrapped, or else each row becomes a block of its own.
        """
        cells = [[_cell(cell) for cell in row] for row in rows]
        if not self.fits(header, cells):
            return "\n\n".join(self._block(header, row) for row in cells)
        lines = [
            [Cell(text, "dim") for text in header],
            *([Cell(c.text or "-", c.style) for c in row] for row in cells),
        ]
        columns = _columns(header, cells)
        return "\n".join(self._row(columns, line, self.width - columns.indent) for line in lines)

    def fits(self, header: Sequence[str], rows: Iterable[Sequence[AnyCell]]) -> bool:
        """Whether the columns of a table leave room for the last one, which can be wrapped."""
        columns = _columns(header, rows)
        return not self.width or self.width - columns.indent >= min(_LEAST_ROOM, columns.widths[-1])

    def _row(self, columns: Columns, line: Sequence[Cell], room: int) -> str:
        *padded, last = columns.pad([cell.text for cell in line])
        first, *more = self._broken(last, room) or [""]
        front = [self._padded(text, cell.style) for text, cell in zip(padded, line, strict=False)]
        style = line[-1].style
        begun = "  ".join([*front, self.painted(first, style)]).rstrip()
        return "\n".join([begun, *(" " * columns.indent + self.painted(part, style) for part in more)])

    def _padded(self, text: str, style: Style) -> str:
        bare = text.rstrip()
        return self.painted(bare, style) + text[len(bare) :]

    def _block(self, header: Sequence[str], row: Sequence[Cell]) -> str:
        (name, style), *values = row
        told = [(f"  {label}", cell) for label, cell in zip(header[1:], values, strict=True) if cell.text]
        return "\n".join(filter(None, [self.wrapped(name or "-", style=style or "bold"), self.fields(*told)]))

    def _broken(self, text: str, room: int) -> list[str]:
        """Break escaped text where the screen ends, but within no word, which is to be copied."""
        if not self.width:
            return [text]
        return textwrap.wrap(text, max(room, 1), break_long_words=False, break_on_hyphens=False)


def _columns(header: Sequence[str], rows: Iterable[Sequence[AnyCell]]) -> Columns:
    return Columns([header, *([_cell(cell).text or "-" for cell in row] for row in rows)])


def _cell(cell: AnyCell) -> Cell:
    return cell if isinstance(cell, Cell) else Cell(cell)


def _lines(value: AnyCell | Sequence[str]) -> list[Cell]:
    if isinstance(value, str | Cell):
        return [cell] if (cell := _cell(value)).text else []
    return [Cell(text) for text in value]


def _width(terminal: bool) -> int:
    given = os.environ.get("COLUMNS", "")
    return (
        shutil.get_terminal_size().columns
        if terminal
        else int(given)
        if given.isdecimal() and len(given) <= _DIGITS
        else 0
    )


def _has_colours(terminal: bool, color: Color) -> bool:
    """Decide by the flag, then by https://no-color.org and https://force-color.org, then by the terminal."""
    if color != "auto":
        return color == "always"
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (terminal and os.environ.get("TERM") != "dumb")
