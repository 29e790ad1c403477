"""What was meant by a command or an option that there is not."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from k8sresolve.cli.lines import Line, commands_of
from k8sresolve.cli.options import Parser, UsageError


def unknown_in(parser: Parser, words: Sequence[str]) -> UsageError | None:
    """Say which word of a command line is unknown, and what is like it; None where all are known."""
    line = Line(parser)
    commands = commands_of(line.arguments[0]) or {}
    for word in words:
        options = line.options
        line.read(word)
        if line.unknown:
            break
    else:
        return None
    usage = line.parser.format_usage()
    if not line.unknown.startswith("-"):
        return UsageError(f"no command {line.unknown!r}{_meant(line.unknown, commands, '{!r}')}", usage)
    others = {flag for other in (parser, *commands.values()) for flag in Line(other).options}
    if line.command and line.unknown in others:
        return UsageError(f"{line.command} takes no {line.unknown}", usage)
    return UsageError(f"unknown option {line.unknown}{_meant(line.unknown, options, '{}')}", usage)


def _meant(word: str, known: Iterable[str], form: str) -> str:
    near = get_close_matches(word, known, 1)
    return f": did you mean {form.format(near[0])}?" if near else ""
