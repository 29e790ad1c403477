"""`lint`: what to improve in a resolv.conf."""

import argparse
import os
import sys
from collections import Counter
from collections.abc import Sequence

import attrs

from k8sresolve.cli.options import Commands
from k8sresolve.cli.output import Shown, table, write
from k8sresolve.config import Diagnostic
from k8sresolve.errors import ConfigError

_DETAILS = """\
The file is judged as glibc reads it; where musl (Alpine) or Go make something else of it, that is told. Takes --json of
the common options. Exit status: 0 nothing worse than a note, 1 warnings or errors, 2 the file cannot be read.
"""
_MOST_BYTES = 1 << 20


def register(commands: Commands) -> None:
    """Add the subcommand."""
    lint = commands.add("lint", "tell what to improve in a resolv.conf", _lint, _DETAILS)
    lint.add_argument(
        "file",
        metavar="FILE",
        nargs="?",
        help="a resolv.conf(5), `-` for standard input (default: --resolv-conf, or else /etc/resolv.conf)",
    )


def _lint(args: argparse.Namespace) -> int:
    path = args.file or args.resolv_conf
    source, diagnostics = _of_input() if path == "-" else _of_file(path)
    shown = Shown(
        _text(source, diagnostics),
        {"lint": [attrs.asdict(diagnostic) for diagnostic in diagnostics]},
        int(any(diagnostic.severity != "note" for diagnostic in diagnostics)),
    )
    write(shown, as_json=args.json)
    return shown.status


def _of_file(path: str | None) -> tuple[str, Sequence[Diagnostic]]:
    from k8sresolve import _system

    if path is None:
        return _system.RESOLV_CONF, _system.lint()
    # A libc takes a missing file for an empty one; that it is named here says that there should be one.
    if not os.access(path, os.R_OK):
        raise ConfigError(f"there is no file {path!r}, or it may not be read")
    return path, _system.lint(path)


def _of_input() -> tuple[str, Sequence[Diagnostic]]:
    """Read a file of another machine, of which nothing else is known."""
    from k8sresolve._core.files.lint import lint

    data = sys.stdin.buffer.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise ConfigError(f"standard input has more than {_MOST_BYTES:,} bytes")
    return "standard input", lint(data, source="standard input")


def _text(source: str, diagnostics: Sequence[Diagnostic]) -> str:
    if not diagnostics:
        return f"{source}: nothing to improve"
    rows = [(_where(source, d), d.severity, _told(d)) for d in diagnostics]
    counts = Counter(diagnostic.severity for diagnostic in diagnostics)
    told = ", ".join(f"{count} {severity}{'' if count == 1 else 's'}" for severity, count in counts.items())
    return f"{table(('LINE', 'SEVERITY', 'REMARK'), rows)}\n\n{source}: {told}"


def _where(source: str, diagnostic: Diagnostic) -> str:
    if diagnostic.line is not None:
        return str(diagnostic.line)
    return "" if diagnostic.source == source else diagnostic.source


def _told(diagnostic: Diagnostic) -> str:
    advice = f"; {diagnostic.advice}" if diagnostic.advice else ""
    reference = f" [{diagnostic.reference}]" if diagnostic.reference else ""
    return f"{diagnostic.problem}{advice}{reference}"
